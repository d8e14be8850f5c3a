//! What models say, for as long as it stands.

use super::State;
use crate::{Prediction, SymbolId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The newest word of each model on each symbol, until its time is over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Predictions {
    standing: Vec<Standing>,
    /// The models that have drifted.
    drifted: BTreeSet<Box<str>>,
}

/// A prediction with when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Standing {
    prediction: Prediction,
    until: Timestamp,
}

impl Predictions {
    /// Takes the place of what the same model has said of the same symbol.
    pub fn take(&mut self, prediction: &Prediction, until: Timestamp) {
        self.end(prediction.symbol, &prediction.model);
        let prediction = prediction.clone();
        self.standing.push(Standing { prediction, until });
    }

    /// A model has drifted: what it has said stands no longer.
    pub fn drift(&mut self, model: &str) {
        self.standing.retain(|held| *held.prediction.model != *model);
        self.drifted.insert(model.into());
    }

    /// A word is over.
    pub fn end(&mut self, symbol: SymbolId, model: &str) {
        self.standing
            .retain(|held| held.prediction.symbol != symbol || *held.prediction.model != *model);
    }
}

impl State {
    /// Whether a word is traded on; else it is noted in the journal alone.
    pub(crate) fn is_traded_on(&self, said: &Prediction) -> bool {
        let has_drifted = |model: &str| self.predictions.drifted.contains(model);
        let is_due = said.stands_in_for.as_deref().is_none_or(has_drifted);
        is_due && !said.shadow && !has_drifted(&said.model)
    }

    pub(super) fn take_prediction(&mut self, said: &Prediction) {
        if self.is_traded_on(said) {
            self.predictions.take(said, self.predictions_stand_until(said.time));
        }
    }

    /// What models say of a symbol by now, each of its models once, those last said last.
    pub fn predictions(&self, symbol: SymbolId) -> impl Iterator<Item = &Prediction> {
        let all = self.predictions.standing.iter().map(|held| &held.prediction);
        all.filter(move |prediction| prediction.symbol == symbol)
    }

    /// Whether a model has drifted.
    pub(crate) fn a_model_has_drifted(&self) -> bool {
        !self.predictions.drifted.is_empty()
    }

    /// Until when a word on a bar stands that ended then.
    pub fn predictions_stand_until(&self, time: Timestamp) -> Timestamp {
        self.limits.prediction_time_to_live.map_or(Timestamp::MAX, |span| time.plus(span))
    }

    /// When the first of what models say is over.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        let ends = self.predictions.standing.iter().map(|held| held.until);
        ends.filter(|until| *until < Timestamp::MAX).min()
    }

    /// Whether any model's word stands.
    #[inline]
    pub(crate) const fn has_predictions(&self) -> bool {
        !self.predictions.standing.is_empty()
    }

    /// What is over at an instant.
    pub(crate) fn expired_predictions(&self, at: Timestamp) -> Vec<Prediction> {
        let over = self.predictions.standing.iter().filter(|held| held.until <= at);
        over.map(|held| held.prediction.clone()).collect()
    }
}
