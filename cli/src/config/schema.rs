//! Every key: what it may hold, in which unit, and what it is for.

use super::chosen::{SEVERAL, is_label};
pub use super::kind::{Kind, number_text};
use super::{capital, risk, sizing};
use runtime::alpaca::without_secrets;
use std::borrow::Cow;
use std::sync::LazyLock;
use toml::Value;

/// The version of the configuration: it rises when a key goes, or means something else.
pub const VERSION: u32 = 1;

/// One key.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its dotted path.
    pub path: Cow<'static, str>,
    /// What it holds.
    pub kind: Kind,
    /// What it is for.
    pub doc: Cow<'static, str>,
}

pub(super) const fn key(path: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { path: Cow::Borrowed(path), kind, doc: Cow::Borrowed(doc) }
}

/// All keys, in the order of `config/default.toml`.
pub static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let before =
        BEFORE_RISK.iter().cloned().chain(capital::KEYS.iter().cloned()).chain(sizing::keys());
    before.chain(risk::keys()).chain(AFTER_RISK.iter().cloned()).collect()
});

static BEFORE_RISK: &[Key] = &[
    key(
        "session.venue",
        Kind::Choice(&["auto", "embedded", "alpaca-paper", "alpaca-live"]),
        "where orders go; anything but auto refuses to fall back",
    ),
    key("session.symbols", Kind::List, "what is traded; empty takes those of the data"),
    key(
        "session.channels",
        Kind::SomeOf(&["bars", "quotes", "trades"]),
        "what of the market is listened to; empty takes what the data hold, or bars",
    ),
    key(
        "session.data",
        Kind::Choice(&["venue", "alpha-vantage"]),
        "paper: whose market data; alpha-vantage is asked every alpha_vantage.poll_s",
    ),
    key("session.hours", Kind::Choice(&["regular", "extended"]), "when positions may grow"),
    key("session.data_dir", Kind::Text, "folder of the session; selects which session continues"),
    key(
        "session.shutdown",
        Kind::Choice(&["leave", "cancel-entries", "flatten"]),
        "what happens to orders and positions at the end",
    ),
    key(
        "session.shutdown_deadline_s",
        Kind::Integer(1, 3600),
        "seconds until an orderly end gives up",
    ),
    key(
        "session.i_understand_this_trades_real_money",
        Kind::Bool,
        "the confirmation that a live session needs",
    ),
    key("strategy.name", Kind::Text, "strategy in the registry; see `tradewind strategies`"),
    key(
        "strategy.params",
        Kind::Params,
        "the strategy's parameters; see `tradewind strategies NAME`",
    ),
    key(
        "strategies.LABEL.name",
        Kind::Text,
        "one of several strategies in one account, in place of [strategy]; LABEL when not set",
    ),
    key("strategies.LABEL.symbols", Kind::List, "what it trades of the session; all when not set"),
    key("strategies.LABEL.params", Kind::Params, "its parameters; see `tradewind strategies NAME`"),
];

