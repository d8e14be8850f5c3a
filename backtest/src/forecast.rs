//! Models beside the strategies of a run.

use kernel::{Bar, Input};

/// A model that is shown each bar of a run, in the order of time, and may say something of its symbol.
///
/// It runs outside of the kernel, as it does in a session: its words are inputs, and a run with the same
/// bars and the same words decides the same.
pub trait Forecaster: Send {
    /// Takes a bar in; what comes of it is an [`Input::Prediction`], an [`Input::MissedPrediction`] or
    /// nothing.
    fn observe(&mut self, bar: &Bar) -> Option<Input>;
}

/// The models of a run.
pub type Forecasters = Vec<Box<dyn Forecaster>>;
