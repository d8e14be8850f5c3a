//! Limits in layers, limits that change, and limits that act by themselves.

use crate::common::*;
use kernel::risk::{CHECKS, Limit, Minutes};
use kernel::*;
use proptest::prelude::*;

fn trading(bench: &Bench) -> TradingState {
    bench.kernel.state().trading_state()
}

fn resume(bench: &mut Bench) -> Vec<Event> {
    bench.feed(Input::Command(Command::Resume { reason: "test".into() }))
}

fn set(bench: &mut Bench, path: &str, value: &str) -> Vec<Event> {
    let (path, value, reason) = (path.into(), value.into(), "test".into());
    bench.feed(Input::Command(Command::SetLimit { path, value, reason }))
}

fn alerts(events: &[Event]) -> Vec<&str> {
    let alerts = events.iter().filter_map(|event| match event {
        Event::AlertRaised(alert) => Some(&*alert.code),
        _ => None,
    });
    alerts.collect()
}

/// The fold of everything that was journalled is what the session knows.
fn folds(bench: &Bench) {
    let mut state = State::default();
    for record in &bench.records {
        state.evolve(record).unwrap();
    }
    assert!(state == *bench.kernel.state());
}

/// 500 AAA at 100 and 50,000 USD.
fn invested(limits: Limits) -> Bench {
    Bench::invested(limits, 500, "50000")
}

#[test]
fn every_default_is_in_its_range_and_every_limit_belongs_to_a_check() {
    let compared: Vec<&str> = CHECKS.iter().flat_map(|check| check.limits).copied().collect();
    // These act by themselves, or are what others assume.
    let others = [
        "entry_time_to_live_s",
        "prediction_time_to_live_s",
        "market_slip_percent",
        "trailing_stop_percent",
    ];
    for limit in Limit::all() {
        let value = limit.parse(limit.default).unwrap();
        assert_eq!(limit.get(&Limits::default()), value, "{}", limit.key);
        assert!(
            compared.contains(&limit.key) || others.contains(&limit.key),
            "no check compares with {}",
            limit.key
        );
        for wrong in ["-1", "NaN", "inf", "1e12", "", "Off", "2%"] {
            assert!(limit.parse(wrong).is_err(), "{} takes {wrong:?}", limit.key);
        }
        assert_eq!(limit.parse("off").is_ok(), limit.may_be_off, "{}", limit.key);
        if limit.may_be_off {
            assert_eq!(limit.get(&Limits::OFF), None, "{}", limit.key);
        }
        let mut limits = Limits::default();
        limits.set(limit.key, limit.high).unwrap();
        assert_eq!(limit.get(&limits), limit.parse(limit.high).unwrap(), "{}", limit.key);
    }
}

#[test]
fn a_tenth_of_the_day_halts_until_the_limit_and_then_trading_are_let_go() {
    let mut bench = invested(Limits { max_position_notional: None, ..Limits::default() });
    let entry = bench.submit(Side::Buy, 1, OrderKind::Limit { limit: price("96") });
    bench.propose([entry]);
    let exit = bench.submit(Side::Sell, 1, OrderKind::Limit { limit: price("104") });
    bench.propose([exit]);
    assert!(bench.bar("AAA", "80.01").is_empty());
    let events = bench.bar("AAA", "80");
    assert_eq!(trading(&bench), TradingState::Halted);
    assert_eq!(alerts(&events), ["daily_drawdown"]);
    assert!(bench.kernel.state().order(OrderNumber(1)).unwrap().cancel_requested);
    assert!(!bench.kernel.state().order(OrderNumber(2)).unwrap().cancel_requested);
    bench.bar("AAA", "100");
    assert_eq!(trading(&bench), TradingState::Halted, "it is latched");
    bench.bar("AAA", "79");
    resume(&mut bench);
    assert_eq!(trading(&bench), TradingState::Halted, "the limit is still met");
    set(&mut bench, "daily_drawdown_percent", "15");
    assert_eq!(trading(&bench), TradingState::Halted, "only an operator resumes");
    resume(&mut bench);
    assert_eq!(trading(&bench), TradingState::Active);
    folds(&bench);
}

