//! The life of an order: received, working, cancelled, ended. Replacements are next door.
//!
//! A request takes [`crate::FillRules::latency`] to reach the market; with none it arrives at
//! once. While a cancel or replacement travels the order still works, and a fill wins.

use super::Exchange;
use super::judge::Terms;
use crate::book::Entry;
use crate::matching::trail::Trailing;
use crate::sessions::Phase;
use crate::{Fill, OrderId, OrderRequest, OrderRow, Refusal, Trailed, Update, UpdateEvent};
use jiff::civil::{Time, time};
use kernel::{Notional, OrderStatus, Price, Quantity, SymbolId, TimeInForce, Timestamp};

/// A request on its way to the market.
#[derive(Debug, Clone)]
pub(super) struct Travel {
    pub(super) due: Timestamp,
    request: Request,
}

#[derive(Debug, Clone)]
pub(super) enum Request {
    New(usize),
    Cancel(usize),
    Replace(Replacing),
}

/// A replacement on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replacing {
    pub old: usize,
    pub new: usize,
    /// What the old order had filled when the replacement was sent.
    pub filled: Quantity,
}

/// When a gtc order ends by itself.
/// Source: Alpaca, "Orders at Alpaca", aged order policy.
const GTC_DAYS: i64 = 90;
const GTC_END: Time = time(16, 15, 0, 0);

impl Exchange {
    /// Takes a new order. The answer shows it `pending_new`, or `accepted` when its session is
    /// closed and it waits for the open; what follows is told by updates.
    ///
    /// # Errors
    /// When it is refused, in Alpaca's words; then nothing has changed.
    pub fn submit(&mut self, request: OrderRequest) -> Result<OrderRow, Refusal> {
        let terms = match self.judge(&request, None) {
            Ok(terms) => terms,
            Err(refusal) => {
                self.note_refused(request.client_order_id.as_deref());
                return Err(refusal);
            }
        };
        let place = self.enter(&request, terms, None);
        self.enter_legs(place, &request);
        if self.book.get(place).is_some_and(|entry| entry.waits(self.sessions.phase())) {
            self.set_status(place, OrderStatus::Accepted);
            self.tell(place, UpdateEvent::Accepted, None);
            self.tell_legs(place);
            return self.row(place);
        }
        self.tell(place, UpdateEvent::PendingNew, None);
        self.tell_legs(place);
        let answer = self.row(place);
        self.dispatch(Request::New(place));
        answer
    }

    /// Asks for an order's end: at once without latency, else when the cancel arrives and the
    /// order has not ended before.
    ///
    /// # Errors
    /// 404 for an unknown order; 422 for one that has ended, or whose cancel or replacement is on
    /// its way.
    pub fn cancel(&mut self, id: OrderId) -> Result<(), Refusal> {
        let place = self.book.place(id).ok_or_else(|| Refusal::order_not_found(id))?;
        let status = self.row(place)?.status;
        let pending = matches!(status, OrderStatus::PendingCancel | OrderStatus::PendingReplace);
        if status.is_final() || pending {
            return Err(Refusal::already(status));
        }
        let now = self.now;
        if let Some(entry) = self.book.get_mut(place) {
            entry.row.cancel_requested_at = Some(now);
        }
        let waits = matches!(status, OrderStatus::Accepted | OrderStatus::Held);
        if waits || !self.config.fills.latency.nanos().is_positive() {
            self.finish(place, UpdateEvent::Canceled);
            return Ok(());
        }
        self.set_status(place, OrderStatus::PendingCancel);
        self.tell(place, UpdateEvent::PendingCancel, None);
        self.dispatch(Request::Cancel(place));
        Ok(())
    }

