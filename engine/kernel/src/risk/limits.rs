//! The limits, as numbers with their unit. `None` is off.

use super::Breaker;
use crate::{BasisPoints, Cash, Quantity, Span};
use serde::{Deserialize, Serialize};

/// Every limit that a check compares with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Oldest bar on which a position may grow, counted from its end; never less than two bars.
    pub stale_after: Option<Span>,
    /// Oldest quote or trade on which a position may grow, when none of the bars is newer.
    pub stale_after_ticks: Option<Span>,
    /// Farthest a limit or stop price may lie from the last price.
    pub price_collar: Option<BasisPoints>,
    /// Most shares in one order.
    pub max_order_quantity: Option<Quantity>,
    /// Most USD in one order, at its worst price.
    pub max_order_notional: Option<Cash>,
    /// Most USD in one symbol, open orders included.
    pub max_position_notional: Option<Cash>,
    /// Most gross exposure (long plus short, open orders included) as a share of equity.
    pub max_gross_exposure: Option<BasisPoints>,
    /// Most USD of equity times this many may be bought: 1 uses cash alone.
    pub max_leverage: u8,
    /// Most orders that open or grow, in any sixty seconds.
    pub max_orders_per_minute: Option<u32>,
    /// The same intent is refused again for this long.
    pub duplicate_window: Option<Span>,
    /// An entry that has not filled by then is cancelled.
    pub entry_time_to_live: Option<Span>,
    /// What stops trading when orders fail one after the other.
    pub breaker: Option<Breaker>,
    /// How much worse than the last price a market order is assumed to fill.
    pub market_slip: BasisPoints,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            stale_after: Some(Span::from_secs(120)),
            stale_after_ticks: Some(Span::from_secs(60)),
            price_collar: Some(BasisPoints::new(500)),
            max_order_quantity: Some(Quantity::from_nanos(10_000 * crate::SCALE)),
            max_order_notional: Some(Cash::from_nanos(25_000 * crate::SCALE)),
            max_position_notional: Some(Cash::from_nanos(50_000 * crate::SCALE)),
            max_gross_exposure: Some(BasisPoints::new(10_000)),
            max_leverage: 1,
            max_orders_per_minute: Some(60),
            duplicate_window: Some(Span::from_secs(5)),
            entry_time_to_live: Some(Span::from_secs(900)),
            breaker: Some(Breaker::default()),
            market_slip: BasisPoints::new(250),
        }
    }
}
