//! Records as the world outside sees them: one JSON object each, on one topic, under one key.
//!
//! `docs/EVENTS.md` lists every kind with its fields and units; `tests/events_doc.rs` keeps it true.

mod compared;
mod parts;
mod payload;

#[cfg(feature = "sqlite")]
pub(crate) use parts::{By, client_order_id};

use kernel::{Event, Input, MarketData, Record, RecordBody, State, SymbolId, Timestamp};
use payload::Payload;
use serde::{Serialize, Serializer};

/// The version of every payload's shape. A field that is added leaves it; a field that changes its
/// meaning or goes away moves it.
pub const VERSION: u8 = 1;

/// Where envelopes go. The full name of a topic has the configured prefix before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// Bars, quotes, trades, and what the venue says of its symbols.
    Market,
    /// The life of orders.
    Orders,
    /// What moved cash: executions and fees.
    Fills,
    /// What risk refused, and how far trading may go.
    Risk,
    /// What somebody should look at.
    Alerts,
    /// The session itself: starts, links, reconciliation, operators.
    System,
    /// Records that could not be published as they are.
    DeadLetter,
}

impl Topic {
    /// Every topic, in the order of declaration.
    pub const ALL: [Topic; 7] = [
        Topic::Market,
        Topic::Orders,
        Topic::Fills,
        Topic::Risk,
        Topic::Alerts,
        Topic::System,
        Topic::DeadLetter,
    ];

    /// Its name without the prefix.
    pub const fn as_str(self) -> &'static str {
        match self {
            Topic::Market => "market",
            Topic::Orders => "orders",
            Topic::Fills => "fills",
            Topic::Risk => "risk",
            Topic::Alerts => "alerts",
            Topic::System => "system",
            Topic::DeadLetter => "dead-letter",
        }
    }

    /// The topic of an event: every kind has one.
    pub const fn of(event: &Event) -> Self {
        match event {
            Event::SymbolStatusChanged { .. }
            | Event::DataRefused { .. }
            | Event::PriceRevised { .. } => Topic::Market,
            Event::OrderApproved(_)
            | Event::CancelApproved { .. }
            | Event::OrderUpdated { .. }
            | Event::ReportIgnored { .. }
            | Event::OrderQueryNeeded { .. }
            | Event::ExitRenewed { .. } => Topic::Orders,
            Event::OrderFilled { .. }
            | Event::FeesAccrued { .. }
            | Event::FeeBooked { .. }
            | Event::CashMoved { .. }
            | Event::CrossedInside(_)
            | Event::DividendReinvested { .. } => Topic::Fills,
            Event::OrderDenied { .. }
            | Event::TradingStateChanged { .. }
            | Event::FlatDue { .. }
            | Event::EntrySized { .. }
            | Event::PredictionTaken(_)
            | Event::PredictionMissed(_)
            | Event::PredictionExpired { .. }
            | Event::StopMet { .. }
            | Event::IntentWaits { .. } => Topic::Risk,
            Event::AlertRaised(_) => Topic::Alerts,
            Event::SessionStarted
            | Event::SessionResumed
            | Event::AccountOpened { .. }
            | Event::DifferenceSuspected { .. }
            | Event::Reconciled { .. }
            | Event::DifferenceFound(_)
            | Event::CommandTaken(_)
            | Event::LinkChanged { .. }
            | Event::ChannelMute { .. }
            | Event::DayStarted { .. }
            | Event::Flattened
            | Event::FlatConfirmed { .. }
            | Event::SymbolClosed { .. }
            | Event::AccountReset { .. }
            | Event::SharesSplit { .. }
            | Event::SymbolRenamed { .. }
            | Event::StopRequested { .. } => Topic::System,
        }
    }
}

