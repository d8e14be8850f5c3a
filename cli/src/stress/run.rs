//! One scenario from its start to its verdict.

use super::judge::{Evidence, Opinion, judge};
use super::{Report, Scenario, Verdict, data, drill};
use crate::config::Settings;
use crate::exit::Failure;
use crate::models::Cast;
use crate::{assemble, commands};
use backtest::Chosen;
use exchange::server::{self, Running, ServerConfig, Source, Speed};
use kernel::{
    Forecaster, Limits, ShutdownPolicy, Span, Strategy, StrategySpec, Symbols, TradingHours,
};
use runtime::alpaca::{Channels, Credentials, Endpoints};
use runtime::session::{
    self, DataKind, SessionConfig, SessionError, Status, Summary, Timing, VenueKind,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;

const MINUTE: Span = Span::from_secs(60);
/// The symbols that are traded.
pub const SYMBOLS: [&str; 2] = ["SYNA", "SYNB"];
/// A session that has not come to its end by then hangs.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long an answer may take at a pace.
const PACED_ANSWER: Duration = Duration::from_secs(10);

type Minds = (Vec<Box<dyn Strategy>>, Vec<Box<dyn Forecaster>>);

/// Who trades.
pub enum Trader<'a> {
    /// The strategy of the drill.
    Drill,
    /// The strategies that the settings name.
    Configured {
        /// The settings.
        settings: &'a Settings,
        /// The models, where a strategy listens to any.
        cast: Option<Cast>,
    },
}

impl<'a> Trader<'a> {
    /// The strategies that settings name, with their models.
    ///
    /// # Errors
    /// Every mistake in their names and parameters, and when a model cannot be used.
    pub fn configured(settings: &'a Settings) -> Result<Self, Failure> {
        let symbols = Symbols::new(SYMBOLS).map_err(Failure::other)?;
        let all = commands::strategies::build(settings, &symbols)?;
        let listens = all.iter().any(|(strategy, _)| strategy.listens_to_models());
        let cast = listens.then(|| Cast::of(settings, Some(MINUTE))).transpose()?;
        Ok(Self::Configured { settings, cast })
    }

    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Trader::Drill => drill::NAME.to_owned(),
            Trader::Configured { settings, .. } => settings.strategy_names(),
        }
    }

    /// The strategies and what the session's record says of them.
    ///
    /// # Errors
    /// Every mistake in their names and parameters.
    pub fn build(&self, symbols: &Symbols) -> Result<Vec<Chosen>, Failure> {
        match self {
            Trader::Drill => Ok(vec![drill::Drill::for_symbols(symbols)]),
            Trader::Configured { settings, .. } => commands::strategies::build(settings, symbols),
        }
    }

    /// The models that its strategies listen to, as none of them has seen a bar yet.
    fn models(&self) -> Vec<Box<dyn Forecaster>> {
        match self {
            Trader::Drill | Trader::Configured { cast: None, .. } => Vec::new(),
            Trader::Configured { cast: Some(cast), .. } => cast.models(None).forecasters,
        }
    }

    /// The drill orders for the opening auction, and for that it must be asked before the open.
    const fn hours(&self) -> TradingHours {
        match self {
            Trader::Drill => TradingHours::Extended,
            Trader::Configured { .. } => TradingHours::Regular,
        }
    }

    fn limits(&self) -> Limits {
        match self {
            Trader::Drill => Limits::default(),
            Trader::Configured { settings, .. } => settings.limits(),
        }
    }
}

/// A folder that goes when this does.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Result<Self, Failure> {
        let dir = format!("tradewind-stress-{}-{name}", std::process::id());
        let dir = std::env::temp_dir().join(dir);
        assemble::create_private(&dir)?;
        Ok(Self(dir))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed lies in the folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a scenario and judges it.
