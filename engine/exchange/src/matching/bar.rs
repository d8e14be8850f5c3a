//! Fills from bars, and the path that is assumed inside one.
//!
//! A bar says where trading began and ended and how far it reached, not in which order. What is
//! assumed, for buying (selling is the mirror image):
//!
//! | order | fills | at |
//! | --- | --- | --- |
//! | market | with the first trade | the open |
//! | limit, open at or below it | with the first trade | the open |
//! | limit, open above it, low *strictly* below it | inside | the limit |
//! | limit, low just touches it | not: others were ahead in the queue | |
//! | stop, open at or above it (a gap) | with the first trade | the open, however far away |
//! | stop, open below it, high at or above it | inside | the stop |
//! | stop with limit, gap, open at or below the limit | with the first trade | the open |
//! | stop with limit, gap, open above the limit, low strictly below the limit | inside | the limit |
//! | stop with limit at or above the stop, triggered inside | inside | the stop |
//! | stop with limit below the stop, triggered inside, close strictly below the limit | inside | the limit |
//! | the same, close at or above the limit | not: the low may have come before the trigger; it rests as a limit | |
//!
//! Where the order of two prices inside the bar matters, the worse one is assumed: only what must
//! have happened fills. Of several orders, those of the open come first, in the order in which
//! they arrived; then stops, then limits, for an adverse move is taken to come before a good one.
//!
//! Of a group of orders that exclude one another, therefore, the stop fills where a bar reaches
//! both exits. Exits whose entry fills in the bar meet the bar as well: after an entry with the
//! first trade the whole of it; after an entry inside, the stop alone does, with the bar's extremes
//! taken to come after the entry, and the take-profit waits for the next bar.
//!
//! Orders for the opening auction, and those to be filled at once or not at all, have one chance:
//! the open of the next bar, at its price or within their limit. Orders for the closing auction
//! fill at the last price of the session, whatever their size.
//!
//! An order fills in no bar that opened before it arrived. All fills of a bar carry the time of
//! its first trade (or the clock's, where that has gone past it without data). Known to be kind: the whole quantity finds the price of one trade unless a
//! share of the volume is set, and a stop inside a bar finds its own price.

use super::{Outcome, Stance, mirror};
use kernel::{Bar, Price, Side};

/// The prices of a bar as buying sees them.
pub(super) struct Path {
    pub open: Price,
    pub high: Price,
    pub low: Price,
    pub close: Price,
}

impl Path {
    pub(super) fn of(bar: &Bar, side: Side) -> Self {
        let (high, low) = match side {
            Side::Buy => (bar.high, bar.low),
            Side::Sell => (bar.low, bar.high),
        };
        Self {
            open: mirror(side, bar.open),
            high: mirror(side, high),
            low: mirror(side, low),
            close: mirror(side, bar.close),
        }
    }
}

/// What a bar does to an order that was there when it opened.
pub(crate) fn outcome(stance: Stance, side: Side, bar: &Bar) -> Outcome {
    let path = Path::of(bar, side);
    let outcome = match stance.seen_from(side) {
        Stance::Market => Outcome::taken(path.open, false, true),
        Stance::Limit(limit) => resting(limit, &path, false),
        Stance::Stop { stop, limit } if path.open >= stop => gapped(limit, &path),
        Stance::Stop { stop, limit } if path.high >= stop => inside(stop, limit, &path),
        Stance::Stop { .. } => Outcome::Rests,
    };
    outcome.seen_from(side)
}

/// A limit from the open on.
fn resting(limit: Price, path: &Path, triggered: bool) -> Outcome {
    if path.open <= limit {
        Outcome::taken(path.open, triggered, true)
    } else if path.low < limit {
        Outcome::Fills { price: limit, taker: false, triggered, first: false }
    } else if triggered {
        Outcome::Triggers
    } else {
        Outcome::Rests
    }
}

/// A stop that the first trade triggers.
fn gapped(limit: Option<Price>, path: &Path) -> Outcome {
    match limit {
        None => Outcome::taken(path.open, true, true),
        Some(limit) => resting(limit, path, true),
    }
}

/// A stop that a later trade triggers.
fn inside(stop: Price, limit: Option<Price>, path: &Path) -> Outcome {
    match limit {
        Some(limit) if limit < stop && path.close < limit => {
            Outcome::Fills { price: limit, taker: false, triggered: true, first: false }
        }
        Some(limit) if limit < stop => Outcome::Triggers,
        Some(_) | None => Outcome::taken(stop, true, false),
    }
}
