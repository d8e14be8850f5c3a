//! Whatever strategies ask for: what was approved and grows, with every open order filled at its
//! worst price, passes no limit at the prices that were known; and nothing that reduces is stopped
//! by a limit on growth.

use crate::common::*;
use kernel::risk::{CHECKS, Class, Scopes};
use kernel::*;
use proptest::prelude::*;
use proptest::strategy::Strategy;

#[derive(Debug, Clone)]
enum Step {
    Order { symbol: bool, side: Side, tenths: i64, cents: Option<i64>, stop: Option<i64> },
    Fill { pick: usize, part: bool },
    Cancel { pick: usize },
    Price { symbol: bool, cents: i64 },
}

fn any_step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let order = (
        any::<bool>(),
        side,
        1..900_i64,
        any::<bool>(),
        -200..200_i64,
        any::<bool>(),
        50..2000_i64,
    );
    prop_oneof![
        5 => order.prop_map(|(symbol, side, tenths, has_limit, cents, has_stop, stop)| Step::Order {
            symbol,
            side,
            tenths,
            cents: has_limit.then_some(cents),
            stop: has_stop.then_some(stop),
        }),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(pick, part)| Step::Fill { pick, part }),
        1 => any::<usize>().prop_map(|pick| Step::Cancel { pick }),
        2 => (any::<bool>(), -200..200_i64).prop_map(|(symbol, cents)| Step::Price { symbol, cents }),
    ]
}

fn around(cents: i64) -> Price {
    Price::from_nanos((10_000 + cents) * 10_000_000)
}

/// The limits of these sessions, all of them or one alone, so that each is the one that binds.
fn chosen(alone: usize) -> Limits {
    let all = limits();
    let bare = Limits { stop_loss: all.stop_loss, scopes: all.scopes.clone(), ..off() };
    match alone {
        0 => all,
        1 => Limits { max_position_notional: all.max_position_notional, ..bare },
        2 => Limits { max_symbol_concentration: all.max_symbol_concentration, ..bare },
        3 => Limits { max_sector_concentration: all.max_sector_concentration, ..bare },
        4 => Limits { max_correlated_exposure: all.max_correlated_exposure, ..bare },
        5 => Limits { max_gross_exposure: all.max_gross_exposure, ..bare },
        6 => Limits { max_net_exposure: all.max_net_exposure, ..bare },
        _ => Limits { max_risk_per_trade: all.max_risk_per_trade, ..bare },
    }
}

fn off() -> Limits {
    Limits { market_slip: BasisPoints::new(250), max_leverage: 4, ..Limits::OFF }
}

fn limits() -> Limits {
    let correlated = [("pair".into(), vec!["AAA".into(), "BBB".into()])].into();
    Limits {
        max_order_quantity: Some(shares(60)),
        max_order_notional: Some(cash("5000")),
        max_position_notional: Some(cash("9000")),
        max_symbol_concentration: Some(BasisPoints::new(850)),
        max_sector_concentration: Some(BasisPoints::new(1200)),
        max_correlated_exposure: Some(BasisPoints::new(700)),
        max_gross_exposure: Some(BasisPoints::new(1300)),
        max_net_exposure: Some(BasisPoints::new(750)),
        max_risk_per_trade: Some(BasisPoints::new(20)),
        stop_loss: Some(BasisPoints::new(150)),
        market_slip: BasisPoints::new(250),
        max_leverage: 4,
        scopes: Scopes { correlated, ..Scopes::NONE },
        ..Limits::OFF
    }
}

fn name(first: bool) -> &'static str {
    if first { "AAA" } else { "BBB" }
}

