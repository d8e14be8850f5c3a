//! What a session leaves to the next one of the same account: a trader who ends it in the middle of a day
//! and begins another, with other symbols and strategies, begins neither the day nor the drawdown anew.

use crate::common::*;
use kernel::risk::Scopes;
use kernel::*;

/// What the broker says of an account that holds so many AAA, bought at 100.
fn said(account_id: &str, usd: &str, held: i64, at: &str, bench: &Bench) -> BrokerState {
    let symbol = bench.kernel.state().symbols().id("AAA");
    let quantity = shares(held);
    let worth = price(at).value(quantity, Rounding::Down).unwrap();
    let equity = cash(usd).checked_add(worth).unwrap();
    let (id, average_price) = (account_id.into(), price("100"));
    let position = |symbol| BrokerPosition { symbol, quantity, average_price };
    BrokerState {
        account: AccountSnapshot { id, equity, ..account(usd) },
        positions: symbol.filter(|_| held != 0).map(position).into_iter().collect(),
        foreign_positions: if symbol.is_none() && held != 0 {
            vec![("AAA".into(), quantity)]
        } else {
            Vec::new()
        },
        open_orders: Vec::new(),
    }
}

/// One that begins on Monday, half an hour after the open, where losses are limited by a tenth.
fn wanted(symbols: &[&str]) -> SessionStart {
    let mut limits = Limits { scopes: Scopes::NONE, ..Limits::OFF };
    limits.set("daily_drawdown_percent", "10").unwrap();
    limits.set("total_drawdown_percent", "20").unwrap();
    let symbols = Symbols::new(symbols.iter().copied()).unwrap();
    SessionStart { symbols, calendar: week(), ..start(limits) }
}

/// Opens the account of a session; its symbols have no price yet.
fn opened(mut bench: Bench, account_id: &str, usd: &str, held: i64, at: &str) -> Bench {
    bench.feed(Input::Link { link: Link::MarketData, up: true });
    bench.feed(Input::Link { link: Link::Orders, up: true });
    let said = said(account_id, usd, held, at, &bench);
    bench.feed(Input::Broker(Box::new(said)));
    let known: Vec<_> = bench.kernel.state().symbols().ids().map(facts).collect();
    known.into_iter().for_each(|facts| drop(bench.feed(Input::Asset(facts))));
    bench
}

/// A session of the account `one` that holds 500 AAA at 100 beside 50,000 USD, AAA at a price.
fn first(at: &str) -> Bench {
    let bench = Bench::started_at("2024-06-03T14:00:00Z", wanted(&["AAA", "BBB"]));
    let mut bench = opened(bench, "one", "50000", 500, "100");
    for at in ["100", at] {
        bench.bar("AAA", at);
        bench.wait(60);
    }
    bench
}

/// A session that takes over what another leaves.
fn next(of: &Bench, at: &str, start: SessionStart) -> Bench {
    let (carried_over, trading) =
        (of.kernel.state().carry_over(), of.kernel.state().trading_state());
    let carried_over = Some(Box::new(carried_over));
    Bench::started_at(at, SessionStart { carried_over, trading, ..start })
}

const NOON: &str = "2024-06-03T16:00:00Z";
const TUESDAY: &str = "2024-06-04T14:00:00Z";

fn trading(bench: &Bench) -> TradingState {
    bench.kernel.state().trading_state()
}

/// The highest of some falling prices of AAA at which trading halts.
fn halts_at(bench: &mut Bench, prices: &[&str]) -> Option<String> {
    let mut halts = |at: &&&str| {
        bench.wait(60);
        bench.bar("AAA", at);
        trading(bench) == TradingState::Halted
    };
    prices.iter().find(&mut halts).map(|at| (*at).to_owned())
}

#[test]
fn what_the_day_has_lost_counts_on_in_a_session_of_other_symbols() {
    // 8,000 of the day's 100,000 USD are lost.
    let first = first("84");
    let rows: [(&str, &[&str]); 2] =
        [("another order", &["BBB", "AAA"]), ("more", &["CCC", "AAA", "DDD"])];
    for (what, symbols) in rows {
        let mut second = opened(next(&first, NOON, wanted(symbols)), "one", "50000", 500, "84");
        let halted = halts_at(&mut second, &["84", "82", "80.02", "80", "79"]);
        assert_eq!(halted.as_deref(), Some("80"), "{what}");
    }
    // Without anything carried over the day would begin at noon.
    let mut anew = opened(Bench::started_at(NOON, wanted(&["AAA"])), "one", "50000", 500, "84");
    assert_eq!(halts_at(&mut anew, &["84", "80", "66", "65.6"]).as_deref(), Some("65.6"));
}

