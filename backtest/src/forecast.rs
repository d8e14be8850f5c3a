//! Models beside the strategies of a run.

use kernel::Forecaster;

/// The models of a run.
pub type Forecasters = Vec<Box<dyn Forecaster>>;
