//! A strategy that is asked about some symbols of its session alone.

use crate::registry::StrategyError;
use kernel::{Intents, MarketData, Ratio, Reading, Strategy, SymbolId, Symbols, View};

/// The parameter under which every strategy takes the symbols that it trades, separated by commas;
/// without it a strategy trades all of them.
pub const SYMBOLS: &str = "symbols";

/// Shows a strategy the data of its own symbols, and of no others.
pub(crate) struct Only {
    strategy: Box<dyn Strategy>,
    /// By symbol: whether it is one of its own.
    own: Vec<bool>,
}

impl Only {
    /// # Errors
    /// When a name is no symbol of the session. A session without symbols is a check of the
    /// parameters, in which nobody knows yet.
    pub(crate) fn new(
        name: &str,
        strategy: Box<dyn Strategy>,
        wanted: &str,
        symbols: &Symbols,
    ) -> Result<Self, StrategyError> {
        let mut own = vec![false; symbols.len()];
        let named = wanted.split(',').map(str::trim).filter(|symbol| !symbol.is_empty());
        for symbol in named {
            match symbols.id(symbol).and_then(|id| own.get_mut(id.index())) {
                Some(place) => *place = true,
                None if symbols.is_empty() => {}
                None => {
                    return Err(StrategyError::Symbol {
                        strategy: name.to_owned(),
                        symbol: symbol.to_owned(),
                        known: symbols.names().collect::<Vec<_>>().join(", "),
                    });
                }
            }
        }
        Ok(Self { strategy, own })
    }

    fn is_own(&self, symbol: SymbolId) -> bool {
        self.own.get(symbol.index()).copied().unwrap_or(false)
    }
}

impl Strategy for Only {
    fn observe(&mut self, data: &MarketData) {
        if self.is_own(data.symbol()) {
            self.strategy.observe(data);
        }
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        if self.is_own(data.symbol()) {
            self.strategy.propose(data, view, intents);
        }
    }

    fn warmup_bars(&self) -> usize {
        self.strategy.warmup_bars()
    }

    fn reset(&mut self) {
        self.strategy.reset();
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        if self.is_own(symbol) {
            self.strategy.rebase(symbol, ratio);
        }
    }

    fn readings(&self, symbol: SymbolId) -> Vec<Reading> {
        if self.is_own(symbol) { self.strategy.readings(symbol) } else { Vec::new() }
    }
}
