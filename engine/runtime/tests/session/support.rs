//! An exchange, a session on it, and what both say at the end.

use exchange::server::{Running, ServerConfig, Source, Speed};
use kernel::{
    Forecaster, Intents, Limits, MarketData, Quantity, ShutdownPolicy, Span, Strategy,
    StrategySpec, Symbols, TradingHours, View,
};
use marketdata::{Feed, Generator, SyntheticConfig};
use runtime::alpaca::{Channels, Credentials, Endpoints};
use runtime::session::{
    self, DataKind, SessionConfig, SessionError, Status, StopReceiver, Stopper, Summary, Timing,
    VenueKind,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub const MINUTE: Span = Span::from_secs(60);

/// So many minutes of generated bars from the first session of 2026-01-05 on.
pub fn generated(symbols: &[&str], minutes: usize) -> Feed {
    let symbols = Symbols::new(symbols).unwrap();
    let start = "2026-01-05".parse().unwrap();
    let config = SyntheticConfig { seed: 7, symbols: symbols.clone(), start, extended: false };
    let data: Vec<MarketData> = Generator::new(&config).take(minutes).flatten().collect();
    Feed { symbols, data, bar_length: Some(MINUTE) }
}

/// The folder with real market data; `None`, loudly, when there is none.
pub fn real_data() -> Option<PathBuf> {
    let folder = std::env::var_os("TRADEWIND_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: TRADEWIND_TEST_DATA does not name the folder with real market data");
    }
    folder
}

/// An exchange that replays a feed.
pub async fn exchange(feed: Feed, speed: Speed) -> Running {
    exchange_with(feed, speed, |_| {}).await
}

/// An exchange that replays a feed, set up further.
pub async fn exchange_with(
    feed: Feed,
    speed: Speed,
    change: impl FnOnce(&mut ServerConfig),
) -> Running {
    let mut config = ServerConfig::new(Source::Files(feed), speed);
    // The default stands for Alpaca's limit; tests of it set it themselves.
    config.requests_per_minute = None;
    change(&mut config);
    exchange::server::start(config).await.unwrap()
}

/// A strategy that a test writes down as one function from data and view to intents.
pub struct Scripted<F>(pub F);