/// One record as it is published.
#[derive(Debug, Serialize)]
pub struct Envelope<'a> {
    /// The record's number in the session; with the session it names the record for ever.
    seq: u64,
    id: Id<'a>,
    session: &'a str,
    /// The venue's time: of the market data itself, or of the decision.
    ts_event: Timestamp,
    /// The machine's time when the input arrived that this is, or that led to this.
    ts_seen: Timestamp,
    kind: &'static str,
    version: u8,
    payload: Payload<'a>,
    #[serde(skip)]
    topic: Topic,
    #[serde(skip)]
    key: &'a str,
}

#[derive(Debug)]
struct Id<'a> {
    session: &'a str,
    seq: u64,
}

impl Serialize for Id<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&format_args!("{}:{}", self.session, self.seq))
    }
}

impl<'a> Envelope<'a> {
    /// The envelope of a record, or nothing for an input that is not published: only market data
    /// is; every other input that matters leads to events.
    ///
    /// `state` has the record folded in already; `seen` is when the input arrived that the record
    /// is or that led to it.
    pub fn of(record: &'a Record, state: &'a State, seen: Timestamp) -> Option<Self> {
        match &record.body {
            RecordBody::Event { at, event } => {
                let payload = Payload::of(event, state);
                let symbol = payload::symbol_of(event, state);
                let kind = event.kind();
                Some(Self::new(record.seq, state, (*at, seen), kind, payload).routed(
                    Topic::of(event),
                    symbol,
                    state,
                ))
            }
            RecordBody::Input(stamped) => {
                let (Input::Market(data) | Input::Late(data)) = &stamped.input else {
                    return None;
                };
                let kind = match data {
                    MarketData::Bar(_) => "bar",
                    MarketData::Quote(_) => "quote",
                    MarketData::Trade(_) => "trade",
                };
                let payload = Payload::of_market(data, state);
                Some(Self::new(record.seq, state, (data.time(), seen), kind, payload).routed(
                    Topic::Market,
                    Some(data.symbol()),
                    state,
                ))
            }
        }
    }

    /// The envelope that tells of a record which could not be published, set aside at the venue's
    /// time of `state`.
    pub fn dead_letter(
        seq: u64,
        state: &'a State,
        seen: Timestamp,
        letter: DeadLetter<'a>,
    ) -> Self {
        let payload = Payload::dead_letter(letter);
        Self::new(seq, state, (state.now(), seen), "dead_letter", payload).routed(
            Topic::DeadLetter,
            None,
            state,
        )
    }

    fn new(
        seq: u64,
        state: &'a State,
        (ts_event, ts_seen): (Timestamp, Timestamp),
        kind: &'static str,
        payload: Payload<'a>,
    ) -> Self {
        let session = session_of(state);
        let id = Id { session, seq };
        let (version, topic, key) = (VERSION, Topic::System, session);
        Self { seq, id, session, ts_event, ts_seen, kind, version, payload, topic, key }
    }

    fn routed(self, topic: Topic, symbol: Option<SymbolId>, state: &'a State) -> Self {
        let key = symbol.map_or(self.session, |symbol| state.symbols().name(symbol));
        Self { topic, key, ..self }
    }

    /// Where it goes.
    pub const fn topic(&self) -> Topic {
        self.topic
    }

    /// What keeps it in order: the symbol it is about, else the session.
    pub const fn key(&self) -> &'a str {
        self.key
    }

    /// Its kind.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Appends its JSON to `out`.
    ///
    /// # Errors
    /// When a value cannot be written as JSON; nothing of today's payloads cannot.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        serde_json::to_writer(out, self)
    }
}

/// What is known of a record that could not be published.
#[derive(Debug, Clone, Copy)]
pub struct DeadLetter<'a> {
    /// The full name of the topic it was meant for.
    pub topic: &'a str,
    /// Why it is not there.
    pub error: &'a str,
    /// How long its JSON is, in bytes; zero when it has none.
    pub bytes: usize,
    /// The beginning of its JSON.
    pub excerpt: &'a str,
}

/// The id of the session that a state is of; empty before its first record.
pub fn session_of(state: &State) -> &str {
    state.session().map_or("", |start| start.session.as_ref())
}
