//! Deciding: an input becomes events and sends.
//!
//! The input is folded first; then each event is folded the moment it is made, before the next
//! intent is judged, so that two strategies on one bar cannot spend the same cash twice.

mod account;
mod calm;
mod command;
mod data;
mod limits;
mod notice;
mod prediction;
mod reconcile;
mod report;
mod shares;
mod size;
mod stops;

use crate::risk::{self, Denial, LossWatch, Send};
use crate::{
    Alert, CarriedOver, Event, EvolveError, Input, Intent, Intents, MarketData, Order, OrderNumber,
    Origin, Reading, Record, RecordBody, SessionStart, Severity, Stamped, State, Strategy,
    SymbolId, Timestamp,
};
use calm::Calm;

/// Why a session begins halted or reducing.
const LATCHED: &str = "the last session ended so, and only `tradewind resume` lifts it";

/// Why an input could not be decided. Each is a fault of the program or its journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// The first input of a session is its start.
    #[error("the session has not been started: its first input must say what it is")]
    NotStarted,
    /// The first input of a process that goes on with a session is its restart.
    #[error("the session goes on after a restart: its next input must say so")]
    NotRestarted,
    /// The session was started with other strategies than were built.
    #[error("the session names {named} strategies and {built} were built")]
    Strategies {
        /// As the session says.
        named: usize,
        /// As were handed in.
        built: usize,
    },
    /// The state did not take one of the kernel's own records.
    #[error(transparent)]
    Evolve(#[from] EvolveError),
}

/// What one input led to. Its memory is used again for the next.
#[derive(Debug, Default)]
pub struct Output {
    /// The number of the input's own record; its events are numbered on from there.
    pub input_seq: u64,
    /// The venue's time at which the events were decided.
    pub at: Timestamp,
    /// The events, in order.
    pub events: Vec<Event>,
    /// What a venue client must carry out, in order, once the events are on disk.
    pub sends: Vec<Send>,
    /// Whether the broker's fee postings should be read now: a day began, or the session ends.
    pub fees_due: bool,
}

impl Output {
    /// The records of an input and its events, ready for the journal.
    pub fn records(&mut self, stamped: Stamped) -> impl Iterator<Item = Record> {
        let (seq, at) = (self.input_seq, self.at);
        let input = Record { seq, body: RecordBody::Input(stamped) };
        let events = self.events.drain(..).zip(seq + 1..);
        std::iter::once(input).chain(
            events.map(move |(event, seq)| Record { seq, body: RecordBody::Event { at, event } }),
        )
    }

    #[inline]
    fn clear(&mut self) {
        if !self.events.is_empty() {
            self.events.clear();
        }
        self.sends.clear();
        self.fees_due = false;
    }
}

/// The state of a session with the strategies that trade in it.
pub struct Kernel {
    state: State,
    strategies: Vec<Box<dyn Strategy>>,
    intents: Intents,
    losses: LossWatch,
    /// How long bars can go the short way.
    calm: Calm,
    /// Whether the state is another process's, and its restart has not been fed yet.
    awaits_restart: bool,
}

impl Kernel {
    /// A kernel before its first input, which must be [`Input::Start`].
    pub fn new(strategies: Vec<Box<dyn Strategy>>) -> Self {
        Self::recovered(State::default(), strategies)
    }

    /// A kernel on a state that was folded from a journal. Its first input must be
    /// [`Input::Restart`], which makes the strategies forget; warm-up follows.
    pub fn recovered(state: State, strategies: Vec<Box<dyn Strategy>>) -> Self {
        let awaits_restart = state.session().is_some();
        let (intents, losses) = (Intents::default(), LossWatch::default());
        Self { state, strategies, intents, losses, calm: Calm::NONE, awaits_restart }
    }

    /// What the session knows.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// How many bars of each symbol the strategies need before they can say anything.
    pub fn warmup_bars(&self) -> usize {
        let strategies = self.strategies.iter().map(|strategy| strategy.warmup_bars()).max();
        strategies.unwrap_or(0).max(self.state.limits().scopes.measured_bars())
    }

