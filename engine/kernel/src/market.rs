//! Market data as the kernel takes it.

use crate::{Price, Quantity, Span, SymbolId, Timestamp, Volume};
use serde::{Deserialize, Serialize};

/// One bar of trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// Whose bar.
    pub symbol: SymbolId,
    /// When the bar opened.
    pub open_time: Timestamp,
    /// How long it lasts; it is known at `open_time + length`.
    pub length: Span,
    /// First trade.
    pub open: Price,
    /// Highest trade.
    pub high: Price,
    /// Lowest trade.
    pub low: Price,
    /// Last trade.
    pub close: Price,
    /// What was traded; zero means none, or unknown.
    pub volume: Volume,
}

/// The best bid and ask. A side that nobody quotes has price and size zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Whose quote.
    pub symbol: SymbolId,
    /// When it was made.
    pub time: Timestamp,
    /// Highest price bid.
    pub bid: Price,
    /// Shares bid for.
    pub bid_size: Quantity,
    /// Lowest price asked.
    pub ask: Price,
    /// Shares offered.
    pub ask_size: Quantity,
}

/// One trade on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// Whose trade.
    pub symbol: SymbolId,
    /// When it happened.
    pub time: Timestamp,
    /// At what price.
    pub price: Price,
    /// How many shares.
    pub size: Quantity,
}

/// A trade as a later message names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapeTrade {
    /// The tape's number for it.
    pub id: Box<str>,
    /// At what price.
    pub price: Price,
    /// How many shares.
    pub size: Quantity,
}

/// A trade on the tape was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Whose trade.
    pub symbol: SymbolId,
    /// When it was corrected.
    pub time: Timestamp,
    /// As it was told first.
    pub original: TapeTrade,
    /// As it is.
    pub corrected: TapeTrade,
}

/// A trade on the tape was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelError {
    /// Whose trade.
    pub symbol: SymbolId,
    /// When it was taken back.
    pub time: Timestamp,
    /// The trade as it was told.
    pub trade: TapeTrade,
    /// Whether it was told in error; else the parties cancelled it.
    pub is_error: bool,
}

/// The prices between which a symbol may trade: limit up, limit down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Luld {
    /// Whose.
    pub symbol: SymbolId,
    /// Since when.
    pub time: Timestamp,
    /// Lowest price at which it may trade.
    pub lower: Price,
    /// Highest.
    pub upper: Price,
}

/// What a stream brings one kind of, and what it owes us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Bars.
    Bars,
    /// Quotes.
    Quotes,
    /// Trades.
    Trades,
    /// Updates of our orders.
    Orders,
}

impl Channel {
    /// `bars`, `quotes`, `trades` or `orders`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Channel::Bars => "bars",
            Channel::Quotes => "quotes",
            Channel::Trades => "trades",
            Channel::Orders => "orders",
        }
    }
}

/// Any market data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarketData {
    /// A complete bar.
    Bar(Bar),
    /// A change of the best bid or ask.
    Quote(Quote),
    /// A trade.
    Trade(Trade),
}

/// Why market data cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum MarketDataError {
    /// A price is zero or below.
    #[error("price is not above zero")]
    PriceNotPositive,
    /// High is not the highest or low not the lowest price of the bar.
    #[error("high or low does not bound the bar's prices")]
    BarBounds,
    /// A bar that lasts no time.
    #[error("bar length is not above zero")]
    BarLength,
    /// The bid is above the ask.
    #[error("bid is above ask")]
    Crossed,
    /// A size below zero, or a trade of nothing.
    #[error("size is not usable")]
    Size,
    /// Neither side is quoted.
    #[error("quote has no side")]
    NoSide,
    /// A symbol that the session does not hold.
    #[error("symbol is not in the session")]
    UnknownSymbol,
    /// Stamped later than the clock, by more than clocks differ.
    #[error("it is from the future")]
    FromTheFuture,
    /// A bar that ended before the newest one of its symbol.
    #[error("a later bar is known already")]
    OutOfTurn,
}

