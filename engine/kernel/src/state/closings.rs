//! Closings that were refused: when they are tried again. Closings that do not end: when that is told.

use super::{RefusedClose, State};
use crate::{
    Alert, BrokerOrder, BrokerState, Intent, Order, OrderNumber, Origin, Span, SymbolId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Seconds until a closing that was refused is tried again, doubled after each refusal up to so
/// many times: from five seconds to five minutes.
const CLOSE_AGAIN_S: i64 = 5;
const CLOSE_DOUBLINGS: u32 = 6;

/// So long after somebody asked for everything to be closed it is told that it is not.
pub(crate) const FLAT_WITHIN: Span = Span::from_secs(5 * 60);
/// So often that is told again.
const TELL_AGAIN: Span = Span::from_secs(15 * 60);

/// The word of the alert that says so.
pub(crate) const NOT_FLAT: &str = "not_flat";

/// What is to be flat by an operator's word, a limit or the end of the session.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Unflat {
    /// Since when everything is.
    all: Option<Timestamp>,
    /// Since when single symbols are.
    symbols: BTreeMap<SymbolId, Timestamp>,
    /// Since when orders are to be cancelled all at once.
    orders: Option<Timestamp>,
    /// When it was last told that they are not.
    told: Option<Timestamp>,
}

impl State {
    pub(super) fn note_denial(&mut self, origin: Origin, intent: &Intent) {
        self.tally.denied += 1;
        if let (Origin::Operator | Origin::Kernel, Intent::Submit(wanted)) = (origin, intent) {
            self.wait_with_closing(wanted.symbol);
        }
    }

    /// A closing was refused: the next try waits, twice as long after each refusal.
    pub(super) fn wait_with_closing(&mut self, symbol: SymbolId) {
        let before = self.refused_closes.get(&symbol).map_or(0, |refused| refused.refusals);
        let wait = Span::from_secs(CLOSE_AGAIN_S << before.min(CLOSE_DOUBLINGS));
        let refused = RefusedClose { until: self.now.plus(wait), refusals: before + 1 };
        self.refused_closes.insert(symbol, refused);
    }

    /// A cancel was refused where everything is to be closed, or of a stop of the kernel's own: it is
    /// asked for again, but not at once.
    pub(super) fn wait_with_cancel(&mut self, order: OrderNumber) {
        let Some(order) = self.orders.get(order) else { return };
        if self.is_closing(order.symbol)
            || self.is_cancelled_for_all(order)
            || self.is_own_stop(order)
        {
            self.wait_with_closing(order.symbol);
        }
    }

    /// Everything is to be closed, and the broker is to say that it is.
    pub(super) fn flatten_and_confirm(&mut self) {
        self.flatten_all();
        self.confirms_flat = true;
    }

    /// Nothing is to be closed any more.
    pub(super) fn give_up_closing(&mut self) {
        self.confirms_flat = false;
        self.cancels_until = None;
        self.stop_flattening();
    }

    /// The broker has confirmed that everything is closed.
    pub(super) fn note_confirmed(&mut self) {
        self.confirms_flat = false;
        self.forget_what_is_flat();
    }

    pub(super) fn flatten_all(&mut self) {
        self.flattening = true;
        self.unflat.all.get_or_insert(self.now);
    }

    /// Every order there is is to be cancelled, and the broker is to say that it lists none of them.
    pub(super) fn cancel_all(&mut self) {
        self.cancels_until = Some(OrderNumber(self.last_order));
        self.unflat.orders.get_or_insert(self.now);
    }

    /// Orders up to this one were cancelled all at once by an operator, and the broker has not confirmed
    /// yet that it lists none of them.
    pub const fn cancels_until(&self) -> Option<OrderNumber> {
        self.cancels_until
    }

    /// Whether an order is to be cancelled because all were.
    pub(crate) fn is_cancelled_for_all(&self, order: &Order) -> bool {
        self.cancels_until.is_some_and(|last| order.number <= last)
    }