impl<F> Strategy for Scripted<F>
where
    F: Fn(&MarketData, &View<'_>, &mut Intents) + Send,
{
    fn observe(&mut self, _: &MarketData) {}

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        (self.0)(data, view, intents);
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn reset(&mut self) {}

    fn rebase(&mut self, _: kernel::SymbolId, _: kernel::Ratio) {}
}

/// So many whole shares.
pub fn shares(whole: i64) -> Quantity {
    Quantity::from_whole(whole).unwrap()
}

/// A session on an exchange, not started yet.
pub struct Plan {
    pub config: SessionConfig,
    pub strategies: Vec<Box<dyn Strategy>>,
    pub models: Vec<Box<dyn Forecaster>>,
}

impl Plan {
    /// A session in a data directory with one of the registry's strategies.
    pub fn new(dir: &Path, exchange: &Running, symbols: &[&str], strategy: &str) -> Self {
        Self::with_params(dir, exchange, symbols, strategy, &[])
    }

    pub fn with_params(
        dir: &Path,
        exchange: &Running,
        symbols: &[&str],
        strategy: &str,
        params: &[(&str, &str)],
    ) -> Self {
        let symbols = Symbols::new(symbols).unwrap();
        let params: BTreeMap<String, String> =
            params.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let (strategy, spec) = strategies::build(strategy, &params, &symbols).unwrap();
        let keys = exchange.keys();
        let config = SessionConfig {
            data_dir: dir.into(),
            venue: VenueKind::Embedded,
            data: DataKind::File,
            endpoints: Endpoints::server(exchange.addr()),
            credentials: Credentials::new(&keys.key, &keys.secret).unwrap(),
            feed: "iex".into(),
            channels: Channels::default(),
            polled: None,
            symbols,
            strategies: vec![spec],
            limits: Limits::default(),
            fees: Default::default(),
            hours: TradingHours::Regular,
            bar_length: MINUTE,
            build: "test".into(),
            settings: BTreeMap::new(),
            shutdown: ShutdownPolicy::CancelEntries,
            without_bars: None,
            run_for: None,
            requests_per_minute: 100_000,
            requests_per_quarter_hour: None,
            requests_counted_in: None,
            readers: Default::default(),
            journal: journal::Options::default(),
            timing: timing(),
        };
        Self { config, strategies: vec![strategy], models: Vec::new() }
    }

    /// The same with a test's own strategy.
    pub fn scripted<F>(dir: &Path, exchange: &Running, symbols: &[&str], script: F) -> Self
    where
        F: Fn(&MarketData, &View<'_>, &mut Intents) + Send + 'static,
    {
        let mut plan = Self::new(dir, exchange, symbols, "buy-and-hold");
        plan.config.strategies =
            vec![StrategySpec { name: "scripted".into(), params: Default::default() }];
        plan.strategies = vec![Box::new(Scripted(script))];
        plan
    }

    /// Runs it to its end.
    pub async fn run(self) -> Result<Summary, SessionError> {
        self.start().ended().await
    }

    /// Sets it going.
    pub fn start(self) -> Session {
        let (stopper, stop) = session::stop_signal();
        let (publish, status) = watch::channel(Status::starting("embedded", "file"));
        let dir = self.config.data_dir.clone();
        let task = tokio::spawn(run(self, stop, publish));
        Session { dir, stopper, status, task }
    }
}

async fn run(
    plan: Plan,
    stop: StopReceiver,
    status: watch::Sender<Status>,
) -> Result<Summary, SessionError> {
    session::run(plan.config, plan.strategies, plan.models, stop, status).await
}

/// Reconnects at once and gives up soon: everything is on this machine.
fn timing() -> Timing {
    let mut timing = Timing { settle: Duration::from_secs(10), ..Timing::default() };
    timing.stream.first_retry = Duration::from_millis(10);
    timing.stream.longest_retry = Duration::from_millis(50);
    timing.second_look = Duration::from_millis(50);
    timing
}

/// A running session.
pub struct Session {
    pub dir: PathBuf,
    pub stopper: Stopper,
    pub status: watch::Receiver<Status>,
    pub task: JoinHandle<Result<Summary, SessionError>>,
}

impl Session {
    /// Waits for its end.
    pub async fn ended(self) -> Result<Summary, SessionError> {
        self.task.await.unwrap()
    }

    /// Waits until its status is as wanted.
    pub async fn until(&mut self, wanted: impl FnMut(&Status) -> bool) -> Status {
        let found = tokio::time::timeout(Duration::from_secs(60), self.status.wait_for(wanted));
        let found = found.await;
        let found = found.map(|found| found.expect("it ended before it came to that").clone());
        let stands = |_| panic!("a minute, and it stands at {:#?}", self.status.borrow());
        found.unwrap_or_else(stands)
    }

    /// Ends it as a crash does: nothing is said, nothing is finished.
    pub async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// Cash and positions of the summary, the broker's word in it, and the exchange's own books are
/// the same to the last digit.
pub fn assert_books_agree(summary: &Summary, exchange: &Running) {
    assert_eq!(summary.agrees_with_broker(), Some(true), "{summary:#?}");
    let snapshot = exchange.snapshot();
    assert_eq!(summary.cash, snapshot.account.cash, "{summary:#?}");
    let symbols = Symbols::new(summary.positions.keys()).unwrap();
    assert_eq!(symbols.len(), snapshot.positions.len());
    for (held, row) in summary.positions.values().zip(&snapshot.positions) {
        assert_eq!(held.qty, row.qty);
    }
}

/// No order was accepted twice, and none is missing.
pub fn assert_sent_once(summary: &Summary, exchange: &Running) {
    let snapshot = exchange.snapshot();
    let mut ids: Vec<&str> = snapshot.orders.iter().map(|order| &*order.client_order_id).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "a client order id was used twice");
    assert_eq!(all as u64, summary.orders.sent - summary.orders.rejected);
}

pub fn data_dir() -> TempDir {
    tempfile::tempdir().unwrap()
}
