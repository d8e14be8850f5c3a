//! What is promised within a time: a cancel that was decided on is sent, and an entry is not left
//! standing beyond the life that the limits give it.

use crate::Violation;
use kernel::{Order, OrderNumber, Span, State, Timestamp};
use std::collections::BTreeMap;

/// How long a cancel may wait for its order's arrival, or for a process to be started again.
const SENT_WITHIN: Span = Span::from_secs(600);
/// How long after its time an entry may still be noticed, by a process that runs.
const NOTICED_WITHIN: Span = Span::from_secs(30);

/// Orders for which something is still to be done.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    /// Cancels that were decided on and not handed to the exchange since.
    cancels: BTreeMap<OrderNumber, Timestamp>,
    /// Entries whose cancel has not been decided on, with when it is due.
    entries: BTreeMap<OrderNumber, Timestamp>,
    /// Entries in whose place other ones were asked for, by those.
    replaced: BTreeMap<OrderNumber, OrderNumber>,
    /// When the process was started, last.
    started: Option<Timestamp>,
}

impl Promises {
    /// An entry was approved, for as long as the limits let it stand.
    pub(crate) fn entry(&mut self, order: &Order, time_to_live: Option<Span>, now: Timestamp) {
        if let Some(span) = time_to_live {
            self.entries.insert(order.number, now.plus(span));
        }
    }

    /// An order was approved in the place of another one, which the broker lets nobody cancel until it
    /// has answered.
    pub(crate) fn replacement(&mut self, order: &Order) {
        if let Some(replaced) = order.replaces.filter(|it| self.entries.contains_key(it)) {
            self.replaced.insert(order.number, replaced);
        }
    }

    /// A cancel was decided on.
    pub(crate) fn cancel(&mut self, order: OrderNumber, now: Timestamp) {
        self.entries.remove(&order);
        self.cancels.entry(order).or_insert(now);
    }

    /// A cancel was handed to the exchange.
    pub(crate) fn sent(&mut self, order: OrderNumber) {
        self.cancels.remove(&order);
    }

    /// A process has taken up what the disk kept: what was not kept was promised to nobody.
    pub(crate) fn recovered(&mut self, state: &State) {
        self.started = None;
        let knows = |order: &OrderNumber| state.order(*order).is_some();
        self.entries.retain(|order, _| knows(order));
        let asks = |order: &OrderNumber| state.order(*order).is_some_and(|it| it.cancel_requested);
        self.cancels.retain(|order, _| asks(order));
    }

    /// Nothing is overdue in what a process knows.
    pub(crate) fn check(&mut self, state: &State) -> Result<(), Violation> {
        let is_live = |order: &OrderNumber| state.order(*order).is_some_and(Order::is_live);
        self.entries.retain(|order, _| is_live(order));
        self.resume_replaced(state);
        // A cancel that was refused is its strategy's to ask for again; others the kernel repeats.
        let asks = |order: &OrderNumber| state.order(*order).is_some_and(|it| it.cancel_requested);
        self.cancels.retain(|order, _| is_live(order) && asks(order));
        let since = *self.started.get_or_insert(state.now());
        let late = |due: &Timestamp| (*due).max(since).plus(NOTICED_WITHIN) < state.now();
        let waits = |order: &OrderNumber| self.replaced.values().any(|replaced| replaced == order);
        let mut entries = self.entries.iter().filter(|(order, _)| !waits(order));
        if let Some((order, _)) = entries.find(|(_, due)| late(due)) {
            return Err(Violation::LeftStanding { order: *order });
        }
        let late = |at: &Timestamp| at.plus(SENT_WITHIN) < state.now();
        match self.cancels.iter().find(|(_, at)| late(at)) {
            Some((order, _)) => Err(Violation::CancelUnsent { order: *order }),
            None => Ok(()),
        }
    }

    /// What stays although another order was asked for in its place is due again.
    fn resume_replaced(&mut self, state: &State) {
        let is_open = |order: &OrderNumber| state.order(*order).is_some_and(Order::is_live);
        for replaced in self.replaced.extract_if(.., |order, _| !is_open(order)).map(|(_, it)| it) {
            if let Some(due) = self.entries.get_mut(&replaced) {
                *due = state.now().max(*due);
            }
        }
    }
}
