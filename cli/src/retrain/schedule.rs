//! When a model is trained anew: at a time of the exchange's day, on trading days.

use jiff::civil::Time;
use kernel::Timestamp;
use marketdata::calendar::{self, Date, DayKind, date_of, day_kind, instant};

/// A clock time in New York such as `18:00`.
pub fn clock_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| {
        let is_two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_two.then(|| part.parse::<i8>().ok()).flatten()
    };
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}

/// A time of the day, and how many days lie between two trainings at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    at: Time,
    every_days: i64,
}

impl Schedule {
    /// At a time in New York, on the first trading day that comes so many days after the last training,
    /// or later.
    pub const fn new(at: Time, every_days: i64) -> Self {
        Self { at, every_days }
    }

    /// The first time after an instant, where the last training was due at `last`.
    pub fn next(&self, after: Timestamp, last: Option<Timestamp>) -> Timestamp {
        let rested = |date: Date| {
            let days = jiff::Span::new().days(self.every_days);
            date.checked_add(days).unwrap_or(Date::MAX)
        };
        let today = date_of(after);
        let first = last.map_or(today, |last| rested(date_of(last)).max(today));
        let mut trading = from(first).filter(|date| day_kind(*date) != DayKind::Closed);
        let due = trading.find(|date| instant(*date, self.at) > after);
        due.map_or(Timestamp::MAX, |date| instant(date, self.at))
    }
}

/// When the first trading day begins that has not begun yet, its early hours included.
pub fn next_day(now: Timestamp) -> Timestamp {
    let mut days = from(date_of(now)).flat_map(|date| calendar::trading_days(date, date));
    let next = days.find(|day| day.extended_open > now);
    next.map_or(Timestamp::MAX, |day| day.extended_open)
}

fn from(first: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |date| date.tomorrow().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An instant, as RFC 3339 writes it.
    fn utc(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_due_at_the_exchanges_time_on_trading_days() {
        // what, at, every so many days, the last one, now, due
        let cases = "
            before it on the day            | 18:00 | 1 | -                    | 2026-11-23T15:00:00Z | 2026-11-23T23:00:00Z
            at that very moment             | 18:00 | 1 | -                    | 2026-11-23T23:00:00Z | 2026-11-24T23:00:00Z
            Friday evening                  | 18:00 | 1 | -                    | 2026-11-20T23:00:01Z | 2026-11-23T23:00:00Z
            before a holiday                | 18:00 | 1 | -                    | 2026-11-26T01:00:00Z | 2026-11-27T23:00:00Z
            an early close                  | 13:30 | 1 | -                    | 2026-11-27T15:00:00Z | 2026-11-27T18:30:00Z
            UTC is a day ahead              | 18:00 | 1 | -                    | 2026-11-24T02:00:00Z | 2026-11-24T23:00:00Z
            summer time                     | 18:00 | 1 | -                    | 2026-07-06T15:00:00Z | 2026-07-06T22:00:00Z
            clocks go forward               | 18:00 | 1 | -                    | 2026-03-06T23:30:00Z | 2026-03-09T22:00:00Z
            clocks go back                  | 18:00 | 1 | -                    | 2026-10-30T22:30:00Z | 2026-11-02T23:00:00Z
            an hour that is skipped         | 02:30 | 1 | -                    | 2026-03-06T23:00:00Z | 2026-03-09T06:30:00Z
            midnight                        | 00:00 | 1 | -                    | 2026-11-23T15:00:00Z | 2026-11-24T05:00:00Z
            done today                      | 18:00 | 1 | 2026-11-23T23:00:00Z | 2026-11-23T23:05:00Z | 2026-11-24T23:00:00Z
            weekly                          | 18:00 | 7 | 2026-11-20T23:00:00Z | 2026-11-23T15:00:00Z | 2026-11-27T23:00:00Z
            weekly, on a holiday            | 18:00 | 7 | 2026-11-19T23:00:00Z | 2026-11-23T15:00:00Z | 2026-11-27T23:00:00Z
            weekly, over a change of clocks | 18:00 | 7 | 2026-10-28T22:00:00Z | 2026-10-29T15:00:00Z | 2026-11-04T23:00:00Z
            long overdue                    | 18:00 | 7 | 2026-09-01T22:00:00Z | 2026-11-23T15:00:00Z | 2026-11-23T23:00:00Z
            a last one that lies ahead      | 18:00 | 1 | 2026-12-01T23:00:00Z | 2026-11-23T15:00:00Z | 2026-12-02T23:00:00Z
        ";
        for case in cases.lines().filter(|line| line.contains('|')) {
            let cells: Vec<&str> = case.split('|').map(str::trim).collect();
            let [what, at, every_days, last, now, due] = cells[..] else { panic!("{case}") };
            let schedule = Schedule::new(clock_time(at).unwrap(), every_days.parse().unwrap());
            let last = (last != "-").then(|| utc(last));
            assert_eq!(schedule.next(utc(now), last), utc(due), "{what}");
        }
    }

    #[test]
    fn a_day_that_has_begun_is_not_the_next_one() {
        for (what, now, next) in [
            ("in the evening", "2026-11-23T23:30:00Z", "2026-11-24T09:00:00Z"),
            ("in the night", "2026-11-24T07:00:00Z", "2026-11-24T09:00:00Z"),
            ("in the early hours", "2026-11-24T09:00:00Z", "2026-11-25T09:00:00Z"),
            ("before a holiday", "2026-11-25T23:30:00Z", "2026-11-27T09:00:00Z"),
            (
                "before a weekend with a change of clocks",
                "2026-03-06T23:30:00Z",
                "2026-03-09T08:00:00Z",
            ),
        ] {
            assert_eq!(next_day(utc(now)), utc(next), "{what}");
        }
    }

    #[test]
    fn only_a_clock_time_is_one() {
        assert_eq!(clock_time("18:05"), Some(jiff::civil::time(18, 5, 0, 0)));
        for wrong in ["", "18", "6:00", "24:00", "18:60", "18:00:00", "6pm", "-1:00", "+1:00"] {
            assert_eq!(clock_time(wrong), None, "{wrong}");
        }
    }
}
