//! The trading day's clock: when the session opens and closes, and what falls due then.
//!
//! An empty calendar means a venue that never closes: it is always open, orders do not expire, and
//! fees are posted at midnight UTC.

use kernel::{Bar, Span, Timestamp, TradingDay};

/// Which part of the day it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing trades.
    Closed,
    /// Before or after the regular session: only orders for extended hours trade.
    Extended,
    /// The regular session.
    Regular,
}

/// A point of the day at which something happens, in the order in which they happen when two
/// share an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Boundary {
    /// The regular session ends: day orders expire, fees are posted.
    Close,
    /// A quarter of an hour after the close: aged gtc orders end.
    /// Source: Alpaca, "Orders at Alpaca": 4:15 pm Eastern on the date they expire.
    Aged,
    /// The last extended session ends.
    ExtendedClose,
    /// The first extended session begins.
    ExtendedOpen,
    /// The regular session begins: waiting orders go to the market.
    Open,
}

/// The calendar, read from front to back.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    days: Vec<TradingDay>,
    boundaries: Vec<(Timestamp, Boundary, u32)>,
    next: usize,
    phase: Phase,
    /// The next midnight of a venue that never closes.
    midnight: Timestamp,
}

const DAY: Span = Span::from_secs(86_400);
const AGED_AFTER_CLOSE: Span = Span::from_secs(15 * 60);

impl Sessions {
    pub(crate) fn new(mut days: Vec<TradingDay>) -> Self {
        days.sort_by_key(|day| day.open);
        let mut boundaries: Vec<_> = days.iter().flat_map(boundaries_of).collect();
        boundaries.sort();
        let phase = if days.is_empty() { Phase::Regular } else { Phase::Closed };
        Self { days, boundaries, next: 0, phase, midnight: Timestamp::MIN }
    }

    pub(crate) const fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn never_closes(&self) -> bool {
        self.days.is_empty()
    }

    /// When the next boundary is.
    pub(crate) fn due(&self) -> Timestamp {
        if self.never_closes() {
            return self.midnight;
        }
        self.boundaries.get(self.next).map_or(Timestamp::MAX, |&(at, ..)| at)
    }

    /// Passes the next boundary, if it is due, and says which it was, when, and of which date.
    pub(crate) fn pass(&mut self, now: Timestamp) -> Option<(Timestamp, Boundary, u32)> {
        if self.never_closes() {
            return self.pass_midnight(now);
        }
        let boundary = *self.boundaries.get(self.next).filter(|&&(at, ..)| at <= now)?;
        self.next += 1;
        self.phase = match boundary.1 {
            Boundary::ExtendedOpen | Boundary::Close => Phase::Extended,
            Boundary::Open => Phase::Regular,
            Boundary::ExtendedClose => Phase::Closed,
            Boundary::Aged => self.phase,
        };
        Some(boundary)
    }

    /// Each midnight after the first instant seen, one by one, however far the clock moves.
    fn pass_midnight(&mut self, now: Timestamp) -> Option<(Timestamp, Boundary, u32)> {
        if self.midnight == Timestamp::MIN {
            let days = now.nanos().div_euclid(DAY.nanos()).saturating_add(1);
            self.midnight = Timestamp::from_nanos(days.saturating_mul(DAY.nanos()));
            return None;
        }
        let passed = self.midnight;
        if now < passed {
            return None;
        }
        self.midnight = passed.plus(DAY);
        let yesterday = crate::local::utc_date(passed.minus(Span::from_nanos(1)));
        Some((passed, Boundary::Close, yesterday))
    }

    /// The close at which a day order received now expires: of this session, or of the next when
    /// the regular session is over.
    pub(crate) fn close_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.day_after(now).map(|day| day.close)
    }

    /// The end of the last extended session, for day orders that work in extended hours.
    pub(crate) fn extended_close_after(&self, now: Timestamp) -> Option<Timestamp> {
        let next = self.days.partition_point(|day| day.extended_close <= now);
        self.days.get(next).map(|day| day.extended_close)
    }

    /// The close of a date that trades.
    pub(crate) fn close_on(&self, date: u32) -> Option<Timestamp> {
        let place = self.days.binary_search_by_key(&date, |day| day.date).ok()?;
        self.days.get(place).map(|day| day.close)
    }

    /// The open of the session that closes at an instant.
    pub(crate) fn open_before(&self, close: Timestamp) -> Option<Timestamp> {
        let next = self.days.partition_point(|day| day.close < close);
        self.days.get(next).map(|day| day.open)
    }

    /// The nights from a close to the next trading day: one where trading never ends, or where no
    /// next day is known.
    pub(crate) fn nights_after(&self, close: Timestamp) -> i64 {
        let day = |at: Timestamp| at.nanos().div_euclid(DAY.nanos());
        let next = self.days.partition_point(|day| day.close <= close);
        self.days.get(next).map_or(1, |next| day(next.close) - day(close)).max(1)
    }

    fn day_after(&self, now: Timestamp) -> Option<&TradingDay> {
        let next = self.days.partition_point(|day| day.close <= now);
        self.days.get(next)
    }

    /// The New York date of an instant by the calendar, when it lies in a trading day.
    pub(crate) fn date_at(&self, now: Timestamp) -> Option<u32> {
        let next = self.days.partition_point(|day| day.extended_close <= now);
        self.days.get(next).filter(|day| day.extended_open <= now).map(|day| day.date)
    }

    /// When a bar's first trade may have been: its open time, or for a bar of a day or more the
    /// open of the first session in it.
    pub(crate) fn first_trade(&self, bar: &Bar) -> Timestamp {
        if bar.length < DAY {
            return bar.open_time;
        }
        let next = self.days.partition_point(|day| day.open < bar.open_time);
        let open = self.days.get(next).map(|day| day.open);
        open.filter(|&open| open < bar.end_time()).unwrap_or(bar.open_time)
    }
}

fn boundaries_of(day: &TradingDay) -> [(Timestamp, Boundary, u32); 5] {
    [
        (day.extended_open, Boundary::ExtendedOpen, day.date),
        (day.open, Boundary::Open, day.date),
        (day.close, Boundary::Close, day.date),
        (day.close.plus(AGED_AFTER_CLOSE), Boundary::Aged, day.date),
        (day.extended_close, Boundary::ExtendedClose, day.date),
    ]
}
