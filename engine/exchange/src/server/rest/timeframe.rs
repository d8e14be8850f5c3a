//! Bars of longer times, put together from those the venue has.

use super::super::tape::merge;
use super::super::wire::time::{from_jiff, in_new_york};
use kernel::{Bar, Span, Timestamp};

/// The length of the bars that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timeframe {
    Minutes(u8),
    Hours(u8),
    Day,
    Week,
    Months(u8),
}

/// The day on which the clocks go back is longer by this.
const DAYLIGHT_SAVING: Span = Span::from_secs(3_600);

impl Timeframe {
    /// Reads `5Min`, `1Hour`, `1Day`, `1Week`, `3Month` and their short forms.
    /// Source: Alpaca, Market Data API 1.1, parameter `timeframe`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, unit) = text.split_at_checked(digits)?;
        let count: u8 = count.parse().ok()?;
        match (unit, count) {
            ("Min" | "T", 1..=59) => Some(Self::Minutes(count)),
            ("Hour" | "H", 1..=23) => Some(Self::Hours(count)),
            ("Day" | "D", 1) => Some(Self::Day),
            ("Week" | "W", 1) => Some(Self::Week),
            ("Month" | "M", 1 | 2 | 3 | 4 | 6 | 12) => Some(Self::Months(count)),
            _ => None,
        }
    }

    /// The start of the bar that holds an instant, all by New York's clock.
    fn start_of(self, at: Timestamp) -> Timestamp {
        let zoned = in_new_york(at);
        let midnight = || zoned.start_of_day();
        let start = match self {
            Self::Minutes(count) => return step_of(at, Span::from_secs(i64::from(count) * 60)),
            Self::Hours(count) => {
                let Some(day) = midnight().ok().and_then(|day| from_jiff(day.timestamp())) else {
                    return at;
                };
                let into = step_of(
                    Timestamp::from_nanos(at.since(day).nanos()),
                    Span::from_secs(i64::from(count) * 3600),
                );
                return day.plus(Span::from_nanos(into.nanos()));
            }
            Self::Day => midnight(),
            Self::Week => {
                let back = i64::from(zoned.weekday().to_monday_zero_offset());
                midnight().and_then(|day| day.checked_sub(jiff::Span::new().days(back)))
            }
            Self::Months(count) => {
                let month = i64::from(zoned.month()) - 1;
                let back = month % i64::from(count);
                zoned
                    .first_of_month()
                    .and_then(|first| first.checked_sub(jiff::Span::new().months(back)))
                    .and_then(|first| first.start_of_day())
            }
        };
        start.ok().and_then(|start| from_jiff(start.timestamp())).unwrap_or(at)
    }

    /// The bars of this length that begin between two instants, and perhaps one before them.
    pub(super) fn bars_between(self, bars: &[Bar], start: Timestamp, end: Timestamp) -> Vec<Bar> {
        // A bar that begins by the end goes on behind it.
        let last = end.plus(self.longest()).plus(DAYLIGHT_SAVING);
        let from = bars.partition_point(|bar| bar.open_time < start);
        let to = bars.partition_point(|bar| bar.open_time <= last).max(from);
        self.bars_from(bars.get(from..to).unwrap_or_default())
    }

    /// Bars of this length from shorter ones in time order. Bars that are longer than asked for
    /// say nothing about the inside of their time: there are none then.
    pub(super) fn bars_from(self, bars: &[Bar]) -> Vec<Bar> {
        let mut built: Vec<Bar> = Vec::new();
        for bar in bars.iter().filter(|bar| bar.length <= self.longest()) {
            let start = self.start_of(bar.open_time);
            match built.last_mut() {
                Some(running) if running.open_time == start => merge(running, bar),
                _ => built.push(Bar { open_time: start, ..*bar }),
            }
        }
        built
    }

    fn longest(self) -> Span {
        Span::from_secs(match self {
            Self::Minutes(count) => i64::from(count) * 60,
            Self::Hours(count) => i64::from(count) * 3600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
            Self::Months(count) => i64::from(count) * 31 * 86_400,
        })
    }
}

fn step_of(at: Timestamp, step: Span) -> Timestamp {
    Timestamp::from_nanos(at.nanos().div_euclid(step.nanos()) * step.nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_days_begin_by_new_yorks_clock() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let cases = [
            ("5Min", "2026-07-06T13:34:59Z", "2026-07-06T13:30:00Z"),
            ("4Hour", "2026-07-06T13:30:00Z", "2026-07-06T12:00:00Z"),
            ("4H", "2026-01-06T14:30:00Z", "2026-01-06T13:00:00Z"),
            ("1Day", "2026-07-07T03:59:00Z", "2026-07-06T04:00:00Z"),
            ("1W", "2026-07-12T12:00:00Z", "2026-07-06T04:00:00Z"),
            ("6Month", "2026-11-30T12:00:00Z", "2026-07-01T04:00:00Z"),
        ];
        for (timeframe, instant, start) in cases {
            let timeframe = Timeframe::read(timeframe).unwrap();
            assert_eq!(timeframe.start_of(at(instant)), at(start), "{timeframe:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_and_instant_are_taken(text: String, nanos: i64) {
            let timeframe = Timeframe::read(&text).unwrap_or(Timeframe::Months(3));
            timeframe.start_of(Timestamp::from_nanos(nanos));
            Timeframe::Hours(7).start_of(Timestamp::from_nanos(nanos));
        }
    }
}
