//! The stream of order updates (`trade_updates`).
//!
//! It has no sequence numbers and no replay: what happens while it is down is lost, and must be
//! read over REST once it is up again. It may send an update twice, out of order, or before the
//! request that caused it is answered; all of that passes through, for the kernel knows what it has
//! booked.

use super::credentials::Credentials;
use super::map::{self, ReadError};
use super::names::Names;
use super::stream::{
    Line, Overflow, Protocol, Socket, StreamCounters, StreamTiming, Supervisor, json, next_payload,
    opening, send,
};
use super::stream_error::{Ended, StreamError};
use super::unusable::Problem;
use super::wire::{Envelope, ListenWire, Loose};
use kernel::{Report, ReportKind, Timestamp};
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

const UPDATES: &str = "trade_updates";

/// What an order stream needs to know.
#[derive(Clone)]
pub struct OrderStreamConfig {
    /// The whole address: [`super::Endpoints::trading_stream`].
    pub address: String,
    /// The keys.
    pub credentials: Credentials,
    /// The session's symbols and order ids.
    pub names: Names,
    /// How it is timed.
    pub timing: StreamTiming,
    /// [`Overflow::Reconnect`], or [`Overflow::Wait`] in lock step.
    pub overflow: Overflow,
    /// How many messages may wait for the session.
    pub capacity: usize,
}

/// A running order stream. It ends when `messages` is dropped, or after a `Fatal`.
pub struct OrderStream {
    /// The task.
    pub task: JoinHandle<()>,
    /// What it says.
    pub messages: mpsc::Receiver<OrderStreamMessage>,
    /// What is said to it.
    pub line: Line,
    /// What it has counted.
    pub counters: Arc<StreamCounters>,
}

/// What an order stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderStreamMessage {
    /// It is connected, authorised and listening. What happened before must be read over REST now.
    Up,
    /// It is down, or could not be brought up; it tries again by itself.
    Down {
        /// Why.
        reason: String,
    },
    /// An update.
    Report {
        /// How many updates this connection has brought, this one included.
        count: u64,
        /// What it says. Not of this session when it names no order of ours.
        report: Report,
    },
    /// An order of another session of this program is on the account.
    OtherSession {
        /// When it was sent.
        submitted: Timestamp,
    },
    /// An update that cannot be read. The orders must be read over REST.
    Unreadable {
        /// How many updates this connection has brought, this one included.
        count: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// It has ended for good.
    Fatal(StreamError),
}

/// Starts an order stream on a task of its own. Must be called inside a tokio runtime.
pub fn order_stream(config: OrderStreamConfig) -> OrderStream {
    let (sender, messages) = mpsc::channel(config.capacity.max(1));
    let (line, outgoing) = mpsc::channel(1);
    let counters = Arc::new(StreamCounters::default());
    let supervisor = Supervisor {
        timing: config.timing,
        overflow: config.overflow,
        sender,
        outgoing,
        counters: Arc::clone(&counters),
        untold: 0,
        protocol: Updates::new(config, Arc::clone(&counters)),
    };
    OrderStream { task: tokio::spawn(supervisor.run()), messages, line: Line::new(line), counters }
}

pub(super) struct Updates {
    config: OrderStreamConfig,
    counters: Arc<StreamCounters>,
    count: u64,
    /// Whether it has been set up, so that anything may be an update.
    is_up: bool,
}

/// What the server says while the stream is being set up.
#[derive(Debug, PartialEq, Eq)]
enum Setup {
    Authorised,
    Unauthorised,
    Listening(bool),
    Other,
}

#[derive(Serialize)]
struct Listen {
    action: &'static str,
    data: Streams,
}

#[derive(Serialize)]
struct Streams {
    streams: [&'static str; 1],
}

impl Protocol for Updates {
    type Message = OrderStreamMessage;

    fn address(&self) -> &str {
        &self.config.address
    }

    fn credentials(&self) -> &Credentials {
        &self.config.credentials
    }

    /// The server sends nothing until it is spoken to.
    async fn establish(
        &mut self,
        socket: &mut Socket,
        out: &mut Vec<OrderStreamMessage>,
    ) -> Result<(), Ended> {
        (self.count, self.is_up) = (0, false);
        send(socket, opening(self.config.credentials.open_orders())?).await?;
        while self.setup(socket, out).await? != Setup::Authorised {}
        let listen = Listen { action: "listen", data: Streams { streams: [UPDATES] } };
        send(socket, json(&listen)?).await?;
        loop {
            match self.setup(socket, out).await? {
                Setup::Listening(true) => break,
                Setup::Listening(false) => {
                    self.unusable(
                        "order stream's acknowledgement",
                        "`data.streams` lacks the updates",
                    );
                    return Err(Ended::retry("the server does not offer order updates"));
                }
                Setup::Authorised | Setup::Unauthorised | Setup::Other => {}
            }
        }
        self.is_up = true;
        // Updates that overtook the acknowledgement come after the word that the stream is up.
        out.insert(0, OrderStreamMessage::Up);
        Ok(())
    }

