//! The clock and the calendar.

use super::time::{date_text, in_new_york, with_offset};
use crate::server::Speed;
use kernel::{Span, Timestamp, TradingDay};
use serde::Serialize;

/// The clock, with this server's own part: how the venue's time runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ClockJson {
    timestamp: String,
    is_open: bool,
    next_open: String,
    next_close: String,
    tradewind: Pace,
}

/// How the venue's time runs. Absent at Alpaca, where it is real.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Pace {
    /// `max`, or how many times as fast as real time.
    speed: String,
    /// Whether steps wait for acknowledgements.
    lockstep: bool,
    /// The length of the bars on the stream, when there are bars.
    bar_seconds: Option<i64>,
    /// `synthetic` or `file`.
    data: &'static str,
}

/// The clock at a time of the venue. Without trading days the venue never closes.
pub(crate) fn clock(
    now: Timestamp,
    days: &[TradingDay],
    speed: Speed,
    bar_length: Option<Span>,
    data: &'static str,
) -> ClockJson {
    let tradewind = Pace {
        speed: speed.to_string(),
        lockstep: speed == Speed::Max,
        bar_seconds: bar_length.map(|length| length.nanos() / 1_000_000_000),
        data,
    };
    let today = days.partition_point(|day| day.close <= now);
    let current = days.get(today);
    let is_open = days.is_empty() || current.is_some_and(|day| day.open <= now);
    let opens_later = days.get(today + usize::from(is_open));
    // Past the calendar's end the next session is not known: a day from now is said instead.
    let unknown = now.plus(Span::from_secs(86_400));
    ClockJson {
        timestamp: precise(now),
        is_open,
        next_open: with_offset(opens_later.map_or(unknown, |day| day.open)),
        next_close: with_offset(current.map_or(unknown, |day| day.close)),
        tradewind,
    }
}

/// The venue's time with New York's offset, to the nanosecond: a session's now follows it.
fn precise(now: Timestamp) -> String {
    let zoned = in_new_york(now);
    zoned.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string()
}

/// One day of the calendar. Early closes show in `close`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DayJson {
    date: String,
    open: String,
    close: String,
    session_open: String,
    session_close: String,
    settlement_date: String,
}

/// The calendar's day; it settles on the trading day after.
pub(crate) fn day(day: &TradingDay, next: Option<&TradingDay>) -> DayJson {
    let time = |at: Timestamp, form: &str| in_new_york(at).strftime(form).to_string();
    DayJson {
        date: date_text(day.date),
        open: time(day.open, "%H:%M"),
        close: time(day.close, "%H:%M"),
        session_open: time(day.extended_open, "%H%M"),
        session_close: time(day.extended_close, "%H%M"),
        settlement_date: date_text(next.unwrap_or(day).date),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use marketdata::calendar::{Date, trading_days};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Conformance 88.
    #[test]
    fn clock_and_calendar_use_new_york_times_and_early_closes() {
        let days = trading_days(Date::constant(2025, 11, 25), Date::constant(2025, 12, 2));
        let open = clock(at("2025-11-26T15:00:00.5Z"), &days, Speed::Max, None, "file");
        assert!(open.is_open);
        assert_eq!(open.timestamp, "2025-11-26T10:00:00.5-05:00");
        assert_eq!(open.next_close, "2025-11-26T16:00:00-05:00");
        assert_eq!(open.next_open, "2025-11-28T09:30:00-05:00");
        let closed =
            clock(at("2025-11-26T21:00:00Z"), &days, Speed::Times(60.0), None, "synthetic");
        assert!(!closed.is_open);
        assert_eq!(closed.next_close, "2025-11-28T13:00:00-05:00");
        assert_eq!(closed.tradewind.speed, "60");
        assert_eq!((open.tradewind.data, closed.tradewind.data), ("file", "synthetic"));
        let friday = days.iter().find(|day| day.date == 20_251_128).unwrap();
        let early = day(friday, None);
        assert_eq!((early.open.as_str(), early.close.as_str()), ("09:30", "13:00"));
        assert_eq!((early.session_open.as_str(), early.session_close.as_str()), ("0400", "1700"));
    }
}