    /// Puts an order that was judged into the book, `pending_new`.
    pub(super) fn enter(
        &mut self,
        request: &OrderRequest,
        terms: Terms,
        replaces: Option<usize>,
    ) -> usize {
        let now = self.now;
        let id = self.ids.uuid_of(u32::try_from(self.book.next_place()).unwrap_or(u32::MAX));
        let client_order_id = match &request.client_order_id {
            Some(id) => id.as_str().into(),
            None => self.ids.uuid().to_string().into(),
        };
        let (trailing, replaces) = (self.trailing(request, replaces), self.id_of(replaces));
        let row = OrderRow {
            id,
            client_order_id,
            symbol: request.symbol,
            side: request.side,
            qty: terms.qty,
            notional: request.size.notional(),
            equity_share: request.size.equity_share(),
            kind: request.kind,
            time_in_force: request.time_in_force,
            extended_hours: request.extended_hours,
            group: request.class.into(),
            parent: None,
            legs: [None; 2],
            opens: terms.opens,
            arrival_price: self.price_of(request.symbol),
            trailed: None,
            status: OrderStatus::PendingNew,
            filled_qty: Quantity::ZERO,
            filled_avg_price: None,
            submitted_at: now,
            updated_at: now,
            expires_at: self.expiry(request),
            filled_at: None,
            expired_at: None,
            cancel_requested_at: None,
            canceled_at: None,
            failed_at: None,
            replaced_at: None,
            replaced_by: None,
            replaces,
        };
        let mut entry = Entry {
            row,
            stance: self.stance(request.side, request.kind),
            trailing,
            eligible_at: None,
            fresh: true,
            reserve: terms.reserve,
            filled_value: Notional::ZERO,
            group: None,
        };
        entry.show_trailing();
        self.book.add(entry)
    }

    /// Puts a leg into the book, `held`.
    pub(super) fn enter_leg(&mut self, request: OrderRequest, parent: usize) -> usize {
        let terms = Terms {
            opens: false,
            reserve: Price::ZERO,
            qty: request.size.shares().unwrap_or(Quantity::ZERO),
        };
        let place = self.enter(&request, terms, None);
        let parent = self.id_of(Some(parent));
        if let Some(entry) = self.book.get_mut(place) {
            (entry.row.status, entry.row.parent) = (OrderStatus::Held, parent);
        }
        place
    }

    fn id_of(&self, place: Option<usize>) -> Option<OrderId> {
        self.book.get(place?).map(|entry| entry.row.id)
    }

    /// The last price of a symbol, when one is known.
    pub(super) fn price_of(&self, symbol: SymbolId) -> Option<Price> {
        let price = self.markets.get(symbol.index())?.price;
        Some(price).filter(|price| price.is_positive())
    }

    /// Where a trailing stop begins: where the one has got to whose place it takes, or at the last
    /// price while the session is open, else at the first of the session.
    fn trailing(&self, request: &OrderRequest, replaces: Option<usize>) -> Option<Trailing> {
        let trail = request.kind.trail()?;
        let before = replaces.and_then(|place| self.book.get(place)?.trailing);
        let is_open = self.sessions.phase() == Phase::Regular;
        let from = self.price_of(request.symbol).filter(|_| is_open);
        let new = Trailing::new(trail, request.side, from);
        Some(before.map_or(new, |before| before.at_distance(trail)))
    }

    fn expiry(&self, request: &OrderRequest) -> Option<Timestamp> {
        match request.time_in_force {
            TimeInForce::Gtc => Some(self.new_york.days_after(self.now, GTC_DAYS, GTC_END)),
            TimeInForce::Day if request.extended_hours => {
                self.sessions.extended_close_after(self.now)
            }
            TimeInForce::Day
            | TimeInForce::Opg
            | TimeInForce::Cls
            | TimeInForce::Ioc
            | TimeInForce::Fok => self.sessions.close_after(self.now),
        }
    }

    /// Sends a request on its way; without latency it arrives now.
    pub(super) fn dispatch(&mut self, request: Request) {
        let travel = Travel { due: self.now.plus(self.config.fills.latency), request };
        if travel.due <= self.now {
            self.arrive(travel);
        } else {
            // What was sent while the way was longer may arrive later.
            let place = self.travelling.partition_point(|other| other.due <= travel.due);
            self.travelling.insert(place, travel);
            self.set_wake();
        }
    }

    /// A request reaches the market.
    pub(super) fn arrive(&mut self, travel: Travel) {
        match travel.request {
            Request::New(place) => self.start(place, travel.due),
            Request::Cancel(place) if self.is_open(place) => {
                self.finish(place, UpdateEvent::Canceled);
            }
            Request::Cancel(place) => self.tell(place, UpdateEvent::CancelRejected, None),
            Request::Replace(replacing) => self.take_place(replacing),
        }
    }