#[test]
fn the_loss_in_a_symbol_that_is_not_traded_any_more_stays_a_loss() {
    // The position is a stranger's now: 500 AAA worth 42,000 USD are beside the 50,000 USD of the books, of
    // which 2,000 more may be lost.
    let first = first("84");
    let mut second = opened(next(&first, NOON, wanted(&["BBB"])), "one", "50000", 500, "84");
    second.bar("BBB", "100");
    let day = second.kernel.state().day().unwrap();
    assert_eq!(day.starting_equity, cash("58000"));
    assert_eq!(second.kernel.state().equity(), cash("50000"));
}

#[test]
fn the_next_day_begins_anew_and_the_highest_equity_stays() {
    let first = first("84");
    let mut second = opened(next(&first, TUESDAY, wanted(&["AAA"])), "one", "50000", 500, "84");
    // From 92,000 USD a tenth is 9,200, at 65.6; from the highest, 100,000, a fifth is 20,000, at 60.
    second.bar("AAA", "84");
    assert_eq!(second.kernel.state().day().unwrap().starting_equity, cash("92000"));
    let mut second = opened(next(&first, TUESDAY, only_total()), "one", "50000", 500, "84");
    assert_eq!(halts_at(&mut second, &["84", "61", "60.02", "60"]).as_deref(), Some("60"));
}

fn only_total() -> SessionStart {
    let mut start = wanted(&["AAA"]);
    start.limits.set("daily_drawdown_percent", "off").unwrap();
    start
}

#[test]
fn another_account_and_one_without_a_name_take_over_nothing() {
    let first = first("84");
    for id in ["two", ""] {
        let mut second = opened(next(&first, NOON, wanted(&["AAA"])), id, "50000", 500, "84");
        assert_eq!(
            halts_at(&mut second, &["84", "80", "66", "65.6"]).as_deref(),
            Some("65.6"),
            "{id}"
        );
    }
    let nameless = Bench::started_at("2024-06-03T14:00:00Z", wanted(&["AAA"]));
    let nameless = opened(nameless, "", "100000", 0, "100");
    assert_eq!(nameless.kernel.state().carry_over().until(), None);
}

#[test]
fn capital_that_moved_in_between_is_neither_profit_nor_loss() {
    let mut first = first("84");
    let deposit = |id: &str, usd: &str| {
        let amount = cash(usd);
        let kind =
            if amount < Cash::ZERO { MovementKind::Withdrawal } else { MovementKind::Deposit };
        CashMovement { id: id.into(), kind, amount }
    };
    let (known, gone) = (deposit("known", "1000"), deposit("gone", "-20000"));
    first.feed(Input::Cash(known.clone()));
    let mut second = next(&first, NOON, wanted(&["AAA"]));
    // The broker lists what the last session has booked beside what came after it, and each of them twice.
    for movement in [&known, &gone, &known, &gone] {
        second.feed(Input::Cash(movement.clone()));
    }
    let mut second = opened(second, "one", "31000", 500, "84");
    // The day began with 101,000 less 20,000 USD; 8,000 are lost, and 100 more may be.
    assert_eq!(halts_at(&mut second, &["84", "83.82", "83.8"]).as_deref(), Some("83.8"));
    assert_eq!(second.kernel.state().day().unwrap().starting_equity, cash("81000"));
}

#[test]
fn a_session_that_never_got_to_its_account_hands_on_what_it_was_given() {
    let first = first("84");
    let never = next(&first, NOON, wanted(&["BBB"]));
    let mut not_a_day = next(&never, NOON, wanted(&["BBB", "AAA"]));
    not_a_day.feed(Input::Link { link: Link::Orders, up: true });
    let mut third = opened(next(&not_a_day, NOON, wanted(&["AAA"])), "one", "50000", 500, "84");
    assert_eq!(halts_at(&mut third, &["84", "80.02", "80"]).as_deref(), Some("80"));
}

