//! When orders for an auction are taken, as data: from the evening on until shortly before it.

use super::compatibility::{Row, Rule};
use crate::{Span, TimeInForce, Timestamp, TradingDay};

/// What of a trading day the auction is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auction {
    /// The open of the regular session.
    Open,
    /// Its close, early ones too.
    Close,
}

/// The hours of a trading day in which orders for an auction are refused.
#[derive(Debug, Clone, Copy)]
pub struct Hours {
    /// What is said of it.
    pub row: Row,
    /// The orders that it is about.
    pub time_in_force: TimeInForce,
    /// Their auction.
    pub auction: Auction,
    /// They are refused from so long before it,
    pub cutoff: Span,
    /// until so long after the open, when those for the next one are taken.
    pub again: Span,
}

/// From the open at 9:30 to 19:00.
const UNTIL_EVENING: Span = Span::from_secs(9 * 3600 + 1800);

const SOURCE: (&str, &str) = ("Alpaca, \"Orders at Alpaca\"", "2026-01-27");

/// The hours. A day that closes early has its closing auction then; Alpaca does not say when it
/// stops taking orders for it, so as long before as on others.
pub static HOURS: &[Hours] = &[
    Hours {
        row: Row::new(
            Rule::OpgHours,
            "orders for the opening auction are taken from 19:00 until 9:28 in New York",
            SOURCE,
        ),
        time_in_force: TimeInForce::Opg,
        auction: Auction::Open,
        cutoff: Span::from_secs(2 * 60),
        again: UNTIL_EVENING,
    },
    Hours {
        row: Row::new(
            Rule::ClsHours,
            "orders for the closing auction are taken from 19:00 until ten minutes before the close",
            SOURCE,
        ),
        time_in_force: TimeInForce::Cls,
        auction: Auction::Close,
        cutoff: Span::from_secs(10 * 60),
        again: UNTIL_EVENING,
    },
];

impl Hours {
    /// Whether they refuse an order at an instant of a day.
    pub fn refuse(&self, at: Timestamp, day: &TradingDay) -> bool {
        let auction = match self.auction {
            Auction::Open => day.open,
            Auction::Close => day.close,
        };
        auction.minus(self.cutoff) <= at && at < day.open.plus(self.again)
    }
}
