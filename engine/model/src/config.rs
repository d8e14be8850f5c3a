//! What is trained and how, as it stands in a file.

use crate::features::{Declared, Pipeline};
use crate::split::SplitConfig;
use crate::target::Question;
use serde::{Deserialize, Serialize};

/// A training configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The network.
    #[serde(default)]
    pub network: NetworkConfig,
    /// What is asked.
    pub target: Question,
    /// Which samples judge.
    #[serde(default)]
    pub split: SplitConfig,
    /// How it is trained.
    #[serde(default)]
    pub training: TrainingConfig,
    /// What it sees.
    pub features: Vec<Declared>,
}

/// The sizes of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Bars that it sees at once.
    pub window: usize,
    /// Units of a layer.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
    /// The share of each layer's outputs that is left out while training.
    pub dropout: f32,
}

/// How a network is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Samples of a step.
    pub batch: usize,
    /// Times that every sample is seen, at most.
    pub epochs: usize,
    /// Epochs without a better validation loss after which it stops; 0 never stops early.
    pub patience: usize,
    /// The first learning rate.
    pub learning_rate: f64,
    /// What becomes of it.
    pub schedule: Schedule,
    /// The length that a step's gradient is cut to; 0 leaves it as it is.
    pub clip: f64,
    /// Whether rare classes weigh more.
    pub class_weights: bool,
    /// Of the first weights, the order of samples and dropout.
    pub seed: u64,
    /// Threads; their number changes the speed alone. 0 takes as many as there are cores.
    pub threads: usize,
    /// What makes the gradients.
    #[serde(skip_serializing_if = "Backend::is_fused")]
    pub backend: Backend,
}

/// What makes the gradients of a training. What is made is judged and run by the fused network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// The fused network, on the CPU.
    #[default]
    Fused,
    /// burn's tensors on the CPU, to compare others with.
    Flex,
    /// burn's tensors on what wgpu finds.
    Wgpu,
    /// burn's tensors on the first CUDA device.
    Cuda,
}

impl Backend {
    fn is_fused(&self) -> bool {
        *self == Self::Fused
    }

    /// Refuses one that this program was built without.
    ///
    /// # Errors
    /// With how to build a program that has it.
    pub fn built_in(self) -> Result<(), ConfigError> {
        let (name, has_it) = match self {
            Self::Fused | Self::Flex => return Ok(()),
            Self::Wgpu => ("wgpu", cfg!(feature = "wgpu")),
            Self::Cuda => ("cuda", cfg!(feature = "cuda")),
        };
        if has_it {
            return Ok(());
        }
        Err(ConfigError(format!(
            "training.backend = \"{name}\": this program was built without it; build it with `cargo build \
             --release --locked --features {name}`, or set \"fused\""
        )))
    }
}

/// What becomes of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// It falls along half a cosine to a hundredth at the last epoch.
    Cosine,
    /// It falls by a tenth after each epoch.
    Exponential,
}

/// The configuration is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Default for NetworkConfig {
    fn default() -> Self {
        Self { window: 60, hidden: 64, layers: 1, dropout: 0.1 }
    }
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            batch: 64,
            epochs: 60,
            patience: 8,
            learning_rate: 1e-3,
            schedule: Schedule::Cosine,
            clip: 1.0,
            class_weights: true,
            seed: 1,
            threads: 0,
            backend: Backend::Fused,
        }
    }
}

impl Config {
    /// From TOML, checked.
    ///
    /// # Errors
    /// With the first mistake: what it may be, and its line or its key.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| in_a_sentence(text, &error))?;
        config.check()?;
        Ok(config)
    }

    /// The features, checked.
    ///
    /// # Errors
    /// With the first mistake in them.
    pub fn pipeline(&self) -> Result<Pipeline, ConfigError> {
        Pipeline::new(&self.features).map_err(|mistake| ConfigError(mistake.to_string()))
    }

    fn check(&self) -> Result<(), ConfigError> {
        let (network, training, split) = (&self.network, &self.training, &self.split);
        let whole = |number: usize| number as f64;
        let ranges = [
            ("network.window", whole(network.window), 1.0, 1000.0),
            ("network.hidden", whole(network.hidden), 1.0, 1024.0),
            ("network.layers", whole(network.layers), 1.0, 8.0),
            ("network.dropout", f64::from(network.dropout), 0.0, 0.9),
            ("training.batch", whole(training.batch), 1.0, 65_536.0),
            ("training.epochs", whole(training.epochs), 1.0, 100_000.0),
            ("training.learning_rate", training.learning_rate, 1e-7, 1.0),
            ("training.clip", training.clip, 0.0, 1e6),
            ("training.threads", whole(training.threads), 0.0, 1024.0),
            ("split.validation_percent", split.validation_percent, 1.0, 50.0),
            ("split.test_percent", split.test_percent, 1.0, 60.0),
            ("split.folds", f64::from(split.folds), 0.0, 100.0),
        ];
        for (key, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                let told = format!("{key} = {value} is out of range: give {least} to {most}");
                return Err(ConfigError(told));
            }
        }
        training.backend.built_in()?;
        match self.target.mistake() {
            Some(mistake) => Err(ConfigError(mistake)),
            None => self.pipeline().map(drop),
        }
    }
}

/// What is wrong with a text, and the line in which it stands.
fn in_a_sentence(text: &str, error: &toml::de::Error) -> ConfigError {
    let message = error.message().replace('\n', " ");
    let before = error.span().and_then(|span| text.get(..span.start));
    let Some(before) = before else { return ConfigError(message) };
    let number = before.matches('\n').count();
    let line = text.lines().nth(number).unwrap_or_default().trim();
    ConfigError(format!("line {} ({line}): {message}", number + 1))
}
