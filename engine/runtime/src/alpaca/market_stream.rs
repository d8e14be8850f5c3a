//! The stream of market data; on another address, that of news.
//!
//! There is no replay: what a symbol did while the stream was down is missing until it is read
//! over REST. Once up, a stream has subscribed to everything that is wanted, and compared the
//! server's acknowledgement with it.

use super::credentials::Credentials;
use super::decode::{MarketDecoder, MarketFrame, Notice, StepHead};
use super::names::Names;
use super::news::{NewsPiece, news_symbol};
use super::silence::{Silence, Watched};
use super::stream::{
    Line, Overflow, Protocol, Socket, StreamCounters, StreamTiming, Supervisor, json, next_payload,
    opening, send,
};
use super::stream_error::{Ended, StreamError, market_error};
use super::unusable::Problem;
use kernel::{Channel, Input, MarketData, Span};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Symbols in one subscription message. A client lost symbols beyond about 3,200 in one message
/// (issue 763 of Alpaca's C# SDK), so a long list goes in parts.
const SYMBOLS_AT_ONCE: usize = 500;

/// Which channels a session listens to, each for all of its symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels {
    /// Minute bars.
    pub bars: bool,
    /// Best bid and ask.
    pub quotes: bool,
    /// Trades.
    pub trades: bool,
    /// Halts and resumptions.
    pub statuses: bool,
    /// Bars that were counted again.
    pub updated_bars: bool,
    /// Price bands.
    pub lulds: bool,
    /// News: on a stream of their own, which has nothing else.
    pub news: bool,
}

impl Channels {
    /// None at all.
    pub const NONE: Self = Self {
        bars: false,
        quotes: false,
        trades: false,
        statuses: false,
        updated_bars: false,
        lulds: false,
        news: false,
    };

    /// News alone.
    pub const NEWS: Self = Self { news: true, ..Self::NONE };

    /// Each that can be asked for, by Alpaca's name, and whether it is wanted. Corrections and
    /// cancel errors come with the trades and may not be asked for.
    fn named(self) -> [(&'static str, bool); 7] {
        [
            ("bars", self.bars),
            ("updatedBars", self.updated_bars),
            ("quotes", self.quotes),
            ("trades", self.trades),
            ("statuses", self.statuses),
            ("lulds", self.lulds),
            ("news", self.news),
        ]
    }
}

impl Default for Channels {
    /// Bars, and what goes with them.
    fn default() -> Self {
        Self {
            bars: true,
            quotes: false,
            trades: false,
            statuses: true,
            updated_bars: true,
            lulds: true,
            news: false,
        }
    }
}

/// What a market data stream needs to know.
#[derive(Clone)]
pub struct MarketStreamConfig {
    /// The whole address: [`super::Endpoints::market_stream`].
    pub address: String,
    /// The keys.
    pub credentials: Credentials,
    /// The session's symbols.
    pub names: Names,
    /// What to listen to.
    pub channels: Channels,
    /// How long the stream's bars last: a minute, except on the bundled exchange, whose clock says
    /// ([`super::Replay::bar_length`]).
    pub bar_length: Span,
    /// How it is timed.
    pub timing: StreamTiming,
    /// How long a channel may be silent while `market_open` is set, before the session is told.
    pub silence: Option<Silence>,
    /// Set by the session while data is to be expected.
    pub market_open: Arc<AtomicBool>,
    /// [`Overflow::Drop`], or [`Overflow::Wait`] in lock step.
    pub overflow: Overflow,
    /// How many messages may wait for the session.
    pub capacity: usize,
}

/// A running market data stream. It ends when `messages` is dropped, or after a `Fatal`.
pub struct MarketStream {
    /// The task.
    pub task: JoinHandle<()>,
    /// What it says.
    pub messages: mpsc::Receiver<MarketStreamMessage>,
    /// What is said to it.
    pub line: Line,
    /// Acknowledges steps in lock step.
    pub acks: Acks,
    /// What it has counted.
    pub counters: Arc<StreamCounters>,
    /// Whether it tells what was missed by itself once it is up again, as one does that is asked.
    pub tells_missed: bool,
}

impl MarketStream {
    /// A stream that something else than a websocket brings. What is said to it is not heard.
    pub(crate) fn fed<F>(
        capacity: usize,
        feed: impl FnOnce(mpsc::Sender<MarketStreamMessage>, Arc<StreamCounters>) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, messages) = mpsc::channel(capacity.max(1));
        let (line, _) = mpsc::channel(1);
        let line = Line::new(line);
        let counters = Arc::new(StreamCounters::default());
        let task = tokio::spawn(feed(sender, Arc::clone(&counters)));
        let acks = Acks(line.clone());
        Self { task, messages, line, acks, counters, tells_missed: true }
    }
}

/// Acknowledges steps in lock step.
#[derive(Debug, Clone)]
pub struct Acks(Line);

