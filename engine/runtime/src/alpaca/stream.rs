//! What both streams have in common: a task that keeps one connection, and tells when it is up and
//! down.
//!
//! The task reads the socket and nothing else, so a busy session cannot make the broker think that
//! we are slow: what the bounded channel does not hold is counted and reported, as the stream's
//! [`Overflow`] says. Only in lock step does the reader wait for the session.

use super::credentials::Credentials;
use super::stream_error::{Ended, StreamError, handshake_error};
use super::unusable::Unusable;
use crate::backoff::Backoff;
use futures_util::{SinkExt, StreamExt};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How a stream is timed, on the machine's monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamTiming {
    /// How long to wait for a connection, and for each answer while it is being set up.
    pub answer: Duration,
    /// How often to ping. Alpaca's Go SDK pings every 10 s.
    pub ping: Duration,
    /// A connection on which nothing came for this long, not even an answer to a ping, is dead.
    pub dead_after: Duration,
    /// How long to wait before connecting again; doubles with each failure, and starts again from
    /// here only after an authorisation.
    pub first_retry: Duration,
    /// The longest wait. A session that the broker believes alive blocks a new one for about 90 s.
    pub longest_retry: Duration,
}

impl Default for StreamTiming {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(10),
            ping: Duration::from_secs(10),
            dead_after: Duration::from_secs(30),
            first_retry: Duration::from_secs(1),
            longest_retry: Duration::from_secs(60),
        }
    }
}

/// What happens when the session does not keep up and the channel is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// The reader waits: for lock step, where nothing may be lost and nobody is in a hurry.
    Wait,
    /// The message is dropped, counted and reported: for market data, where the next is newer.
    Drop,
    /// The connection is given up: for order updates, which must then be read over REST.
    Reconnect,
}

/// Counts of a stream, for telemetry. They only grow.
#[derive(Debug, Default)]
pub struct StreamCounters {
    /// Connections that were authorised.
    pub connections: AtomicU64,
    /// Frames read.
    pub frames: AtomicU64,
    /// Elements or messages that could not be used: unknown, malformed, of an unknown symbol.
    pub unusable: AtomicU64,
    /// Messages dropped because the session did not keep up.
    pub lost: AtomicU64,
    /// What could not be used, and why.
    pub problems: Unusable,
}

impl StreamCounters {
    pub(super) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

/// What differs between the streams.
pub(super) trait Protocol: Send + 'static {
    /// What the session gets.
    type Message: Send + 'static;

    /// Where to connect.
    fn address(&self) -> &str;

    /// What with.
    fn credentials(&self) -> &Credentials;

    /// Authenticates and asks for what is wanted. The stream is up afterwards.
    fn establish(
        &mut self,
        socket: &mut Socket,
        out: &mut Vec<Self::Message>,
    ) -> impl Future<Output = Result<(), Ended>> + Send;

    /// Takes in one frame, text and binary alike.
    fn receive(&mut self, payload: &[u8], out: &mut Vec<Self::Message>) -> Result<(), Ended>;

    /// Says which channels are silent, if any is. Nothing is, while the socket is not being read.
    fn silent(&mut self, _reading: bool, _out: &mut Vec<Self::Message>) {}

    fn down(reason: String) -> Self::Message;
    fn fatal(error: StreamError) -> Self::Message;
    fn lost(messages: u64) -> Self::Message;
}

/// What a session says to a stream's task.
#[derive(Debug)]
pub(super) enum Said {
    /// Send this.
    Text(String),
    /// Give the connection up and open another.
    Reconnect(&'static str),
}

/// A way to speak to a stream's task.
#[derive(Debug, Clone)]
pub struct Line(mpsc::Sender<Said>);

impl Line {
    pub(super) const fn new(sender: mpsc::Sender<Said>) -> Self {
        Self(sender)
    }

    /// Asks for another connection; when one is being asked for already, once is enough.
    pub fn reconnect(&self, reason: &'static str) {
        let _ = self.0.try_send(Said::Reconnect(reason));
    }

