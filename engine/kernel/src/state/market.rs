//! What is known of one symbol's market: the newest price, and the newest of each channel.

use super::State;
use crate::{
    Cash, Limits, Luld, MarketData, Position, Price, Quote, Ratio, Rounding, Span, SymbolId,
    Timestamp, Volume,
};
use serde::{Deserialize, Serialize};

/// The newest price of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    pub price: Price,
    /// When it was made; for a bar, its end.
    pub time: Timestamp,
    /// How long the bar lasted; zero for a quote or a trade.
    pub length: Span,
}

/// A halt of the venue's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Halt {
    since: Timestamp,
    /// Whether its end may have been told while nobody listened.
    may_be_over: bool,
}

/// What is known of one symbol's market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Market {
    pub last: Option<Last>,
    pub halt: Option<Halt>,
    pub bands: Option<Luld>,
    /// Whether the newest price is a trade that was taken back.
    pub is_void: bool,
    pub quote: Option<Quote>,
    pub trade: Option<Last>,
    /// The close of the newest bar.
    pub bar: Option<Last>,
    /// What was traded in the newest bar.
    pub volume: Volume,
}

impl Market {
    /// Keeps the newest price, and the newest of each channel.
    #[inline]
    pub fn note(&mut self, data: &MarketData, time: Timestamp) {
        let is_newer = |held: &Option<Last>| held.is_none_or(|held| held.time <= time);
        let length = match data {
            MarketData::Bar(bar) => bar.length,
            MarketData::Quote(_) | MarketData::Trade(_) => Span::ZERO,
        };
        let last = Last { price: data.price(), time, length };
        if is_newer(&self.last) {
            self.is_void = false;
            self.last = Some(last);
        }
        match data {
            MarketData::Bar(bar) if is_newer(&self.bar) => {
                self.bar = Some(last);
                self.volume = bar.volume;
            }
            MarketData::Quote(quote) if self.quote.is_none_or(|held| held.time <= time) => {
                self.quote = Some(*quote);
            }
            MarketData::Trade(_) if is_newer(&self.trade) => self.trade = Some(last),
            MarketData::Bar(_) | MarketData::Quote(_) | MarketData::Trade(_) => {}
        }
    }

    /// What a position is worth; `None` on overflow.
    #[inline]
    pub fn value(&self, position: &Position) -> Option<Cash> {
        match self.last {
            Some(last) => last.price.value(position.quantity, Rounding::HalfEven),
            None => Some(position.cost),
        }
    }

    /// Turns what is from before a split into new shares; prices since are in new shares already.
    pub fn split(&mut self, ratio: Ratio, began: Timestamp) {
        for last in [&mut self.last, &mut self.trade, &mut self.bar].into_iter().flatten() {
            if last.time < began {
                last.price = ratio.price(last.price).unwrap_or(last.price);
            }
        }
        if self.bar.is_some_and(|bar| bar.time < began) {
            self.volume = Volume::ZERO;
        }
        self.quote = self.quote.filter(|quote| quote.time >= began);
        self.bands = self.bands.filter(|bands| bands.time >= began);
    }
}

impl State {
    /// The last price seen of a symbol.
    #[inline]
    pub fn last_price(&self, symbol: SymbolId) -> Option<Price> {
        self.last_data(symbol).map(|last| last.price)
    }

    /// When the last price of a symbol was made.
    pub fn last_price_time(&self, symbol: SymbolId) -> Option<Timestamp> {
        self.last_data(symbol).map(|last| last.time)
    }

    /// Whether no quote that was made after this one is known, or no such trade. Bars come in turn.
    pub(crate) fn is_newest(&self, data: &MarketData) -> bool {
        let Some(market) = self.markets.get(data.symbol().index()) else { return false };
        match data {
            MarketData::Bar(_) => true,
            MarketData::Quote(quote) => market.quote.is_none_or(|held| held.time <= quote.time),
            MarketData::Trade(trade) => market.trade.is_none_or(|held| held.time <= trade.time),
        }
    }

    /// Whether the last price seen is a trade that was taken back.
    pub(crate) fn last_is_void(&self, symbol: SymbolId) -> bool {
        self.markets.get(symbol.index()).is_some_and(|market| market.is_void)
    }

    /// The last price seen of a symbol with where it came from.
    #[inline]
    pub(crate) fn last_data(&self, symbol: SymbolId) -> Option<&Last> {
        self.markets.get(symbol.index())?.last.as_ref()
    }

