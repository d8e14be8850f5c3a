//! Whether a session did right, by what the exchange has on record and what the journal holds.

use super::{Scenario, Trader};
use exchange::check::{Note, SessionRecord};
use exchange::server::{Running, Snapshot};
use journal::Reader;
use kernel::{Event, RecordBody};
use runtime::session::{SessionError, Status, Summary, journal_dir, replay};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What is known of a session after its end.
pub struct Evidence {
    result: Option<Result<Summary, SessionError>>,
    record: SessionRecord,
    diary: Vec<Note>,
    snapshot: Snapshot,
    /// Orders that the session holds live: the client's name and what is open of each.
    live: BTreeSet<String>,
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
        status: &Status,
        exchange: &Running,
        (scenario, trader): (&Scenario, &Trader<'_>),
    ) -> Self {
        let (mut events, mut found) = (BTreeMap::new(), vec![0; scenario.checks.len()]);
        let counted = events_of(dir, |event| {
            *events.entry(event.kind()).or_default() += 1;
            for (check, times) in scenario.checks.iter().zip(&mut found) {
                *times += u64::from(check.is_about(event));
            }
        });
        let journal = counted.err().or_else(|| replayed(dir, trader).err());
        Self {
            result,
            record: exchange.record(),
            diary: exchange.diary(),
            snapshot: exchange.snapshot(),
            live: status.open_orders.iter().map(|order| order.order.to_string()).collect(),
            events,
            found,
            journal,
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
}

/// Shows each event of a journal.
fn events_of(dir: &Path, mut each: impl FnMut(&Event)) -> Result<(), String> {
    let told = |error: journal::JournalError| format!("the journal cannot be read: {error}");
    let mut records = Reader::open(&journal_dir(dir), 1).map_err(told)?;
    while let Some(record) = records.next().map_err(told)? {
        if let RecordBody::Event { event, .. } = &record.body {
            each(event);
        }
    }
    Ok(())
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

/// Everything that is not as it should be.
pub fn judge(scenario: &Scenario, evidence: &Evidence, is_drill: bool) -> Vec<String> {
    let mut why: Vec<String> = Vec::new();
    match &evidence.result {
        None => why.push("the session did not come to its end".into()),
        Some(Err(error)) => why.push(format!("the session failed: {error}")),
        Some(Ok(summary)) => {
            why.extend(books(summary, &evidence.snapshot));
            why.extend(orders(summary, evidence));
        }
    }
    let findings = evidence.record.findings();
    why.extend(findings.iter().map(|finding| format!("the exchange's record: {finding}")));
    for expect in scenario.expects.iter().filter(|expect| is_drill || !expect.of_drill) {
        let unmet = expect.unmet(&evidence.record, &evidence.diary);
        why.extend(unmet.iter().map(|unmet| format!("the exchange's record: {unmet}")));
    }
    why.extend(evidence.journal.clone());
    for (check, times) in scenario.checks.iter().zip(&evidence.found) {
        why.extend(check.unmet(*times).filter(|_| is_drill || !check.of_drill));
    }
    why
}

/// Cash and positions on both sides, to the last digit.
fn books(summary: &Summary, snapshot: &Snapshot) -> Vec<String> {
    let mut why = Vec::new();
    if summary.cash != snapshot.account.cash {
        why.push(format!(
            "cash is {} in the books and {} at the exchange",
            summary.cash, snapshot.account.cash
        ));
    }
    for symbol in snapshot.symbols.ids() {
        let name = snapshot.symbols.name(symbol);
        let ours = summary.positions.get(name).map(|position| position.qty).unwrap_or_default();
        let theirs = snapshot.positions.iter().find(|position| position.symbol == symbol);
        let theirs = theirs.map(|position| position.qty).unwrap_or_default();
        if ours != theirs {
            why.push(format!("{name} is {ours} in the books and {theirs} at the exchange"));
        }
    }
    why
}

/// Each order sent is at the exchange once at most, and both sides agree on what is still open.
fn orders(summary: &Summary, evidence: &Evidence) -> Vec<String> {
    let mut why = Vec::new();
    let prefix = format!("tw-{:.8}-", summary.session);
    let number = |id: &str| id.strip_prefix(&prefix).map(str::to_owned);
    let ours = evidence.snapshot.orders.iter();
    let ours: Vec<_> =
        ours.filter_map(|order| Some((number(&order.client_order_id)?, order))).collect();
    if ours.len() as u64 > summary.orders.sent {
        why.push(format!(
            "{} orders are at the exchange, and {} were sent",
            ours.len(),
            summary.orders.sent
        ));
    }
    let open: BTreeSet<String> = ours
        .iter()
        .filter(|(_, order)| !order.status.is_final())
        .map(|(number, _)| number.clone())
        .collect();
    for number in open.difference(&evidence.live) {
        why.push(format!("order {number} is open at the exchange and not in the books"));
    }
    for number in evidence.live.difference(&open) {
        why.push(format!("order {number} is live in the books and not open at the exchange"));
    }
    why.extend(lost_stops(evidence, &ours));
    why
}

/// Stops that ended while their position is held, without anybody asking for their end.
fn lost_stops(evidence: &Evidence, ours: &[(String, &exchange::OrderRow)]) -> Vec<String> {
    let held = |symbol| {
        let mut positions = evidence.snapshot.positions.iter();
        positions.any(|position| position.symbol == symbol)
    };
    let lost = ours.iter().filter(|(_, order)| {
        let ended_by_itself = order.canceled_at.is_some() && order.cancel_requested_at.is_none();
        order.kind.stop().is_some() && ended_by_itself && held(order.symbol)
    });
    lost.map(|(number, _)| format!("stop {number} is gone and its position is held")).collect()
}