static AFTER_RISK: &[Key] = &[
    key("alpaca.trading_url", Kind::Url, "trading API; also APCA_API_BASE_URL"),
    key("alpaca.data_url", Kind::Url, "market data API; also APCA_API_DATA_URL"),
    key("alpaca.stream_url", Kind::Url, "market data stream; also APCA_API_STREAM_URL"),
    key(
        "alpaca.trading_stream_url",
        Kind::Url,
        "order stream; empty: the trading API as ws(s) plus /stream",
    ),
    key("alpaca.feed", Kind::Choice(&["iex", "sip", "delayed_sip", "test"]), "market data feed"),
    key(
        "alpaca.requests_per_minute",
        Kind::Integer(10, 10000),
        "requests per minute that the limiter allows itself",
    ),
    key(
        "alpaca.requests_per_quarter_hour",
        Kind::Limit("20", "100000"),
        "requests in any quarter of an hour; \"off\" where only the minute counts",
    ),
    key("alpaca.key_id", Kind::Secret, "key id; also APCA_API_KEY_ID"),
    key("alpaca.secret_key", Kind::Secret, "secret key; also APCA_API_SECRET_KEY"),
    key(
        "alpaca.oauth_token",
        Kind::Secret,
        "OAuth bearer token in place of the two keys; also APCA_API_OAUTH_TOKEN",
    ),
    key("alpaca.oauth_refresh_token", Kind::Secret, "what the next token is asked for with"),
    key("alpaca.oauth_client_id", Kind::Text, "the OAuth application that asks for it"),
    key("alpaca.oauth_client_secret", Kind::Secret, "the secret of that application"),
    key("alpaca.oauth_token_url", Kind::Url, "where the next token is asked for"),
    key("alpha_vantage.url", Kind::Url, "where Alpha Vantage is"),
    key("alpha_vantage.key", Kind::Secret, "key of Alpha Vantage; also ALPHA_VANTAGE_KEY"),
    key("alpha_vantage.requests_per_minute", Kind::Integer(1, 1200), "requests in any minute"),
    key(
        "alpha_vantage.requests_per_day",
        Kind::Limit("1", "1000000"),
        "requests to Alpha Vantage in any 24 hours, counted over restarts; \"off\" where only the minute counts",
    ),
    key(
        "alpha_vantage.poll_s",
        Kind::Integer(1, 3600),
        "seconds between two requests for each symbol, in a session with session.data = alpha-vantage",
    ),
    key(
        "fallback.config",
        Kind::Text,
        "live: configuration of the paper session that takes entries after the breaker; empty is off",
    ),
    key(
        "fallback.data_dir",
        Kind::Text,
        "live: folder of that paper session; empty: fallback in the session's own",
    ),
    key("fallback.key_id", Kind::Secret, "live: key id of the paper account"),
    key("fallback.secret_key", Kind::Secret, "live: secret key of the paper account"),
    key(
        "model.name",
        Kind::Text,
        "the model that strategies listen to: champion, bundled or the name of one; docs/MODELS.md",
    ),
    key("model.challengers", Kind::List, "models whose words are noted and not traded on"),
    key(
        "model.fallback",
        Kind::Text,
        "the model that takes over when that one has drifted; previous: the one promoted before; empty: none",
    ),
    key("model.watch_drift", Kind::Bool, "whether a model that has drifted is traded on no more"),
    key("model.folder", Kind::Text, "folder of models; empty: models in the user's data directory"),
    key(
        "model.retrain.at",
        Kind::Clock,
        "when a session trains a model anew, on trading days; needs the feature train",
    ),
    key(
        "model.retrain.every_days",
        Kind::Integer(1, 365),
        "days between two trainings at least; the next trading day after them is the day",
    ),
    key(
        "model.retrain.config",
        Kind::Text,
        "what is trained, a file such as config/train.toml; empty: that one",
    ),
    key("model.retrain.data", Kind::List, "files of bars to train on, read anew each time"),
    key(
        "exchange.speed",
        Kind::Speed,
        "embedded exchange: venue seconds per second, or max for lock step",
    ),
    key("exchange.seed", Kind::Integer(0, i64::MAX), "embedded exchange: seed of data and ids"),
    key(
        "exchange.starting_cash_usd",
        Kind::Decimal("1", "1000000000"),
        "embedded exchange: USD in a new account",
    ),
    key(
        "exchange.multiplier",
        Kind::OneOf(&[1, 2, 4]),
        "embedded exchange: margin multiplier of the account: cash, Regulation T or intraday",
    ),
    key("exchange.shorting", Kind::Bool, "embedded exchange: whether shares may be sold short"),
    key("exchange.regulatory_fees", Kind::Bool, "embedded exchange: charge SEC, TAF and CAT fees"),
    key(
        "exchange.commission_per_share_usd",
        Kind::Decimal("0", "100"),
        "embedded exchange: USD of commission per share",
    ),
    key(
        "exchange.commission_per_order_usd",
        Kind::Decimal("0", "1000"),
        "embedded exchange: USD of commission per order, with its first fill",
    ),
    key(
        "exchange.borrow_percent",
        Kind::Decimal("0", "1000"),
        "embedded exchange: percent a year of what is sold short",
    ),
    key(
        "exchange.borrow_rates",
        Kind::List,
        "embedded exchange: the same for single symbols, as [\"GME=35.5\"]",
    ),
    key(
        "exchange.margin_interest_percent",
        Kind::Decimal("0", "1000"),
        "embedded exchange: percent a year of cash that is borrowed",
    ),
    key(
        "exchange.slippage_bps",
        Kind::Integer(0, 10000),
        "embedded exchange: basis points that a taker loses",
    ),
    key(
        "exchange.slippage_usd",
        Kind::Decimal("0", "100"),
        "embedded exchange: USD a share that a taker loses, on top",
    ),
    key(
        "exchange.impact",
        Kind::Choice(&["none", "volume-share", "square-root"]),
        "embedded exchange: what a taker's share of the volume does to its price",
    ),
    key(
        "exchange.impact_bps",
        Kind::Integer(0, 100_000),
        "embedded exchange: basis points of impact at the whole volume",
    ),
    key(
        "exchange.latency_ms",
        Kind::Integer(0, 60000),
        "embedded exchange: milliseconds before an order can fill",
    ),
    key(
        "exchange.participation_percent",
        Kind::Limit("0.01", "100"),
        "embedded exchange: most of a bar's volume that an order may take",
    ),
    key(
        "exchange.displayed_size",
        Kind::Bool,
        "embedded exchange: whether a quote fills no more than the size it shows",
    ),
    key(
        "exchange.random_partial_percent",
        Kind::Integer(0, 100),
        "embedded exchange: percent of the chances to fill that give only a random part",
    ),
    key(
        "exchange.buy_stop_collar",
        Kind::Bool,
        "embedded exchange: whether a buy stop becomes a limit order a little above it, as at Alpaca",
    ),
    key(
        "exchange.faults",
        Kind::Text,
        "exchange: file with a fault script, docs/FAULTS.md; empty is off",
    ),
    key(
        "exchange.news",
        Kind::Text,
        "exchange: file with news, time,symbol,headline, beside those of generated data; empty is off",
    ),
    key(
        "backtest.rules",
        Kind::Choice(&["alpaca", "plain"]),
        "backtest: whose rules the venue goes by; docs/BACKTESTS.md",
    ),
    key(
        "backtest.calendar",
        Kind::Choice(&["us_equities", "always"]),
        "backtest: when the market is open; always never closes, and its days are those of UTC",
    ),
    key(
        "backtest.close_at_last_open",
        Kind::Bool,
        "backtest: close what is left at the open of the last bar, as some tools do",
    ),
    key(
        "backtest.actions",
        Kind::Text,
        "backtest: CSV file of splits and dividends that happen to raw prices; empty: none",
    ),
    key(
        "backtest.dividends",
        Kind::Choice(&["cash", "reinvest"]),
        "backtest: whether dividends are kept, or buy shares at the close of their ex-day",
    ),
    key("journal.segment_mib", Kind::Integer(1, 4096), "MiB of one journal segment"),
    key(
        "journal.max_mib",
        Kind::Limit("1", "1048576"),
        "MiB of journal: alert at 80 %, no entries at 100 %",
    ),
    key("kafka.brokers", Kind::Hosts, "broker list host:port,host:port; empty is off"),
    key("kafka.topic_prefix", Kind::Text, "first word of every topic"),
    key(
        "kafka.security_protocol",
        Kind::Choice(&["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]),
        "how the brokers are spoken to; ssl and sasl_ssl need the feature kafka-tls",
    ),
    key(
        "kafka.sasl_mechanism",
        Kind::Choice(&["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
        "how the brokers check the password; SCRAM needs the feature kafka-tls",
    ),
    key("kafka.username", Kind::Text, "who publishes, with sasl_plaintext or sasl_ssl"),
    key("kafka.password", Kind::Secret, "their password; better in TRADEWIND__KAFKA__PASSWORD"),
    key(
        "kafka.ca_file",
        Kind::Text,
        "PEM file of the authorities that sign the brokers' certificates; empty: the system's",
    ),
    key(
        "store.sqlite",
        Kind::Bool,
        "keep orders, fills and equity in SQLite in the data directory",
    ),
    key("metrics.listen", Kind::Address, "address of /metrics, or off"),
    key(
        "log.level",
        Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
        "how much is logged",
    ),
    key("log.format", Kind::Choice(&["text", "json"]), "how log lines look"),
];

/// The key of a path.
pub fn find(path: &str) -> Option<&'static Key> {
    let path = pattern(path);
    KEYS.iter().find(|key| key.path == path)
}

/// Whether keys stand in a table of this path, or it is one whose names are the user's own.
pub fn is_table(path: &str) -> bool {
    let path = pattern(path);
    let inside = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
    };
    KEYS.iter().any(|key| {
        let named = matches!(key.kind, Kind::Groups | Kind::Layers) && inside(&path, &key.path);
        key.path == path || inside(&key.path, &path) || named
    })
}

/// A path with `LABEL` for what a strategy is called, as the keys have it.
fn pattern(path: &str) -> Cow<'_, str> {
    let Some(rest) = path.strip_prefix(SEVERAL) else { return path.into() };
    let (label, rest) = rest.split_once('.').map_or((rest, ""), |(label, rest)| (label, rest));
    if !is_label(label) {
        return path.into();
    }
    let point = if rest.is_empty() { "" } else { "." };
    format!("{SEVERAL}LABEL{point}{rest}").into()
}

/// A value as it may be shown to anybody: secrets as stars, addresses without what is secret in them.
pub fn shown(kind: Option<Kind>, value: &Value) -> String {
    match (kind, value) {
        (Some(Kind::Secret), Value::String(text)) if text.is_empty() => value.to_string(),
        (Some(Kind::Secret), _) => "\"***\"".into(),
        (kind, Value::String(text)) if kind.is_some_and(is_address) || text.contains("://") => {
            Value::String(without_secrets(text)).to_string()
        }
        (_, value) => value.to_string(),
    }
}

const fn is_address(kind: Kind) -> bool {
    matches!(kind, Kind::Url | Kind::Hosts | Kind::Address)
}
