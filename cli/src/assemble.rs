//! Putting the parts together as the settings say.

use crate::config::Settings;
use crate::config::settings::{Speed as WantedSpeed, user_data_dir};
use crate::exit::Failure;
use crate::kafka;
use crate::shell::Shell;
use exchange::server::{FaultScript, ServerConfig, Source, Speed, Synthetic};
use exchange::{CommissionRates, ExchangeConfig, FinancingRules, Impact};
use kernel::{BasisPoints, FeeRates, Limits, Price, Span, Symbols, TradingHours};
use marketdata::{Feed, ReadOptions};
use runtime::alpaca::{Client, ClientConfig, Credentials, Endpoints, Pace, Secret, Timing};
use runtime::alpha_vantage::{AlphaVantage, AlphaVantageConfig, PolledFeed, Quota};
use runtime::readers::ReadersConfig;
use runtime::session::VenueKind;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bars of a day or more are shown whatever the hours.
pub const DAY: Span = Span::from_secs(86_400);

/// The symbols of generated data when none are named.
const SYNTHETIC_SYMBOLS: [&str; 2] = ["SYNA", "SYNB"];

/// Makes a folder that only its owner can look into, and its parents.
///
/// # Errors
/// When it cannot be made.
pub fn create_private(dir: &Path) -> Result<(), Failure> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| {
        Failure::usage(format!(
            "the data directory {} cannot be used: {error}; choose another with --data-dir",
            dir.display()
        ))
    })
}

/// Refuses an address that something else listens on.
///
/// # Errors
/// When it cannot be listened on.
pub fn check_free(address: Option<SocketAddr>) -> Result<(), Failure> {
    let Some(address) = address else { return Ok(()) };
    std::net::TcpListener::bind(address).map(drop).map_err(|error| {
        Failure::usage(format!("metrics.listen: {address} cannot be listened on: {error}; choose another address, or \"off\""))
    })
}

/// Reads files of market data; of these symbols alone, when any are named.
///
/// # Errors
/// The first row that is not good, or a symbol that the files do not hold.
pub fn read_feed(files: &[PathBuf], symbols: &[String]) -> Result<Feed, Failure> {
    read_feed_with(files, &ReadOptions::default(), symbols)
}

/// As [`read_feed`], for files that say less of themselves.
///
/// # Errors
/// As [`read_feed`].
pub fn read_feed_with(
    files: &[PathBuf],
    options: &ReadOptions,
    symbols: &[String],
) -> Result<Feed, Failure> {
    let feed = read_all(files, options)?;
    if symbols.is_empty() {
        return Ok(feed);
    }
    let symbols = named_of(feed.symbols.clone(), symbols)?;
    let symbols: Vec<&str> = symbols.names().collect();
    feed.select(&symbols).map_err(Failure::usage)
}

/// Of the symbols of some data those that are named; all when none are.
///
/// # Errors
/// When the data hold no such symbol.
pub fn named_of(held: Symbols, named: &[String]) -> Result<Symbols, Failure> {
    if named.is_empty() {
        return Ok(held);
    }
    if let Some(absent) = named.iter().find(|name| held.id(name).is_none()) {
        let held: Vec<&str> = held.names().collect();
        return Err(Failure::usage(format!(
            "the data holds no {absent}: it holds {}",
            held.join(", ")
        )));
    }
    let mut named: Vec<&str> = named.iter().map(String::as_str).collect();
    named.sort_unstable();
    Symbols::new(named).map_err(Failure::usage)
}

#[cfg(not(feature = "parquet"))]
fn read_all(files: &[PathBuf], options: &ReadOptions) -> Result<Feed, Failure> {
    match files.iter().find(|file| file.extension().is_some_and(|ending| ending == "parquet")) {
        Some(_) => Err(crate::commands::data::without_parquet()),
        None => marketdata::read_files_with(files, options).map_err(Failure::usage),
    }
}

/// CSV files, and Parquet files with their columns.
#[cfg(feature = "parquet")]
fn read_all(files: &[PathBuf], options: &ReadOptions) -> Result<Feed, Failure> {
    use backtest::store::{ForeignFile, is_parquet};

    let files = marketdata::in_order(files);
    let named = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "parquet");
    let (tables, texts): (Vec<PathBuf>, Vec<PathBuf>) =
        files.iter().cloned().partition(|file| named(file) || is_parquet(file));
    if tables.is_empty() {
        return marketdata::read_files_with(&files, options).map_err(Failure::usage);
    }
    let feed = |file: &PathBuf| ForeignFile::load(file, options);
    let mut feeds = tables.iter().map(feed).collect::<Result<Vec<_>, _>>();
    if let (Ok(feeds), false) = (&mut feeds, texts.is_empty()) {
        feeds.push(marketdata::read_files_with(&texts, options).map_err(Failure::usage)?);
    }
    Feed::merged(feeds.map_err(Failure::usage)?).map_err(Failure::usage)
}

