//! What models say of some data, heard once for many runs over it.
//!
//! A model knows nothing of strategies and of the account: of the same bars it says the same. So it is
//! asked once, beside a strategy that wants nothing, and what it said is repeated in every run.

use crate::config::Observer;
use crate::driver::complete;
use crate::forecast::{ModelFacts, Models};
use crate::overheard::overheard;
use crate::{BacktestConfig, BacktestError};
use kernel::{
    Bar, Forecaster, Input, Intents, MarketData, Notice, Ratio, Strategy, StrategySpec, SymbolId,
    Timestamp, View,
};
use marketdata::{Facts, MarketDataFileError, Source};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, PoisonError};

/// What was said when bars had ended, each word with the bar's symbol.
type Said = BTreeMap<Timestamp, Vec<(SymbolId, Input)>>;

/// What models say of some data.
#[derive(Debug)]
pub struct Words {
    facts: Vec<ModelFacts>,
    /// The digest of the data.
    over: String,
    said: Said,
}

impl Words {
    /// Shows models the data of runs, under the rules of the runs.
    ///
    /// # Errors
    /// As [`crate::run_source`].
    pub fn hear(
        config: &BacktestConfig,
        (data, facts): (&[MarketData], &Facts),
        models: Models,
        observer: &mut dyn Observer,
    ) -> Result<Self, BacktestError> {
        let told: Arc<Mutex<Said>> = Arc::default();
        let forecasters = models.forecasters.into_iter().map(|inner| {
            let told = Arc::clone(&told);
            overheard(inner, move |bar, word| {
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                told.entry(bar.end_time()).or_default().push((bar.symbol, word.clone()));
            })
        });
        let overheard = Models { facts: models.facts.clone(), forecasters: forecasters.collect() };
        let spec = StrategySpec { name: "none".into(), params: BTreeMap::new() };
        let config = BacktestConfig { journal: None, ..config.clone() };
        let mut source = Shared::new(facts, data);
        complete(&config, &mut source, vec![(Box::new(Silent), spec)], overheard, observer)?;
        let said = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Self { facts: models.facts, over: facts.content_hash.clone(), said })
    }

    /// What is known of the models.
    pub fn facts(&self) -> &[ModelFacts] {
        &self.facts
    }

    /// The models of a run over data with a digest: those that were heard, or a part of them.
    pub fn models(self: &Arc<Self>, data_hash: &str) -> Models {
        let shown = (self.over != data_hash).then(|| self.over.clone());
        let facts =
            self.facts.iter().map(|model| ModelFacts { shown: shown.clone(), ..model.clone() });
        let repeated = Repeated { words: self.clone(), upto: None };
        Models { facts: facts.collect(), forecasters: vec![Box::new(repeated)] }
    }

    fn of(&self, bar: &Bar) -> impl Iterator<Item = &Input> {
        let words = self.said.get(&bar.end_time()).into_iter().flatten();
        words.filter(|(symbol, _)| *symbol == bar.symbol).map(|(_, word)| word)
    }

    /// That models drifted between two instants.
    fn drifts(&self, after: Option<Timestamp>, before: Timestamp) -> impl Iterator<Item = &Input> {
        let is_later = after.is_none_or(|after| after < before);
        let between = (after.map_or(Unbounded, Excluded), Excluded(before));
        let between = is_later.then(|| self.said.range(between));
        let words = between.into_iter().flatten().flat_map(|(_, words)| words);
        let is_drift = |word: &&Input| matches!(word, Input::Notice(Notice::ModelDrifted { .. }));
        words.map(|(_, word)| word).filter(is_drift)
    }
}

/// All models of a run at once, as they were heard. In a run over a part of the data a model that had
/// drifted before a bar, where the run has none, has drifted at that bar.
struct Repeated {
    words: Arc<Words>,
    /// When the last bar ended.
    upto: Option<Timestamp>,
}

impl Forecaster for Repeated {
    fn id(&self) -> &'static str {
        "repeated"
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn observe(&mut self, bar: &Bar) -> Vec<Input> {
        let end = bar.end_time();
        let words = self.words.drifts(self.upto, end).chain(self.words.of(bar)).cloned().collect();
        self.upto = Some(end);
        words
    }

    fn remember(&mut self, _: &Bar) {}

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}
}

/// Wants nothing.
struct Silent;

impl Strategy for Silent {
    fn observe(&mut self, _: &MarketData) {}

    fn propose(&self, _: &MarketData, _: &View<'_>, _: &mut Intents) {}

    fn warmup_bars(&self) -> usize {
        0
    }

    fn reset(&mut self) {}

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}
}

/// Data in memory that many runs read at once.
pub(crate) struct Shared<'a> {
    facts: &'a Facts,
    rest: Option<&'a [MarketData]>,
}

impl<'a> Shared<'a> {
    /// All of some data.
    pub(crate) const fn new(facts: &'a Facts, data: &'a [MarketData]) -> Self {
        Self { facts, rest: Some(data) }
    }
}

impl Source for Shared<'_> {
    fn facts(&self) -> &Facts {
        self.facts
    }

    fn next_chunk(&mut self) -> Result<Option<&[MarketData]>, MarketDataFileError> {
        Ok(self.rest.take().filter(|rows| !rows.is_empty()))
    }
}
