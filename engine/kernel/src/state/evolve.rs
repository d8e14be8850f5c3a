//! Folding records into the state: exact, integer, and without asking any strategy.
//!
//! Applying the records of a journal in order rebuilds the state; applying one twice, or out of
//! order, is refused.

use super::counts::Counts;
use super::ranges::Ranges;
use super::stops::Stops;
use super::{Market, State, TradingSet};
use crate::{
    AHEAD, AccountSnapshot, Accounts, BrokerState, Cash, Command, Event, FeeCharge, Input, Ledger,
    LedgerError, Luld, MarketData, MarketDataError, Notice, Order, OrderNumber, OrderStatus,
    Quantity, Record, RecordBody, Report, ReportKind, SessionStart, ShutdownPolicy, Span, Stamped,
    Timestamp, TradingState,
};

/// Ended orders that are kept for late reports.
const ENDED_KEPT: usize = 4096;

/// Reports on orders that are not known yet, kept while a leg has no name.
const EARLY_KEPT: usize = 64;

/// A cancel that was refused is asked for again, when its order is past its time, but not at once.
const CANCEL_AGAIN: Span = Span::from_secs(5);

/// A record that does not follow from what came before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvolveError {
    /// Not the next number: applied before, or one is missing.
    #[error("record {found} where {expected} was due: a record is repeated or missing")]
    Sequence {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// It speaks of an order that does not exist.
    #[error("record {seq} speaks of order {order}, which does not exist")]
    UnknownOrder {
        /// The record.
        seq: u64,
        /// The order.
        order: OrderNumber,
    },
    /// An order is approved twice or out of turn.
    #[error("record {seq} approves order {order} out of turn")]
    OrderOutOfTurn {
        /// The record.
        seq: u64,
        /// The order.
        order: OrderNumber,
    },
    /// The books come to another result than the event says.
    #[error("record {seq} does not agree with the ledger")]
    Contradiction {
        /// The record.
        seq: u64,
    },
    /// A sum does not fit.
    #[error("record {seq}: {source}")]
    Ledger {
        /// The record.
        seq: u64,
        /// What went wrong.
        source: LedgerError,
    },
}

impl State {
    /// Folds one record.
    ///
    /// # Errors
    /// When it does not follow from the records before it; the state is then not to be used.
    pub fn evolve(&mut self, record: &Record) -> Result<(), EvolveError> {
        match &record.body {
            RecordBody::Input(stamped) => self.take_input(record.seq, stamped),
            RecordBody::Event { event, .. } => self.take_event(record.seq, event),
        }
    }

    #[inline]
    fn advance(&mut self, seq: u64) -> Result<(), EvolveError> {
        let expected = self.next_seq();
        if seq != expected {
            return Err(EvolveError::Sequence { expected, found: seq });
        }
        self.next_seq = seq;
        Ok(())
    }

    pub(crate) fn take_input(&mut self, seq: u64, stamped: &Stamped) -> Result<(), EvolveError> {
        self.turn_to(seq, stamped.at)?;
        match &stamped.input {
            Input::Start(start) => self.begin(start),
            Input::Restart { .. } => self.resume(),
            Input::Market(data) => {
                let _ = self.see(data, true);
            }
            Input::Warmup(data) | Input::Late(data) => {
                let _ = self.see(data, false);
            }
            Input::Luld(bands) => self.bound(bands),
            Input::UpdatedBar(bar) => self.recount(bar),
            Input::Correction(correction) => self.correct(correction),
            Input::CancelError(cancel) => self.take_back(cancel),
            Input::Broker(broker) => self.hear(broker),
            Input::Link { link, up } => self.link(*link, *up),
            Input::Reach { answers } => self.reach(*answers),
            Input::Calendar(days) => self.learn_days(days),
            Input::Asset(facts) => {
                self.assets.insert(facts.symbol, *facts);
            }
            Input::Report(report) => self.keep_early(report),
            Input::News(news) => self.counts.note_news(news.symbol, news.time),
            Input::Corporate(action) => self.announce(seq, action),
            // What was posted before the account is taken over is in its cash, also when the broker
            // lists it again.
            Input::Fee(FeeCharge { id, .. }) if !self.account_opened => {
                self.ledger.remember_posting(id);
            }
            Input::Cash(movement) if !self.account_opened => self.note_moved_before(movement),
            Input::Fee(_)
            | Input::Prediction(_)
            | Input::MissedPrediction(_)
            | Input::Timer
            | Input::TradingStatus { .. }
            | Input::Command(_)
            | Input::Stop(_)
            | Input::Room(_)
            | Input::Mute { .. }
            | Input::Cash(_)
            | Input::Reinvestment(_) => {}
            Input::Notice(Notice::ModelDrifted { model, .. }) => self.predictions.drift(model),
            Input::Notice(_) => {}
        }
        Ok(())
    }

