//! One row per denial, in the order of precedence: each row sets up exactly what it is named for. And of
//! two faults that neighbouring checks look for, the first is the one that is told.

mod pairs;
mod rows;

use crate::common::*;
use kernel::risk::{CHECKS, Class, Finding, Minutes, Scopes, SizeModel, Sizing, Window};
use kernel::*;
use rows::{BEHIND, ROWS};
use std::collections::BTreeSet;

const STRATEGY: Origin = Origin::Strategy(StrategyId(0));

/// The code with which an intent of the strategy is refused, or would be where it is not asked;
/// `approved` when it passes.
fn verdict(bench: &mut Bench, intent: Intent) -> String {
    let events = bench.propose([intent.clone()]);
    let is_asked = events.iter().any(|event| matches!(event, Event::OrderApproved(_)));
    match (denial(&events), intent) {
        (Some(denial), _) => denial.code().into(),
        (None, Intent::Submit(order)) if !is_asked => would_be(bench, order),
        (None, _) => "approved".into(),
    }
}

/// The same of an order that nobody sends.
fn would_be(bench: &Bench, order: NewOrder) -> String {
    let verdict = risk::would_pass(bench.kernel.state(), STRATEGY, order);
    verdict.map_or_else(|denial| denial.code().into(), |()| "approved".into())
}

/// What every check says of an order; nothing where there is nothing to ask about.
fn findings(bench: &Bench, intent: &Intent) -> Vec<Finding> {
    let Intent::Submit(order) = *intent else { return Vec::new() };
    risk::examine(bench.kernel.state(), STRATEGY, order, None).unwrap_or_default()
}

fn says(finding: &Finding) -> Option<&'static str> {
    finding.denial.as_ref().map(|denial| denial.code())
}

fn off() -> Limits {
    Limits { max_leverage: 4, market_slip: BasisPoints::new(250), ..Limits::OFF }
}

fn limit(at: &str) -> OrderKind {
    OrderKind::Limit { limit: price(at) }
}

/// A purchase of AAA.
fn new_order(size: OrderSize, kind: OrderKind, class: OrderClass) -> Intent {
    let symbol = Symbols::new(["AAA"]).unwrap().id("AAA").unwrap();
    Intent::Submit(NewOrder::new(symbol, Side::Buy, size, kind).grouped(class))
}

fn own(usd: &str) -> Option<Capital> {
    Some(Capital::Usd(cash(usd)))
}

fn sized(model: SizeModel) -> Limits {
    let sizing = vec![Some(Sizing { model, fractional: false })];
    Limits { scopes: Scopes { sizing, ..Scopes::NONE }, ..off() }
}

/// A warm session, and the purchase of so many AAA at 100.
fn buying(limits: Limits, quantity: i64) -> (Bench, Intent) {
    let bench = Bench::warm(limits);
    let intent = bench.market(Side::Buy, quantity);
    (bench, intent)
}

fn quote(bench: &mut Bench, bid: &str, ask: &str) {
    let (symbol, time, size) = (bench.symbol("AAA"), bench.now, shares(1));
    let (bid, ask) = (price(bid), price(ask));
    let quote = Quote { symbol, time, bid, bid_size: size, ask, ask_size: size };
    bench.feed(Input::Market(MarketData::Quote(quote)));
}

/// A session that has bought so many AAA at 100.
fn holding(limits: Limits, quantity: i64) -> Bench {
    let mut bench = Bench::warm(limits);
    let buy = bench.market(Side::Buy, quantity);
    bench.propose([buy]);
    bench.fill(1, "x-1", quantity, "100");
    bench
}

fn held(quantity: i64) -> Bench {
    holding(off(), quantity)
}

/// Among them: no order crosses zero, and a replacement that changes nothing is not sent.
/// Conformance 53, 54, 71.
#[test]
fn each_denial_is_met_by_the_row_that_is_named_for_it() {
    for (code, set_up) in ROWS {
        let (mut bench, intent) = set_up();
        assert_eq!(verdict(&mut bench, intent), *code);
    }
}

#[test]
fn what_another_check_says_first_is_said_all_the_same() {
    for (code, set_up) in BEHIND {
        let (bench, intent) = set_up();
        let said: Vec<&str> = findings(&bench, &intent).iter().filter_map(says).collect();
        let place = said.iter().position(|said| said == code);
        assert!(place > Some(0), "{code} in {said:?}");
    }
}

