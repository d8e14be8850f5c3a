//! What the venue has shown so far: the historical interface answers from this alone, so it can
//! never show the future.

use super::wire::time::{new_york_date, new_york_midnight};
use kernel::{Bar, MarketData, Price, Quote, Span, SymbolId, Symbols, Trade, Volume};

/// Market data by symbol, each list in time order.
#[derive(Debug, Default)]
pub(super) struct Tape {
    symbols: Vec<Lists>,
}

/// One symbol's market data.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    pub(super) bars: Vec<Bar>,
    pub(super) quotes: Vec<Quote>,
    pub(super) trades: Vec<Trade>,
    /// The running bar of the day and its New York date.
    day: Option<(u32, Bar)>,
}

impl Tape {
    pub(super) fn new(symbols: &Symbols) -> Self {
        Self { symbols: vec![Lists::default(); symbols.len()] }
    }

    /// Takes in what has just become known.
    pub(super) fn add(&mut self, data: &[MarketData]) {
        for item in data {
            let Some(lists) = self.symbols.get_mut(item.symbol().index()) else {
                continue;
            };
            match item {
                MarketData::Bar(bar) => lists.add_bar(*bar),
                MarketData::Quote(quote) => lists.quotes.push(*quote),
                MarketData::Trade(trade) => lists.trades.push(*trade),
            }
        }
    }

    /// Everything of one symbol.
    pub(super) fn of(&self, symbol: SymbolId) -> Option<&Lists> {
        self.symbols.get(symbol.index())
    }
}

impl Lists {
    fn add_bar(&mut self, bar: Bar) {
        let date = new_york_date(bar.open_time);
        match &mut self.day {
            Some((day, running)) if *day == date => merge(running, &bar),
            day => *day = Some((date, Bar { open_time: new_york_midnight(bar.open_time), ..bar })),
        }
        self.bars.push(bar);
    }

    /// The price of the newest trade or the close of the newest bar, whichever is newer.
    pub(super) fn last_price(&self) -> Option<Price> {
        let bar = self.bars.last().map(|bar| (bar.end_time(), bar.close));
        let trade = self.trades.last().map(|trade| (trade.time, trade.price));
        bar.into_iter().chain(trade).max_by_key(|(time, _)| *time).map(|(_, price)| price)
    }

    /// The day's bar so far, stamped with its midnight in New York.
    pub(super) fn daily_bar(&self) -> Option<Bar> {
        self.day.map(|(_, bar)| bar)
    }
}

/// Puts a later bar into a running one.
pub(super) fn merge(running: &mut Bar, later: &Bar) {
    running.high = running.high.max(later.high);
    running.low = running.low.min(later.low);
    running.close = later.close;
    running.volume =
        Volume::from_nanos(running.volume.nanos().saturating_add(later.volume.nanos()));
    let end = later.end_time().since(running.open_time);
    running.length = Span::from_nanos(end.nanos().max(running.length.nanos()));
}
