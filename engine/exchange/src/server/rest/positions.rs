//! `/v2/positions`: a close is a market order the other way, taken on the same road as any other.

use super::super::error::ApiError;
use super::super::venue::Venue;
use super::super::wire::order::{OrderJson, order as order_json};
use super::super::wire::position::{PositionJson, position as position_json};
use super::super::wire::request::Query;
use super::App;
use crate::{OrderRequest, OrderRow, PositionRow};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kernel::{OrderKind, Quantity, Rounding, SCALE, Side};
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
    let row = find(&venue, &symbol)?;
    let qty = match (query.text("qty"), query.text("percentage")) {
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid("only one of qty or percentage is accepted"));
        }
        (Some(qty), None) => qty.parse().map_err(|_| ApiError::invalid("invalid qty"))?,
        (None, Some(percent)) => part(&venue, &row, percent)?,
        (None, None) => row.qty.abs(),
    };
    let order = submit_close(&mut venue, &row, qty)?;
    Ok(Json(order_json(&order, &venue.exchange)))
}

/// DELETE of all: 207 with one status for each position. `cancel_orders=true` cancels open orders
/// first, which would otherwise hold the shares.
pub(super) async fn close_all(State(shared): App, query: Query) -> Response {
    let mut venue = shared.venue();
    if query.flag("cancel_orders") {
        let open: Vec<_> = venue.exchange.open_orders().map(|order| order.id).collect();
        for id in open {
            // An order that ends by itself meanwhile needs no cancel.
            let _ = venue.cancel(id);
        }
    }
    let mut outcomes = Vec::new();
    for row in venue.exchange.positions() {
        let symbol = venue.exchange.symbols().name(row.symbol).to_owned();
        let (status, body) = match submit_close(&mut venue, &row, row.qty.abs()) {
            Ok(order) => (200, json!(order_json(&order, &venue.exchange))),
            Err(error) => (error.status, error.body()),
        };
        outcomes.push(json!({"symbol": symbol, "status": status, "body": body}));
    }
    (StatusCode::MULTI_STATUS, Json(Value::Array(outcomes))).into_response()
}

fn submit_close(venue: &mut Venue, row: &PositionRow, qty: Quantity) -> Result<OrderRow, ApiError> {
    let side = if row.qty.is_negative() { Side::Buy } else { Side::Sell };
    venue.submit(OrderRequest::new(row.symbol, side, qty, OrderKind::Market))
}

fn find(venue: &Venue, symbol: &str) -> Result<PositionRow, ApiError> {
    let mut assets = venue.exchange.assets().iter();
    let asset = assets.find(|asset| asset.name == symbol || asset.id == symbol);
    let row = asset.and_then(|asset| venue.exchange.position(asset.symbol));
    row.ok_or_else(|| ApiError::not_found("position does not exist"))
}

/// A percentage of a position towards zero: of a long one in parts of a share where the asset has
/// them, else in whole shares.
fn part(venue: &Venue, row: &PositionRow, percent: &str) -> Result<Quantity, ApiError> {
    let wrong = || ApiError::invalid("percentage must be above 0 and at most 100");
    let percent: Quantity = percent.parse().map_err(|_| wrong())?;
    if !percent.is_positive() || percent.nanos() > 100 * SCALE {
        return Err(wrong());
    }
    let product = i128::from(row.qty.abs().nanos()) * i128::from(percent.nanos());
    let nanos = Rounding::Down.divide(product, 100 * i128::from(SCALE));
    let part = i64::try_from(nanos).map_or(Quantity::ZERO, Quantity::from_nanos);
    let asset = venue.exchange.asset(row.symbol);
    let in_parts = asset.is_some_and(|asset| asset.rules.fractionable) && row.qty.is_positive();
    Ok(if in_parts { part } else { part.whole() })
}