fn request(bench: &Bench, step: &Step) -> Option<NewOrder> {
    let Step::Order { symbol, side, tenths, cents, stop } = *step else { return None };
    let id = bench.symbol(name(symbol));
    let at = cents.map(around);
    let kind = at.map_or(OrderKind::Market, |limit| OrderKind::Limit { limit });
    // A bracket or OTO is for whole shares.
    let tenths = if stop.is_some() { tenths.div_euclid(10).max(1) * 10 } else { tenths };
    let quantity = Quantity::from_nanos(tenths * SCALE / 10);
    let order = NewOrder::new(id, side, quantity, kind);
    let away = match side {
        Side::Buy => -stop.unwrap_or(0),
        Side::Sell => stop.unwrap_or(0),
    };
    let leg = Leg::StopLoss(StopLoss::at(around(cents.unwrap_or(0) + away)));
    let class = if stop.is_some() { OrderClass::Oto { leg } } else { OrderClass::Simple };
    Some(order.grouped(class))
}

/// USD of an order at its worst price, counted here anew.
fn worst(order: &Order, last: Price) -> Cash {
    let price = match (order.kind.limit(), order.side) {
        (Some(limit), Side::Buy) => limit,
        (Some(limit), Side::Sell) => limit.max(slipped(last)),
        (None, _) => slipped(last),
    };
    price.value(order.remaining(), Rounding::Down).unwrap()
}

fn slipped(last: Price) -> Price {
    last.shifted(BasisPoints::new(250), Rounding::Down).unwrap()
}

fn share(equity: Cash, points: i64) -> Cash {
    equity.proportion(points, 10_000, Rounding::Up).unwrap()
}

/// Holds every limit on what is held against what would be held.
fn within(bench: &Bench, order: &Order, limits: &Limits) {
    let state = bench.kernel.state();
    let last = |symbol| state.last_price(symbol).unwrap();
    let live: Vec<&Order> = state.live_orders().filter(|order| order.grows).collect();
    let of = |symbol: SymbolId| {
        let held = state.market_value(symbol).unwrap().abs();
        let open = live.iter().filter(|order| order.symbol == symbol);
        open.fold(held, |sum, order| {
            // What was approved at another price is held to what was known then.
            sum.checked_add(worst(order, last(symbol)).min(order.reserved)).unwrap()
        })
    };
    let all: Vec<SymbolId> =
        state.symbols().ids().filter(|s| state.last_price(*s).is_some()).collect();
    let gross = all.iter().fold(Cash::ZERO, |sum, symbol| sum.checked_add(of(*symbol)).unwrap());
    let equity = state.equity();
    let most =
        |limit: Option<BasisPoints>| limit.map_or(Cash::MAX, |points| share(equity, points.get()));
    assert!(order.quantity <= limits.max_order_quantity.unwrap_or(Quantity::MAX));
    assert!(worst(order, last(order.symbol)) <= limits.max_order_notional.unwrap_or(Cash::MAX));
    assert!(of(order.symbol) <= limits.max_position_notional.unwrap_or(Cash::MAX));
    assert!(of(order.symbol) <= most(limits.max_symbol_concentration));
    assert!(gross <= most(limits.max_sector_concentration), "one sector");
    assert!(gross <= most(limits.max_gross_exposure));
    let net = all.iter().fold(0_i64, |sum, symbol| {
        let along = |side: Side| if side == order.side { 1 } else { 0 };
        let held =
            order.side.signed(Quantity::from_nanos(state.market_value(*symbol).unwrap().nanos()));
        let open = live.iter().filter(|it| it.symbol == *symbol);
        let open =
            open.map(|it| along(it.side) * worst(it, last(*symbol)).min(it.reserved).nanos());
        sum + held.nanos() + open.sum::<i64>()
    });
    let together = most(limits.max_correlated_exposure).min(most(limits.max_net_exposure));
    assert!(net <= together.nanos(), "{net} of {equity}");
    let stop = order.class.legs().find_map(|leg| match leg {
        Leg::StopLoss(exit) => Some(exit.stop),
        Leg::TakeProfit { .. } => None,
    });
    if let (Some(stop), Side::Buy) = (stop, order.side) {
        let entry = order.kind.limit().unwrap_or_else(|| slipped(last(order.symbol)));
        let lost = entry.checked_sub(stop).unwrap().value(order.quantity, Rounding::Down).unwrap();
        assert!(lost <= most(limits.max_risk_per_trade), "{lost} of {equity}");
    }
}

