//! The news link: where news keep entries away, a stream of its own brings them, and what it has not
//! brought is read over REST.
//!
//! The kernel is told that the link is up once the stream is and everything since the longest blackout
//! began has been read; until then nothing grows where news count. A stream of news may be silent for
//! hours, so silence says nothing of it: the news are read now and then as well, and a piece that the
//! stream should have told shows that it is mute.

use super::SessionError;
use super::courier::Errand;
use super::desk::Desk;
use super::venue_clock::{VenueClock, span};
use crate::alpaca::{
    Channels, MarketStream, MarketStreamConfig, MarketStreamMessage, NewsPiece, Overflow, Problem,
    StreamError, market_stream,
};
use crate::backoff::Backoff;
use kernel::{AHEAD, Input, Link, News, Span, SymbolId, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Messages that may wait for the session; beyond that the stream is opened again.
const MESSAGES: usize = 1024;

/// A piece that is so old, by the venue's clock, should have come over the stream.
const DUE: Span = Span::from_secs(30);
/// The least of it by the machine's clock: in a replay a moment is long.
const WAY: Duration = Duration::from_secs(1);

/// The stream of news and what was read beside it.
pub(super) struct NewsLink {
    pub stream: MarketStream,
    /// Counts the comings and goings of the stream.
    pub connection: u64,
    /// How often it came up.
    pub ups: u64,
    /// Whether the stream is up.
    pub is_up: bool,
    /// Pieces that this connection has brought.
    pub heard: u64,
    /// When the latest of them about each symbol was published or updated.
    latest: BTreeMap<SymbolId, Timestamp>,
    /// When this connection came up, by the venue's clock: what came before it does not owe.
    up_since: Timestamp,
    /// Whether the last reading failed.
    pub unread: bool,
    /// When the news are read again; `None` while that is under way, or the stream is down. In lock
    /// step this is not looked at.
    pub read_at: Option<Instant>,
    /// Up to when they were last read, by the venue's clock.
    pub read_to: Timestamp,
    /// From when on they were last asked for, and from when on they are known.
    asked_from: Timestamp,
    known_from: Timestamp,
    /// Whether the last reading brought something that the stream should have.
    pub missed: bool,
    /// How long until a reading that failed is tried again.
    pub again: Backoff,
    /// In lock step, news streams of others that had subscribed before this one.
    pub others: Option<u64>,
}

/// The news link, if there is one.
pub(super) struct NewsDesk {
    pub link: Option<NewsLink>,
    /// The venue's time when the session began: in lock step that of before the first step.
    begun: Timestamp,
    /// Whether the stream has ended for good.
    has_ended: bool,
    /// What of it could not be used, and is yet to be told.
    problem: Option<Problem>,
}

impl NewsDesk {
    pub const fn new(begun: Timestamp) -> Self {
        Self { link: None, begun, has_ended: false, problem: None }
    }

    /// The next message; never where there is no stream, and `None` when its task is gone.
    pub async fn next(&mut self) -> Option<MarketStreamMessage> {
        match &mut self.link {
            Some(link) => link.stream.messages.recv().await,
            None => std::future::pending().await,
        }
    }

    /// What could not be used since this was last asked.
    pub fn problems(&mut self) -> impl Iterator<Item = Problem> + use<> {
        let counters = self.link.as_ref().map(|link| link.stream.counters.problems.take());
        counters.into_iter().flatten().chain(self.problem.take())
    }

    /// Nothing more will come.
    pub fn end(&mut self, why: Option<&StreamError>) {
        let reason = why.map_or_else(|| "its task has ended".into(), StreamError::to_string);
        tracing::error!("the news stream has ended: {reason}; where news count nothing grows");
        let message = "news stream".into();
        self.problem = Some(Problem { message, reason: reason.into() });
        (self.link, self.has_ended) = (None, true);
    }
}

impl NewsLink {
    /// Whether the stream should have brought a piece by now, and has not.
    fn owes(&self, piece: &NewsPiece, by: Timestamp) -> bool {
        let (Some(time), Some(symbols)) = (piece.time, &piece.symbols) else { return false };
        let is_behind = |symbol: &SymbolId| self.latest.get(symbol) < Some(&time);
        self.is_up && (self.up_since..by).contains(&time) && symbols.iter().any(is_behind)
    }

    /// The stream went down.
    pub fn goes_down(&mut self) {
        self.connection += 1;
        (self.is_up, self.read_at) = (false, None);
    }
}

impl Desk {
    /// Opens the stream of news where a blackout is set and it is not open.
    pub fn open_news(&mut self) {
        let counts = self.core.state().limits().longest_news_blackout().is_some();
        if !counts || self.news.link.is_some() || self.news.has_ended {
            return;
        }
        let (config, timing) = (&self.config, self.config.timing.stream);
        let is_lock_step = matches!(self.clock, VenueClock::Data);
        let stream = market_stream(MarketStreamConfig {
            address: config.endpoints.news_stream(),
            credentials: config.credentials.clone(),
            names: self.names.clone(),
            channels: Channels::NEWS,
            bar_length: self.bar_length,
            timing,
            silence: None,
            market_open: Arc::clone(&self.market_open),
            // What there was no room for is read once the stream is up again.
            overflow: if is_lock_step { Overflow::Wait } else { Overflow::Reconnect },
            capacity: MESSAGES,
        });
        self.news.link = Some(NewsLink {
            stream,
            connection: 0,
            ups: 0,
            is_up: false,
            heard: 0,
            latest: BTreeMap::new(),
            up_since: Timestamp::MIN,
            unread: false,
            read_at: None,
            read_to: Timestamp::MIN,
            asked_from: Timestamp::MAX,
            known_from: Timestamp::MAX,
            missed: false,
            again: Backoff::new(timing.first_retry, timing.longest_retry, self.names.seed()),
            others: None,
        });
    }

    /// The errand that reads the news since the longest blackout began.
    pub fn news_wanted(&mut self) -> Errand {
        let since = self.news_count_from();
        let Some(link) = &mut self.news.link else { return Errand::News { since, mark: 0 } };
        link.asked_from = since;
        Errand::News { since, mark: link.connection }
    }

    /// From when on news keep entries away now.
    fn news_count_from(&self) -> Timestamp {
        let back = self.core.state().limits().longest_news_blackout().unwrap_or(Span::ZERO);
        self.news_now().minus(back)
    }

    /// Whether the news are known, but not from as far back as they count since a blackout was made
    /// longer.
    pub fn news_lack_the_past(&self) -> bool {
        let from = self.news_count_from();
        let is_short = |link: &NewsLink| from < link.known_from;
        self.core.state().news_are_known() && self.news.link.as_ref().is_some_and(is_short)
    }

    /// The stream came up.
    pub fn news_come_up(&mut self) {
        let now = self.news_now();
        let Some(link) = &mut self.news.link else { return };
        link.connection += 1;
        link.ups += 1;
        (link.is_up, link.heard, link.up_since) = (true, 0, now);
        link.latest.clear();
    }

    /// The stream has brought a piece, its so manieth; the inputs that it amounts to.
    pub fn hear_news(&mut self, count: u64, piece: &NewsPiece) -> Vec<Input> {
        let inputs = self.inputs_of_news(piece);
        if let Some(link) = &mut self.news.link {
            link.heard = count;
            for symbol in piece.symbols.iter().flatten() {
                let time = piece.time.unwrap_or(link.up_since);
                let latest = link.latest.entry(*symbol).or_insert(time);
                *latest = time.max(*latest);
            }
        }
        inputs
    }

    /// The venue's time for news: in lock step that of the step, once there is one.
    fn news_now(&self) -> Timestamp {
        let latest = self.core.state().now();
        match self.clock {
            VenueClock::Data if self.step_time == Timestamp::MAX => latest.max(self.news.begun),
            VenueClock::Data => latest.max(self.step_time),
            VenueClock::Paced { .. } | VenueClock::Real { .. } => self.clock.now(latest),
        }
    }

    /// The inputs that a piece amounts to: one for each symbol for which it is the latest. What
    /// changes nothing is not journalled. What claims to be of the future counts from now on.
    fn inputs_of_news(&self, piece: &NewsPiece) -> Vec<Input> {
        let (state, now) = (self.core.state(), self.news_now());
        let time = piece.time.filter(|time| *time <= now.plus(AHEAD)).unwrap_or(now);
        let all = || state.symbols().ids().collect();
        let symbols: Vec<SymbolId> = piece.symbols.clone().unwrap_or_else(all);
        let new = symbols.into_iter().filter(|id| state.last_news(*id) < Some(time));
        let (id, headline) = (&piece.id, &piece.headline);
        new.map(|symbol| {
            let (id, headline) = (id.clone(), headline.clone());
            Input::News(News { id, symbol, time, headline })
        })
        .collect()
    }

    /// The inputs that a reading amounts to.
    pub fn inputs_of_reading(&mut self, mark: u64, pieces: Option<Vec<NewsPiece>>) -> Vec<Input> {
        let (now, due) = (self.news_now(), DUE.max(self.clock.venue(WAY)));
        let is_read = pieces.is_some();
        let pieces = pieces.unwrap_or_default();
        let inputs = pieces.iter().flat_map(|piece| self.inputs_of_news(piece)).collect();
        let was_known = self.core.state().news_are_known();
        let Some(link) = self.news.link.as_mut().filter(|link| link.connection == mark) else {
            return inputs;
        };
        if is_read {
            let before = if was_known { link.known_from } else { Timestamp::MAX };
            link.known_from = before.min(link.asked_from);
        }
        (link.unread, link.read_to) = (!is_read, now);
        let pause = match is_read {
            true => {
                link.again.reset();
                self.clock.wall(self.config.timing.news)
            }
            false => link.again.step(),
        };
        link.read_at = link.is_up.then(|| Instant::now() + pause);
        link.missed = pieces.iter().any(|piece| link.owes(piece, now.minus(due)));
        inputs
    }

    /// Whether what was read makes the news known.
    pub fn knows_news(&self, mark: u64) -> bool {
        let is_read = |link: &NewsLink| link.is_up && link.connection == mark && !link.unread;
        self.news.link.as_ref().is_some_and(is_read)
    }

    /// Whether the stream does not bring the news of every symbol; it is opened again then.
    pub fn news_lack(&self, missing: &[String]) -> bool {
        if let Some(link) = self.news.link.as_ref().filter(|_| !missing.is_empty()) {
            link.stream.line.reconnect("it does not bring the news of every symbol");
        }
        !missing.is_empty()
    }

    /// Whether the stream has turned out to be mute; it is opened again then.
    pub fn news_are_mute(&mut self) -> bool {
        let Some(link) = &mut self.news.link else { return false };
        let is_mute = std::mem::take(&mut link.missed) && link.is_up;
        if is_mute {
            link.stream.line.reconnect("it was mute");
        }
        is_mute
    }

    /// Takes in a message of the news stream in turn, with everything that follows from it.
    pub async fn news_in_turn(
        &mut self,
        message: Option<MarketStreamMessage>,
    ) -> Result<(), SessionError> {
        match message {
            Some(MarketStreamMessage::Up { missing }) => {
                self.news_come_up();
                if self.news_lack(&missing) { Ok(()) } else { self.read_news_in_turn().await }
            }
            Some(MarketStreamMessage::News { count, piece }) => {
                for input in self.hear_news(count, &piece) {
                    self.feed_in_turn(input).await?;
                }
                Ok(())
            }
            Some(MarketStreamMessage::Down { .. }) => {
                if let Some(link) = &mut self.news.link {
                    link.goes_down();
                }
                self.lose_news_in_turn().await
            }
            Some(MarketStreamMessage::Fatal(error)) => {
                self.news.end(Some(&error));
                self.lose_news_in_turn().await
            }
            None => {
                self.news.end(None);
                self.lose_news_in_turn().await
            }
            Some(_) => Ok(()),
        }
    }

    /// The news are not known any more, if they were.
    pub async fn lose_news_in_turn(&mut self) -> Result<(), SessionError> {
        if self.core.state().news_are_known() {
            self.feed_in_turn(Desk::link(Link::News, false)).await?;
        }
        Ok(())
    }

    /// Reads the news in turn. Where that fails it is tried again with the next step.
    pub async fn read_news_in_turn(&mut self) -> Result<(), SessionError> {
        let errand = self.news_wanted();
        let Errand::News { mark, .. } = errand else { return Ok(()) };
        self.run_in_turn(errand).await?;
        if self.knows_news(mark) && !self.core.state().news_are_known() {
            self.feed_in_turn(Desk::link(Link::News, true)).await?;
        }
        Ok(())
    }

    /// Waits until the news stream is up, so long as a request may take.
    pub async fn await_news_in_turn(&mut self) -> Result<(), SessionError> {
        let ends = tokio::time::Instant::now() + self.config.timing.answer;
        while self.news.link.as_ref().is_some_and(|link| !link.is_up) {
            let Ok(message) = tokio::time::timeout_at(ends, self.news.next()).await else { break };
            self.news_in_turn(message).await?;
        }
        Ok(())
    }

    /// Whether the news are to be read again by the venue's clock.
    pub fn news_are_due(&self) -> bool {
        let pause = span(self.config.timing.news);
        let is_due = |link: &NewsLink| {
            link.is_up && (link.unread || self.news_now().since(link.read_to) >= pause)
        };
        self.news.link.as_ref().is_some_and(is_due)
    }
}
