//! Strategies that are texts, in the scripting language Rhai.
//!
//! A script says what it remembers and what it would like; the program does the rest, as for a
//! strategy in Rust. It runs without files, network, clock or chance, and within bounds of steps and
//! memory. `docs/SCRIPTS.md` describes the language that it speaks to.

mod indicators;
mod sandbox;
mod wishes;

use crate::registry::StrategyError;
use indicators::{Indicators, Recipe};
use kernel::{
    Bar, Intents, MarketData, Ratio, Reading, Strategy, StrategySpec, SymbolId, Symbols, View,
};
use rhai::{AST, Array, CallFnOptions, Dynamic, Engine, Map, Scope};
use std::collections::BTreeMap;
use std::path::Path;
use wishes::Wish;

/// The parameter under which a specification carries the script itself, so that a session is
/// replayed with the text that it ran.
pub const SOURCE: &str = "source";

/// The largest script, in bytes.
const MOST_BYTES: u64 = 256 * 1024;

/// A script that was compiled and asked for its parameters.
struct Script {
    name: String,
    engine: Engine,
    ast: AST,
    params: Map,
    recipes: Vec<(String, Recipe)>,
    /// Whether it is asked while an order of its symbol is open.
    asks_always: bool,
    has_observe: bool,
    symbols: Symbols,
    memories: Vec<Memory>,
}

/// What a script remembers of a symbol.
#[derive(Clone, Default)]
struct Memory {
    indicators: Indicators,
    /// Its own.
    own: Map,
    /// Why `observe` failed, until it has been told.
    failure: Option<String>,
}

/// Builds the strategy of a script: of the text that its specification carries, or of a file.
///
/// # Errors
/// When the file cannot be read, the script is none, or a parameter is not one of its own.
pub(crate) fn build(
    name: &str,
    given: &BTreeMap<String, String>,
    symbols: &Symbols,
) -> Result<(Box<dyn Strategy>, StrategySpec), StrategyError> {
    let wrong = |reason: String| StrategyError::Script { script: name.to_owned(), reason };
    let source = match given.get(SOURCE) {
        Some(source) => source.clone(),
        None => read(Path::new(name)).map_err(wrong)?,
    };
    let script = Script::new(name, &source, given, symbols).map_err(wrong)?;
    let mut params: BTreeMap<Box<str>, Box<str>> = BTreeMap::new();
    for (key, value) in &script.params {
        params.insert(key.as_str().into(), value.to_string().into());
    }
    params.insert(SOURCE.into(), source.into());
    let spec = StrategySpec { name: name.into(), params };
    Ok((Box::new(script), spec))
}

fn read(path: &Path) -> Result<String, String> {
    let size =
        std::fs::metadata(path).map_err(|error| format!("it cannot be read: {error}"))?.len();
    if size > MOST_BYTES {
        return Err(format!("it has {size} bytes, and {MOST_BYTES} are the most"));
    }
    std::fs::read_to_string(path).map_err(|error| format!("it cannot be read: {error}"))
}

impl Script {
    fn new(
        name: &str,
        source: &str,
        given: &BTreeMap<String, String>,
        symbols: &Symbols,
    ) -> Result<Self, String> {
        let engine = sandbox::engine();
        let ast = engine.compile(source).map_err(|error| error.to_string())?;
        let has = |function: &str| ast.iter_functions().any(|known| known.name == function);
        if !has("propose") {
            return Err("it has no fn propose(v), which says what it would like".into());
        }
        let ask = |function: &str, args: Vec<Dynamic>| -> Result<Dynamic, String> {
            if !has(function) {
                return Ok(Dynamic::UNIT);
            }
            let answer = engine.call_fn(&mut Scope::new(), &ast, function, args);
            answer.map_err(|error| error.to_string())
        };
        let declared = map_of(ask("params", Vec::new())?, "params")?;
        let params = with_given(declared, given)?;
        let made = map_of(ask("indicators", vec![params.clone().into()])?, "indicators")?;
        let recipes = made.into_iter().map(|(name, value)| {
            let recipe = value.try_cast::<Recipe>();
            let recipe = recipe.ok_or_else(|| format!("indicators: {name} is no indicator"))?;
            Ok((name.to_string(), recipe))
        });
        let recipes = recipes.collect::<Result<Vec<_>, String>>()?;
        let asks_always = ask("asks_always", Vec::new())?.as_bool().unwrap_or(false);
        let has_observe = has("observe");
        let mut script = Self {
            name: name.to_owned(),
            asks_always,
            has_observe,
            params,
            recipes,
            symbols: symbols.clone(),
            memories: Vec::new(),
            engine,
            ast,
        };
        script.reset();
        Ok(script)
    }

    /// What the script is shown: the bar, the account, its parameters, indicators and memory.
    fn shown(&self, bar: &Bar, memory: &Memory, view: &View<'_>) -> Map {
        let mut shown = bar_map(bar, self.symbols.name(bar.symbol));
        let position = view.position(bar.symbol);
        let average = position.average_price().map_or(Dynamic::UNIT, |at| at.to_f64().into());
        let open = i64::try_from(view.open_orders(bar.symbol).count()).unwrap_or(i64::MAX);
        shown.insert("position".into(), position.quantity.to_f64().into());
        shown.insert("average_price".into(), average);
        shown.insert("cash".into(), view.cash().to_f64().into());
        shown.insert("equity".into(), view.equity().to_f64().into());
        shown.insert("open_orders".into(), open.into());
        shown.insert("p".into(), self.params.clone().into());
        shown.insert("memory".into(), memory.own.clone().into());
        memory.indicators.show(&mut shown);
        shown
    }

