//! The indicators of a script.

use crate::indicator::{Bollinger, Ema, Macd, Period, Rsi, Sample, Sma};
use kernel::{Bar, Ratio};
use rhai::{CustomType, Dynamic, EvalAltResult, Map, TypeBuilder};

/// An indicator that a script has asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Recipe {
    Sma(Period),
    Ema(Period),
    Rsi(Period),
    Macd(Period, Period, Period),
    Bollinger(Period, f64),
}

#[derive(Debug, Clone)]
enum Indicator {
    Sma(Sma),
    Ema(Ema),
    Rsi(Rsi),
    Macd(Macd),
    Bollinger(Bollinger),
}

/// The indicators of one symbol, by the names that the script gave them.
#[derive(Debug, Clone, Default)]
pub(super) struct Indicators {
    list: Vec<(String, Indicator)>,
}

impl Recipe {
    /// Bars that it needs before it has a value.
    pub(super) fn warmup(self) -> usize {
        match self {
            Recipe::Sma(period) | Recipe::Ema(period) | Recipe::Bollinger(period, _) => {
                period.get()
            }
            Recipe::Rsi(period) => period.get() + 1,
            Recipe::Macd(_, slow, signal) => slow.get() + signal.get() - 1,
        }
    }

    fn make(self) -> Indicator {
        match self {
            Recipe::Sma(period) => Indicator::Sma(Sma::new(period)),
            Recipe::Ema(period) => Indicator::Ema(Ema::new(period)),
            Recipe::Rsi(period) => Indicator::Rsi(Rsi::new(period)),
            Recipe::Macd(fast, slow, signal) => Indicator::Macd(Macd::new(fast, slow, signal)),
            Recipe::Bollinger(period, deviations) => {
                Indicator::Bollinger(Bollinger::new(period, deviations))
            }
        }
    }
}

impl CustomType for Recipe {
    fn build(mut builder: TypeBuilder<'_, Self>) {
        builder
            .with_name("Indicator")
            .with_fn("sma", |bars: i64| Ok::<_, Box<EvalAltResult>>(Recipe::Sma(period(bars)?)))
            .with_fn("ema", |bars: i64| Ok::<_, Box<EvalAltResult>>(Recipe::Ema(period(bars)?)))
            .with_fn("rsi", |bars: i64| Ok::<_, Box<EvalAltResult>>(Recipe::Rsi(period(bars)?)))
            .with_fn("macd", |fast: i64, slow: i64, signal: i64| {
                let recipe = Recipe::Macd(period(fast)?, period(slow)?, period(signal)?);
                Ok::<_, Box<EvalAltResult>>(recipe)
            })
            .with_fn("bollinger", |bars: i64, deviations: f64| {
                Ok::<_, Box<EvalAltResult>>(Recipe::Bollinger(period(bars)?, deviations))
            });
    }
}

fn period(bars: i64) -> Result<Period, Box<EvalAltResult>> {
    const MOST: usize = 100_000;
    let count = usize::try_from(bars).ok().filter(|count| *count <= MOST);
    count.and_then(Period::new).ok_or_else(|| {
        format!("a window of {bars} bars: give a whole number from 1 to {MOST}").into()
    })
}

impl Indicators {
    pub(super) fn new(recipes: &[(String, Recipe)]) -> Self {
        let list = recipes.iter().map(|(name, recipe)| (name.clone(), recipe.make()));
        Self { list: list.collect() }
    }

    /// Takes in a bar's close.
    pub(super) fn update(&mut self, bar: &Bar) {
        let close = Sample::from(bar.close);
        for (_, indicator) in &mut self.list {
            match indicator {
                Indicator::Sma(it) => it.update(close),
                Indicator::Ema(it) => it.update(close),
                Indicator::Rsi(it) => it.update(close),
                Indicator::Macd(it) => it.update(close),
                Indicator::Bollinger(it) => it.update(close),
            }
        }
    }

    /// Adds each value under its name; `()` before there is one.
    pub(super) fn show(&self, shown: &mut Map) {
        for (name, indicator) in &self.list {
            shown.insert(name.as_str().into(), indicator.value());
        }
    }

    pub(super) fn rebase(&mut self, ratio: Ratio) {
        for (_, indicator) in &mut self.list {
            match indicator {
                Indicator::Sma(it) => it.rebase(ratio),
                Indicator::Ema(it) => it.rebase(ratio),
                Indicator::Rsi(it) => it.rebase(ratio),
                Indicator::Macd(it) => it.rebase(ratio),
                Indicator::Bollinger(it) => it.rebase(ratio),
            }
        }
    }
}

impl Indicator {
    fn value(&self) -> Dynamic {
        let number = |value: Option<f64>| value.map_or(Dynamic::UNIT, Dynamic::from);
        let parts = |parts: [(&str, f64); 3]| {
            let map: Map = parts.into_iter().map(|(name, it)| (name.into(), it.into())).collect();
            Dynamic::from(map)
        };
        match self {
            Indicator::Sma(it) => number(it.value()),
            Indicator::Ema(it) => number(it.value()),
            Indicator::Rsi(it) => number(it.value()),
            Indicator::Macd(it) => it.value().map_or(Dynamic::UNIT, |value| {
                parts([
                    ("line", value.line),
                    ("signal", value.signal),
                    ("histogram", value.histogram),
                ])
            }),
            Indicator::Bollinger(it) => it.value().map_or(Dynamic::UNIT, |bands| {
                parts([("lower", bands.lower), ("middle", bands.middle), ("upper", bands.upper)])
            }),
        }
    }
}