    /// Sends a text; `false` when the stream has ended.
    pub(super) async fn text(&self, text: String) -> bool {
        self.0.send(Said::Text(text)).await.is_ok()
    }
}

/// A stream's task and the ends of its channels.
pub(super) struct Supervisor<P: Protocol> {
    pub protocol: P,
    pub timing: StreamTiming,
    pub overflow: Overflow,
    pub sender: mpsc::Sender<P::Message>,
    /// What the session says.
    pub outgoing: mpsc::Receiver<Said>,
    pub counters: Arc<StreamCounters>,
    /// Messages dropped that the session has not been told of.
    pub untold: u64,
}

impl<P: Protocol> Supervisor<P> {
    /// Runs until nobody listens or the stream cannot go on.
    pub async fn run(mut self) {
        super::tls::install();
        let (first, longest) = (self.timing.first_retry, self.timing.longest_retry);
        let mut backoff = Backoff::new(first, longest, rand::random());
        let mut was_renewed = false;
        loop {
            let carried = self.protocol.credentials().authorised();
            let connections = self.counters.connections.load(Ordering::Relaxed);
            let ended = self.connection(&mut backoff).await;
            was_renewed &= self.counters.connections.load(Ordering::Relaxed) == connections;
            let message = match ended {
                Ended::Unwanted => return,
                Ended::Fatal(StreamError::Unauthorized { .. })
                    if !was_renewed && self.protocol.credentials().renew(carried).await =>
                {
                    was_renewed = true;
                    P::down("the token was refused, and renewed".into())
                }
                Ended::Fatal(error) => {
                    tracing::error!(%error, "the stream has ended");
                    // When nobody listens any more there is nobody to tell.
                    let _ = self.sender.send(P::fatal(error)).await;
                    return;
                }
                Ended::Retry(reason) => {
                    tracing::warn!(address = self.protocol.address(), reason, "the stream is down");
                    P::down(reason)
                }
            };
            // Nothing is being read now, so waiting for room is harmless.
            if self.sender.send(message).await.is_err() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(backoff.step()) => {}
                () = self.sender.closed() => return,
            }
        }
    }

    /// One connection from its beginning to its end.
    async fn connection(&mut self, backoff: &mut Backoff) -> Ended {
        let sender = self.sender.clone();
        let mut socket = tokio::select! {
            socket = connect(self.protocol.address(), self.timing.answer) => match socket {
                Ok(socket) => socket,
                Err(ended) => return ended,
            },
            () = sender.closed() => return Ended::Unwanted,
        };
        let ended = tokio::select! {
            ended = self.converse(&mut socket, backoff) => ended,
            () = sender.closed() => Ended::Unwanted,
        };
        // A session that is not closed cleanly blocks the next one for a while.
        let _ = tokio::time::timeout(Duration::from_secs(1), socket.close(None)).await;
        ended
    }

    async fn converse(&mut self, socket: &mut Socket, backoff: &mut Backoff) -> Ended {
        let mut out = Vec::new();
        if let Err(ended) = self.protocol.establish(socket, &mut out).await {
            return ended;
        }
        backoff.reset();
        StreamCounters::add(&self.counters.connections, 1);
        let mut watch = Watch::new(self.timing);
        let mut waiting = VecDeque::new();
        loop {
            if let Err(ended) = self.deliver(&mut out, &mut waiting) {
                return ended;
            }
            let sender = self.sender.clone();
            let step = tokio::select! {
                permit = sender.reserve(), if !waiting.is_empty() => {
                    hand_over(permit, &mut waiting)
                }
                frame = socket.next(), if waiting.is_empty() => {
                    self.frame(frame, &mut watch, &mut out)
                }
                Some(said) = self.outgoing.recv() => match said {
                    Said::Text(text) => send(socket, text).await,
                    Said::Reconnect(reason) => Err(Ended::retry(reason)),
                },
                _ = watch.ticks.tick() => match watch.verdict(waiting.is_empty()) {
                    Ok(()) => {
                        self.protocol.silent(waiting.is_empty(), &mut out);
                        transmit(socket, Message::Ping(Default::default())).await
                    }
                    Err(ended) => Err(ended),
                },
            };
            if let Err(ended) = step {
                return ended;
            }
        }
    }

    fn frame(
        &mut self,
        frame: Option<Result<Message, Error>>,
        watch: &mut Watch,
        out: &mut Vec<P::Message>,
    ) -> Result<(), Ended> {
        watch.alive();
        let Some(payload) = payload(frame)? else {
            return Ok(());
        };
        StreamCounters::add(&self.counters.frames, 1);
        self.protocol.receive(&payload.into_data(), out)
    }

    /// Hands messages on as the overflow policy says; those that wait for room keep the socket
    /// from being read.
    fn deliver(
        &mut self,
        out: &mut Vec<P::Message>,
        waiting: &mut VecDeque<P::Message>,
    ) -> Result<(), Ended> {
        if self.overflow == Overflow::Wait {
            waiting.extend(out.drain(..));
            return Ok(());
        }
        for message in out.drain(..) {
            if self.untold > 0 && self.sender.try_send(P::lost(self.untold)).is_ok() {
                self.untold = 0;
            }
            match self.sender.try_send(message) {
                Ok(()) => {}
                Err(TrySendError::Closed(_)) => return Err(Ended::Unwanted),
                Err(TrySendError::Full(_)) => self.overflowed()?,
            }
        }
        Ok(())
    }

