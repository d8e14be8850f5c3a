//! The laws, watched from outside: by what was sent, by what the exchange recorded, by what was
//! delivered. None of it asks the kernel whether it kept them.

use crate::bands::Bands;
use crate::bounds::Bounds;
use crate::closings::Closings;
use crate::conduct::Conduct;
use crate::entries::Entries;
use crate::equity::Equity;
use crate::halts::Halts;
use crate::news::{News, held};
use crate::past::Past;
use crate::plan::Plan;
use crate::promises::Promises;
use crate::repair::Repairs;
use crate::shell::Work;
use crate::{Violation, accounts};
use backtest::venue::Venue;
use exchange::check::SessionRecord;
use exchange::{Exchange, OrderRow, Update};
use kernel::{
    Cash, Command, Difference, Event, Input, Limits, Order, OrderKind, OrderNumber, OrderSize,
    OrderStatus, Origin, Price, Quantity, Ratio, Report, ReportKind, Rounding, Send, Side, State,
    SymbolId, TradingState,
};
use std::collections::{BTreeMap, BTreeSet};

/// What is known from outside.
#[derive(Debug)]
pub(crate) struct Watch {
    limits: Limits,
    /// What the session claims, for the exchange's checkers.
    claims: Conduct,
    /// Where trading stands by the operators' words that were taken.
    trading: TradingState,
    /// Whether the last word may or may not have reached the disk.
    is_torn: bool,
    heard: Option<TradingState>,
    /// Requests that were handed to the exchange, by number.
    requested: BTreeSet<OrderNumber>,
    /// The last price of the symbol of each order when it was approved.
    approved: BTreeMap<OrderNumber, Price>,
    /// What was kept free for each order when it was approved.
    reserves: BTreeMap<OrderNumber, Cash>,
    /// Orders whose cancel was approved.
    canceling: BTreeSet<OrderNumber>,
    /// What the process may not know.
    pub(crate) news: News,
    halts: Halts,
    bands: Bands,
    /// What the limits in money and time are judged by.
    bounds: Bounds,
    entries: Entries,
    past: Past,
    /// What the account is worth.
    equity: Equity,
    /// What the data stream has lost and the session has not read.
    pub(crate) repairs: Repairs,
    /// What is to be done within a time.
    promises: Promises,
    closings: Closings,
    /// Orders that passed risk.
    pub(crate) orders: u64,
    pub(crate) fills: u64,
}

