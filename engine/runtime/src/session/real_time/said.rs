//! What models say in the world's time: whenever they have an answer, or never.

use super::super::SessionError;
use super::super::models::Said;
use super::RealTime;
use kernel::MarketData;

impl RealTime<'_> {
    /// Has models say something of a bar that strategies have seen.
    pub(super) fn ask_models(&mut self, data: &MarketData) -> Result<(), SessionError> {
        self.desk.ask_models(&[*data]).into_iter().try_for_each(|word| self.feed(word))
    }

    /// The same for a bar that came late: what would be over already is not asked for.
    pub(super) fn show_models_late(&mut self, data: &MarketData) -> Result<(), SessionError> {
        let state = self.desk.core.state();
        if self.desk.clock.now(state.now()) < state.predictions_stand_until(data.time()) {
            return self.ask_models(data);
        }
        if let Some(bar) = self.desk.bar_for_models(data) {
            self.desk.models.remind(&bar);
        }
        Ok(())
    }

    /// A model has said something, or that it has nothing to say.
    pub(super) fn said(&mut self, said: Said) -> Result<(), SessionError> {
        self.desk.models.hear(said).into_iter().try_for_each(|word| self.feed(word))
    }

    /// Notes what models should have said by now.
    pub(super) fn note_overdue_words(&mut self) -> Result<(), SessionError> {
        self.desk.overdue_words().into_iter().try_for_each(|word| self.feed(word))
    }
}
