//! Where a session's orders go, decided once from what was configured.

use crate::config::settings::Venue as Wanted;
use crate::config::{ConfigError, Mistake, Settings, Source};
use crate::exit::Failure;
use runtime::alpaca::{
    Address, Credentials, Endpoints, Mode, OAuth, Overrides, Refresh, Secret, without_secrets,
};

/// The venue of a session.
pub enum Venue {
    /// The embedded exchange.
    Embedded,
    /// Alpaca, or a server that speaks its protocols.
    Alpaca {
        /// Whose money is at stake.
        mode: Mode,
        /// The addresses, checked for the mode.
        endpoints: Endpoints,
        /// The keys.
        credentials: Credentials,
    },
}

impl Venue {
    /// The trading address of a venue outside this process.
    pub fn address(&self) -> Option<&str> {
        match self {
            Venue::Embedded => None,
            Venue::Alpaca { endpoints, .. } => Some(&endpoints.trading),
        }
    }
}

/// Chooses the venue: the embedded exchange when files are replayed or no keys are set, unless the
/// configuration demands Alpaca.
///
/// # Errors
/// When one key of two is set, a demanded venue cannot be had, or an address is refused.
pub fn choose(settings: &Settings, mode: Mode, replays_files: bool) -> Result<Venue, Failure> {
    let credentials = credentials(settings)?;
    let wanted = settings.venue();
    match (mode, wanted) {
        (Mode::Paper, Wanted::AlpacaLive) => Err(refused(
            settings,
            "`tradewind paper` does not trade on alpaca-live: use `tradewind live`",
        )),
        (Mode::Live, Wanted::AlpacaPaper | Wanted::Embedded) => Err(refused(
            settings,
            "`tradewind live` trades on alpaca-live only: use `tradewind paper`",
        )),
        (Mode::Paper, Wanted::Embedded) => Ok(Venue::Embedded),
        (_, Wanted::AlpacaPaper | Wanted::AlpacaLive) if replays_files => Err(refused(
            settings,
            "--data replays files on the embedded exchange: leave one of the two out",
        )),
        (Mode::Live, _) if replays_files => Err(Failure::usage(
            "--data replays files on the embedded exchange: use `tradewind paper`",
        )),
        (Mode::Paper, Wanted::Auto) if replays_files => Ok(Venue::Embedded),
        (Mode::Paper | Mode::Live, _) => match credentials {
            Some(credentials) => alpaca(settings, mode, credentials),
            None if mode == Mode::Paper && wanted == Wanted::Auto => without_keys(settings),
            None => Err(Failure::usage(
                "no keys: set APCA_API_KEY_ID and APCA_API_SECRET_KEY to those of the account that is meant",
            )),
        },
    }
}

/// The keys that are configured, or the OAuth token in their place.
///
/// # Errors
/// When one of two is set, keys and a token are, or one cannot be what it should.
pub fn credentials(settings: &Settings) -> Result<Option<Credentials>, Failure> {
    let (key, secret) = (settings.text("alpaca.key_id"), settings.text("alpaca.secret_key"));
    let keys = Credentials::from_values(Some(key), Some(secret)).map_err(Failure::usage)?;
    match (keys, settings.text("alpaca.oauth_token").trim()) {
        (keys, "") => Ok(keys),
        (Some(_), _) => Err(Failure::usage(
            "both keys and APCA_API_OAUTH_TOKEN are set: unset the keys or the token",
        )),
        (None, token) => {
            let oauth =
                OAuth { access_token: Secret::new(token), refresh: token_refresh(settings)? };
            Credentials::bearer(oauth).map(Some).map_err(Failure::usage)
        }
    }
}

/// How the token is renewed, when that is configured.
fn token_refresh(settings: &Settings) -> Result<Option<Refresh>, Failure> {
    let names =
        ["refresh_token", "client_id", "client_secret"].map(|n| format!("alpaca.oauth_{n}"));
    let missing: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| settings.text(name).is_empty()).collect();
    if missing.len() == names.len() {
        return Ok(None);
    }
    if !missing.is_empty() {
        return Err(Failure::usage(format!(
            "a token is renewed with three values, of which these are missing: {}; set all of {}, or none",
            missing.join(", "),
            names.join(", ")
        )));
    }
    let text = |name: &str| settings.text(&format!("alpaca.oauth_{name}")).to_owned();
    Ok(Some(Refresh {
        token_url: text("token_url"),
        client_id: text("client_id"),
        client_secret: Secret::new(text("client_secret")),
        refresh_token: Secret::new(text("refresh_token")),
    }))
}

/// Where keys and tokens are set.
const CREDENTIALS: [&str; 3] = ["alpaca.oauth_token", "alpaca.key_id", "alpaca.secret_key"];

