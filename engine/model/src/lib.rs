//! Models that look at bars: a recurrent network, written out for speed, with all that keeps its
//! judgement honest.
//!
//! What runs a model needs none of burn; the cargo feature `train` adds what makes one.

mod audit;
pub mod card;
pub mod config;
mod dataset;
pub mod drift;
pub mod features;
mod files;
pub mod folder;
mod hours;
pub mod lstm;
mod predict;
pub mod simd;
mod split;
mod target;
#[cfg(feature = "train")]
pub mod train;

pub use audit::{Audited, Leak, audit, fit};
pub use dataset::{Dataset, DatasetError, Sample, Series};
pub use files::FileError;
pub use hours::{keep_shown, phrase};
pub use predict::{Head, PredictError, Prediction, Predictor, likeliest};
pub use split::{Split, SplitConfig, SplitError};
pub use target::{Answer, Question, TRENDS, Trend};