#[test]
fn money_lost_in_a_day_and_what_is_lost_from_the_top_halt_too() {
    let limits = Limits { max_daily_loss: Some(cash("2500")), ..Limits::OFF };
    let mut bench = invested(limits);
    bench.bar("AAA", "95.01");
    assert_eq!(trading(&bench), TradingState::Active);
    assert_eq!(alerts(&bench.bar("AAA", "95")), ["daily_loss"]);
    let limits = Limits { total_drawdown: Some(BasisPoints::new(750)), ..Limits::OFF };
    let mut bench = invested(limits);
    bench.bar("AAA", "85.01");
    assert_eq!(trading(&bench), TradingState::Active);
    assert_eq!(alerts(&bench.bar("AAA", "85")), ["total_drawdown"]);
}

/// A position counts with its cost until its first price, and so does what its losses are measured from.
#[test]
fn losses_are_measured_from_the_first_price_of_a_position_also_far_below_its_cost() {
    let bench = Bench::started_at("2024-06-03T14:00:00Z", start(Limits::OFF));
    let (symbol, average_price) = (bench.symbol("AAA"), price("100"));
    let position = BrokerPosition { symbol, quantity: shares(500), average_price };
    for (limit, held_at, halts_at) in
        [("9.99", "84", "65.61"), ("10", "84", "65.6"), ("10", "120", "98")]
    {
        let mut limits = Limits::OFF;
        limits.set("daily_drawdown_percent", limit).unwrap();
        let mut bench = Bench::started_at("2024-06-03T14:00:00Z", start(limits));
        bench.feed(Input::Broker(Box::new(BrokerState {
            positions: vec![position],
            ..broker("50000")
        })));
        let above = price(halts_at).checked_add(price("0.01")).unwrap().to_string();
        for (at, expected) in [
            (held_at, TradingState::Active),
            (&above, TradingState::Active),
            (halts_at, TradingState::Halted),
        ] {
            bench.wait(60);
            bench.bar("AAA", at);
            assert_eq!(trading(&bench), expected, "{limit} % from {held_at}, at {at}");
        }
    }
}

