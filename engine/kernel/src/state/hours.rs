//! Which trading day it is, and whether it is open.

use super::State;
use super::ranges::Year;
use crate::{
    AHEAD, Bar, Cash, MarketData, MarketDataError, Span, Timestamp, TradingDay, TradingHours,
};
use serde::{Deserialize, Serialize};

/// The trading day that the session is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Its hours.
    pub hours: TradingDay,
    /// Equity when it began, from which the day's profit and loss counts.
    pub starting_equity: Cash,
}

const DAY: Span = Span::from_secs(86_400);

impl State {
    /// The trading day the session is in; `None` before the first.
    #[inline]
    pub const fn day(&self) -> Option<&Day> {
        self.day.as_ref()
    }

    /// How much the market of the session trades in a year.
    pub(crate) fn year(&self) -> Year {
        Year::of(self.day().map(|day| &day.hours))
    }

    /// When everything is to be closed before the close of this trading day; `None` when that has
    /// been done, is too late, or is not wanted.
    #[inline]
    pub(crate) fn flat_due(&self) -> Option<Timestamp> {
        let before = self.limits.flat_before_close?;
        let hours = &self.day.as_ref()?.hours;
        let is_open = self.closed_for != Some(hours.date) && self.now < hours.close;
        is_open.then(|| hours.close.minus(before.span()))
    }

    /// Everything is cancelled and closed, once in a trading day.
    pub(super) fn close_for_the_day(&mut self, date: u32) {
        self.closed_for = Some(date);
        if self.held().next().is_some() || self.has_live_orders() {
            self.flatten_all();
        }
    }

    /// The trading day of the calendar that holds an instant, its extended sessions included.
    pub(crate) fn trading_day_at(&self, at: Timestamp) -> Option<&TradingDay> {
        let days = &self.start.as_ref()?.calendar;
        let next = days.partition_point(|day| day.extended_open <= at);
        let day = days.get(next.checked_sub(1)?)?;
        day.contains(at).then_some(day)
    }

    /// The trading days around now: the last that has begun in the evening before, and the next.
    pub(crate) fn trading_days(&self) -> &[TradingDay] {
        let Some(start) = &self.start else { return &[] };
        let days = &start.calendar;
        let begun = days.partition_point(|day| day.extended_open <= self.now);
        days.get(begun.saturating_sub(1)..(begun + 1).min(days.len())).unwrap_or_default()
    }

    /// The last trading day that is known.
    pub fn last_trading_day(&self) -> Option<&TradingDay> {
        self.start.as_ref()?.calendar.last()
    }

    /// Appends trading days after the last one known; others change nothing, for the past stands.
    pub(super) fn learn_days(&mut self, days: &[TradingDay]) {
        let Some(start) = &mut self.start else { return };
        for day in days {
            if start.calendar.last().is_none_or(|last| last.extended_close <= day.extended_open) {
                start.calendar.push(*day);
            }
        }
    }

    /// The date of the trading day at whose regular close what happens at an instant is settled.
    pub(crate) fn settlement_date(&self, at: Timestamp) -> Option<u32> {
        let days = &self.start.as_ref()?.calendar;
        let next = days.partition_point(|day| day.close <= at);
        days.get(next).map(|day| day.date)
    }

    /// Whether positions may grow now, by the calendar.
    #[inline]
    pub fn session_is_open(&self) -> bool {
        self.is_open_at(self.now)
    }

    /// From when until when positions may grow, as of now: hours of the trading day it is. `None` when
    /// they may not.
    pub(crate) fn open_hours(&self) -> Option<(Timestamp, Timestamp)> {
        let hours = &self.day.as_ref()?.hours;
        let (open, close) = match self.start.as_ref()?.hours {
            TradingHours::Regular => (hours.open, hours.close),
            TradingHours::Extended | TradingHours::Always => {
                (hours.extended_open, hours.extended_close)
            }
        };
        (hours.contains(self.now) && open <= self.now && self.now < close).then_some((open, close))
    }

    #[inline]
    fn is_open_at(&self, at: Timestamp) -> bool {
        let Some(start) = &self.start else {
            return false;
        };
        let day = match &self.day {
            Some(Day { hours, .. }) if hours.contains(at) => Some(hours),
            _ => self.trading_day_at(at),
        };
        start.hours.hold(day, at)
    }

    /// The first instant from then on at which positions may grow, by the calendar as far as it is known.
    pub(crate) fn first_open_from(&self, at: Timestamp) -> Option<Timestamp> {
        let start = self.start.as_ref()?;
        let hours = |day: &TradingDay| match start.hours {
            TradingHours::Regular => (day.open, day.close),
            TradingHours::Extended | TradingHours::Always => {
                (day.extended_open, day.extended_close)
            }
        };
        if start.hours == TradingHours::Always {
            return Some(at);
        }
        let next = start.calendar.partition_point(|day| day.extended_close <= at);
        let mut days = start.calendar.get(next..)?.iter().map(hours);
        days.find(|(_, close)| at < *close).map(|(open, _)| open.max(at))
    }

    /// Whether hours that are traded lie between two instants, so that strategies could have seen
    /// something there.
    pub fn is_open_between(&self, from: Timestamp, to: Timestamp) -> bool {
        let Some(start) = &self.start else { return false };
        let next = start.calendar.partition_point(|day| day.extended_close <= from);
        let days = start.calendar.get(next..).unwrap_or_default();
        let mut days = days.iter().take_while(|day| day.extended_open < to);
        match start.hours {
            TradingHours::Always => from < to,
            TradingHours::Regular => days.any(|day| day.open.max(from) < day.close.min(to)),
            TradingHours::Extended => from < to && days.next().is_some(),
        }
    }

    /// Whether strategies see a bar: it lies in the hours that are traded, or lasts a day.
    #[inline]
    pub fn bar_counts(&self, bar: &Bar) -> bool {
        bar.length >= DAY || self.is_open_at(bar.open_time)
    }

    /// Whether strategies see such data: a bar that counts, or a quote or trade in the hours that are
    /// traded.
    #[inline]
    pub(crate) fn counts(&self, data: &MarketData) -> bool {
        match data {
            MarketData::Bar(bar) => self.bar_counts(bar),
            MarketData::Quote(_) | MarketData::Trade(_) => self.is_open_at(data.time()),
        }
    }

    /// Why data cannot be used, whatever came before them.
    ///
    /// # Errors
    /// When they are of no symbol of the session, of a time to come, or make no sense.
    #[inline]
    pub(crate) fn usable(&self, data: &MarketData) -> Result<(), MarketDataError> {
        if data.symbol().index() >= self.symbols().len() {
            return Err(MarketDataError::UnknownSymbol);
        }
        if data.time() > self.now().plus(AHEAD) {
            return Err(MarketDataError::FromTheFuture);
        }
        data.check()
    }

    /// Whether strategies have been shown data that were just taken in; models are shown the same.
    pub fn strategies_see(&self, data: &MarketData) -> bool {
        self.usable(data).is_ok() && self.counts(data)
    }
}
