//! The REST client: the account, and what the venue says of itself. Orders are in `orders`, the past in
//! `history`.

use super::credentials::Credentials;
use super::endpoints::Endpoints;
use super::error::{ApiError, ErrorClass};
use super::limiter::QuotaLeft;
use super::map::{self, ReadError};
use super::names::Names;
use super::rows::{Asset, Clock, OrderState, Positions};
use super::transport::{Call, Timing, Transport};
use super::unusable::{Problem, Unusable};
use kernel::{AccountSnapshot, BrokerState, TradingDay};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// What a client needs to know.
#[derive(Clone)]
pub struct ClientConfig {
    /// Where the broker is; checked by [`Endpoints::check`].
    pub endpoints: Endpoints,
    /// The keys.
    pub credentials: Credentials,
    /// The market data feed that bars are read from: `iex`, `sip`. Always sent, since the broker's
    /// own default depends on the plan.
    pub feed: String,
    /// How requests are timed and paced.
    pub timing: Timing,
    /// The file in which the requests of a quarter of an hour are counted, where they are limited: by
    /// everybody who names it. Without one the limit holds for this client alone.
    pub counted_in: Option<PathBuf>,
}

/// A client of Alpaca's REST interfaces. Cloning shares the connections and the limiter.
#[derive(Clone)]
pub struct Client {
    pub(super) config: Arc<ClientConfig>,
    pub(super) transport: Arc<Transport>,
    pub(super) names: Arc<Names>,
    problems: Arc<Unusable>,
}

impl Client {
    /// A client that knows no symbols and no session yet; see [`Client::named`]. Nothing is sent.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: ClientConfig) -> Result<Self, ApiError> {
        let transport = Transport::new(
            &config.credentials,
            config.timing,
            &config.endpoints.trading,
            config.counted_in.as_deref(),
        );
        let transport = transport.map_err(|error| {
            ApiError::from_transport("set up", config.endpoints.trading_host(), &error)
        })?;
        Ok(Self {
            config: Arc::new(config),
            transport: Arc::new(transport),
            names: Arc::new(Names::default()),
            problems: Arc::default(),
        })
    }

    /// The same client for a session's symbols and orders.
    #[must_use]
    pub fn named(&self, names: Names) -> Self {
        Self { names: Arc::new(names), ..self.clone() }
    }

    /// The session's symbols and order ids.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Counts a trading request that was sent before the pace of the venue was known.
    pub fn count_request(&self) {
        self.transport.count_request();
    }

    /// Lets orders that open or grow a position pass, or withholds them, those too that wait for
    /// their turn: they end with [`ErrorClass::Withheld`](super::ErrorClass::Withheld).
    pub fn let_entries(&self, allowed: bool) {
        self.transport.let_entries(allowed);
    }

    /// What is left of the limit on trading requests.
    pub fn quota_left(&self) -> QuotaLeft {
        self.transport.quota_left()
    }

    /// What the client was made with.
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// The account.
    ///
    /// # Errors
    /// See [`ApiError`]; 401 means that the keys are not good for this host.
    pub async fn account(&self) -> Result<AccountSnapshot, ApiError> {
        self.read(self.trading("/v2/account"), map::account).await
    }

    /// Every position, those in symbols of the session apart from others.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn positions(&self) -> Result<Positions, ApiError> {
        let call = self.trading("/v2/positions");
        self.read(call, |body| map::positions(body, &self.names)).await
    }

    /// The account, its positions and its open orders together.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn broker_state(&self) -> Result<BrokerState, ApiError> {
        let account = self.account().await?;
        let positions = self.positions().await?;
        let open_orders = self.open_orders().await?;
        Ok(BrokerState {
            account,
            positions: positions.held,
            foreign_positions: positions.foreign,
            open_orders: open_orders.iter().map(OrderState::broker_order).collect(),
        })
    }

    /// The venue's clock.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn clock(&self) -> Result<Clock, ApiError> {
        self.read(self.trading("/v2/clock"), map::clock).await
    }

    /// The trading days from one date to another, both inclusive.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn calendar(
        &self,
        from: jiff::civil::Date,
        to: jiff::civil::Date,
    ) -> Result<Vec<TradingDay>, ApiError> {
        let (from, to) = (from.to_string(), to.to_string());
        let query = [("start", from.as_str()), ("end", to.as_str())];
        let call = self.trading("/v2/calendar").query(&query);
        let zone = map::new_york().ok_or_else(|| call.unreadable("no time zone database"))?;
        self.read(call, |body| map::calendar(body, &zone)).await
    }

    /// What the broker knows of a symbol; `None` when it knows none.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn asset(&self, symbol: &str) -> Result<Option<Asset>, ApiError> {
        let path = format!("/v2/assets/{}", encoded(symbol));
        found(self.read(self.trading(&path), map::asset).await)
    }

    pub(super) fn trading<'a>(&'a self, path: &'a str) -> Call<'a> {
        Call::get(&self.config.endpoints.trading, path)
    }

    /// Sends a request that changes nothing, and reads its answer.
    pub(super) async fn read<T>(
        &self,
        call: Call<'_>,
        read: impl FnOnce(&[u8]) -> Result<T, ReadError>,
    ) -> Result<T, ApiError> {
        let answer = self.transport.send::<()>(&call, None).await?;
        read(&answer).map_err(|error| self.unreadable(&call, &error))
    }

    /// Notes that an answer cannot be used.
    pub(super) fn unreadable(&self, call: &Call<'_>, error: &ReadError) -> ApiError {
        self.note_unusable(&call.kind(), error);
        call.unreadable(error)
    }

    /// Notes that something of an answer cannot be used.
    pub(super) fn note_unusable(&self, request: &str, error: &ReadError) {
        self.problems.note(error.problem(&format!("answer to {request}")));
    }

    /// What of the answers could not be used since this was last asked.
    pub fn problems(&self) -> BTreeSet<Problem> {
        self.problems.take()
    }
}

/// A 404 as nothing.
pub(super) fn found<T>(outcome: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.class == ErrorClass::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// One segment of a path, percent-encoded: ids and symbols come from outside.
pub(super) fn encoded(segment: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    segment
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
