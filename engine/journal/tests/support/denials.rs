//! The denials of limits, each with the figures that it compares.

use kernel::risk::Denial;
use kernel::*;

/// The denials of limits.
pub fn of_limits() -> Vec<Denial> {
    let (age, left, since) = (Span::from_secs(1), Span::from_secs(1), Span::from_secs(1));
    let (long, few) = (Span::from_secs(5), 5);
    let (usd, more) = (Cash::from_nanos(10_000_000_000), Cash::from_nanos(9_000_000_000));
    let (price, high, quantity) = (
        Price::from_nanos(1_000_000_000),
        Price::from_nanos(2_000_000_000),
        Quantity::from_nanos(10_000_000_000),
    );
    vec![
        Denial::Restricted,
        Denial::NotOnAllowList,
        Denial::LongOnly,
        Denial::OutsideWindow,
        Denial::AfterOpen { since, limit: long },
        Denial::BeforeClose { left, limit: long },
        Denial::NewsBlackout { age, limit: long },
        Denial::CoolingDown { age, limit: long },
        Denial::StopGuard { count: 6, limit: few },
        Denial::NoQuote,
        Denial::SpreadTooWide { spread: high, limit: price },
        Denial::PriceTooLow { price, limit: high },
        Denial::Participation { quantity, limit: Quantity::from_nanos(5_000_000_000) },
        Denial::RiskPerTrade { risk: usd, limit: more },
        Denial::SymbolConcentration { exposure: usd, limit: more },
        Denial::SectorConcentration { exposure: usd, limit: more },
        Denial::CorrelatedExposure { exposure: usd, limit: more },
        Denial::NetExposure { exposure: usd, limit: more },
        Denial::TooManyPositions { count: 6, limit: few },
        Denial::MarginEquity { equity: more, limit: usd },
        Denial::IntradayMargin { needed: usd, equity: more },
        Denial::MarginRestricted { until: Timestamp::from_secs(1_700_000_300) },
        Denial::DailyDrawdown { loss: usd, limit: more },
        Denial::DailyLoss { loss: usd, limit: more },
        Denial::TotalDrawdown { loss: usd, limit: more },
        Denial::OrdersPerDay { count: 6, limit: few },
        Denial::NotionalPerDay { notional: usd, limit: more },
        Denial::RoundTrips { count: 6, limit: few },
        Denial::StoppedBefore { order: OrderNumber(1) },
        Denial::NotMeasured { seen: 6, needed: 15 },
        Denial::SizedToNothing { budget: usd, per_share: price },
        Denial::NewsUnknown,
        Denial::OpposesAccount { holder: "house".into(), held: quantity },
        Denial::OwnCapital { needed: usd, available: more },
    ]
}