/// How far ahead of the clock data may be stamped: more than a clock that is looked after differs,
/// and less than the shortest bar.
pub const AHEAD: Span = Span::from_secs(30);

impl Bar {
    /// When the bar is complete and may be acted on.
    #[inline]
    pub const fn end_time(&self) -> Timestamp {
        self.open_time.plus(self.length)
    }

    #[inline]
    fn check(&self) -> Result<(), MarketDataError> {
        // Together, without a branch for each: almost every bar is sound.
        let is_sound = self.low.is_positive()
            & (self.length > Span::ZERO)
            & (self.low <= self.open)
            & (self.open <= self.high)
            & (self.low <= self.close)
            & (self.close <= self.high);
        if is_sound { Ok(()) } else { Err(self.mistake()) }
    }

    /// The first thing that is wrong with a bar that is not sound.
    #[cold]
    fn mistake(&self) -> MarketDataError {
        if !self.low.is_positive() {
            MarketDataError::PriceNotPositive
        } else if self.length <= Span::ZERO {
            MarketDataError::BarLength
        } else {
            MarketDataError::BarBounds
        }
    }
}

impl Quote {
    fn check(&self) -> Result<(), MarketDataError> {
        if self.bid.is_negative() || self.ask.is_negative() {
            return Err(MarketDataError::PriceNotPositive);
        }
        if self.bid_size.is_negative() || self.ask_size.is_negative() {
            return Err(MarketDataError::Size);
        }
        match (self.bid.is_zero(), self.ask.is_zero()) {
            (true, true) => Err(MarketDataError::NoSide),
            (false, false) if self.bid > self.ask => Err(MarketDataError::Crossed),
            _ => Ok(()),
        }
    }

    /// Half way between bid and ask, or the only side there is.
    pub fn mid(&self) -> Price {
        match (self.bid.is_zero(), self.ask.is_zero()) {
            (true, _) => self.ask,
            (_, true) => self.bid,
            (false, false) => {
                Price::from_nanos(self.bid.nanos() + (self.ask.nanos() - self.bid.nanos()) / 2)
            }
        }
    }
}

impl Luld {
    /// Whether they can be bands at all.
    pub fn is_usable(&self) -> bool {
        self.lower.is_positive() && self.lower <= self.upper
    }
}

impl Trade {
    fn check(&self) -> Result<(), MarketDataError> {
        if !self.price.is_positive() {
            return Err(MarketDataError::PriceNotPositive);
        }
        if self.size.is_positive() { Ok(()) } else { Err(MarketDataError::Size) }
    }
}

impl MarketData {
    /// Whose data.
    #[inline]
    pub const fn symbol(&self) -> SymbolId {
        match self {
            MarketData::Bar(bar) => bar.symbol,
            MarketData::Quote(quote) => quote.symbol,
            MarketData::Trade(trade) => trade.symbol,
        }
    }

    /// The channel that brings it.
    pub const fn channel(&self) -> Channel {
        match self {
            MarketData::Bar(_) => Channel::Bars,
            MarketData::Quote(_) => Channel::Quotes,
            MarketData::Trade(_) => Channel::Trades,
        }
    }

    /// When it is known: a bar at its end, a quote or trade when it was made.
    #[inline]
    pub const fn time(&self) -> Timestamp {
        match self {
            MarketData::Bar(bar) => bar.end_time(),
            MarketData::Quote(quote) => quote.time,
            MarketData::Trade(trade) => trade.time,
        }
    }

    /// The price it says the symbol has: close, mid or trade.
    #[inline]
    pub fn price(&self) -> Price {
        match self {
            MarketData::Bar(bar) => bar.close,
            MarketData::Quote(quote) => quote.mid(),
            MarketData::Trade(trade) => trade.price,
        }
    }

    /// Whether it can be believed at all.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    #[inline]
    pub fn check(&self) -> Result<(), MarketDataError> {
        match self {
            MarketData::Bar(bar) => bar.check(),
            MarketData::Quote(quote) => quote.check(),
            MarketData::Trade(trade) => trade.check(),
        }
    }
}
