//! Fault drills: a strategy trades on the bundled exchange while a scenario's faults are injected,
//! and the exchange's own record judges what came of it.

mod catalogue;
mod claims;
mod data;
mod drill;
mod judge;
mod kinds;
mod rounds;
mod run;
mod scenario;

pub use catalogue::{NAMES, built_in};
pub use run::{Trader, run};
pub use scenario::Scenario;

use serde::Serialize;
use std::collections::BTreeMap;

/// How a scenario ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The fault was injected, and everything is as it should be.
    Passed,
    /// Something is not as it should be.
    Failed,
    /// Nothing is wrong, and what the scenario asks for was never put to the test. The drill must
    /// put everything to the test: of it that is a failure.
    NotReached,
}

impl Verdict {
    /// As it is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::NotReached => "not reached",
        }
    }
}

/// What came of a scenario.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Its name.
    pub name: String,
    /// What was injected.
    pub fault: String,
    /// What a correct engine must do.
    pub outcome: String,
    /// How often faults struck.
    pub injected: u64,
    /// How it ended.
    pub verdict: Verdict,
    /// Everything that is not as it should be, or was not put to the test.
    pub why: Vec<String>,
    /// Orders sent.
    pub orders: u64,
    /// Executions booked.
    pub fills: u64,
    /// How many orders of each kind the exchange was sent; one order may be of several.
    pub kinds: BTreeMap<&'static str, u64>,
    /// How often each kind of event is in the session's journal.
    pub events: BTreeMap<&'static str, u64>,
}
