//! Times as files write them.

use super::options::{ReadOptions, TimeFormat};
use crate::Fault;
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use kernel::Timestamp;
use std::fmt;

/// Reads the times of one file, which must all be written in one way: rows in different zones would
/// be shuffled, or shifted by hours, without anybody noticing.
#[derive(Debug)]
pub(super) struct Times {
    format: TimeFormat,
    zone: Option<TimeZone>,
    /// How the first row's time was written.
    style: Option<Style>,
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// With its offset from UTC in seconds.
    Offset(i32),
    /// As a number.
    Epoch,
    /// As a date alone.
    Date,
    /// As a date and a time of day without a zone.
    Local,
}

impl fmt::Display for Style {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Style::Offset(0) => write!(out, "UTC"),
            Style::Offset(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let minutes = seconds.unsigned_abs() / 60;
                write!(out, "UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Style::Epoch => write!(out, "a number since 1970"),
            Style::Date => write!(out, "a date alone"),
            Style::Local => write!(out, "no time zone"),
        }
    }
}

const NEW_YORK: &str = "America/New_York";

impl Times {
    pub(super) fn new(options: &ReadOptions) -> Self {
        Self { format: options.time.clone(), zone: options.zone.clone(), style: None }
    }

    pub(super) fn read(&mut self, text: &str) -> Result<Timestamp, Fault> {
        let (time, style) = match &self.format {
            TimeFormat::Auto => self.any(text)?,
            TimeFormat::Epoch(unit) => {
                (epoch(text, *unit).ok_or_else(|| time(text))?, Style::Epoch)
            }
            TimeFormat::Pattern(pattern) => self.by_pattern(pattern, text)?,
        };
        let first = *self.style.get_or_insert(style);
        if first == style || self.both_of_the_zone(first, style, time) {
            return Ok(time);
        }
        Err(Fault::MixedZones { found: style.to_string(), first: first.to_string() })
    }

    /// Whether a zone was named whose offsets both may be: in winter and in summer.
    fn both_of_the_zone(&self, first: Style, style: Style, time: Timestamp) -> bool {
        let (Some(zone), Style::Offset(_), Style::Offset(seconds)) = (&self.zone, first, style)
        else {
            return false;
        };
        let instant = jiff::Timestamp::from_nanosecond(i128::from(time.nanos()));
        instant.is_ok_and(|instant| zone.to_offset(instant).seconds() == seconds)
    }

    fn any(&self, text: &str) -> Result<(Timestamp, Style), Fault> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok((time, Style::Offset(offset_of(text))));
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let unit = match digits.len() {
                8 => return self.date(text),
                ..=11 => 1_000_000_000,
                12..=14 => 1_000_000,
                15..=17 => 1_000,
                _ => 1,
            };
            let found = epoch(text, unit).ok_or_else(|| time(text))?;
            return Ok((found, Style::Epoch));
        }
        if text.len() <= 10 {
            return self.date(text);
        }
        let local: DateTime = text.parse().map_err(|_| time(text))?;
        self.local(local)
    }

    fn date(&self, text: &str) -> Result<(Timestamp, Style), Fault> {
        let dashed = text.replace('/', "-");
        let date: Date = dashed.parse().map_err(|_| time(text))?;
        Ok((self.midnight(date)?, Style::Date))
    }

    /// A day begins at midnight in New York unless another zone is named, as daily bars of US
    /// equities are stamped.
    fn midnight(&self, date: Date) -> Result<Timestamp, Fault> {
        let zone = match &self.zone {
            Some(zone) => zone.clone(),
            None => TimeZone::get(NEW_YORK).unwrap_or(TimeZone::UTC),
        };
        instant(&zone, date.to_datetime(jiff::civil::Time::midnight()))
    }

    fn local(&self, local: DateTime) -> Result<(Timestamp, Style), Fault> {
        let zone = self.zone.as_ref().ok_or_else(|| Fault::NoZone(local.to_string()))?;
        Ok((instant(zone, local)?, Style::Local))
    }

    fn by_pattern(&self, pattern: &str, text: &str) -> Result<(Timestamp, Style), Fault> {
        let wrong = || Fault::TimePattern { found: text.into(), pattern: pattern.into() };
        let parsed = strtime::parse(pattern, text).map_err(|_| wrong())?;
        if let Some(offset) = parsed.offset() {
            let instant = parsed.to_timestamp().map_err(|_| wrong())?;
            return Ok((nanos(instant)?, Style::Offset(offset.seconds())));
        }
        match (parsed.to_datetime(), parsed.to_date()) {
            (Ok(local), _) if parsed.hour().is_some() => self.local(local),
            (_, Ok(date)) => Ok((self.midnight(date)?, Style::Date)),
            _ => Err(wrong()),
        }
    }
}

fn time(text: &str) -> Fault {
    Fault::Time(text.into())
}

fn instant(zone: &TimeZone, local: DateTime) -> Result<Timestamp, Fault> {
    let found = zone.to_ambiguous_timestamp(local).compatible();
    nanos(found.map_err(|_| time(&local.to_string()))?)
}

fn nanos(instant: jiff::Timestamp) -> Result<Timestamp, Fault> {
    let nanos = i64::try_from(instant.as_nanosecond());
    nanos.map(Timestamp::from_nanos).map_err(|_| time(&instant.to_string()))
}

