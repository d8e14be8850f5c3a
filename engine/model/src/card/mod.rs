//! The card that a model carries: what it was made of, and how well it foretold what it had not seen.

mod baseline;
mod judge;
mod render;
mod rival;

pub use baseline::baselines;
pub use judge::{Asked, Bin, Judgement, Outcome, Share, advantage, judge, log_loss};
pub use rival::{Rival, outcomes_of};

use crate::config::Config;
use kernel::TradingHours;
use serde::{Deserialize, Serialize};

/// How many standard errors a model's log loss must lie below each baseline's. Who tries many
/// configurations finds one that is better by luck: at the usual 1.645 one in twenty passes, at 3 one
/// in seven hundred.
///
/// Source: C. Harvey, Y. Liu and H. Zhu, "... and the Cross-Section of Expected Returns", 2016.
pub const NEEDED: f64 = 3.0;

/// What is known of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The judgement in one sentence.
    pub verdict: String,
    /// Whether it is better than every baseline.
    pub beats_baselines: bool,
    /// The data.
    pub data: DataFacts,
    /// The columns that it sees.
    pub features: Vec<String>,
    /// Its whole configuration, seed included.
    pub config: Config,
    /// The parts, fold by fold; one without walk-forward.
    pub parts: Vec<PartFacts>,
    /// The version of the program.
    pub software: String,
    /// The epochs that it was trained for, and the best of them.
    pub epochs: (usize, usize),
    /// How it did out of sample.
    pub model: Judgement,
    /// How the baselines did on the same samples, with the model's advantage over each.
    pub baselines: Vec<Baseline>,
    /// How the model whose place it is meant to take did on the same samples, where it was asked the same
    /// of the same bars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rival: Option<Rival>,
}

/// The data of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFacts {
    /// The symbols.
    pub symbols: Vec<String>,
    /// How long a bar lasts.
    pub bar: String,
    /// When the first bar opened.
    pub from: String,
    /// When the last bar ended.
    pub to: String,
    /// Bars in all.
    pub bars: usize,
    /// The SHA-256 of all bars.
    pub sha256: String,
    /// Whether it was generated.
    pub synthetic: bool,
    /// In which hours the bars open; cards did not always say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<TradingHours>,
}

impl DataFacts {
    /// In which hours the bars open. Before cards said it, generated bars were those of the regular
    /// session, and files were learned from whole.
    pub fn hours(&self) -> TradingHours {
        self.session.unwrap_or(match self.synthetic {
            true => TradingHours::Regular,
            false => TradingHours::Always,
        })
    }
}

/// The parts of one split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartFacts {
    /// Samples, first and last time of the training part.
    pub train: (usize, String, String),
    /// Of the validation part.
    pub validation: (usize, String, String),
    /// Of the part that judges.
    pub test: (usize, String, String),
}

/// A baseline on the same samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Its name.
    pub name: String,
    /// How it did.
    pub judgement: Judgement,
    /// How many standard errors the model's log loss lies below its own; none where the two always
    /// said the same.
    pub advantage: Option<f64>,
}

/// The model's and the baselines' judgements, whether the model is better, and the sentence for it.
pub fn compare(
    model: &[Outcome],
    baselines: &[(&str, Vec<Outcome>)],
    horizon: usize,
) -> (Judgement, Vec<Baseline>, bool, String) {
    let judged = judge(model, horizon);
    let baselines: Vec<Baseline> = baselines
        .iter()
        .map(|(name, outcomes)| Baseline {
            name: (*name).into(),
            judgement: judge(outcomes, horizon),
            advantage: advantage(model, outcomes, horizon),
        })
        .collect();
    let beats = |baseline: &&Baseline| baseline.advantage.is_some_and(|by| by > NEEDED);
    let unbeaten: Vec<&str> =
        baselines.iter().filter(|one| !beats(one)).map(|one| one.name.as_str()).collect();
    let is_better = unbeaten.is_empty() && !baselines.is_empty();
    let sentence = if is_better {
        format!(
            "Better than every baseline out of sample: log loss {:.4}, accuracy {:.1} %.",
            judged.log_loss,
            100.0 * judged.accuracy.value
        )
    } else {
        format!(
            "No edge shown: out of sample it is not better than {} (log loss {:.4}); do not trade on it.",
            unbeaten.join(", "),
            judged.log_loss
        )
    };
    (judged, baselines, is_better, sentence)
}