/// A session of 100,000 USD under a limit of its own; what it does ends with an order that is refused.
fn limited(key: &str, figure: &str, symbols: &[&str]) -> SessionStart {
    let mut start = wanted(symbols);
    start.limits = Limits { scopes: Scopes::NONE, ..Limits::OFF };
    start.limits.set(key, figure).unwrap();
    start
}

/// The code of what a purchase of one AAA is refused for.
fn refused(bench: &Bench) -> Option<&'static str> {
    let kind = OrderKind::Limit { limit: price("100") };
    let order = NewOrder::new(bench.symbol("AAA"), Side::Buy, shares(1), kind);
    let verdict = risk::would_pass(bench.kernel.state(), Origin::Strategy(StrategyId(0)), order);
    verdict.err().map(|denial| denial.code())
}

#[test]
fn what_is_counted_by_the_day_counts_on_that_day_alone() {
    let rows = [
        ("max_orders_per_day", "1", "orders_per_day"),
        ("max_notional_per_day_usd", "150", "notional_per_day"),
        ("max_round_trips_per_day", "1", "round_trips"),
    ];
    for (key, figure, code) in rows {
        let bench =
            Bench::started_at("2024-06-03T14:00:00Z", limited(key, figure, &["AAA", "BBB"]));
        let mut first = opened(bench, "one", "100000", 0, "100");
        first.bar("AAA", "100");
        for (order, side) in [(1, Side::Buy), (2, Side::Sell)] {
            let intent = first.market(side, 1);
            let events = first.propose([intent]);
            assert_eq!(denial(&events), None, "{key}");
            first.fill(order, &format!("x-{order}"), 1, "100");
            first.wait(60);
        }
        let code_now = refused(&first);
        for (at, expected) in [(NOON, code_now), (TUESDAY, None)] {
            let start = limited(key, figure, &["BBB", "AAA"]);
            let mut second = opened(next(&first, at, start), "one", "100000", 0, "100");
            second.bar("AAA", "100");
            assert_eq!(refused(&second), expected, "{key} at {at}");
        }
        assert_eq!(code_now, Some(code), "{key}");
    }
}

#[test]
fn a_cool_down_belongs_to_its_symbol_also_where_that_has_another_place() {
    let key = "cooldown_after_loss_s";
    let bench = Bench::started_at("2024-06-03T14:00:00Z", limited(key, "7200", &["AAA", "BBB"]));
    let mut first = opened(bench, "one", "100000", 0, "100");
    first.bar("AAA", "100");
    for (order, side, at) in [(1, Side::Buy, "100"), (2, Side::Sell, "90")] {
        let intent = first.market(side, 1);
        assert_eq!(denial(&first.propose([intent])), None);
        first.fill(order, &format!("x-{order}"), 1, at);
        first.wait(60);
    }
    assert_eq!(refused(&first), Some("cooling_down"));
    for (at, expected) in
        [("2024-06-03T15:00:00Z", Some("cooling_down")), ("2024-06-03T16:30:00Z", None)]
    {
        let start = limited(key, "7200", &["CCC", "BBB", "AAA"]);
        let mut second = opened(next(&first, at, start), "one", "99990", 0, "100");
        second.bar("AAA", "100");
        assert_eq!(refused(&second), expected, "{at}");
    }
}

#[test]
fn a_halt_says_who_set_it_and_why_however_many_sessions_it_outlives() {
    let mut bench = first("100");
    bench.feed(Input::Command(Command::Halt { reason: "the news of ten o'clock".into() }));
    let halted_at = bench.now;
    for at in [NOON, "2024-06-03T17:00:00Z", TUESDAY] {
        bench = opened(next(&bench, at, wanted(&["AAA"])), "one", "50000", 500, "100");
        let set = bench.kernel.state().trading_set().unwrap().clone();
        assert_eq!(trading(&bench), TradingState::Halted);
        let text = set.reason.to_string();
        let told = format!("the news of ten o'clock, at {halted_at}");
        assert!(text.ends_with(&told), "{text}");
        assert_eq!(text.matches("the last session").count(), 1, "{text}");
    }
    bench.feed(Input::Command(Command::Resume { reason: "it was nothing".into() }));
    let after = opened(next(&bench, TUESDAY, wanted(&["AAA"])), "one", "50000", 500, "100");
    assert_eq!(trading(&after), TradingState::Active);
}