    /// The price that others are held against: a fresh quote's middle, else a fresh trade, else the
    /// last complete bar's close. Where none of them is fresh, the last price.
    pub(crate) fn reference_price(&self, symbol: SymbolId, limits: &Limits) -> Option<Price> {
        let market = self.markets.get(symbol.index())?;
        let is_fresh = |time: Timestamp, limit: Option<Span>| {
            limit.is_none_or(|limit| self.now.since(time) <= limit)
        };
        let quote = self.fresh_quote(symbol, limits);
        let trade = market
            .trade
            .filter(|trade| !market.is_void && is_fresh(trade.time, limits.stale_after_trades));
        let prices = [
            quote.map(|quote| quote.mid()),
            trade.map(|trade| trade.price),
            market.bar.map(|bar| bar.price),
            market.last.map(|last| last.price),
        ];
        prices.into_iter().flatten().next()
    }

    /// The newest quote of a symbol, when it is not too old.
    pub(crate) fn fresh_quote(&self, symbol: SymbolId, limits: &Limits) -> Option<&Quote> {
        let quote = self.markets.get(symbol.index())?.quote.as_ref()?;
        let age = self.now.since(quote.time);
        limits.stale_after_quotes.is_none_or(|limit| age <= limit).then_some(quote)
    }

    /// When the newest bar, trade and quote of a symbol were made, each with how old it may be.
    pub(crate) fn prices_with_limits(
        &self,
        symbol: SymbolId,
        limits: &Limits,
    ) -> impl Iterator<Item = (Timestamp, Option<Span>)> {
        let market = self.markets.get(symbol.index()).copied().unwrap_or_default();
        let (bars, trades, quotes) =
            (limits.stale_after, limits.stale_after_trades, limits.stale_after_quotes);
        // The next bar is due one length after the last.
        let bar =
            market.bar.map(|bar| (bar.time, bars.map(|limit| limit.max(bar.length.times(2)))));
        let trade = market.trade.map(|trade| (trade.time, trades));
        let quote = market.quote.map(|quote| (quote.time, quotes));
        [bar, trade, quote].into_iter().flatten()
    }

    /// When the newest bar, trade and quote of a symbol were made.
    pub(crate) fn newest_data(&self, symbol: SymbolId) -> [Option<Timestamp>; 3] {
        let market = self.markets.get(symbol.index()).copied().unwrap_or_default();
        let (bar, trade) = (market.bar.map(|bar| bar.time), market.trade.map(|trade| trade.time));
        [bar, trade, market.quote.map(|quote| quote.time)]
    }

    /// What was traded in the newest complete bar of a symbol.
    pub(crate) fn last_volume(&self, symbol: SymbolId) -> Volume {
        self.markets.get(symbol.index()).map_or(Volume::ZERO, |market| market.volume)
    }

    /// Whether the venue has halted a symbol.
    pub fn is_halted_by_venue(&self, symbol: SymbolId) -> bool {
        self.markets.get(symbol.index()).is_some_and(|market| market.halt.is_some())
    }

    pub(super) fn note_status(&mut self, symbol: SymbolId, halted: bool) {
        let halt = halted.then_some(Halt { since: self.now, may_be_over: false });
        if let Some(market) = self.markets.get_mut(symbol.index()) {
            market.halt = halt;
        }
    }

    /// The venue is not heard for a while: a halt may end meanwhile, and nobody says so afterwards.
    pub(super) fn doubt_halts(&mut self, is_deaf: bool) {
        let halts = self.markets.iter_mut().filter_map(|market| market.halt.as_mut());
        halts.for_each(|halt| halt.may_be_over |= is_deaf);
    }

    /// Whether a halt may be over without that having been heard.
    pub(crate) fn doubts_a_halt(&self) -> bool {
        self.markets.iter().any(|market| market.halt.is_some_and(|halt| halt.may_be_over))
    }

    /// Whether a bar shows that its symbol trades again: the venue makes none of what is halted.
    pub(crate) fn trades_again(&self, data: &MarketData) -> bool {
        let MarketData::Bar(bar) = data else { return false };
        let halt = self.markets.get(bar.symbol.index()).and_then(|market| market.halt);
        halt.is_some_and(|halt| halt.may_be_over && halt.since <= bar.open_time)
    }

    /// The venue's price bands of a symbol while they hold: those of this trading day, until its
    /// regular session closes.
    pub fn price_bands(&self, symbol: SymbolId) -> Option<&Luld> {
        let bands = self.markets.get(symbol.index())?.bands.as_ref()?;
        let holds = self
            .day
            .as_ref()
            .is_none_or(|day| day.hours.extended_open <= bands.time && self.now < day.hours.close);
        holds.then_some(bands)
    }
}