    fn receive(&mut self, payload: &[u8], out: &mut Vec<OrderStreamMessage>) -> Result<(), Ended> {
        self.take(payload, out).map(|_| ())
    }

    fn down(reason: String) -> OrderStreamMessage {
        OrderStreamMessage::Down { reason }
    }

    fn fatal(error: StreamError) -> OrderStreamMessage {
        OrderStreamMessage::Fatal(error)
    }

    fn lost(messages: u64) -> OrderStreamMessage {
        let reason = format!("{messages} messages were dropped");
        OrderStreamMessage::Unreadable { count: 0, reason }
    }
}

impl Updates {
    pub(super) const fn new(config: OrderStreamConfig, counters: Arc<StreamCounters>) -> Self {
        Self { config, counters, count: 0, is_up: false }
    }

    async fn setup(
        &mut self,
        socket: &mut Socket,
        out: &mut Vec<OrderStreamMessage>,
    ) -> Result<Setup, Ended> {
        let payload = next_payload(socket, self.config.timing.answer).await?;
        match self.take(&payload.into_data(), out)? {
            Setup::Unauthorised => {
                let address = self.config.address.clone();
                Err(Ended::Fatal(StreamError::Unauthorized { address }))
            }
            said => Ok(said),
        }
    }

    /// Takes in one message of any kind.
    fn take(&mut self, payload: &[u8], out: &mut Vec<OrderStreamMessage>) -> Result<Setup, Ended> {
        let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(payload) else {
            self.lost_message("it is no JSON object", out);
            return Ok(Setup::Other);
        };
        match (envelope.stream.text(), envelope.action.text()) {
            (Some(UPDATES), _) => self.update(envelope.data(), out),
            (Some("authorization"), _) => return Ok(authorisation(envelope.data())),
            (Some("listening"), _) => return Ok(listening(envelope.data())),
            (_, Some("error")) => {
                return Err(Ended::Retry(format!("the server reports: {}", envelope.error())));
            }
            (None, _) => self.lost_message("`stream` is missing", out),
            // Kinds that nobody knows yet are no loss.
            (Some(_), _) => StreamCounters::add(&self.counters.unusable, 1),
        }
        Ok(Setup::Other)
    }

    /// A message that says nothing may have been an update: the orders must be read.
    fn lost_message(&mut self, reason: &str, out: &mut Vec<OrderStreamMessage>) {
        self.unusable("order stream's message", reason);
        if self.is_up {
            self.count += 1;
            let reason = reason.to_owned();
            out.push(OrderStreamMessage::Unreadable { count: self.count, reason });
        }
    }

    /// `data` has been seen to be `null`, which is not counted as an update.
    fn update(&mut self, data: Option<&str>, out: &mut Vec<OrderStreamMessage>) {
        let Some(data) = data else {
            self.unusable("order update", "`data` is missing");
            return;
        };
        self.count += 1;
        let count = self.count;
        match map::update(data.as_bytes(), &self.config.names) {
            Ok(report) => {
                if report.kind == ReportKind::Unrecognised {
                    self.unusable("order update", not_understood(&report));
                }
                let is_foreign = report.order.is_none();
                out.push(OrderStreamMessage::Report { count, report });
                if is_foreign {
                    let other = map::of_other_session(data.as_bytes(), &self.config.names);
                    out.extend(
                        other.map(|submitted| OrderStreamMessage::OtherSession { submitted }),
                    );
                }
            }
            Err(error) => out.push(self.unreadable(count, &error)),
        }
    }

    fn unreadable(&self, count: u64, error: &ReadError) -> OrderStreamMessage {
        let Problem { message, reason } = error.problem("order update");
        self.unusable(&message, &reason);
        OrderStreamMessage::Unreadable { count, reason: error.to_string() }
    }

    fn unusable(&self, message: &str, reason: &str) {
        StreamCounters::add(&self.counters.unusable, 1);
        tracing::debug!(message, reason, "the order stream brought something that cannot be used");
        self.counters.problems.note(Problem { message: message.into(), reason: reason.into() });
    }
}

/// Why an update says no more than that its order must be read.
fn not_understood(report: &Report) -> &'static str {
    match report.text.as_deref().unwrap_or_default() {
        "" => "`event` is missing",
        "fill" | "filled" | "partial_fill" | "partially_filled" => {
            "it is of a fill, and `price` or `qty` is missing"
        }
        _ => "its `event` is not known",
    }
}

fn authorisation(data: Option<&str>) -> Setup {
    let wire: ListenWire<'_> =
        data.and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    match wire.status.text() {
        Some("authorized") => Setup::Authorised,
        _ => Setup::Unauthorised,
    }
}

fn listening(data: Option<&str>) -> Setup {
    let wire: ListenWire<'_> =
        data.and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    let offered = |stream: &Loose<'_>| stream.text() == Some(UPDATES);
    Setup::Listening(wire.streams.iter().flatten().any(offered))
}