impl Acks {
    /// Tells the exchange that a step has been consumed and all its requests are answered.
    /// `false` when the stream has ended.
    pub async fn ack(&self, step: u64) -> bool {
        self.0.text(format!(r#"{{"action":"tradewind_ack","step":{step}}}"#)).await
    }
}

/// What a market data stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarketStreamMessage {
    /// It is connected, authorised and subscribed.
    Up {
        /// What was asked for and not acknowledged, as `channel:symbol`.
        missing: Vec<String>,
    },
    /// It is down, or could not be brought up; it tries again by itself.
    Down {
        /// Why.
        reason: String,
    },
    /// Market data in the order it came.
    Data(Vec<MarketData>),
    /// One step in lock step.
    Step {
        /// Its head.
        head: StepHead,
        /// Its data.
        data: Vec<MarketData>,
    },
    /// A halt, bands, or a change of what was told before.
    Tape(Box<Input>),
    /// A piece of news.
    News {
        /// How many this connection has brought, this one included.
        count: u64,
        /// What it says.
        piece: NewsPiece,
    },
    /// A channel has brought nothing for a while, with the market open. A fault, or a thin symbol.
    Silent {
        /// Which.
        channel: Channel,
        /// For how long.
        silent_for: Duration,
    },
    /// Messages were dropped because the session did not keep up.
    Lost {
        /// How many.
        messages: u64,
    },
    /// It has ended for good.
    Fatal(StreamError),
}

/// Starts a market data stream on a task of its own. Must be called inside a tokio runtime.
pub fn market_stream(config: MarketStreamConfig) -> MarketStream {
    let (sender, messages) = mpsc::channel(config.capacity.max(1));
    let (line, outgoing) = mpsc::channel(1);
    let line = Line::new(line);
    let counters = Arc::new(StreamCounters::default());
    let supervisor = Supervisor {
        timing: config.timing,
        overflow: config.overflow,
        sender,
        outgoing,
        counters: Arc::clone(&counters),
        untold: 0,
        protocol: Market {
            decoder: MarketDecoder::new(&config.names, config.bar_length),
            watched: Watched::new(config.channels, config.silence, Arc::clone(&config.market_open)),
            config,
            news: 0,
            counters: Arc::clone(&counters),
        },
    };
    MarketStream {
        task: tokio::spawn(supervisor.run()),
        messages,
        acks: Acks(line.clone()),
        line,
        counters,
        tells_missed: false,
    }
}

struct Market {
    config: MarketStreamConfig,
    decoder: MarketDecoder,
    watched: Watched,
    /// Pieces of news that this connection has brought.
    news: u64,
    counters: Arc<StreamCounters>,
}

#[derive(Serialize)]
struct Subscribe<'a> {
    action: &'static str,
    #[serde(flatten)]
    channels: BTreeMap<&'static str, &'a [String]>,
}

impl Protocol for Market {
    type Message = MarketStreamMessage;

    fn address(&self) -> &str {
        &self.config.address
    }

    fn credentials(&self) -> &Credentials {
        &self.config.credentials
    }

    async fn establish(
        &mut self,
        socket: &mut Socket,
        out: &mut Vec<MarketStreamMessage>,
    ) -> Result<(), Ended> {
        // A symbol may have another name than it had on the connection before.
        self.decoder = MarketDecoder::new(&self.config.names, self.config.bar_length);
        self.news = 0;
        self.await_success(socket, "connected").await?;
        send(socket, opening(self.config.credentials.open_data())?).await?;
        self.await_success(socket, "authenticated").await?;
        let missing = self.subscribe(socket, out).await?;
        if !missing.is_empty() {
            tracing::warn!(?missing, "the server did not take every subscription");
            let reason = format!("it lacks {}", shortened(&missing)).into();
            let message = "acknowledgement of the subscription".into();
            self.counters.problems.note(Problem { message, reason });
        }
        // Data that overtook the acknowledgement comes after the word that the stream is up.
        out.insert(0, MarketStreamMessage::Up { missing });
        self.watched.begin();
        Ok(())
    }

    fn receive(&mut self, payload: &[u8], out: &mut Vec<MarketStreamMessage>) -> Result<(), Ended> {
        self.take(payload, out).map(|_| ())
    }

    fn silent(&mut self, reading: bool, out: &mut Vec<MarketStreamMessage>) {
        if !reading {
            self.watched.begin();
            return;
        }
        let silent = self.watched.silent().into_iter();
        out.extend(
            silent.map(|(channel, silent_for)| MarketStreamMessage::Silent { channel, silent_for }),
        );
    }

    fn down(reason: String) -> MarketStreamMessage {
        MarketStreamMessage::Down { reason }
    }

    fn fatal(error: StreamError) -> MarketStreamMessage {
        MarketStreamMessage::Fatal(error)
    }

    fn lost(messages: u64) -> MarketStreamMessage {
        MarketStreamMessage::Lost { messages }
    }
}

impl Market {
    async fn await_success(&mut self, socket: &mut Socket, word: &str) -> Result<(), Ended> {
        loop {
            let payload = next_payload(socket, self.config.timing.answer).await?;
            let frame = self.decode(&payload.into_data())?;
            let said = |(_, notice): &(usize, Notice)| matches!(notice, Notice::Success(said) if said.as_ref() == word);
            if frame.notices.iter().any(said) {
                return Ok(());
            }
        }
    }