    /// What each strategy, in the session's order, makes of a symbol by now.
    pub fn readings(&self, symbol: SymbolId) -> Vec<Vec<Reading>> {
        self.strategies.iter().map(|strategy| strategy.readings(symbol)).collect()
    }

    /// When the kernel wants an [`Input::Timer`], if it waits for anything. What fell due while
    /// no process ran waits for the restart.
    #[inline]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let state = &self.state;
        let waits = state.has_live_orders()
            || state.closes_anything()
            || state.flat_due().is_some()
            || state.has_predictions()
            || state.silence_due().is_some();
        if waits && !self.awaits_restart { self.earliest_deadline() } else { None }
    }

    fn earliest_deadline(&self) -> Option<Timestamp> {
        let live = self.state.live_orders().filter(|order| !order.cancel_requested);
        live.filter_map(|order| order.expires_at)
            .chain(self.state.next_close())
            .chain(self.state.flat_due())
            .chain(self.state.next_expiry())
            .chain(self.state.silence_due())
            .chain(self.state.not_flat_due())
            .min()
    }

    /// The timer that must be fed before any input of a later time. Every driver asks this before
    /// each input, so that all of them decide the same.
    #[inline]
    pub fn due(&self, at: Timestamp) -> Option<Timestamp> {
        if at < self.calm.until {
            return None;
        }
        self.next_deadline().filter(|deadline| *deadline <= at)
    }

    /// Whether nothing more is to come of an ending session: what its policy asked for has
    /// happened.
    pub fn is_settled(&self) -> bool {
        self.state.is_settled()
    }

    /// Decides on one input.
    ///
    /// # Errors
    /// Only when the session was not started or the program contradicts itself; the state is then
    /// not to be used.
    pub fn decide(&mut self, stamped: &Stamped, out: &mut Output) -> Result<(), DecideError> {
        if let Input::Market(data) = &stamped.input {
            return self.decide_on_market(stamped.at, data, out);
        }
        self.calm = Calm::NONE;
        let is_start = matches!(stamped.input, Input::Start(_));
        let is_restart = matches!(stamped.input, Input::Restart { .. });
        self.begin(is_start, is_restart, out)?;
        let told = self.state.told_price(&stamped.input);
        self.state.take_input(out.input_seq, stamped)?;
        self.losses.forget();
        out.at = self.state.now();
        let mut deciding = Deciding { kernel: self, out };
        deciding.roll_day()?;
        // Exits come before whatever a strategy proposes in their place.
        deciding.renew_exits()?;
        deciding.input(&stamped.input)?;
        deciding.revised(told)?;
        deciding.renew_exits()?;
        deciding.judge_losses()?;
        deciding.close_and_protect()
    }

    /// Decides on market data: the same as [`Kernel::decide`] on an [`Input::Market`], which a
    /// driver that keeps no records of what leads to nothing need not make for each bar.
    ///
    /// # Errors
    /// Those of [`Kernel::decide`].
    #[inline]
    pub fn decide_on_market(
        &mut self,
        at: Timestamp,
        data: &MarketData,
        out: &mut Output,
    ) -> Result<(), DecideError> {
        match data {
            MarketData::Bar(bar) if self.calm.holds(at, bar) => self.decide_in_calm(at, data, out),
            MarketData::Bar(_) | MarketData::Quote(_) | MarketData::Trade(_) => {
                self.decide_at_length(at, data, out)
            }
        }
    }

    /// The long way, which asks everything.
    #[inline(never)]
    fn decide_at_length(
        &mut self,
        at: Timestamp,
        data: &MarketData,
        out: &mut Output,
    ) -> Result<(), DecideError> {
        self.begin(false, false, out)?;
        let usable = self.state.take_market(out.input_seq, at, data)?;
        out.at = self.state.now();
        let mut deciding = Deciding { kernel: self, out };
        deciding.roll_day()?;
        deciding.renew_exits()?;
        deciding.watch_losses(data.symbol())?;
        match usable {
            Ok(()) => {
                deciding.see_halt_end(data)?;
                deciding.watch_stops(data)?;
                let is_newest = deciding.state().is_newest(data);
                deciding.act_upon(data, is_newest)
            }
            Err(reason) => deciding.refuse(data, reason),
        }?;
        deciding.close_and_protect()?;
        if out.events.is_empty() {
            self.calm = Calm::of(&self.state, self.next_deadline());
        }
        Ok(())
    }

    /// What comes before any input: the output is emptied, and the input must be one whose turn
    /// it is.
    #[inline]
    fn begin(
        &mut self,
        is_start: bool,
        is_restart: bool,
        out: &mut Output,
    ) -> Result<(), DecideError> {
        out.clear();
        if self.state.session().is_none() != is_start {
            return Err(DecideError::NotStarted);
        }
        if self.awaits_restart && !is_restart {
            return Err(DecideError::NotRestarted);
        }
        self.awaits_restart = false;
        out.input_seq = self.state.next_seq();
        Ok(())
    }
}

