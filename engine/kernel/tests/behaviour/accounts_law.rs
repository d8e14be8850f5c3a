//! The law of virtual accounts over days of anything: they sum to the account, nobody is opposed, and the
//! journal gives them again. `Bench::feed` checks the first two after each input.

use crate::common::*;
use kernel::*;
use proptest::prelude::*;
use proptest::strategy::Strategy;

/// What may happen next.
#[derive(Debug, Clone)]
enum Step {
    /// A strategy proposes a market order.
    Propose { place: usize, sells: bool, quantity: i64 },
    /// So many shares of an order, the newest or one before it, fill at so many cents.
    Fill { back: usize, quantity: i64, cents: i64 },
    /// The broker says that an order has ended; what fills later is late.
    End { back: usize },
    /// An operator closes the symbol.
    Close,
    /// The broker holds so many shares more or less, and so many cents.
    Hand { shares: i64, cents: i64 },
    /// A fee is posted, and a dividend.
    Posted { cents: i64 },
    /// An operator moves so many shares, and so many USD, from one account to another.
    Move { from: usize, to: usize, shares: i64, usd: i64 },
    /// A day goes by, and the shares are split.
    Split { new: u64, old: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let cents = 8_000_i64..12_000;
    prop_oneof![
        5 => (0..3_usize, any::<bool>(), 1..40_i64)
            .prop_map(|(place, sells, quantity)| Step::Propose { place, sells, quantity }),
        8 => (0..4_usize, 1..40_i64, cents)
            .prop_map(|(back, quantity, cents)| Step::Fill { back, quantity, cents }),
        2 => (0..3_usize).prop_map(|back| Step::End { back }),
        1 => Just(Step::Close),
        1 => (-30..30_i64, -300_000..300_000_i64)
            .prop_map(|(shares, cents)| Step::Hand { shares, cents }),
        1 => (1..200_i64).prop_map(|cents| Step::Posted { cents }),
        2 => (0..4_usize, 0..4_usize, 1..20_i64, 1..20_000_i64)
            .prop_map(|(from, to, shares, usd)| Step::Move { from, to, shares, usd }),
        1 => (1..4_u64, 1..4_u64).prop_map(|(new, old)| Step::Split { new, old }),
    ]
}

fn cents(count: i64) -> i64 {
    count * (SCALE / 100)
}

struct Day {
    bench: Bench,
    orders: u64,
    ids: u64,
}

impl Day {
    fn take(&mut self, step: &Step) {
        self.ids += 1;
        self.bench.wait(10);
        let id: Box<str> = format!("id-{}", self.ids).into();
        match step {
            Step::Propose { place, sells, quantity } => {
                let side = if *sells { Side::Sell } else { Side::Buy };
                let intent = self.bench.market(side, *quantity);
                self.bench.propose_by(*place, intent);
            }
            Step::Fill { back, quantity, cents: at } => {
                let Some(order) = self.order(*back) else { return };
                let at = Price::from_nanos(cents(*at)).to_string();
                self.bench.fill(order, &id, *quantity, &at);
            }
            Step::End { back } => {
                let Some(order) = self.order(*back) else { return };
                self.bench.report(order, ReportKind::Canceled);
            }
            Step::Close => {
                let symbol = self.bench.symbol("AAA");
                self.bench.feed(Input::Command(Command::Close { symbol, reason: "test".into() }));
            }
            Step::Hand { shares, cents } => self.hand(*shares, *cents),
            Step::Posted { cents: amount } => {
                let amount = Cash::from_nanos(cents(*amount));
                self.bench.feed(Input::Fee(FeeCharge {
                    id: id.clone(),
                    kind: FeeKind::Sec,
                    amount,
                }));
                let kind = MovementKind::Dividend;
                self.bench.feed(Input::Cash(CashMovement {
                    id: format!("m{id}").into(),
                    kind,
                    amount,
                }));
            }
            Step::Move { from, to, shares: count, usd } => {
                let owner = |place: usize| match u16::try_from(place).unwrap().checked_sub(1) {
                    Some(id) => Owner::Strategy(StrategyId(id)),
                    None => Owner::House,
                };
                let moved = [
                    Transferred::Shares(self.bench.symbol("AAA"), shares(*count)),
                    Transferred::Cash(Cash::from_whole(*usd).unwrap()),
                ];
                for what in moved {
                    let transfer = Transfer { from: owner(*from), to: owner(*to), what };
                    let reason = "test".into();
                    self.bench.feed(Input::Command(Command::Transfer { transfer, reason }));
                }
            }
            Step::Split { new, old } => {
                let change = ShareChange::Split(Ratio::new(*new, *old).unwrap());
                let state = self.bench.kernel.state();
                let Some(date) = state.day().map(|day| day.hours.date + 1) else { return };
                let symbol = self.bench.symbol("AAA");
                self.bench.feed(Input::Corporate(CorporateAction { id, symbol, date, change }));
                self.bench.wait(86_400);
                self.bench.bar("AAA", "100");
            }
        }
        let last = self.bench.kernel.state().orders().last();
        self.orders = last.map_or(0, |order| order.number.0);
    }