    /// Subscribes part by part; gives back what the last acknowledgement, which lists everything,
    /// does not list.
    async fn subscribe(
        &mut self,
        socket: &mut Socket,
        out: &mut Vec<MarketStreamMessage>,
    ) -> Result<Vec<String>, Ended> {
        let table = self.config.names.symbols();
        let called: fn(&str) -> String =
            if self.config.channels.news { news_symbol } else { str::to_owned };
        let symbols: Vec<String> = table.names().map(called).collect();
        let channels = self.config.channels;
        let mut subscribed = Vec::new();
        for part in symbols.chunks(SYMBOLS_AT_ONCE) {
            let wanted = channels.named().into_iter().filter(|(_, wanted)| *wanted);
            let channels = wanted.map(|(channel, _)| (channel, part)).collect();
            let message = Subscribe { action: "subscribe", channels };
            send(socket, json(&message)?).await?;
            subscribed = self.await_subscription(socket, out).await?;
        }
        let subscribed: BTreeSet<String> = subscribed.into_iter().collect();
        let mut wanted = wanted(channels, &symbols);
        wanted.retain(|entry| !is_covered(entry, &subscribed));
        Ok(wanted)
    }

    async fn await_subscription(
        &mut self,
        socket: &mut Socket,
        out: &mut Vec<MarketStreamMessage>,
    ) -> Result<Vec<String>, Ended> {
        loop {
            let payload = next_payload(socket, self.config.timing.answer).await?;
            if let Some(subscribed) = self.take(&payload.into_data(), out)? {
                return Ok(subscribed);
            }
        }
    }

    /// Takes in one frame; gives back the subscriptions if it acknowledges any.
    fn take(
        &mut self,
        payload: &[u8],
        out: &mut Vec<MarketStreamMessage>,
    ) -> Result<Option<Vec<String>>, Ended> {
        let frame = self.decode(payload)?;
        if self.config.channels.news && frame.unusable > 0 && frame.problem.is_some() {
            // What it said is asked for over REST, as after every reconnect.
            return Err(Ended::retry("it brought something that cannot be read"));
        }
        self.watched.heard(&frame.data);
        Ok(hand_on(frame, &mut self.news, out))
    }

    fn decode(&mut self, payload: &[u8]) -> Result<MarketFrame, Ended> {
        let frame = self.decoder.decode(payload);
        if frame.unusable > 0 {
            StreamCounters::add(&self.counters.unusable, frame.unusable);
            tracing::debug!(elements = frame.unusable, "the stream brought unusable elements");
        }
        if let Some(problem) = &frame.problem {
            self.counters.problems.note(problem.clone());
        }
        for (_, notice) in &frame.notices {
            if let Notice::Error { code, message } = notice {
                match market_error(&self.config.address, *code, message) {
                    Some(ended) => return Err(ended),
                    None => tracing::debug!(code, %message, "harmless error of the stream"),
                }
            }
        }
        Ok(frame)
    }
}

/// Turns a frame into messages, in its order. A step's head stands before its data, and takes all
/// of it along.
fn hand_on(
    frame: MarketFrame,
    news: &mut u64,
    out: &mut Vec<MarketStreamMessage>,
) -> Option<Vec<String>> {
    let mut rest = frame.data;
    let mut step = None;
    let mut subscribed = None;
    let mut handed = 0;
    for (at, notice) in frame.notices {
        match notice {
            Notice::Step(head) => step = Some(head),
            Notice::Subscription(list) => subscribed = Some(list),
            Notice::Tape(input) => {
                if step.is_none() && at > handed {
                    let later = rest.split_off(at - handed);
                    out.push(MarketStreamMessage::Data(std::mem::replace(&mut rest, later)));
                    handed = at;
                }
                out.push(MarketStreamMessage::Tape(input));
            }
            Notice::News(piece) => {
                *news += 1;
                out.push(MarketStreamMessage::News { count: *news, piece });
            }
            Notice::Success(_) | Notice::Error { .. } => {}
        }
    }
    match step {
        Some(head) => out.push(MarketStreamMessage::Step { head, data: rest }),
        None if rest.is_empty() => {}
        None => out.push(MarketStreamMessage::Data(rest)),
    }
    subscribed
}

/// The first of a list, and how many more there are.
fn shortened(list: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown = list.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match list.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn wanted(channels: Channels, symbols: &[String]) -> Vec<String> {
    let channels = channels.named().into_iter().filter(|(_, wanted)| *wanted);
    channels
        .flat_map(|(channel, _)| symbols.iter().map(move |symbol| format!("{channel}:{symbol}")))
        .collect()
}

/// Whether a wanted entry is acknowledged, by itself or by its channel's `*`.
fn is_covered(entry: &str, subscribed: &BTreeSet<String>) -> bool {
    let channel = entry.split(':').next().unwrap_or(entry);
    subscribed.contains(entry) || subscribed.contains(&format!("{channel}:*"))
}
