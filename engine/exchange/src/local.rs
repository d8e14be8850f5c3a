//! New York time, for ids and dates.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, Zoned};
use kernel::{Span, Timestamp};

/// New York's clock.
#[derive(Debug, Clone)]
pub(crate) struct NewYork(TimeZone);

impl NewYork {
    pub(crate) fn new() -> Self {
        // The zone is compiled in; were it not, UTC keeps ids unique and sorted.
        Self(TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC))
    }

    fn zoned(&self, at: Timestamp) -> Zoned {
        instant(at).to_zoned(self.0.clone())
    }

    /// `yyyymmddHHMMSSmmm`.
    pub(crate) fn stamp(&self, at: Timestamp) -> String {
        let local = self.zoned(at);
        let (date, time) = (local.date(), local.time());
        format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}{:03}",
            date.year(),
            date.month(),
            date.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.millisecond()
        )
    }

    /// `yyyymmdd`.
    pub(crate) fn date(&self, at: Timestamp) -> u32 {
        date_number(self.zoned(at).date())
    }

    /// A wall clock time on an instant's date.
    pub(crate) fn at(&self, day: Timestamp, time: Time) -> Timestamp {
        self.days_after(day, 0, time)
    }

    /// A wall clock time so many days after an instant's date.
    pub(crate) fn days_after(&self, at: Timestamp, days: i64, time: Time) -> Timestamp {
        let date = self.zoned(at).date().saturating_add(jiff::Span::new().days(days));
        let moved = date.to_datetime(time).to_zoned(self.0.clone());
        let nanos = moved.map(|zoned| zoned.timestamp().as_nanosecond());
        match nanos.map(i64::try_from) {
            Ok(Ok(nanos)) => Timestamp::from_nanos(nanos),
            Ok(Err(_)) | Err(_) => at.plus(Span::from_secs(days.saturating_mul(86_400))),
        }
    }
}

/// `yyyymmdd` in UTC.
pub(crate) fn utc_date(at: Timestamp) -> u32 {
    date_number(instant(at).to_zoned(TimeZone::UTC).date())
}

fn instant(at: Timestamp) -> Instant {
    Instant::from_nanosecond(i128::from(at.nanos())).unwrap_or(Instant::UNIX_EPOCH)
}

fn date_number(date: jiff::civil::Date) -> u32 {
    let (year, month, day) = (date.year(), date.month(), date.day());
    u32::from(year.unsigned_abs()) * 10_000
        + u32::from(month.unsigned_abs()) * 100
        + u32::from(day.unsigned_abs())
}
