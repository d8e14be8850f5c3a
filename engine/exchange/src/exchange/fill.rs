//! An execution: price, books, fees, and what is told of it.

use super::Exchange;
use crate::{Activity, Fill, FillActivity, UpdateEvent};
use kernel::{
    Cash, FeeKind, Notional, OrderStatus, Percent, Price, Quantity, Rounding, SCALE, Side, SymbolId,
};

impl Exchange {
    /// Shares that an order may still fill at a price: of an order in USD what the rest of them
    /// buys, rounded down at 1e-9, and of one that closes no more than others leave of what is held.
    pub(super) fn wanted(&self, place: usize, price: Price) -> Quantity {
        let Some(entry) = self.book.get(place).filter(|entry| !entry.row.status.is_final()) else {
            return Quantity::ZERO;
        };
        if let Some(share) = entry.row.equity_share.filter(|_| entry.row.filled_qty.is_zero()) {
            return self.sized_by_equity(entry.row.symbol, entry.row.side, share, price);
        }
        let Some(usd) = entry.row.notional else {
            return entry.row.leaves();
        };
        let left = Notional::from(usd).checked_sub(entry.filled_value).unwrap_or(Notional::ZERO);
        let wanted = shares_for(left, price);
        if entry.row.opens {
            return wanted;
        }
        let symbol = entry.row.symbol;
        let (held, others) =
            (self.account.holding(symbol).qty, self.held_for_orders(symbol, Some(place)));
        wanted.min(held.abs().checked_sub(others).unwrap_or(Quantity::ZERO).max(Quantity::ZERO))
    }

    /// The whole shares that a share of equity buys or sells short at a price, within what may be
    /// bought; none while anything is held on the other side.
    fn sized_by_equity(
        &self,
        symbol: SymbolId,
        side: Side,
        share: Percent,
        price: Price,
    ) -> Quantity {
        if self.waits_for_close(symbol, side) {
            return Quantity::ZERO;
        }
        let margins = self.margins();
        let most = share_of(margins.equity(), share).min(self.buying_power(&margins, None));
        shares_for(Notional::from(most), price).whole()
    }

    /// Whether something is held on the other side, which must be closed first.
    pub(super) fn waits_for_close(&self, symbol: SymbolId, side: Side) -> bool {
        let held = self.account.holding(symbol).qty;
        !held.is_zero() && held.is_negative() == (side == Side::Buy)
    }

    /// Fills a part or the rest of an order now.
    pub(super) fn execute(&mut self, place: usize, price: Price, qty: Quantity) {
        let (id, now) = (self.ids.uuid(), self.now);
        let wanted = self.wanted(place, price);
        let Some(entry) = self.book.get_mut(place) else {
            return;
        };
        if entry.row.notional.is_some() || entry.row.equity_share.is_some() {
            entry.row.qty = entry.row.filled_qty.checked_add(wanted).unwrap_or(Quantity::MAX);
        }
        let first = entry.row.filled_qty.is_zero();
        entry.fill(price, qty, now);
        let (row, short) = (&entry.row, entry.row.opens && entry.row.side == Side::Sell);
        let (symbol, side, ended) = (row.symbol, row.side, row.status.is_final());
        let activity = FillActivity {
            execution: id,
            time: now,
            order_id: row.id,
            order_status: row.status,
            symbol,
            side,
            short,
            qty,
            price,
            cum_qty: row.filled_qty,
            leaves_qty: row.unfilled(),
        };
        self.activities.push(Activity::Fill(activity));
        self.account.fill(symbol, side, qty, price);
        self.accrue(side, price, qty, first);
        if ended {
            self.end(place);
        }
        let event = if ended { UpdateEvent::Fill } else { UpdateEvent::PartialFill };
        self.tell(place, event, Some(Fill { id, price, qty }));
        self.after_fill(place, qty, ended);
    }

    fn accrue(&mut self, side: Side, price: Price, qty: Quantity, first: bool) {
        let commission = &self.config.fees.commission;
        let shares = Price::from_nanos(commission.per_share.nanos()).times(qty);
        self.accruals.add(FeeKind::Commission, shares);
        if first {
            self.accruals.add(FeeKind::Commission, Notional::from(commission.per_order));
        }
        if self.config.fees.regulatory {
            let date = self.sessions.date_at(self.now);
            let date = date.unwrap_or_else(|| self.new_york.date(self.now));
            self.accruals.add_regulatory(date, side, price, qty);
        }
    }
}

impl crate::book::Entry {
    fn fill(&mut self, price: Price, qty: Quantity, now: kernel::Timestamp) {
        let row = &mut self.row;
        let value = self.filled_value.checked_add(price.times(qty));
        self.filled_value = value.unwrap_or(self.filled_value);
        row.filled_qty = row.filled_qty.checked_add(qty).unwrap_or(row.filled_qty);
        row.filled_avg_price = self.filled_value.per(row.filled_qty, Rounding::HalfEven);
        row.updated_at = now;
        if row.filled_qty >= row.qty {
            row.status = OrderStatus::Filled;
            row.filled_at = Some(now);
        } else if row.status == OrderStatus::New {
            row.status = OrderStatus::PartiallyFilled;
        }
    }
}

/// A share of equity in USD, rounded down; nothing when the equity is gone.
pub(super) fn share_of(equity: Cash, share: Percent) -> Cash {
    const WHOLE: i64 = 100 * SCALE;
    let equity = equity.max(Cash::ZERO);
    equity.proportion(share.nanos(), WHOLE, Rounding::Down).unwrap_or(equity)
}

/// The shares that so many USD buy at a price, rounded down at 1e-9.
pub(super) fn shares_for(usd: Notional, price: Price) -> Quantity {
    let nanos = usd.raw().max(0).checked_div(i128::from(price.nanos()));
    Quantity::from_nanos(nanos.and_then(|nanos| i64::try_from(nanos).ok()).unwrap_or(0))
}
