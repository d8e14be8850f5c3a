//! What models say: taken while it is news, acted upon, and over when its time has come.

use super::{DecideError, Deciding};
use crate::{AHEAD, Event, Kernel, MissedPrediction, Prediction, StrategyId, View};

impl Deciding<'_> {
    /// A model has said something. What comes too late is no signal, and what nothing is to be traded on
    /// is noted alone: a challenger's word, that of a model that has drifted, and that of one that stands in
    /// for another until the other has.
    pub(super) fn prediction(&mut self, said: &Prediction) -> Result<(), DecideError> {
        if let Some(reason) = self.unusable(said) {
            let Prediction { symbol, time, .. } = *said;
            let (model, reason) = (said.model.clone(), reason.into());
            return self.prediction_missed(&MissedPrediction { symbol, model, time, reason });
        }
        self.emit(Event::PredictionTaken(Box::new(said.clone())))?;
        if !self.state().is_traded_on(said) {
            return Ok(());
        }
        for strategy in &mut self.kernel.strategies {
            strategy.hear(said);
        }
        if self.may_propose() { self.ask_of(said) } else { Ok(()) }
    }

    /// A model that failed leaves what it said before in force.
    pub(super) fn prediction_missed(
        &mut self,
        missed: &MissedPrediction,
    ) -> Result<(), DecideError> {
        self.emit(Event::PredictionMissed(Box::new(missed.clone())))
    }

    /// Ends what has stood for long enough.
    pub(super) fn expire_predictions(&mut self) -> Result<(), DecideError> {
        for Prediction { symbol, model, .. } in self.state().expired_predictions(self.state().now())
        {
            self.emit(Event::PredictionExpired { symbol, model })?;
        }
        Ok(())
    }

    fn unusable(&self, said: &Prediction) -> Option<&'static str> {
        let state = self.state();
        let stands = |held: &&Prediction| held.model == said.model;
        if said.symbol.index() >= state.symbols().len() {
            Some("it is of a symbol that is not traded")
        } else if said.time > state.now().plus(AHEAD) {
            Some("its bar has not ended")
        } else if state.predictions_stand_until(said.time) <= state.now() {
            Some("it came too late")
        } else if state.predictions(said.symbol).filter(stands).any(|held| said.time < held.time) {
            Some("it is of a bar before the last")
        } else {
            None
        }
    }

    fn ask_of(&mut self, said: &Prediction) -> Result<(), DecideError> {
        for place in 0..self.kernel.strategies.len() {
            let Kernel { state, strategies, intents, .. } = &mut *self.kernel;
            if let Some(strategy) = strategies.get(place) {
                let view = View::of(state, StrategyId::at(place));
                strategy.propose_on(said, &view, intents);
            }
            if !intents.is_silent() {
                self.heed(place)?;
            }
        }
        Ok(())
    }
}