///
/// # Errors
/// When the exchange or the session cannot even be set up.
pub async fn run(scenario: &Scenario, trader: &Trader<'_>) -> Result<Report, Failure> {
    let symbols = Symbols::new(SYMBOLS).map_err(Failure::other)?;
    let feed = data::feed(&symbols, scenario.days, (scenario.quotes, scenario.trades));
    let mut config = ServerConfig::new(Source::Files(feed), scenario.pace);
    config.requests_per_minute = None;
    config.faults = scenario.script.clone();
    config.keeps_diary = true;
    if let Some(cash) = scenario.cash {
        config.exchange.starting_cash = cash;
    }
    let exchange = server::start(config).await.map_err(Failure::other)?;
    let dir = Scratch::new(&scenario.name)?;
    let (strategies, specs) = trader.build(&symbols)?.into_iter().unzip();
    let minds = (strategies, trader.models());
    let mut session = session_config(&dir.0, &exchange, symbols, specs)?;
    session.channels.quotes = scenario.quotes;
    session.channels.trades = scenario.trades;
    session.timing.compare_each_step = scenario.compares;
    if scenario.pace != Speed::Max {
        // There nothing is held back for ever, and a busy machine answers late.
        (session.timing.answer, session.timing.stream.answer) = (PACED_ANSWER, PACED_ANSWER);
    }
    session.limits = trader.limits();
    session.limits.news_blackout = scenario.news_blackout.or(session.limits.news_blackout);
    session.hours = trader.hours();
    let result = trade(session, minds, &exchange, scenario.pace).await;
    let evidence = Evidence::gather(&dir.0, result, &exchange, (scenario, trader));
    exchange.shutdown().await;
    let is_drill = matches!(trader, Trader::Drill);
    let Opinion { wrong, untested } = judge(scenario, &evidence, is_drill);
    let verdict = match (wrong.is_empty(), untested.is_empty()) {
        (true, true) => Verdict::Passed,
        (true, false) if !is_drill => Verdict::NotReached,
        (false, _) | (_, false) => Verdict::Failed,
    };
    let why = wrong.into_iter().chain(untested).collect();
    Ok(Report {
        name: scenario.name.clone(),
        fault: scenario.fault.clone(),
        outcome: scenario.outcome.clone(),
        injected: evidence.strikes(),
        verdict,
        why,
        orders: evidence.summary().map_or(0, |summary| summary.orders.sent),
        kinds: evidence.kinds(),
        events: evidence.events().clone(),
        fills: evidence.summary().map_or(0, |summary| summary.fills),
    })
}

/// Runs the session to its end; `None` when it does not come to one.
async fn trade(
    config: SessionConfig,
    (strategies, models): Minds,
    exchange: &Running,
    pace: Speed,
) -> Option<Result<Summary, SessionError>> {
    let (stopper, stop) = session::stop_signal();
    let starting = Status::starting(config.venue.as_str(), config.data.as_str());
    let (sender, _status) = watch::channel(starting);
    let trading = session::run(config, strategies, models, stop, sender);
    let data_ended = async {
        // In lock step the session sees the end itself.
        if pace == Speed::Max {
            std::future::pending::<()>().await;
        }
        exchange.finished().await;
        stopper.data_ended();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = tokio::time::timeout(PATIENCE, trading) => ended.ok(),
        () = data_ended => None,
    }
}

fn session_config(
    dir: &Path,
    exchange: &Running,
    symbols: Symbols,
    strategies: Vec<StrategySpec>,
) -> Result<SessionConfig, Failure> {
    let keys = exchange.keys();
    Ok(SessionConfig {
        data_dir: dir.into(),
        venue: VenueKind::Embedded,
        data: DataKind::Synthetic,
        endpoints: Endpoints::server(exchange.addr()),
        credentials: Credentials::new(&keys.key, &keys.secret).map_err(Failure::other)?,
        feed: "iex".into(),
        channels: Channels::default(),
        polled: None,
        symbols,
        strategies,
        limits: Limits::default(),
        fees: marketdata::fee_rates(),
        hours: TradingHours::Regular,
        bar_length: MINUTE,
        build: concat!("tradewind ", env!("CARGO_PKG_VERSION")).into(),
        settings: BTreeMap::new(),
        shutdown: ShutdownPolicy::CancelEntries,
        run_for: None,
        requests_per_minute: 100_000,
        requests_per_quarter_hour: None,
        requests_counted_in: None,
        without_bars: None,
        readers: Default::default(),
        journal: journal::Options::default(),
        timing: timing(),
    })
}

/// Everything is on this machine, so what does not come soon does not come.
fn timing() -> Timing {
    let mut timing = Timing {
        answer: Duration::from_secs(1),
        settle: Duration::from_secs(10),
        second_look: Duration::from_millis(50),
        ..Timing::default()
    };
    timing.stream.answer = Duration::from_secs(1);
    timing.stream.ping = Duration::from_millis(250);
    timing.stream.first_retry = Duration::from_millis(10);
    timing.stream.longest_retry = Duration::from_millis(100);
    timing
}
