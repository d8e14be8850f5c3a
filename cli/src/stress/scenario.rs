//! A scenario: a fault script with the outcome that is right, and the checks beyond those that
//! every scenario has.

use exchange::check::Expect;
use exchange::server::{FaultScript, Speed};
use kernel::{Cash, Span};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// A scenario, ready to run.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file's stem.
    pub name: String,
    /// Which fault it is about.
    pub fault: String,
    /// What a correct engine does, in one sentence.
    pub outcome: String,
    /// How fast the data are replayed.
    pub pace: Speed,
    /// Whether there are quotes beside the bars.
    pub quotes: bool,
    /// Whether there are trades beside the bars.
    pub trades: bool,
    /// Trading days of data.
    pub days: usize,
    /// Whether the books are compared with the exchange's at each step.
    pub compares: bool,
    /// Cash of the account, where what it has to spare matters.
    pub cash: Option<Cash>,
    /// For how long news keep entries away, where they do.
    pub news_blackout: Option<Span>,
    /// What the journal must show.
    pub checks: Vec<Check>,
    /// What the exchange's record must show.
    pub expects: Vec<Expect>,
    /// The faults.
    pub script: FaultScript,
}

/// How often a kind of event must be in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The event's kind, by its published name.
    pub event: String,
    /// Only those whose JSON has this in it.
    #[serde(default)]
    pub says: Option<String>,
    /// Whether it can be asked only of a strategy that trades all the time.
    #[serde(default)]
    pub of_drill: bool,
    /// At least so often.
    #[serde(default)]
    pub at_least: u64,
    /// At most so often.
    #[serde(default = "unbounded")]
    pub at_most: u64,
}

impl Check {
    /// Whether an event of a kind is one of those that count.
    pub fn is_about(&self, kind: &str, event: &impl Serialize) -> bool {
        let says = |text: &String| {
            serde_json::to_string(event).is_ok_and(|json| json.contains(text.as_str()))
        };
        kind == self.event && self.says.as_ref().is_none_or(says)
    }

    const fn is_unbounded(&self) -> bool {
        self.at_least == 0 && self.at_most == u64::MAX
    }

    /// Whether there are too few when there are so many of them.
    pub const fn is_short(&self, times: u64) -> bool {
        times < self.at_least
    }

    /// What is wrong when there are so many of them.
    pub fn unmet(&self, times: u64) -> Option<String> {
        let bound = match (self.is_short(times), times > self.at_most) {
            (true, _) => format!("must be at least {}", self.at_least),
            (_, true) => format!("may be at most {}", self.at_most),
            _ => return None,
        };
        let says = self.says.as_ref().map(|text| format!(" with {text:?}")).unwrap_or_default();
        Some(format!("{}{says} is in the journal {times} times, and {bound}", self.event))
    }
}

const fn unbounded() -> u64 {
    u64::MAX
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scenario: Header,
    #[serde(default)]
    check: Vec<Check>,
    #[serde(default)]
    expect: Vec<Expect>,
    /// Read by the exchange.
    #[serde(default, rename = "fault")]
    _faults: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    fault: String,
    outcome: String,
    #[serde(default = "lock_step")]
    pace: String,
    #[serde(default)]
    quotes: bool,
    #[serde(default)]
    trades: bool,
    #[serde(default = "one")]
    days: usize,
    #[serde(default)]
    compares: bool,
    #[serde(default)]
    cash_usd: Option<u32>,
    #[serde(default)]
    news_blackout_s: Option<u32>,
}

fn lock_step() -> String {
    "max".into()
}

const fn one() -> usize {
    1
}

/// Days of data that a scenario may have.
const MOST_DAYS: usize = 10;

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// Every mistake in its fault script, or the first elsewhere.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let script = FaultScript::parse_beside(text, &["scenario", "check", "expect"])
            .map_err(|error| error.to_string())?;
        let File { scenario, check, expect, _faults } =
            toml::from_str(text).map_err(|error| error.to_string())?;
        let pace = scenario.pace.parse().map_err(|error| format!("pace: {error}"))?;
        if !(1..=MOST_DAYS).contains(&scenario.days) {
            return Err(format!("days: must be from 1 to {MOST_DAYS}"));
        }
        if let Some(expect) = expect.iter().find(|expect| expect.is_unbounded()) {
            return Err(format!("expect: {expect} has neither `at_least` nor `at_most`"));
        }
        if let Some(check) = check.iter().find(|check| check.is_unbounded()) {
            return Err(format!("check: {} has neither `at_least` nor `at_most`", check.event));
        }
        Ok(Self {
            name: name.into(),
            fault: scenario.fault,
            outcome: scenario.outcome,
            pace,
            quotes: scenario.quotes,
            trades: scenario.trades,
            days: scenario.days,
            compares: scenario.compares,
            cash: scenario.cash_usd.and_then(|usd| Cash::from_whole(usd.into())),
            news_blackout: scenario.news_blackout_s.map(|count| Span::from_secs(count.into())),
            checks: check,
            expects: expect,
            script,
        })
    }
}
