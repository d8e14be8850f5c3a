//! The REST interface: which path leads where, and what stands before every handler.

mod account;
mod clock;
mod corporate;
mod gate;
mod history;
mod latest;
mod news;
mod orders;
mod positions;
mod timeframe;

use super::error::ApiError;
use super::faults::http;
use super::hub::Endpoint;
use super::shared::Shared;
use super::stream;
use super::stream::encoding::Encoding;
use super::wire::request::Query;
use axum::Router;
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State, WebSocketUpgrade};
use axum::http::header::UPGRADE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::convert::Infallible;
use std::sync::Arc;

type App = State<Arc<Shared>>;

/// Large subscriptions and orders are some kilobytes; nothing of ours is larger.
const LONGEST_MESSAGE: usize = 4 << 20;

/// All paths.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let gate = middleware::from_fn_with_state(Arc::clone(&shared), gate::pass);
    let refusals = middleware::from_fn_with_state(Arc::clone(&shared), http::refuse);
    let faults = middleware::from_fn_with_state(Arc::clone(&shared), http::inject);
    trading()
        .merge(market_data())
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_path)
        .layer(faults)
        .layer(gate)
        .layer(refusals)
        .route("/stream", get(trade_updates))
        .route("/v2/{feed}", get(market_stream))
        .with_state(shared)
}

fn trading() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v2/account", get(account::account))
        .route("/v2/account/activities", get(account::activities))
        .route("/v2/account/activities/{kind}", get(account::activities_of))
        .route("/v2/assets", get(account::assets))
        .route("/v2/assets/{symbol}", get(account::asset))
        .route("/v2/clock", get(clock::clock))
        .route("/v2/calendar", get(clock::calendar))
        .route("/v2/orders", get(orders::list).post(orders::submit).delete(orders::cancel_all))
        .route("/v2/orders:by_client_order_id", get(orders::by_client_id))
        .route("/v2/orders/{id}", get(orders::one).patch(orders::replace).delete(orders::cancel))
        .route("/v2/positions", get(positions::list).delete(positions::close_all))
        .route("/v2/positions/{symbol}", get(positions::one).delete(positions::close))
}

fn market_data() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/corporate-actions", get(corporate::actions))
        .route(NEWS, get(news_or_stream))
        .route("/v2/stocks/bars", get(history::bars))
        .route("/v2/stocks/quotes", get(history::quotes))
        .route("/v2/stocks/trades", get(history::trades))
        .route("/v2/stocks/{symbol}/bars", get(history::bars_of))
        .route("/v2/stocks/{symbol}/quotes", get(history::quotes_of))
        .route("/v2/stocks/{symbol}/trades", get(history::trades_of))
        .route("/v2/stocks/bars/latest", get(latest::bars))
        .route("/v2/stocks/quotes/latest", get(latest::quotes))
        .route("/v2/stocks/trades/latest", get(latest::trades))
        .route("/v2/stocks/snapshots", get(latest::snapshots))
        .route("/v2/stocks/{symbol}/bars/latest", get(latest::bar_of))
        .route("/v2/stocks/{symbol}/quotes/latest", get(latest::quote_of))
        .route("/v2/stocks/{symbol}/trades/latest", get(latest::trade_of))
        .route("/v2/stocks/{symbol}/snapshot", get(latest::snapshot_of))
}

/// News, over REST and as a stream: Alpaca has the two on hosts of their own.
pub(super) const NEWS: &str = "/v1beta1/news";

/// Whether a request opens the stream of news, whose keys come later.
pub(super) fn opens_news_stream(request: &Request) -> bool {
    let upgrade = request.headers().get(UPGRADE).and_then(|value| value.to_str().ok());
    request.uri().path() == NEWS && upgrade.is_some_and(|to| to.eq_ignore_ascii_case("websocket"))
}

async fn news_or_stream(State(shared): App, request: Request) -> Response {
    if opens_news_stream(&request) {
        let by_header = shared.keys.accept_headers(request.headers());
        let encoding = Encoding::of_handshake(request.headers());
        let Ok(upgrade) = WebSocketUpgrade::from_request(request, &()).await else {
            return ApiError::unauthorized().into_response();
        };
        return upgrade.max_message_size(LONGEST_MESSAGE).on_upgrade(move |socket| {
            stream::data::serve(shared, socket, Endpoint::News, encoding, by_header)
        });
    }
    news::news(&shared, &Query::of(request.uri())).into_response()
}

async fn unknown_path() -> ApiError {
    ApiError::not_found("endpoint not found")
}

async fn trade_updates(State(shared): App, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(LONGEST_MESSAGE)
        .on_upgrade(|socket| stream::trading::serve(shared, socket))
}

async fn market_stream(
    State(shared): App,
    Path(feed): Path<String>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    let by_header = shared.keys.accept_headers(&headers);
    let (Some(endpoint), Ok(upgrade)) = (Endpoint::of_path(&feed), upgrade) else {
        return match by_header {
            Some(true) => unknown_path().await.into_response(),
            Some(false) | None => ApiError::unauthorized().into_response(),
        };
    };
    let encoding = Encoding::of_handshake(&headers);
    upgrade.max_message_size(LONGEST_MESSAGE).on_upgrade(move |socket| {
        stream::data::serve(shared, socket, endpoint, encoding, by_header)
    })
}

impl FromRequestParts<Arc<Shared>> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Shared>) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}

impl Query {
    fn of(uri: &Uri) -> Self {
        type Pairs = axum::extract::Query<Vec<(String, String)>>;
        let pairs = Pairs::try_from_uri(uri).map(|pairs| pairs.0).unwrap_or_default();
        Self::new(pairs)
    }
}
