//! Where a session's orders go, decided once from what was configured.

use crate::config::Settings;
use crate::config::settings::Venue as Wanted;
use crate::exit::Failure;
use runtime::alpaca::{Credentials, Endpoints, Mode, Overrides};

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

/// The keys that are configured.
///
/// # Errors
/// When one of two is set or one cannot be a key.
pub fn credentials(settings: &Settings) -> Result<Option<Credentials>, Failure> {
    let (key, secret) = (settings.text("alpaca.key_id"), settings.text("alpaca.secret_key"));
    Credentials::from_values(Some(key), Some(secret)).map_err(Failure::usage)
}

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
            "alpaca.trading_url is {url} and no keys are set: set APCA_API_KEY_ID and APCA_API_SECRET_KEY, or unset the address to trade on the embedded exchange"
        ))),
    }
}

fn refused(settings: &Settings, what: &str) -> Failure {
    let source = settings.source("session.venue").unwrap_or_default();
    Failure::usage(format!("session.venue = {} ({source}): {what}", settings.text("session.venue")))
}