fn play(alone: usize, steps: Vec<Step>) {
    let limits = chosen(alone);
    let mut bench = Bench::warm(limits.clone());
    let facts = facts(bench.symbol("BBB"));
    bench.feed(Input::Asset(facts));
    bench.bar("BBB", "100");
    let growth: Vec<&str> = GROWTH_CODES.to_vec();
    for (number, step) in steps.into_iter().enumerate() {
        bench.wait(7);
        let live: Vec<OrderNumber> = bench.kernel.state().live_orders().map(|o| o.number).collect();
        let picked = |pick: usize| (!live.is_empty()).then(|| live[pick % live.len()]);
        match step {
            Step::Price { symbol, cents } => {
                bench.bar(name(symbol), &around(cents).to_string());
            }
            Step::Fill { pick, part } => {
                let Some(order) = picked(pick) else { continue };
                let order = bench.kernel.state().order(order).unwrap().clone();
                if order.status == OrderStatus::Held {
                    continue;
                }
                let at = order.kind.limit().unwrap_or(around(0));
                let left = order.remaining().nanos();
                let quantity = Quantity::from_nanos(if part { (left / 2).max(1) } else { left });
                let mut report = bench.plain(order.number.0, ReportKind::Fill);
                let id = ExecutionId(format!("x-{number}").into());
                report.execution = Some(Execution { id, quantity, price: at });
                bench.feed(Input::Report(report));
            }
            Step::Cancel { pick } => {
                let Some(order) = picked(pick) else { continue };
                let events = bench.propose([Intent::Cancel { order }]);
                if let Some(denial) = denial(&events) {
                    assert_eq!(denial.code(), "order_not_working");
                }
            }
            Step::Order { .. } => {
                let Some(request) = request(&bench, &step) else { continue };
                let held = bench.kernel.state().ledger().position(request.symbol).quantity;
                let events = bench.propose([Intent::Submit(request)]);
                let reduces = !held.is_zero() && held.is_negative() == (request.side == Side::Buy);
                if let Some(denial) = denial(&events) {
                    assert!(!reduces || !growth.contains(&denial.code()), "{denial}");
                }
                let approved = events.iter().find_map(|event| match event {
                    Event::OrderApproved(order) if order.grows => Some((**order).clone()),
                    _ => None,
                });
                if let Some(order) = approved {
                    within(&bench, &order, &limits);
                }
            }
        }
    }
}

/// The codes of growth checks that these sessions can meet.
const GROWTH_CODES: [&str; 9] = [
    "order_too_large",
    "order_notional",
    "position_notional",
    "symbol_concentration",
    "sector_concentration",
    "correlated_exposure",
    "gross_exposure",
    "net_exposure",
    "risk_per_trade",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_grows_stays_within_every_limit_at_its_worst(
        alone in 0..8_usize,
        steps in proptest::collection::vec(any_step(), 1..40),
    ) {
        play(alone, steps);
    }
}

#[test]
fn cancels_are_judged_by_no_check() {
    // A cancel names an order that works; the checks are of new orders and replacements.
    assert!(CHECKS.iter().any(|check| check.class == Class::Growth));
    let mut bench = Bench::warm(Limits::default());
    let entry = bench.submit(Side::Buy, 1, OrderKind::Limit { limit: price("99") });
    bench.propose([entry]);
    bench.report(1, ReportKind::New);
    bench.feed(Input::Command(Command::Halt { reason: "test".into() }));
    bench.feed(Input::Link { link: Link::Orders, up: false });
    let events = bench.feed(Input::Command(Command::CancelAll { reason: "test".into() }));
    assert!(events.iter().any(|event| matches!(event, Event::CancelApproved { .. })));
}
