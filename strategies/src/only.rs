//! A strategy that is asked about some symbols of its session alone.

use crate::registry::StrategyError;
use kernel::{Intents, MarketData, Prediction, Ratio, Reading, Strategy, SymbolId, Symbols, View};

/// The parameter under which every strategy takes the symbols that it trades, separated by commas;
/// without it a strategy trades all of them.
pub const SYMBOLS: &str = "symbols";

/// Shows a strategy the data of its own symbols, and of no others.
pub(crate) struct Only {
    strategy: Box<dyn Strategy>,
    /// By symbol: whether it is one of its own.
    own: Vec<bool>,
}

/// The symbols that a strategy is to trade, in the order in which they are named.
///
/// # Errors
/// When a name is no symbol of the session. A session without symbols is a check of the
/// parameters, in which nobody knows yet.
pub(crate) fn named(
    strategy: &str,
    wanted: &str,
    symbols: &Symbols,
) -> Result<Vec<SymbolId>, StrategyError> {
    let mut own = Vec::new();
    let names = wanted.split(',').map(str::trim).filter(|symbol| !symbol.is_empty());
    for symbol in names {
        match symbols.id(symbol) {
            Some(id) if own.contains(&id) => {}
            Some(id) => own.push(id),
            None if symbols.is_empty() => {}
            None => {
                return Err(StrategyError::Symbol {
                    strategy: strategy.to_owned(),
                    symbol: symbol.to_owned(),
                    known: symbols.names().collect::<Vec<_>>().join(", "),
                });
            }
        }
    }
    Ok(own)
}

impl Only {
    pub(crate) fn new(strategy: Box<dyn Strategy>, own: &[SymbolId], symbols: &Symbols) -> Self {
        Self { strategy, own: symbols.ids().map(|symbol| own.contains(&symbol)).collect() }
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

    fn listens_to_models(&self) -> bool {
        self.strategy.listens_to_models()
    }

    fn hear(&mut self, said: &Prediction) {
        if self.is_own(said.symbol) {
            self.strategy.hear(said);
        }
    }

    fn propose_on(&self, said: &Prediction, view: &View<'_>, intents: &mut Intents) {
        if self.is_own(said.symbol) {
            self.strategy.propose_on(said, view, intents);
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
