//! The account's history: executions, fees, splits and what else moved cash.

use super::time::{WireTime, date_text, new_york_date};
use crate::{Activity, CashActivity, FeeActivity, FillActivity, OrderId, SplitActivity};
use kernel::{Cash, FeeKind, MovementKind, Price, Quantity, Side, Symbols};
use serde::Serialize;

/// One entry. Source: Alpaca, Trading API 2.0.1, `TradingActivities` and `NonTradeActivities`.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum ActivityJson {
    Fill(FillJson),
    Fee(FeeJson),
    Split(SplitJson),
    Cash(CashJson),
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct FillJson {
    activity_type: &'static str,
    id: String,
    r#type: &'static str,
    order_id: OrderId,
    order_status: &'static str,
    symbol: String,
    side: &'static str,
    qty: Quantity,
    price: Price,
    cum_qty: Quantity,
    leaves_qty: Quantity,
    transaction_time: WireTime,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct FeeJson {
    activity_type: &'static str,
    activity_sub_type: &'static str,
    id: String,
    date: String,
    created_at: WireTime,
    net_amount: Cash,
    description: String,
    symbol: Option<String>,
    qty: Option<Quantity>,
    per_share_amount: Option<Cash>,
    status: &'static str,
    currency: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct SplitJson {
    activity_type: &'static str,
    id: String,
    date: String,
    created_at: WireTime,
    net_amount: Cash,
    description: &'static str,
    symbol: String,
    qty: Quantity,
    status: &'static str,
    currency: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct CashJson {
    activity_type: &'static str,
    id: String,
    date: String,
    created_at: WireTime,
    net_amount: Cash,
    description: &'static str,
    status: &'static str,
    currency: &'static str,
}

/// The type by which clients ask for an activity; `None` for one that is not listed.
pub(crate) const fn kind(activity: &Activity) -> Option<&'static str> {
    match activity {
        Activity::Fill(_) => Some("FILL"),
        Activity::Fee(_) => Some("FEE"),
        Activity::Split(_) => Some("SPLIT"),
        Activity::Cash(moved) => Some(cash_kind(moved.kind).0),
        Activity::Reset(_) => None,
    }
}

/// The activity object of a row.
pub(crate) fn activity(row: &Activity, symbols: &Symbols) -> Option<ActivityJson> {
    Some(match row {
        Activity::Fill(fill) => ActivityJson::Fill(fill_json(row.id(), fill, symbols)),
        Activity::Fee(fee) => ActivityJson::Fee(fee_json(row.id(), fee)),
        Activity::Split(split) => ActivityJson::Split(split_json(row.id(), split, symbols)),
        Activity::Cash(moved) => ActivityJson::Cash(cash_json(row.id(), moved)),
        Activity::Reset(_) => return None,
    })
}

/// Type and description. Source: Alpaca, account activities, activity types; cash in lieu is told
/// beside the split that it comes of.
const fn cash_kind(kind: MovementKind) -> (&'static str, &'static str) {
    match kind {
        MovementKind::Deposit => ("CSD", "Cash deposit"),
        MovementKind::Withdrawal => ("CSW", "Cash withdrawal"),
        MovementKind::Journal => ("JNLC", "Journal entry (cash)"),
        MovementKind::Dividend => ("DIV", "Dividend"),
        MovementKind::Interest => ("INT", "Interest"),
        MovementKind::CashInLieu => ("SPLIT", "Cash in lieu of a fraction"),
        MovementKind::Other => ("PTR", "Pass thru rebate"),
    }
}

fn cash_json(id: String, row: &CashActivity) -> CashJson {
    let (activity_type, description) = cash_kind(row.kind);
    CashJson {
        activity_type,
        id,
        date: date_text(new_york_date(row.time)),
        created_at: WireTime(row.time),
        net_amount: row.amount,
        description,
        status: "executed",
        currency: "USD",
    }
}

fn fill_json(id: String, row: &FillActivity, symbols: &Symbols) -> FillJson {
    FillJson {
        activity_type: "FILL",
        id,
        r#type: if row.leaves_qty.is_zero() { "fill" } else { "partial_fill" },
        order_id: row.order_id,
        order_status: row.order_status.as_str(),
        symbol: symbols.name(row.symbol).into(),
        side: match (row.side, row.short) {
            (Side::Sell, true) => "sell_short",
            (side, _) => side.as_str(),
        },
        qty: row.qty,
        price: row.price,
        cum_qty: row.cum_qty,
        leaves_qty: row.leaves_qty,
        transaction_time: WireTime(row.time),
    }
}

fn fee_json(id: String, row: &FeeActivity) -> FeeJson {
    let (sub_type, description) = match row.kind {
        FeeKind::Commission => ("COM", "Commission"),
        FeeKind::Sec => ("REG", "SEC fee"),
        FeeKind::Taf => ("TAF", "TAF fee"),
        FeeKind::Cat => ("CAT", "CAT fee"),
        FeeKind::Other => ("OTH", "Fee"),
    };
    FeeJson {
        activity_type: "FEE",
        activity_sub_type: sub_type,
        id,
        date: date_text(row.date),
        created_at: WireTime(row.time),
        net_amount: row.amount.checked_neg().unwrap_or(row.amount),
        description: format!("{description} for {}", date_text(row.date)),
        symbol: None,
        qty: None,
        per_share_amount: None,
        status: "executed",
        currency: "USD",
    }
}

fn split_json(id: String, row: &SplitActivity, symbols: &Symbols) -> SplitJson {
    SplitJson {
        activity_type: "SPLIT",
        id,
        date: date_text(new_york_date(row.time)),
        created_at: WireTime(row.time),
        net_amount: Cash::ZERO,
        description: "Share split",
        symbol: symbols.name(row.symbol).into(),
        qty: row.change,
        status: "executed",
        currency: "USD",
    }
}
