//! The work that speed is stated for.

use kernel::{Bar, MarketData, Price, Span, Symbols, Timestamp, Volume};
use marketdata::Feed;
use marketdata::calendar::{Date, trading_days};

/// Minutes of a regular session.
const SESSION: usize = 390;
/// Bars from one low to the next.
const SWING: i64 = 800;

/// Synthetic minute bars of one symbol, `SYN`, from 1998 on: a price that swings between 100 and
/// 108 USD once in 800 bars, with noise of a few cents. Averages of 10 and 30 bars cross twice in
/// a swing, so a strategy on them fills at least once in 500 bars. The same number of bars is the
/// same data.
pub fn swings(bars: usize) -> Feed {
    let symbols = Symbols::new(["SYN"]).unwrap_or_default();
    let mut noise = Noise(42);
    let mut last = 10_000;
    let data = (0..).zip(minutes().take(bars)).flat_map(|(bar, open_time)| {
        let (open, close) = (last, level(bar) + noise.cents());
        last = close;
        symbols.ids().next().map(|symbol| {
            MarketData::Bar(Bar {
                symbol,
                open_time,
                length: Span::from_secs(60),
                open: cents(open),
                high: cents(open.max(close) + 1),
                low: cents(open.min(close) - 1),
                close: cents(close),
                volume: Volume::from_nanos(5_000_000_000_000),
            })
        })
    });
    let data = data.collect();
    Feed { symbols, data, bar_length: Some(Span::from_secs(60)) }
}

/// The opening times of the minutes of regular sessions.
fn minutes() -> impl Iterator<Item = Timestamp> {
    let years = (1998_i16..2200)
        .map(|year| trading_days(Date::constant(year, 1, 1), Date::constant(year, 12, 31)));
    years.flatten().flat_map(|day| {
        let minutes =
            (0..SESSION as i64).map(move |minute| day.open.plus(Span::from_secs(60 * minute)));
        minutes.take_while(move |minute| *minute < day.close)
    })
}

/// The middle of the swing at a bar, in cents.
fn level(bar: i64) -> i64 {
    let phase = bar % SWING;
    10_000 + 2 * phase.min(SWING - phase)
}

fn cents(cents: i64) -> Price {
    Price::from_nanos(cents * 10_000_000)
}

/// A linear congruential generator of 31 bits.
struct Noise(u64);

impl Noise {
    /// From -3 to 3.
    fn cents(&mut self) -> i64 {
        self.0 = (1_103_515_245 * self.0 + 12_345) % (1 << 31);
        i64::try_from(self.0 >> 16).unwrap_or(0) % 7 - 3
    }
}
