//! Of two faults that neighbouring checks look for, the first is the one that is told.
//!
//! Left out is what cannot be there together. Virtual accounts (`opposes_account`, `own_capital`) are
//! tested for themselves, and what is always behind another check in `BEHIND`.

use super::*;

/// What one check looks for, so made that it can be put beside another.
struct Fault {
    code: &'static str,
    /// What the limits are from the start.
    start: fn(&mut Limits),
    /// What the order is.
    order: fn(&mut NewOrder),
    /// What was traded before, with the order that will be judged.
    trades: fn(&mut Bench, NewOrder),
    /// What happened after that.
    then: fn(&mut Bench),
}

const NO_FAULT: Fault =
    Fault { code: "approved", start: |_| {}, order: |_| {}, trades: |_, _| {}, then: |_| {} };

/// A limit that is set where nothing else is needed for its fault.
macro_rules! set {
    ($code:literal, $key:literal, $value:literal) => {
        Fault { code: $code, then: |bench| set(bench, $key, $value), ..NO_FAULT }
    };
}

/// In the order of the checks.
const FAULTS: &[Fault] = &[
    Fault { code: "unknown_symbol", order: |order| order.symbol = symbol("CCC"), ..NO_FAULT },
    Fault { code: "malformed_quantity", order: |order| order.size = shares(0).into(), ..NO_FAULT },
    Fault { code: "not_allowed", order: |order| order.extended_hours = true, ..NO_FAULT },
    Fault {
        code: "not_fractionable",
        order: |order| order.size = "0.5".parse::<Quantity>().unwrap().into(),
        then: |bench| {
            let facts = AssetFacts { fractionable: false, ..facts(bench.symbol("AAA")) };
            bench.feed(Input::Asset(facts));
        },
        ..NO_FAULT
    },
    Fault { code: "symbol_halted", then: halt, ..NO_FAULT },
    Fault {
        code: "reduces_too_much",
        order: |order| (order.side, order.size) = (Side::Sell, shares(11).into()),
        trades: |bench, _| trade(bench, "AAA", Side::Buy, 12, OrderKind::Market, "100"),
        then: |bench| {
            let less = bench.submit(Side::Sell, 2, limit("105"));
            bench.propose([less]);
        },
        ..NO_FAULT
    },
    Fault {
        code: "duplicate_intent",
        trades: |bench, order| {
            bench.propose([Intent::Submit(order)]);
        },
        then: |bench| set(bench, "duplicate_window_s", "5"),
        ..NO_FAULT
    },
    Fault { code: "opposite_order", trades: |bench, _| rest(bench, Side::Sell, "101"), ..NO_FAULT },
    Fault {
        code: "not_active",
        then: |bench| {
            bench.feed(Input::Room(Room::Full));
        },
        ..NO_FAULT
    },
    Fault {
        code: "closing",
        trades: |bench, _| rest(bench, Side::Buy, "98"),
        then: |bench| {
            let symbol = bench.symbol("AAA");
            bench.feed(Input::Command(Command::Close { symbol, reason: "test".into() }));
        },
        ..NO_FAULT
    },
    Fault {
        code: "not_reconciled",
        then: |bench| {
            bench.feed(Input::Link { link: Link::Orders, up: false });
        },
        ..NO_FAULT
    },
    Fault { code: "account_blocked", then: block, ..NO_FAULT },
    Fault {
        code: "not_tradable",
        then: |bench| {
            let facts = AssetFacts { tradable: false, ..facts(bench.symbol("AAA")) };
            bench.feed(Input::Asset(facts));
        },
        ..NO_FAULT
    },
    Fault {
        code: "restricted",
        start: |limits| limits.scopes.restricted = vec!["AAA".into()],
        ..NO_FAULT
    },
    Fault {
        code: "not_on_allow_list",
        start: |limits| limits.scopes.allowed = vec!["BBB".into()],
        ..NO_FAULT
    },
    Fault {
        code: "long_only",
        start: |limits| limits.long_only = true,
        order: |order| order.side = Side::Sell,
        ..NO_FAULT
    },
    Fault { code: "session_closed", then: |bench| pass(bench, 7 * 3600), ..NO_FAULT },
    Fault {
        code: "outside_window",
        start: |limits| {
            let window = Window { from: Span::ZERO, until: Span::from_secs(1800) };
            limits.scopes.windows = vec![window];
        },
        ..NO_FAULT
    },
    set!("after_open", "no_entries_after_open_min", "31"),
    set!("before_close", "no_entries_before_close_min", "360"),
    Fault { code: "news_blackout", then: news, ..NO_FAULT },
    set!("news_unknown", "news_blackout_s", "60"),
    Fault {
        code: "cooling_down",
        trades: |bench, _| {
            trade(bench, "AAA", Side::Buy, 10, OrderKind::Market, "100");
            trade(bench, "AAA", Side::Sell, 10, OrderKind::Market, "99.99");
        },
        then: |bench| set(bench, "cooldown_after_loss_s", "600"),
        ..NO_FAULT
    },
    Fault {
        code: "stop_guard",
        trades: |bench, _| {
            trade(bench, "AAA", Side::Buy, 10, OrderKind::Market, "100");
            trade(bench, "AAA", Side::Sell, 10, OrderKind::Stop { stop: price("99") }, "98.5");
        },
        then: |bench| {
            set(bench, "stop_guard_window_s", "600");
            set(bench, "stop_guard_stops", "1");
        },
        ..NO_FAULT
    },
    Fault { code: "no_price", order: |order| order.symbol = symbol("BBB"), ..NO_FAULT },
    Fault {
        code: "stale_data",
        then: |bench| {
            set(bench, "stale_after_s", "30");
            pass(bench, 121);
        },
        ..NO_FAULT
    },
    set!("no_quote", "max_spread_percent", "1"),
    set!("price_too_low", "min_price_usd", "200"),
    Fault {
        code: "outside_collar",
        order: |order| order.kind = limit("106"),
        then: |bench| set(bench, "price_collar_percent", "5"),
        ..NO_FAULT
    },
    set!("order_too_large", "max_order_quantity", "9"),
    set!("participation", "max_participation_percent", "0.99"),
    set!("order_notional", "max_order_notional_usd", "1000"),
    set!("risk_per_trade", "max_risk_per_trade_percent", "0.01"),
    set!("position_notional", "max_position_notional_usd", "1000"),
    set!("symbol_concentration", "max_symbol_concentration_percent", "1"),
    set!("sector_concentration", "max_sector_concentration_percent", "1"),
    Fault {
        code: "correlated_exposure",
        start: |limits| {
            let group = vec!["AAA".into(), "BBB".into()];
            limits.scopes.correlated = [("index".into(), group)].into();
        },
        then: |bench| set(bench, "max_correlated_exposure_percent", "1"),
        ..NO_FAULT
    },
    set!("gross_exposure", "max_gross_exposure_percent", "1"),
    set!("net_exposure", "max_net_exposure_percent", "1"),
    Fault {
        code: "too_many_positions",
        trades: |bench, _| {
            bench.bar("BBB", "50");
            trade(bench, "BBB", Side::Buy, 1, OrderKind::Market, "50");
        },
        then: |bench| set(bench, "max_positions", "1"),
        ..NO_FAULT
    },
    Fault {
        code: "buying_power",
        order: on_credit,
        then: |bench| set(bench, "max_leverage", "1"),
        ..NO_FAULT
    },
    Fault {
        code: "margin_equity",
        order: on_credit,
        then: |bench| set(bench, "min_margin_equity_usd", "100001"),
        ..NO_FAULT
    },
    Fault {
        code: "intraday_margin",
        order: on_credit,
        then: |bench| set(bench, "intraday_margin_percent", "100"),
        ..NO_FAULT
    },
    Fault {
        code: "order_rate",
        trades: |bench, _| rest(bench, Side::Buy, "98"),
        then: |bench| set(bench, "max_orders_per_minute", "1"),
        ..NO_FAULT
    },
    Fault {
        code: "orders_per_day",
        trades: |bench, _| rest(bench, Side::Buy, "97"),
        then: |bench| set(bench, "max_orders_per_day", "1"),
        ..NO_FAULT
    },
    set!("notional_per_day", "max_notional_per_day_usd", "1000"),
    Fault {
        code: "round_trips",
        trades: |bench, _| {
            trade(bench, "AAA", Side::Buy, 10, OrderKind::Market, "100");
            trade(bench, "AAA", Side::Sell, 10, OrderKind::Market, "101");
        },
        then: |bench| set(bench, "max_round_trips_per_day", "1"),
        ..NO_FAULT
    },
];

