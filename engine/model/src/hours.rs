//! Which bars of a file a session shows to models.

use crate::dataset::{DatasetError, Series};
use kernel::{Bar, Span, TradingDay, TradingHours};
use marketdata::calendar;

const DAY: Span = Span::from_secs(86_400);

/// Keeps the bars that sessions and backtests with such hours show: those that open in them, by the same
/// rule and calendar, and those that last a day.
///
/// # Errors
/// When none of a symbol's bars is left.
pub fn keep_shown(series: &mut [Series], hours: TradingHours) -> Result<(), DatasetError> {
    if hours == TradingHours::Always {
        return Ok(());
    }
    for one in series {
        let given = one.bars.len();
        let days = match (one.bars.first(), one.bars.last()) {
            (Some(first), Some(last)) => calendar::trading_days(
                calendar::date_of(first.open_time),
                calendar::date_of(last.open_time),
            ),
            _ => continue,
        };
        one.bars.retain(|bar| bar.length >= DAY || is_in(hours, &days, bar));
        if one.bars.is_empty() {
            return Err(DatasetError::Closed { symbol: one.symbol.clone(), bars: given, hours });
        }
    }
    Ok(())
}

/// Such hours, as they stand behind bars in a sentence.
pub const fn phrase(hours: TradingHours) -> &'static str {
    match hours {
        TradingHours::Regular => "of regular hours",
        TradingHours::Extended => "of regular and extended hours",
        TradingHours::Always => "of all hours",
    }
}

fn is_in(hours: TradingHours, days: &[TradingDay], bar: &Bar) -> bool {
    let next = days.partition_point(|day| day.extended_open <= bar.open_time);
    let day = next.checked_sub(1).and_then(|last| days.get(last));
    hours.hold(day.filter(|day| day.contains(bar.open_time)), bar.open_time)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;
    use kernel::{Price, Symbols, Timestamp, Volume};

    fn series(length: Span, times: &[&str]) -> [Series; 1] {
        let symbol = Symbols::new(["AAA"]).unwrap().ids().next().unwrap();
        let [open, high, low, close] = [Price::from_nanos(9_000_000_000); 4];
        let bar = |time: &&str| Bar {
            symbol,
            open_time: time.parse().unwrap(),
            length,
            open,
            high,
            low,
            close,
            volume: Volume::from_nanos(0),
        };
        [Series { symbol: "AAA".into(), bars: times.iter().map(bar).collect() }]
    }

    /// Which of the bars are kept.
    fn kept(hours: TradingHours, length: Span, times: &[&str]) -> Vec<usize> {
        let mut series = series(length, times);
        keep_shown(&mut series, hours).unwrap();
        let place = |bar: &Bar| {
            let is_it = |time: &&str| time.parse::<Timestamp>().unwrap() == bar.open_time;
            times.iter().position(is_it).unwrap()
        };
        series[0].bars.iter().map(place).collect()
    }

    /// Of a Saturday, a holiday and a Monday in winter, whose session is from 14:30 to 21:00.
    const TIMES: [&str; 8] = [
        "2024-01-13T15:00:00Z",
        "2024-01-15T15:00:00Z",
        "2024-02-05T08:59:00Z",
        "2024-02-05T09:00:00Z",
        "2024-02-05T14:29:00Z",
        "2024-02-05T14:30:00Z",
        "2024-02-05T20:59:00Z",
        "2024-02-05T21:00:00Z",
    ];

    #[test]
    fn what_sessions_show_is_kept() {
        let minute = Span::from_secs(60);
        assert_eq!(kept(TradingHours::Regular, minute, &TIMES), [5, 6]);
        assert_eq!(kept(TradingHours::Extended, minute, &TIMES), [3, 4, 5, 6, 7]);
        assert_eq!(kept(TradingHours::Always, minute, &TIMES).len(), TIMES.len());
        assert_eq!(kept(TradingHours::Regular, DAY, &TIMES).len(), TIMES.len());
    }

    #[test]
    fn a_symbol_of_which_nothing_is_left_is_a_sentence() {
        let mut series = series(Span::from_secs(60), &TIMES[..3]);
        let refused = keep_shown(&mut series, TradingHours::Regular).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "AAA: none of its 3 bars opens in the regular hours of New York, and a session shows no others"
        );
    }
}
