//! Sweeps: many parameters of a strategy over the same data, and how much of the best is luck.
//!
//! What is never here: a figure of the best trial alone. Every try goes into a [`Ledger`], and what
//! is said of the best counts them all.

mod heat;
mod ledger;
mod luck;
mod report;
mod run;
mod space;
mod trial;

pub use heat::HeatMap;
pub use ledger::Ledger;
pub use luck::Luck;
pub(crate) use luck::{Record, Tries};
pub use report::{Figure, Objective, Subject, SweepReport, TrialRow, judge_sweep};
pub use run::{Build, SweepError, Tried, try_all};
pub use space::{Axis, Search, Space, SpaceError};
pub use trial::{BLOCKS, Bench, Trial};
