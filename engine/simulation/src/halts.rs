//! Which symbols the venue has halted, as far as the process was told or could see.

use kernel::{Input, Link, MarketData, SymbolId};
use std::collections::BTreeSet;

/// Halted symbols.
#[derive(Debug, Default)]
pub(crate) struct Halts {
    told: BTreeSet<SymbolId>,
    /// Those whose end may have been told while nobody listened: a bar shows it.
    doubted: BTreeSet<SymbolId>,
}

impl Halts {
    /// An input is about to be taken.
    pub(crate) fn before(&mut self, input: &Input) {
        match input {
            Input::TradingStatus { symbol, halted: true, .. } => {
                self.told.insert(*symbol);
                self.doubted.remove(symbol);
            }
            Input::TradingStatus { symbol, halted: false, .. } => self.end(*symbol),
            Input::Link { link: Link::MarketData, up: false } | Input::Restart { .. } => {
                self.doubted.clone_from(&self.told);
            }
            Input::Market(MarketData::Bar(bar)) | Input::Late(MarketData::Bar(bar))
                if self.doubted.contains(&bar.symbol) =>
            {
                self.end(bar.symbol);
            }
            _ => {}
        }
    }

    pub(crate) fn contains(&self, symbol: SymbolId) -> bool {
        self.told.contains(&symbol)
    }

    /// A process has taken up a session, which has some of them.
    pub(crate) fn keep(&mut self, is_halted: impl Fn(SymbolId) -> bool) {
        self.told.retain(|symbol| is_halted(*symbol));
        self.doubted.retain(|symbol| is_halted(*symbol));
    }

    fn end(&mut self, symbol: SymbolId) {
        self.told.remove(&symbol);
        self.doubted.remove(&symbol);
    }
}
