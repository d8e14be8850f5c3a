//! Brackets, OCO and OTO: exits that wait for their entry, and exclude one another.
//!
//! Source: Alpaca, "Orders at Alpaca", bracket, OCO and OTO orders.
//!
//! - The exits are `held` until the entry has filled wholly. Then the first one works as `new`; a
//!   stop-loss beside it stays `held`, since both are for the same shares, but watches the market
//!   and becomes `new` when it triggers. An entry that ends otherwise ends them with it, whatever
//!   it has filled.
//! - What an exit fills is taken off the other, which is `restated`; when one has filled wholly the
//!   other is cancelled.
//! - To cancel one of them cancels all; when one expires all do.
//! - Exits work for no more shares than are held and not being closed by others when they start.
//!   The source does not say; it keeps positions from being crossed.

use super::Exchange;
use crate::book::Group;
use crate::{OrderRequest, UpdateEvent};
use kernel::{OrderClass, OrderStatus, Quantity};

impl Exchange {
    /// Enters the legs of an order that has been entered.
    pub(super) fn enter_legs(&mut self, parent: usize, request: &OrderRequest) {
        if request.class == OrderClass::Simple {
            return;
        }
        let mut legs = [None; 2];
        for (leg, slot) in request.class.legs().zip(&mut legs) {
            let leg = OrderRequest {
                side: request.class.leg_side(request.side),
                kind: leg.kind(),
                client_order_id: None,
                extended_hours: false,
                ..request.clone()
            };
            *slot = Some(self.enter_leg(leg, parent));
        }
        let ids = legs.map(|leg| self.book.get(leg?).map(|entry| entry.row.id));
        if let Some(entry) = self.book.get_mut(parent) {
            entry.row.legs = ids;
        }
        let [first, _] = legs;
        let (entry, exits) = match request.class {
            OrderClass::Oco { .. } => (None, [Some(parent), first]),
            OrderClass::Simple | OrderClass::Bracket { .. } | OrderClass::Oto { .. } => {
                (Some(parent), legs)
            }
        };
        self.book.add_group(Group { entry, exits, started: false });
    }

    /// Tells of the legs of an order that has just been told of.
    pub(super) fn tell_legs(&mut self, parent: usize) {
        let legs = self.book.get(parent).map_or([None; 2], |entry| entry.row.legs);
        for leg in legs.into_iter().flatten() {
            if let Some(leg) = self.book.place(leg) {
                self.tell(leg, UpdateEvent::Held, None);
            }
        }
    }

    /// What follows from a fill of an order for the others of its group.
    pub(super) fn after_fill(&mut self, place: usize, qty: Quantity, ended: bool) {
        let Some(group) = self.book.group_of(place) else {
            return;
        };
        if group.entry == Some(place) {
            if ended {
                self.start_exits(place);
            }
            return;
        }
        for other in group.exits.into_iter().flatten().filter(|&other| other != place) {
            if ended {
                self.finish(other, UpdateEvent::Canceled);
            } else if self.is_open(other) {
                self.reduce(other, qty);
            }
        }
    }

    /// An order has ended without filling: the others of its group end with it.
    pub(super) fn after_end(&mut self, place: usize, event: UpdateEvent) {
        let Some(group) = self.book.group_of(place).filter(|_| event != UpdateEvent::Replaced)
        else {
            return;
        };
        let event = match event {
            UpdateEvent::Expired => UpdateEvent::Expired,
            _ => UpdateEvent::Canceled,
        };
        for other in group.members().filter(|&other| other != place) {
            self.finish(other, event);
        }
    }

    /// Puts the exits of an order's group into the market.
    pub(super) fn start_exits(&mut self, member: usize) {
        let Some(group) = self.book.group_of(member).filter(|group| !group.started) else {
            return;
        };
        self.book.start_group_of(member);
        for (number, exit) in group.exits.into_iter().flatten().enumerate() {
            self.start_exit(exit, number == 0);
        }
    }

    /// Puts an exit into the market; only the first of a group shows that it works.
    fn start_exit(&mut self, exit: usize, first: bool) {
        let Some(symbol) = self.book.get(exit).filter(|it| it.is_held()).map(|it| it.row.symbol)
        else {
            return;
        };
        let held = self.account.holding(symbol).qty.abs().nanos();
        let free = Quantity::from_nanos(held - self.held_for_orders(symbol, Some(exit)).nanos());
        if !free.is_positive() {
            return self.finish(exit, UpdateEvent::Canceled);
        }
        let now = self.now;
        self.put_to_work(exit, now);
        let fewer = self.book.get_mut(exit).filter(|entry| entry.row.qty > free).map(|entry| {
            (entry.row.qty, entry.row.updated_at) = (free, now);
        });
        if first {
            self.show_working(exit);
        } else if fewer.is_some() {
            self.tell(exit, UpdateEvent::Restated, None);
        }
    }

    /// A held exit shows that it works.
    pub(super) fn show_working(&mut self, exit: usize) {
        if self.book.get(exit).is_some_and(|entry| entry.row.status == OrderStatus::Held) {
            self.set_status(exit, OrderStatus::New);
            self.tell(exit, UpdateEvent::New, None);
        }
    }

    /// Takes shares off an exit that the other one has filled. One with nothing left is cancelled: the other
    /// one was replaced by an order for more shares than the two had left.
    fn reduce(&mut self, exit: usize, by: Quantity) {
        let now = self.now;
        let Some(entry) = self.book.get_mut(exit) else {
            return;
        };
        let row = &mut entry.row;
        match row.qty.checked_sub(by).filter(|left| *left > row.filled_qty) {
            Some(left) => {
                (row.qty, row.updated_at) = (left, now);
                self.tell(exit, UpdateEvent::Restated, None);
            }
            None => self.finish(exit, UpdateEvent::Canceled),
        }
    }
}