/// The addresses that are configured.
pub fn endpoints(settings: &Settings, mode: Mode) -> Endpoints {
    let set = |path: &str| Some(settings.text(path).to_owned()).filter(|text| !text.is_empty());
    let overrides = Overrides {
        trading: set("alpaca.trading_url"),
        data: set("alpaca.data_url"),
        stream: set("alpaca.stream_url"),
        trading_stream: set("alpaca.trading_stream_url"),
    };
    Endpoints::with(mode, &overrides)
}

/// Everything in the configuration that a session refuses at its start, keys that are not there
/// left aside: they are often set on another machine, or later.
pub fn mistakes(settings: &Settings) -> Vec<Mistake> {
    let mode = match settings.venue() {
        Wanted::AlpacaLive => Mode::Live,
        Wanted::Auto | Wanted::Embedded | Wanted::AlpacaPaper => Mode::Paper,
    };
    let mut mistakes = Vec::new();
    let mut add = |key: &str, problem: String| {
        let source = settings.source(key).cloned().unwrap_or(Source::Default);
        mistakes.push(Mistake { source, key: key.into(), problem });
    };
    if let Err(failure) = credentials(settings) {
        let is_set = |key: &&str| !settings.text(key).is_empty();
        let key = CREDENTIALS.into_iter().find(is_set).unwrap_or("alpaca.key_id");
        add(key, failure.message);
    }
    let refused = match settings.venue() {
        Wanted::Embedded => Vec::new(),
        Wanted::Auto | Wanted::AlpacaPaper | Wanted::AlpacaLive => {
            endpoints(settings, mode).refused(mode)
        }
    };
    for error in refused {
        add(key_of(settings, error.which()), error.to_string());
    }
    mistakes.extend(mistake_of_symbols(settings));
    mistakes
}

/// Refuses symbols that no venue could list.
///
/// # Errors
/// The first of them.
pub fn check_symbols(settings: &Settings) -> Result<(), ConfigError> {
    mistake_of_symbols(settings).map_or(Ok(()), |mistake| Err(ConfigError(vec![mistake])))
}

fn mistake_of_symbols(settings: &Settings) -> Option<Mistake> {
    let key = "session.symbols";
    let error = kernel::Symbols::new(settings.symbols()).err()?;
    let source = settings.source(key).cloned().unwrap_or(Source::Default);
    Some(Mistake { source, key: key.into(), problem: error.to_string() })
}

/// The key under which an address was set. The trading stream follows the trading address unless it
/// is set itself.
fn key_of(settings: &Settings, address: Address) -> &'static str {
    match address {
        Address::Data => "alpaca.data_url",
        Address::Stream => "alpaca.stream_url",
        Address::Token => "alpaca.oauth_token_url",
        Address::TradingStream if !settings.text("alpaca.trading_stream_url").is_empty() => {
            "alpaca.trading_stream_url"
        }
        Address::Trading | Address::TradingStream => "alpaca.trading_url",
    }
}

/// What a session on the venue that is configured needs and has not got, in one sentence.
pub fn lacks_keys(settings: &Settings) -> Option<&'static str> {
    let has_keys = matches!(credentials(settings), Ok(Some(_)));
    match settings.venue() {
        Wanted::AlpacaPaper | Wanted::AlpacaLive if !has_keys => {
            Some("No keys are set: a session needs APCA_API_KEY_ID and APCA_API_SECRET_KEY.")
        }
        Wanted::Auto if !has_keys && !settings.text("alpaca.trading_url").is_empty() => Some(
            "An address is set and no keys are: a session needs APCA_API_KEY_ID and APCA_API_SECRET_KEY.",
        ),
        Wanted::Auto | Wanted::Embedded | Wanted::AlpacaPaper | Wanted::AlpacaLive => None,
    }
}

fn alpaca(settings: &Settings, mode: Mode, credentials: Credentials) -> Result<Venue, Failure> {
    let endpoints = endpoints(settings, mode);
    endpoints.check(mode).map_err(Failure::usage)?;
    Ok(Venue::Alpaca { mode, endpoints, credentials })
}

/// No keys means the embedded exchange, unless an address says that something else was meant.
fn without_keys(settings: &Settings) -> Result<Venue, Failure> {
    match settings.text("alpaca.trading_url") {
        "" => Ok(Venue::Embedded),
        url => Err(Failure::usage(format!(
            "alpaca.trading_url is {} and no keys are set: set APCA_API_KEY_ID and APCA_API_SECRET_KEY, or unset the address to trade on the embedded exchange",
            without_secrets(url)
        ))),
    }
}

fn refused(settings: &Settings, what: &str) -> Failure {
    let source = settings.source("session.venue").map(ToString::to_string).unwrap_or_default();
    Failure::usage(format!("session.venue = {} ({source}): {what}", settings.text("session.venue")))
}
