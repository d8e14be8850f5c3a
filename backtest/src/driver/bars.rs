//! The bars of a step.

use kernel::{Bar, MarketData, Timestamp};

/// The bar that it is, if it is one.
pub(super) const fn bar_of(data: &MarketData) -> Option<&Bar> {
    match data {
        MarketData::Bar(bar) => Some(bar),
        MarketData::Quote(_) | MarketData::Trade(_) => None,
    }
}

/// The open time of the bar in which an order filled, when it filled in one.
pub(super) fn bar_time(step: &[MarketData], event: &kernel::Event) -> Option<Timestamp> {
    let kernel::Event::OrderFilled { symbol, .. } = event else {
        return None;
    };
    let bar = step.iter().filter_map(bar_of).find(|bar| bar.symbol == *symbol);
    bar.map(|bar| bar.open_time)
}
