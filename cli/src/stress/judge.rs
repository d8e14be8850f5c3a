//! Whether a session did right, by what the exchange has on record and what the journal holds.

use super::claims::Books;
use super::{Scenario, Trader, kinds};
use exchange::check::{Claims, Note, SessionRecord, asked_again};
use exchange::server::{Fault, Rule, Running};
use journal::Reader;
use kernel::{Input, MarketData, RecordBody, Stamped};
use runtime::session::{SessionError, Summary, journal_dir, replay};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// What is known of a session after its end.
pub struct Evidence {
    result: Option<Result<Summary, SessionError>>,
    record: SessionRecord,
    diary: Vec<Note>,
    /// How often each fault of the script struck.
    struck: Vec<u64>,
    /// What the journal says of the session.
    books: Books,
    /// How often each kind of event is in the journal.
    events: BTreeMap<&'static str, u64>,
    /// How often each check of the scenario has found what it is about.
    found: Vec<u64>,
    /// Why the journal cannot be read, or does not lead to the same decisions again.
    journal: Option<String>,
}

impl Evidence {
    /// Gathers it from both sides.
    pub fn gather(
        dir: &Path,
        result: Option<Result<Summary, SessionError>>,
        exchange: &Running,
        (scenario, trader): (&Scenario, &Trader<'_>),
    ) -> Self {
        let mut evidence = Self {
            result,
            record: exchange.record(),
            diary: exchange.diary(),
            struck: exchange.snapshot().faults,
            books: Books::default(),
            events: BTreeMap::new(),
            found: vec![0; scenario.checks.len()],
            journal: None,
        };
        let read = evidence.read(dir, scenario);
        evidence.journal = read.err().or_else(|| replayed(dir, trader).err());
        evidence
    }

    /// Takes in the journal.
    fn read(&mut self, dir: &Path, scenario: &Scenario) -> Result<(), String> {
        let told = |error: journal::JournalError| format!("the journal cannot be read: {error}");
        let mut records = Reader::open(&journal_dir(dir), 1).map_err(told)?;
        while let Some(record) = records.next().map_err(told)? {
            match &record.body {
                RecordBody::Event { event, .. } => self.count(scenario, event.kind(), event),
                RecordBody::Input(Stamped {
                    input: Input::Market(data) | Input::Late(data),
                    ..
                }) => self.count(scenario, kind_of(data), data),
                RecordBody::Input(_) => {}
            }
            let folded = self.books.take(&record);
            folded.map_err(|error| format!("the journal contradicts itself: {error}"))?;
        }
        Ok(())
    }

    fn count(&mut self, scenario: &Scenario, kind: &'static str, event: &impl Serialize) {
        *self.events.entry(kind).or_default() += 1;
        for (check, times) in scenario.checks.iter().zip(&mut self.found) {
            *times += u64::from(check.is_about(kind, event));
        }
    }

    /// The session's summary, when it came to its end.
    pub fn summary(&self) -> Option<&Summary> {
        self.result.as_ref()?.as_ref().ok()
    }

    /// How often each kind of event is in the journal.
    pub fn events(&self) -> &BTreeMap<&'static str, u64> {
        &self.events
    }

    /// How many orders of each kind the exchange has.
    pub fn kinds(&self) -> BTreeMap<&'static str, u64> {
        kinds::sent(&self.record.orders)
    }

    /// How often faults struck.
    pub fn strikes(&self) -> u64 {
        self.struck.iter().sum()
    }
}

/// The kind of the event that tells of market data.
const fn kind_of(data: &MarketData) -> &'static str {
    match data {
        MarketData::Bar(_) => "bar",
        MarketData::Quote(_) => "quote",
        MarketData::Trade(_) => "trade",
    }
}

/// Decides the journal again.
fn replayed(dir: &Path, trader: &Trader<'_>) -> Result<(), String> {
    let build = |start: &kernel::SessionStart| {
        let chosen = trader.build(&start.symbols)?;
        Ok::<_, crate::exit::Failure>(chosen.into_iter().map(|(strategy, _)| strategy).collect())
    };
    let report = replay::verify(&journal_dir(dir), build)
        .map_err(|error| format!("the journal cannot be decided again: {error}"))?;
    match report.difference {
        None => Ok(()),
        Some(difference) => Err(format!("record {} is decided otherwise again", difference.seq)),
    }
}

/// What is thought of a session.
pub struct Opinion {
    /// Everything that is not as it should be.
    pub wrong: Vec<String>,
    /// What was not put to the test.
    pub untested: Vec<String>,
}