impl Watch {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            limits: plan.limits.clone(),
            claims: Conduct::default(),
            trading: TradingState::Active,
            is_torn: false,
            heard: None,
            requested: BTreeSet::new(),
            approved: BTreeMap::new(),
            reserves: BTreeMap::new(),
            canceling: BTreeSet::new(),
            news: News::default(),
            halts: Halts::default(),
            bands: Bands::default(),
            bounds: Bounds::default(),
            entries: Entries::default(),
            past: Past::default(),
            equity: Equity::default(),
            repairs: Repairs::default(),
            promises: Promises::default(),
            closings: Closings::default(),
            orders: 0,
            fills: 0,
        }
    }

    /// An input is about to be taken.
    pub(crate) fn before(&mut self, input: &Input) {
        self.bounds.before(input);
        self.equity.before(input);
        self.halts.before(input);
        self.bands.before(input);
        self.past.before(input);
        if let Input::Command(Command::SetLimit { path, value, .. }) = input {
            self.widen(path, value);
        }
        self.heard = match input {
            Input::Command(Command::Halt { .. } | Command::Flatten { .. }) => {
                Some(TradingState::Halted)
            }
            Input::Command(Command::Resume { .. }) => Some(TradingState::Active),
            _ => None,
        };
    }

    /// A limit is made wider; one that a crash may have lost holds no longer.
    fn widen(&mut self, path: &str, value: &str) {
        // What is no limit the session refuses.
        let _ = self.limits.set(path, value);
    }

    /// The input that was being taken was torn by the end of the process: it may count or not.
    pub(crate) fn torn(&mut self) {
        self.is_torn = self.heard.is_some();
    }

    /// A process has taken up a session: what was promised must be in it.
    pub(crate) fn recovered(
        &mut self,
        state: &State,
        exchange: &Exchange,
    ) -> Result<(), Violation> {
        let found = state.trading_state();
        self.news.recovered(state);
        self.bounds.begin_anew();
        self.equity.recovered(state);
        self.repairs.excuse();
        self.promises.recovered(state);
        // What the venue said and was not synced may be gone.
        self.halts.keep(|symbol| state.is_halted_by_venue(symbol));
        self.bands.recovered(state);
        self.past.recovered(state);
        let torn = std::mem::take(&mut self.is_torn).then_some(self.heard).flatten();
        let is_resumed = torn == Some(TradingState::Active);
        self.closings.recovered(state, exchange, &self.news, is_resumed);
        if state.session().is_none() {
            return Ok(());
        }
        if Some(found) == torn {
            self.trading = found;
        }
        // A halt that the kernel set by itself is found again, or was lost before anything was
        // sent on it; an operator's is never lost.
        if self.trading == TradingState::Halted && found != TradingState::Halted {
            return Err(Violation::HaltForgotten);
        }
        // What the kernel said by itself may be lost with what led to it.
        self.claims.word(state.now(), found, true);
        Ok(())
    }

    /// An input was taken, and led to something.
    pub(crate) fn after(
        &mut self,
        work: &Work,
        state: &State,
        venue: &Venue,
    ) -> Result<(), Violation> {
        let exchange = &venue.exchange;
        let is_of_now = self.bounds.taken(state.now());
        self.equity.follow(exchange);
        if let Some(heard) = self.heard {
            self.trading = heard;
            self.claims.word(state.now(), heard, true);
        }
        for event in &work.events {
            self.check_reserve(event, state)?;
            self.closings.follow(event, state, exchange, &self.news)?;
            self.past.follow(event, state);
            match event {
                Event::OrderApproved(order) if !is_of_now && is_proposed(order) => {
                    return Err(Violation::OtherTime { order: order.number });
                }
                Event::OrderApproved(order) => self.approve(order, state, exchange)?,
                Event::DayStarted { date, .. } => {
                    let fills = |event: &Event| matches!(event, Event::OrderFilled { .. });
                    let is_sure = self.news.is_sure() && !work.events.iter().any(fills);
                    let known = is_sure.then_some(exchange);
                    self.equity.begin_day(*date, &self.bounds, known);
                }
                Event::DifferenceFound(difference) => {
                    self.equity.forget_marks();
                    self.claims.moved(state.now(), difference);
                    self.explain(difference, state)?;
                }
                Event::SharesSplit { symbol, ratio, .. } => {
                    self.equity.forget_marks();
                    self.rebase(*symbol, *ratio, state, venue);
                }
                Event::Reconciled { .. } => {
                    self.news.compared(state, exchange);
                    let known = self.news.is_sure().then_some(exchange);
                    self.equity.note(state.now(), &self.bounds, known);
                }
                Event::CancelApproved { order, .. } => {
                    self.canceling.insert(*order);
                    self.promises.cancel(*order, state.now());
                }
                Event::TradingStateChanged { to, origin, .. } => {
                    self.claims.word(state.now(), *to, *origin == Origin::Operator);
                    if *to != TradingState::Active {
                        self.trading = *to;
                    }
                }
                _ => {}
            }
        }
        if state.trading_state() != self.trading && self.trading == TradingState::Halted {
            return Err(Violation::HaltForgotten);
        }
        if state.ledger().trial_balance() != 0 {
            return Err(Violation::Unbalanced);
        }
        accounts::check(state)?;
        self.closings.check(state, exchange)?;
        self.promises.check(state)
    }

    /// The books have followed a split: orders that lived in them are in new shares there.
    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio, state: &State, venue: &Venue) {
        self.bounds.forget(symbol);
        for row in venue.exchange.orders().filter(|row| row.symbol == symbol) {
            let ours = venue.number_of(row).and_then(|number| state.order(number));
            if let Some(ours) = ours.filter(|ours| state.predates_split(ours)) {
                // What the exchange cancels for the split, it cancels now; what was asked for came before.
                let was_asked = self.canceling.contains(&ours.number);
                let had_ended =
                    row.status.is_final() && (was_asked || row.status != OrderStatus::Canceled);
                self.claims.rebased(row, ratio, ours.is_live() && had_ended);
            }
        }
    }

    /// Books are moved to what the broker says only where somebody else has traded.
    fn explain(&self, difference: &Difference, state: &State) -> Result<(), Violation> {
        match difference.moves_books() && self.news.is_undisturbed() {
            true => Err(Violation::Unexplained(difference.sentence(state.symbols()))),
            false => Ok(()),
        }
    }

    fn approve(
        &mut self,
        order: &Order,
        state: &State,
        exchange: &Exchange,
    ) -> Result<(), Violation> {
        let number = order.number;
        let last = self.price(order.symbol, state).unwrap_or_default();
        if self.approved.insert(number, last).is_some() {
            return Err(Violation::Twice { order: number });
        }
        self.orders += 1;
        accounts::judge(order, state)?;
        if self.halts.contains(order.symbol) {
            return Err(Violation::Halted { order: number });
        }
        self.reserves.insert(number, order.reserved);
        if self.closes_too_much(order, exchange) {
            return Err(Violation::ClosesTooMuch { order: number });
        }
        self.claims.decided(number, state.now());
        self.promises.replacement(order);
        if !self.grows(order, exchange) {
            self.claims.unsure(number);
            return Ok(());
        }
        self.promises.entry(order, self.limits.entry_time_to_live, state.now());
        self.bands.judge(order, state)?;
        self.past.judge(order, state.now(), &self.limits)?;
        let is_live = |number| state.order(number).is_some_and(|order| order.is_live());
        self.bounds.judge(order, state.now(), &self.limits, is_live)?;
        let holds = self.news.is_sure().then_some(exchange);
        self.entries.judge(order, state, &self.limits, &self.bounds, holds)?;
        if holds.is_some() {
            self.equity.judge(order, state, &self.limits, &self.bounds, exchange)?;
        }
        self.check_exposure(order, state, exchange)
    }

    /// Whether an order opens or adds to what the account holds. What cannot be told from outside,
    /// since executions are on their way or somebody else trades, counts as not growing.
    fn grows(&self, order: &Order, exchange: &Exchange) -> bool {
        let others = exchange
            .open_orders()
            .any(|row| row.symbol == order.symbol && self.news.is_others(row));
        let unsure = others || self.news.is_unsure(order.symbol);
        // A leg is held until its parent has filled, and closes what that opened.
        if order.parent.is_some() {
            return false;
        }
        let held = held(exchange, order.symbol);
        let adds = held.is_zero() || held.is_positive() == (order.side == Side::Buy);
        !unsure && (adds || order.quantity > held.abs())
    }

    /// Whether an order is larger than the position that it closes, which is known.
    fn closes_too_much(&self, order: &Order, exchange: &Exchange) -> bool {
        let held = held(exchange, order.symbol);
        let closes = !held.is_zero() && held.is_negative() == (order.side == Side::Buy);
        let known = order.parent.is_none() && !self.news.is_unsure(order.symbol);
        closes && known && order.quantity > held.abs()
    }

    /// What is kept free for an order shrinks with what it may still fill, and ends with it.
    fn check_reserve(&self, event: &Event, state: &State) -> Result<(), Violation> {
        let (Event::OrderFilled { order, .. } | Event::OrderUpdated { order, .. }) = event else {
            return Ok(());
        };
        let asked = self.reserves.get(order).copied();
        let (Some(order), Some(asked)) = (state.order(*order), asked) else { return Ok(()) };
        let (left, whole) = (order.remaining().nanos(), order.quantity.nanos().max(1));
        let most = asked.proportion(left.max(0), whole, Rounding::Up).unwrap_or(asked);
        // Each part is rounded up by itself.
        let slack = i64::try_from(order.executions.len()).unwrap_or(i64::MAX);
        match order.reserved.nanos() > most.nanos().saturating_add(slack) {
            true => Err(Violation::Reserved { order: order.number }),
            false => Ok(()),
        }
    }

    /// What is held, what is still open on the same side, and this order, at the last price.
    fn check_exposure(
        &self,
        order: &Order,
        state: &State,
        exchange: &Exchange,
    ) -> Result<(), Violation> {
        let Some(most) = self.limits.max_position_notional else { return Ok(()) };
        let Some(last) = self.price(order.symbol, state) else { return Ok(()) };
        let open = exchange
            .open_orders()
            .filter(|row| row.symbol == order.symbol && row.side == order.side)
            .filter(|row| row.parent.is_none() && !is_replaced_by(row, order, state))
            .filter(|row| number_of(row).is_none_or(|number| !self.canceling.contains(&number)))
            .map(|row| {
                at_best(row.side, row.kind, self.price_at_approval(row, last), row.leaves())
            });
        let held = order.side.signed(held(exchange, order.symbol));
        let held = last.value(held, Rounding::Down).unwrap_or(Cash::MAX).nanos().max(0);
        // An order in dollars fills for no more than those, however many shares that is.
        let asked = match order.size {
            OrderSize::Notional(usd) => usd.nanos(),
            _ => at_best(order.side, order.kind, last, order.quantity),
        };
        let value = open.chain([asked]).fold(held, i64::saturating_add);
        match Cash::from_nanos(value) > most {
            true => Err(Violation::Limit { order: order.number, what: "USD in one symbol" }),
            false => Ok(()),
        }
    }

    /// The newest price that was delivered; the kernel's where a new process has had none.
    fn price(&self, symbol: SymbolId, state: &State) -> Option<Price> {
        self.bounds.price(symbol).or_else(|| state.last_price(symbol))
    }

    /// What an order was worth a share when it was judged: the market moves on, and a limit is
    /// about what was known.
    fn price_at_approval(&self, row: &OrderRow, last: Price) -> Price {
        let judged = number_of(row).and_then(|number| self.approved.get(&number));
        judged.map_or(last, |judged| last.min(*judged))
    }

    /// A request is handed to the exchange.
    pub(crate) fn sent(&mut self, send: &Send) -> Result<(), Violation> {
        let (order, symbol) = match send {
            Send::Submit(approved) | Send::Replace { approved, .. } => {
                (approved.order().number, approved.order().symbol)
            }
            Send::Cancel(cancel) => {
                self.promises.sent(cancel.order());
                return Ok(());
            }
        };
        if self.news.is_unsure(symbol) {
            self.claims.unsure(order);
        }
        if !self.requested.insert(order) {
            return Err(Violation::Twice { order });
        }
        Ok(())
    }

    /// The exchange has answered a request.
    pub(crate) fn answered(&self, report: &Report, exchange: &Exchange) -> Result<(), Violation> {
        let text = report.text.as_deref().unwrap_or_default();
        let (ReportKind::Refused, Some(order)) = (report.kind, report.order) else { return Ok(()) };
        if text.contains("must be unique") {
            return Err(Violation::Twice { order });
        }
        // Somebody else's order the session need not know.
        let others = exchange.open_orders().any(|row| self.news.is_others(row));
        match text.contains("wash trade") && !others {
            true => Err(Violation::WashTrade { order }),
            false => Ok(()),
        }
    }

    /// The exchange recorded something.
    pub(crate) fn filled(&mut self, update: &Update) {
        self.fills += u64::from(self.news.filled(update));
    }

    /// After quiet: the exchange's own record is sound, and the session has kept its word by it.
    pub(crate) fn judge(&self, state: &State, venue: &Venue) -> Result<(), Violation> {
        let record = SessionRecord::of(&venue.exchange);
        if let Some(finding) = record.findings().into_iter().next() {
            return Err(Violation::Exchange(finding.to_string()));
        }
        let breach = record.breaches(&self.claims.of(state, venue)).into_iter().next();
        breach.map_or(Ok(()), |breach| Err(Violation::Breach(breach)))
    }
}

/// The number of an order of the session.
fn number_of(row: &OrderRow) -> Option<OrderNumber> {
    let (_, number) = row.client_order_id.strip_prefix("tw-")?.rsplit_once('-')?;
    number.parse().ok().map(OrderNumber)
}

fn is_proposed(order: &Order) -> bool {
    matches!(order.origin, Origin::Strategy(_))
}

fn is_replaced_by(row: &OrderRow, order: &Order, state: &State) -> bool {
    let replaced = order.replaces.and_then(|number| state.order(number));
    let id = replaced.and_then(|order| order.broker_id.as_ref());
    id.is_some_and(|id| *id.0 == *row.id.to_string())
}

/// The least that an order can cost if it fills: a buy at its limit when that is below the market.
fn at_best(side: Side, kind: OrderKind, last: Price, quantity: Quantity) -> i64 {
    let price = match side {
        Side::Buy => kind.limit().map_or(last, |limit| limit.min(last)),
        Side::Sell => last,
    };
    price.value(quantity, Rounding::Down).unwrap_or(Cash::MAX).nanos()
}