    /// Whether all that was cancelled at once has ended by the books, and the broker is yet to confirm it.
    pub fn confirms_cancels(&self) -> bool {
        self.cancels_until.is_some()
            && !self.live_orders().any(|order| self.is_cancelled_for_all(order))
    }

    /// The broker says what it lists: of what was cancelled all at once it may be nothing.
    pub(super) fn confirm_cancels(&mut self, broker: &BrokerState) {
        let of = |open: &BrokerOrder| {
            let leg = || self.order_by_broker_id(&open.broker_id).map(|order| order.number);
            open.order.or_else(leg)
        };
        let is_listed = |open| of(open).is_some_and(|order| Some(order) <= self.cancels_until);
        if self.confirms_cancels() && !broker.open_orders.iter().any(is_listed) {
            self.cancels_until = None;
            self.forget_what_is_flat();
        }
    }

    pub(super) fn close_symbol(&mut self, symbol: SymbolId) {
        self.closing.insert(symbol);
        self.unflat.symbols.entry(symbol).or_insert(self.now);
    }

    pub(super) fn note_closed(&mut self, symbol: SymbolId) {
        self.closing.remove(&symbol);
        self.refused_closes.remove(&symbol);
        self.forget_what_is_flat();
    }

    pub(super) fn stop_flattening(&mut self) {
        self.flattening = false;
        self.closing.clear();
        self.refused_closes.clear();
        self.stops.stand_down();
        self.forget_what_is_flat();
    }

    fn forget_what_is_flat(&mut self) {
        let unflat = &mut self.unflat;
        unflat.symbols.retain(|symbol, _| self.closing.contains(symbol));
        if !self.flattening && !self.confirms_flat {
            unflat.all = None;
        }
        if self.cancels_until.is_none() {
            unflat.orders = None;
        }
        if unflat.oldest().is_none() {
            unflat.told = None;
        }
    }

    pub(super) fn note_alert(&mut self, alert: &Alert) {
        self.tally.alerts += 1;
        if &*alert.code == NOT_FLAT {
            self.unflat.told = Some(self.now);
        }
    }

    /// Whether the orders of a symbol are being cancelled and its position closed.
    pub fn is_closing(&self, symbol: SymbolId) -> bool {
        self.flattening || self.confirms_flat || self.closing.contains(&symbol)
    }

    /// Whether anything is being closed, or everything cancelled, by an operator's word or the end of the
    /// session.
    #[inline]
    pub(crate) fn closes_anything(&self) -> bool {
        self.flattening
            || self.confirms_flat
            || self.cancels_until.is_some()
            || !self.closing.is_empty()
    }

    /// Whether a symbol may be closed now: its closing was not refused a moment ago.
    pub(crate) fn may_close(&self, symbol: SymbolId) -> bool {
        self.refused_closes.get(&symbol).is_none_or(|refused| refused.until <= self.now)
    }

    /// When a closing that was refused may be tried again.
    pub(crate) fn next_close(&self) -> Option<Timestamp> {
        let waits = self.refused_closes.values().map(|refused| refused.until);
        waits.filter(|until| self.closes_anything() && *until > self.now).min()
    }

    /// Whether nothing that was asked for is still on its way: no cancel, and no closing.
    pub fn is_settled(&self) -> bool {
        let is_closed = !self.flattening && self.closing.is_empty();
        is_closed && self.live_orders().all(|order| !order.cancel_requested)
    }

    /// When it is to be told, or told again, that what should be flat is not.
    pub(crate) fn not_flat_due(&self) -> Option<Timestamp> {
        let due = self.unflat.oldest()?.plus(FLAT_WITHIN);
        Some(self.unflat.told.map_or(due, |told| due.max(told.plus(TELL_AGAIN))))
    }

    /// Since when something is to be flat that is not, once that took so long that it was told.
    pub fn not_flat_since(&self) -> Option<Timestamp> {
        self.unflat.told.and_then(|_| self.unflat.oldest())
    }
}

impl Unflat {
    fn oldest(&self) -> Option<Timestamp> {
        self.symbols.values().copied().chain(self.all).chain(self.orders).min()
    }
}
