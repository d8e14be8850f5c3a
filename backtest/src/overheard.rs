//! A model to whose words somebody listens.

use kernel::{Bar, Forecaster, Input, Ratio, SymbolId};

/// The same model; `hear` is told each word that it says of a bar.
pub fn overheard(
    inner: Box<dyn Forecaster>,
    hear: impl FnMut(&Bar, &Input) + Send + 'static,
) -> Box<dyn Forecaster> {
    Box::new(Overheard { inner, hear })
}

struct Overheard<H> {
    inner: Box<dyn Forecaster>,
    hear: H,
}

impl<H: FnMut(&Bar, &Input) + Send> Forecaster for Overheard<H> {
    fn id(&self) -> &str {
        self.inner.id()
    }

    fn warmup_bars(&self) -> usize {
        self.inner.warmup_bars()
    }

    fn observe(&mut self, bar: &Bar) -> Vec<Input> {
        let words = self.inner.observe(bar);
        words.iter().for_each(|word| (self.hear)(bar, word));
        words
    }

    fn remember(&mut self, bar: &Bar) {
        self.inner.remember(bar);
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        self.inner.rebase(symbol, ratio);
    }
}