    fn order(&self, back: usize) -> Option<u64> {
        self.orders.checked_sub(u64::try_from(back).unwrap()).filter(|order| *order > 0)
    }

    /// Somebody else trades, and the broker is asked until its word is taken.
    fn hand(&mut self, more: i64, more_cents: i64) {
        let symbol = self.bench.symbol("AAA");
        let ledger = self.bench.kernel.state().ledger();
        let quantity = ledger.position(symbol).quantity.nanos() + more * SCALE;
        let amount = Cash::from_nanos(ledger.cash().nanos() + cents(more_cents));
        let position = BrokerPosition {
            symbol,
            quantity: Quantity::from_nanos(quantity),
            average_price: price("100"),
        };
        let positions = if quantity == 0 { Vec::new() } else { vec![position] };
        for _ in 0..2 {
            self.bench.wait(130);
            let state = BrokerState { positions: positions.clone(), ..broker(&amount.to_string()) };
            self.bench.feed(Input::Broker(Box::new(state)));
        }
        self.bench.feed(Input::Command(Command::Resume { reason: "looked".into() }));
    }
}

fn lived(capital: &[Option<Capital>], steps: &[Step]) -> Bench {
    let limits = Limits {
        max_order_quantity: None,
        max_order_notional: None,
        max_position_notional: None,
        duplicate_window: None,
        stale_after: None,
        stale_after_trades: None,
        stale_after_quotes: None,
        ..Limits::default()
    };
    let rates = FeeRates { sec: vec![(0, 2_780)], ..FeeRates::default() };
    let bench = Bench::shared_with(capital, limits, rates);
    let mut day = Day { bench, orders: 0, ids: 0 };
    steps.iter().for_each(|step| day.take(step));
    day.bench
}

fn has(bench: &Bench, wanted: impl Fn(&Event) -> bool) -> bool {
    bench.records.iter().any(|record| match &record.body {
        RecordBody::Event { event, .. } => wanted(event),
        RecordBody::Input(_) => false,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn accounts_sum_and_are_replayed(
        steps in proptest::collection::vec(step(), 1..60),
        are_apart in any::<bool>(),
    ) {
        let own = Some(Capital::Usd(cash("30000")));
        let capital = if are_apart { [own, own, None] } else { [None; 3] };
        let bench = lived(&capital, &steps);
        let mut state = State::default();
        bench.records.iter().for_each(|record| state.evolve(record).unwrap());
        prop_assert_eq!(&state, bench.kernel.state());
        let bytes = serde_json::to_vec(&state).unwrap();
        let again: State = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(&again, &state);
    }
}

/// The days above do cross, close for all and split: else they would show nothing of it.
#[test]
fn such_days_have_what_the_law_is_about() {
    let buy = |place| Step::Propose { place, sells: false, quantity: 20 };
    let fill = |back, quantity| Step::Fill { back, quantity, cents: 10_100 };
    let steps = [
        buy(0),
        Step::End { back: 0 },
        Step::Propose { place: 1, sells: true, quantity: 20 },
        fill(0, 20),
        fill(1, 7),
        Step::Move { from: 1, to: 2, shares: 3, usd: 10 },
        Step::Split { new: 1, old: 3 },
        Step::Hand { shares: 2, cents: -20_000 },
        Step::Close,
        fill(0, 2),
    ];
    let own = Some(Capital::Usd(cash("30000")));
    let bench = lived(&[own, own, None], &steps);
    assert!(has(&bench, |event| matches!(event, Event::CrossedInside(_))));
    assert!(has(&bench, |event| matches!(event, Event::SharesSplit { .. })));
    assert!(has(&bench, |event| matches!(event, Event::DifferenceFound(_))));
}
