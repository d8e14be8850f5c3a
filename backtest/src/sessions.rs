//! To which trading session an instant belongs.

use crate::dates;
use kernel::{Timestamp, TradingDay};

const DAY_NANOS: i64 = 86_400_000_000_000;

/// The sessions of a run: those of its calendar, or the days of UTC where there is none.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    is_endless: bool,
    /// Date and last instant, in order. A session lasts until trading of the next one may begin,
    /// so that a daily bar, known at midnight, is of the day that it tells of.
    days: Vec<(u32, Timestamp)>,
}

impl Sessions {
    pub(crate) fn new(calendar: &[TradingDay]) -> Self {
        let next = calendar.iter().skip(1).map(|day| day.extended_open);
        let ends = next.chain([Timestamp::MAX]);
        let days = calendar.iter().map(|day| day.date).zip(ends).collect();
        Self { is_endless: is_endless(calendar), days }
    }

    /// Whether trading never ends: each day begins where the one before it ends.
    pub(crate) fn is_endless(&self) -> bool {
        self.is_endless
    }

    /// The date of the session of an instant, and its last instant.
    pub(crate) fn of(&self, time: Timestamp) -> (u32, Timestamp) {
        let place = self.days.partition_point(|(_, end)| *end < time);
        self.days.get(place).copied().unwrap_or_else(|| {
            let day = (time.nanos() - 1).div_euclid(DAY_NANOS);
            let end = Timestamp::from_nanos((day + 1).saturating_mul(DAY_NANOS));
            (dates::date_of_count(i32::try_from(day).unwrap_or(0)), end)
        })
    }
}

fn is_endless(calendar: &[TradingDay]) -> bool {
    let pairs = calendar.iter().zip(calendar.iter().skip(1));
    let mut gaps = pairs.map(|(day, next)| day.extended_close < next.extended_open);
    calendar.len() != 1 && !gaps.any(|gap| gap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use marketdata::calendar::{Date, trading_days, utc_days};

    fn at(sessions: &Sessions, time: &str) -> u32 {
        sessions.of(time.parse().unwrap()).0
    }

    #[test]
    fn what_is_known_before_the_next_session_belongs_to_the_last() {
        let days = trading_days(Date::constant(2024, 1, 2), Date::constant(2024, 1, 31));
        let sessions = Sessions::new(&days);
        assert!(!sessions.is_endless());
        assert_eq!(at(&sessions, "2024-01-05T21:00:00Z"), 20_240_105, "the close of a Friday");
        assert_eq!(at(&sessions, "2024-01-06T05:00:00Z"), 20_240_105, "midnight after it");
        assert_eq!(at(&sessions, "2024-01-08T09:00:00Z"), 20_240_105, "Monday, when it may begin");
        assert_eq!(at(&sessions, "2024-01-08T09:01:00Z"), 20_240_108);
    }

    #[test]
    fn where_trading_never_ends_days_end_at_midnight_utc() {
        let time = |text: &str| text.parse().unwrap();
        let days = utc_days(time("2024-01-04T12:00:00Z"), time("2024-01-08T12:00:00Z"));
        for sessions in [Sessions::new(&[]), Sessions::new(&days)] {
            assert!(sessions.is_endless());
            assert_eq!(at(&sessions, "2024-01-06T00:00:00Z"), 20_240_105);
            assert_eq!(at(&sessions, "2024-01-06T00:00:01Z"), 20_240_106, "a Saturday");
        }
    }
}
