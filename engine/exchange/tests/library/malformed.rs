//! What is wrong with the form of a request, in Alpaca's words.

use crate::support::*;
use exchange::{RawOrder, RawReplacement, RawStopLoss};

const MALFORMED: (u16, u32) = (422, 40_010_001);
const UNPROCESSABLE: (u16, u32) = (422, 42_210_000);

fn raw() -> RawOrder {
    let text = |text: &str| Some(text.to_owned());
    RawOrder {
        symbol: text("SPY"),
        qty: text("10"),
        side: text("buy"),
        kind: text("market"),
        time_in_force: text("day"),
        ..RawOrder::default()
    }
}

const ONE_TRAIL: &str = "trailing stop orders must specify one of trail_price or trail_percent";

fn stop_loss(stop: &str) -> RawStopLoss {
    RawStopLoss { stop_price: Some(stop.into()), limit_price: None }
}

/// What is spoiled, and what is said of it.
type Case = (fn(&mut RawOrder), (u16, u32), &'static str);

fn refuse(table: &[Case]) {
    let mut exchange = open_exchange(free());
    for (spoil, (status, code), message) in table {
        let mut order = raw();
        spoil(&mut order);
        let read = exchange.read_order(&order);
        let refusal = read.and_then(|request| exchange.submit(request)).unwrap_err();
        assert_eq!(said(&refusal), (*status, *code, *message));
    }
}

/// Conformance 41.
#[test]
fn malformed_groups_are_named_in_alpacas_words() {
    refuse(&[
        (
            |raw| raw.order_class = Some("bracket".into()),
            MALFORMED,
            "bracket orders require take_profit.limit_price",
        ),
        (
            |raw| (raw.order_class, raw.take_profit) = (Some("bracket".into()), Some("110".into())),
            MALFORMED,
            "bracket orders require stop_loss.stop_price",
        ),
        (
            |raw| {
                (raw.order_class, raw.take_profit) = (Some("oto".into()), Some("110".into()));
                raw.stop_loss = Some(stop_loss("90"));
            },
            MALFORMED,
            "oto orders require one of take_profit and stop_loss",
        ),
        (
            |raw| (raw.order_class, raw.stop_loss) = (Some("oco".into()), Some(stop_loss("90"))),
            MALFORMED,
            "oco orders require take_profit.limit_price",
        ),
        (
            |raw| raw.stop_loss = Some(stop_loss("90")),
            MALFORMED,
            "simple orders take no take_profit or stop_loss",
        ),
        (|raw| raw.order_class = Some("pair".into()), MALFORMED, "invalid order_class"),
        (
            |raw| raw.position_intent = Some("sell_to_close".into()),
            UNPROCESSABLE,
            "position intent mismatch, inferred: buy_to_open, specified: sell_to_close",
        ),
    ]);
}

/// Conformance 30, 31, 36, 45.
#[test]
fn malformed_requests_are_named_in_alpacas_words() {
    let some = |text: &str| Some(text.to_owned());
    let table: &[Case] = &[
        (|raw| raw.symbol = None, MALFORMED, "symbol is required"),
        (|raw| raw.side = None, MALFORMED, "side is required"),
        (|raw| raw.side = Some("short".into()), MALFORMED, "invalid side"),
        (|raw| raw.time_in_force = None, MALFORMED, "invalid time_in_force"),
        (|raw| raw.time_in_force = Some("gtd".into()), MALFORMED, "invalid time_in_force"),
        (|raw| raw.kind = None, MALFORMED, "invalid order type"),
        (|raw| raw.kind = Some("peg".into()), MALFORMED, "invalid order type"),
        (|raw| raw.kind = Some("trailing_stop".into()), MALFORMED, ONE_TRAIL),
        (
            |raw| {
                raw.kind = Some("trailing_stop".into());
                (raw.trail_price, raw.trail_percent) = (Some("1".into()), Some("1".into()));
            },
            MALFORMED,
            ONE_TRAIL,
        ),
        (
            |raw| raw.trail_price = Some("1".into()),
            MALFORMED,
            "only trailing stop orders have a trail_price or trail_percent",
        ),
        (|raw| raw.kind = Some("limit".into()), MALFORMED, "limit orders require a limit price"),
        (|raw| raw.kind = Some("stop".into()), MALFORMED, "stop orders require a stop price"),
        (
            |raw| {
                raw.kind = Some("stop_limit".into());
                raw.stop_price = Some("1".into());
            },
            MALFORMED,
            "stop limit orders require both stop and limit price",
        ),
        (
            |raw| raw.limit_price = Some("1".into()),
            MALFORMED,
            "market orders require no stop or limit price",
        ),
        (|raw| raw.limit_price = Some("1,5".into()), MALFORMED, "invalid limit_price"),
        (|raw| raw.qty = None, MALFORMED, "qty or notional is required"),
        (
            |raw| raw.notional = Some("100".into()),
            MALFORMED,
            "only one of qty or notional is accepted",
        ),
        (
            |raw| (raw.qty, raw.notional) = (None, Some("0.99".into())),
            MALFORMED,
            "notional must be >= 1.00",
        ),
        (
            |raw| {
                (raw.qty, raw.notional) = (None, Some("1".into()));
                (raw.kind, raw.limit_price) = (Some("limit".into()), Some("99".into()));
            },
            UNPROCESSABLE,
            "notional orders must be market orders",
        ),
        (|raw| raw.qty = Some("ten".into()), MALFORMED, "invalid qty"),
        (|raw| raw.symbol = Some("XYZ".into()), UNPROCESSABLE, "asset \"XYZ\" not found"),
    ];
    refuse(table);
    let exchange = open_exchange(free());
    let mut order = raw();
    order.symbol = some(&exchange.asset(spy()).unwrap().id);
    order.order_class = some("simple");
    assert_eq!(exchange.read_order(&order).unwrap(), buy(10, market()));
}

#[test]
fn malformed_replacements_are_named_too() {
    let exchange = open_exchange(free());
    let raw = RawReplacement { qty: Some("one".into()), ..RawReplacement::default() };
    let refusal = exchange.read_replacement(&raw).unwrap_err();
    assert_eq!(said(&refusal), (422, 40_010_001, "qty must be integer"));
}
