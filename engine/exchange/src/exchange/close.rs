//! Cancelling every order, and closing positions: requests that are made of others. Each order and
//! each symbol is answered for by itself, and what is refused for one stops none of the rest.
//!
//! Source: Alpaca, Trading API 2.0.1 (2026-06), "All Orders" and "Positions". A close is a market
//! order the other way, judged as any other: it cancels nothing that stands in its way.

use super::Exchange;
use crate::{OrderId, OrderRequest, OrderRow, Part, Refusal};
use kernel::{OrderKind, OrderStatus, Percent, Quantity, Rounding, SCALE, Side, SymbolId};

/// What came of each order of a cancel of all.
pub type Cancels = Vec<(OrderId, Result<(), Refusal>)>;
/// What came of each symbol of a closing of all: its order.
pub type Closings = Vec<(SymbolId, Result<OrderRow, Refusal>)>;

impl Exchange {
    /// Asks for the end of every order that is open, in order of arrival. An order that ends with
    /// another of its group, or whose cancel is on its way already, counts as cancelled.
    ///
    /// A refusal that is given with an order is that of [`Exchange::cancel`].
    pub fn cancel_all(&mut self) -> Cancels {
        let open: Vec<OrderId> = self.open_orders().map(|order| order.id).collect();
        let outcomes = open.into_iter().map(|id| {
            let canceled = self.cancel(id);
            (id, if self.ends_canceled(id) { Ok(()) } else { canceled })
        });
        outcomes.collect()
    }

    /// Closes a position or a part of it: a market order for the day, sold from a long position,
    /// bought back for a short one. The exchange names it.
    ///
    /// # Errors
    /// 404 when nothing is held; 403 with what is available where open orders hold the shares; and
    /// whatever else [`Exchange::submit`] refuses an order for.
    pub fn close_position(&mut self, symbol: SymbolId, part: Part) -> Result<OrderRow, Refusal> {
        let row = self.position(symbol).ok_or_else(Refusal::position_not_found)?;
        let qty = match part {
            Part::Whole => row.qty.abs(),
            Part::Shares(qty) => qty,
            Part::Percent(percent) => self.share_of_position(symbol, row.qty, percent),
        };
        let side = if row.qty.is_negative() { Side::Buy } else { Side::Sell };
        self.submit(OrderRequest::new(symbol, side, qty, OrderKind::Market))
    }

    /// Closes every position wholly, by symbol. Open orders hold their shares unless they are
    /// cancelled first; where a cancel takes its time, they hold them still.
    ///
    /// A refusal that is given with a symbol is that of [`Exchange::close_position`].
    pub fn close_all(&mut self, cancel_orders: bool) -> Closings {
        if cancel_orders {
            self.cancel_all();
        }
        let held: Vec<SymbolId> = self.positions().iter().map(|row| row.symbol).collect();
        let outcomes =
            held.into_iter().map(|symbol| (symbol, self.close_position(symbol, Part::Whole)));
        outcomes.collect()
    }

    fn ends_canceled(&self, id: OrderId) -> bool {
        let status = self.order(id).map(|order| order.status);
        matches!(status, Some(OrderStatus::Canceled | OrderStatus::PendingCancel))
    }

    /// A percentage of what is held, towards zero: in parts of a share where an order for them would
    /// be taken, which is for long positions in assets that have parts; else in whole shares.
    fn share_of_position(&self, symbol: SymbolId, held: Quantity, percent: Percent) -> Quantity {
        let product = i128::from(held.abs().nanos()) * i128::from(percent.nanos());
        let nanos = Rounding::Down.divide(product, 100 * i128::from(SCALE));
        let part = i64::try_from(nanos).map_or(Quantity::ZERO, Quantity::from_nanos);
        let has_parts = self.asset(symbol).is_some_and(|asset| asset.rules.fractionable);
        if has_parts && held.is_positive() { part } else { part.whole() }
    }
}