/// Of two orders of ours that might meet, the second is refused: they are never there together.
const NEVER_BOTH: (&str, &str) = ("duplicate_intent", "opposite_order");

fn symbol(name: &str) -> SymbolId {
    Symbols::new(["AAA", "BBB", "CCC"]).unwrap().id(name).unwrap()
}

/// More than there is cash for.
fn on_credit(order: &mut NewOrder) {
    order.size = shares(1100).into();
}

fn set(bench: &mut Bench, key: &str, value: &str) {
    let (path, value, reason) = (key.into(), value.into(), "test".into());
    bench.feed(Input::Command(Command::SetLimit { path, value, reason }));
}

fn pass(bench: &mut Bench, seconds: i64) {
    bench.wait(seconds).feed(Input::Timer);
}

fn halt(bench: &mut Bench) {
    let symbol = bench.symbol("AAA");
    bench.feed(Input::TradingStatus { symbol, halted: true, reason: "T1".into() });
}

fn block(bench: &mut Bench) {
    let mut state = broker("100000");
    state.account.blocked = Some("trading_blocked".into());
    bench.feed(Input::Broker(Box::new(state)));
}

fn news(bench: &mut Bench) {
    set(bench, "news_blackout_s", "60");
    let (symbol, time) = (bench.symbol("AAA"), bench.now);
    let (id, headline) = ("1".into(), "AAA restates its earnings".into());
    bench.feed(Input::News(News { id, symbol, time, headline }));
}

