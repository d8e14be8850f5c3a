//! Faults of requests: what stands between the gate and the handlers.

use super::cut::Switch;
use super::edit::{cut, edit};
use super::injector::{Occasion, Strike};
use super::point::Point;
use super::script::Fault;
use crate::check::{Asked, Happening};
use crate::server::error::ApiError;
use crate::server::rest::{NEWS, opens_news_stream};
use crate::server::shared::Shared;
use crate::server::venue::{About, Venue};
use crate::{OrderId, OrderRow};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_LENGTH, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::sync::Arc;

/// Requests are small; answers are some megabytes at most.
const LARGEST: usize = 64 << 20;

/// Lets a request through, or does to it and its answer what the script says.
pub(in crate::server) async fn inject(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let point = point(request.method(), request.uri().path());
    if opens_news_stream(&request) || !shared.venue().concerns(point) {
        return next.run(request).await;
    }
    let switch = request.extensions().get::<ConnectInfo<Switch>>().map(|info| info.0.clone());
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return ApiError::undecodable().into_response();
    };
    let (strikes, order) = strike(&mut shared.venue(), point, &parts, &body);
    if point != Point::Submit {
        strikes.iter().for_each(|strike| shared.venue().strike(strike, order));
    }
    let inject =
        Injection { shared: &shared, strikes: &strikes, switch: switch.unwrap_or_default() };
    if let Some(answer) = inject.instead(false).await {
        return answer;
    }
    let answer = next.run(Request::from_parts(parts, Body::from(body))).await;
    let answer = inject.after(point, answer).await;
    match inject.instead(true).await {
        Some(instead) => instead,
        None => inject.late(answer).await,
    }
}

/// Does to an error what the script says, whoever gives it: a handler, the gate, or another fault.
pub(in crate::server) async fn refuse(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let answer = next.run(request).await;
    let is_error = answer.status().is_client_error() || answer.status().is_server_error();
    if !is_error || !shared.venue().concerns(Point::Refusal) {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    let bytes = to_bytes(body, LARGEST).await.unwrap_or_default();
    let Ok(mut message) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, bytes.into());
    };
    let fate = shared.venue().fate(Point::Refusal, &mut message, About::default());
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, super::bytes(&message, fate.is_cut()).into())
}

/// What strikes at a request, and the order that it is about.
fn strike(
    venue: &mut Venue,
    point: Point,
    parts: &Parts,
    body: &[u8],
) -> (Vec<Strike>, Option<OrderId>) {
    let row = named_order(venue, &parts.uri);
    let place = row.and_then(|row| venue.place(row.id));
    let (order, symbol) = match (point, row) {
        (Point::Submit, _) => {
            let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
            let symbol = wanted.get("symbol").and_then(Value::as_str).map(str::to_owned);
            (u64::try_from(venue.exchange.orders().len()).ok().map(|count| count + 1), symbol)
        }
        (_, Some(row)) => (place, Some(venue.exchange.symbols().name(row.symbol).to_owned())),
        (_, None) => (None, None),
    };
    let id = row.map(|row| row.id);
    let asked_of = match point {
        Point::Submit | Point::Replace => client_order_id(body),
        _ => row.map(|row| row.client_order_id.clone()).or_else(|| looked_for(&parts.uri)),
    };
    let occasion = Occasion {
        point,
        step: venue.step(),
        at: venue.now(),
        symbol: symbol.as_deref(),
        order,
        event: None,
    };
    let strikes = venue.injector.strike(&occasion);
    let struck = !strikes.is_empty();
    venue.note(Happening::Asked(Asked { kind: point.as_str(), order: asked_of, struck }));
    (strikes, id)
}

/// The client's name for the order of a body.
fn client_order_id(body: &[u8]) -> Option<Arc<str>> {
    let wanted: Value = serde_json::from_slice(body).ok()?;
    wanted.get("client_order_id")?.as_str().map(Arc::from)
}

/// The client's name for an order that a query looks for.
fn looked_for(uri: &Uri) -> Option<Arc<str>> {
    let mut pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "client_order_id").map(|(_, id)| Arc::from(id))
}

/// The order that a path or a query names.
fn named_order<'v>(venue: &'v Venue, uri: &Uri) -> Option<&'v OrderRow> {
    let path = uri.path();
    if path == "/v2/orders:by_client_order_id" {
        return venue.exchange.order_by_client_id(&looked_for(uri)?);
    }
    venue.exchange.order(path.strip_prefix("/v2/orders/")?.parse().ok()?)
}

/// The kind of a request by its method and path.
fn point(method: &Method, path: &str) -> Point {
    if path == NEWS {
        return Point::History;
    }
    let mut parts = path.trim_start_matches("/v2/").split('/');
    let (first, has_more) = (parts.next().unwrap_or_default(), parts.next().is_some());
    match (method, first, has_more) {
        (&Method::POST, "orders", _) => Point::Submit,
        (&Method::PATCH, "orders", _) => Point::Replace,
        (&Method::DELETE, "orders", true) => Point::Cancel,
        (&Method::DELETE, "orders", false) => Point::CancelAll,
        (_, "orders", true) | (_, "orders:by_client_order_id", _) => Point::ReadOrder,
        (_, "orders", false) => Point::ListOrders,
        (&Method::DELETE, "positions", _) => Point::Close,
        (_, "positions", _) => Point::Positions,
        (_, "account", true) => Point::Activities,
        (_, "account", false) => Point::Account,
        (_, "clock", _) => Point::Clock,
        (_, "calendar", _) => Point::Calendar,
        (_, "assets", _) => Point::Assets,
        (_, "stocks", _) => Point::History,
        _ => Point::Request,
    }
}

