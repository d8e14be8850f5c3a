//! A journal in short: what ran, when, what became of it, and what needed somebody's attention.

use super::Folded;
use crate::commands::{print_json, print_text, summary};
use crate::exit::Failure;
use crate::figures::{counted, date_time, exact};
use kernel::{Event, Input, RecordBody, State, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// How many of the last warnings are shown.
const NOTES: usize = 10;

/// What is gathered on the way through a journal.
#[derive(Default)]
struct Gathered {
    counts: BTreeMap<&'static str, u64>,
    begun: Option<Timestamp>,
    restarts: u64,
    days: Option<(Timestamp, Timestamp)>,
    stopped: bool,
    /// Alerts, and who stopped or resumed trading and why.
    notes: Vec<(Timestamp, String)>,
}

/// Prints what a journal holds.
///
/// # Errors
/// When it cannot be read.
pub fn run(folder: &Path, as_json: bool) -> Result<(), Failure> {
    let mut records = Folded::open(folder, 0)?;
    let mut gathered = Gathered::default();
    while let Some(record) = records.next()? {
        gathered.take(&record.body);
    }
    if as_json {
        print_json(&gathered.json(&records.state))
    } else {
        gathered.print(folder, &records.state)
    }
}

impl Gathered {
    fn take(&mut self, body: &RecordBody) {
        match body {
            RecordBody::Input(stamped) => {
                *self.counts.entry("inputs").or_default() += 1;
                match &stamped.input {
                    Input::Start(_) => self.begun = Some(stamped.seen),
                    Input::Market(_) | Input::Late(_) => {
                        let first = self.days.map_or(stamped.at, |(first, _)| first);
                        self.days = Some((first, stamped.at));
                    }
                    _ => {}
                }
            }
            RecordBody::Event { at, event } => {
                *self.counts.entry(event.kind()).or_default() += 1;
                self.event(*at, event);
            }
        }
    }

    fn event(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::SessionResumed => {
                self.restarts += 1;
                self.stopped = false;
            }
            Event::StopRequested { .. } => self.stopped = true,
            Event::AlertRaised(alert) => {
                let severity = alert.severity.as_str();
                self.notes.push((at, format!("{severity} {}: {}", alert.code, alert.text)));
            }
            Event::TradingStateChanged { to, reason, .. } => {
                self.notes.push((at, format!("trading is {}: {reason}", to.as_str())));
            }
            _ => {}
        }
    }

    fn json(&self, state: &State) -> serde_json::Value {
        let start = state.session().map(|start| {
            json!({
                "id": start.session, "venue": start.venue, "build": start.build,
                "started": self.begun, "symbols": start.symbols, "strategies": start.strategies,
            })
        });
        let notes = self.notes.iter().map(|(at, text)| json!({ "at": at, "text": text }));
        json!({
            "session": start, "last_seq": state.next_seq().saturating_sub(1),
            "stopped": self.stopped, "restarts": self.restarts, "counts": self.counts,
            "trading": state.trading_state(), "cash": state.ledger().cash(),
            "equity": state.equity(), "notes": notes.collect::<Vec<_>>(),
        })
    }

    fn print(&self, folder: &Path, state: &State) -> Result<(), Failure> {
        let mut lines = self.head(state);
        let tally = state.tally();
        let count = |count: u64, noun: &str| counted(count, noun);
        lines.extend([
            (
                "records",
                format!("{}, {}", state.next_seq().saturating_sub(1), count(tally.inputs, "input")),
            ),
            (
                "orders",
                format!(
                    "{} sent, {} filled, {} denied by risk; {}",
                    tally.sent,
                    tally.filled,
                    tally.denied,
                    count(tally.fills, "fill")
                ),
            ),
            (
                "equity",
                format!("{} USD, cash {} USD", exact(state.equity()), exact(state.ledger().cash())),
            ),
            ("trading", state.trading_state().as_str().into()),
        ]);
        let earlier = journal::finished(folder).unwrap_or_default();
        if let Some(newest) = earlier.last() {
            let sessions = count(earlier.len() as u64, "session");
            let dir = newest.display();
            lines.push(("earlier", format!("{sessions}, such as --data-dir {dir}")));
        }
        let mut text: String =
            lines.iter().map(|(label, line)| format!("{label:9} {line}\n")).collect();
        text += "\nevents\n";
        for (kind, count) in self.counts.iter().filter(|(kind, _)| **kind != "inputs") {
            text += &format!("{count:>9} {kind}\n");
        }
        print_text(&(text + self.last_notes().as_str()))
    }

    fn last_notes(&self) -> String {
        if self.notes.is_empty() {
            return String::new();
        }
        let first = self.notes.len().saturating_sub(NOTES);
        let shown = self.notes.len() - first;
        let head = format!("\nnotes (the last {shown} of {})\n", self.notes.len());
        let lines = self.notes.iter().skip(first);
        lines.fold(head, |text, (at, note)| format!("{text}{}  {note}\n", date_time(*at)))
    }

    fn head(&self, state: &State) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if state.session().is_none() {
            lines.push(("session", "none has begun in this folder".into()));
        }
        if let Some(start) = state.session() {
            lines.push(("session", format!("{}, {}", start.session, start.build)));
            let address = start.config.get("alpaca.trading_url").map(|text| text.trim_matches('"'));
            lines.push(("venue", summary::venue(&start.venue, address)));
            for spec in &start.strategies {
                let params = spec.params.iter().map(|(name, value)| format!(" {name}={value}"));
                lines.push(("strategy", format!("{}{}", spec.name, params.collect::<String>())));
            }
            let names: Vec<&str> = start.symbols.names().collect();
            lines.push(("symbols", names.join(" ")));
        }
        if let Some(begun) = self.begun {
            let how = match (self.stopped, self.restarts) {
                (true, 0) => "stopped in order".to_owned(),
                (true, restarts) => format!("{}, stopped in order", counted(restarts, "restart")),
                (false, _) => "running, or to be continued by the next start".to_owned(),
            };
            lines.push(("begun", format!("{} UTC; {how}", date_time(begun))));
        }
        if let Some((first, last)) = self.days {
            let (first, last) = (date_time(first), date_time(last));
            lines.push(("data", format!("{first} to {last} UTC, venue time")));
        }
        lines
    }
}
