//! The REST client.

use super::credentials::Credentials;
use super::endpoints::Endpoints;
use super::error::{ApiError, ErrorClass, Refusal};
use super::limiter::Urgency;
use super::map::{self, FieldError, ReadError};
use super::names::Names;
use super::rows::{Asset, BarsQuery, Clock, Fill, OrderState, Positions};
use super::transport::{Call, Timing, Transport};
use super::wire::{ActivityWire, BarsPage, OrderRequest};
use kernel::risk::ApprovedCancel;
use kernel::{
    AccountSnapshot, Approved, Bar, BrokerOrderId, BrokerState, FeeCharge, Report, Span, Timestamp,
    TradingDay,
};
use reqwest::Method;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The most that the broker gives in one page of orders, activities and bars.
const ORDERS_PAGE: usize = 500;
const ACTIVITIES_PAGE: usize = 100;
const BARS_PAGE: usize = 10_000;

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
    /// Whether limit orders may fill outside the regular session.
    pub extended_hours: bool,
}

/// Which orders are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Those the broker counts as open.
    Open,
    /// All, also those that have ended.
    All,
}

/// A client of Alpaca's REST interfaces. Cloning shares the connections and the limiter.
#[derive(Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
    transport: Arc<Transport>,
    names: Arc<Names>,
}

impl Client {
    /// A client that knows no symbols and no session yet; see [`Client::named`]. Nothing is sent.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: ClientConfig) -> Result<Self, ApiError> {
        let transport =
            Transport::new(&config.credentials, config.timing, &config.endpoints.trading);
        let transport = transport.map_err(|error| {
            ApiError::from_transport("set up", config.endpoints.trading_host(), &error)
        })?;
        Ok(Self {
            config: Arc::new(config),
            transport: Arc::new(transport),
            names: Arc::new(Names::default()),
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

    /// Every order that the broker counts as open, oldest first. Orders that wait for another of
    /// their group are not among them.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn open_orders(&self) -> Result<Vec<OrderState>, ApiError> {
        self.orders(Listing::Open, None).await
    }

    /// Orders by time of submission, oldest first, every page of them; `after` is exclusive.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn orders(
        &self,
        listing: Listing,
        after: Option<Timestamp>,
    ) -> Result<Vec<OrderState>, ApiError> {
        let mut orders: Vec<OrderState> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut after = after;
        loop {
            let page = self.orders_page(listing, after).await?;
            let full = page.len() >= ORDERS_PAGE;
            // The boundary is exclusive and times are not unique: the last instant is read again.
            let last = page.iter().filter_map(|order| order.submitted_at).max();
            let known = seen.len();
            orders.extend(page.into_iter().filter(|order| seen.insert(order.broker_id.clone())));
            if !full || seen.len() == known || last.is_none() {
                return Ok(orders);
            }
            after = last.map(|time| time.minus(Span::from_nanos(1)));
        }
    }

    async fn orders_page(
        &self,
        listing: Listing,
        after: Option<Timestamp>,
    ) -> Result<Vec<OrderState>, ApiError> {
        let status = match listing {
            Listing::Open => "open",
            Listing::All => "all",
        };
        let limit = ORDERS_PAGE.to_string();
        let after = after.map(|time| time.to_string());
        let mut query = vec![("status", status), ("limit", &limit), ("direction", "asc")];
        query.extend(after.as_deref().map(|after| ("after", after)));
        let call = self.trading("/v2/orders").query(&query);
        self.read(call, |body| map::orders(body, &self.names)).await
    }

