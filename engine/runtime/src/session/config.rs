//! What a session is started with. Everything is resolved and checked before it gets here.

use super::courier::Patience;
use crate::alpaca::{Channels, Credentials, Endpoints, ReplayData, Silence, StreamTiming};
use crate::alpha_vantage::PolledFeed;
use crate::readers::ReadersConfig;
use kernel::{FeeRates, Limits, ShutdownPolicy, Span, StrategySpec, Symbols, TradingHours};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Which venue a session trades on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VenueKind {
    /// The bundled exchange, inside this process or beside it.
    Embedded,
    /// Alpaca's paper accounts.
    AlpacaPaper,
    /// Alpaca, with real money.
    AlpacaLive,
}

/// Where a session's market data comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataKind {
    /// Made up from a seed.
    Synthetic,
    /// Recorded, out of files.
    File,
    /// Alpaca's.
    Alpaca,
    /// Alpha Vantage's, asked for again and again.
    AlphaVantage,
}

/// Everything a session is started with.
#[derive(Clone)]
pub struct SessionConfig {
    /// The session's directory.
    pub data_dir: PathBuf,
    /// Which venue it trades on.
    pub venue: VenueKind,
    /// Where its market data comes from.
    pub data: DataKind,
    /// Where the venue is.
    pub endpoints: Endpoints,
    /// The keys.
    pub credentials: Credentials,
    /// The market data feed: `iex`, `sip`.
    pub feed: String,
    /// What is subscribed to for each symbol.
    pub channels: Channels,
    /// What is asked for market data in place of the venue's stream, when that is configured.
    pub polled: Option<PolledFeed>,
    /// The symbols that are traded.
    pub symbols: Symbols,
    /// The strategies, resolved, in the order of the boxes that are handed in with them.
    pub strategies: Vec<StrategySpec>,
    /// The risk limits.
    pub limits: Limits,
    /// What the regulators charge; empty accrues nothing.
    pub fees: FeeRates,
    /// When positions may grow.
    pub hours: TradingHours,
    /// How long the bars last that strategies see, for the warm-up.
    pub bar_length: Span,
    /// The program that decides.
    pub build: String,
    /// The resolved configuration, redacted, as it is journalled for people.
    pub settings: BTreeMap<Box<str>, Box<str>>,
    /// What happens to open orders and positions at the end.
    pub shutdown: ShutdownPolicy,
    /// The session ends by itself after so much wall time.
    pub run_for: Option<Duration>,
    /// Requests a minute that the venue allows.
    pub requests_per_minute: u32,
    /// Requests in a quarter of an hour, when that is limited too.
    pub requests_per_quarter_hour: Option<u32>,
    /// The file in which those of the quarter of an hour are counted, by everybody who asks the same
    /// host; `None` counts them for this session alone, until it ends.
    pub requests_counted_in: Option<PathBuf>,
    /// What of the data no strategy can trade on, which is told at the start.
    pub without_bars: Option<WithoutBars>,
    /// What reads the journal while it grows.
    pub readers: ReadersConfig,
    /// How the journal is kept.
    pub journal: journal::Options,
    /// How long things may take.
    pub timing: Timing,
}

/// Symbols of which the data hold quotes or trades and no bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithoutBars {
    /// Which, separated by commas.
    pub symbols: String,
    /// The files, separated by commas.
    pub source: String,
}

/// How long things may take. Wall time, unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How often what is journalled and not yet durable is synced.
    pub sync: Duration,
    /// How often the books are compared with the broker's, by the venue's clock; less often while
    /// requests are short.
    pub reconcile: Duration,
    /// Whether a session in lock step, where no time passes, compares its books at each step: for
    /// drills in which somebody else trades on the account or updates are lost. A session that shall
    /// decide as a backtest does compares them at its ends and after each reconnect.
    pub compare_each_step: bool,
    /// How long after a suspected difference is looked at again.
    pub second_look: Duration,
    /// How long an ending session waits for what its policy asked for.
    pub settle: Duration,
    /// How long each channel of the data stream may be silent while the market is open.
    pub silence: Silence,
    /// How often the news are read beside their stream, by the venue's clock, where news keep entries
    /// away.
    pub news: Duration,
    /// So much of the trading calendar is known ahead, by the venue's clock; less than half of it
    /// left is extended.
    pub calendar_ahead: Span,
    /// A session whose data stream is refused from the beginning because the account's place is
    /// taken gives up after so long. Alpaca keeps a dead connection's place for about 90 seconds.
    pub data_place: Duration,
    /// How long a lost order is looked for; `None` chooses by the venue.
    pub patience: Option<Patience>,
    /// How long the broker may take to answer a request, before the answer counts as lost.
    pub answer: Duration,
    /// How the streams connect, ping and connect again.
    pub stream: StreamTiming,
}

impl VenueKind {
    /// As the session record and every output write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            VenueKind::Embedded => "embedded",
            VenueKind::AlpacaPaper => "alpaca-paper",
            VenueKind::AlpacaLive => "alpaca-live",
        }
    }
}

impl DataKind {
    /// As every output writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            DataKind::Synthetic => "synthetic",
            DataKind::File => "file",
            DataKind::Alpaca => "alpaca",
            DataKind::AlphaVantage => "alpha-vantage",
        }
    }
}

impl From<ReplayData> for DataKind {
    fn from(replayed: ReplayData) -> Self {
        match replayed {
            ReplayData::Synthetic => DataKind::Synthetic,
            ReplayData::File => DataKind::File,
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            sync: Duration::from_millis(500),
            compare_each_step: false,
            reconcile: Duration::from_secs(30),
            second_look: Duration::from_secs(2),
            settle: Duration::from_secs(15),
            silence: Silence::default(),
            news: Duration::from_secs(300),
            calendar_ahead: Span::from_secs(370 * 86_400),
            data_place: Duration::from_secs(150),
            patience: None,
            answer: Duration::from_secs(10),
            stream: StreamTiming::default(),
        }
    }
}
