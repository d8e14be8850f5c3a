//! Replacing a working order by another.
//!
//! The new order's quantity is its own: its fills start from zero, and nothing of what the old one
//! has filled is taken off. A client that wants the rest sends the rest. (Alpaca is reported to
//! do the same, alpacahq/Alpaca-API#165.)

use super::Exchange;
use super::judge::{Terms, apart};
use super::life::{Replacing, Request};
use crate::book::Group;
use crate::{GroupKind, OrderId, OrderRequest, OrderRow, Refusal, Replacement, UpdateEvent};
use kernel::{OrderKind, OrderStatus, Percent, Side, Trail};

impl Exchange {
    /// Puts another order in the place of a working one. The answer is the new order; the old one
    /// ends `replaced`, or fills first, and then the new one ends `rejected`. A `held` exit is not
    /// in the market, so its replacement needs no time to get there.
    ///
    /// # Errors
    /// 404 for an unknown order; 422 for one that does not work in the market or cannot be changed
    /// so; 403 when nothing would change; and whatever a new order is refused for.
    pub fn replace(&mut self, id: OrderId, change: Replacement) -> Result<OrderRow, Refusal> {
        let name = change.client_order_id.clone();
        let answer = self.change(id, change);
        if answer.is_err() {
            self.note_refused(name.as_deref());
        }
        answer
    }

    fn change(&mut self, id: OrderId, change: Replacement) -> Result<OrderRow, Refusal> {
        let old = self.book.place(id).ok_or_else(|| Refusal::order_not_found(id))?;
        let row = self.row(old)?;
        may_be_replaced(&row, &change)?;
        let request = changed(&row, change)?;
        let terms = self.judge_change(old, &request)?;
        let new = self.enter(&request, terms, Some(old));
        if let Some(entry) = self.book.get_mut(new) {
            (entry.row.group, entry.row.opens) = (row.group, terms.opens);
            (entry.row.parent, entry.row.legs) = (row.parent, row.legs);
        }
        let replacing = Replacing { old, new, filled: row.filled_qty };
        if row.status == OrderStatus::Held {
            self.take_place(replacing);
            return self.row(new);
        }
        let answer = self.row(new);
        if self.config.fills.latency.nanos().is_positive() {
            self.set_status(old, OrderStatus::PendingReplace);
            self.tell(old, UpdateEvent::PendingReplace, None);
        }
        self.dispatch(Request::Replace(replacing));
        answer
    }

    fn judge_change(&self, old: usize, request: &OrderRequest) -> Result<Terms, Refusal> {
        let Some(group) = self.book.group_of(old) else {
            return self.judge(request, Some(old));
        };
        self.check_distances(old, &group, request)?;
        if group.entry == Some(old) {
            return self.judge(request, Some(old));
        }
        self.judge_leg(request, old)
    }

    /// The prices of a group stay in their order: an exit against the other exit, an entry against
    /// its exits.
    fn check_distances(
        &self,
        old: usize,
        group: &Group,
        request: &OrderRequest,
    ) -> Result<(), Refusal> {
        let price_of = |kind: OrderKind| kind.stop().or(kind.limit());
        let Some(price) = price_of(request.kind) else {
            return Ok(());
        };
        for other in group.exits.into_iter().flatten().filter(|&other| other != old) {
            let Some(exit) = self.book.get(other) else { continue };
            let Some(theirs) = price_of(exit.row.kind) else { continue };
            let takes_profit = exit.row.kind.stop().is_none();
            let above = takes_profit == (exit.row.side == Side::Sell);
            let field =
                if takes_profit { "take_profit.limit_price" } else { "stop_loss.stop_price" };
            apart(field, theirs, above, price)?;
        }
        Ok(())
    }

    /// The replacement has arrived: the new order takes the old one's place, if nothing has
    /// happened to either since it was sent. A fill wins, be it of a part: the new quantity was
    /// judged without it.
    pub(super) fn take_place(&mut self, Replacing { old, new, filled }: Replacing) {
        let before = self.book.get(old).map(|entry| {
            (entry.row.filled_qty, entry.row.status == OrderStatus::Held, entry.is_held())
        });
        let Some((_, held, waits)) = before.filter(|&(now_filled, ..)| now_filled == filled) else {
            return self.refuse_place(old, new);
        };
        if !self.is_open(old) || !self.is_open(new) {
            return self.refuse_place(old, new);
        }
        let id = self.book.get(new).map(|entry| entry.row.id);
        if let Some(entry) = self.book.get_mut(old) {
            entry.row.replaced_by = id;
        }
        self.book.take_over_group(old, new);
        self.finish(old, UpdateEvent::Replaced);
        if held {
            self.set_status(new, OrderStatus::Held);
            if !waits {
                self.put_to_work(new, self.now);
            }
            self.tell(new, UpdateEvent::Held, None);
            return;
        }
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

fn may_be_replaced(row: &OrderRow, change: &Replacement) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal::unprocessable(message));
    match row.status {
        OrderStatus::New | OrderStatus::PartiallyFilled | OrderStatus::Held => {}
        OrderStatus::Accepted | OrderStatus::PendingNew => {
            return refuse("unable to replace order, order isn't sent to exchange yet");
        }
        _ => return refuse("unable to replace order, order is not open"),
    }
    if row.notional.is_some() {
        return refuse("notional orders cannot be replaced");
    }
    if row.equity_share.is_some() {
        return refuse("orders for a share of equity cannot be replaced");
    }
    if row.group == GroupKind::Oto {
        return refuse("oto orders cannot be replaced");
    }
    let other_qty = change.qty.is_some_and(|qty| qty != row.qty);
    if other_qty && change.qty.is_some_and(|qty| !qty.is_whole()) {
        return Err(Refusal::malformed("qty must be integer"));
    }
    if other_qty && row.is_fractional() {
        return refuse("qty of fractional orders cannot be changed");
    }
    let other_time = change.time_in_force.is_some_and(|time| time != row.time_in_force);
    if row.group != GroupKind::Simple && (other_qty || other_time) {
        return refuse("only the prices of a bracket or oco order can be changed");
    }
    Ok(())
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
        time_in_force,
        client_order_id: change.client_order_id,
        extended_hours: row.extended_hours,
        ..OrderRequest::new(row.symbol, row.side, qty, kind)
    })
}

fn changed_kind(kind: OrderKind, change: &Replacement) -> Result<OrderKind, Refusal> {
    let (limit, stop) = (change.limit_price, change.stop_price);
    if change.trail.is_some() && kind.trail().is_none() {
        return Err(Refusal::malformed("only trailing stop orders have a trail"));
    }
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
        OrderKind::TrailingStop { .. } if limit.is_some() || stop.is_some() => {
            Err(Refusal::malformed("trailing stop orders require no limit or stop price"))
        }
        OrderKind::TrailingStop { trail } => {
            let trail = match (trail, change.trail) {
                (held, None) => held,
                (Trail::Price(_), Some(distance)) => Trail::Price(distance),
                (Trail::Percent(_), Some(distance)) => {
                    Trail::Percent(Percent::from_nanos(distance.nanos()))
                }
            };
            Ok(OrderKind::TrailingStop { trail })
        }
        OrderKind::StopLimit { stop: held_stop, limit: held_limit } => Ok(OrderKind::StopLimit {
            stop: stop.unwrap_or(held_stop),
            limit: limit.unwrap_or(held_limit),
        }),
    }
}
