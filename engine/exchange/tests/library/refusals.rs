//! Every refusal with its status, code, words and fields, and which of two comes first.

use crate::support::*;
use exchange::{Exchange, ExchangeConfig, OrderId, OrderRequest, Replacement};
use kernel::{OrderKind, OrderSize, OrderStatus, Quantity, TimeInForce};

const MALFORMED: (u16, u32) = (422, 40_010_001);
const UNPROCESSABLE: (u16, u32) = (422, 42_210_000);
const FORBIDDEN: (u16, u32) = (403, 40_310_000);
const NOT_FOUND: (u16, u32) = (404, 40_410_000);

/// A row of the table of precedence: the world in which the order is refused, the order, and what
/// is said. Each row's order still has the faults of the rows below it.
struct Row {
    config: fn(&mut ExchangeConfig),
    before: fn(&mut Exchange),
    order: fn() -> OrderRequest,
    says: ((u16, u32), &'static str),
}

const NOTHING: fn(&mut Exchange) = |_| {};
const DEFAULT: fn(&mut ExchangeConfig) = |_| {};

fn check(row: &Row) {
    let mut config = free();
    (row.config)(&mut config);
    let mut exchange = open_exchange(config);
    (row.before)(&mut exchange);
    let count = exchange.orders().len();
    let ((status, code), message) = row.says;
    let refusal = exchange.submit((row.order)()).unwrap_err();
    assert_eq!(said(&refusal), (status, code, message));
    assert_eq!(exchange.orders().len(), count, "a refused order leaves no trace");
    assert_sound(&exchange);
}

fn size(shares: &str) -> OrderSize {
    OrderSize::Shares(shares.parse().unwrap())
}

/// An order with every fault of form that a typed order can have.
fn worst() -> OrderRequest {
    let kind = OrderKind::StopLimit { stop: price("100.001"), limit: price("-1") };
    let mut order = gtc(sell(0, kind));
    order.size = size("-1.5");
    order.extended_hours = true;
    order
}

/// Conformance 27, 28, 32, 34, 35, 37, 47, 51, 55.
static ROWS: &[Row] = &[
    Row {
        config: |config| {
            config.account.blocked = Some("unpaid".into());
            config.assets.entry("SPY".into()).or_default().tradable = false;
        },
        before: NOTHING,
        order: || named(worst(), &"x".repeat(129)),
        says: (FORBIDDEN, "account is not authorized to trade"),
    },
    Row {
        config: |config| config.assets.entry("SPY".into()).or_default().tradable = false,
        before: NOTHING,
        order: || named(worst(), &"x".repeat(129)),
        says: (MALFORMED, "client_order_id must be no more than 128 characters"),
    },
    Row {
        config: |config| config.assets.entry("SPY".into()).or_default().tradable = false,
        before: |exchange| {
            let mut taken = named(buy(1, limit("1")), "taken");
            taken.symbol = ford();
            let taken = exchange.submit(taken).unwrap();
            exchange.cancel(taken.id).unwrap();
        },
        order: || named(worst(), "taken"),
        says: (MALFORMED, "client_order_id must be unique"),
    },
    Row {
        config: |config| config.assets.entry("SPY".into()).or_default().tradable = false,
        before: NOTHING,
        order: worst,
        says: (UNPROCESSABLE, "asset \"SPY\" is not tradable"),
    },
    Row { config: DEFAULT, before: NOTHING, order: worst, says: (MALFORMED, "qty must be > 0") },
    Row {
        config: DEFAULT,
        before: NOTHING,
        order: || OrderRequest { size: size("1.5"), ..worst() },
        says: (UNPROCESSABLE, "fractional orders must be DAY orders"),
    },
    Row {
        config: |config| config.assets.entry("SPY".into()).or_default().fractionable = false,
        before: NOTHING,
        order: || OrderRequest { size: size("1.5"), time_in_force: TimeInForce::Day, ..worst() },
        says: (FORBIDDEN, "asset \"SPY\" is not fractionable"),
    },
    Row {
        config: DEFAULT,
        before: NOTHING,
        order: || OrderRequest { size: size("1"), ..worst() },
        says: (MALFORMED, "limit price must be > 0"),
    },
    Row {
        config: DEFAULT,
        before: NOTHING,
        order: || OrderRequest { kind: stop_limit("0", "290.123"), size: size("1"), ..worst() },
        says: (MALFORMED, "stop price must be > 0"),
    },
    Row {
        config: DEFAULT,
        before: NOTHING,
        order: || OrderRequest {
            kind: stop_limit("290.123", "290.123"),
            size: size("1"),
            ..worst()
        },
        says: (
            UNPROCESSABLE,
            "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing \
                 criteria",
        ),
    },
    Row {
        config: DEFAULT,
        before: NOTHING,
        order: || OrderRequest {
            kind: stop_limit("0.98765", "0.9876"),
            size: size("1"),
            ..worst()
        },
        says: (
            UNPROCESSABLE,
            "invalid stop_price 0.98765. sub-penny increment does not fulfill minimum pricing \
                 criteria",
        ),
    },
    Row {
        config: DEFAULT,
        before: NOTHING,
        order: || OrderRequest { extended_hours: true, ..sell(1, stop("90")) },
        says: (UNPROCESSABLE, "extended hours order must be DAY or GTC limit orders"),
    },
    Row {
        config: |config| config.account.shorting = false,
        before: |exchange| {
            exchange.submit(buy(1, limit("99"))).unwrap();
        },
        order: || sell(1, limit("98")),
        says: (FORBIDDEN, "cannot open a short sell while a long buy order is open"),
    },
    Row {
        config: DEFAULT,
        before: |exchange| {
            exchange.submit(sell(1, limit("102"))).unwrap();
        },
        order: || buy(1, limit("103")),
        says: (FORBIDDEN, "cannot open a long buy while a short sell order is open"),
    },
    Row {
        config: |config| {
            config.account.shorting = false;
            config.assets.entry("SPY".into()).or_default().easy_to_borrow = false;
        },
        before: NOTHING,
        order: || sell(1_000_000, market()),
        says: (FORBIDDEN, "asset \"SPY\" cannot be sold short"),
    },
    Row {
        config: |config| config.account.shorting = false,
        before: NOTHING,
        order: || sell(1_000_000, market()),
        says: (FORBIDDEN, "account is not allowed to short"),
    },
    Row {
        config: |config| config.account.multiplier = 1,
        before: NOTHING,
        order: || sell(1, market()),
        says: (FORBIDDEN, "account is not allowed to short"),
    },
    Row {
        config: |config| config.starting_cash = cash("1999.99"),
        before: NOTHING,
        order: || sell(1, market()),
        says: (FORBIDDEN, "account is not allowed to short"),
    },
    Row {
        config: DEFAULT,
        before: NOTHING,
        order: || buy(1_000_000, market()),
        says: (FORBIDDEN, "insufficient buying power"),
    },
];

#[test]
fn the_first_fault_in_order_of_precedence_is_named() {
    ROWS.iter().for_each(check);
}

/// Conformance 21, 47, 49.
#[test]
fn fields_say_what_was_compared() {
    let mut exchange = holding(free(), 100);
    let resting = exchange.submit(sell(60, limit("110"))).unwrap();

    let refusal = exchange.submit(sell(50, market())).unwrap_err();
    let message = "insufficient qty available for order (requested: 50, available: 40)";
    assert_eq!(said(&refusal), (403, 40_310_000, message));
    let fields = [
        ("available", "40"),
        ("existing_qty", "100"),
        ("held_for_orders", "60"),
        ("symbol", "SPY"),
    ];
    assert_eq!(refusal.fields, fields.map(|(name, value)| (name.into(), value.into())));

    let refusal = exchange.submit(buy(50, limit("110"))).unwrap_err();
    assert_eq!(
        said(&refusal),
        (403, 40_310_000, "potential wash trade detected. use complex orders")
    );
    let fields = [
        ("existing_order_id", &*resting.id.to_string()),
        ("reject_reason", "opposite side limit order exists"),
    ];
    assert_eq!(refusal.fields, fields.map(|(name, value)| (name.into(), value.into())));

    let refusal = exchange.submit(buy(100_000, limit("100"))).unwrap_err();
    assert_eq!(said(&refusal), (403, 40_310_000, "insufficient buying power"));
    // Four times the equity of 100,000 above a maintenance margin of 3,000.
    let fields = [("buying_power", "388000"), ("cost_basis", "10000000")];
    assert_eq!(refusal.fields, fields.map(|(name, value)| (name.into(), value.into())));
}

/// Conformance 50.
#[test]
fn no_order_crosses_zero() {
    for held in [100, -100] {
        let mut exchange = holding(free(), held);
        let closing = if held > 0 { sell(101, market()) } else { buy(101, market()) };
        let refusal = exchange.submit(closing).unwrap_err();
        let message = "insufficient qty available for order (requested: 101, available: 100)";
        assert_eq!(said(&refusal), (403, 40_310_000, message));
    }
}

/// In the regular session both stand; a quarter of an hour after it the second is refused.
#[test]
fn exits_in_dollars_stand_alone_outside_of_the_regular_session() {
    let dollars = || {
        let order = sell(1, market());
        OrderRequest { size: OrderSize::Notional("200".parse().unwrap()), ..order }
    };
    let pairs: [[fn() -> OrderRequest; 2]; 2] =
        [[dollars, || sell(2, market())], [|| sell(2, market()), dollars]];
    for [first, second] in pairs {
        let mut exchange = holding(free(), 100);
        exchange.submit(first()).unwrap();
        exchange.submit(second()).unwrap();
        let mut exchange = holding(free(), 100);
        exchange.advance(minute(3, 6 * 60 + 45));
        exchange.submit(first()).unwrap();
        let refusal = exchange.submit(second()).unwrap_err();
        let message =
            "unable to open new notional orders while having open closing position orders";
        assert_eq!(said(&refusal), (403, 40_310_000, message));
    }
}

/// The wash trade table: the resting sale, the new purchase, and whether it is refused.
/// Conformance 52.
#[test]
fn opposite_orders_that_might_meet_are_refused() {
    let market_or_stop = "opposite side market/stop order exists";
    let limit_order = "opposite side limit order exists";
    let table = [
        (market(), market(), Some(market_or_stop)),
        (market(), limit("90"), Some(market_or_stop)),
        (stop("95"), market(), Some(market_or_stop)),
        (stop("95"), limit("90"), Some(market_or_stop)),
        (stop("95"), stop("110"), Some(market_or_stop)),
        (limit("110"), market(), Some(limit_order)),
        (limit("110"), stop("120"), Some(limit_order)),
        (limit("110"), limit("110"), Some(limit_order)),
        (limit("110"), limit("109.99"), None),
        (limit("110"), stop_limit("105", "110"), Some(limit_order)),
        (limit("110"), stop_limit("105", "109"), None),
        (stop_limit("95", "94"), limit("94"), Some(limit_order)),
        (stop_limit("95", "94"), stop_limit("92", "93"), None),
    ];
    for (sale, purchase, reason) in table {
        let mut exchange = holding(free(), 10);
        exchange.submit(sell(10, sale)).unwrap();
        let refused = exchange.submit(buy(1, purchase)).err();
        let said = refused.map(|refusal| refusal.fields.last().unwrap().1.clone());
        assert_eq!(said.as_deref(), reason, "{sale:?} then {purchase:?}");
    }
}

#[test]
fn without_a_price_an_order_that_opens_cannot_be_valued() {
    let mut exchange = Exchange::new(free(), symbols(), calendar());
    let refusal = exchange.submit(buy(1, market())).unwrap_err();
    assert_eq!(said(&refusal), (422, 42_210_000, "no price is known for asset \"SPY\" yet"));
    assert!(exchange.submit(buy(1, limit("100"))).is_ok());
}

/// Conformance 61.
#[test]
fn cancels_say_why_they_cannot_be() {
    let mut exchange = open_exchange(free());
    let order = exchange.submit(buy(1, market())).unwrap();
    exchange.step(&[bar(0, ["100", "100", "100", "100"])]);
    let refusal = exchange.cancel(order.id).unwrap_err();
    assert_eq!(said(&refusal), (422, 42_210_000, "order is already in \"filled\" state"));
    let refusal = exchange.cancel(OrderId::nil()).unwrap_err();
    let (status, code) = NOT_FOUND;
    assert_eq!(
        said(&refusal),
        (status, code, "order not found for 00000000-0000-0000-0000-000000000000")
    );
}

/// Conformance 67.
#[test]
fn replacements_say_why_they_cannot_be() {
    let mut exchange = open_exchange(free());
    let more = Replacement { qty: Some(shares(20)), ..Replacement::default() };
    let refuse = |exchange: &mut Exchange, id: OrderId, change: Replacement, says| {
        let ((status, code), message) = says;
        let refusal = exchange.replace(id, change).unwrap_err();
        assert_eq!(said(&refusal), (status, code, message));
    };
    let nobody = OrderId::nil();
    let unknown = format!("order not found for {nobody}");
    refuse(&mut exchange, nobody, more.clone(), (NOT_FOUND, &unknown));

    let working = exchange.submit(named(buy(10, limit("90")), "mine")).unwrap();
    let id = working.id;
    let same = Replacement { limit_price: Some(price("90")), ..Replacement::default() };
    refuse(&mut exchange, id, same, (FORBIDDEN, "order parameters are not changed"));
    refuse(
        &mut exchange,
        id,
        Replacement::default(),
        (FORBIDDEN, "order parameters are not changed"),
    );
    let stop = Replacement { stop_price: Some(price("90")), ..Replacement::default() };
    refuse(&mut exchange, id, stop, (MALFORMED, "limit orders require no stop price"));
    let half = Replacement { qty: Some(Quantity::from_nanos(1)), ..Replacement::default() };
    refuse(&mut exchange, id, half, (MALFORMED, "qty must be integer"));
    let named = Replacement { client_order_id: Some("mine".into()), ..more.clone() };
    refuse(&mut exchange, id, named, (MALFORMED, "client_order_id must be unique"));
    let much = Replacement { qty: Some(shares(10_000_000)), ..Replacement::default() };
    refuse(&mut exchange, id, much, (FORBIDDEN, "insufficient buying power"));

    exchange.cancel(id).unwrap();
    let closed = (UNPROCESSABLE, "unable to replace order, order is not open");
    refuse(&mut exchange, id, more.clone(), closed);

    exchange.advance(minute(3, 400));
    let waiting = exchange.submit(buy(10, limit("90"))).unwrap();
    assert_eq!(waiting.status, OrderStatus::Accepted);
    let unsent = (UNPROCESSABLE, "unable to replace order, order isn't sent to exchange yet");
    refuse(&mut exchange, waiting.id, more, unsent);
}

#[test]
fn a_replacement_is_judged_without_the_order_it_replaces() {
    let mut exchange = holding(free(), 100);
    let resting = exchange.submit(sell(100, limit("110"))).unwrap();
    let change = Replacement { limit_price: Some(price("109")), ..Replacement::default() };
    let second = exchange.replace(resting.id, change).unwrap();
    let change = Replacement { qty: Some(shares(101)), ..Replacement::default() };
    let refusal = exchange.replace(second.id, change).unwrap_err();
    let message = "insufficient qty available for order (requested: 101, available: 100)";
    assert_eq!(said(&refusal), (403, 40_310_000, message));
}
