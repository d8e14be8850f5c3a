//! The last bars before the session, which strategies observe without trading on them.

use super::super::courier::BarsWanted;
use super::super::desk::Desk;
use super::super::{SessionError, VenueClock, WithoutBars};
use kernel::{Bar, Input, MarketData, Notice, Span, State, Timestamp};

pub(super) const DAY: Span = Span::from_secs(86_400);
/// A regular session of New York.
const SESSION: Span = Span::from_secs(6 * 3600 + 1800);

impl Desk {
    /// Learns what the market did before: the bars that strategies want to have seen, and where news
    /// keep entries away, what was in the news. In lock step the news are waited for.
    pub(super) async fn look_back(&mut self) -> Result<(), SessionError> {
        self.warm_up().await?;
        self.open_news();
        match self.clock {
            VenueClock::Data => self.await_news_in_turn().await,
            VenueClock::Paced { .. } | VenueClock::Real { .. } => Ok(()),
        }
    }

    /// Says at once what strategies will be silent about for want of bars.
    pub(super) async fn tell_without_bars(&mut self) -> Result<(), SessionError> {
        let Some(WithoutBars { symbols, source }) = self.config.without_bars.clone() else {
            return Ok(());
        };
        let notice = Notice::NoBars { symbols: symbols.into(), source: source.into() };
        self.feed_in_turn(Input::Notice(notice)).await
    }

    /// Lets strategies observe the last bars, so that they need not wait for their windows to fill.
    async fn warm_up(&mut self) -> Result<(), SessionError> {
        let length = self.bar_length;
        let count = self.core.kernel().warmup_bars().max(self.models.warmup_bars());
        if count == 0 {
            return Ok(());
        }
        let now = self.clock.now(self.core.state().now());
        // In lock step the books' time begins with the data; the venue's clock is ahead of it.
        let end = match self.venue.clock().await {
            Ok(clock) => clock.timestamp.max(now),
            Err(_) => now,
        };
        let wanted = BarsWanted {
            symbols: self.core.state().symbols().ids().collect(),
            length,
            start: end.minus(reach(count, length)),
            end,
        };
        let bars = match self.venue.bars(&wanted.query()).await {
            Ok(bars) => bars,
            Err(error) => {
                tracing::warn!("no bars to warm up with, strategies begin cold: {error}");
                return Ok(());
            }
        };
        let bars = last_of_each(bars, count, end, self.core.state());
        tracing::info!("warming up with {} bars", bars.len());
        for bar in bars {
            if let Some(warmed) = self.warmed.get_mut(bar.symbol.index()) {
                *warmed = bar.end_time();
            }
            self.feed_in_turn(Input::Warmup(MarketData::Bar(bar))).await?;
            self.models.remind(&bar);
        }
        Ok(())
    }
}

/// How far back so many bars reach, weekends and holidays allowed for.
pub(super) fn reach(bars: usize, length: Span) -> Span {
    let bars = i64::try_from(bars).unwrap_or(i64::MAX);
    let length = length.nanos().max(1);
    let per_day = if length >= DAY.nanos() { 1 } else { (SESSION.nanos() / length).max(1) };
    let days = bars / per_day + 1;
    // Seven days of the week have five of trading, and a run of holidays is short.
    Span::from_nanos((days * 7 / 5 + 7).saturating_mul(DAY.nanos()))
}

/// The last so many bars of each symbol that strategies see, in the order of time.
fn last_of_each(mut bars: Vec<Bar>, count: usize, end: Timestamp, state: &State) -> Vec<Bar> {
    bars.retain(|bar| bar.end_time() <= end && state.bar_counts(bar));
    let mut left = vec![count; state.symbols().len()];
    let mut kept: Vec<Bar> = Vec::new();
    for bar in bars.into_iter().rev() {
        if let Some(left) = left.get_mut(bar.symbol.index()).filter(|left| **left > 0) {
            *left -= 1;
            kept.push(bar);
        }
    }
    kept.reverse();
    kept
}
