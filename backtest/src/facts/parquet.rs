//! Tables as Parquet.

use super::{FactTable, FactValues};
use polars_core::prelude::{
    Column, DataFrame, Float64Chunked, Int64Chunked, Int128Chunked, IntoColumn, IntoSeries,
    NewChunkedArray, PlSmallStr, PolarsResult, StringChunked, TimeUnit, TimeZone,
};
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use std::io::{self, Write};

/// Digits of money, prices and quantities: before the point and after it, and after it.
const PRECISION: usize = 19;
const SCALE: usize = 9;

pub(super) fn write(table: &FactTable, out: &mut impl Write) -> io::Result<()> {
    let columns = table.columns.iter().map(|column| made(column.name, &column.values));
    let frame = columns.collect::<PolarsResult<Vec<Column>>>();
    let frame = frame.and_then(|columns| DataFrame::new(table.rows(), columns));
    let mut frame = frame.map_err(io::Error::other)?;
    let writer = ParquetWriter::new(&mut *out)
        .with_compression(ParquetCompression::Lz4Raw)
        .set_parallel(false);
    writer.finish(&mut frame).map_err(io::Error::other)?;
    out.flush()
}

fn made(name: &'static str, values: &FactValues) -> PolarsResult<Column> {
    let name = PlSmallStr::from_static(name);
    let series = match values {
        FactValues::Text(texts) => {
            StringChunked::from_iter_options(name, texts.iter().map(Option::as_deref)).into_series()
        }
        FactValues::Time(times) => {
            let nanos = times.iter().map(|time| time.nanos()).collect();
            let times = Int64Chunked::from_vec(name, nanos);
            times.into_datetime(TimeUnit::Nanoseconds, Some(TimeZone::UTC)).into_series()
        }
        FactValues::Decimal(nanos) => {
            let nanos = nanos.iter().map(|nanos| nanos.map(i128::from));
            let nanos = Int128Chunked::from_iter_options(name, nanos);
            nanos.into_decimal_unchecked(PRECISION, SCALE).into_series()
        }
        FactValues::Number(numbers) => {
            Float64Chunked::from_iter_options(name, numbers.iter().copied()).into_series()
        }
        FactValues::Whole(counts) => Int64Chunked::from_vec(name, counts.clone()).into_series(),
    };
    Ok(series.into_column())
}
