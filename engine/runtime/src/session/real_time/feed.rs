//! Market data: what comes, what was missed, and sockets that are open and mute.

use super::super::courier::{BarsWanted, Errand, MissedWanted};
use super::super::gap::{Gap, in_order};
use super::super::venue_clock::span;
use super::super::{SessionError, VenueClock};
use super::RealTime;
use crate::alpaca::OrderState;
use kernel::{Bar, Channel, Input, MarketData, Span, Timestamp, Trade};
use std::iter;
use std::time::Duration;
use tokio::time::Instant;

/// A bar that ended so long ago should have come.
const BAR_DUE: Span = Span::from_secs(15);
/// The least of it by the machine's clock: in a replay a moment is long.
const WAY: Duration = Duration::from_secs(1);

/// The least time that an order update is given by the machine's clock.
const ORDER_WAY: Duration = Duration::from_millis(50);

/// What is watched of both streams.
pub(super) struct Feeds {
    gap: Gap,
    /// When the order stream came up, by the venue's clock.
    orders_up: Timestamp,
    /// When it last brought anything.
    order_message: Instant,
    /// When each channel of the data stream last did.
    data: [(Channel, Instant); 3],
}

impl Feeds {
    pub fn new() -> Self {
        let (gap, orders_up, now) = (Gap::default(), Timestamp::MAX, Instant::now());
        let data = [Channel::Bars, Channel::Quotes, Channel::Trades].map(|channel| (channel, now));
        Self { gap, orders_up, order_message: now, data }
    }

    fn hears(&mut self, data: &[MarketData]) {
        let now = Instant::now();
        for (channel, at) in &mut self.data {
            if data.iter().any(|data| data.channel() == *channel) {
                *at = now;
            }
        }
    }

    fn has_heard(&self, channel: Channel, within: Duration) -> bool {
        self.data.iter().any(|(of, at)| *of == channel && at.elapsed() < within)
    }
}

