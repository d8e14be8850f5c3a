//! Laws of orders of every kind, for any sequence of what strategies, operators and a broker do.

use crate::common::*;
use kernel::*;
use proptest::prelude::*;
use proptest::strategy::Strategy;
use std::collections::BTreeMap;

/// What happens next; the numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    Order { side: Side, shares: i64, kind: u8, class: u8, time_in_force: u8, size: u8, cents: i64 },
    Replace { pick: usize, cents: i64, shares: i64 },
    Cancel { pick: usize },
    Fill { pick: usize, part: bool, cents: i64 },
    Say { pick: usize, report: usize },
    CancelAll,
    Close,
    Resume,
    Wait,
}

fn any_step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let order = (side, 1..20_i64, 0..5_u8, 0..4_u8, 0..6_u8, 0..6_u8, -200..200_i64);
    let order = order.prop_map(|(side, shares, kind, class, time_in_force, size, cents)| {
        Step::Order { side, shares, kind, class, time_in_force, size, cents }
    });
    prop_oneof![
        6 => order,
        2 => (any::<usize>(), -200..200_i64, 1..20_i64)
            .prop_map(|(pick, cents, shares)| Step::Replace { pick, cents, shares }),
        2 => any::<usize>().prop_map(|pick| Step::Cancel { pick }),
        8 => (any::<usize>(), any::<bool>(), -200..200_i64)
            .prop_map(|(pick, part, cents)| Step::Fill { pick, part, cents }),
        6 => (any::<usize>(), 0..7_usize).prop_map(|(pick, report)| Step::Say { pick, report }),
        1 => Just(Step::CancelAll),
        1 => Just(Step::Close),
        1 => Just(Step::Resume),
        2 => Just(Step::Wait),
    ]
}

/// A price so many cents from 100.
fn around(cents: i64) -> Price {
    Price::from_nanos((10_000 + cents) * 10_000_000)
}

fn new_order(bench: &Bench, step: &Step) -> Option<NewOrder> {
    let Step::Order { side, shares, kind, class, time_in_force, size, cents } = *step else {
        return None;
    };
    let (near, far) = (around(cents), around(cents + 100));
    let kind = match kind {
        0 => OrderKind::Market,
        1 => OrderKind::Limit { limit: near },
        2 => OrderKind::Stop { stop: near },
        3 => OrderKind::StopLimit { stop: near, limit: far },
        _ => OrderKind::TrailingStop { trail: Trail::Percent("1.5".parse().unwrap()) },
    };
    let (profit, loss) = match side {
        Side::Buy => (around(cents + 300), around(cents - 300)),
        Side::Sell => (around(cents - 300), around(cents + 300)),
    };
    let class = match class {
        0 => OrderClass::Simple,
        1 => OrderClass::Bracket { take_profit: profit, stop_loss: StopLoss::at(loss) },
        2 => OrderClass::Oco { stop_loss: StopLoss::at(profit) },
        _ => OrderClass::Oto { leg: Leg::StopLoss(StopLoss::at(loss)) },
    };
    let size = match size {
        0 => OrderSize::Notional(Cash::from_nanos(shares * 37 * SCALE)),
        1 => OrderSize::Shares(Quantity::from_nanos(shares * SCALE / 3)),
        _ => OrderSize::Shares(Quantity::from_whole(shares).unwrap()),
    };
    // Most are of the usual kind, so that most are approved.
    let time_in_force = match time_in_force {
        0 => TimeInForce::Gtc,
        1 => TimeInForce::Ioc,
        _ => TimeInForce::Day,
    };
    let order = NewOrder::new(bench.symbol("AAA"), side, size, kind);
    Some(order.lasting(time_in_force).grouped(class))
}

/// The live orders that a venue could fill now: no leg whose entry has not filled, and no
/// replacement whose original still works.
fn fillable(bench: &Bench) -> Vec<Order> {
    let state = bench.kernel.state();
    let waits = |order: &Order| {
        let parent = order.parent.and_then(|parent| state.order(parent));
        parent.is_some_and(|parent| {
            !matches!(parent.class, OrderClass::Oco { .. }) && parent.status != OrderStatus::Filled
        })
    };
    let follows = |order: &Order| {
        order.replaces.and_then(|number| state.order(number)).is_some_and(Order::is_live)
    };
    let live = state.live_orders().filter(|order| !waits(order) && !follows(order));
    live.filter(|order| order.remaining().is_positive()).cloned().collect()
}

fn pick<T: Clone>(list: &[T], at: usize) -> Option<T> {
    (!list.is_empty()).then(|| list[at % list.len()].clone())
}

fn fill(bench: &mut Bench, live: &[Order], at: usize, part: bool, cents: i64, fills: &mut u64) {
    let Some(order) = pick(&fillable(bench), at) else { return };
    *fills += 1;
    let left = order.remaining();
    let half = Quantity::from_nanos((left.nanos() / 2).max(1));
    let quantity = if part { half } else { left };
    let kind = if part { ReportKind::PartialFill } else { ReportKind::Fill };
    let mut report = bench.plain(order.number.0, kind);
    let id = ExecutionId(format!("x-{fills}").into());
    report.execution = Some(Execution { id, quantity, price: around(cents) });
    bench.feed(Input::Report(report));
    // A fill that races a replacement wins.
    let raced = live.iter().filter(|other| other.replaces == Some(order.number));
    for loser in raced {
        bench.report(loser.number.0, ReportKind::Rejected);
    }
}