/// An order of five AAA that rests.
fn rest(bench: &mut Bench, side: Side, at: &str) {
    let order = bench.submit(side, 5, limit(at));
    assert_eq!(denial(&bench.propose([order])), None);
}

fn trade(bench: &mut Bench, of: &str, side: Side, quantity: i64, kind: OrderKind, at: &str) {
    bench.approve(NewOrder::new(symbol(of), side, shares(quantity), kind));
    let order = bench.kernel.state().orders().last().unwrap().number.0;
    bench.fill(order, &format!("x-{order}"), quantity, at);
}

/// What is said of an order with some faults.
fn said(faults: &[&Fault]) -> String {
    let stop_loss = Some(BasisPoints::new(150));
    let mut limits = Limits { stop_loss, ..off() };
    faults.iter().for_each(|fault| (fault.start)(&mut limits));
    let mut order = NewOrder::new(symbol("AAA"), Side::Buy, shares(10), OrderKind::Market);
    faults.iter().for_each(|fault| (fault.order)(&mut order));
    let mut bench = Bench::warm(limits);
    faults.iter().for_each(|fault| (fault.trades)(&mut bench, order));
    // What comes last may stop what the others need.
    faults.iter().rev().for_each(|fault| (fault.then)(&mut bench));
    would_be(&bench, order)
}

#[test]
fn each_fault_alone_is_told() {
    assert_eq!(said(&[]), "approved");
    for fault in FAULTS {
        assert_eq!(said(&[fault]), fault.code);
    }
}

#[test]
fn of_two_faults_the_first_is_told() {
    for pair in FAULTS.windows(2) {
        let [first, second] = pair else { continue };
        if (first.code, second.code) != NEVER_BOTH {
            assert_eq!(said(&[first, second]), first.code, "beside {}", second.code);
        }
    }
}

/// They are the checks' neighbours as far as one order can meet both.
#[test]
fn the_faults_come_in_the_order_of_the_rows() {
    let place = |code: &str| ROWS.iter().position(|(row, _)| *row == code).unwrap();
    assert!(FAULTS.is_sorted_by_key(|fault| place(fault.code)));
}