/// Files by their names, as a sentence has them.
pub fn names_of(files: &[PathBuf]) -> String {
    let names = files.iter().map(|file| match file.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => file.display().to_string(),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Reads the files that are named, if any are, unless the command is told to end meanwhile.
///
/// # Errors
/// As [`read_feed`], or that it was interrupted.
pub fn read_feed_unless_stopped(
    shell: &Shell,
    files: &[PathBuf],
    symbols: Vec<String>,
) -> Result<Option<Feed>, Failure> {
    if files.is_empty() {
        return Ok(None);
    }
    let files = files.to_vec();
    shell.work(move || read_feed(&files, &symbols)).map(Some)
}

/// How the journal is kept.
pub fn journal_options(settings: &Settings) -> journal::Options {
    let mib = |count: i64| u64::try_from(count).unwrap_or(1) << 20;
    journal::Options {
        segment_bytes: mib(settings.integer("journal.segment_mib")),
        limit_bytes: settings
            .decimal("journal.max_mib")
            .map(|count| mib(count.nanos() / kernel::SCALE)),
        ..journal::Options::default()
    }
}

/// What reads the journal beside the session.
pub fn readers(settings: &Settings) -> ReadersConfig {
    ReadersConfig {
        kafka: kafka::config(settings),
        sqlite: settings.is_on("store.sqlite").then(|| settings.data_dir().join("tradewind.db")),
        metrics: settings.metrics_address(),
    }
}

/// The symbols of a session that replays no files: as configured, or those that are generated.
pub fn symbols_without_files(settings: &Settings) -> Vec<String> {
    synthetic_symbols(settings)
}

/// The risk limits and trading hours over some data. Bars of a day or more are known after the
/// close and traded at the next open: on them positions may grow at any time, and entries wait.
pub fn limits_and_hours(settings: &Settings, bar_length: Option<Span>) -> (Limits, TradingHours) {
    let mut limits = settings.limits();
    if bar_length.is_none_or(|length| length < DAY) {
        return (limits, settings.hours());
    }
    limits.entry_time_to_live = None;
    (limits, TradingHours::Always)
}

/// What the regulators charge, where the venue passes it on.
pub fn fee_rates(settings: &Settings, venue_is_ours: bool) -> FeeRates {
    if venue_is_ours && !settings.is_on("exchange.regulatory_fees") {
        return FeeRates::default();
    }
    marketdata::fee_rates()
}

/// The rules of the embedded exchange.
pub fn exchange_config(settings: &Settings) -> ExchangeConfig {
    let mut config = ExchangeConfig::default();
    let points = |path: &str| i32::try_from(settings.integer(path)).unwrap_or(0);
    config.seed = seed(settings);
    config.starting_cash = settings.decimal("exchange.starting_cash_usd").unwrap_or_default();
    config.account.multiplier = u8::try_from(settings.integer("exchange.multiplier")).unwrap_or(1);
    config.account.shorting = settings.is_on("exchange.shorting");
    config.fees.regulatory = settings.is_on("exchange.regulatory_fees");
    let usd = |path| settings.decimal(path).unwrap_or_default();
    config.fees.commission = CommissionRates {
        per_share: usd("exchange.commission_per_share_usd"),
        per_order: usd("exchange.commission_per_order_usd"),
    };
    config.financing = FinancingRules {
        borrow: settings.percent("exchange.borrow_percent").unwrap_or_default(),
        margin_interest: settings.percent("exchange.margin_interest_percent").unwrap_or_default(),
    };
    for (symbol, rate) in settings.borrow_rates() {
        config.assets.entry(symbol).or_default().borrow = Some(rate);
    }
    config.fills.slippage = BasisPoints::new(points("exchange.slippage_bps"));
    let by_share = settings.decimal("exchange.slippage_usd").unwrap_or_default();
    config.fills.slippage_usd = Price::from_nanos(by_share.nanos());
    let by_size = BasisPoints::new(points("exchange.impact_bps"));
    config.fills.impact = match settings.text("exchange.impact") {
        "volume-share" => Impact::VolumeShare(by_size),
        "square-root" => Impact::SquareRoot(by_size),
        _ => Impact::None,
    };
    config.fills.latency = Span::from_millis(settings.integer("exchange.latency_ms"));
    config.fills.participation = settings.percent("exchange.participation_percent");
    config.fills.displayed_size = settings.is_on("exchange.displayed_size");
    let partial = settings.integer("exchange.random_partial_percent");
    config.fills.random_partial_percent = u8::try_from(partial).unwrap_or(0);
    config.fills.buy_stop_collar = settings.is_on("exchange.buy_stop_collar");
    config
}

/// The seed of generated data and of ids.
pub fn seed(settings: &Settings) -> u64 {
    u64::try_from(settings.integer("exchange.seed")).unwrap_or(1)
}

/// Reads a fault script.
///
/// # Errors
/// When it cannot be read, or every mistake in it.
pub fn read_faults(file: &Path) -> Result<FaultScript, Failure> {
    let place = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{place} cannot be read: {error}")))?;
    FaultScript::parse(&text).map_err(|error| {
        let lines = error.to_string().replace('\n', &format!("\n{place}, "));
        Failure::usage(format!("{place}, {lines}"))
    })
}

/// The embedded exchange, or the one that runs alone, before keys and addresses.
///
/// # Errors
/// When the speed is none, or the fault script or the file with news cannot be used.
pub fn server_config(settings: &Settings, feed: Option<Feed>) -> Result<ServerConfig, Failure> {
    let speed = match settings.speed() {
        WantedSpeed::Max => Speed::Max,
        WantedSpeed::Times(text) => text.parse().map_err(Failure::usage)?,
    };
    let source = match feed {
        Some(feed) => Source::Files(feed),
        None => Source::Synthetic(Synthetic::new(seed(settings), synthetic_symbols(settings))),
    };
    let mut config = ServerConfig::new(source, speed);
    config.exchange = exchange_config(settings);
    if let Some(file) = Some(settings.text("exchange.faults")).filter(|file| !file.is_empty()) {
        config.faults = read_faults(Path::new(file))?;
    }
    if let Some(file) = Some(settings.text("exchange.news")).filter(|file| !file.is_empty()) {
        config.news = marketdata::read_news(Path::new(file)).map_err(Failure::usage)?;
    }
    Ok(config)
}

fn synthetic_symbols(settings: &Settings) -> Vec<String> {
    let symbols = settings.symbols();
    if symbols.is_empty() { SYNTHETIC_SYMBOLS.map(str::to_owned).to_vec() } else { symbols }
}

/// A client for questions outside a session.
///
/// # Errors
/// When the connection cannot be set up.
pub fn client(
    settings: &Settings,
    endpoints: Endpoints,
    credentials: Credentials,
) -> Result<Client, Failure> {
    runtime::alpaca::tls::install();
    let per_minute = u32::try_from(settings.integer("alpaca.requests_per_minute")).unwrap_or(180);
    let per_quarter_hour = settings.count("alpaca.requests_per_quarter_hour");
    let pace = Pace::Limited { per_minute, per_quarter_hour, speed: 1.0 };
    let timing = Timing { pace, ..Timing::default() };
    let feed = settings.text("alpaca.feed").to_owned();
    let counted_in = Some(requests_counted_in(&endpoints));
    let config = ClientConfig { endpoints, credentials, feed, timing, counted_in };
    Client::new(config).map_err(Failure::other)
}

/// Where requests to a broker are counted when `alpaca.requests_per_quarter_hour` limits them,
/// whatever session or download sends them: a file for each trading host.
pub fn requests_counted_in(endpoints: &Endpoints) -> PathBuf {
    let host = endpoints.trading_host().replace(':', "-");
    user_data_dir().join(format!("{host}.requests"))
}

/// The feed that is asked in place of the venue's own, when that is configured.
///
/// # Errors
/// When the venue has none but its own, or there is no key.
pub fn polled_feed(settings: &Settings, venue: VenueKind) -> Result<Option<PolledFeed>, Failure> {
    if settings.text("session.data") != "alpha-vantage" {
        return Ok(None);
    }
    let refused = match venue {
        VenueKind::AlpacaPaper => None,
        VenueKind::Embedded => Some(
            "the embedded exchange fills orders at the prices of its own data; use session.venue = \"alpaca-paper\"",
        ),
        VenueKind::AlpacaLive => Some("a live session trades on Alpaca's data alone"),
    };
    if let Some(refused) = refused {
        return Err(Failure::usage(format!("session.data = \"alpha-vantage\": {refused}")));
    }
    let client = AlphaVantage::new(alpha_vantage(settings)?).map_err(Failure::usage)?;
    let seconds = u64::try_from(settings.integer("alpha_vantage.poll_s")).unwrap_or(60);
    Ok(Some(PolledFeed { client, every: Duration::from_secs(seconds) }))
}

/// What a client of Alpha Vantage needs. What was asked is counted in a file of the user's, whatever
/// session or download asks.
///
/// # Errors
/// When there is no key.
pub fn alpha_vantage(settings: &Settings) -> Result<AlphaVantageConfig, Failure> {
    let key = settings.text("alpha_vantage.key").trim();
    if key.is_empty() {
        return Err(Failure::usage(
            "no key: set ALPHA_VANTAGE_KEY to a key of Alpha Vantage, https://www.alphavantage.co/support/#api-key",
        ));
    }
    let per_minute = settings.integer("alpha_vantage.requests_per_minute");
    let quota = Quota {
        path: user_data_dir().join("alpha-vantage.requests"),
        per_minute: u32::try_from(per_minute).unwrap_or(1),
        per_day: settings.count("alpha_vantage.requests_per_day"),
    };
    let url = settings.text("alpha_vantage.url").to_owned();
    Ok(AlphaVantageConfig { url, key: Secret::new(key), quota, timing: Default::default() })
}
