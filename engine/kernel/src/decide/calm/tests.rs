//! The short way decides what the long way decides.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::Calm;
use crate::{
    AccountSnapshot, Bar, BrokerOrderId, BrokerState, Cash, Command, Execution, ExecutionId, Input,
    Intents, Kernel, Limits, Link, MarketData, NewOrder, OrderKind, OrderStatus, Output, Price,
    Quantity, Report, ReportKind, SessionStart, Side, Span, Stamped, Strategy, StrategySpec,
    Symbols, Timestamp, TradingDay, TradingHours, View, Volume,
};
use proptest::prelude::{Strategy as _, any, prop_oneof};
use std::collections::BTreeMap;

/// Trades where the cents of a close say so.
struct ByCents {
    seen: u64,
}

impl Strategy for ByCents {
    fn observe(&mut self, _: &MarketData) {
        self.seen += 1;
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let symbol = data.symbol();
        let held = view.position(symbol).quantity;
        let limit = OrderKind::Limit { limit: Price::from_nanos(95 * crate::SCALE) };
        let ten = Quantity::from_whole(10).unwrap();
        match data.price().nanos() / 10_000_000 % 8 {
            0 if held.is_zero() => intents.market(symbol, Side::Buy, ten),
            1 if held.is_positive() => intents.market(symbol, Side::Sell, held),
            2 => intents.order(NewOrder::new(symbol, Side::Buy, ten, limit)),
            3 if self.seen.is_multiple_of(2) => {
                view.open_orders(symbol).for_each(|it| intents.cancel(it.number))
            }
            _ => {}
        }
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn reset(&mut self) {
        self.seen = 0;
    }

    fn rebase(&mut self, _: crate::SymbolId, _: crate::Ratio) {}
}

/// What may come next.
#[derive(Debug, Clone)]
enum Step {
    /// A bar so many seconds later, with such a close; it may open earlier, or be impossible.
    Bar {
        later: u32,
        cents: i64,
        early: u32,
        wrong: bool,
    },
    /// The oldest live order is filled or taken.
    Report {
        fills: bool,
    },
    Halt,
    Resume,
    Flatten,
}

fn any_step() -> impl proptest::strategy::Strategy<Value = Step> {
    let later = prop_oneof![8 => 1..120_u32, 1 => 120..30_000_u32];
    let early = prop_oneof![12 => 60..61_u32, 1 => 0..4_000_u32];
    let bar = (later, -400..400_i64, early, 0..20_u8);
    prop_oneof![
        16 => bar.prop_map(|(later, cents, early, wrong)| Step::Bar { later, cents, early, wrong: wrong == 0 }),
        4 => any::<bool>().prop_map(|fills| Step::Report { fills }),
        1 => proptest::prelude::Just(Step::Halt),
        1 => proptest::prelude::Just(Step::Resume),
        1 => proptest::prelude::Just(Step::Flatten),
    ]
}

/// One of two kernels that are given the same.
struct Twin {
    kernel: Kernel,
    out: Output,
    /// Whether it must never go the short way.
    at_length: bool,
    shortcuts: usize,
}

impl Twin {
    fn new(limits: &Limits, hours: TradingHours, at_length: bool) -> Self {
        let kernel = Kernel::new(vec![Box::new(ByCents { seen: 0 })]);
        let mut twin = Self { kernel, out: Output::default(), at_length, shortcuts: 0 };
        let start = SessionStart {
            session: "twins".into(),
            venue: "embedded".into(),
            build: "test".into(),
            symbols: Symbols::new(["AAA"]).unwrap(),
            strategies: vec![StrategySpec { name: "by-cents".into(), params: BTreeMap::new() }],
            limits: limits.clone(),
            calendar: (0..5).map(day).collect(),
            hours,
            rules: Default::default(),
            fees: Default::default(),
            trading: Default::default(),
            carried_over: None,
            config: BTreeMap::new(),
        };
        let usd = Cash::from_whole(100_000).unwrap();
        let account = AccountSnapshot {
            id: "".into(),
            cash: usd,
            equity: usd,
            buying_power: usd,
            multiplier: 4,
            shorting_enabled: true,
            blocked: None,
        };
        let (positions, foreign_positions, open_orders) = Default::default();
        let broker = BrokerState { account, positions, foreign_positions, open_orders };
        let at = day(0).extended_open;
        for input in [
            Input::Start(Box::new(start)),
            Input::Link { link: Link::MarketData, up: true },
            Input::Link { link: Link::Orders, up: true },
            Input::Broker(Box::new(broker)),
        ] {
            twin.feed(at, input);
        }
        twin
    }

