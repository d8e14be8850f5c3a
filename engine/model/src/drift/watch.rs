//! A model at work that is watched.

use super::{Limits, Monitor};
use crate::card::{Asked, Outcome};
use crate::folder::Model;
use crate::predict::{PredictError, Prediction, Predictor};
use kernel::{Bar, SymbolId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A predictor beside which its features are counted and its predictions are judged once their answers
/// are known.
#[derive(Debug, Clone)]
pub struct Watch {
    predictor: Predictor,
    monitor: Monitor,
    open: BTreeMap<SymbolId, Open>,
}

/// The last bars of a symbol, with what was said after each.
#[derive(Debug, Clone, Default)]
struct Open {
    bars: VecDeque<Bar>,
    said: VecDeque<Option<[f64; 3]>>,
    /// Bars until an answer is judged that shares none with the last one.
    rests: usize,
}

impl Watch {
    /// A model that has seen no bar.
    pub fn new(model: Arc<Model>, limits: Limits) -> Self {
        let monitor = Monitor::new(model.reference().clone(), limits);
        Self { predictor: Predictor::new(model), monitor, open: BTreeMap::new() }
    }

    /// The model at work.
    pub const fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    /// What was counted.
    pub const fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// As [`Predictor::observe`].
    ///
    /// # Errors
    /// As there.
    pub fn observe(&mut self, bar: &Bar) -> Result<Option<Prediction>, PredictError> {
        let prediction = self.predictor.observe(bar)?;
        if let Some(row) = self.predictor.row(bar.symbol) {
            self.monitor.see(row);
        }
        self.judge(bar, prediction.as_ref().map(|prediction| prediction.probabilities));
        Ok(prediction)
    }

    fn judge(&mut self, bar: &Bar, said: Option<[f64; 3]>) {
        let model = self.predictor.model();
        let (question, horizon) = (model.card().config.target, model.horizon());
        let open = self.open.entry(bar.symbol).or_default();
        open.bars.push_back(*bar);
        open.said.push_back(said);
        if open.bars.len() <= horizon {
            return;
        }
        let (Some(asked), Some(said)) = (open.bars.pop_front(), open.said.pop_front()) else {
            return;
        };
        open.rests = open.rests.saturating_sub(1);
        let answer = question.answer(&asked, open.bars.make_contiguous());
        if let (0, Some(said), Some(answer)) = (open.rests, said, answer) {
            open.rests = horizon;
            let asked = Asked { series: bar.symbol.index(), time: asked.end_time() };
            self.monitor.judge(&Outcome::new(said, answer.trend, answer.moved, asked));
        }
    }
}
