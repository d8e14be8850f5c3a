//! Market data: strategies observe it, then propose.

use super::{DecideError, Deciding};
use crate::{
    Channel, Event, Kernel, MarketData, MarketDataError, Price, Severity, Span, StrategyId,
    SymbolId, TradingState, View,
};

impl Deciding<'_> {
    /// Begins a trading day when the clock has entered one.
    #[inline]
    pub(super) fn roll_day(&mut self) -> Result<(), DecideError> {
        let state = self.state();
        let goes_on = state.day().is_some_and(|day| day.hours.contains(state.now()));
        if goes_on || !state.account_is_open() { Ok(()) } else { self.begin_day() }
    }

    fn begin_day(&mut self) -> Result<(), DecideError> {
        let state = self.state();
        let Some(day) = state.trading_day_at(state.now()).copied() else {
            return Ok(());
        };
        self.corporate_actions(day.date)?;
        let state = self.state();
        let equity = state.began_with(day.date).unwrap_or_else(|| state.equity());
        self.out.fees_due = true;
        self.emit(Event::DayStarted { date: day.date, equity })?;
        self.judge_course()
    }

    /// Market data that was missed and read afterwards. Strategies observe all of it, and propose
    /// on a bar only while no later one of its symbol can be complete: what was missed before that
    /// is history, and a trade or a quote that comes late always is.
    pub(super) fn late(&mut self, data: &MarketData) -> Result<(), DecideError> {
        let is_newest = match data {
            MarketData::Bar(bar) => self.state().now() < bar.end_time().plus(bar.length),
            MarketData::Quote(_) | MarketData::Trade(_) => false,
        };
        self.take(data, is_newest)
    }

    /// Tells of a newest price that was told wrong; `told` is what it was before the input.
    pub(super) fn revised(&mut self, told: Option<(SymbolId, Price)>) -> Result<(), DecideError> {
        let Some((symbol, was)) = told else { return Ok(()) };
        let is = self.state().standing_price(symbol);
        if is == Some(was) { Ok(()) } else { self.emit(Event::PriceRevised { symbol, was, is }) }
    }

    /// The end of a halt that was told while nobody listened is seen by what is traded.
    #[inline]
    pub(super) fn see_halt_end(&mut self, data: &MarketData) -> Result<(), DecideError> {
        if !self.state().trades_again(data) {
            return Ok(());
        }
        let reason = "bars came again after the stream was away".into();
        self.emit(Event::SymbolStatusChanged { symbol: data.symbol(), halted: false, reason })
    }

    fn take(&mut self, data: &MarketData, may_trade: bool) -> Result<(), DecideError> {
        match self.usable(data) {
            Ok(()) => {
                self.see_halt_end(data)?;
                self.watch_stops(data)?;
                self.act_upon(data, may_trade)
            }
            Err(reason) => self.refuse(data, reason),
        }
    }

    #[cold]
    pub(super) fn refuse(
        &mut self,
        data: &MarketData,
        reason: MarketDataError,
    ) -> Result<(), DecideError> {
        self.emit(Event::DataRefused { symbol: data.symbol(), reason })
    }

    #[inline]
    pub(super) fn act_upon(
        &mut self,
        data: &MarketData,
        may_trade: bool,
    ) -> Result<(), DecideError> {
        if !self.show(data) || !may_trade || !self.may_propose() {
            return Ok(());
        }
        self.ask_strategies(data)
    }

    /// A strategy that cannot decide opens nothing more until somebody has looked; what it holds can
    /// still be closed.
    #[cold]
    fn strategy_failed(&mut self, reason: &str) -> Result<(), DecideError> {
        if self.state().trading_state() != TradingState::Active {
            return Ok(());
        }
        let text = format!("A strategy has failed: {reason}");
        self.stop_entries(&text)?;
        self.alert(Severity::Critical, "strategy_failed", text)
    }

    /// A socket that is open and brings nothing.
    pub(super) fn mute(&mut self, channel: Channel, silent_for: Span) -> Result<(), DecideError> {
        self.emit(Event::ChannelMute { channel, silent_for })?;
        let text = format!(
            "The {} channel is connected and has brought nothing for {silent_for}; it is opened again",
            channel.as_str()
        );
        self.alert(Severity::Warning, "channel_mute", text)
    }

    #[inline]
    fn usable(&self, data: &MarketData) -> Result<(), MarketDataError> {
        self.state().usable(data)
    }

    /// Market data from before now, for the strategies' windows alone.
    pub(super) fn warm_up(&mut self, data: &MarketData) {
        if self.usable(data).is_ok() {
            self.show(data);
        }
    }

    /// Lets every strategy see usable data; `false` when it lies outside the hours that are traded.
    #[inline]
    fn show(&mut self, data: &MarketData) -> bool {
        let counts = self.state().counts(data);
        if counts {
            self.observe(data);
        }
        counts
    }

    #[inline]
    pub(super) fn observe(&mut self, data: &MarketData) {
        for strategy in &mut self.kernel.strategies {
            strategy.observe(data);
        }
    }

    #[inline]
    pub(super) fn may_propose(&self) -> bool {
        let state = self.state();
        state.account_is_open()
            && state.stopping().is_none()
            && !state.is_flattening()
            && state.trading_state() != TradingState::Halted
            && state.session_is_open()
    }

    #[inline]
    pub(super) fn ask_strategies(&mut self, data: &MarketData) -> Result<(), DecideError> {
        for place in 0..self.kernel.strategies.len() {
            let Kernel { state, strategies, intents, .. } = &mut *self.kernel;
            if let Some(strategy) = strategies.get(place) {
                let view = View::of(state, StrategyId::at(place));
                strategy.propose(data, &view, intents);
            }
            if !intents.is_silent() {
                self.heed(place)?;
            }
        }
        Ok(())
    }

    /// Judges what a strategy has proposed.
    pub(super) fn heed(&mut self, place: usize) -> Result<(), DecideError> {
        let id = StrategyId::at(place);
        let mut intents = std::mem::take(&mut self.kernel.intents);
        for intent in intents.drain() {
            if !self.waits(id, &intent)? {
                self.propose_of(id, intent)?;
            }
        }
        let failure = intents.take_failure();
        self.kernel.intents = intents;
        failure.map_or(Ok(()), |reason| self.strategy_failed(&reason))
    }
}