    /// The same as [`State::take_input`] on an [`Input::Market`]; why the data cannot be used, if so.
    #[inline]
    pub(crate) fn take_market(
        &mut self,
        seq: u64,
        at: Timestamp,
        data: &MarketData,
    ) -> Result<Result<(), MarketDataError>, EvolveError> {
        self.turn_to(seq, at)?;
        Ok(self.see(data, true))
    }

    /// What every input does: the next number is taken, and the clock follows.
    #[inline]
    fn turn_to(&mut self, seq: u64, at: Timestamp) -> Result<(), EvolveError> {
        self.advance(seq)?;
        self.now = self.now.max(at);
        self.tally.inputs += 1;
        Ok(())
    }

    fn begin(&mut self, start: &SessionStart) {
        self.ledger = Ledger::new(start.symbols.len());
        self.markets = vec![Market::default(); start.symbols.len()];
        self.counts = Counts::new(start.strategies.len(), start.symbols.len());
        self.limits = start.limits.clone();
        let (symbols, strategies) = (start.symbols.len(), start.strategies.len());
        self.accounts = Accounts::new(&self.limits.scopes.capital, strategies, symbols);
        self.ranges = Ranges::of(&self.limits, start.symbols.len());
        if self.limits.place_stops {
            self.stops = Stops::new(start.symbols.len());
        }
        self.carried_over.clone_from(&start.carried_over);
        self.start = Some(Box::new(start.clone()));
        self.resolve_limits();
    }

    fn resume(&mut self) {
        self.reconciled = false;
        self.order_stream_up = false;
        self.out_of_reach.get_or_insert(self.now);
        self.market_stream_up = false;
        self.news_up = false;
        self.stopping = None;
        self.doubt_halts(true);
        self.suspected.clear();
        let canceling = self.live_orders().filter(|order| order.cancel_requested);
        self.vain_cancels = canceling.map(|order| order.number).collect();
    }

    /// Takes note of a price. Bars of the stream come in the order of their time.
    #[inline]
    fn see(&mut self, data: &MarketData, in_turn: bool) -> Result<(), MarketDataError> {
        let time = data.time();
        let market = self.markets.get_mut(data.symbol().index());
        let is_before =
            |market: &&mut Market| market.bar.as_ref().is_some_and(|newest| time < newest.time);
        let is_bar = matches!(data, MarketData::Bar(_));
        if in_turn && is_bar && market.as_ref().is_some_and(is_before) {
            return Err(MarketDataError::OutOfTurn);
        }
        data.check()?;
        if time > self.now.plus(AHEAD) {
            return Err(MarketDataError::FromTheFuture);
        }
        let market = market.ok_or(MarketDataError::UnknownSymbol)?;
        let is_first = market.last.is_none();
        market.note(data, time);
        if is_first {
            self.price_first(data.symbol());
        }
        if !self.ranges.is_empty() {
            self.measure(data);
        }
        if !self.stops.is_empty() {
            self.watch(data);
        }
        Ok(())
    }

    /// Takes a bar that strategies see into what sizes are measured by.
    #[cold]
    fn measure(&mut self, data: &MarketData) {
        if let MarketData::Bar(bar) = data
            && self.bar_counts(bar)
        {
            self.ranges.note(bar);
        }
    }

    fn bound(&mut self, bands: &Luld) {
        let Some(market) = self.markets.get_mut(bands.symbol.index()) else {
            return;
        };
        if bands.is_usable() && market.bands.is_none_or(|held| held.time <= bands.time) {
            market.bands = Some(*bands);
        }
    }

    /// What the broker says of the account; an account that is another one is taken over by an
    /// event of its own.
    fn hear(&mut self, broker: &BrokerState) {
        let known = self.account.as_ref().map(|account| account.id.clone());
        let known = known.filter(|id| self.account_opened && !id.is_empty());
        let said = &broker.account.id;
        self.account = Some(AccountSnapshot {
            id: known.unwrap_or_else(|| said.clone()),
            ..broker.account.clone()
        });
        if self.account_opened {
            self.note_beside();
        }
        self.confirm_cancels(broker);
    }

