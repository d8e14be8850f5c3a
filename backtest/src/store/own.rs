//! Parquet files of bars as this program writes them, column by column: no number becomes a text
//! on its way. What is not quite so is left to the reader of other programs' files, who also tells
//! what is wrong and where.

use super::parquet::RowGroups;
use super::{Adjustment, Series, table};
use csv::ByteRecord;
use kernel::{Bar, MarketData, Span, SymbolId, Symbols};
use marketdata::content::Kind;
use marketdata::{Decoder, Feed, ReadOptions};
use polars_core::prelude::{DataFrame, DataType, TimeUnit, TimeZone};
use std::path::Path;

/// The bars of a file, unless it is another kind of file or anything in it is wrong.
pub(super) fn bars(path: &Path) -> Option<Feed> {
    let mut groups = RowGroups::open(path).ok()?;
    let names = groups.columns().ok()?;
    let ours = [table::TIME].into_iter().chain(table::columns(Kind::Bars).iter().copied());
    if !names.iter().map(String::as_str).eq(ours) {
        return None;
    }
    let header = names.iter().map(String::as_bytes);
    let decoder = Decoder::new(path, header, &ReadOptions::default()).ok()?;
    let symbols = decoder.symbols().clone();
    let symbol = symbols.ids().next()?;
    let mut data = Vec::with_capacity(groups.rows());
    let series = series(&symbols, symbol);
    while let Some(rows) = groups.next_table(None).ok()? {
        if !is_ours(&rows) || has_negative_volume(&rows)? {
            return None;
        }
        table::to_rows(&series, symbol, &rows, &mut data).ok()?;
    }
    let length = length(decoder, &data)?;
    let mut before = None;
    for datum in &mut data {
        let MarketData::Bar(bar) = datum else { return None };
        bar.length = length;
        let is_later = before.is_none_or(|before| before < bar.open_time);
        before = Some(bar.open_time);
        if !is_later || datum.check().is_err() {
            return None;
        }
    }
    Some(Feed { symbols, data, bar_length: Some(length) })
}

fn series(symbols: &Symbols, symbol: SymbolId) -> Series {
    let (adjustment, length) = (Adjustment::default(), Span::ZERO);
    Series { adjustment, kind: Kind::Bars, length, symbol: symbols.name(symbol).into() }
}

/// Whether every column is of the type that this program writes, so that each number fits.
fn is_ours(rows: &DataFrame) -> bool {
    rows.columns().iter().all(|column| match (column.name().as_str(), column.dtype()) {
        (table::TIME, DataType::Datetime(TimeUnit::Nanoseconds, Some(zone))) => {
            *zone == TimeZone::UTC
        }
        ("volume", DataType::Decimal(_, scale)) => *scale == table::SCALE,
        (_, DataType::Decimal(precision, scale)) => {
            *precision <= table::PRECISION && *scale == table::SCALE
        }
        _ => false,
    })
}

fn has_negative_volume(rows: &DataFrame) -> Option<bool> {
    let volume = rows.column("volume").ok()?.decimal().ok()?.physical().rechunk();
    Some(volume.cont_slice().ok()?.iter().any(|units| *units < 0))
}

/// How long the bars last, by the smallest distance between two of them.
fn length(mut decoder: Decoder, data: &[MarketData]) -> Option<Span> {
    let open = |datum: &MarketData| match datum {
        MarketData::Bar(Bar { open_time, .. }) => Some(*open_time),
        MarketData::Quote(_) | MarketData::Trade(_) => None,
    };
    let pairs = data.iter().zip(data.iter().skip(1));
    let times = pairs.filter_map(|(one, next)| Some((open(one)?, open(next)?)));
    let (one, next) = times.min_by_key(|(one, next)| next.since(*one))?;
    for (line, time) in [(1, one), (2, next)] {
        let record = ByteRecord::from(vec![time.to_string().as_str(), "1", "1", "1", "1", "1"]);
        decoder.row(&record, line).ok()?;
    }
    decoder.bar_length().ok()
}
