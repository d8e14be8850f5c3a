//! Orders, their updates and their executions.

use super::{FieldError, ReadError, need, parse, price, quantity, time};
use crate::alpaca::names::Names;
use crate::alpaca::rows::{Fill, OrderState};
use crate::alpaca::wire::{ActivityWire, Loose, OrderWire, UpdateWire};
use kernel::{
    BrokerOrderId, Execution, ExecutionId, OrderStatus, Report, ReportKind, Side, Timestamp,
};

/// Every way the broker writes a side; fills of short sales say `sell_short`.
fn side(text: &str) -> Option<Side> {
    match text {
        "buy" => Some(Side::Buy),
        "sell" | "sell_short" => Some(Side::Sell),
        _ => None,
    }
}

/// A status by Alpaca's word for it; `None` for one we do not know, and for the three of ours.
pub(in crate::alpaca) fn status(text: &str) -> Option<OrderStatus> {
    let ours = [OrderStatus::Approved, OrderStatus::Unknown, OrderStatus::NotReceived];
    OrderStatus::ALL.into_iter().find(|status| status.as_str() == text && !ours.contains(status))
}

pub(in crate::alpaca) fn order(
    wire: &OrderWire<'_>,
    names: &Names,
) -> Result<OrderState, FieldError> {
    let text = |wire: &Loose<'_>| Box::<str>::from(wire.text().unwrap_or_default());
    let id = |wire: &Loose<'_>| wire.text().map(|id| BrokerOrderId(id.into()));
    let client_order_id = text(&wire.client_order_id);
    let symbol = text(&wire.symbol);
    Ok(OrderState {
        order: names.order_number(&client_order_id),
        client_order_id,
        broker_id: need("order", "id", &wire.id, |text| Some(BrokerOrderId(text.into())))?,
        symbol_id: names.symbol(&symbol),
        symbol,
        side: wire.side.text().and_then(side).unwrap_or(Side::Sell),
        quantity: wire.qty.text().and_then(quantity).unwrap_or_default(),
        filled: wire.filled_qty.text().and_then(quantity).unwrap_or_default(),
        filled_average: wire.filled_avg_price.text().and_then(price),
        status: wire.status.text().and_then(status),
        status_text: text(&wire.status),
        submitted_at: wire
            .submitted_at
            .text()
            .and_then(time)
            .or_else(|| wire.created_at.text().and_then(time)),
        updated_at: wire.updated_at.text().and_then(time),
        replaces: id(&wire.replaces),
        replaced_by: id(&wire.replaced_by),
        is_in_dollars: wire.notional.text().is_some(),
        kind: wire.kind.text().or(wire.order_type.text()).unwrap_or_default().into(),
        class: text(&wire.order_class),
        legs: legs(wire, names)?,
    })
}

/// Alpaca nests one level deep; whatever lies deeper is not read.
fn legs(wire: &OrderWire<'_>, names: &Names) -> Result<Vec<OrderState>, FieldError> {
    let legs = wire.legs.iter().flatten();
    legs.map(|leg| order(&OrderWire { legs: None, ..leg.clone() }, names)).collect()
}

/// An order that was asked for to learn where it stands: an answer that does not say so is none.
pub(in crate::alpaca) fn standing_order(
    body: &[u8],
    names: &Names,
) -> Result<OrderState, ReadError> {
    let wire: OrderWire<'_> = parse(body)?;
    Ok(standing(&wire, names)?)
}

/// Orders that were listed to learn where each stands.
pub(in crate::alpaca) fn standing_orders(
    body: &[u8],
    names: &Names,
) -> Result<Vec<OrderState>, ReadError> {
    let wires: Vec<OrderWire<'_>> = parse(body)?;
    Ok(wires.iter().map(|wire| standing(wire, names)).collect::<Result<_, _>>()?)
}

fn standing(wire: &OrderWire<'_>, names: &Names) -> Result<OrderState, FieldError> {
    for order in std::iter::once(wire).chain(wire.legs.iter().flatten()) {
        need("order", "status", &order.status, |_| Some(()))?;
        need("order", "filled_qty", &order.filled_qty, quantity)?;
    }
    order(wire, names)
}

pub(in crate::alpaca) fn orders(body: &[u8], names: &Names) -> Result<Vec<OrderState>, ReadError> {
    let wires: Vec<OrderWire<'_>> = parse(body)?;
    Ok(wires.iter().map(|wire| order(wire, names)).collect::<Result<_, _>>()?)
}