impl RealTime<'_> {
    /// Takes in market data of the stream.
    pub(super) fn data(&mut self, data: Vec<MarketData>) -> Result<(), SessionError> {
        self.desk.core.gauges().data_arrived();
        self.feeds.hears(&data);
        match self.feeds.gap.hold(data) {
            Some(data) => self.take_data(data),
            None => Ok(()),
        }
    }

    fn take_data(&mut self, data: Vec<MarketData>) -> Result<(), SessionError> {
        let mut data = data.into_iter();
        while let Some(next) = data.next() {
            if self.desk.is_warmed(&next) || self.feeds.gap.was_read(&next) {
                continue;
            }
            if !self.desk.is_from_the_future(&next) {
                self.desk.clock.follow(next.time());
                if let Some(bars) = self.hole_before(&next) {
                    self.read_missed(bars);
                    self.feeds.gap.hold(iter::once(next).chain(data).collect());
                    return Ok(());
                }
                self.observe(&next);
            }
            self.feed(Input::Market(next))?;
            self.ask_models(&next)?;
        }
        Ok(())
    }

    /// The time between the last bar of a symbol and its first after a gap, if there is any.
    fn hole_before(&mut self, data: &MarketData) -> Option<BarsWanted> {
        let MarketData::Bar(bar) = data else { return None };
        let is_first = self.feeds.gap.proves(data);
        let start = self.desk.warmed.get(bar.symbol.index()).copied()?;
        let (symbols, length, end) = (vec![bar.symbol], self.desk.bar_length, bar.open_time);
        // Between two sessions nothing is missing, but the end of the one before may be.
        let is_open = |start| self.desk.core.state().is_open_between(start, end);
        let is_hole = is_first && start > Timestamp::MIN && is_open(start);
        is_hole.then_some(BarsWanted { symbols, length, start, end })
    }

    fn observe(&mut self, data: &MarketData) {
        self.desk.observed(data);
        self.feeds.gap.note(data);
    }

    /// Whether strategies have seen anything that something may be missing after.
    pub(super) fn has_seen_data(&mut self) -> bool {
        self.desk.is_warm() || self.desk.core.gauges().data_age().is_some()
    }

    /// Reads what the stream did not bring. What it brings meanwhile waits, so that strategies see
    /// everything in order.
    pub(super) fn fill_gap(&mut self) {
        let now = self.venue_now();
        let (state, length) = (self.desk.core.state(), self.desk.bar_length);
        let bars = BarsWanted::since_last_seen(state, length, now);
        // Quotes and trades may go on while bars are missing.
        let observed = self.desk.warmed.iter().copied().filter(|end| *end > Timestamp::MIN).min();
        let start = observed.map_or(bars.start, |end| end.min(bars.start));
        let bars = BarsWanted { start, ..bars };
        self.feeds.gap.doubt(bars.symbols.iter().copied());
        self.read_missed(bars);
    }

    fn read_missed(&mut self, bars: BarsWanted) {
        let trades = self.desk.config.channels.trades;
        let trades_since = self.feeds.gap.last_trade().filter(|_| trades);
        self.feeds.gap.open();
        self.send_out(Errand::Missed(MissedWanted { bars, trades_since }));
    }

    /// What was missed is there: it enters first, then what came meanwhile.
    pub(super) fn missed(
        &mut self,
        bars: Vec<Bar>,
        trades: Vec<Trade>,
    ) -> Result<(), SessionError> {
        let now = self.venue_now();
        for data in in_order(bars, trades) {
            let is_missing = match &data {
                MarketData::Bar(bar) => !self.desk.is_warmed(&data) && bar.end_time() <= now,
                MarketData::Trade(trade) => self.feeds.gap.lacks(trade),
                MarketData::Quote(_) => false,
            };
            if is_missing {
                self.feeds.gap.note_read(&data);
                self.observe(&data);
                self.feed(Input::Late(data))?;
                self.show_models_late(&data)?;
            }
        }
        let held = self.feeds.gap.answered();
        self.take_data(held)
    }

    /// Lets go of what waited for what was missed, when that does not come.
    pub(super) fn keep_data_moving(&mut self) -> Result<(), SessionError> {
        if self.feeds.gap.is_overdue() {
            tracing::warn!("what the data stream missed is not there yet: going on without it");
            let held = self.feeds.gap.close();
            return self.take_data(held);
        }
        Ok(())
    }

    /// A channel is silent: whether there was anything to say, the venue's bars know.
    pub(super) fn is_silent(&mut self, channel: Channel, silent_for: Duration) {
        if !self.desk.core.state().market_stream_is_up() {
            return;
        }
        let end = self.venue_now();
        let start = end.minus(self.desk.clock.venue(silent_for));
        let symbols = self.desk.core.state().symbols().ids().collect();
        let bars = BarsWanted { symbols, length: self.desk.bar_length, start, end };
        self.send_out(Errand::Probe { channel, silent_for, bars });
    }

    /// A bar that began and ended in the silence says that the socket is mute; without one the
    /// symbols are thin.
    pub(super) fn probed(
        &mut self,
        channel: Channel,
        silent_for: Duration,
        wanted: &BarsWanted,
        bars: &[Bar],
    ) -> Result<(), SessionError> {
        let due = BAR_DUE.max(self.desk.clock.venue(WAY));
        let was_owed =
            |bar: &Bar| bar.open_time >= wanted.start && bar.end_time().plus(due) <= wanted.end;
        let is_up = self.desk.core.state().market_stream_is_up();
        if !is_up || self.feeds.has_heard(channel, silent_for) || !bars.iter().any(was_owed) {
            return Ok(());
        }
        self.market.line.reconnect("it was mute");
        self.feed(Input::Mute { channel, silent_for: span(silent_for) })
    }

    /// The order stream is up.
    pub(super) fn orders_are_up(&mut self) {
        self.feeds.orders_up = self.venue_now();
        self.hears_orders();
    }

    /// The order stream has brought something.
    pub(super) fn hears_orders(&mut self) {
        self.feeds.order_message = Instant::now();
    }

    /// News of an order were read that the order stream should have told long ago: it is mute.
    pub(super) fn orders_are_mute(&mut self) -> Result<(), SessionError> {
        let silent_for = span(self.feeds.order_message.elapsed());
        // Until it is up again no further news of the same kind counts.
        self.feeds.orders_up = Timestamp::MAX;
        self.desk.orders.line.reconnect("it was mute");
        self.feed(Input::Mute { channel: Channel::Orders, silent_for })
    }

    /// Whether the order stream should have told where an order stands.
    pub(super) fn was_told_late(&self, order: &OrderState) -> bool {
        let silence = self.desk.config.timing.silence.orders;
        let wait = self.desk.clock.wall(silence).max(silence.min(ORDER_WAY));
        let due = self.desk.clock.venue(wait);
        let was_told =
            |at: Timestamp| at > self.feeds.orders_up && self.venue_now().since(at) > due;
        self.desk.core.state().order_stream_is_up() && order.updated_at.is_some_and(was_told)
    }

    fn venue_now(&self) -> Timestamp {
        let clock: &VenueClock = &self.desk.clock;
        clock.now(self.desk.core.state().now())
    }
}
