//! What both sides have on record of a soak.

use crate::claims::Books;
use crate::processes::{Folder, command};
use exchange::ExchangeConfig;
use exchange::check::{Claims, SessionRecord};
use exchange::server::{self, ServerConfig, Source, Speed};
use journal::Reader;
use kernel::{Event, Link, RecordBody, Span};
use marketdata::Feed;
use runtime::session::{Summary, journal_dir};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// An order that was sent on news older than this is not held against the session: that is how
/// long a mute order stream may stay unnoticed here, where ten seconds are a thousand.
const TOLD_WITHIN: Span = Span::from_secs(3600);

/// The streams, as they are called in the table.
pub const STREAMS: [&str; 2] = ["market data", "order"];

/// What the journal holds.
#[derive(Default)]
pub struct Journalled {
    /// How often each kind of event is in it.
    pub events: BTreeMap<&'static str, u64>,
    /// How often each alert is, by its code.
    pub alerts: BTreeMap<Box<str>, u64>,
    /// How often each stream came back.
    pub back: BTreeMap<&'static str, u64>,
    books: Books,
}

impl Journalled {
    /// Reads a session's journal.
    pub fn read(dir: &Path) -> Result<Self, String> {
        let failed = |error: journal::JournalError| format!("the journal cannot be read: {error}");
        let mut records = Reader::open(&journal_dir(dir), 1).map_err(failed)?;
        let mut held = Self::default();
        while let Some(record) = records.next().map_err(failed)? {
            let folded = held.books.take(&record);
            folded.map_err(|error| format!("the journal contradicts itself: {error}"))?;
            if let RecordBody::Event { event, .. } = record.body {
                *held.events.entry(event.kind()).or_default() += 1;
                held.note(event);
            }
        }
        // The first connection is no reconnect.
        held.back.values_mut().for_each(|times| *times = times.saturating_sub(1));
        Ok(held)
    }

    fn note(&mut self, event: Event) {
        let [market_data, orders] = STREAMS;
        match event {
            Event::LinkChanged { link, up: true } => {
                let name = match link {
                    Link::Orders => orders,
                    Link::MarketData => market_data,
                    Link::News => return,
                };
                *self.back.entry(name).or_default() += 1;
            }
            Event::AlertRaised(alert) => *self.alerts.entry(alert.code).or_default() += 1,
            _ => {}
        }
    }

    /// What the session says of itself.
    pub fn claims(&self, record: &SessionRecord) -> Claims {
        Claims { told_within: TOLD_WITHIN, ..self.books.claims(record) }
    }
}

/// The exchange's own record, out of its log.
pub async fn record(folder: &Folder, feed: &Feed) -> Result<SessionRecord, String> {
    let log = folder.state().join("exchange.jsonl");
    let text = fs::read_to_string(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let header = text.lines().next().unwrap_or_default();
    let header: Value = serde_json::from_str(header).map_err(|error| error.to_string())?;
    let config = header.pointer("/header/config").cloned().unwrap_or_default();
    let rules: ExchangeConfig =
        serde_json::from_value(config).map_err(|error| format!("{}: {error}", log.display()))?;
    let mut config = ServerConfig::new(Source::Files(feed.clone()), Speed::Max);
    config.exchange = rules;
    config.state_dir = Some(folder.state());
    let exchange = server::start(config).await.map_err(|error| error.to_string())?;
    let record = exchange.record();
    exchange.shutdown().await;
    Ok(record)
}

/// The summary that the session printed.
pub fn summary(folder: &Folder) -> Result<Summary, String> {
    let path = folder.0.join("summary.json");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("no summary: {error}: see session.log"))
}

/// What a command of the program says of the session's journal; why not, when it says no.
pub fn says(program: &Path, folder: &Folder, words: &[&str], yes: &str) -> Result<bool, String> {
    let mut command = command(program, folder);
    command.args(words).arg("--json").arg("--data-dir").arg(folder.session());
    let output = command.output().map_err(|error| error.to_string())?;
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Ok(output.status.success() && said.get(yes) == Some(&Value::Bool(true)))
}
