//! `/v2/orders`.

use super::super::error::ApiError;
use super::super::wire::order::{OrderJson, nested as nested_json, order as order_json};
use super::super::wire::request::{self, Query};
use super::App;
use crate::{OrderId, OrderRow, Refusal};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::{OrderStatus, Side, Timestamp};
use serde_json::{Value, json};

/// POST: 200 with the order, `pending_new` or `accepted`.
pub(super) async fn submit(State(shared): App, body: Bytes) -> Result<Json<OrderJson>, ApiError> {
    let raw = request::new_order(&body)?;
    let mut venue = shared.venue();
    let request = venue.exchange.read_order(&raw)?;
    let row = venue.submit(request)?;
    Ok(Json(nested_json(&row, &venue.exchange)))
}

const DEFAULT_LIMIT: usize = 50;
const LARGEST_LIMIT: usize = 500;

/// GET: orders by submission, newest first unless `direction=asc`. A limit above 500 is 500.
pub(super) async fn list(
    State(shared): App,
    query: Query,
) -> Result<Json<Vec<OrderJson>>, ApiError> {
    let limit = query.count("limit").map_err(ApiError::invalid)?.unwrap_or(DEFAULT_LIMIT);
    let limit = limit.min(LARGEST_LIMIT);
    let range = Range::read(&query)?;
    let selection = Selection::read(&query)?;
    let venue = shared.venue();
    let symbols = venue.exchange.symbols();
    let orders = venue.exchange.orders().enumerate();
    let place = |id: &str| {
        let id = read_id(id).ok()?;
        venue.exchange.orders().position(|order| order.id == id)
    };
    let (before, behind) = range.places(place)?;
    let inside = |(place, order): &(usize, &OrderRow)| {
        before.is_none_or(|before| *place < before)
            && behind.is_none_or(|behind| *place > behind)
            && range.holds(order.submitted_at)
            && selection.holds(order, symbols.name(order.symbol))
    };
    let show = if selection.nested { nested_json } else { order_json };
    let inside = orders.filter(inside).map(|(_, order)| show(order, &venue.exchange));
    let ascending = query.text("direction") == Some("asc");
    let page =
        if ascending { inside.take(limit).collect() } else { inside.rev().take(limit).collect() };
    Ok(Json(page))
}

/// Where in the order of submission to look.
struct Range<'a> {
    after: Option<Timestamp>,
    until: Option<Timestamp>,
    before_order: Option<&'a str>,
    after_order: Option<&'a str>,
}

impl<'a> Range<'a> {
    fn read(query: &'a Query) -> Result<Self, ApiError> {
        let range = Self {
            after: query.time("after").map_err(ApiError::invalid)?,
            until: query.time("until").map_err(ApiError::invalid)?,
            before_order: query.text("before_order_id"),
            after_order: query.text("after_order_id"),
        };
        let by_time = range.after.is_some() || range.until.is_some();
        let both = range.before_order.is_some() && range.after_order.is_some();
        let by_order = range.before_order.is_some() || range.after_order.is_some();
        if both || (by_time && by_order) {
            return Err(ApiError::invalid(
                "before_order_id, after_order_id and after/until exclude one another",
            ));
        }
        Ok(range)
    }

    fn places(
        &self,
        place: impl Fn(&str) -> Option<usize>,
    ) -> Result<(Option<usize>, Option<usize>), ApiError> {
        let find = |id: Option<&str>| match id {
            None => Ok(None),
            Some(id) => match place(id) {
                Some(place) => Ok(Some(place)),
                None => Err(ApiError::not_found(format!("order not found for {id}"))),
            },
        };
        Ok((find(self.before_order)?, find(self.after_order)?))
    }

    fn holds(&self, submitted: Timestamp) -> bool {
        self.after.is_none_or(|after| submitted > after)
            && self.until.is_none_or(|until| submitted < until)
    }
}

