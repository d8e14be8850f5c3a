//! Fills from trades, for symbols whose quotes are not among the data.
//!
//! For buying (selling is the mirror image): a market order takes the price of the next trade. A
//! limit that the first trade after its arrival finds at or above the market takes that trade's
//! price; one that rests needs a trade strictly below it and fills at its own price. A stop
//! triggers on a trade at or above it and takes that trade's price, within its limit.

use super::{Outcome, Stance, mirror};
use kernel::{Price, Side, Trade};

/// What a trade does to an order; `fresh` when it is the first since the order arrived.
pub(crate) fn outcome(stance: Stance, side: Side, trade: &Trade, fresh: bool) -> Outcome {
    let price = mirror(side, trade.price);
    let outcome = match stance.seen_from(side) {
        Stance::Market => Outcome::taken(price, false, true),
        Stance::Limit(limit) if fresh && price <= limit => Outcome::taken(price, false, true),
        Stance::Limit(limit) if price < limit => {
            Outcome::Fills { price: limit, taker: false, triggered: false, first: true }
        }
        Stance::Limit(_) => Outcome::Rests,
        Stance::Stop { stop, limit } if price >= stop => match limit {
            Some(limit) if price > limit => Outcome::Triggers,
            Some(_) | None => Outcome::taken(price, true, true),
        },
        Stance::Stop { .. } => Outcome::Rests,
    };
    outcome.seen_from(side)
}

/// Whether a trade triggers a stop, for symbols that fill from quotes.
pub(crate) fn triggers(stop: Price, side: Side, trade: &Trade) -> bool {
    mirror(side, trade.price) >= mirror(side, stop)
}
