//! The two figures of a denial, in one shape for every reason.

use kernel::risk::Denial;
use kernel::{BasisPoints, Price, Quantity, Rounding, Span};
use serde::Serialize;

/// What risk compared: the value that was asked for or found, the limit it broke, and their unit.
/// All are absent for a reason that compares nothing.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Compared {
    pub value: Option<String>,
    pub limit: Option<String>,
    pub unit: Option<&'static str>,
}

impl Compared {
    fn new(value: impl ToString, limit: impl ToString, unit: &'static str) -> Self {
        Self { value: Some(value.to_string()), limit: Some(limit.to_string()), unit: Some(unit) }
    }

    /// The figures of a denial.
    pub(super) fn of(denial: &Denial) -> Self {
        match denial {
            Denial::MalformedQuantity { quantity } => {
                Self { value: Some(quantity.to_string()), limit: None, unit: Some("shares") }
            }
            Denial::MalformedPrice { price, tick } => Self::new(price, tick, "USD"),
            Denial::DuplicateIntent { age, window } => {
                Self::new(seconds(*age), seconds(*window), "seconds")
            }
            Denial::ReducesTooMuch { quantity, available, .. } => {
                Self::new(quantity, available, "shares")
            }
            Denial::MalformedNotional { notional, least } => Self::new(notional, least, "USD"),
            Denial::MalformedTrail { percent, least } => Self::new(percent, least, "percent"),
            Denial::MalformedShare { share } => {
                Self { value: Some(share.to_string()), limit: None, unit: Some("percent") }
            }
            Denial::WrongSide { price, base } => Self::new(price, base, "USD"),
            Denial::StaleData { age, limit } => {
                Self::new(seconds(*age), seconds(*limit), "seconds")
            }
            Denial::OutsideCollar { price, last, limit } => {
                Self::new(price, nearest_bound(*price, *last, *limit), "USD")
            }
            Denial::OutsideBands { price, lower, upper } => {
                Self::new(price, if price < lower { lower } else { upper }, "USD")
            }
            Denial::OrderTooLarge { quantity, limit } => Self::new(quantity, limit, "shares"),
            Denial::OrderNotional { notional, limit }
            | Denial::PositionNotional { notional, limit } => Self::new(notional, limit, "USD"),
            Denial::GrossExposure { exposure, limit } => Self::new(exposure, limit, "USD"),
            Denial::BuyingPower { needed, available } => Self::new(needed, available, "USD"),
            Denial::OrderRate { count, limit } => Self::new(count, limit, "orders per minute"),
            Denial::UnknownSymbol
            | Denial::OrderNotWorking { .. }
            | Denial::NothingToReplace { .. }
            | Denial::SymbolHalted
            | Denial::NotActive { .. }
            | Denial::NotReconciled
            | Denial::OrderStreamDown
            | Denial::AccountBlocked
            | Denial::SessionClosed
            | Denial::NoPrice
            | Denial::ShortingDisabled
            | Denial::Overflow
            | Denial::Closing
            | Denial::NotAllowed { .. }
            | Denial::OppositeOrder { .. }
            | Denial::NotTradable
            | Denial::HardToBorrow
            | Denial::NotFractionable => Self::default(),
        }
    }
}

/// A span as decimal seconds, exactly: it has the scale of the fixed-point numbers.
fn seconds(span: Span) -> String {
    Quantity::from_nanos(span.nanos()).to_string()
}

/// The bound of the collar that a price lies beyond, rounded as the check rounds it.
fn nearest_bound(price: Price, last: Price, limit: BasisPoints) -> Price {
    let bound = if price < last {
        last.shifted(limit.negated(), Rounding::Up)
    } else {
        last.shifted(limit, Rounding::Down)
    };
    bound.unwrap_or(last)
}
