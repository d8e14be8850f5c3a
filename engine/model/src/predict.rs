//! A model that is fed with bars and says where the price goes.

use crate::features::{NotFinite, Stream, Window};
use crate::folder::Model;
use crate::lstm::{Inference, softmax};
use crate::target::Trend;
use kernel::{Bar, Span, SymbolId, Timestamp};
use marketdata::resolution;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::f64::consts::SQRT_2;
use std::sync::Arc;

/// How a network's outputs become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Head {
    /// One output for each class.
    Classes {
        /// How much each class weighed while training; what it made likelier is taken back.
        weights: [f64; 3],
    },
    /// One output: the expected logarithm of prices.
    Value {
        /// What it was divided by.
        scale: f64,
        /// The standard deviation of what it leaves open.
        spread: f64,
        /// Half the width of the flat band, as a logarithm.
        band: f64,
    },
}

/// What a model says after a bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Of which symbol.
    pub symbol: SymbolId,
    /// The likeliest way.
    pub trend: Trend,
    /// Its probability, from 0 to 1.
    pub confidence: f64,
    /// The probabilities of down, flat and up.
    pub probabilities: [f64; 3],
    /// The id of the model.
    pub model: Arc<str>,
    /// When the window's last bar opened.
    pub bar: Timestamp,
    /// When that bar ended: from then on this could be known.
    pub time: Timestamp,
    /// How many bars it looks ahead.
    pub horizon: usize,
}

/// Why there is no prediction where there could be one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PredictError {
    /// Bars of another length than those that were learned from.
    #[error(
        "model {model} was trained on bars of {trained}, and the bar of {time} lasts {given}: give it its own"
    )]
    Length {
        /// The model.
        model: Arc<str>,
        /// The length that it knows.
        trained: String,
        /// The bar.
        time: Timestamp,
        /// Its length.
        given: String,
    },
    /// A bar that is not after the last.
    #[error("the bar of {time} comes after that of {last}: a model is fed in the order of time")]
    Order {
        /// The bar.
        time: Timestamp,
        /// The one before.
        last: Timestamp,
    },
    /// A feature that is no number.
    #[error(transparent)]
    NotFinite(#[from] NotFinite),
    /// An output that is no number.
    #[error("model {model} gave no number for the bar of {time}, so it says nothing")]
    Output {
        /// The model.
        model: Arc<str>,
        /// The bar.
        time: Timestamp,
    },
}

/// A model at work: one stream of features for each symbol.
#[derive(Debug, Clone)]
pub struct Predictor {
    model: Arc<Model>,
    inference: Inference,
    symbols: BTreeMap<SymbolId, Symbol>,
}

#[derive(Debug, Clone)]
struct Symbol {
    stream: Stream,
    window: Window,
    last: Timestamp,
}

impl Head {
    /// The probabilities of down, flat and up.
    pub fn probabilities(&self, outputs: &[f32]) -> [f64; 3] {
        match self {
            Self::Classes { weights } => {
                let mut shares = outputs.to_vec();
                softmax(&mut shares);
                let share = |class: usize| {
                    let share = shares.get(class).copied().map_or(0.0, f64::from);
                    share / weights.get(class).copied().unwrap_or(1.0)
                };
                let all = [0, 1, 2].map(share);
                let sum: f64 = all.iter().sum();
                all.map(|share| share / sum)
            }
            Self::Value { scale, spread, band } => {
                let expected = outputs.first().copied().map_or(0.0, f64::from) * scale;
                let below = |bound: f64| {
                    0.5 * libm::erfc((expected - bound) / (spread.max(f64::MIN_POSITIVE) * SQRT_2))
                };
                let (down, up) = (below(-band), 1.0 - below(*band));
                [down, (1.0 - down - up).max(0.0), up]
            }
        }
    }
}

/// The likeliest of three, and its probability; of equals the flatter, then the upper.
pub fn likeliest(probabilities: [f64; 3]) -> (Trend, f64) {
    let [down, flat, up] = probabilities;
    if flat >= down && flat >= up {
        (Trend::Flat, flat)
    } else if up >= down {
        (Trend::Up, up)
    } else {
        (Trend::Down, down)
    }
}

impl Predictor {
    /// A model that has seen no bar.
    pub fn new(model: Arc<Model>) -> Self {
        let inference = Inference::new(model.weights(), model.window());
        Self { model, inference, symbols: BTreeMap::new() }
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How many bars of a symbol it takes before it says something of it.
    pub fn warmup_bars(&self) -> usize {
        self.model.pipeline().warmup_bars(self.model.bar_length()) + self.model.window() - 1
    }

    /// Takes the next bar of a symbol; gives what the model says once it has seen enough of it, and
    /// nothing where a feature has no value.
    ///
    /// # Errors
    /// When the bar is of another length than those of training or not after the last one, or when a
    /// feature or an output is no number. What was seen before stays.
    pub fn observe(&mut self, bar: &Bar) -> Result<Option<Prediction>, PredictError> {
        let Some(outputs) = self.outputs(bar)? else { return Ok(None) };
        let model = &self.model;
        let probabilities = model.head().probabilities(&outputs);
        let (trend, confidence) = likeliest(probabilities);
        Ok(Some(Prediction {
            symbol: bar.symbol,
            trend,
            confidence,
            probabilities,
            model: model.id(),
            bar: bar.open_time,
            time: bar.open_time.plus(bar.length),
            horizon: model.horizon(),
        }))
    }

    /// The same, before it becomes probabilities: one number for each class, or the expected logarithm
    /// of prices over what it was divided by ([`Head`]).
    ///
    /// # Errors
    /// As [`Self::observe`].
    pub fn outputs(&mut self, bar: &Bar) -> Result<Option<Vec<f32>>, PredictError> {
        if bar.length != self.model.bar_length() {
            return Err(self.other_length(bar));
        }
        let model = &self.model;
        let symbol = self.symbols.entry(bar.symbol).or_insert_with(|| Symbol {
            stream: model.pipeline().stream(),
            window: Window::new(model.window(), model.pipeline().columns().len()),
            last: Timestamp::MIN,
        });
        if bar.open_time <= symbol.last {
            return Err(PredictError::Order { time: bar.open_time, last: symbol.last });
        }
        symbol.last = bar.open_time;
        let row = symbol.stream.push(bar).inspect_err(|_| symbol.window.clear())?;
        let Some(row) = row else {
            symbol.window.clear();
            return Ok(None);
        };
        let Some(window) = symbol.window.push(|to| model.scaler().scale(row, to)) else {
            return Ok(None);
        };
        let outputs = self.inference.run(window);
        if outputs.iter().all(|output| output.is_finite()) {
            Ok(Some(outputs))
        } else {
            Err(PredictError::Output { model: model.id(), time: bar.open_time })
        }
    }

    /// The features after a symbol's last bar, not scaled; none while one has no value.
    pub fn row(&self, symbol: SymbolId) -> Option<&[f64]> {
        self.symbols.get(&symbol)?.stream.row()
    }

    fn other_length(&self, bar: &Bar) -> PredictError {
        let name = |length: Span| resolution::name(length);
        PredictError::Length {
            model: self.model.id(),
            trained: name(self.model.bar_length()),
            time: bar.open_time,
            given: name(bar.length),
        }
    }
}
