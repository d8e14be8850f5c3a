//! Whether a model still sees what it was trained on, and errs no more than it did when it was judged.

mod monitor;
mod reference;
mod watch;

pub use monitor::{ColumnDrift, Drift, Limits, Monitor, Report};
pub use reference::{Column, Reference};
pub use watch::Watch;
