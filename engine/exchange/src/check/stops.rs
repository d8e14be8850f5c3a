//! Stops that are gone while the position that they guard is held.

use super::{Breach, Claims, SessionRecord, ended_at};
use crate::{Activity, OrderId, OrderRow};
use kernel::{OrderStatus, Quantity, Side, SymbolId, Timestamp};
use std::collections::BTreeMap;

type Rows<'a> = BTreeMap<OrderId, &'a OrderRow>;

impl SessionRecord {
    /// Stops of a session that ended without filling wholly while their position was held, for no reason
    /// that the record has.
    ///
    /// A leg is its group's, whose first order bears the session's name. What was held is counted over the
    /// history up to that instant, so a position that was closed later excuses nothing.
    pub(super) fn lost_stops(&self, claims: &Claims) -> Vec<Breach> {
        let rows: Rows<'_> = self.orders.iter().map(|row| (row.id, row)).collect();
        let lost = self.orders.iter().filter(|row| {
            is_stop(row)
                && claims.names(&root(row, &rows).client_order_id)
                && end_to_explain(row).is_some_and(|at| self.is_lost(row, at, &rows))
        });
        lost.map(|row| Breach::LostStop { id: row.client_order_id.to_string() }).collect()
    }

    fn is_lost(&self, stop: &OrderRow, at: Timestamp, rows: &Rows<'_>) -> bool {
        let held = self.held_at(stop.symbol, at);
        let is_guarded = match stop.side {
            Side::Sell => held.is_positive(),
            Side::Buy => held.is_negative(),
        };
        is_guarded
            && !self.is_split_at(stop.symbol, at)
            && !self.went_with_its_group(stop, at, rows)
            && self.closing_beside(stop, at, rows) < held.abs()
    }

    /// What was held after everything that happened until an instant.
    fn held_at(&self, symbol: SymbolId, at: Timestamp) -> Quantity {
        let past = self.activities.iter().take_while(|activity| activity.time() <= at);
        past.fold(Quantity::ZERO, |held, activity| {
            let moved = match activity {
                Activity::Fill(fill) if fill.symbol == symbol => fill.side.signed(fill.qty),
                Activity::Split(split) if split.symbol == symbol => split.change,
                Activity::Reset(_) => return Quantity::ZERO,
                _ => return held,
            };
            held.checked_add(moved).unwrap_or(held)
        })
    }

    /// Whether a split, which ends every order in its symbol, came at an instant.
    fn is_split_at(&self, symbol: SymbolId, at: Timestamp) -> bool {
        self.activities.iter().any(
            |it| matches!(it, Activity::Split(split) if split.symbol == symbol && split.time == at),
        )
    }

    /// Whether the cancel, rejection or fill of another order of its group ended a stop, or its entry never filled.
    fn went_with_its_group(&self, stop: &OrderRow, at: Timestamp, rows: &Rows<'_>) -> bool {
        let group = root(stop, rows).id;
        let mut others =
            self.orders.iter().filter(|row| row.id != stop.id && root(row, rows).id == group);
        others.any(|other| {
            let asked = other.cancel_requested_at.is_some_and(|asked| asked <= at);
            let is_entry = other.side != stop.side;
            let idle = is_entry && other.filled_qty.is_zero() && other.replaced_by.is_none();
            let filled = !is_entry && other.filled_at.is_some_and(|filled| filled <= at);
            let rejected = other.failed_at.is_some_and(|failed| failed <= at);
            asked
                || rejected
                || idle
                || filled
                || (!is_entry && self.takes_the_rest(other, stop, at))
        })
    }

    /// Whether one exit filled at an instant all that was left of the other: of one that was replaced by
    /// an order for more shares a part is enough.
    fn takes_the_rest(&self, exit: &OrderRow, stop: &OrderRow, at: Timestamp) -> bool {
        let mut fills = self.fills().filter(|fill| fill.order_id == exit.id && fill.time == at);
        fills.any(|fill| fill.qty >= stop.leaves())
    }

    /// Shares that orders beside a stop's group were closing when it ended: those are not for it to guard.
    fn closing_beside(&self, stop: &OrderRow, at: Timestamp, rows: &Rows<'_>) -> Quantity {
        let group = root(stop, rows).id;
        let beside = self.orders.iter().filter(|row| {
            let is_open = row.submitted_at <= at && ended_at(row).is_none_or(|end| end > at);
            let closes = row.symbol == stop.symbol && row.side == stop.side;
            closes && is_open && row.status != OrderStatus::Held && root(row, rows).id != group
        });
        beside.fold(Quantity::ZERO, |sum, row| sum.checked_add(row.qty).unwrap_or(sum))
    }
}

/// Whether an order is a stop that closes.
const fn is_stop(row: &OrderRow) -> bool {
    !row.opens && (row.kind.stop().is_some() || row.kind.trail().is_some())
}

/// When a stop ended by what nobody had asked for and no plan foresaw: cancelled without a request, or
/// expired before its time. That a venue rejects one is its word to the session, and no loss.
fn end_to_explain(row: &OrderRow) -> Option<Timestamp> {
    let canceled = row.canceled_at.filter(|_| row.cancel_requested_at.is_none());
    let early = |at: &Timestamp| row.expires_at.is_none_or(|planned| *at < planned);
    canceled.or(row.expired_at.filter(early))
}

/// The first order of a group: that whose leg an order is, or whose place it took.
fn root<'a>(row: &'a OrderRow, rows: &Rows<'a>) -> &'a OrderRow {
    let mut first = row;
    // A record with a circle in it must not hold this up.
    for _ in rows {
        let before = first.replaces.or(first.parent).and_then(|id| rows.get(&id));
        let Some(before) = before else { break };
        first = before;
    }
    first
}