/// Which orders to show.
struct Selection<'a> {
    open: Option<bool>,
    symbols: Vec<&'a str>,
    side: Option<&'a str>,
    other_class: bool,
    /// Whether legs are shown with their parents alone.
    nested: bool,
}

impl<'a> Selection<'a> {
    fn read(query: &'a Query) -> Result<Self, ApiError> {
        let open = match query.text("status").unwrap_or("open") {
            "open" => Some(true),
            "closed" => Some(false),
            "all" => None,
            other => return Err(ApiError::invalid(format!("invalid status: {other}"))),
        };
        let classes = query.list("asset_class");
        Ok(Self {
            open,
            symbols: query.list("symbols"),
            side: query.text("side"),
            nested: query.flag("nested"),
            other_class: !classes.is_empty() && !classes.contains(&"us_equity"),
        })
    }

    fn holds(&self, order: &OrderRow, symbol: &str) -> bool {
        // An exit that is held does not count as open.
        let is_open = !order.status.is_final() && order.status != OrderStatus::Held;
        self.open.is_none_or(|open| open == is_open && open != order.status.is_final())
            && !(self.nested && order.parent.is_some())
            && (self.symbols.is_empty() || self.symbols.contains(&symbol))
            && self.side.is_none_or(|side| side == Side::as_str(order.side))
            && !self.other_class
    }
}

pub(super) async fn one(
    State(shared): App,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<OrderJson>, ApiError> {
    let venue = shared.venue();
    let row = venue.exchange.order(read_id(&id)?).ok_or_else(|| unknown(&id))?;
    let show = if query.flag("nested") { nested_json } else { order_json };
    Ok(Json(show(row, &venue.exchange)))
}

/// By the client's name for it: with its legs, as the answer to its submission shows it.
pub(super) async fn by_client_id(
    State(shared): App,
    query: Query,
) -> Result<Json<OrderJson>, ApiError> {
    let id = query.text("client_order_id").unwrap_or_default();
    let venue = shared.venue();
    let row = venue.exchange.order_by_client_id(id).ok_or_else(|| unknown(id))?;
    Ok(Json(nested_json(row, &venue.exchange)))
}

/// PATCH: 200 with the new order, which has taken the old one's place or is about to.
pub(super) async fn replace(
    State(shared): App,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<OrderJson>, ApiError> {
    let raw = request::replacement(&body)?;
    let id = read_id(&id)?;
    let mut venue = shared.venue();
    let change = venue.exchange.read_replacement(&raw)?;
    let row = venue.replace(id, change)?;
    Ok(Json(order_json(&row, &venue.exchange)))
}

/// DELETE: 204 says that the cancel was taken, not that the order has ended.
pub(super) async fn cancel(
    State(shared): App,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    shared.venue().cancel(read_id(&id)?)?;
    Ok(StatusCode::NO_CONTENT)
}

/// DELETE of all: 207 with one status for each open order.
pub(super) async fn cancel_all(State(shared): App) -> Result<Response, ApiError> {
    let outcomes = shared.venue().cancel_all()?.into_iter().map(|(id, outcome)| match outcome {
        Ok(()) => json!({"id": id, "status": 200}),
        Err(refusal) => {
            let error = ApiError::from(refusal);
            json!({"id": id, "status": error.status, "body": error.body()})
        }
    });
    let outcomes: Vec<Value> = outcomes.collect();
    Ok((StatusCode::MULTI_STATUS, Json(outcomes)).into_response())
}

/// An id in a path. What is no UUID names no order.
fn read_id(text: &str) -> Result<OrderId, ApiError> {
    text.parse().map_err(|_| unknown(text))
}

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("order not found for {id}"))
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let mut error = Self::new(refusal.status, refusal.code, refusal.message);
        let fields = refusal.fields.into_iter();
        error.fields = fields.map(|(name, value)| (name, Value::String(value))).collect();
        error
    }
}
