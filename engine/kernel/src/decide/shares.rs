//! Splits and new names: they happen when their day begins, before its first datum is looked at, and
//! what protects a position survives them.

use super::{DecideError, Deciding};
use crate::{
    CorporateAction, Event, Intent, NewOrder, Order, OrderClass, OrderKind, OrderNumber, Origin,
    Quantity, Ratio, Severity, ShareChange, Side, StopLoss, SymbolId, Symbols, TimeInForce, risk,
};
use std::collections::BTreeMap;

impl Deciding<'_> {
    /// What is announced waits for its day. When that has begun already it happens now, unless the
    /// books or the prices are of that day: then the broker is right about what it holds.
    pub(super) fn corporate(&mut self, action: &CorporateAction) -> Result<(), DecideError> {
        let state = self.state();
        if !state.is_announced_by(self.out.input_seq) || !state.account_is_open() {
            return Ok(());
        }
        self.follow(action)
    }

    /// What was announced for a day that has begun and was cut off by a crash.
    pub(super) fn overdue_actions(&mut self) -> Result<(), DecideError> {
        for action in self.state().actions_of_today() {
            self.follow(&action)?;
        }
        Ok(())
    }

    fn follow(&mut self, action: &CorporateAction) -> Result<(), DecideError> {
        let state = self.state();
        let text = sentence(action, state.symbols());
        match state.beginning_of(action.date).filter(|began| *began <= state.now()) {
            None => self.alert(Severity::Info, "corporate_action", text),
            Some(began) => {
                let is_news = state.books_are_from_before(began)
                    && state.last_price_time(action.symbol).is_none_or(|time| time < began);
                if is_news {
                    return self.happen(action);
                }
                let text = format!("{text}; that was learned too late to be followed");
                self.alert(Severity::Warning, "corporate_action_late", text)
            }
        }
    }

    /// What was announced for the day that begins.
    pub(super) fn corporate_actions(&mut self, date: u32) -> Result<(), DecideError> {
        for action in self.state().actions_due(date) {
            self.happen(&action)?;
        }
        Ok(())
    }

    fn happen(&mut self, action: &CorporateAction) -> Result<(), DecideError> {
        let (id, symbol) = (action.id.clone(), action.symbol);
        match &action.change {
            ShareChange::Split(ratio) => self.split(id, symbol, *ratio),
            ShareChange::Name(to) if self.state().symbols().may_be_called(to) => {
                let from = Box::from(self.state().symbols().name(symbol));
                self.emit(Event::SymbolRenamed { id, symbol, from, to: to.clone() })
            }
            ShareChange::Name(to) => {
                let name = self.state().symbols().name(symbol);
                let text = format!("{name} is to be called {to:?}, which cannot be");
                self.alert(Severity::Critical, "symbol_unusable", text)
            }
        }
    }

    fn split(&mut self, id: Box<str>, symbol: SymbolId, ratio: Ratio) -> Result<(), DecideError> {
        let held = self.state().ledger().position(symbol).quantity;
        let Some(position) = ratio.shares(held) else {
            let text = format!("A split {id} of {held} shares does not fit the ledger");
            return self.alert(Severity::Critical, "split_unusable", text);
        };
        self.emit(Event::SharesSplit { id, symbol, ratio, position })?;
        for strategy in &mut self.kernel.strategies {
            strategy.rebase(symbol, ratio);
        }
        Ok(())
    }

    /// Asks anew for the exits that the broker ended because of a split, in new shares and at new
    /// prices: a position is not left without the stop that it had.
    #[inline]
    pub(super) fn renew_exits(&mut self) -> Result<(), DecideError> {
        if self.state().has_lost_exits() { self.renew_lost_exits() } else { Ok(()) }
    }

    fn renew_lost_exits(&mut self) -> Result<(), DecideError> {
        let lost: Vec<Order> = self.state().exits_to_renew().cloned().collect();
        let mut renewed = BTreeMap::new();
        for order in &lost {
            let by = match renewed.get(&order.shares_with()) {
                Some(by) => *by,
                None => self.renew(order, &lost)?,
            };
            renewed.insert(order.shares_with(), by);
            self.emit(Event::ExitRenewed { order: order.number, by })?;
        }
        Ok(())
    }

    /// Renews an exit together with the other of its group.
    fn renew(&mut self, order: &Order, lost: &[Order]) -> Result<Option<OrderNumber>, DecideError> {
        let state = self.state();
        let origin = state.strategy_of(order).map_or(Origin::Kernel, Origin::Strategy);
        let held = state.position_for(origin, order.symbol).quantity;
        let open = order.quantity.checked_sub(order.filled).unwrap_or(Quantity::ZERO);
        let wanted = open.min(held.abs());
        let closes = held.is_negative() == (order.side == Side::Buy);
        if !closes || !wanted.is_positive() || state.is_closing(order.symbol) {
            return Ok(None);
        }
        let other = lost.iter().find(|other| {
            other.number != order.number && other.shares_with() == order.shares_with()
        });
        let (kind, class) = group_of(order, other);
        let request = NewOrder::new(order.symbol, order.side, wanted, kind)
            .lasting(TimeInForce::Gtc)
            .grouped(class);
        match risk::judge(state, Origin::Kernel, request) {
            Ok(approved) => {
                let number = approved.order().number;
                self.approve(Origin::Kernel, risk::Send::Submit(approved))?;
                Ok(Some(number))
            }
            Err(denial) => {
                let text = format!(
                    "Order {} was ended because of a split and cannot be asked for anew: {denial}",
                    order.number
                );
                self.deny(Origin::Kernel, Intent::Submit(request), denial)?;
                self.alert(Severity::Critical, "exit_lost", text)?;
                Ok(None)
            }
        }
    }
}

/// One exit alone as it was, or a limit and a stop that cancel each other.
fn group_of(order: &Order, other: Option<&Order>) -> (OrderKind, OrderClass) {
    let both = [Some(order), other];
    let limit = both.iter().flatten().find_map(|order| match order.kind {
        OrderKind::Limit { limit } => Some(limit),
        _ => None,
    });
    let stop = both.iter().flatten().find_map(|order| match order.kind {
        OrderKind::Stop { stop } => Some(StopLoss::at(stop)),
        OrderKind::StopLimit { stop, limit } => Some(StopLoss::with_limit(stop, limit)),
        _ => None,
    });
    match (limit, stop) {
        (Some(limit), Some(stop_loss)) => {
            (OrderKind::Limit { limit }, OrderClass::Oco { stop_loss })
        }
        _ => (order.kind, OrderClass::Simple),
    }
}

fn sentence(action: &CorporateAction, symbols: &Symbols) -> String {
    let (name, date) = (symbols.name(action.symbol), action.date);
    let date = format!("{:04}-{:02}-{:02}", date / 10_000, date / 100 % 100, date % 100);
    match &action.change {
        ShareChange::Split(ratio) => {
            let (new, old) = (ratio.new_shares(), ratio.old_shares());
            format!("{name} is split {new} for {old} on {date}")
        }
        ShareChange::Name(to) => format!("{name} is called {to} from {date} on"),
    }
}
