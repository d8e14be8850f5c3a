//! Whether a model still sees what it was trained on, and errs no more than it did when it was judged.

mod monitor;
mod reference;
mod watch;

pub use monitor::{Drift, Limits, Monitor, Report};
pub use reference::{Column, Moved, Reference};
pub use watch::Watch;