/// Judges by the checkers of the exchange's record, with what the journal says of the session, and by
/// what the scenario asks for beyond them.
///
/// A strategy of one's own need not send what every fault of a scenario is about. So for that one strike
/// is enough, and where any fault struck more seldom than its rule asks for, too little of what is
/// counted in the whole session is nothing that the session did wrong.
pub fn judge(scenario: &Scenario, evidence: &Evidence, is_drill: bool) -> Opinion {
    let Evidence { record, diary, .. } = evidence;
    let (mut unmet, mut untested) = (Vec::new(), Vec::new());
    for expect in scenario.expects.iter().filter(|expect| is_drill || !expect.of_drill) {
        let figures = expect.unmet(record, diary).into_iter();
        unmet.extend(
            figures.map(|unmet| (unmet.is_short, format!("the exchange's record: {unmet}"))),
        );
        if expect.is_idle(record, diary) {
            untested.push(format!("there is nothing to take {expect} of"));
        }
    }
    let checks = scenario.checks.iter().zip(&evidence.found);
    for (check, times) in checks.filter(|(check, _)| is_drill || !check.of_drill) {
        unmet.extend(check.unmet(*times).map(|unmet| (check.is_short(*times), unmet)));
    }
    let seldom = too_seldom(scenario, evidence);
    let has_excuse = |is_short: bool| is_short && !is_drill && !seldom.is_empty();
    let (excused, unmet): (Vec<_>, Vec<_>) =
        unmet.into_iter().partition(|(is_short, _)| has_excuse(*is_short));
    for fault in &seldom {
        let never = fault.times == 0 && (is_drill || evidence.strikes() == 0);
        if never || !excused.is_empty() {
            untested.push(fault.to_string());
        }
    }
    untested.extend(excused.into_iter().map(|(_, sentence)| sentence));
    let mut wrong = conduct(scenario, evidence);
    wrong.extend(unmet.into_iter().map(|(_, sentence)| sentence));
    Opinion { wrong, untested }
}

/// A fault that struck more seldom than its rule asks for.
struct Seldom {
    /// Its place in the script, from 1.
    rule: usize,
    times: u64,
    wanted: u64,
}

impl fmt::Display for Seldom {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, times, wanted } = self;
        match times {
            0 => write!(out, "fault {rule} never struck"),
            _ => write!(out, "fault {rule} struck {times} of {wanted} times"),
        }
    }
}

/// The faults that struck more seldom than their rules ask for; of one without a bound a single strike
/// is asked for.
fn too_seldom(scenario: &Scenario, evidence: &Evidence) -> Vec<Seldom> {
    let rules = scenario.script.rules.iter().zip(&evidence.struck).enumerate();
    let seldom = rules.map(|(place, (rule, times))| Seldom {
        rule: place + 1,
        times: *times,
        wanted: rule.when.times.unwrap_or(1),
    });
    seldom.filter(|seldom| seldom.times < seldom.wanted).collect()
}

/// Orders that the exchange may have said it refused for the rate of requests though it took them.
fn misled(scenario: &Scenario, evidence: &Evidence) -> BTreeSet<String> {
    let is_lie =
        |rule: &Rule| matches!(rule.fault, Fault::Answer { status: 429, carried_out: true, .. });
    if !scenario.script.rules.iter().any(is_lie) {
        return BTreeSet::new();
    }
    let struck = evidence.diary.iter().filter_map(Note::asked).filter(|asked| asked.struck);
    struck.filter_map(|asked| asked.order.as_deref().map(str::to_owned)).collect()
}

/// Everything wrong with a session, whatever the scenario is about.
fn conduct(scenario: &Scenario, evidence: &Evidence) -> Vec<String> {
    let mut wrong: Vec<String> = Vec::new();
    match &evidence.result {
        None => wrong.push("the session did not come to its end".into()),
        Some(Err(error)) => wrong.push(format!("the session failed: {error}")),
        Some(Ok(_)) => {}
    }
    let record = &evidence.record;
    let mut recorded: Vec<String> = record.findings().iter().map(ToString::to_string).collect();
    // A session that stops leaves its exits.
    let misled = misled(scenario, evidence);
    let claims = Claims { leaves_open: true, misled, ..evidence.books.claims(record) };
    recorded.extend(record.breaches(&claims).iter().map(ToString::to_string));
    recorded.extend(asked_again(&evidence.diary, &claims).iter().map(ToString::to_string));
    wrong.extend(recorded.into_iter().map(|found| format!("the exchange's record: {found}")));
    wrong.extend(evidence.journal.clone());
    wrong
}