/// What was missed comes without a look at losses before strategies are asked: the checks deny.
#[test]
fn on_late_data_a_loss_denies_before_it_halts() {
    let cases = [
        ("daily_drawdown", Limits { daily_drawdown: Some(BasisPoints::new(1000)), ..Limits::OFF }),
        ("daily_loss", Limits { max_daily_loss: Some(cash("10000")), ..Limits::OFF }),
        ("total_drawdown", Limits { total_drawdown: Some(BasisPoints::new(1000)), ..Limits::OFF }),
    ];
    for (code, limits) in cases {
        let mut bench = invested(limits);
        bench.wait(60);
        let intent = bench.market(Side::Buy, 1);
        bench.script.0.lock().unwrap().push(intent);
        let late = bench.minute("AAA", "70");
        let events = bench.feed(Input::Late(MarketData::Bar(late)));
        assert_eq!(denial(&events).map(risk::Denial::code), Some(code));
        assert_eq!(trading(&bench), TradingState::Halted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The watch that adds nothing up halts on the very price on which the sums say so.
    #[test]
    fn the_watch_on_losses_misses_nothing_and_invents_nothing(
        cents in proptest::collection::vec((any::<bool>(), 6_000..11_000_i64), 1..80),
    ) {
        let mut bench = invested(Limits::default());
        bench.bar("BBB", "50");
        let start = bench.kernel.state().day().unwrap().starting_equity;
        let limit = start.proportion(10, 100, Rounding::Down).unwrap();
        for (is_held, cents) in cents {
            let symbol = if is_held { "AAA" } else { "BBB" };
            bench.wait(60);
            bench.bar(symbol, &Price::from_nanos(cents * 10_000_000).to_string());
            let lost = start.checked_sub(bench.kernel.state().equity()).unwrap();
            let expected =
                if lost >= limit { TradingState::Halted } else { TradingState::Active };
            prop_assert_eq!(trading(&bench), expected);
            if expected == TradingState::Halted {
                break;
            }
        }
    }
}

#[test]
fn the_tightest_layer_holds_and_none_loosens_another() {
    let mut limits = Limits { max_leverage: 4, ..Limits::OFF };
    limits.set("max_order_notional_usd", "1000").unwrap();
    limits.set("strategies.scripted.max_order_notional_usd", "800").unwrap();
    limits.set("symbols.AAA.max_order_notional_usd", "500").unwrap();
    limits.set("symbols.BBB.max_order_notional_usd", "5000").unwrap();
    limits.set("symbols.BBB.min_price_usd", "20").unwrap();
    let bench = Bench::warm(limits);
    let (state, strategy) = (bench.kernel.state(), Origin::Strategy(StrategyId(0)));
    let most =
        |origin, symbol| state.limits_for(origin, bench.symbol(symbol)).max_order_notional.unwrap();
    assert_eq!(most(strategy, "AAA"), cash("500"));
    assert_eq!(most(strategy, "BBB"), cash("800"));
    assert_eq!(most(Origin::Operator, "BBB"), cash("1000"));
    let cheapest = |symbol| state.limits_for(strategy, bench.symbol(symbol)).min_price;
    assert_eq!((cheapest("AAA"), cheapest("BBB")), (None, Some(price("20"))));
}

#[test]
fn only_limits_of_orders_and_symbols_have_layers() {
    let mut limits = Limits::default();
    for limit in Limit::all() {
        for (kind, name) in [("symbols", "BRK.B"), ("strategies", "sma")] {
            let path = format!("{kind}.{name}.{}", limit.key);
            assert_eq!(limits.set(&path, limit.high).is_ok(), limit.reach.takes(kind), "{path}");
        }
    }
    for path in ["", ".", "symbols", "symbols.AAA", "sectors.AAA.min_price_usd", "min_prise_usd"] {
        assert!(limits.set(path, "1").is_err(), "{path}");
    }
    let error = limits.set("symbols.AAA.max_gross_exposure_percent", "20").unwrap_err();
    let says = "symbols.AAA.max_gross_exposure_percent: max_gross_exposure_percent is for the account and strategies";
    assert_eq!(error.to_string(), says);
}

#[test]
fn a_symbol_counts_its_own_orders() {
    let mut limits = Limits { max_leverage: 4, ..Limits::OFF };
    limits.set("symbols.AAA.max_orders_per_minute", "1").unwrap();
    limits.set("max_orders_per_day", "2").unwrap();
    let mut bench = Bench::warm(limits);
    bench.bar("BBB", "50");
    let of = |bench: &Bench, symbol: &str| {
        NewOrder::new(bench.symbol(symbol), Side::Buy, shares(1), OrderKind::Market)
    };
    let (first, other) = (of(&bench, "BBB"), of(&bench, "AAA"));
    assert_eq!(bench.verdict(first), "approved");
    assert_eq!(bench.verdict(other), "approved", "the order in BBB does not count");
    assert_eq!(bench.verdict(other), "order_rate");
    bench.wait(60);
    assert_eq!(bench.verdict(other), "orders_per_day");
}

#[test]
fn a_limit_that_is_set_holds_from_then_on_and_after_a_restart() {
    let mut bench = Bench::warm(Limits::default());
    let order = NewOrder::new(bench.symbol("AAA"), Side::Buy, shares(10), OrderKind::Market);
    let events = set(&mut bench, "symbols.AAA.max_order_quantity", "9");
    assert!(matches!(events.as_slice(), [Event::CommandTaken(Command::SetLimit { .. })]));
    assert_eq!(bench.verdict(order), "order_too_large");
    set(&mut bench, "symbols.AAA.max_order_quantity", "off");
    assert_eq!(bench.verdict(order), "approved");
    set(&mut bench, "max_order_quantity", "a lot");
    assert_eq!(*bench.kernel.state().limits(), {
        let mut limits = Limits::default();
        limits.set("symbols.AAA.max_order_quantity", "off").unwrap();
        limits
    });
    folds(&bench);
}

#[test]
fn before_the_close_everything_is_closed_once_and_nothing_is_opened() {
    let limits = Limits { flat_before_close: Some(Minutes::new(10)), ..Limits::default() };
    let mut bench = invested(limits);
    let exit = bench.submit(Side::Sell, 100, OrderKind::Limit { limit: price("104") });
    bench.propose([exit]);
    bench.report(1, ReportKind::New);
    let due = monday().close.minus(Span::from_secs(600));
    assert_eq!(bench.kernel.due(due), Some(due));
    bench.now = due;
    let events = bench.feed(Input::Timer);
    assert!(matches!(events.first(), Some(Event::FlatDue { date: 20_240_603 })));
    assert!(bench.kernel.state().order(OrderNumber(1)).unwrap().cancel_requested);
    bench.report(1, ReportKind::Canceled);
    let close = bench.kernel.state().order(OrderNumber(2)).unwrap();
    assert_eq!((close.side, close.quantity), (Side::Sell, shares(500)));
    let events = bench.fill(2, "x-2", 500, "100");
    assert!(matches!(events.last(), Some(Event::Flattened)), "{events:?}");
    assert_eq!(trading(&bench), TradingState::Active);
    assert_eq!(bench.kernel.next_deadline(), None, "once a day");
    let order = NewOrder::new(bench.symbol("AAA"), Side::Buy, shares(1), OrderKind::Market);
    assert_eq!(bench.verdict(order), "before_close");
    folds(&bench);
}

/// A figure is held as it was written, or refused: a count has no half, a percentage two decimals.
#[test]
fn what_is_finer_than_a_limit_is_kept_is_refused() {
    let cases = [
        (
            "max_positions",
            "1.9",
            "max_positions: 1.9 is finer than this limit can be set: it would hold at 1",
        ),
        (
            "stop_loss_percent",
            "1.509",
            "stop_loss_percent: 1.509 is finer than this limit can be set: it would hold at 1.5",
        ),
        (
            "market_slip_percent",
            "2.509",
            "market_slip_percent: 2.509 is finer than this limit can be set: it would hold at 2.5",
        ),
    ];
    for (key, text, says) in cases {
        let error = Limits::default().set(key, text).unwrap_err();
        assert_eq!(error.to_string(), says);
    }
    for limit in Limit::all() {
        let (low, high) = (limit.parse(limit.low), limit.parse(limit.high));
        for nanos in [low, high].map(|end| end.unwrap().unwrap()) {
            let mut limits = Limits::default();
            limit.set(&mut limits, Some(nanos));
            assert_eq!(limit.get(&limits), Some(nanos), "{}", limit.key);
        }
    }
}

/// Each limit shows its use, those of strategies and symbols by what is theirs, lists and hours too. What
/// has none is looked at order by order, or has not happened yet.
#[test]
fn what_is_used_of_each_limit_is_shown() {
    let mut bench = Bench::under_every_limit();
    bench.wait(12).feed(Input::Timer);
    let shown = risk::usage(bench.kernel.state());
    let find = |key: &str| {
        let usage = shown.iter().find(|usage| usage.key == key).unwrap();
        (&*usage.limit, usage.used.as_deref())
    };
    assert_eq!(find("strategies.scripted.max_orders_per_day"), ("1000", Some("1")));
    assert_eq!(find("symbols.AAA.max_orders_per_day"), ("1000", Some("0")), "it was one in BBB");
    assert_eq!(find("allowed_symbols"), ("AAA BBB", Some("0")), "it keeps none out");
    assert_eq!(find("trading_windows"), ("09:30-33:30", Some("10:00")));
    for (key, used) in [
        ("stale_after_s", "12"),
        ("stale_after_quotes_s", "12"),
        ("entry_time_to_live_s", "12"),
        ("max_spread_percent", "0"),
        ("min_price_usd", "50"),
        ("no_entries_after_open_min", "30.2"),
        ("flat_before_close_min", "359.8"),
        // 100 AAA at 100, ten BBB wanted at 49, and 100,000 USD in all.
        ("max_position_notional_usd", "10000"),
        ("intraday_margin_percent", "953.28884652"),
    ] {
        assert_eq!(find(key).1, Some(used), "{key}");
    }
    let unused = shown.iter().filter(|usage| usage.used.is_none()).map(|usage| &*usage.key);
    let by_order = [
        "stale_after_trades_s",
        "price_collar_percent",
        "max_order_quantity",
        "max_participation_percent",
        "max_order_notional_usd",
        "max_risk_per_trade_percent",
        "stop_loss_percent",
        "trailing_stop_percent",
        "cooldown_after_loss_s",
        "stop_guard_window_s",
        "news_blackout_s",
        "duplicate_window_s",
        "prediction_time_to_live_s",
        "breaker_window_s",
        "market_slip_percent",
        "breaker_then",
        "long_only",
        "place_stops",
        "restricted_symbols",
        "sectors",
        "correlated",
    ];
    assert_eq!(unused.collect::<Vec<_>>(), by_order);
}

#[test]
fn a_list_shows_how_many_symbols_it_keeps_out() {
    let scopes = risk::Scopes {
        restricted: vec!["BBB".into(), "ZZZ".into()],
        allowed: vec!["ZZZ".into()],
        ..risk::Scopes::NONE
    };
    let bench = Bench::warm(Limits { scopes, ..Limits::default() });
    let shown = risk::usage(bench.kernel.state());
    let lists = shown.iter().filter(|usage| usage.key.ends_with("_symbols"));
    let lists: Vec<_> = lists.map(|usage| (&*usage.limit, usage.used.as_deref())).collect();
    assert_eq!(lists, [("BBB ZZZ", Some("1")), ("ZZZ", Some("2"))]);
}