/// A stop that fills ends what waited for it.
#[test]
fn a_strategy_whose_position_was_stopped_is_told() {
    let stop_loss = Some(BasisPoints::new(150));
    let mut bench = holding(Limits { place_stops: true, stop_loss, ..off() }, 10);
    bench.report(2, ReportKind::New);
    let exit = bench.market(Side::Sell, 10);
    bench.propose([exit]);
    let events = bench.fill(2, "x-2", 10, "98.5");
    assert_eq!(denial(&events).map(|denial| denial.code()), Some("stopped_before"));
}

/// The words of the code itself, so that a new one is missed here.
#[test]
fn every_denial_has_one_row() {
    let code = include_str!("../../src/risk/denial/code.rs");
    let words = code.split('"').skip(1).step_by(2);
    let mut rows: Vec<&str> = ROWS.iter().chain(BEHIND).map(|(code, _)| *code).collect();
    rows.retain(|code| *code != "approved");
    rows.push("stopped_before");
    let all: BTreeSet<&str> = rows.iter().copied().collect();
    assert_eq!(all.len(), rows.len(), "no denial has two rows");
    assert_eq!(all, words.collect::<BTreeSet<_>>());
}

#[test]
fn rows_come_in_the_order_of_the_checks() {
    let mut last = (0, "");
    for (code, set_up) in ROWS {
        let (mut bench, intent) = set_up();
        bench.bar("AAA", "100");
        let found = findings(&bench, &intent).iter().position(|finding| says(finding).is_some());
        let Some(place) = found else {
            assert_eq!(last, (0, ""), "{code} is said before any check, or of no new order");
            continue;
        };
        assert!(place >= last.0, "{code} comes after {}", last.1);
        last = (place, code);
    }
}

#[test]
fn a_limit_is_allowed_up_to_the_last_cent() {
    let limits = Limits {
        max_order_notional: Some(cash("1025")),
        max_position_notional: Some(cash("1025")),
        max_gross_exposure: Some(BasisPoints::new(103)),
        max_order_quantity: Some(shares(10)),
        ..off()
    };
    let mut bench = Bench::warm(limits);
    let intent = bench.market(Side::Buy, 10);
    assert_eq!(verdict(&mut bench, intent), "approved");
}

#[test]
fn what_only_growth_may_not_do_never_stops_an_exit() {
    let tight = Limits {
        stale_after: Some(Span::from_secs(1)),
        price_collar: Some(BasisPoints::new(1)),
        max_order_quantity: Some(shares(1)),
        max_order_notional: Some(cash("0.01")),
        max_position_notional: Some(cash("0.01")),
        max_gross_exposure: Some(BasisPoints::new(1)),
        max_leverage: 1,
        max_orders_per_minute: Some(1),
        news_blackout: Some(Span::from_secs(60)),
        ..off()
    };
    let mut bench = Bench::cold(tight);
    let mut state = broker("100000");
    state.account.blocked = Some("blocked".into());
    let symbol = bench.symbol("AAA");
    let average_price = price("100");
    state.positions.push(BrokerPosition { symbol, quantity: shares(10), average_price });
    bench.feed(Input::Broker(Box::new(state)));
    bench.feed(Input::Command(Command::Halt { reason: "test".into() }));
    bench.feed(Input::Link { link: Link::Orders, up: false });
    let events = bench.feed(Input::Command(Command::Flatten { reason: "test".into() }));
    assert!(denial(&events).is_none(), "{events:?}");
    assert!(matches!(bench.sends.last(), Some(Send::Submit(_))));
}

#[test]
fn a_strategy_that_is_halted_is_not_asked() {
    let mut bench = Bench::warm(off());
    bench.feed(Input::Command(Command::Halt { reason: "test".into() }));
    let intent = bench.market(Side::Buy, 10);
    assert!(bench.propose([intent]).is_empty());
    bench.feed(Input::Command(Command::Resume { reason: "test".into() }));
    assert!(matches!(bench.bar("AAA", "100").as_slice(), [Event::OrderApproved(_)]));
}

#[test]
fn classes_are_as_the_law_says() {
    let always = CHECKS.iter().filter(|check| check.class == Class::Always);
    let always: Vec<&str> = always.map(|check| check.name).collect();
    let expected = [
        "symbol known",
        "well formed",
        "allowed together",
        "parts of a share",
        "symbol halted",
        "reduces at most the position",
        "duplicate intent",
        "own opposite order",
    ];
    assert_eq!(always, expected);
}