    fn feed(&mut self, at: Timestamp, input: Input) {
        if self.at_length {
            self.kernel.calm = Calm::NONE;
        }
        while let Some(due) = self.kernel.due(at) {
            self.decide(due, Input::Timer);
        }
        self.decide(at, input);
    }

    fn decide(&mut self, at: Timestamp, input: Input) {
        if self.at_length {
            self.kernel.calm = Calm::NONE;
        }
        if let Input::Market(MarketData::Bar(bar)) = &input {
            self.shortcuts += usize::from(self.kernel.calm.holds(at, bar));
        }
        self.kernel.decide(&Stamped { at, seen: at, input }, &mut self.out).unwrap();
    }
}

fn day(number: u32) -> TradingDay {
    let midnight = Timestamp::from_secs(1_704_067_200 + i64::from(number) * 86_400);
    let hour = |hours: i64| midnight.plus(Span::from_secs(hours * 3600));
    TradingDay {
        date: 20_240_101 + number,
        open: hour(14),
        close: hour(21),
        extended_open: hour(9),
        extended_close: hour(23),
    }
}

fn input(step: &Step, kernel: &Kernel, now: Timestamp, count: usize) -> Option<(Timestamp, Input)> {
    let reason: Box<str> = "drawn".into();
    Some(match *step {
        Step::Bar { later, cents, early, wrong } => {
            let at = now.plus(Span::from_secs(i64::from(later)));
            let open_time = at.minus(Span::from_secs(i64::from(early)));
            let close = Price::from_nanos((10_000 + cents) * 10_000_000);
            let high = if wrong { Price::from_nanos(1) } else { close };
            let (length, volume) = (Span::from_secs(60), Volume::ZERO);
            let (open, low) = (close, close);
            let symbol = kernel.state().symbols().ids().next()?;
            let bar = Bar { symbol, open_time, length, open, high, low, close, volume };
            (at, Input::Market(MarketData::Bar(bar)))
        }
        Step::Report { fills } => {
            let order = kernel.state().live_orders().next()?;
            let execution = Execution {
                id: ExecutionId(format!("x-{count}").into()),
                price: Price::from_nanos(100 * crate::SCALE),
                quantity: order.remaining(),
            };
            let fills = fills && order.status != OrderStatus::Approved;
            let report = Report {
                order: Some(order.number),
                broker_id: Some(BrokerOrderId(format!("b-{}", order.number).into())),
                kind: if fills { ReportKind::Fill } else { ReportKind::New },
                time: now,
                execution: fills.then_some(execution),
                cumulative: None,
                text: None,
            };
            (now, Input::Report(report))
        }
        Step::Halt => (now, Input::Command(Command::Halt { reason })),
        Step::Resume => (now, Input::Command(Command::Resume { reason })),
        Step::Flatten => (now, Input::Command(Command::Flatten { reason })),
    })
}

fn limits(kind: u8) -> Limits {
    let mut limits = Limits::default();
    match kind {
        0 => {}
        1 => limits.set("entry_time_to_live_s", "90").unwrap(),
        2 => limits.set("flat_before_close_min", "15").unwrap(),
        3 => limits.set("daily_drawdown_percent", "0.01").unwrap(),
        _ => limits.place_stops = true,
    }
    limits
}

proptest::proptest! {
    #[test]
    fn the_short_way_decides_what_the_long_way_decides(
        kind in 0..5_u8,
        hours in prop_oneof![
            proptest::prelude::Just(TradingHours::Regular),
            proptest::prelude::Just(TradingHours::Extended),
            proptest::prelude::Just(TradingHours::Always),
        ],
        steps in proptest::collection::vec(any_step(), 1..200),
    ) {
        let limits = limits(kind);
        let mut short = Twin::new(&limits, hours, false);
        let mut long = Twin::new(&limits, hours, true);
        let mut now = day(0).open;
        for (count, step) in steps.iter().enumerate() {
            let Some((at, input)) = input(step, &long.kernel, now, count) else { continue };
            now = at;
            short.feed(at, input.clone());
            long.feed(at, input);
            proptest::prop_assert_eq!(&short.out.events, &long.out.events);
            proptest::prop_assert_eq!(short.kernel.state(), long.kernel.state());
        }
        proptest::prop_assert_eq!(long.shortcuts, 0);
    }
}

/// The comparison says something: most bars of a quiet day go the short way.
#[test]
fn most_bars_go_the_short_way() {
    let mut twin = Twin::new(&Limits::default(), TradingHours::Regular, false);
    let mut now = day(0).open;
    for count in 0..300 {
        let step = Step::Bar { later: 60, cents: 7, early: 60, wrong: false };
        let (at, input) = input(&step, &twin.kernel, now, count).unwrap();
        now = at;
        twin.feed(at, input);
    }
    assert!(twin.shortcuts > 290, "{}", twin.shortcuts);
}
