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

    /// Something that was asked for and is none.
    fn alone(value: impl ToString, unit: &'static str) -> Self {
        Self { value: Some(value.to_string()), limit: None, unit: Some(unit) }
    }

    /// The figures of a denial.
    pub(super) fn of(denial: &Denial) -> Self {
        match denial {
            Denial::MalformedQuantity { quantity } => Self::alone(quantity, "shares"),
            Denial::MalformedShare { share } => Self::alone(share, "percent"),
            Denial::MalformedPrice { price, tick } => Self::new(price, tick, "USD"),
            Denial::MalformedNotional { notional, least } => Self::new(notional, least, "USD"),
            Denial::MalformedTrail { percent, least } => Self::new(percent, least, "percent"),
            Denial::WrongSide { price, base } => Self::new(price, base, "USD"),
            Denial::DuplicateIntent { age, window } => {
                Self::new(seconds(*age), seconds(*window), "seconds")
            }
            Denial::ReducesTooMuch { quantity, available, .. } => {
                Self::new(quantity, available, "shares")
            }
            Denial::OutsideCollar { price, last, limit } => {
                Self::new(price, nearest_bound(*price, *last, *limit), "USD")
            }
            Denial::OutsideBands { price, lower, upper } => {
                Self::new(price, if price < lower { lower } else { upper }, "USD")
            }
            Denial::BuyingPower { needed, available } => Self::new(needed, available, "USD"),
            Denial::NotMeasured { seen, needed } => Self::new(seen, needed, "bars"),
            Denial::SizedToNothing { budget, per_share } => Self::new(budget, per_share, "USD"),
            Denial::IntradayMargin { needed, equity } => Self::new(needed, equity, "USD"),
            other => Self::of_limit(other),
        }
    }

    /// The figures of a denial by a limit that one value was held against; of others none.
    fn of_limit(denial: &Denial) -> Self {
        match denial {
            Denial::Layered { denial, .. } => Self::of(denial),
            Denial::StaleData { age, limit }
            | Denial::NewsBlackout { age, limit }
            | Denial::CoolingDown { age, limit }
            | Denial::AfterOpen { since: age, limit }
            | Denial::BeforeClose { left: age, limit } => {
                Self::new(seconds(*age), seconds(*limit), "seconds")
            }
            Denial::OrderTooLarge { quantity, limit }
            | Denial::Participation { quantity, limit } => Self::new(quantity, limit, "shares"),
            Denial::SpreadTooWide { spread: price, limit }
            | Denial::PriceTooLow { price, limit } => Self::new(price, limit, "USD"),
            Denial::OrderNotional { notional: value, limit }
            | Denial::PositionNotional { notional: value, limit }
            | Denial::NotionalPerDay { notional: value, limit }
            | Denial::RiskPerTrade { risk: value, limit }
            | Denial::GrossExposure { exposure: value, limit }
            | Denial::NetExposure { exposure: value, limit }
            | Denial::SymbolConcentration { exposure: value, limit }
            | Denial::SectorConcentration { exposure: value, limit }
            | Denial::CorrelatedExposure { exposure: value, limit }
            | Denial::MarginEquity { equity: value, limit }
            | Denial::DailyDrawdown { loss: value, limit }
            | Denial::DailyLoss { loss: value, limit }
            | Denial::TotalDrawdown { loss: value, limit } => Self::new(value, limit, "USD"),
            Denial::OrderRate { count, limit } => Self::new(count, limit, "orders per minute"),
            Denial::OrdersPerDay { count, limit } => Self::new(count, limit, "orders per day"),
            Denial::TooManyPositions { count, limit } => Self::new(count, limit, "positions"),
            Denial::RoundTrips { count, limit } => Self::new(count, limit, "round trips per day"),
            Denial::StopGuard { count, limit } => Self::new(count, limit, "stops"),
            _ => Self::default(),
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
