//! Rows as columns, and columns as rows.

use super::{Series, StoreError};
use kernel::{Bar, MarketData, Price, Quantity, Quote, SymbolId, Timestamp, Trade, Volume};
use marketdata::content::{Kind, row_time};
use polars_core::prelude::{
    Column, DataFrame, Int64Chunked, Int128Chunked, IntoColumn, IntoSeries, PlSmallStr,
    PolarsResult, TimeUnit, TimeZone,
};

pub(super) const SCALE: usize = 9;
pub(super) const PRECISION: usize = 18;
const VOLUME_PRECISION: usize = 38;
/// The first integer that eighteen digits do not write.
const TOO_LARGE: i64 = 1_000_000_000_000_000_000;
/// The first integer that thirty-eight digits do not write.
const TOO_LARGE_VOLUME: u128 = 100_000_000_000_000_000_000_000_000_000_000_000_000;

/// The columns after the time.
pub(super) const fn columns(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Bars => &["open", "high", "low", "close", "volume"],
        Kind::Quotes => &["bid_price", "bid_size", "ask_price", "ask_size"],
        Kind::Trades => &["price", "size"],
    }
}

pub(super) const TIME: &str = "timestamp";

/// The numbers of a row in the order of [`columns`].
fn values(datum: &MarketData) -> [i128; 5] {
    match datum {
        MarketData::Bar(bar) => {
            let [open, high, low, close] =
                [bar.open, bar.high, bar.low, bar.close].map(|price| i128::from(price.nanos()));
            // What does not fit was refused by `check`.
            [open, high, low, close, i128::try_from(bar.volume.nanos()).unwrap_or(i128::MAX)]
        }
        MarketData::Quote(quote) => {
            let sizes = [quote.bid_size, quote.ask_size].map(|size| i128::from(size.nanos()));
            let prices = [quote.bid, quote.ask].map(|price| i128::from(price.nanos()));
            [prices[0], sizes[0], prices[1], sizes[1], 0]
        }
        MarketData::Trade(trade) => {
            [i128::from(trade.price.nanos()), i128::from(trade.size.nanos()), 0, 0, 0]
        }
    }
}

/// Refuses a row that the columns cannot hold.
pub(super) fn check(series: &Series, datum: &MarketData) -> Result<(), StoreError> {
    let fits = |value: i128| value.abs() < i128::from(TOO_LARGE);
    let volume = matches!(datum, MarketData::Bar(bar) if bar.volume.nanos() >= TOO_LARGE_VOLUME);
    let prices = if matches!(datum, MarketData::Bar(_)) { 4 } else { 5 };
    let place = values(datum).into_iter().take(prices).position(|value| !fits(value));
    let place = if volume { Some(4) } else { place };
    let column = place.and_then(|place| columns(series.kind).get(place));
    let Some(column) = column else { return Ok(()) };
    let value = match datum {
        MarketData::Bar(bar) if volume => bar.volume.to_string(),
        _ => {
            let nanos = place.and_then(|place| values(datum).get(place).copied());
            Volume::from_nanos(nanos.unwrap_or_default().unsigned_abs()).to_string()
        }
    };
    Err(StoreError::TooLarge { series: series.words(), time: row_time(datum), column, value })
}

/// Rows of one kind as a table.
pub(super) fn to_frame(kind: Kind, rows: &[MarketData]) -> PolarsResult<DataFrame> {
    let name = |name: &'static str| PlSmallStr::from_static(name);
    let times = rows.iter().map(|datum| row_time(datum).nanos()).collect();
    let times = Int64Chunked::from_vec(name(TIME), times);
    let times = times.into_datetime(TimeUnit::Nanoseconds, Some(TimeZone::UTC));
    let mut table: Vec<Column> = vec![times.into_series().into_column()];
    for (place, column) in columns(kind).iter().enumerate() {
        let numbers = rows.iter().map(|datum| values(datum).get(place).copied());
        let numbers = numbers.map(Option::unwrap_or_default).collect();
        let precision = if *column == "volume" { VOLUME_PRECISION } else { PRECISION };
        let decimals = Int128Chunked::from_vec(name(column), numbers);
        let decimals = decimals.into_decimal_unchecked(precision, SCALE);
        table.push(decimals.into_series().into_column());
    }
    DataFrame::new(rows.len(), table)
}

/// A table that [`to_frame`] made as rows, added to others.
pub(super) fn to_rows(
    series: &Series,
    symbol: SymbolId,
    table: &DataFrame,
    rows: &mut Vec<MarketData>,
) -> PolarsResult<()> {
    let times = table.column(TIME)?.datetime()?.physical().rechunk();
    let times = times.cont_slice()?.iter().map(|nanos| Timestamp::from_nanos(*nanos));
    let decimals = columns(series.kind).iter().map(|name| {
        let column = table.column(name)?;
        Ok(column.decimal()?.physical().rechunk().into_owned())
    });
    let decimals = decimals.collect::<PolarsResult<Vec<Int128Chunked>>>()?;
    let slices = decimals.iter().map(|column| column.cont_slice());
    let slices = slices.collect::<PolarsResult<Vec<&[i128]>>>()?;
    rows.reserve(table.height());
    match (series.kind, slices.as_slice()) {
        (Kind::Bars, [open, high, low, close, volume]) => {
            let prices = open.iter().zip(*high).zip(low.iter().zip(*close));
            rows.extend(times.zip(prices.zip(*volume)).map(
                |(open_time, (((open, high), (low, close)), volume))| {
                    MarketData::Bar(Bar {
                        symbol,
                        open_time,
                        length: series.length,
                        open: price(*open),
                        high: price(*high),
                        low: price(*low),
                        close: price(*close),
                        volume: Volume::from_nanos(volume.unsigned_abs()),
                    })
                },
            ));
        }
        (Kind::Quotes, [bid, bid_size, ask, ask_size]) => {
            let sides = bid.iter().zip(*bid_size).zip(ask.iter().zip(*ask_size));
            rows.extend(times.zip(sides).map(|(time, ((bid, bid_size), (ask, ask_size)))| {
                MarketData::Quote(Quote {
                    symbol,
                    time,
                    bid: price(*bid),
                    bid_size: size(*bid_size),
                    ask: price(*ask),
                    ask_size: size(*ask_size),
                })
            }));
        }
        (Kind::Trades, [prices, sizes]) => {
            let trades = prices.iter().zip(*sizes);
            rows.extend(times.zip(trades).map(|(time, (value, count))| {
                MarketData::Trade(Trade { symbol, time, price: price(*value), size: size(*count) })
            }));
        }
        // There are as many slices as names.
        _ => {}
    }
    Ok(())
}

/// A price of eighteen digits fits.
fn price(nanos: i128) -> Price {
    Price::from_nanos(nanos as i64)
}

fn size(nanos: i128) -> Quantity {
    Quantity::from_nanos(nanos as i64)
}