    pub(crate) fn take_event(&mut self, seq: u64, event: &Event) -> Result<(), EvolveError> {
        self.advance(seq)?;
        if !self.stops.is_empty() {
            self.stops.take(event);
        }
        match event {
            Event::OrderApproved(order) => self.add_order(seq, order)?,
            Event::OrderDenied { origin, intent, .. } => self.note_denial(*origin, intent),
            Event::CancelApproved { order, .. } => self.request_cancel(seq, *order)?,
            Event::OrderUpdated { .. } => self.update_order(seq, event)?,
            Event::OrderFilled { .. } => self.book_fill(seq, event)?,
            Event::OrderQueryNeeded { order, counted, .. } => self.count(*order, *counted),
            Event::FeeBooked { .. }
            | Event::FeesAccrued { .. }
            | Event::AccountOpened { .. }
            | Event::AccountReset { .. }
            | Event::CashMoved { .. }
            | Event::DividendReinvested { .. }
            | Event::CrossedInside(_)
            | Event::DifferenceFound(_) => self.move_account(seq, event)?,
            Event::SharesSplit { .. } | Event::SymbolRenamed { .. } | Event::ExitRenewed { .. } => {
                self.move_shares(seq, event)?;
            }
            Event::DifferenceSuspected { differences } => self.suspected.clone_from(differences),
            Event::Reconciled { .. } => self.note_reconciled(),
            Event::TradingStateChanged { to, origin, reason, .. } => {
                self.trade_as(*to);
                let reason = reason.clone();
                self.trading_set = Some(TradingSet { at: self.now, origin: *origin, reason });
            }
            Event::CommandTaken(Command::Transfer { transfer, .. }) => {
                self.transfer(seq, transfer)?
            }
            Event::CommandTaken(command) => self.obey(command),
            Event::DayStarted { date, equity } => self.begin_day(seq, *date, *equity)?,
            Event::AlertRaised(alert) => self.note_alert(alert),
            Event::SymbolStatusChanged { symbol, halted, .. } => self.note_status(*symbol, *halted),
            Event::StopRequested { policy } => self.begin_stopping(*policy),
            Event::Flattened => self.stop_flattening(),
            Event::FlatConfirmed { .. } => self.note_confirmed(),
            Event::FlatDue { date } => self.close_for_the_day(*date),
            Event::StopMet { symbol, .. } => {
                self.closing.insert(*symbol);
                self.refused_closes.remove(symbol);
            }
            Event::SymbolClosed { symbol } => self.note_closed(*symbol),
            Event::PredictionTaken(said) => self.take_prediction(said),
            Event::PredictionExpired { symbol, model } => self.predictions.end(*symbol, model),
            Event::SessionStarted
            | Event::SessionResumed
            | Event::PredictionMissed(_)
            | Event::ReportIgnored { .. }
            | Event::LinkChanged { .. }
            | Event::ChannelMute { .. }
            | Event::EntrySized { .. }
            | Event::IntentWaits { .. }
            | Event::PriceRevised { .. }
            | Event::DataRefused { .. } => {}
        }
        Ok(())
    }

    fn trade_as(&mut self, to: TradingState) {
        self.breaker_tripped |= self.breaker_trips().is_some() || self.silence_trips().is_some();
        self.trading = to;
        if to == TradingState::Active {
            self.failures.clear();
            self.out_of_reach = self.out_of_reach.map(|_| self.now);
            self.breaker_tripped = false;
        }
    }

    /// Keeps the broker's count of an order of which it counts more than was reported.
    fn count(&mut self, order: OrderNumber, counted: Option<Quantity>) {
        let before = self.uncounted.get(&order).copied();
        if let Some(counted) = counted.max(before) {
            self.uncounted.insert(order, counted);
        }
    }

    fn update_order(&mut self, seq: u64, event: &Event) -> Result<(), EvolveError> {
        let Event::OrderUpdated { order, from, to, report, broker_id, .. } = event else {
            return Ok(());
        };
        let most = self.limits.breaker.map_or(0, |breaker| breaker.failures);
        self.failures.note(*from, *report, self.now, most);
        if let Some(id) = broker_id {
            self.order_mut(seq, *order)?.broker_id = Some(id.clone());
            self.early.retain(|report| report.broker_id.as_ref() != Some(id));
        }
        if *report == ReportKind::CancelRejected {
            self.refuse_cancel(seq, *order)?;
        }
        self.move_order(seq, *order, *to)
    }

    fn request_cancel(&mut self, seq: u64, order: OrderNumber) -> Result<(), EvolveError> {
        let held = self.order_mut(seq, order)?;
        held.cancel_requested = true;
        match held.has_arrived() {
            true => self.vain_cancels.remove(&order),
            false => self.vain_cancels.insert(order),
        };
        self.give_up(order);
        Ok(())
    }

