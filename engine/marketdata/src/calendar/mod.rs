//! The sessions of the New York stock exchanges: by rule, or from a file.
//!
//! Regular hours 09:30 to 16:00, pre-market from 04:00, post-market to 20:00; on early closes the
//! regular session ends at 13:00 and the post-market at 17:00, all in New York time. The zone
//! database is compiled in, so the machine's plays no part.

mod file;
mod rules;

pub use jiff::civil::Date;
pub use rules::{DayKind, day_kind};

use jiff::civil::{Time, time};
use jiff::tz::TimeZone;
use kernel::{Span, Timestamp, TradingDay};
use std::collections::BTreeMap;
use std::sync::OnceLock;

const OPEN: Time = time(9, 30, 0, 0);
const CLOSE: Time = time(16, 0, 0, 0);
const EXTENDED_OPEN: Time = time(4, 0, 0, 0);
const EXTENDED_CLOSE: Time = time(20, 0, 0, 0);
/// Source: NYSE, "Holidays and trading hours": on early closes the late session ends at 17:00.
const EARLY_EXTENDED_CLOSE: Time = time(17, 0, 0, 0);

const DAY_SECONDS: i64 = 86_400;

/// A calendar read from a file; in the years that the file does not cover it follows the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    exceptions: BTreeMap<Date, DayKind>,
}

impl Calendar {
    /// What kind of day a date is.
    pub fn day_kind(&self, date: Date) -> DayKind {
        let year = |found: Option<(&Date, &DayKind)>| found.map(|(date, _)| date.year());
        let covered = year(self.exceptions.first_key_value()) <= Some(date.year())
            && Some(date.year()) <= year(self.exceptions.last_key_value());
        if !covered {
            return day_kind(date);
        }
        if rules::is_weekend(date) {
            return DayKind::Closed;
        }
        self.exceptions.get(&date).copied().unwrap_or(DayKind::Full)
    }

    /// The trading days from one date to another, both included.
    pub fn trading_days(&self, from: Date, to: Date) -> Vec<TradingDay> {
        days(from, to).filter_map(|date| trading_day(date, self.day_kind(date))).collect()
    }
}

/// The trading days from one date to another by rule, both included.
pub fn trading_days(from: Date, to: Date) -> Vec<TradingDay> {
    days(from, to).filter_map(|date| trading_day(date, day_kind(date))).collect()
}

/// The days of UTC around two instants for a market that never closes, each open from midnight to
/// midnight: from the one before the first to two weeks after the last, as days are known ahead.
pub fn utc_days(first: Timestamp, last: Timestamp) -> Vec<TradingDay> {
    let utc = |at: Timestamp, days: i64| {
        let at = i128::from(at.plus(Span::from_secs(days * DAY_SECONDS)).nanos());
        let instant = jiff::Timestamp::from_nanosecond(at).unwrap_or_default();
        TimeZone::UTC.to_datetime(instant).date()
    };
    let day = |date: Date| {
        let since = date.duration_since(Date::constant(1970, 1, 1)).as_secs();
        let open = Timestamp::from_secs(since);
        let close = open.plus(Span::from_secs(DAY_SECONDS));
        let date = number_of(date);
        TradingDay { date, open, close, extended_open: open, extended_close: close }
    };
    days(utc(first, -1), utc(last, 14)).map(day).collect()
}

/// The date in New York at an instant.
pub fn date_of(at: Timestamp) -> Date {
    let instant = jiff::Timestamp::from_nanosecond(i128::from(at.nanos())).unwrap_or_default();
    new_york().to_datetime(instant).date()
}

/// The instant of a clock time in New York. Of a time that a clock change skips it is the time
/// after the gap, of one that comes twice the first.
pub fn instant(date: Date, at: Time) -> Timestamp {
    let zoned = new_york().to_ambiguous_timestamp(date.to_datetime(at)).compatible();
    // An instant that does not fit 64 bits of nanoseconds lies beyond 2262.
    let nanos = zoned.map_or(i128::MAX, jiff::Timestamp::as_nanosecond);
    i64::try_from(nanos).map_or(Timestamp::MAX, Timestamp::from_nanos)
}

/// Midnight in New York, with which daily bars are stamped.
pub fn midnight(date: Date) -> Timestamp {
    instant(date, Time::midnight())
}

/// A date as the number `yyyymmdd`.
pub fn number_of(date: Date) -> u32 {
    let part = |value: i16| u32::from(value.unsigned_abs());
    part(date.year()) * 10_000 + part(date.month().into()) * 100 + part(date.day().into())
}

pub(crate) fn trading_day(date: Date, kind: DayKind) -> Option<TradingDay> {
    let (close, extended_close) = match kind {
        DayKind::Closed => return None,
        DayKind::Full => (CLOSE, EXTENDED_CLOSE),
        DayKind::EarlyClose(close) => (close, EARLY_EXTENDED_CLOSE),
    };
    Some(TradingDay {
        date: number_of(date),
        open: instant(date, OPEN),
        close: instant(date, close),
        extended_open: instant(date, EXTENDED_OPEN),
        extended_close: instant(date, extended_close),
    })
}

/// Every date from one to another, both included.
pub(crate) fn days(from: Date, to: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(from), |date| date.tomorrow().ok())
        .take_while(move |date| *date <= to)
}

fn new_york() -> &'static TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    ZONE.get_or_init(|| {
        #[allow(clippy::expect_used, reason = "the zone database is compiled into the program")]
        TimeZone::get("America/New_York").expect("New York is in the bundled zone database")
    })
}
