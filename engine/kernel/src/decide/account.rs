//! Cash that comes and goes without a trade, and an account that is begun anew.

use super::reconcile::held_by;
use super::{DecideError, Deciding};
use crate::{
    BrokerState, CashMovement, Event, Ledger, OrderStatus, Reinvestment, ReportKind, Severity,
};

/// What is said of the orders of an account that is no more.
const BEGUN_ANEW: &str = "the account was begun anew";

impl Deciding<'_> {
    /// Books a movement of cash once, by the broker's name for it. Before the account was taken
    /// over it is in the cash that will be.
    pub(super) fn cash(&mut self, movement: &CashMovement) -> Result<(), DecideError> {
        let CashMovement { id, kind, amount } = movement;
        let ledger = self.state().ledger();
        if ledger.has_posting(id) || !self.state().account_is_open() {
            return Ok(());
        }
        let fits = Ledger::movement(*kind, *amount).is_ok();
        match ledger.cash().checked_add(*amount).filter(|_| fits) {
            Some(cash) => {
                let (id, kind, amount) = (id.clone(), *kind, *amount);
                self.emit(Event::CashMoved { id, kind, amount, cash })
            }
            None => self.alert(
                Severity::Critical,
                "movement_unusable",
                format!("A movement of {amount} does not fit the ledger"),
            ),
        }
    }

    /// Books shares that the broker bought with a dividend, once. No order led to them and no limit
    /// stands against them: they are there.
    pub(super) fn reinvested(&mut self, bought: &Reinvestment) -> Result<(), DecideError> {
        let Reinvestment { id, symbol, quantity, price } = bought;
        let ledger = self.state().ledger();
        if ledger.has_posting(id) || !self.state().account_is_open() {
            return Ok(());
        }
        let mut after = ledger.clone();
        let booked = after.fill(*symbol, *quantity, *price).and_then(|entry| after.post(&entry));
        if booked.is_err() || !quantity.is_positive() {
            let text = format!("A reinvestment {id} of {quantity} shares does not fit the ledger");
            return self.alert(Severity::Critical, "reinvestment_unusable", text);
        }
        self.emit(Event::DividendReinvested {
            id: id.clone(),
            symbol: *symbol,
            quantity: *quantity,
            price: *price,
            position: after.position(*symbol).quantity,
            cash: after.cash(),
        })
    }

    /// Whether the broker speaks of another account than the books are of.
    pub(super) fn is_another_account(&self, broker: &BrokerState) -> bool {
        let known = self.state().account().map_or("", |account| &account.id);
        let said = &*broker.account.id;
        !known.is_empty() && !said.is_empty() && known != said
    }

    /// Takes over an account that was begun anew: its orders are gone, and the books begin again.
    pub(super) fn reset_account(&mut self, broker: &BrokerState) -> Result<(), DecideError> {
        for order in self.pick(|_| true) {
            let Some(from) = self.state().order(order).map(|order| order.status) else { continue };
            let (to, report) = (OrderStatus::Canceled, ReportKind::Canceled);
            let (broker_id, text) = (None, Some(BEGUN_ANEW.into()));
            self.emit(Event::OrderUpdated { order, from, to, report, broker_id, text })?;
        }
        let (account, cash) = (broker.account.id.clone(), broker.account.cash);
        let positions = held_by(broker);
        self.emit(Event::AccountReset { account, cash, positions })?;
        self.tell_of_debt()?;
        let text = format!("The account was begun anew at the broker, with {cash} USD in cash");
        self.alert(Severity::Warning, "account_reset", text)
    }
}
