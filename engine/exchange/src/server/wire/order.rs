//! The order object and the `trade_updates` message that carries it.

use super::time::WireTime;
use crate::exchange::position_intent;
use crate::{Exchange, OrderId, OrderRow, Update};
use kernel::{Cash, Percent, Price, Quantity, Trail};
use serde::Serialize;
use uuid::Uuid;

/// An order. Numbers are strings, as everywhere in the trading interface.
/// Source: Alpaca, Trading API 2.0.1, `Order`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OrderJson {
    id: OrderId,
    client_order_id: String,
    created_at: WireTime,
    updated_at: WireTime,
    submitted_at: WireTime,
    filled_at: Option<WireTime>,
    expired_at: Option<WireTime>,
    expires_at: Option<WireTime>,
    cancel_requested_at: Option<WireTime>,
    canceled_at: Option<WireTime>,
    failed_at: Option<WireTime>,
    replaced_at: Option<WireTime>,
    replaced_by: Option<OrderId>,
    replaces: Option<OrderId>,
    asset_id: String,
    symbol: String,
    asset_class: &'static str,
    notional: Option<Cash>,
    qty: Option<Quantity>,
    filled_qty: Quantity,
    filled_avg_price: Option<Price>,
    order_class: &'static str,
    order_type: &'static str,
    r#type: &'static str,
    side: &'static str,
    position_intent: &'static str,
    time_in_force: &'static str,
    limit_price: Option<Price>,
    stop_price: Option<Price>,
    status: &'static str,
    extended_hours: bool,
    legs: Option<Vec<OrderJson>>,
    trail_percent: Option<Percent>,
    trail_price: Option<Price>,
    hwm: Option<Price>,
    subtag: Option<String>,
    source: Option<String>,
}

/// The order object of a row, with its legs.
pub(crate) fn nested(row: &OrderRow, exchange: &Exchange) -> OrderJson {
    let legs: Vec<OrderJson> = row
        .legs
        .iter()
        .flatten()
        .filter_map(|&leg| exchange.order(leg))
        .map(|leg| order(leg, exchange))
        .collect();
    OrderJson { legs: Some(legs).filter(|legs| !legs.is_empty()), ..order(row, exchange) }
}

/// The order object of a row, alone.
pub(crate) fn order(row: &OrderRow, exchange: &Exchange) -> OrderJson {
    let time = |at: Option<_>| at.map(WireTime);
    let asset = exchange.asset(row.symbol);
    OrderJson {
        id: row.id,
        client_order_id: row.client_order_id.to_string(),
        created_at: WireTime(row.submitted_at),
        updated_at: WireTime(row.updated_at),
        submitted_at: WireTime(row.submitted_at),
        filled_at: time(row.filled_at),
        expired_at: time(row.expired_at),
        expires_at: time(row.expires_at),
        cancel_requested_at: time(row.cancel_requested_at),
        canceled_at: time(row.canceled_at),
        failed_at: time(row.failed_at),
        replaced_at: time(row.replaced_at),
        replaced_by: row.replaced_by,
        replaces: row.replaces,
        asset_id: asset.map(|asset| asset.id.clone()).unwrap_or_default(),
        symbol: exchange.symbols().name(row.symbol).into(),
        asset_class: "us_equity",
        notional: row.notional,
        qty: row.notional.is_none().then_some(row.qty),
        filled_qty: row.filled_qty,
        filled_avg_price: row.filled_avg_price,
        order_class: row.group.as_str(),
        order_type: row.kind.as_str(),
        r#type: row.kind.as_str(),
        side: row.side.as_str(),
        position_intent: position_intent(row.side, row.opens),
        time_in_force: row.time_in_force.as_str(),
        limit_price: row.kind.limit(),
        stop_price: row.kind.stop().or(row.trailed.map(|trailed| trailed.stop)),
        status: row.status.as_str(),
        extended_hours: row.extended_hours,
        legs: None,
        trail_percent: trail_percent(row),
        trail_price: trail_price(row),
        hwm: row.trailed.map(|trailed| trailed.extreme),
        subtag: None,
        source: None,
    }
}

fn trail_price(row: &OrderRow) -> Option<Price> {
    match row.kind.trail()? {
        Trail::Price(price) => Some(price),
        Trail::Percent(_) => None,
    }
}

fn trail_percent(row: &OrderRow) -> Option<Percent> {
    match row.kind.trail()? {
        Trail::Price(_) => None,
        Trail::Percent(percent) => Some(percent),
    }
}

/// One message of the order stream.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct UpdateJson {
    stream: &'static str,
    data: UpdateData,
}

/// What happened, with the whole order as it is after it. The time is on every event, which
/// Alpaca's Python client demands.
#[derive(Debug, Clone, Serialize)]
struct UpdateData {
    event: &'static str,
    timestamp: WireTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qty: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position_qty: Option<Quantity>,
    order: OrderJson,
}

/// The message of an update.
pub(crate) fn update(update: &Update, exchange: &Exchange) -> UpdateJson {
    let execution = update.execution.as_ref();
    let data = UpdateData {
        event: update.event.as_str(),
        timestamp: WireTime(update.time),
        execution_id: execution.map(|fill| fill.id),
        price: execution.map(|fill| fill.price),
        qty: execution.map(|fill| fill.qty),
        position_qty: execution.map(|_| update.position_qty),
        order: nested(&update.order, exchange),
    };
    UpdateJson { stream: "trade_updates", data }
}