    fn ask(&self, bar: &Bar, memory: &Memory, view: &View<'_>) -> Result<Vec<Wish>, String> {
        let shown = self.shown(bar, memory, view);
        let answer: Dynamic = self
            .engine
            .call_fn(&mut Scope::new(), &self.ast, "propose", (shown,))
            .map_err(|error| format!("propose: {error}"))?;
        wishes(answer)
    }

    fn remember(&mut self, bar: &Bar) {
        let shown = bar_map(bar, self.symbols.name(bar.symbol));
        let Some(memory) = self.memories.get_mut(bar.symbol.index()) else { return };
        memory.indicators.update(bar);
        if !self.has_observe {
            return;
        }
        let mut own = Dynamic::from(std::mem::take(&mut memory.own));
        let options = CallFnOptions::new().bind_this_ptr(&mut own);
        let args = (shown, self.params.clone());
        let told = self.engine.call_fn_with_options::<Dynamic>(
            options,
            &mut Scope::new(),
            &self.ast,
            "observe",
            args,
        );
        memory.own = own.try_cast::<Map>().unwrap_or_default();
        if let Err(error) = told {
            memory.failure = Some(format!("observe: {error}"));
        }
    }
}

impl Strategy for Script {
    fn observe(&mut self, data: &MarketData) {
        if let MarketData::Bar(bar) = data {
            self.remember(bar);
        }
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let Some(memory) = self.memories.get(bar.symbol.index()) else { return };
        if let Some(failure) = &memory.failure {
            return intents.fail(format!("{}: {failure}", self.name));
        }
        if !self.asks_always && view.has_open_order(bar.symbol) {
            return;
        }
        match self.ask(bar, memory, view) {
            Ok(wishes) => {
                wishes.into_iter().for_each(|wish| wish.propose(bar.symbol, view, intents));
            }
            Err(failure) => intents.fail(format!("{}: {failure}", self.name)),
        }
    }

    fn warmup_bars(&self) -> usize {
        self.recipes.iter().map(|(_, recipe)| recipe.warmup()).max().unwrap_or(0)
    }

    fn reset(&mut self) {
        let fresh = Memory { indicators: Indicators::new(&self.recipes), ..Memory::default() };
        self.memories = vec![fresh; self.symbols.len()];
    }

    /// Its indicators are turned into new shares; what it has noted by itself is forgotten, because
    /// nobody knows which of it were prices.
    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        if let Some(memory) = self.memories.get_mut(symbol.index()) {
            memory.indicators.rebase(ratio);
            memory.own.clear();
        }
    }

    fn readings(&self, symbol: SymbolId) -> Vec<Reading> {
        let mut shown = Map::new();
        if let Some(memory) = self.memories.get(symbol.index()) {
            memory.indicators.show(&mut shown);
        }
        let readings = shown.into_iter().flat_map(|(name, value)| {
            let number = value.as_float().ok();
            let Some(parts) = value.try_cast::<Map>() else {
                return vec![Reading::new(&name, number)];
            };
            let of_part = |(part, value): (_, Dynamic)| {
                Reading::new(&format!("{name}.{part}"), value.as_float().ok())
            };
            parts.into_iter().map(of_part).collect()
        });
        readings.collect()
    }
}

/// What `propose` answered: nothing, one wish or a list of them.
fn wishes(answer: Dynamic) -> Result<Vec<Wish>, String> {
    if answer.is_unit() {
        return Ok(Vec::new());
    }
    let list = if answer.is_array() { answer.cast::<Array>() } else { vec![answer] };
    let wishes = list.into_iter().filter(|each| !each.is_unit()).map(|each| {
        let kind = each.type_name();
        each.try_cast::<Wish>().ok_or_else(|| {
            format!(
                "propose: it answers with {kind}, and not with what it would like, such as buy(10)"
            )
        })
    });
    wishes.collect()
}

fn map_of(value: Dynamic, function: &str) -> Result<Map, String> {
    if value.is_unit() {
        return Ok(Map::new());
    }
    let kind = value.type_name();
    value
        .try_cast::<Map>()
        .ok_or_else(|| format!("{function}: it answers with {kind}, not a map #{{}}"))
}

/// The parameters of a script with what was given for them, each of the kind of its default.
fn with_given(mut params: Map, given: &BTreeMap<String, String>) -> Result<Map, String> {
    for (name, text) in given.iter().filter(|(name, _)| *name != SOURCE) {
        let known: Vec<&str> = params.keys().map(|key| key.as_str()).collect();
        let known = known.join(", ");
        let Some(value) = params.get_mut(name.as_str()) else {
            return Err(format!("there is no parameter {name}: it has {known}"));
        };
        let parsed = match value.type_name() {
            "i64" => text.parse::<i64>().ok().map(Dynamic::from),
            "f64" => text.parse::<f64>().ok().filter(|it| it.is_finite()).map(Dynamic::from),
            "bool" => text.parse::<bool>().ok().map(Dynamic::from),
            _ => Some(text.clone().into()),
        };
        let kind = value.type_name();
        *value =
            parsed.ok_or_else(|| format!("{name} = {text:?} is no {kind} as its default is"))?;
    }
    Ok(params)
}

fn bar_map(bar: &Bar, symbol: &str) -> Map {
    let mut map = Map::new();
    for (name, price) in
        [("open", bar.open), ("high", bar.high), ("low", bar.low), ("close", bar.close)]
    {
        map.insert(name.into(), price.to_f64().into());
    }
    map.insert("volume".into(), (bar.volume.nanos() as f64 / kernel::SCALE as f64).into());
    let ends = bar.open_time.plus(bar.length);
    map.insert("time".into(), (ends.nanos() / kernel::SCALE).into());
    map.insert("symbol".into(), symbol.into());
    map
}

#[cfg(test)]
mod tests;
