//! `tradewind train` and `tradewind model …`.

use super::FormatArgs;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use kernel::TradingHours;
use std::path::PathBuf;

/// What follows the help of `tradewind train`.
pub const TRAIN_EXAMPLES: &str = "\
Examples:
  tradewind train --data SPY_2011.csv.gz            the network and features of config/train.toml
  tradewind train --config mine.toml --data AAA.csv,BBB.csv --parent champion
  tradewind train                                   on generated, synthetic bars: there is no edge to find

Samples are split in the order of time, and judged once on the last part; the card tells how the model
did beside always up, last move and logistic regression, and its first line whether it showed an edge.
A run that was killed goes on when the same command is given again, and ends with the same weights.
A session trains by itself on a schedule with the keys model.retrain of its configuration.
Metrics for TensorBoard and report.html lie in the folder that the end of the run names.";

/// What follows the help of `tradewind model`.
pub const MODEL_EXAMPLES: &str = "\
Examples:
  tradewind model list
  tradewind model show 3f2a                         the card; the beginning of a name is enough
  tradewind model compare 3f2a 91bc
  tradewind model promote 3f2a                      only with an edge, and better than the champion
  tradewind model retire 91bc
  tradewind model verify                            every byte of every model; exit code 5 if one is damaged
  tradewind model drift --data SPY_2012.csv.gz      do features and errors look as they did in training?";

/// A training run.
#[derive(Debug, Clone, Args)]
pub struct TrainArgs {
    /// What is trained and how, as config/train.toml shows it; that file when not given.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Files of bars; generated, synthetic ones when not given.
    #[arg(long, value_name = "FILE", num_args = 1.., value_delimiter = ',', value_hint = ValueHint::FilePath)]
    pub data: Vec<PathBuf>,
    /// Only these symbols of the files; or those that are generated.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub symbols: Vec<String>,
    /// The hours of the sessions that it is meant for: only bars that they show are learned from.
    #[arg(long, value_name = "HOURS", default_value = "regular")]
    pub session: Hours,
    /// The model that it is meant to take the place of, which is judged on the same samples; `champion` is
    /// the one in use.
    #[arg(long, value_name = "MODEL")]
    pub parent: Option<String>,
    #[command(flatten)]
    pub place: ModelsArgs,
    /// How the files are to be understood.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Leave the processor to whatever else wants it, and end when the standard input does.
    #[arg(long)]
    pub background: bool,
}

/// Hours of New York, in which bars open.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Hours {
    /// The regular session.
    Regular,
    /// Pre-market, regular and post-market.
    Extended,
    /// Every bar, day and night; no session here shows all of them.
    Always,
}

impl From<Hours> for TradingHours {
    fn from(hours: Hours) -> Self {
        match hours {
            Hours::Regular => Self::Regular,
            Hours::Extended => Self::Extended,
            Hours::Always => Self::Always,
        }
    }
}

/// Which models.
#[derive(Debug, Clone, Args)]
pub struct ModelsArgs {
    /// The folder of models; under the user's data directory when not given.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub models: Option<PathBuf>,
}

/// What is done with models.
#[derive(Debug, Clone, Subcommand)]
pub enum ModelCommand {
    /// List the models with their standing and first line.
    List(ListArgs),
    /// Show a model's card: data, features, split, and how it did out of sample.
    Show(ShowArgs),
    /// Show two models side by side.
    Compare(CompareModelsArgs),
    /// Let a model trade, in place of the one in use. Exit code 5 if it has not shown that it should.
    Promote(ChangeArgs),
    /// Let a model trade no more, ever.
    Retire(ChangeArgs),
    /// Check every byte of the models. Exit code 5 if one is damaged.
    Verify(VerifyArgs),
    /// Compare what a model sees, and how it errs, with training. Exit code 5 if it has drifted.
    Drift(DriftArgs),
}

/// A list of models.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub place: ModelsArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// One model.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// Its name, or the beginning of it.
    pub model: String,
    #[command(flatten)]
    pub place: ModelsArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Two models.
#[derive(Debug, Clone, Args)]
pub struct CompareModelsArgs {
    /// One.
    pub one: String,
    /// The other.
    pub other: String,
    #[command(flatten)]
    pub place: ModelsArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A change of a model's standing.
#[derive(Debug, Clone, Args)]
pub struct ChangeArgs {
    /// Its name, or the beginning of it.
    pub model: String,
    /// Do it even if the model has not shown that it should; say why. It is written down.
    #[arg(long, value_name = "REASON")]
    pub anyway: Option<String>,
    #[command(flatten)]
    pub place: ModelsArgs,
}

/// A check of models.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// Only this one.
    pub model: Option<String>,
    #[command(flatten)]
    pub place: ModelsArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// A model on bars of late.
#[derive(Debug, Clone, Args)]
pub struct DriftArgs {
    /// Its name, or the beginning of it; the champion when not given, or else the one that comes with the
    /// program.
    pub model: Option<String>,
    /// Files of bars; the last of them count, of the hours that the model learned from.
    #[arg(long, value_name = "FILE", required = true, num_args = 1.., value_delimiter = ',', value_hint = ValueHint::FilePath)]
    pub data: Vec<PathBuf>,
    /// Only these symbols of the files.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub symbols: Vec<String>,
    #[command(flatten)]
    pub place: ModelsArgs,
    /// How the files are to be understood.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