/// The strikes at one request.
struct Injection<'a> {
    shared: &'a Shared,
    strikes: &'a [Strike],
    switch: Switch,
}

impl Injection<'_> {
    /// What the client gets instead of an answer: before or after the request is carried out.
    async fn instead(&self, after: bool) -> Option<Response> {
        for strike in self.strikes {
            match &strike.fault {
                Fault::Answer { status, carried_out, retry_after, bare }
                    if *carried_out == after =>
                {
                    return Some(self.answer(*status, *retry_after, *bare));
                }
                Fault::Reset { carried_out } if *carried_out == after => {
                    self.switch.cut();
                    return Some(StatusCode::BAD_GATEWAY.into_response());
                }
                Fault::Hang { carried_out } if *carried_out == after => {
                    // The client must give up first, or the server end.
                    let _ = self.shared.stop.subscribe().wait_for(|stop| *stop).await;
                    return Some(StatusCode::GATEWAY_TIMEOUT.into_response());
                }
                _ => {}
            }
        }
        None
    }

    /// An HTTP error, with the rate limit's headers where it has them.
    fn answer(&self, status: u16, retry_after: Option<u32>, bare: bool) -> Response {
        let error = match status {
            429 => ApiError::rate_limited(),
            500 => ApiError::internal("internal server error"),
            _ => return StatusCode::from_u16(status).unwrap_or_default().into_response(),
        };
        let mut answer = error.into_response();
        let headers = answer.headers_mut();
        if status == 429 && !bare {
            let seconds = self.shared.venue().now().nanos().div_euclid(1_000_000_000);
            let reset = seconds.saturating_add(retry_after.unwrap_or(1).into());
            headers.insert("x-ratelimit-limit", HeaderValue::from(200));
            headers.insert("x-ratelimit-remaining", HeaderValue::from(0));
            headers.insert("x-ratelimit-reset", HeaderValue::from(reset));
        }
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }

    /// What happens when a request has been carried out: to the new order, and to the answer.
    async fn after(&self, point: Point, answer: Response) -> Response {
        let (mut parts, body) = answer.into_parts();
        let Ok(bytes) = to_bytes(body, LARGEST).await else {
            return ApiError::internal("the answer is too large").into_response();
        };
        let Ok(mut message) = serde_json::from_slice::<Value>(&bytes) else {
            let missed = self.strikes.iter().filter(|strike| strike.is_of_field());
            missed.for_each(|strike| self.shared.venue().injector.take_back(strike));
            return Response::from_parts(parts, bytes.into());
        };
        let order = message.get("id").and_then(Value::as_str);
        let order: Option<OrderId> = order.and_then(|id| id.parse().ok());
        let mut is_cut = false;
        for strike in self.strikes {
            if point == Point::Submit && parts.status.is_success() {
                self.shared.venue().strike(strike, order);
            }
            if !edit(&strike.fault, &mut message) {
                self.shared.venue().injector.take_back(strike);
            }
            is_cut |= strike.fault == Fault::Malformed;
        }
        let whole = serde_json::to_vec(&message).unwrap_or_default();
        let bytes: Bytes = if is_cut { cut(&whole).into() } else { whole.into() };
        parts.headers.remove(CONTENT_LENGTH);
        Response::from_parts(parts, bytes.into())
    }

    /// Keeps the answer back while the replay goes on.
    async fn late(&self, answer: Response) -> Response {
        let holds = self.strikes.iter().filter_map(|strike| match strike.fault {
            Fault::Hold { steps } => Some(steps),
            _ => None,
        });
        let Some(steps) = holds.max() else {
            return answer;
        };
        let until = self.shared.venue().step().saturating_add(steps);
        let (mut stepped, mut stop) =
            (self.shared.stepped.subscribe(), self.shared.stop.subscribe());
        tokio::select! {
            _ = stepped.wait_for(|step| *step >= until) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_their_points() {
        for (method, path, expected) in [
            (Method::POST, "/v2/orders", Point::Submit),
            (Method::GET, "/v2/orders", Point::ListOrders),
            (Method::DELETE, "/v2/orders", Point::CancelAll),
            (Method::DELETE, "/v2/orders/x", Point::Cancel),
            (Method::PATCH, "/v2/orders/x", Point::Replace),
            (Method::GET, "/v2/orders/x", Point::ReadOrder),
            (Method::GET, "/v2/orders:by_client_order_id", Point::ReadOrder),
            (Method::GET, "/v2/positions", Point::Positions),
            (Method::DELETE, "/v2/positions/SPY", Point::Close),
            (Method::GET, "/v2/account", Point::Account),
            (Method::GET, "/v2/account/activities/FILL", Point::Activities),
            (Method::GET, "/v2/clock", Point::Clock),
            (Method::GET, "/v2/calendar", Point::Calendar),
            (Method::GET, "/v2/assets/SPY", Point::Assets),
            (Method::GET, "/v2/stocks/bars", Point::History),
            (Method::GET, "/v2/nowhere", Point::Request),
        ] {
            assert_eq!(point(&method, path), expected, "{method} {path}");
        }
    }
}