/// A count of units since 1970; whole, or with decimals.
fn epoch(text: &str, unit: i64) -> Option<Timestamp> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let count: i64 = whole.parse().ok()?;
    let digits = part.bytes().take_while(u8::is_ascii_digit).count();
    if digits != part.len() {
        return None;
    }
    let kept = part.get(..digits.min(9))?;
    let scale = 10_i64.checked_pow(u32::try_from(kept.len()).ok()?)?;
    let part: i64 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    let part = i64::try_from(i128::from(part) * i128::from(unit) / i128::from(scale)).ok()?;
    let part = if text.starts_with('-') { -part } else { part };
    Some(Timestamp::from_nanos(count.checked_mul(unit)?.checked_add(part)?))
}

/// The offset at the end of a time that was read.
fn offset_of(text: &str) -> i32 {
    let bytes = text.as_bytes();
    if matches!(bytes.last(), Some(b'Z' | b'z')) {
        return 0;
    }
    // Behind the date, whose dashes are none of it.
    let Some(at) = bytes.iter().rposition(|byte| matches!(byte, b'+' | b'-')) else {
        return 0;
    };
    let digits = text.get(at + 1..).unwrap_or_default().replace(':', "");
    let number: i32 = digits.parse().unwrap_or(0);
    let seconds = (number / 100) * 3_600 + (number % 100) * 60;
    if bytes.get(at) == Some(&b'-') { -seconds } else { seconds }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &ReadOptions, text: &str) -> String {
        match Times::new(options).read(text) {
            Ok(time) => time.to_string(),
            Err(fault) => fault.to_string(),
        }
    }

    fn new_york() -> ReadOptions {
        ReadOptions { zone: TimeZone::get(NEW_YORK).ok(), ..ReadOptions::default() }
    }

    #[test]
    fn times_are_recognised() {
        let auto = ReadOptions::default();
        for (text, expected) in [
            ("2019-02-11T14:30:00Z", "2019-02-11T14:30:00.000000000Z"),
            ("2019-02-11 14:30:00+00:00", "2019-02-11T14:30:00.000000000Z"),
            ("2019-02-11T09:30:00.25-05:00", "2019-02-11T14:30:00.250000000Z"),
            ("1549895400", "2019-02-11T14:30:00.000000000Z"),
            ("1549895400123", "2019-02-11T14:30:00.123000000Z"),
            ("1549895400123456", "2019-02-11T14:30:00.123456000Z"),
            ("1549895400123456789", "2019-02-11T14:30:00.123456789Z"),
            ("2019-02-11", "2019-02-11T05:00:00.000000000Z"),
            ("20190711", "2019-07-11T04:00:00.000000000Z"),
            ("2019/02/11", "2019-02-11T05:00:00.000000000Z"),
        ] {
            assert_eq!(read(&auto, text), expected, "{text}");
        }
        for text in ["", "yesterday", "2019-02-30", "12:30", "99999999999999999999", "2019-2-1"] {
            assert!(read(&auto, text).contains("is not a time"), "{text}");
        }
        assert!(read(&auto, "2019-02-11 09:30").contains("names no time zone"));
    }

    #[test]
    fn a_zone_and_a_pattern_can_be_named() {
        let mut options = new_york();
        assert_eq!(read(&options, "2019-02-11 09:30"), "2019-02-11T14:30:00.000000000Z");
        assert_eq!(read(&options, "2019-07-11T09:30:00"), "2019-07-11T13:30:00.000000000Z");
        options.time = TimeFormat::Pattern("%m/%d/%Y %H:%M".into());
        assert_eq!(read(&options, "07/11/2019 09:30"), "2019-07-11T13:30:00.000000000Z");
        assert!(read(&options, "2019-07-11").contains("is not a time of the form %m/%d/%Y %H:%M"));
        options.time = TimeFormat::Pattern("%d.%m.%Y".into());
        assert_eq!(read(&options, "11.07.2019"), "2019-07-11T04:00:00.000000000Z");
        options.time = TimeFormat::Pattern("%Y-%m-%d %H:%M %z".into());
        assert_eq!(read(&options, "2019-07-11 09:30 +0200"), "2019-07-11T07:30:00.000000000Z");
        options.time = TimeFormat::Epoch(1_000_000_000);
        assert_eq!(read(&options, "1549895400.5"), "2019-02-11T14:30:00.500000000Z");
        assert_eq!("ms".parse(), Ok(TimeFormat::Epoch(1_000_000)));
        assert!("rfc".parse::<TimeFormat>().is_err());
    }

    #[test]
    fn a_file_keeps_to_one_zone() {
        let mut times = Times::new(&ReadOptions::default());
        assert!(times.read("2019-03-08T09:30:00-05:00").is_ok());
        let summer = "2019-03-11T09:30:00-04:00";
        let error = times.read(summer).map_err(|fault| fault.to_string());
        assert_eq!(
            error,
            Err("the time is in UTC-04:00, and those before in UTC-05:00; write all in one zone, \
                 or name the zone that has both with --time-zone"
                .into())
        );
        assert!(times.read("2019-03-11 09:30").is_err(), "no zone");
        assert!(times.read("1549895400").is_err(), "a number");
        let mut times = Times::new(&new_york());
        assert!(times.read("2019-03-08T09:30:00-05:00").is_ok());
        assert!(times.read(summer).is_ok(), "New York in summer");
        assert!(times.read("2019-03-12T14:30:00Z").is_err(), "not New York");
    }
}