/// One decision in progress: the kernel and what it has led to so far.
///
/// A crash may cut off the records of an input after any of its events, and nothing is decided
/// again. So what guards comes before what it guards against: entries are stopped before the books
/// are moved, legs end before their parent.
struct Deciding<'a> {
    kernel: &'a mut Kernel,
    out: &'a mut Output,
}

impl Deciding<'_> {
    fn state(&self) -> &State {
        &self.kernel.state
    }

    /// Folds an event and keeps it for the journal.
    fn emit(&mut self, event: Event) -> Result<(), DecideError> {
        let seq = self.kernel.state.next_seq();
        self.kernel.state.take_event(seq, &event)?;
        self.kernel.losses.forget();
        self.kernel.calm = Calm::NONE;
        self.out.events.push(event);
        match self.kernel.state.accounts().next_untold() {
            Some(crossing) => self.emit(Event::CrossedInside(crossing)),
            None => Ok(()),
        }
    }

    /// What comes last of any input: what is to be closed is closed, and what is held is protected.
    fn close_and_protect(&mut self) -> Result<(), DecideError> {
        self.hear_silence()?;
        self.flatten()?;
        self.tell_not_flat()?;
        self.keep_stops()
    }

    /// Trading goes as far as the last session in the same place left it.
    fn latch(&mut self, start: &SessionStart) -> Result<(), DecideError> {
        let set = start.carried_over.as_deref().and_then(CarriedOver::trading_set);
        let reason = match set {
            Some(set) if set.reason.starts_with(LATCHED) => set.reason.to_string(),
            Some(set) => format!("{LATCHED}: {}, at {}", set.reason, set.at),
            None => LATCHED.to_owned(),
        };
        self.set_trading(start.trading, Origin::Kernel, &reason)
    }

    fn alert(&mut self, severity: Severity, code: &str, text: String) -> Result<(), DecideError> {
        self.emit(Event::AlertRaised(Alert { severity, code: code.into(), text: text.into() }))
    }

    fn input(&mut self, input: &Input) -> Result<(), DecideError> {
        match input {
            Input::Start(start) => {
                let (named, built) = (start.strategies.len(), self.kernel.strategies.len());
                if named != built {
                    return Err(DecideError::Strategies { named, built });
                }
                self.emit(Event::SessionStarted)?;
                self.latch(start)
            }
            Input::Restart { .. } => {
                for strategy in &mut self.kernel.strategies {
                    strategy.reset();
                }
                self.emit(Event::SessionResumed)?;
                self.overdue_actions()
            }
            Input::Warmup(data) => {
                self.warm_up(data);
                Ok(())
            }
            // Decided on apart.
            Input::Market(_) => Ok(()),
            Input::Late(data) => self.late(data),
            Input::Mute { channel, silent_for } => self.mute(*channel, *silent_for),
            // Folded; the price collar looks at the bands.
            Input::Luld(_) => Ok(()),
            // Folded: the last price follows, which is told of apart, and the past stays as it was decided on.
            Input::Correction(_) | Input::CancelError(_) | Input::UpdatedBar(_) => Ok(()),
            Input::TradingStatus { symbol, halted, reason } => {
                self.emit(Event::SymbolStatusChanged {
                    symbol: *symbol,
                    halted: *halted,
                    reason: reason.clone(),
                })
            }
            Input::Report(report) => self.report(report),
            Input::Broker(broker) => self.reconcile(broker),
            Input::Fee(fee) => self.fee(fee),
            Input::Timer => self.timer(),
            Input::Command(command) => self.command(command),
            Input::Link { link, up } => self.emit(Event::LinkChanged { link: *link, up: *up }),
            Input::Stop(policy) => self.stop(*policy),
            Input::Room(room) => self.room(*room),
            Input::Prediction(said) => self.prediction(said),
            Input::MissedPrediction(missed) => self.prediction_missed(missed),
            // Folded; the news blackout looks at it, or what waits for a silent broker.
            Input::Asset(_) | Input::News(_) | Input::Reach { .. } => Ok(()),
            // Folded; the trading day is looked up in it.
            Input::Calendar(_) => Ok(()),
            Input::Notice(notice) => self.notice(notice),
            Input::Cash(movement) => self.cash(movement),
            Input::Reinvestment(bought) => self.reinvested(bought),
            Input::Corporate(action) => self.corporate(action),
        }
    }

    /// Judges an intent, and records what came of it.
    fn propose(&mut self, origin: Origin, intent: Intent) -> Result<(), DecideError> {
        match risk::judge_intent(self.state(), origin, &intent) {
            Ok(send) => self.approve(origin, send),
            Err(denial) => self.deny(origin, intent, denial),
        }
    }

    fn approve(&mut self, origin: Origin, send: Send) -> Result<(), DecideError> {
        match &send {
            Send::Submit(approved) | Send::Replace { approved, .. } => {
                self.emit(Event::OrderApproved(Box::new(approved.order().clone())))?;
                for leg in approved.legs() {
                    self.emit(Event::OrderApproved(Box::new(leg.clone())))?;
                }
            }
            Send::Cancel(cancel) => {
                self.emit(Event::CancelApproved { order: cancel.order(), origin })?;
            }
        }
        self.out.sends.push(send);
        Ok(())
    }

    fn deny(&mut self, origin: Origin, intent: Intent, denial: Denial) -> Result<(), DecideError> {
        self.emit(Event::OrderDenied { origin, intent, denial })
    }

    /// The live orders that a condition picks, as numbers, so that they can be acted on.
    fn pick(&self, wanted: impl Fn(&Order) -> bool) -> Vec<OrderNumber> {
        let picked = self.state().live_orders().filter(|order| wanted(order));
        picked.map(|order| order.number).collect()
    }

    fn cancel_each(
        &mut self,
        origin: Origin,
        wanted: impl Fn(&Order) -> bool,
    ) -> Result<(), DecideError> {
        let state = self.state();
        let alone = |order: &Order| !state.is_cancelled_with_another(order);
        for order in self.pick(|order| !order.cancel_requested && wanted(order) && alone(order)) {
            self.propose(origin, Intent::Cancel { order })?;
        }
        Ok(())
    }

    /// The kernel's own clockwork: entries that have not filled within their time to live, and what models
    /// said too long ago.
    fn timer(&mut self) -> Result<(), DecideError> {
        let now = self.state().now();
        if self.kernel.due(now).is_none() {
            return Ok(());
        }
        self.flat_by_close()?;
        self.expire_predictions()?;
        self.cancel_each(Origin::Kernel, |order| order.expires_at.is_some_and(|at| at <= now))
    }
}
