//! The indicators of a script.

use crate::indicator::{AnyIndicator, Candle, Entry, Values, registry};
use kernel::{Bar, Ratio};
use rhai::{Dynamic, Engine, EvalAltResult, Map};
use std::collections::BTreeMap;

/// An indicator that a script has asked for, as it is before the first bar.
#[derive(Clone)]
pub(super) struct Recipe {
    entry: &'static Entry,
    fresh: AnyIndicator,
}

/// The indicators of one symbol, by the names that the script gave them.
#[derive(Clone, Default)]
pub(super) struct Indicators {
    list: Vec<(String, Recipe)>,
}

impl Recipe {
    /// Bars that it needs before it has a value.
    pub(super) fn warmup(&self) -> usize {
        self.fresh.warmup()
    }

    /// From its parameters in order; those that are left out have their defaults.
    fn new(entry: &'static Entry, given: &[&mut Dynamic]) -> Result<Self, Box<EvalAltResult>> {
        let params = entry.params.iter().zip(given);
        let params = params.map(|(param, value)| (param.name.to_owned(), value.to_string()));
        let made = entry.create(&params.collect::<BTreeMap<_, _>>());
        made.map(|(fresh, _)| Self { entry, fresh }).map_err(|error| error.to_string().into())
    }
}

/// Makes every indicator of the registry known under its name, with `_` for `-`, with as many of its
/// parameters as a script cares to give.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Recipe>("Indicator");
    for entry in registry() {
        let name = entry.name.replace('-', "_");
        for count in 0..=entry.params.len() {
            let types = vec![std::any::TypeId::of::<Dynamic>(); count];
            engine.register_raw_fn(&name, types, move |_, given| Recipe::new(entry, given));
        }
    }
}

impl Indicators {
    pub(super) fn new(recipes: &[(String, Recipe)]) -> Self {
        Self { list: recipes.to_vec() }
    }

    /// Takes in a bar.
    pub(super) fn update(&mut self, bar: &Bar) {
        let candle = Candle::from(bar);
        self.list.iter_mut().for_each(|(_, recipe)| recipe.fresh.update(&candle));
    }

    /// Adds each value under its name; `()` before there is one.
    pub(super) fn show(&self, shown: &mut Map) {
        for (name, recipe) in &self.list {
            let value =
                recipe.fresh.values().map_or(Dynamic::UNIT, |values| told(recipe.entry, values));
            shown.insert(name.as_str().into(), value);
        }
    }

    pub(super) fn rebase(&mut self, ratio: Ratio) {
        self.list.iter_mut().for_each(|(_, recipe)| recipe.fresh.rebase(ratio));
    }
}

/// One number, or a map of several by their names.
fn told(entry: &Entry, values: Values) -> Dynamic {
    if let [number] = values.as_slice() {
        return (*number).into();
    }
    let named = entry.outputs.iter().zip(values.as_slice());
    named.map(|(output, number)| (output.name.into(), (*number).into())).collect::<Map>().into()
}