fn say(bench: &mut Bench, live: &[Order], at: usize, report: usize) {
    let Some(order) = pick(live, at) else { return };
    let kinds = [
        ReportKind::New,
        ReportKind::New,
        ReportKind::Held,
        ReportKind::Canceled,
        ReportKind::Expired,
        ReportKind::Rejected,
        ReportKind::Replaced,
    ];
    let is_replaced = live.iter().any(|other| other.replaces == Some(order.number));
    // A broker replaces only what it was asked to replace, and works a replacement only
    // once the original has ended.
    let works = fillable(bench).iter().any(|other| other.number == order.number);
    let ends = matches!(kinds[report], ReportKind::Canceled | ReportKind::Rejected);
    if (kinds[report] != ReportKind::Replaced || is_replaced)
        && (works || ends || order.parent.is_some())
    {
        bench.report(order.number.0, kinds[report]);
    }
}

fn step(bench: &mut Bench, step: &Step, fills: &mut u64) {
    let live: Vec<Order> = bench.kernel.state().live_orders().cloned().collect();
    match *step {
        Step::Order { .. } => {
            let order = new_order(bench, step).unwrap();
            bench.propose([Intent::Submit(order)]);
        }
        Step::Replace { pick: at, cents, shares } => {
            let Some(order) = pick(&live, at) else { return };
            let kind = match order.kind {
                OrderKind::Limit { .. } => OrderKind::Limit { limit: around(cents) },
                OrderKind::Stop { .. } => OrderKind::Stop { stop: around(cents) },
                kind => kind,
            };
            let whole = Quantity::from_whole(shares).unwrap();
            let quantity = if order.is_grouped() { order.quantity } else { whole };
            bench.propose([Intent::Replace { order: order.number, quantity, kind }]);
        }
        Step::Cancel { pick: at } => {
            let Some(order) = pick(&live, at) else { return };
            bench.propose([Intent::Cancel { order: order.number }]);
        }
        Step::Fill { pick: at, part, cents } => fill(bench, &live, at, part, cents, fills),
        Step::Say { pick: at, report } => say(bench, &live, at, report),
        Step::CancelAll => {
            bench.feed(Input::Command(Command::CancelAll { reason: "law".into() }));
        }
        Step::Close => {
            let symbol = bench.symbol("AAA");
            bench.feed(Input::Command(Command::Close { symbol, reason: "law".into() }));
        }
        Step::Resume => {
            bench.feed(Input::Command(Command::Resume { reason: "law".into() }));
        }
        Step::Wait => {
            bench.wait(10);
        }
    }
}

/// What live exits may still close, each set that is for the same shares once: counted here by hand
/// from the orders alone.
fn exits(bench: &Bench) -> (i64, i64) {
    let state = bench.kernel.state();
    let held = bench.position().quantity.nanos();
    let closing = if held > 0 { Side::Sell } else { Side::Buy };
    let mut sets: BTreeMap<u64, i64> = BTreeMap::new();
    for order in fillable(bench).iter().filter(|order| order.side == closing) {
        let mut first = order;
        while let Some(before) = first.replaces.and_then(|number| state.order(number)) {
            first = before;
        }
        let oco = matches!(first.class, OrderClass::Oco { .. }).then_some(first.number);
        let set = first.parent.or(oco).unwrap_or(first.number).0;
        let most = sets.entry(set).or_default();
        *most = order.remaining().nanos().max(*most);
    }
    (held.abs(), sets.values().sum())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// `Bench::feed` checks after each input that the books balance.
    #[test]
    fn orders_of_every_kind_keep_the_laws(steps in proptest::collection::vec(any_step(), 1..60)) {
        let mut bench = Bench::holding(10);
        let mut fills = 0;
        for each in &steps {
            step(&mut bench, each, &mut fills);
            let state = bench.kernel.state();
            for order in state.orders() {
                prop_assert!(!order.reserved.is_negative());
                if !order.is_live() || !order.grows {
                    prop_assert_eq!(order.reserved, Cash::ZERO, "{:?}", order);
                }
                prop_assert!(order.filled <= order.quantity || order.size.notional().is_some(), "{:?}", order);
            }
            let (held, closing) = exits(&bench);
            if held > 0 {
                prop_assert!(closing <= held, "exits for {} of {}, after {:?}", closing, held, each);
            }
        }
        // What is left ends, and nothing is kept free for it any more. (What is being closed is
        // given up, or it would be closed again.)
        step(&mut bench, &Step::Resume, &mut fills);
        let live: Vec<u64> =
            bench.kernel.state().live_orders().map(|order| order.number.0).collect();
        for number in live {
            bench.report(number, ReportKind::Canceled);
        }
        prop_assert_eq!(bench.kernel.state().reserved(), Some(Cash::ZERO));
        prop_assert_eq!(bench.kernel.state().live_orders().count(), 0);
        // The records alone come to the same state.
        let mut folded = State::default();
        for record in &bench.records {
            folded.evolve(record).unwrap();
        }
        prop_assert_eq!(&folded, bench.kernel.state());
    }
}