    /// The order works on; its cancel may be asked for again.
    fn refuse_cancel(&mut self, seq: u64, order: OrderNumber) -> Result<(), EvolveError> {
        let again = self.now.plus(CANCEL_AGAIN);
        let held = self.order_mut(seq, order)?;
        held.cancel_requested = false;
        held.expires_at = held.expires_at.map(|at| at.max(again));
        let group = held.shares_with();
        self.given_up.remove(&group);
        self.wait_with_cancel(order);
        Ok(())
    }

    fn begin_stopping(&mut self, policy: ShutdownPolicy) {
        let flattens = policy == ShutdownPolicy::Flatten;
        // A later word than "flatten" takes it back: what is open then stays open.
        if self.stopping == Some(ShutdownPolicy::Flatten) && !flattens {
            self.stop_flattening();
        }
        self.stopping = Some(policy);
        if flattens {
            self.flatten_all();
        }
    }

    fn obey(&mut self, command: &Command) {
        match command {
            Command::Flatten { .. } => self.flatten_and_confirm(),
            Command::Close { symbol, .. } => self.close_symbol(*symbol),
            Command::Resume { .. } => self.give_up_closing(),
            Command::SetLimit { path, value, .. } => self.set_limit(path, value),
            Command::ConfigureLimit { path, value } => self.configure_limit(path, value),
            Command::CancelAll { .. } => self.cancel_all(),
            Command::Halt { .. } | Command::Transfer { .. } => {}
        }
    }

    /// A leg's report may come before the answer that names the leg.
    fn keep_early(&mut self, report: &Report) {
        let Some(id) = &report.broker_id else { return };
        if report.order.is_some() || !self.awaits_legs() || self.order_by_broker_id(id).is_some() {
            return;
        }
        if self.early.len() >= EARLY_KEPT {
            self.early.remove(0);
        }
        self.early.push(report.clone());
    }

    pub(super) fn agree(&self, seq: u64, agrees: bool) -> Result<(), EvolveError> {
        if agrees { Ok(()) } else { Err(EvolveError::Contradiction { seq }) }
    }

    pub(super) fn order_mut(
        &mut self,
        seq: u64,
        order: OrderNumber,
    ) -> Result<&mut Order, EvolveError> {
        self.orders.get_mut(order).ok_or(EvolveError::UnknownOrder { seq, order })
    }

    fn add_order(&mut self, seq: u64, order: &Order) -> Result<(), EvolveError> {
        if order.number != self.next_order() {
            return Err(EvolveError::OrderOutOfTurn { seq, order: order.number });
        }
        self.last_order = order.number.0;
        self.live.push(order.number);
        self.orders.push(order.clone());
        self.tally.sent += 1;
        if order.grows {
            self.counts.note_growth(order, self.now);
        }
        Ok(())
    }

    pub(super) fn move_order(
        &mut self,
        seq: u64,
        number: OrderNumber,
        to: OrderStatus,
    ) -> Result<(), EvolveError> {
        let order = self.order_mut(seq, number)?;
        let ended_before = order.status.is_final();
        order.status = to;
        if !to.is_final() {
            return Ok(());
        }
        if !ended_before {
            self.note_lost_exit(number, to);
        }
        let order = self.order_mut(seq, number)?;
        order.reserved = Cash::ZERO;
        order.cancel_requested = false;
        let (symbol, closes) = (order.symbol, !order.grows);
        if ended_before {
            return Ok(());
        }
        if closes && matches!(to, OrderStatus::Rejected | OrderStatus::NotReceived) {
            self.wait_with_closing(symbol);
        } else if self.orders.get(number).is_some_and(|order| self.is_own_stop(order)) {
            self.refused_closes.remove(&symbol);
        }
        self.live.retain(|live| *live != number);
        self.vain_cancels.remove(&number);
        if let Some(count) = self.tally.ended_as(to) {
            *count += 1;
        }
        self.forget_oldest();
        Ok(())
    }

    fn forget_oldest(&mut self) {
        if self.orders.len() <= self.live.len() + ENDED_KEPT {
            return;
        }
        if let Some(order) = self.orders.forget_oldest_ended() {
            self.uncounted.remove(&order.number);
        }
    }

    /// Whether something foreign was told of before.
    pub(crate) fn has_seen_foreign(&self, name: &str) -> bool {
        self.foreign_seen.contains(name)
    }
}