    /// An order begins to work, if it has not ended on the way.
    pub(super) fn start(&mut self, place: usize, eligible_at: Timestamp) {
        let Some(entry) = self.book.get(place) else {
            return;
        };
        if !matches!(entry.row.status, OrderStatus::PendingNew | OrderStatus::Accepted) {
            return;
        }
        self.put_to_work(place, eligible_at);
        self.set_status(place, OrderStatus::New);
        self.tell(place, UpdateEvent::New, None);
        if self.book.group_of(place).is_some_and(|group| group.entry.is_none()) {
            self.start_exits(place);
        }
    }

    /// Lets the market's data from an instant on meet an order.
    pub(super) fn put_to_work(&mut self, place: usize, eligible_at: Timestamp) {
        let Some(entry) = self.book.get_mut(place) else {
            return;
        };
        entry.eligible_at = Some(eligible_at);
        if let Some(market) = self.markets.get_mut(entry.row.symbol.index()) {
            market.working.push(place);
        }
    }

    /// Ends an order that has not ended: cancelled, expired, replaced or rejected.
    pub(super) fn finish(&mut self, place: usize, event: UpdateEvent) {
        let now = self.now;
        let Some(entry) = self.book.get_mut(place).filter(|entry| !entry.row.status.is_final())
        else {
            return;
        };
        let row = &mut entry.row;
        let (status, stamp) = match event {
            UpdateEvent::Expired => (OrderStatus::Expired, &mut row.expired_at),
            UpdateEvent::Replaced => (OrderStatus::Replaced, &mut row.replaced_at),
            UpdateEvent::Rejected => (OrderStatus::Rejected, &mut row.failed_at),
            _ => (OrderStatus::Canceled, &mut row.canceled_at),
        };
        *stamp = Some(now);
        self.set_status(place, status);
        self.end(place);
        self.tell(place, event, None);
        self.after_end(place, event);
    }

    /// Takes an order that has ended out of the market.
    pub(super) fn end(&mut self, place: usize) {
        self.book.close(place);
        let symbol = self.book.get(place).map(|entry| entry.row.symbol.index());
        if let Some(market) = symbol.and_then(|symbol| self.markets.get_mut(symbol)) {
            market.working.retain(|&working| working != place);
        }
    }

    pub(super) fn set_status(&mut self, place: usize, status: OrderStatus) {
        let now = self.now;
        if let Some(entry) = self.book.get_mut(place) {
            entry.row.status = status;
            entry.row.updated_at = now;
        }
    }

    /// Queues an update that shows the order as it is now.
    pub(super) fn tell(&mut self, place: usize, event: UpdateEvent, execution: Option<Fill>) {
        if let Some(entry) = self.book.get(place) {
            let (time, order) = (self.now, entry.row.clone());
            let position_qty = self.account.holding(order.symbol).qty;
            self.updates.push(Update { event, time, execution, position_qty, order });
        }
    }

    pub(super) fn row(&self, place: usize) -> Result<OrderRow, Refusal> {
        let entry = self.book.get(place);
        entry.map(|entry| entry.row.clone()).ok_or_else(|| Refusal::not_found("order not found"))
    }

    pub(super) fn is_open(&self, place: usize) -> bool {
        self.book.get(place).is_some_and(|entry| !entry.row.status.is_final())
    }
}

impl Entry {
    /// Shows where a trailing stop has got to.
    pub(super) fn show_trailing(&mut self) {
        let Some(trailing) = &self.trailing else {
            return;
        };
        if let (Some(extreme), Some(stop)) = (trailing.extreme(), trailing.stop()) {
            self.row.trailed = Some(Trailed { extreme, stop });
        }
    }

    /// Whether it waits for a session to open.
    pub(super) fn waits(&self, phase: Phase) -> bool {
        match phase {
            Phase::Regular => false,
            Phase::Extended => !self.row.extended_hours,
            Phase::Closed => true,
        }
    }
}