    /// An order by the id that its sender gave it; `None` when the broker has none. Right after a
    /// lost answer that is no proof that none will appear.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn order_by_client_id(
        &self,
        client_order_id: &str,
    ) -> Result<Option<OrderState>, ApiError> {
        let query = [("client_order_id", client_order_id)];
        let call = self.trading("/v2/orders:by_client_order_id").query(&query);
        found(self.read_order(call).await)
    }

    /// An order by the broker's name for it; `None` when the broker has none.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn order(&self, id: &BrokerOrderId) -> Result<Option<OrderState>, ApiError> {
        let path = format!("/v2/orders/{}", encoded(&id.0));
        found(self.read_order(self.trading(&path)).await)
    }

    async fn read_order(&self, call: Call<'_>) -> Result<OrderState, ApiError> {
        self.read(call, |body| self.order_state(body)).await
    }

    /// Sends an order that has passed risk, once. The answer is an acknowledgement, never a fill.
    /// When the broker says that the id is taken, an earlier attempt arrived: its order is read and
    /// adopted.
    ///
    /// # Errors
    /// See [`ApiError`]; [`ErrorClass::Unknown`] means that it may work: look it up by its id.
    pub async fn submit(&self, approved: &Approved) -> Result<Report, ApiError> {
        let order = approved.order();
        let id = self.names.client_order_id(order.number);
        let body = self.order_request(approved, &id);
        let body = OrderRequest {
            symbol: Some(self.names.symbols().name(order.symbol)),
            side: Some(order.side.as_str()),
            kind: Some(order.kind.as_str()),
            ..body
        };
        let mut call = self.trading("/v2/orders");
        call.method = Method::POST;
        call.urgency = urgency(approved);
        self.adopting(&id, self.change(call, &body).await).await
    }

    /// Replaces a working order with one that has passed risk, once. The answer names the new
    /// order; the old one ends by a report of its own, or fills first.
    ///
    /// # Errors
    /// See [`ApiError`]; [`ErrorClass::Unknown`] means that it may work: look it up by its id.
    pub async fn replace(
        &self,
        approved: &Approved,
        original: &BrokerOrderId,
    ) -> Result<Report, ApiError> {
        let id = self.names.client_order_id(approved.order().number);
        let body = self.order_request(approved, &id);
        let path = format!("/v2/orders/{}", encoded(&original.0));
        let mut call = self.trading(&path);
        call.method = Method::PATCH;
        call.urgency = urgency(approved);
        self.adopting(&id, self.change(call, &body).await).await
    }

    fn order_request<'a>(&self, approved: &Approved, id: &'a str) -> OrderRequest<'a> {
        let order = approved.order();
        let is_limit = matches!(order.kind, kernel::OrderKind::Limit { .. });
        OrderRequest {
            symbol: None,
            qty: order.quantity,
            side: None,
            kind: None,
            time_in_force: order.time_in_force.as_str(),
            limit_price: order.kind.limit(),
            stop_price: order.kind.stop(),
            extended_hours: self.config.extended_hours && is_limit && order.replaces.is_none(),
            client_order_id: id,
        }
    }

    async fn change(
        &self,
        call: Call<'_>,
        body: &OrderRequest<'_>,
    ) -> Result<OrderState, ApiError> {
        let answer = self.transport.send(&call, Some(body)).await?;
        self.order_state(&answer).map_err(|error| call.unreadable(error))
    }

    fn order_state(&self, body: &[u8]) -> Result<OrderState, ReadError> {
        Ok(map::order(&map::parse(body)?, &self.names)?)
    }

    async fn adopting(
        &self,
        client_order_id: &str,
        outcome: Result<OrderState, ApiError>,
    ) -> Result<Report, ApiError> {
        match outcome {
            Ok(order) => Ok(order.acknowledgement()),
            Err(error) if error.refusal() == Some(Refusal::DuplicateClientOrderId) => {
                let adopted = self.order_by_client_id(client_order_id).await?;
                adopted.map(|order| order.acknowledgement()).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks for the end of an order. Success says that the broker took the request: the order ends
    /// by a report of its own, and may still fill. Tried again when the answer is lost, for asking
    /// twice does no more than asking once.
    ///
    /// # Errors
    /// See [`ApiError`]; [`Refusal::OrderEnded`] means that the order must be read.
    pub async fn cancel(&self, cancel: &ApprovedCancel) -> Result<(), ApiError> {
        let id = match cancel.broker_id() {
            Some(id) => id.clone(),
            None => self.look_up(cancel).await?,
        };
        let path = format!("/v2/orders/{}", encoded(&id.0));
        let mut call = self.trading(&path);
        call.method = Method::DELETE;
        call.urgency = Urgency::Exit;
        self.transport.send::<()>(&call, None).await.map(|_| ())
    }

    async fn look_up(&self, cancel: &ApprovedCancel) -> Result<BrokerOrderId, ApiError> {
        let client_order_id = self.names.client_order_id(cancel.order());
        match self.order_by_client_id(&client_order_id).await? {
            Some(order) => Ok(order.broker_id),
            None => Err(ApiError {
                class: ErrorClass::NotFound,
                status: Some(404),
                code: None,
                message: format!("the broker has no order {client_order_id}"),
                request: "DELETE /v2/orders".into(),
                host: self.config.endpoints.trading_host().into(),
            }),
        }
    }

    /// Every execution on the account that was recorded after an instant, oldest first.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn fills(&self, after: Option<Timestamp>) -> Result<Vec<Fill>, ApiError> {
        self.activities("FILL", after, map::fill, |fill| fill.activity.clone()).await
    }

    /// Every fee posted to the account after an instant, oldest first.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn fees(&self, after: Option<Timestamp>) -> Result<Vec<FeeCharge>, ApiError> {
        let id = |(id, _): &(Box<str>, Option<FeeCharge>)| id.clone();
        let read = |wire: &ActivityWire<'_>| {
            let id = wire.id.text().unwrap_or_default().into();
            map::fee(wire).map(|fee| (id, fee))
        };
        let fees = self.activities("FEE", after, read, id).await?;
        Ok(fees.into_iter().filter_map(|(_, fee)| fee).collect())
    }

    async fn activities<T>(
        &self,
        kind: &str,
        after: Option<Timestamp>,
        read: impl Fn(&ActivityWire<'_>) -> Result<T, FieldError>,
        id: impl Fn(&T) -> Box<str>,
    ) -> Result<Vec<T>, ApiError> {
        let size = ACTIVITIES_PAGE.to_string();
        let after = after.map(|time| time.to_string());
        let mut all: Vec<T> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut token: Option<Box<str>> = None;
        loop {
            let mut query =
                vec![("activity_types", kind), ("direction", "asc"), ("page_size", &size)];
            query.extend(after.as_deref().map(|after| ("after", after)));
            query.extend(token.as_deref().map(|token| ("page_token", token)));
            let call = self.trading("/v2/account/activities").query(&query);
            let page = self.read(call, |body| activities_page(body, &read)).await?;
            let full = page.len() >= ACTIVITIES_PAGE;
            token = page.last().map(&id);
            let known = seen.len();
            all.extend(page.into_iter().filter(|activity| seen.insert(id(activity))));
            if !full || seen.len() == known {
                return Ok(all);
            }
        }
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

    /// Bars of the past in the order of time, every page of them. A symbol without data gives none.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn bars(&self, query: &BarsQuery<'_>) -> Result<Vec<Bar>, ApiError> {
        let names: Vec<&str> =
            query.symbols.iter().map(|id| self.names.symbols().name(*id)).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let (symbols, timeframe) = (names.join(","), timeframe(query.length));
        let (start, end) = (query.start.to_string(), query.end.to_string());
        let limit = query.limit.unwrap_or(BARS_PAGE).clamp(1, BARS_PAGE).to_string();
        let base = [
            ("symbols", symbols.as_str()),
            ("timeframe", &timeframe),
            ("start", &start),
            ("end", &end),
            ("limit", &limit),
            ("feed", &self.config.feed),
            ("adjustment", "raw"),
            ("sort", "asc"),
        ];
        let mut bars = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut parameters = base.to_vec();
            parameters.extend(token.as_deref().map(|token| ("page_token", token)));
            let call = Call::get(&self.config.endpoints.data, "/v2/stocks/bars").query(&parameters);
            let next = self.read(call, |body| self.take_bars(body, query, &mut bars)).await?;
            let enough = query.limit.is_some_and(|limit| bars.len() >= limit);
            if next.is_none() || next == token || enough {
                break;
            }
            token = next;
        }
        bars.sort_by_key(|bar| (bar.open_time, bar.symbol));
        bars.truncate(query.limit.unwrap_or(usize::MAX));
        Ok(bars)
    }

    fn take_bars(
        &self,
        body: &[u8],
        query: &BarsQuery<'_>,
        bars: &mut Vec<Bar>,
    ) -> Result<Option<String>, ReadError> {
        let page: BarsPage<'_> = map::parse(body)?;
        for (symbol, rows) in page.bars.iter().flatten() {
            let Some(symbol) = self.names.symbol(symbol) else { continue };
            for row in rows.iter().flatten() {
                bars.push(map::bar(row, symbol, query.length)?);
            }
        }
        Ok(page.next_page_token.text().map(str::to_owned))
    }

    fn trading<'a>(&'a self, path: &'a str) -> Call<'a> {
        Call::get(&self.config.endpoints.trading, path)
    }

    /// Sends a request that changes nothing, and reads its answer.
    async fn read<T>(
        &self,
        call: Call<'_>,
        read: impl FnOnce(&[u8]) -> Result<T, ReadError>,
    ) -> Result<T, ApiError> {
        let answer = self.transport.send::<()>(&call, None).await?;
        read(&answer).map_err(|error| call.unreadable(error))
    }
}

fn activities_page<T>(
    body: &[u8],
    read: impl Fn(&ActivityWire<'_>) -> Result<T, FieldError>,
) -> Result<Vec<T>, ReadError> {
    let wires: Vec<ActivityWire<'_>> = map::parse(body)?;
    Ok(wires.iter().map(read).collect::<Result<_, _>>()?)
}

/// A 404 as nothing.
fn found<T>(outcome: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.class == ErrorClass::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn urgency(approved: &Approved) -> Urgency {
    if approved.order().grows { Urgency::Normal } else { Urgency::Exit }
}

/// One segment of a path, percent-encoded: ids and symbols come from outside.
fn encoded(segment: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    segment
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// `1Min`, `15Min`, `1Hour`, `1Day`, as Alpaca writes lengths.
fn timeframe(length: Span) -> String {
    let minutes = (length.nanos() / 60_000_000_000).max(1);
    match minutes {
        1440.. => "1Day".into(),
        60.. => format!("{}Hour", minutes / 60),
        _ => format!("{minutes}Min"),
    }
}
