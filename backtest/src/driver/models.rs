//! What models say of the bars of a step.

use super::Driver;
use super::bars::bar_of;
use crate::BacktestError;
use kernel::MarketData;

impl Driver<'_, '_> {
    /// Shows each bar that strategies have seen to each model, and feeds what it says.
    #[inline(never)]
    pub(super) fn ask_models(&mut self, data: &[MarketData]) -> Result<(), BacktestError> {
        let mut models = std::mem::take(&mut self.models);
        for data in data {
            let Some(bar) = bar_of(data).filter(|_| self.kernel.state().strategies_see(data))
            else {
                continue;
            };
            for model in &mut models {
                model.observe(bar).into_iter().try_for_each(|word| self.feed(word))?;
            }
        }
        self.models = models;
        Ok(())
    }
}
