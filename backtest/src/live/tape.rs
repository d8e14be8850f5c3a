//! The market data of a session twice: as it came, and as it is known in the end.

use super::circumstances::Scheduled;
use kernel::{
    Bar, CancelError, Correction, MarketData, Price, Span, SymbolId, TapeTrade, Timestamp,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a session saw, and what was said of it later.
#[derive(Debug, Default)]
pub(super) struct Tape {
    /// As it came while it was news.
    pub seen: Vec<MarketData>,
    /// As it is known in the end.
    pub known: Vec<MarketData>,
    /// What was told later: bars counted again, data that was missed, trades that were changed.
    pub revisions: Vec<Scheduled>,
    bars: BTreeMap<(SymbolId, Timestamp, Span), usize>,
    /// Symbols that have quotes or trades.
    ticks: BTreeSet<SymbolId>,
    is_revised: bool,
}

impl Tape {
    pub(super) const fn has_begun(&self) -> bool {
        !self.seen.is_empty()
    }

    /// Whether strategies have had it already.
    pub(super) fn knows(&self, data: &MarketData) -> bool {
        let is_old = self.seen.first().is_some_and(|first| data.time() <= first.time());
        match data {
            MarketData::Bar(_) => is_old || self.has(data),
            MarketData::Quote(_) | MarketData::Trade(_) => true,
        }
    }

    /// Whether it is a bar that is here already.
    pub(super) fn has(&self, data: &MarketData) -> bool {
        matches!(data, MarketData::Bar(bar) if self.bars.contains_key(&name(bar)))
    }

    /// Data that came while it was news.
    pub(super) fn see(&mut self, data: &MarketData) {
        self.seen.push(*data);
        // A stream that comes back may tell a bar again.
        if !self.has(data) {
            self.add(data);
        }
    }

    /// Data that was missed and read later.
    pub(super) fn late(&mut self, data: &MarketData) {
        self.is_revised = true;
        self.add(data);
    }

    fn add(&mut self, data: &MarketData) {
        match data {
            MarketData::Bar(bar) => {
                self.bars.insert(name(bar), self.known.len());
            }
            MarketData::Quote(_) | MarketData::Trade(_) => {
                self.ticks.insert(data.symbol());
            }
        }
        self.known.push(*data);
    }

    /// A bar was counted again.
    pub(super) fn update(&mut self, bar: &Bar) {
        self.is_revised = true;
        let held = self.bars.get(&name(bar)).and_then(|place| self.known.get_mut(*place));
        match held {
            Some(held) => *held = MarketData::Bar(*bar),
            None => self.add(&MarketData::Bar(*bar)),
        }
    }

    /// A trade was changed.
    pub(super) fn correct(&mut self, correction: &Correction) {
        self.is_revised = true;
        let corrected = &correction.corrected;
        if let Some(place) = self.find(correction.symbol, &correction.original)
            && let Some(MarketData::Trade(trade)) = self.known.get_mut(place)
        {
            (trade.price, trade.size) = (corrected.price, corrected.size);
        }
    }

    /// A trade was taken back.
    pub(super) fn take_back(&mut self, cancel: &CancelError) {
        self.is_revised = true;
        if let Some(place) = self.find(cancel.symbol, &cancel.trade) {
            self.known.remove(place);
            for held in self.bars.values_mut().filter(|held| **held > place) {
                *held -= 1;
            }
        }
    }

    /// The newest trade of such a price and size: the tape's numbers are not kept.
    fn find(&self, symbol: SymbolId, named: &TapeTrade) -> Option<usize> {
        self.known.iter().rposition(|datum| {
            matches!(datum, MarketData::Trade(trade)
                if trade.symbol == symbol && trade.price == named.price && trade.size == named.size)
        })
    }

    /// Puts all of it into the order of time; what came at one instant stays as it came.
    pub(super) fn sort(&mut self) {
        self.seen.sort_by_key(MarketData::time);
        self.known.sort_by_key(MarketData::time);
        self.bars.clear();
    }

    /// What strategies were shown on time, when that is not what is known in the end.
    pub(super) fn as_seen(&self) -> Option<VecDeque<MarketData>> {
        let differs = self.is_revised || self.seen != self.known;
        differs.then(|| self.seen.iter().copied().collect())
    }

    /// The first price that was known of a symbol.
    pub(super) fn first_price(&self, symbol: SymbolId, before: &[MarketData]) -> Option<Price> {
        let of = |datum: &&MarketData| datum.symbol() == symbol;
        let newest_before = before.iter().rfind(of);
        newest_before.or_else(|| self.seen.iter().find(of)).map(MarketData::price)
    }

    /// The bar in which an instant lies, where there are only bars of a symbol: when it opened, and
    /// when it closed.
    pub(super) fn bar_around(
        &self,
        symbol: SymbolId,
        at: Timestamp,
    ) -> Option<(Timestamp, Timestamp)> {
        if self.ticks.contains(&symbol) {
            return None;
        }
        let later = self.known.partition_point(|datum| datum.time() <= at);
        let mut later = self.known.get(later..)?.iter();
        let next = later.find(|datum| datum.symbol() == symbol)?;
        match next {
            MarketData::Bar(bar) if bar.open_time <= at => Some((bar.open_time, bar.end_time())),
            _ => None,
        }
    }
}

const fn name(bar: &Bar) -> (SymbolId, Timestamp, Span) {
    (bar.symbol, bar.open_time, bar.length)
}
