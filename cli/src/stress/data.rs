//! The market of a drill: generated minute bars, the same in every run.

use kernel::{
    Bar, BasisPoints, MarketData, Price, Quantity, Quote, Rounding, Span, Symbols, Trade,
};
use marketdata::calendar::Date;
use marketdata::{Feed, Generator, SyntheticConfig};

const MINUTE: Span = Span::from_secs(60);
/// Minutes of a regular session.
const SESSION: usize = 390;
/// The last day's data end so many minutes before its close, where the exchange would end the day's
/// orders behind the back of a session that ends there too.
const BEFORE_THE_CLOSE: usize = 15;
/// The first day's data begin so many quiet minutes before the last at which an order for the opening
/// auction is taken.
const BEFORE_THE_OPEN: i64 = 12;
/// That last minute ends so long before the open.
const LAST_FOR_AUCTION: i64 = 2;

/// Bars of some symbols for so many days (one at least) from Monday 2026-01-05 on, with a quote half a minute
/// before the end of each and a trade twenty seconds before it, if wanted.
pub fn feed(symbols: &Symbols, days: usize, (quotes, trades): (bool, bool)) -> Feed {
    let start = Date::constant(2026, 1, 5);
    let config = SyntheticConfig { seed: 11, symbols: symbols.clone(), start, extended: false };
    let mut steps = Generator::new(&config).take(SESSION * days - BEFORE_THE_CLOSE).peekable();
    let mut data = Vec::new();
    let first = steps.peek().cloned().unwrap_or_default();
    let before = (0..BEFORE_THE_OPEN).map(|minute| still(&first, minute));
    for step in before.chain(steps) {
        if quotes {
            data.extend(step.iter().filter_map(quote));
        }
        if trades {
            data.extend(step.iter().filter_map(trade));
        }
        data.extend(step);
    }
    Feed { symbols: symbols.clone(), data, bar_length: Some(MINUTE) }
}

/// A minute before the open, from 0, in which every symbol stands at the price at which it opens.
fn still(first: &[MarketData], minute: i64) -> Vec<MarketData> {
    let before = Span::from_secs(60 * (BEFORE_THE_OPEN + LAST_FOR_AUCTION - minute));
    let moved = first.iter().filter_map(|data| match data {
        MarketData::Bar(bar) => Some(MarketData::Bar(Bar {
            open_time: bar.open_time.minus(before),
            high: bar.open,
            low: bar.open,
            close: bar.open,
            ..*bar
        })),
        MarketData::Quote(_) | MarketData::Trade(_) => None,
    });
    moved.collect()
}

/// The quote half a minute into a bar: two basis points around its open.
fn quote(data: &MarketData) -> Option<MarketData> {
    let MarketData::Bar(bar) = data else { return None };
    let beside = |points: i32, rounding: Rounding| -> Option<Price> {
        Some(bar.open.shifted(BasisPoints::new(points), rounding)?.to_tick(rounding))
    };
    let size = Quantity::from_whole(100)?;
    Some(MarketData::Quote(Quote {
        symbol: bar.symbol,
        time: bar.open_time.plus(Span::from_secs(30)),
        bid: beside(-1, Rounding::Down)?,
        bid_size: size,
        ask: beside(1, Rounding::Up)?,
        ask_size: size,
    }))
}

/// The trade forty seconds into a bar, at its open.
fn trade(data: &MarketData) -> Option<MarketData> {
    let MarketData::Bar(bar) = data else { return None };
    Some(MarketData::Trade(Trade {
        symbol: bar.symbol,
        time: bar.open_time.plus(Span::from_secs(40)),
        price: bar.open,
        size: Quantity::from_whole(100)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_market_is_the_same_in_every_run_and_ends_inside_a_session() {
        let symbols = Symbols::new(["SYNA", "SYNB"]).unwrap();
        let feed = feed(&symbols, 2, (true, true));
        assert_eq!(feed, super::feed(&symbols, 2, (true, true)));
        assert!(feed.data.iter().all(|data| data.check().is_ok()));
        let last = feed.data.last().unwrap().time();
        assert_eq!(last.to_string(), "2026-01-06T20:45:00.000000000Z");
        let quotes = feed.data.iter().filter(|data| matches!(data, MarketData::Quote(_))).count();
        let trades = feed.data.iter().filter(|data| matches!(data, MarketData::Trade(_))).count();
        assert_eq!((quotes * 3, trades * 3), (feed.data.len(), feed.data.len()));
    }
}