/// An update of the order stream.
pub(in crate::alpaca) fn update(data: &[u8], names: &Names) -> Result<Report, ReadError> {
    let wire: UpdateWire<'_> = parse(data)?;
    let missing = || FieldError { what: "order update", field: "order", text: None };
    let order_wire = wire.order.as_ref().ok_or_else(missing)?;
    let order = order(order_wire, names)?;
    let event = wire.event.text().unwrap_or_default();
    let execution = execution(&wire, &order);
    let kind = match event_kind(event) {
        // A fill that does not say what was filled: the order must be read.
        ReportKind::Fill | ReportKind::PartialFill if execution.is_none() => {
            ReportKind::Unrecognised
        }
        kind => kind,
    };
    let time = wire.timestamp.text().and_then(time).or_else(|| wire.at.text().and_then(time));
    let text = match kind {
        ReportKind::Unrecognised => Some(event),
        _ => wire.reason.text(),
    };
    Ok(Report {
        order: order.order,
        time: time.unwrap_or_else(|| order.time()),
        cumulative: order_wire.filled_qty.text().map(|_| order.filled),
        broker_id: Some(order.broker_id),
        kind,
        execution: execution.filter(|_| matches!(kind, ReportKind::Fill | ReportKind::PartialFill)),
        text: text.map(|text| text.chars().take(200).collect()),
    })
}

/// When an order of another session of this program was sent, if an update is about one.
pub(in crate::alpaca) fn of_other_session(data: &[u8], names: &Names) -> Option<Timestamp> {
    let wire: UpdateWire<'_> = parse(data).ok()?;
    let order = wire.order.as_ref()?;
    names.other_session(order.client_order_id.text()?)?;
    order.submitted_at.text().and_then(time)
}

/// The execution that a fill carries. One without a name gets one made of the facts, so that the
/// same fact has the same name when it comes again.
fn execution(wire: &UpdateWire<'_>, order: &OrderState) -> Option<Execution> {
    let id = match wire.execution_id.text() {
        Some(id) => id.into(),
        None => format!("{}:{}", order.broker_id, order.filled).into(),
    };
    Some(Execution {
        id: ExecutionId(id),
        quantity: wire.qty.text().and_then(quantity)?.abs(),
        price: wire.price.text().and_then(price)?,
    })
}

/// An event by Alpaca's word for it. Two spellings of a fill are in use.
/// Source: Alpaca, "Websocket Streaming", "Trade events"; Alpaca's C# SDK, `TradeEvent`.
fn event_kind(event: &str) -> ReportKind {
    match event {
        "accepted" => ReportKind::Accepted,
        "pending_new" => ReportKind::PendingNew,
        "accepted_for_bidding" => ReportKind::AcceptedForBidding,
        "new" => ReportKind::New,
        "held" => ReportKind::Held,
        "fill" | "filled" => ReportKind::Fill,
        "partial_fill" | "partially_filled" => ReportKind::PartialFill,
        "done_for_day" => ReportKind::DoneForDay,
        "canceled" => ReportKind::Canceled,
        "expired" => ReportKind::Expired,
        "replaced" => ReportKind::Replaced,
        "rejected" => ReportKind::Rejected,
        "pending_cancel" => ReportKind::PendingCancel,
        "order_cancel_rejected" => ReportKind::CancelRejected,
        "pending_replace" => ReportKind::PendingReplace,
        "order_replace_rejected" => ReportKind::ReplaceRejected,
        "stopped" => ReportKind::Stopped,
        "suspended" => ReportKind::Suspended,
        "calculated" => ReportKind::Calculated,
        "restated" => ReportKind::Restated,
        "trade_bust" => ReportKind::TradeBust,
        "trade_correct" => ReportKind::TradeCorrect,
        "pending_review" => ReportKind::PendingReview,
        _ => ReportKind::Unrecognised,
    }
}

pub(in crate::alpaca) fn fill(wire: &ActivityWire<'_>) -> Result<Fill, FieldError> {
    let activity: Box<str> = need("fill", "id", &wire.id, |text| Some(text.into()))?;
    Ok(Fill {
        broker_id: need("fill", "order_id", &wire.order_id, |text| {
            Some(BrokerOrderId(text.into()))
        })?,
        symbol: wire.symbol.text().unwrap_or_default().into(),
        side: need("fill", "side", &wire.side, side)?,
        execution: Execution {
            id: Fill::execution_id(&activity),
            quantity: need("fill", "qty", &wire.qty, quantity)?.abs(),
            price: need("fill", "price", &wire.price, price)?,
        },
        cumulative: wire.cum_qty.text().and_then(quantity),
        time: need("fill", "transaction_time", &wire.transaction_time, time)?,
        activity,
    })
}
