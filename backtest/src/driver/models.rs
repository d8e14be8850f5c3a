//! What models say of the bars of a step.

use super::Driver;
use super::bars::bar_of;
use crate::BacktestError;
use kernel::MarketData;

impl Driver<'_, '_> {
    /// Shows each bar to each model, and feeds what it says.
    #[inline(never)]
    pub(super) fn ask_models(&mut self, data: &[MarketData]) -> Result<(), BacktestError> {
        let mut models = std::mem::take(&mut self.models);
        for bar in data.iter().filter_map(bar_of) {
            for model in &mut models {
                model.observe(bar).map_or(Ok(()), |word| self.feed(word))?;
            }
        }
        self.models = models;
        Ok(())
    }
}
