//! Longer bars out of shorter ones, session by session.

use crate::calendar;
use kernel::{Bar, Span, Timestamp, TradingDay, Volume};

const DAY: Span = Span::from_secs(86_400);

/// Makes longer bars of one symbol. Bars shorter than a day are counted from the beginning of the
/// part of the day that they lie in (before, in and after the regular session), so that no bar
/// joins two of them and the last of a session may cover less time: an hour after 15:30, or the
/// half hour before an early close, is not filled up with what comes after it. A day is a date in
/// New York, is stamped with its midnight, and holds its regular session alone. Data without
/// sessions is counted from midnight of UTC.
#[derive(Debug)]
pub struct Resampler {
    length: Span,
    /// The trading days around the data; none for a venue that never closes.
    days: Vec<TradingDay>,
    open: Option<Bar>,
    /// When the bar that is being made ends.
    end: Timestamp,
}

impl Resampler {
    /// To a length, over some trading days.
    pub fn new(length: Span, days: Vec<TradingDay>) -> Self {
        Self { length, days, open: None, end: Timestamp::MIN }
    }

    /// Takes the next bar; gives the long bar before it when that is complete.
    pub fn push(&mut self, bar: &Bar) -> Option<Bar> {
        let (start, end) = self.interval(bar.open_time)?;
        if bar.open_time < self.end
            && let Some(open) = &mut self.open
        {
            add(open, bar);
            return None;
        }
        self.end = end;
        self.open.replace(Bar { open_time: start, length: self.length, ..*bar })
    }

    /// The last long bar.
    pub fn finish(&mut self) -> Option<Bar> {
        self.open.take()
    }

    /// The long bar that holds an instant; none when daily bars leave it out.
    fn interval(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        if self.days.is_empty() {
            let start = at.nanos().div_euclid(self.length.nanos()) * self.length.nanos();
            let start = Timestamp::from_nanos(start);
            return Some((start, start.plus(self.length)));
        }
        let index = self.days.partition_point(|day| day.extended_close <= at);
        let day = self.days.get(index).filter(|day| day.extended_open <= at);
        if self.length >= DAY {
            let day = day.filter(|day| day.open <= at && at < day.close)?;
            let start = calendar::midnight(calendar::date_of(day.open));
            return Some((start, day.close));
        }
        let (from, until) = match day {
            Some(day) if at < day.open => (day.extended_open, day.open),
            Some(day) if at < day.close => (day.open, day.close),
            Some(day) => (day.close, day.extended_close),
            None => (Timestamp::from_nanos(0), Timestamp::MAX),
        };
        let past = at.since(from).nanos().div_euclid(self.length.nanos());
        let start = from.plus(self.length.times(past));
        Some((start, start.plus(self.length).min(until)))
    }
}

fn add(open: &mut Bar, bar: &Bar) {
    open.high = open.high.max(bar.high);
    open.low = open.low.min(bar.low);
    open.close = bar.close;
    open.volume = Volume::from_nanos(open.volume.nanos().saturating_add(bar.volume.nanos()));
}
