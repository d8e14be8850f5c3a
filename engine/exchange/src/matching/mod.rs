//! When an order fills, and at what price: pure functions of one order and one piece of market
//! data.
//!
//! Everything is written for buying. For selling, prices are mirrored (negated, high and low
//! exchanged), so that both sides obey one text.

pub(crate) mod bar;
pub(crate) mod quote;
pub(crate) mod trade;
pub(crate) mod trail;

use kernel::{Price, Side};

/// How an order stands towards the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stance {
    /// Takes whatever there is.
    Market,
    /// Takes this price or better.
    Limit(Price),
    /// Waits for the market to trade at or through `stop`; then takes `limit` or better, or
    /// whatever there is.
    Stop {
        /// The trigger.
        stop: Price,
        /// The worst price once triggered.
        limit: Option<Price>,
    },
}

/// What one piece of market data does to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing.
    Rests,
    /// The stop has triggered; nothing fills yet.
    Triggers,
    /// Its one chance has passed without a fill.
    Misses,
    /// It fills.
    Fills {
        /// At this price, before slippage.
        price: Price,
        /// Whether it took what was there, and so pays slippage; else the market came to it.
        taker: bool,
        /// Whether a stop has triggered on the way.
        triggered: bool,
        /// Whether this happens with the first trade of the data.
        first: bool,
    },
}

impl Stance {
    /// What is left once the stop has triggered.
    pub(crate) const fn triggered(self) -> Stance {
        match self {
            Stance::Stop { limit: Some(limit), .. } => Stance::Limit(limit),
            Stance::Stop { limit: None, .. } => Stance::Market,
            Stance::Market | Stance::Limit(_) => self,
        }
    }

    /// The worst price it takes.
    pub(crate) const fn limit(self) -> Option<Price> {
        match self {
            Stance::Limit(limit) => Some(limit),
            Stance::Stop { limit, .. } => limit,
            Stance::Market => None,
        }
    }

    fn seen_from(self, side: Side) -> Stance {
        match self {
            Stance::Market => Stance::Market,
            Stance::Limit(limit) => Stance::Limit(mirror(side, limit)),
            Stance::Stop { stop, limit } => Stance::Stop {
                stop: mirror(side, stop),
                limit: limit.map(|limit| mirror(side, limit)),
            },
        }
    }
}

impl Outcome {
    const fn taken(price: Price, triggered: bool, first: bool) -> Outcome {
        Outcome::Fills { price, taker: true, triggered, first }
    }

    fn seen_from(self, side: Side) -> Outcome {
        match self {
            Outcome::Fills { price, taker, triggered, first } => {
                Outcome::Fills { price: mirror(side, price), taker, triggered, first }
            }
            Outcome::Rests | Outcome::Triggers | Outcome::Misses => self,
        }
    }
}

/// What becomes of an order that has one chance, at this price.
pub(crate) fn at_once(stance: Stance, side: Side, price: Price) -> Outcome {
    let (seen, limit) = (mirror(side, price), stance.seen_from(side).limit());
    if price.is_positive() && limit.is_none_or(|limit| seen <= limit) {
        Outcome::taken(price, false, true)
    } else {
        Outcome::Misses
    }
}

/// A price as buying sees it: selling dear is buying cheap.
const fn mirror(side: Side, price: Price) -> Price {
    match side {
        Side::Buy => price,
        Side::Sell => Price::from_nanos(-price.nanos()),
    }
}
