//! How far prices move: Wilder's average true range and the variance of returns, of each symbol.
//!
//! Kept only for the windows that sizes of entries are measured over. Both are smoothed as Wilder
//! does: the mean of the first `bars` values, then each new one with the weight `1 / bars`. The first
//! bar has no close before it and gives none.
//! Source: J. Welles Wilder, New Concepts in Technical Trading Systems (1978), chapter 3.

use crate::{
    Bar, Limits, Percent, Price, Ratio, Rounding, SCALE, Span, SymbolId, Timestamp, TradingDay,
};
use serde::{Deserialize, Serialize};

const DAY: Span = Span::from_secs(86_400);

/// How much a market trades in a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Year {
    days: i128,
    session: Span,
}

impl Year {
    /// 252 regular sessions of an exchange of stocks.
    const STOCKS: Self = Self { days: 252, session: Span::from_secs(23_400) };
    const NEVER_CLOSED: Self = Self { days: 365, session: DAY };

    /// The year of a market with such trading days: one that never closes trades the whole of each.
    pub fn of(day: Option<&TradingDay>) -> Self {
        match day {
            Some(day) if day.close.since(day.open) >= DAY => Self::NEVER_CLOSED,
            _ => Self::STOCKS,
        }
    }
}

/// What is measured, a window after the other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Ranges {
    windows: Vec<Window>,
}

/// What is measured over so many bars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Window {
    bars: u32,
    symbols: Vec<Range>,
}

/// What is measured of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Range {
    /// When the newest bar that counted ended, its length and its close.
    until: Timestamp,
    length: Span,
    close: Price,
    /// Bars that counted.
    seen: u32,
    /// USD at 1e-9: the sum of the first true ranges, then their smoothed mean.
    range: i128,
    /// Squared returns at 1e-18 likewise.
    variance: i128,
}

impl Ranges {
    /// For the windows that the limits name.
    pub fn of(limits: &Limits, symbols: usize) -> Self {
        let bars = limits.scopes.sizing.iter().flatten().filter_map(|rule| rule.model.bars());
        let mut bars: Vec<u32> = bars.collect();
        bars.sort_unstable();
        bars.dedup();
        let window = |bars| Window { bars, symbols: vec![Range::default(); symbols] };
        Self { windows: bars.into_iter().map(window).collect() }
    }

    /// Whether nothing is measured.
    pub const fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// Takes in a bar that is newer than the last.
    pub fn note(&mut self, bar: &Bar) {
        for window in &mut self.windows {
            if let Some(range) = window.symbols.get_mut(bar.symbol.index()) {
                range.note(bar, window.bars);
            }
        }
    }

    /// Turns what is known of a symbol into new shares.
    pub fn split(&mut self, symbol: SymbolId, ratio: Ratio) {
        for window in &mut self.windows {
            if let Some(range) = window.symbols.get_mut(symbol.index()) {
                range.close = ratio.price(range.close).unwrap_or(range.close);
                let mean = i64::try_from(range.range).ok().map(Price::from_nanos);
                let split = mean.and_then(|mean| ratio.price(mean));
                range.range = split.map_or(range.range, |price| i128::from(price.nanos()));
            }
        }
    }

    /// Bars of a symbol that counted.
    pub fn seen(&self, symbol: SymbolId, bars: u32) -> u32 {
        self.find(symbol, bars).map_or(0, |range| range.seen)
    }

    /// The average true range of a symbol.
    pub fn true_range(&self, symbol: SymbolId, bars: u32) -> Option<Price> {
        let range = self.find(symbol, bars).filter(|range| range.seen > bars)?;
        i64::try_from(range.range).ok().map(Price::from_nanos)
    }

    /// The standard deviation of a symbol's returns in a year: of its trading days, or of as many bars as
    /// have room in their regular sessions.
    pub fn yearly_volatility(&self, symbol: SymbolId, bars: u32, year: Year) -> Option<Percent> {
        let range = self.find(symbol, bars).filter(|range| range.seen > bars)?;
        let length = i128::from(range.length.nanos().max(1));
        let a_year = if range.length >= DAY {
            range.variance.checked_mul(year.days)?
        } else {
            range.variance.checked_mul(year.days * i128::from(year.session.nanos()))? / length
        };
        let deviation = u128::try_from(a_year).ok()?.isqrt();
        let percent = deviation.checked_mul(100)?;
        i64::try_from(percent).ok().map(Percent::from_nanos)
    }

    fn find(&self, symbol: SymbolId, bars: u32) -> Option<&Range> {
        let window = self.windows.iter().find(|window| window.bars == bars)?;
        window.symbols.get(symbol.index())
    }
}

impl Range {
    fn note(&mut self, bar: &Bar, bars: u32) {
        let until = bar.end_time();
        if self.seen > 0 && until <= self.until {
            return;
        }
        if self.seen > 0 && self.close.is_positive() {
            let before = self.close;
            let spread = bar.high.max(before).nanos() - bar.low.min(before).nanos();
            let step = i128::from(bar.close.nanos()) - i128::from(before.nanos());
            let change =
                Rounding::HalfEven.divide(step * i128::from(SCALE), i128::from(before.nanos()));
            // A price that is a billion times the one before is no return; it would not fit.
            let square = change.checked_mul(change).unwrap_or(i128::MAX >> 32);
            self.range = smoothed(self.range, i128::from(spread), self.seen, bars);
            self.variance = smoothed(self.variance, square, self.seen, bars);
        }
        self.seen = self.seen.saturating_add(1);
        (self.until, self.length, self.close) = (until, bar.length, bar.close);
    }
}

/// A sum or a mean with one more value, the one of number `count`.
fn smoothed(held: i128, value: i128, count: u32, bars: u32) -> i128 {
    let bars = i128::from(bars.max(1));
    let count = i128::from(count);
    let sum = match count.cmp(&bars) {
        std::cmp::Ordering::Less => return held.saturating_add(value),
        std::cmp::Ordering::Equal => held.saturating_add(value),
        std::cmp::Ordering::Greater => held.saturating_mul(bars - 1).saturating_add(value),
    };
    Rounding::HalfEven.divide(sum, bars)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(hours: i64) -> TradingDay {
        let open = Timestamp::from_nanos(0);
        let close = open.plus(Span::from_secs(hours * 3600));
        TradingDay { date: 19_700_101, open, close, extended_open: open, extended_close: close }
    }

    #[test]
    fn a_year_is_that_of_the_market() {
        assert_eq!(Year::of(None), Year::STOCKS);
        assert_eq!(Year::of(Some(&day(6))), Year::STOCKS);
        assert_eq!(Year::of(Some(&day(24))), Year::NEVER_CLOSED);
    }

    #[test]
    fn volatility_is_that_of_the_whole_year() {
        let symbol = crate::Symbols::new(["A"]).unwrap().ids().next().unwrap();
        let mut range = Range { length: Span::from_secs(60), seen: 15, ..Range::default() };
        // A return of a thousandth in each minute, at 1e-18.
        range.variance = 1_000_000_000_000;
        let ranges = Ranges { windows: vec![Window { bars: 14, symbols: vec![range] }] };
        let yearly = |year| ranges.yearly_volatility(symbol, 14, year).unwrap().to_f64();
        // In percent: 0.1 times the root of the minutes of a year.
        assert!((yearly(Year::STOCKS) - 0.1 * (252.0 * 390.0_f64).sqrt()).abs() < 1e-6);
        assert!((yearly(Year::NEVER_CLOSED) - 0.1 * (365.0 * 1440.0_f64).sqrt()).abs() < 1e-6);
    }
}
