//! `/v2/positions`: a close is a market order the other way, taken on the same road as any other.

use super::super::error::ApiError;
use super::super::venue::Venue;
use super::super::wire::order::{OrderJson, order as order_json};
use super::super::wire::position::{PositionJson, position as position_json};
use super::super::wire::request::Query;
use super::App;
use crate::{PositionRow, Refusal};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub(super) async fn list(State(shared): App) -> Json<Vec<PositionJson>> {
    let venue = shared.venue();
    let rows = venue.exchange.positions();
    Json(rows.iter().map(|row| position_json(row, &venue.exchange)).collect())
}

pub(super) async fn one(
    State(shared): App,
    Path(symbol): Path<String>,
) -> Result<Json<PositionJson>, ApiError> {
    let venue = shared.venue();
    Ok(Json(position_json(&find(&venue, &symbol)?, &venue.exchange)))
}

/// DELETE of one: closes `qty` shares, `percentage` of them, or all.
pub(super) async fn close(
    State(shared): App,
    Path(symbol): Path<String>,
    query: Query,
) -> Result<Json<OrderJson>, ApiError> {
    let mut venue = shared.venue();
    let part = venue.exchange.read_part(query.text("qty"), query.text("percentage"))?;
    let symbol = find(&venue, &symbol)?.symbol;
    let order = venue.close_position(symbol, part)?;
    Ok(Json(order_json(&order, &venue.exchange)))
}

/// DELETE of all: 207 with one status for each position. `cancel_orders=true` cancels open orders
/// first.
pub(super) async fn close_all(State(shared): App, query: Query) -> Result<Response, ApiError> {
    let mut venue = shared.venue();
    let outcomes = venue.close_all(query.flag("cancel_orders"))?.into_iter();
    let outcomes = outcomes.map(|(symbol, outcome)| {
        let (status, body) = match outcome {
            Ok(order) => (200, json!(order_json(&order, &venue.exchange))),
            Err(refusal) => {
                let error = ApiError::from(refusal);
                (error.status, error.body())
            }
        };
        let symbol = venue.exchange.symbols().name(symbol);
        json!({"symbol": symbol, "status": status, "body": body})
    });
    let outcomes: Vec<Value> = outcomes.collect();
    Ok((StatusCode::MULTI_STATUS, Json(outcomes)).into_response())
}

fn find(venue: &Venue, symbol: &str) -> Result<PositionRow, ApiError> {
    let row = venue.exchange.find(symbol).and_then(|symbol| venue.exchange.position(symbol));
    row.ok_or_else(|| Refusal::position_not_found().into())
}
