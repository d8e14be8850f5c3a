//! Fills from quotes.
//!
//! The taker gets the far side: a buy the ask, a sell the bid. A limit fills when it reaches the
//! far side, at the far side's price. Where the symbol's trades are not among the data, a stop
//! triggers on the far side too and may fill from the same quote. A side that nobody quotes fills
//! nothing.
//! Source: Alpaca, "Paper Trading": orders fill only when marketable against the best quote.

use super::{Outcome, Stance, mirror};
use kernel::{Price, Quote, Side};

/// What a quote does to an order. `triggers` tells whether quotes trigger stops.
pub(crate) fn outcome(stance: Stance, side: Side, quote: &Quote, triggers: bool) -> Outcome {
    let far = match side {
        Side::Buy => quote.ask,
        Side::Sell => quote.bid,
    };
    if far.is_zero() {
        return Outcome::Rests;
    }
    let far = mirror(side, far);
    let outcome = match stance.seen_from(side) {
        Stance::Stop { stop, limit } if triggers && far >= stop => match limit {
            Some(limit) if far > limit => Outcome::Triggers,
            Some(_) | None => Outcome::taken(far, true, true),
        },
        Stance::Stop { .. } => Outcome::Rests,
        Stance::Market => Outcome::taken(far, false, true),
        Stance::Limit(limit) => marketable(limit, far),
    };
    outcome.seen_from(side)
}

fn marketable(limit: Price, far: Price) -> Outcome {
    if far <= limit { Outcome::taken(far, false, true) } else { Outcome::Rests }
}