    fn overflowed(&mut self) -> Result<(), Ended> {
        StreamCounters::add(&self.counters.lost, 1);
        if self.overflow == Overflow::Reconnect {
            return Err(Ended::retry("the session did not keep up with the stream"));
        }
        self.untold += 1;
        Ok(())
    }
}

fn hand_over<M>(
    permit: Result<mpsc::Permit<'_, M>, SendError<()>>,
    waiting: &mut VecDeque<M>,
) -> Result<(), Ended> {
    let permit = permit.map_err(|_| Ended::Unwanted)?;
    if let Some(message) = waiting.pop_front() {
        permit.send(message);
    }
    Ok(())
}

/// Watches a connection for signs of life. A socket may stay open and answer pings while no data
/// comes for hours: that is for the protocol to judge, which knows what is owed.
struct Watch {
    ticks: Interval,
    dead_after: Duration,
    last_frame: Instant,
}

impl Watch {
    fn new(timing: StreamTiming) -> Self {
        let now = Instant::now();
        let mut ticks = tokio::time::interval_at(now + timing.ping, timing.ping);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, dead_after: timing.dead_after, last_frame: now }
    }

    fn alive(&mut self) {
        self.last_frame = Instant::now();
    }

    /// While the connection is not being read there is nothing to judge.
    fn verdict(&mut self, reading: bool) -> Result<(), Ended> {
        if !reading {
            self.alive();
        }
        let silent = self.last_frame.elapsed();
        if silent > self.dead_after {
            return Err(Ended::Retry(format!("no sign of life for {} s", silent.as_secs())));
        }
        Ok(())
    }
}

/// A longer message costs its connection. A minute's bars of every listed symbol are a tenth of it,
/// and a session stays small.
const LONGEST_MESSAGE: usize = 16 << 20;

async fn connect(address: &str, within: Duration) -> Result<Socket, Ended> {
    let limits = WebSocketConfig::default()
        .max_message_size(Some(LONGEST_MESSAGE))
        .max_frame_size(Some(LONGEST_MESSAGE));
    let connecting = tokio_tungstenite::connect_async_with_config(address, Some(limits), true);
    match tokio::time::timeout(within, connecting).await {
        Err(_) => Err(Ended::retry("no connection in time")),
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(Error::Http(answer))) => Err(handshake_error(address, answer.status().as_u16())),
        Ok(Err(error)) => Err(Ended::Retry(format!("no connection: {error}"))),
    }
}

/// The next frame with a payload while a stream is being set up, within the time allowed.
pub(super) async fn next_payload(socket: &mut Socket, within: Duration) -> Result<Message, Ended> {
    let next = async {
        loop {
            if let Some(payload) = payload(socket.next().await)? {
                return Ok(payload);
            }
        }
    };
    tokio::time::timeout(within, next).await.unwrap_or(Err(Ended::retry("no answer in time")))
}

/// A frame's payload; nothing for pings and pongs, which the library answers.
fn payload(frame: Option<Result<Message, Error>>) -> Result<Option<Message>, Ended> {
    match frame {
        None => Err(Ended::retry("the connection was closed")),
        Some(Err(error)) => Err(Ended::Retry(format!("the connection failed: {error}"))),
        Some(Ok(Message::Close(reason))) => Err(Ended::Retry(match reason {
            Some(reason) => format!("the server closed the connection: {reason}"),
            None => "the server closed the connection".into(),
        })),
        Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => Ok(Some(message)),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
    }
}

/// Sends a text.
pub(super) async fn send(socket: &mut Socket, text: String) -> Result<(), Ended> {
    transmit(socket, Message::Text(text.into())).await
}

async fn transmit(socket: &mut Socket, message: Message) -> Result<(), Ended> {
    socket
        .send(message)
        .await
        .map_err(|error| Ended::Retry(format!("the connection failed: {error}")))
}

/// The message that opens a stream.
pub(super) fn opening(message: Result<String, serde_json::Error>) -> Result<String, Ended> {
    message.map_err(|error| Ended::Retry(error.to_string()))
}

/// A message of ours as JSON. The types are our own and plain, so this cannot fail.
pub(super) fn json(message: &impl serde::Serialize) -> Result<String, Ended> {
    serde_json::to_string(message).map_err(|error| Ended::Retry(error.to_string()))
}
