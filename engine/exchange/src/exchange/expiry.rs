//! What the session's boundaries bring: waiting orders start, orders expire, fees are posted.

use super::{Exchange, LastClose};
use crate::sessions::Boundary;
use crate::{Activity, FeeActivity, UpdateEvent};
use kernel::{OrderStatus, TimeInForce};

impl Exchange {
    /// Passes a boundary of the trading day; the clock stands at it.
    pub(super) fn pass(&mut self, boundary: Boundary, date: u32) {
        if boundary == Boundary::Close
            && let Some(opened) = self.sessions.open_before(self.now)
        {
            self.auction_at_close(opened);
        }
        self.end_expired();
        match boundary {
            Boundary::ExtendedOpen | Boundary::Open => self.start_waiting(),
            Boundary::Close => {
                self.post_fees(date);
                self.finance();
                self.remember_close(date);
            }
            Boundary::Aged | Boundary::ExtendedClose => {}
        }
    }

    fn end_expired(&mut self) {
        let now = self.now;
        for place in self.open_where(|row| row.expires_at.is_some_and(|end| end <= now)) {
            let day = self.book.get(place).map(|entry| entry.row.time_in_force);
            if day == Some(TimeInForce::Gtc) {
                self.set_status(place, OrderStatus::PendingCancel);
                self.tell(place, UpdateEvent::PendingCancel, None);
                self.finish(place, UpdateEvent::Canceled);
            } else {
                self.finish(place, UpdateEvent::Expired);
            }
        }
    }

    fn start_waiting(&mut self) {
        let phase = self.sessions.phase();
        for place in self.open_where(|row| row.status == OrderStatus::Accepted) {
            let Some(entry) = self.book.get(place).filter(|entry| !entry.waits(phase)) else {
                continue;
            };
            let arrived = entry.row.submitted_at.plus(self.config.fills.latency);
            self.start(place, arrived.max(self.now));
        }
    }

    pub(super) fn open_where(&self, wanted: impl Fn(&crate::OrderRow) -> bool) -> Vec<usize> {
        let open = self.book.open().filter(|(_, entry)| wanted(&entry.row));
        open.map(|(place, _)| place).collect()
    }

    /// Takes the day's fees from cash: each kind's sum rounded up to the cent.
    fn post_fees(&mut self, date: u32) {
        for (kind, amount) in self.accruals.settle() {
            self.account.charge(amount);
            let number = self.ids.uuid();
            let fee = FeeActivity { number, time: self.now, date, kind, amount };
            self.activities.push(Activity::Fee(fee));
        }
    }

    fn remember_close(&mut self, date: u32) {
        for market in &mut self.markets {
            market.lastday = Some(market.price).filter(|price| price.is_positive());
        }
        let margins = self.margins();
        self.call_margin(&margins, date);
        let (equity, maintenance) = (margins.equity(), margins.maintenance);
        self.last_close = LastClose { equity, maintenance, date: Some(date) };
    }
}
