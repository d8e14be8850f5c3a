//! The newest bars, asked for again and again, in place of a stream.

use super::client::Which;
use super::{AlphaVantage, AlphaVantageError, answer};
use crate::alpaca::{MarketStream, MarketStreamMessage, Names, Problem, StreamCounters};
use crate::session::machine_time;
use kernel::{Bar, MarketData, SymbolId, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often it is looked whether the market has opened.
const CLOSED: Duration = Duration::from_secs(1);

/// A feed that is asked in place of the venue's own stream.
#[derive(Clone)]
pub struct PolledFeed {
    /// Who is asked.
    pub client: AlphaVantage,
    /// How long after it was asked it is asked again: one request for each symbol.
    pub every: Duration,
}

impl PolledFeed {
    /// Asks on a task of its own while the market is open. Each bar that has ended is told once. An
    /// answer that does not come is told as a stream that is down, and the next one as its return
    /// with everything that was missed.
    pub(crate) fn start(
        self,
        names: Names,
        market_open: Arc<AtomicBool>,
        capacity: usize,
    ) -> MarketStream {
        MarketStream::fed(capacity, |out, counters| {
            let last = Vec::new();
            Poller { feed: self, names, market_open, last, is_up: None, out, counters }.run()
        })
    }
}

struct Poller {
    feed: PolledFeed,
    names: Names,
    market_open: Arc<AtomicBool>,
    /// The end of the last bar that was told, of each symbol.
    last: Vec<Timestamp>,
    /// Whether the last answers came; `None` before the first.
    is_up: Option<bool>,
    out: mpsc::Sender<MarketStreamMessage>,
    counters: Arc<StreamCounters>,
}

impl Poller {
    /// Until nobody listens.
    async fn run(mut self) {
        let out = self.out.clone();
        tokio::select! {
            () = out.closed() => {}
            () = self.ask_on() => {}
        }
    }

    async fn ask_on(&mut self) {
        loop {
            while !self.market_open.load(Ordering::Relaxed) {
                tokio::time::sleep(CLOSED).await;
            }
            let asked = tokio::time::Instant::now();
            for message in self.ask().await {
                // Who no longer listens needs no more answers.
                if self.out.send(message).await.is_err() {
                    return;
                }
            }
            tokio::time::sleep_until(asked + self.feed.every).await;
        }
    }

    /// Asks once for every symbol, and says what there is to tell.
    async fn ask(&mut self) -> Vec<MarketStreamMessage> {
        let symbols = self.names.symbols();
        let (mut data, mut failed) = (Vec::new(), None);
        for symbol in symbols.ids() {
            let name = symbols.name(symbol);
            let answer = self.feed.client.minutes(name, Which::Newest, false).await;
            match answer.and_then(|body| answer::bars(&body, name, symbol)) {
                Ok(bars) => data.extend(self.news(symbol, bars)),
                Err(error) => failed = Some(error),
            }
        }
        data.sort_by_key(|datum: &MarketData| (datum.time(), datum.symbol()));
        let mut messages: Vec<_> = self.turn(failed.as_ref()).into_iter().collect();
        // What is told after the word that it is down would be of a stream that is not there.
        let place = if failed.is_some() { 0 } else { messages.len() };
        if !data.is_empty() {
            messages.insert(place, MarketStreamMessage::Data(data));
        }
        messages
    }

    /// The bars that have ended and were not told.
    fn news(
        &mut self,
        symbol: SymbolId,
        bars: Vec<Bar>,
    ) -> impl Iterator<Item = MarketData> + use<> {
        if self.last.len() <= symbol.index() {
            self.last.resize(symbol.index() + 1, Timestamp::MIN);
        }
        let (now, mut news) = (machine_time(), Vec::new());
        if let Some(last) = self.last.get_mut(symbol.index()) {
            let is_new = |bar: &Bar| *last < bar.end_time() && bar.end_time() <= now;
            news.extend(bars.into_iter().filter(is_new));
            *last = news.last().map_or(*last, Bar::end_time);
        }
        news.into_iter().map(MarketData::Bar)
    }

    /// That it came up, or went down, when that is news.
    fn turn(&mut self, failed: Option<&AlphaVantageError>) -> Option<MarketStreamMessage> {
        let Some(error) = failed else {
            let was_up = self.is_up.replace(true) == Some(true);
            return (!was_up).then(|| MarketStreamMessage::Up { missing: Vec::new() });
        };
        tracing::warn!("no market data: {error}");
        let (message, reason) = ("answer of Alpha Vantage".into(), error.kind().into());
        self.counters.problems.note(Problem { message, reason });
        let reason = error.to_string();
        let was_down = self.is_up.replace(false) == Some(false);
        (!was_down).then_some(MarketStreamMessage::Down { reason })
    }
}
