//! How a server is set up.

use super::Keys;
use super::faults::FaultScript;
use crate::ExchangeConfig;
use kernel::{Timestamp, TradingDay};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Everything a server is started with.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The market data to replay.
    pub source: Source,
    /// News of symbols of the market, in any order. Generated market data have news of their own
    /// beside them.
    pub news: Vec<marketdata::NewsItem>,
    /// How fast.
    pub speed: Speed,
    /// Whether a paced replay waits, its clock standing still, until someone has subscribed to
    /// market data. Lock step always waits for a subscription and a listening order stream.
    pub wait_for_subscriber: bool,
    /// The directory of the state log. Without one nothing outlives the process.
    pub state_dir: Option<PathBuf>,
    /// Who may use the server.
    pub keys: Keys,
    /// The venue behind it.
    pub exchange: ExchangeConfig,
    /// The trading days; `None` takes New York's by rule around the data.
    pub calendar: Option<Vec<TradingDay>>,
    /// REST requests a minute of the venue's clock; `None` is no limit. Never limits in lock
    /// step, where the venue's clock does not move while a client works.
    pub requests_per_minute: Option<u32>,
    /// What the market data plan includes.
    pub plan: Plan,
    /// The ways of the websockets.
    pub streams: StreamConfig,
    /// Faults to inject, for tests of clients.
    pub faults: FaultScript,
    /// Whether requests and streams are noted for [`Running::diary`](super::Running::diary), which
    /// grows with each.
    pub keeps_diary: bool,
}

/// The market data to replay.
#[derive(Debug, Clone)]
pub enum Source {
    /// Rows read from files.
    Files(marketdata::Feed),
    /// Minute bars made from a seed, endless.
    Synthetic(Synthetic),
}

impl Source {
    /// As the clock names it: `file` or `synthetic`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Source::Files(_) => "file",
            Source::Synthetic(_) => "synthetic",
        }
    }
}

/// Generated market data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synthetic {
    /// The same seed gives the same bars.
    pub seed: u64,
    /// Which symbols there are.
    pub symbols: Vec<String>,
    /// The venue's time when the server starts for the first time.
    pub start: Timestamp,
    /// How many trading days before the start have bars in the historical interface.
    pub history_days: usize,
}

/// How fast market data are replayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// As fast as the session can take them, in lock step with it; see [`super`].
    Max,
    /// So many times as fast as they happened. Above zero.
    Times(f64),
}

/// What the market data plan includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plan {
    /// Every feed and any number of symbols.
    #[default]
    Full,
    /// The IEX feed, 30 symbols of trades and quotes, and no SIP data of the last 15 minutes.
    Basic,
}

/// The ways of the websockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamConfig {
    /// How long a market data client may take to authenticate. Wall time.
    pub auth_timeout: Duration,
    /// Connections that may be authenticated at once on one market data endpoint.
    pub connections_per_endpoint: usize,
    /// How long the place of a connection that went without a close frame stays taken. Wall time.
    pub unclean_hold: Duration,
    /// Frames that may wait for a slow client before it is disconnected.
    pub queue: usize,
    /// Whether `trade_updates` go out in text frames instead of binary ones.
    pub text_trade_updates: bool,
    /// How often `/v2/test` sends a quote; every twelfth time it adds a bar. Wall time.
    pub test_interval: Duration,
}

impl ServerConfig {
    /// A server on a free loopback port with new keys and the defaults of everything else.
    pub fn new(source: Source, speed: Speed) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            wait_for_subscriber: matches!(source, Source::Files(_)),
            source,
            news: Vec::new(),
            speed,
            state_dir: None,
            keys: Keys::generate(),
            exchange: ExchangeConfig::default(),
            calendar: None,
            requests_per_minute: Some(200),
            plan: Plan::default(),
            streams: StreamConfig::default(),
            faults: FaultScript::default(),
            keeps_diary: false,
        }
    }
}

impl Synthetic {
    /// Generated data from a fixed start inside a session: Tuesday 2026-01-06, 10:00 New York,
    /// with three trading days before it.
    pub fn new(seed: u64, symbols: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            seed,
            symbols: symbols.into_iter().map(Into::into).collect(),
            start: Timestamp::from_secs(1_767_711_600),
            history_days: 3,
        }
    }
}

impl Default for StreamConfig {
    /// Alpaca's timeout and limit; nothing is held after an unclean end.
    fn default() -> Self {
        Self {
            auth_timeout: Duration::from_secs(10),
            connections_per_endpoint: 1,
            unclean_hold: Duration::ZERO,
            queue: 16_384,
            text_trade_updates: false,
            test_interval: Duration::from_secs(5),
        }
    }
}

impl Plan {
    /// How many symbols of trades and quotes may be subscribed to.
    pub(super) const fn symbol_limit(self) -> Option<usize> {
        match self {
            Plan::Full => None,
            Plan::Basic => Some(30),
        }
    }
}

/// The text is no speed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a speed: `max`, or a number above zero such as 60")]
pub struct SpeedError(String);

impl FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, SpeedError> {
        if text == "max" {
            return Ok(Speed::Max);
        }
        let times = text.parse::<f64>().ok().filter(|times| times.is_finite() && *times > 0.0);
        times.map(Speed::Times).ok_or_else(|| SpeedError(text.into()))
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Speed::Max => out.write_str("max"),
            Speed::Times(times) => times.fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_max_or_a_number_above_zero() {
        for text in ["max", "60", "0.5"] {
            assert_eq!(text.parse::<Speed>().unwrap().to_string(), text);
        }
        for text in ["", "0", "-1", "inf", "NaN", "fast"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_synthetic_start_is_inside_a_session() {
        let start = Synthetic::new(1, ["SPY"]).start;
        assert_eq!(start.to_string(), "2026-01-06T15:00:00.000000000Z");
    }
}
