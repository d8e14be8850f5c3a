//! Strategies by name.

use crate::only::{Only, SYMBOLS, named};
use crate::param::{Mistake, ParamSpec, Params, did_you_mean, nearest};
use crate::strategy::{
    bollinger_breakout, buy_and_hold, ensemble, lstm, macd_trend, momentum_rotation, pairs,
    rsi_mean_reversion, sma_crossover,
};
use kernel::{Strategy, StrategySpec, SymbolId, Symbols};
use std::collections::BTreeMap;

/// The strategies that ship with the program. A new one is a file under `strategy/` and a line
/// here.
static REGISTRY: &[Entry] = &[
    #[cfg(test)]
    crate::template::ENTRY,
    bollinger_breakout::ENTRY,
    buy_and_hold::ENTRY,
    ensemble::ENTRY,
    #[cfg(feature = "failpoints")]
    crate::strategy::every_kind::ENTRY,
    lstm::ENTRY,
    macd_trend::ENTRY,
    momentum_rotation::ENTRY,
    pairs::ENTRY,
    rsi_mean_reversion::ENTRY,
    sma_crossover::ENTRY,
];

/// What the name of a strategy ends with that is a script.
pub const SCRIPT: &str = ".rhai";

/// A strategy as the registry knows it.
pub struct Entry {
    /// The name it is chosen by.
    pub name: &'static str,
    /// One sentence for the trader.
    pub summary: &'static str,
    /// Every parameter it has.
    pub params: &'static [ParamSpec],
    /// Makes one for the symbols of a session, from parameters of the kinds and in the ranges
    /// declared. It fails when they do not go together.
    pub build: Build,
}

/// Makes a strategy from its parameters, or says why they do not go together.
pub type Build = fn(&Params, &Symbols) -> Result<Box<dyn Strategy>, Mistake>;

/// Why a strategy could not be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StrategyError {
    /// No strategy has this name.
    #[error("there is no strategy {name:?}{}: choose one of {known}", did_you_mean(*nearest))]
    Unknown {
        /// The name given.
        name: String,
        /// The name that looks most like it.
        nearest: Option<&'static str>,
        /// The names there are.
        known: String,
    },
    /// It is to trade a symbol that the session does not have.
    #[error("strategy {strategy}: symbols: there is no {symbol} in the session: it has {known}")]
    Symbol {
        /// The strategy.
        strategy: String,
        /// The symbol named.
        symbol: String,
        /// The symbols there are.
        known: String,
    },
    /// A script cannot be used.
    #[error("strategy {script}: {reason}")]
    Script {
        /// Its file.
        script: String,
        /// What is wrong, with its line where it has one.
        reason: String,
    },
    /// Its parameters are wrong.
    #[error("{}", sentences(strategy, mistakes))]
    Params {
        /// The strategy.
        strategy: &'static str,
        /// Every mistake there is.
        mistakes: Vec<Mistake>,
    },
}

/// Every strategy, by name.
pub fn registry() -> &'static [Entry] {
    REGISTRY
}

/// Builds a strategy by name, or a script by its file, for the symbols of a session.
///
/// The specification names every parameter with the value it has, so that the same strategy can be
/// built again. Beside its own every strategy takes the parameter [`SYMBOLS`].
///
/// # Errors
/// When no strategy has this name, with every mistake in its parameters, or when it is to trade a
/// symbol that is not there.
pub fn build(
    name: &str,
    params: &BTreeMap<String, String>,
    symbols: &Symbols,
) -> Result<(Box<dyn Strategy>, StrategySpec), StrategyError> {
    let Some(wanted) = params.get(SYMBOLS) else {
        return build_for(name, params, symbols, symbols.ids().collect());
    };
    let mut rest = params.clone();
    rest.remove(SYMBOLS);
    let own = named(name, wanted, symbols)?;
    let (strategy, mut spec) = build_for(name, &rest, symbols, own.clone())?;
    let only = Only::new(strategy, &own, symbols);
    spec.params.insert(SYMBOLS.into(), wanted.as_str().into());
    Ok((Box::new(only), spec))
}

fn build_for(
    name: &str,
    params: &BTreeMap<String, String>,
    symbols: &Symbols,
    own: Vec<SymbolId>,
) -> Result<(Box<dyn Strategy>, StrategySpec), StrategyError> {
    if name.ends_with(SCRIPT) {
        return script(name, params, symbols);
    }
    match REGISTRY.iter().find(|entry| entry.name == name) {
        Some(entry) => entry.create_for(params, symbols, own),
        None => Err(unknown(name)),
    }
}

impl Entry {
    /// Builds this strategy for the symbols of a session, from parameters as texts.
    ///
    /// # Errors
    /// With every mistake in the parameters.
    pub fn create(
        &self,
        params: &BTreeMap<String, String>,
        symbols: &Symbols,
    ) -> Result<(Box<dyn Strategy>, StrategySpec), StrategyError> {
        self.create_for(params, symbols, symbols.ids().collect())
    }

    fn create_for(
        &self,
        params: &BTreeMap<String, String>,
        symbols: &Symbols,
        own: Vec<SymbolId>,
    ) -> Result<(Box<dyn Strategy>, StrategySpec), StrategyError> {
        let wrong = |mistakes| StrategyError::Params { strategy: self.name, mistakes };
        let params = Params::resolve(self.params, params).map_err(wrong)?.of(own);
        let strategy = (self.build)(&params, symbols).map_err(|mistake| wrong(vec![mistake]))?;
        let params = params.texts().map(|(name, value)| (name.into(), value.into())).collect();
        Ok((strategy, StrategySpec { name: self.name.into(), params }))
    }
}

#[cfg(feature = "script")]
use crate::script::build as script;

#[cfg(not(feature = "script"))]
fn script(
    name: &str,
    _: &BTreeMap<String, String>,
    _: &Symbols,
) -> Result<(Box<dyn Strategy>, StrategySpec), StrategyError> {
    Err(StrategyError::Script {
        script: name.to_owned(),
        reason: "this program runs no scripts: build one with --features script".to_owned(),
    })
}

fn unknown(name: &str) -> StrategyError {
    let names: Vec<&str> = REGISTRY.iter().map(|entry| entry.name).collect();
    let nearest = nearest(name, REGISTRY.iter().map(|entry| entry.name));
    StrategyError::Unknown { name: name.into(), nearest, known: names.join(", ") }
}

fn sentences(strategy: &str, mistakes: &[Mistake]) -> String {
    let lines: Vec<String> =
        mistakes.iter().map(|mistake| format!("strategy {strategy}: {mistake}")).collect();
    lines.join("\n")
}
