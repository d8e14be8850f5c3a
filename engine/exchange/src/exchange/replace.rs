//! Replacing a working order by another.
//!
//! The new order's quantity is its own: its fills start from zero, and nothing of what the old one
//! has filled is taken off. A client that wants the rest sends the rest. (Alpaca is reported to
//! do the same, alpacahq/Alpaca-API#165.)

use super::Exchange;
use super::life::{Replacing, Request};
use crate::{OrderId, OrderRequest, OrderRow, Refusal, Replacement, UpdateEvent};
use kernel::{OrderKind, OrderStatus};

impl Exchange {
    /// Puts another order in the place of a working one. The answer is the new order; the old one
    /// ends `replaced`, or fills first, and then the new one ends `rejected`.
    ///
    /// # Errors
    /// 404 for an unknown order; 422 for one that does not work in the market; 403 when nothing
    /// would change; and whatever a new order is refused for.
    pub fn replace(&mut self, id: OrderId, change: Replacement) -> Result<OrderRow, Refusal> {
        let old = self.book.place(id).ok_or_else(|| Refusal::order_not_found(id))?;
        let row = self.row(old)?;
        may_be_replaced(row.status)?;
        let request = changed(&row, change)?;
        let terms = self.judge(&request, Some(old))?;
        let new = self.enter(request, terms, Some(row.id));
        let answer = self.row(new);
        if self.config.fills.latency.nanos().is_positive() {
            self.set_status(old, OrderStatus::PendingReplace);
            self.tell(old, UpdateEvent::PendingReplace, None);
        }
        self.dispatch(Request::Replace(Replacing { old, new, filled: row.filled_qty }));
        answer
    }

    /// The replacement has arrived: the new order takes the old one's place, if nothing has
    /// happened to either since it was sent. A fill wins, be it of a part: the new quantity was
    /// judged without it.
    pub(super) fn take_place(&mut self, Replacing { old, new, filled }: Replacing) {
        let held = |exchange: &Self| exchange.book.get(old).map(|entry| entry.row.filled_qty);
        if !self.is_open(old) || !self.is_open(new) || held(self) != Some(filled) {
            return self.refuse_place(old, new);
        }
        let id = self.book.get(new).map(|entry| entry.row.id);
        if let Some(entry) = self.book.get_mut(old) {
            entry.row.replaced_by = id;
        }
        self.finish(old, UpdateEvent::Replaced);
        self.tell(new, UpdateEvent::PendingNew, None);
        self.start(new, self.now);
    }

    /// Nothing comes of a replacement: the new order is rejected, and the old one, if it has not
    /// ended, is what its quantities say.
    fn refuse_place(&mut self, old: usize, new: usize) {
        let entry = self.book.get(old).filter(|entry| !entry.row.status.is_final());
        if let Some(filled) = entry.map(|entry| entry.row.filled_qty) {
            let parts = filled.is_positive();
            let status = if parts { OrderStatus::PartiallyFilled } else { OrderStatus::New };
            self.set_status(old, status);
        }
        self.tell(old, UpdateEvent::ReplaceRejected, None);
        if self.is_open(new) {
            self.finish(new, UpdateEvent::Rejected);
        }
    }
}

fn may_be_replaced(status: OrderStatus) -> Result<(), Refusal> {
    match status {
        OrderStatus::New | OrderStatus::PartiallyFilled => Ok(()),
        OrderStatus::Accepted | OrderStatus::PendingNew => {
            Err(Refusal::unprocessable("unable to replace order, order isn't sent to exchange yet"))
        }
        _ => Err(Refusal::unprocessable("unable to replace order, order is not open")),
    }
}

/// The order that the change asks for.
fn changed(row: &OrderRow, change: Replacement) -> Result<OrderRequest, Refusal> {
    let kind = changed_kind(row.kind, &change)?;
    let qty = change.qty.unwrap_or(row.qty);
    let time_in_force = change.time_in_force.unwrap_or(row.time_in_force);
    if (kind, qty, time_in_force) == (row.kind, row.qty, row.time_in_force) {
        return Err(Refusal::forbidden("order parameters are not changed"));
    }
    Ok(OrderRequest {
        symbol: row.symbol,
        side: row.side,
        qty,
        kind,
        time_in_force,
        client_order_id: change.client_order_id,
        extended_hours: row.extended_hours,
    })
}

fn changed_kind(kind: OrderKind, change: &Replacement) -> Result<OrderKind, Refusal> {
    let (limit, stop) = (change.limit_price, change.stop_price);
    match kind {
        OrderKind::Market if limit.is_none() && stop.is_none() => Ok(OrderKind::Market),
        OrderKind::Market => {
            Err(Refusal::malformed("market orders require no stop or limit price"))
        }
        OrderKind::Limit { .. } if stop.is_some() => {
            Err(Refusal::malformed("limit orders require no stop price"))
        }
        OrderKind::Limit { limit: held } => Ok(OrderKind::Limit { limit: limit.unwrap_or(held) }),
        OrderKind::Stop { .. } if limit.is_some() => {
            Err(Refusal::malformed("stop orders require no limit price"))
        }
        OrderKind::Stop { stop: held } => Ok(OrderKind::Stop { stop: stop.unwrap_or(held) }),
        OrderKind::TrailingStop { .. } => Err(Refusal::malformed("invalid order type")),
        OrderKind::StopLimit { stop: held_stop, limit: held_limit } => Ok(OrderKind::StopLimit {
            stop: stop.unwrap_or(held_stop),
            limit: limit.unwrap_or(held_limit),
        }),
    }
}
