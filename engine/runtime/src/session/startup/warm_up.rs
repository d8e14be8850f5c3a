//! The last bars before the session, which strategies observe without trading on them.

use super::super::courier::BarsWanted;
use super::super::desk::Desk;
use super::super::{SessionError, VenueClock, WithoutBars};
use kernel::{Bar, Input, MarketData, Notice, Span, State, Timestamp, TradingDay, TradingHours};

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
        let end = match self.clock {
            VenueClock::Data => {
                self.venue.clock().await.map_or(now, |clock| clock.timestamp.max(now))
            }
            VenueClock::Paced { .. } | VenueClock::Real { .. } => now,
        };
        let wanted = BarsWanted {
            symbols: self.core.state().symbols().ids().collect(),
            length,
            start: self.first_needed(count, length, end),
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

    fn first_needed(&self, count: usize, length: Span, end: Timestamp) -> Timestamp {
        let earliest = end.minus(reach(count, length));
        let start = self.core.state().session();
        let opened = start.and_then(|start| {
            let hours = |day: &TradingDay| hours_of(day, start.hours);
            open_with(count, length, end, start.calendar.iter().rev().filter_map(hours))
        });
        opened.map_or(earliest, |opened| opened.max(earliest))
    }
}

/// When a trading day is traded; `None` where there is no end to it.
fn hours_of(day: &TradingDay, hours: TradingHours) -> Option<(Timestamp, Timestamp)> {
    match hours {
        TradingHours::Regular => Some((day.open, day.close)),
        TradingHours::Extended => Some((day.extended_open, day.extended_close)),
        TradingHours::Always => None,
    }
}

/// The open of the session from which on twice as many bars fit as are wanted: a thin symbol has none in
/// many of its minutes, and each page of what is not needed keeps entries waiting. Sessions come
/// newest first; `None` when there are too few.
fn open_with(
    count: usize,
    length: Span,
    end: Timestamp,
    sessions: impl Iterator<Item = (Timestamp, Timestamp)>,
) -> Option<Timestamp> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let mut wanted = length.times(2).nanos().saturating_mul(count);
    for (open, close) in sessions.filter(|(open, _)| *open < end) {
        wanted = wanted.saturating_sub(close.min(end).since(open).nanos());
        if wanted <= 0 {
            return Some(open);
        }
    }
    None
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

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    /// Sessions of six hours that open at the beginning of each day, newest first.
    fn sessions(days: i64) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let at = Timestamp::from_secs;
        (0..days).rev().map(move |day| (at(day * 24 * HOUR), at(day * 24 * HOUR + 6 * HOUR)))
    }

    #[test]
    fn no_more_sessions_are_read_than_twice_the_bars_need() {
        let at = |day: i64, hour: i64| Timestamp::from_secs(day * 24 * HOUR + hour * HOUR);
        let minute = Span::from_secs(60);
        let first = |count, end| open_with(count, minute, end, sessions(10));
        // Six hours, of which one is over today: twenty minutes need forty.
        assert_eq!(first(20, at(9, 1)), Some(at(9, 0)));
        assert_eq!(first(31, at(9, 1)), Some(at(8, 0)));
        // A session that has not begun gives nothing; one that is over gives all of it.
        assert_eq!(first(180, at(8, 23)), Some(at(8, 0)));
        assert_eq!(first(181, at(8, 23)), Some(at(7, 0)));
        assert_eq!(first(1800, at(9, 6)), Some(at(0, 0)));
        assert_eq!(first(1801, at(9, 6)), None);
    }
}
