//! One row into one piece of market data.

use super::layout::{Column, Kind, Layout};
use crate::{Fault, MarketDataFileError};
use csv::ByteRecord;
use kernel::{
    Bar, MarketData, NumberError, Price, Quantity, Quote, Rounding, Span, SymbolId, Timestamp,
    Trade, Volume,
};
use std::path::Path;

const PRICE: &str = "a price above zero with at most nine digits after the point";
const QUOTE_PRICE: &str = "a price, or 0 for a side that nobody quotes";
const SIZE: &str = "a size above zero";
const QUOTE_SIZE: &str = "a size of zero or more";
const VOLUME: &str = "a volume of zero or more";

/// A number of nine digits after the point.
trait Decimal: Sized {
    /// Exactly, or rounded when a rounding says so.
    fn read(text: &str, rounding: Option<Rounding>) -> Result<Self, NumberError>;
}

impl Decimal for Price {
    fn read(text: &str, rounding: Option<Rounding>) -> Result<Self, NumberError> {
        rounding.map_or_else(|| text.parse(), |rounding| Self::from_decimal(text, rounding))
    }
}

impl Decimal for Quantity {
    fn read(text: &str, rounding: Option<Rounding>) -> Result<Self, NumberError> {
        rounding.map_or_else(|| text.parse(), |rounding| Self::from_decimal(text, rounding))
    }
}

/// A row with what is needed to say where a mistake is.
pub(super) struct Row<'a> {
    pub file: &'a Path,
    pub record: &'a ByteRecord,
    pub line: u64,
    /// Whether digits beyond the ninth are rounded.
    pub rounds: bool,
}

impl Row<'_> {
    pub(super) fn error(&self, column: Option<Column>, fault: Fault) -> MarketDataFileError {
        let column = column.map(|column| column.name);
        MarketDataFileError { file: self.file.into(), row: Some(self.line), column, fault }
    }

    pub(super) fn text(&self, column: Column) -> Result<&str, MarketDataFileError> {
        let field = self.record.get(column.place).unwrap_or_default();
        let text = str::from_utf8(field).map_err(|_| self.error(Some(column), Fault::NotText))?;
        // Some programs put every field between quotation marks, or spaces behind commas.
        Ok(text.trim_matches(|c| c == '"' || c == ' '))
    }

    /// The market data of the row. A bar's length is not known yet and stays zero.
    pub(super) fn data(
        &self,
        layout: &Layout,
        symbol: SymbolId,
        time: Timestamp,
    ) -> Result<MarketData, MarketDataFileError> {
        match &layout.kind {
            Kind::Bars { open, high, low, close, volume } => {
                let bar = Bar {
                    symbol,
                    open_time: time,
                    length: Span::ZERO,
                    open: self.price(*open)?,
                    high: self.price(*high)?,
                    low: self.price(*low)?,
                    close: self.price(*close)?,
                    volume: self.volume(*volume)?,
                };
                self.check_bounds(&bar, *high, *low)?;
                Ok(MarketData::Bar(bar))
            }
            Kind::Quotes { bid, bid_size, ask, ask_size } => Ok(MarketData::Quote(Quote {
                symbol,
                time,
                bid: self.at_least_zero(*bid, QUOTE_PRICE, Price::ZERO)?,
                bid_size: self.at_least_zero(*bid_size, QUOTE_SIZE, Quantity::ZERO)?,
                ask: self.at_least_zero(*ask, QUOTE_PRICE, Price::ZERO)?,
                ask_size: self.at_least_zero(*ask_size, QUOTE_SIZE, Quantity::ZERO)?,
            })),
            Kind::Trades { price, size } => {
                let price = self.price(*price)?;
                let quantity: Quantity = self.number(*size, SIZE)?;
                self.demand(quantity.is_positive(), *size, SIZE)?;
                Ok(MarketData::Trade(Trade { symbol, time, price, size: quantity }))
            }
        }
    }

    fn price(&self, column: Column) -> Result<Price, MarketDataFileError> {
        let price: Price = self.number(column, PRICE)?;
        self.demand(price.is_positive(), column, PRICE)?;
        Ok(price)
    }

    fn volume(&self, column: Column) -> Result<Volume, MarketDataFileError> {
        let negative = self.record.get(column.place).is_some_and(|text| text.starts_with(b"-"));
        self.demand(!negative, column, VOLUME)?;
        self.parsed(column, VOLUME, Volume::from_decimal)
    }

    fn at_least_zero<N>(
        &self,
        column: Column,
        expected: &'static str,
        zero: N,
    ) -> Result<N, MarketDataFileError>
    where
        N: Decimal + PartialOrd,
    {
        let number: N = self.number(column, expected)?;
        self.demand(number >= zero, column, expected)?;
        Ok(number)
    }

    fn number<N: Decimal>(
        &self,
        column: Column,
        expected: &'static str,
    ) -> Result<N, MarketDataFileError> {
        let rounding = self.rounds.then_some(Rounding::HalfEven);
        self.parsed(column, expected, |text| N::read(text, rounding))
    }

    fn parsed<N>(
        &self,
        column: Column,
        expected: &'static str,
        parse: impl Fn(&str) -> Result<N, NumberError>,
    ) -> Result<N, MarketDataFileError> {
        let text = self.text(column)?;
        parse(text).map_err(|reason| {
            self.error(Some(column), Fault::Number { text: text.into(), expected, reason })
        })
    }

    fn demand(
        &self,
        holds: bool,
        column: Column,
        expected: &'static str,
    ) -> Result<(), MarketDataFileError> {
        if holds {
            return Ok(());
        }
        let value = self.text(column)?.into();
        Err(self.error(Some(column), Fault::Range { value, expected }))
    }

    fn check_bounds(
        &self,
        bar: &Bar,
        high: Column,
        low: Column,
    ) -> Result<(), MarketDataFileError> {
        let wrong = if bar.high < bar.open || bar.high < bar.close || bar.high < bar.low {
            high
        } else if bar.low > bar.open || bar.low > bar.close {
            low
        } else {
            return Ok(());
        };
        let value = self.text(wrong)?.into();
        Err(self.error(Some(wrong), Fault::Bounds { value }))
    }
}
