//! Whether a session did right, by what the exchange has on record and what the journal holds.

use super::claims::Books;
use super::{Scenario, Trader, kinds};
use exchange::OrderRow;
use exchange::check::{Claims, Note, SessionRecord};
use exchange::server::Running;
use journal::Reader;
use kernel::RecordBody;
use runtime::session::{SessionError, Summary, journal_dir, replay};
use std::collections::BTreeMap;
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
            if let RecordBody::Event { event, .. } = &record.body {
                *self.events.entry(event.kind()).or_default() += 1;
                for (check, times) in scenario.checks.iter().zip(&mut self.found) {
                    *times += u64::from(check.is_about(event));
                }
            }
            let folded = self.books.take(&record);
            folded.map_err(|error| format!("the journal contradicts itself: {error}"))?;
        }
        Ok(())
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

/// Everything that is not as it should be: by the checkers of the exchange's record, with what the
/// journal says of the session, and by what the scenario asks for beyond them.
pub fn judge(scenario: &Scenario, evidence: &Evidence, is_drill: bool) -> Vec<String> {
    let mut why: Vec<String> = Vec::new();
    match &evidence.result {
        None => why.push("the session did not come to its end".into()),
        Some(Err(error)) => why.push(format!("the session failed: {error}")),
        Some(Ok(_)) => {}
    }
    let record = &evidence.record;
    let mut recorded: Vec<String> = record.findings().iter().map(ToString::to_string).collect();
    // A session that stops leaves its exits.
    let claims = Claims { leaves_open: true, ..evidence.books.claims(record) };
    recorded.extend(record.breaches(&claims).iter().map(ToString::to_string));
    recorded.extend(lost_stops(record, &claims.prefix));
    for expect in scenario.expects.iter().filter(|expect| is_drill || !expect.of_drill) {
        let unmet = expect.unmet(record, &evidence.diary);
        recorded.extend(unmet.iter().map(ToString::to_string));
    }
    why.extend(recorded.into_iter().map(|wrong| format!("the exchange's record: {wrong}")));
    why.extend(evidence.journal.clone());
    for (check, times) in scenario.checks.iter().zip(&evidence.found) {
        why.extend(check.unmet(*times).filter(|_| is_drill || !check.of_drill));
    }
    why
}

/// What was not put to the test: faults that never struck, and figures that there was nothing to take
/// of. A strategy of one's own need not send what every fault of a scenario is about, so for that
/// one strike is enough.
pub fn untested(scenario: &Scenario, evidence: &Evidence, is_drill: bool) -> Vec<String> {
    let mut untested = Vec::new();
    for (number, times) in evidence.struck.iter().enumerate() {
        if *times == 0 && (is_drill || evidence.strikes() == 0) {
            untested.push(format!("fault {} never struck", number + 1));
        }
    }
    for expect in scenario.expects.iter().filter(|expect| is_drill || !expect.of_drill) {
        if expect.is_idle(&evidence.record, &evidence.diary) {
            untested.push(format!("there is nothing to take {expect} of"));
        }
    }
    untested
}

/// Stops that ended while their position is held, without anybody asking for their end.
fn lost_stops(record: &SessionRecord, prefix: &str) -> Vec<String> {
    let held = |symbol| record.positions.iter().any(|position| position.symbol == symbol);
    let lost = record.orders.iter().filter(|order| {
        let ended_by_itself = order.canceled_at.is_some() && order.cancel_requested_at.is_none();
        let is_ours = order.client_order_id.starts_with(prefix);
        let is_lost = is_ours && order.kind.stop().is_some() && ended_by_itself;
        is_lost && held(order.symbol) && !went_with_the_other(record, order)
    });
    lost.map(|order| format!("stop {} is gone and its position is held", order.client_order_id))
        .collect()
}

/// Whether an exit ended because the other of its group filled or was cancelled.
fn went_with_the_other(record: &SessionRecord, exit: &OrderRow) -> bool {
    let group = |row: &OrderRow| row.parent.unwrap_or(row.id);
    let others = record.orders.iter().filter(|row| row.id != exit.id && row.side == exit.side);
    let mut others = others.filter(|row| group(row) == group(exit));
    others.any(|row| row.filled_qty.is_positive() || row.cancel_requested_at.is_some())
}
