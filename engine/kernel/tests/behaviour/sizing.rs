//! Entries sized by a model: the arithmetic of each, what is measured, and that rounding never
//! makes an entry larger.

use crate::common::*;
use kernel::risk::{Measure, SizeModel, SizedEntry, Sizing};
use kernel::*;
use proptest::prelude::*;
use proptest::strategy::Strategy;

fn percent(text: &str) -> Percent {
    text.parse().unwrap()
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

/// No limit but cash; a market order counts 2.5 % worse than the last price.
fn limits(model: SizeModel, fractional: bool) -> Limits {
    let mut limits = Limits { market_slip: BasisPoints::new(250), max_leverage: 4, ..Limits::OFF };
    limits.stop_loss = Some(BasisPoints::new(150));
    limits.scopes.sizing = vec![Some(Sizing { model, fractional })];
    limits
}

fn buy(bench: &Bench, kind: OrderKind) -> NewOrder {
    NewOrder::new(bench.symbol("AAA"), Side::Buy, shares(7), kind)
}

fn sized(events: &[Event]) -> SizedEntry {
    let found = events.iter().find_map(|event| match event {
        Event::EntrySized { sized, .. } => Some(*sized),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("not sized: {events:?}"))
}

fn approved(events: &[Event]) -> Quantity {
    let found = events.iter().find_map(|event| match event {
        Event::OrderApproved(order) => Some(order.quantity),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("not approved: {events:?}"))
}

/// A market entry at 100, sized by a model on 100,000 USD.
fn entry(model: SizeModel, fractional: bool) -> (SizedEntry, Quantity) {
    let mut bench = Bench::warm(limits(model, fractional));
    let order = buy(&bench, OrderKind::Market);
    let events = bench.propose([Intent::Submit(order)]);
    (sized(&events), approved(&events))
}

#[test]
fn each_model_gives_the_shares_that_its_budget_pays_for_rounded_down() {
    let cases = [
        (SizeModel::Quantity(quantity("12.7")), "12", "12.7"),
        // 10,000 / 102.50
        (SizeModel::Notional(cash("10000")), "97", "97.56097561"),
        // 20 % of 100,000 / 102.50
        (SizeModel::Fraction(percent("20")), "195", "195.12195122"),
        // 1 % of 100,000 over 1.5 % of 102.50
        (SizeModel::Risk(percent("1")), "650", "650.406504065"),
    ];
    for (model, whole, exact) in cases {
        let (sized, approved) = entry(model, false);
        assert_eq!((sized.shares, approved), (quantity(whole), quantity(whole)), "{model:?}");
        let (sized, approved) = entry(model, true);
        let most = quantity(exact);
        let below = most.checked_sub(sized.shares).unwrap();
        assert!(!below.is_negative() && below <= quantity("0.00000001"), "{sized:?}");
        assert_eq!(approved, sized.shares);
    }
}

#[test]
fn risk_is_measured_to_the_stop_that_the_entry_carries() {
    let mut bench = Bench::warm(limits(SizeModel::Risk(percent("1")), true));
    let limit = OrderKind::Limit { limit: price("100") };
    let leg = Leg::StopLoss(StopLoss::at(price("97")));
    let order = buy(&bench, limit).lasting(TimeInForce::Gtc).grouped(OrderClass::Oto { leg });
    let events = bench.propose([Intent::Submit(order)]);
    let sized = sized(&events);
    // 1,000 USD over 3 USD a share; a group is for whole shares, whatever is configured.
    assert_eq!(sized.measure, Some(Measure::Stop(price("97"))));
    assert_eq!((sized.budget, sized.per_share), (cash("1000"), price("3")));
    assert_eq!(approved(&events), shares(333));
}

#[test]
fn a_stop_on_the_wrong_side_and_an_entry_too_small_for_a_share_are_denied() {
    let mut bench = Bench::warm(limits(SizeModel::Risk(percent("1")), false));
    let limit = OrderKind::Limit { limit: price("100") };
    let leg = Leg::StopLoss(StopLoss::at(price("101")));
    let order = buy(&bench, limit).lasting(TimeInForce::Gtc).grouped(OrderClass::Oto { leg });
    assert_eq!(bench.verdict(order), "wrong_side");
    let mut bench = Bench::warm(limits(SizeModel::Notional(cash("102.49")), false));
    let order = buy(&bench, OrderKind::Market);
    assert_eq!(bench.verdict(order), "sized_to_nothing");
}

#[test]
fn exits_are_as_large_as_the_strategy_says() {
    let mut bench =
        Bench::invested(limits(SizeModel::Notional(cash("10000")), false), 50, "100000");
    let exit = bench.market(Side::Sell, 7);
    let events = bench.propose([exit]);
    assert_eq!(approved(&events), shares(7));
    assert_eq!(events.len(), 1, "nothing was sized: {events:?}");
}

/// A bar of AAA a minute after the last.
fn next(bench: &mut Bench, low: &str, high: &str, close: &str) -> Vec<Event> {
    bench.wait(60);
    let mut bar = bench.minute("AAA", close);
    (bar.low, bar.high) = (price(low), price(high));
    bench.feed(Input::Market(MarketData::Bar(bar)))
}

fn atr(bars: u32) -> SizeModel {
    SizeModel::Atr { risk: percent("1"), multiple: percent("200"), bars }
}

#[test]
fn the_true_range_is_smoothed_as_wilder_does_and_not_known_before() {
    let mut bench = Bench::warm(limits(atr(3), false));
    // The bar at 100 is seen; true ranges are 4, then 6 (from the close before), then 2.
    next(&mut bench, "98", "102", "101");
    next(&mut bench, "104", "107", "105");
    let order = Intent::Submit(buy(&bench, OrderKind::Market));
    bench.script.0.lock().unwrap().push(order);
    let events = next(&mut bench, "104", "105", "105");
    let found = sized(&events);
    // (4 + 6 + 1) / 3
    assert_eq!(found.measure, Some(Measure::Range(price("3.666666667"))));
    // 1,000 USD over twice that.
    assert_eq!(approved(&events), shares(136));
    let mut bench = Bench::warm(limits(atr(3), false));
    next(&mut bench, "98", "102", "101");
    next(&mut bench, "98", "102", "101");
    let order = buy(&bench, OrderKind::Market);
    bench.script.0.lock().unwrap().push(Intent::Submit(order));
    // The fourth bar makes it known; the third did not.
    let events = bench.bar("AAA", "101");
    let refused = denial(&events).unwrap();
    assert_eq!(refused.code(), "not_measured");
    assert!(refused.to_string().contains("3 of 4"), "{refused}");
}

#[test]
fn volatility_is_that_of_a_year() {
    let yearly = percent("20");
    let mut bench = Bench::warm(limits(SizeModel::Volatility { yearly, bars: 4 }, false));
    // Returns of about 0.1 % up and down.
    for close in ["100.1", "100", "100.1"] {
        next(&mut bench, "100", "100.1", close);
    }
    let order = buy(&bench, OrderKind::Market);
    bench.script.0.lock().unwrap().push(Intent::Submit(order));
    let events = next(&mut bench, "100", "100.1", "100");
    let found = sized(&events);
    let Some(Measure::Volatility(volatility)) = found.measure else { panic!("{found:?}") };
    // Minutes: 390 a day, 252 days.
    let returns = [0.001, 0.001 / 1.001, 0.001, 0.001 / 1.001_f64];
    let mean = returns.iter().map(|it| it * it).sum::<f64>() / 4.0;
    let expected = (mean * 390.0 * 252.0).sqrt() * 100.0;
    assert!((volatility.to_f64() - expected).abs() < 1e-3, "{volatility} {expected}");
    let most = 100_000.0 * 20.0 / expected / 102.5;
    let bought = approved(&events).to_f64();
    assert!(bought <= most && most - bought < 1.0, "{bought} of {most}");
}

#[test]
fn what_is_measured_survives_a_fold_a_split_and_bars_that_come_again() {
    let mut bench = Bench::warm(limits(atr(3), false));
    for close in ["101", "102", "103", "102"] {
        next(&mut bench, "100", "104", close);
    }
    let again = bench.minute("AAA", "500");
    bench.feed(Input::Warmup(MarketData::Bar(again)));
    let mut state = State::default();
    for record in &bench.records {
        state.evolve(record).unwrap();
    }
    assert!(state == *bench.kernel.state());
    let order = buy(&bench, OrderKind::Market);
    bench.script.0.lock().unwrap().push(Intent::Submit(order));
    let events = next(&mut bench, "100", "104", "102");
    assert_eq!(sized(&events).measure, Some(Measure::Range(price("4"))));
}

fn any_model() -> impl Strategy<Value = SizeModel> {
    let percent = || (1..400_000_000_000_i64).prop_map(Percent::from_nanos);
    prop_oneof![
        (1..100_000_000_000_i64).prop_map(|nanos| SizeModel::Quantity(Quantity::from_nanos(nanos))),
        (1..1_000_000_000_000_000_i64).prop_map(|usd| SizeModel::Notional(Cash::from_nanos(usd))),
        percent().prop_map(SizeModel::Fraction),
        percent().prop_map(SizeModel::Risk),
        percent().prop_map(|yearly| SizeModel::Volatility { yearly, bars: 2 }),
        (percent(), 10_000_000_000..1_000_000_000_000_i64).prop_map(|(risk, multiple)| {
            SizeModel::Atr { risk, multiple: Percent::from_nanos(multiple), bars: 2 }
        }),
    ]
}

proptest! {
    #[test]
    fn rounding_never_makes_an_entry_larger_than_its_budget(
        model in any_model(),
        fractional in any::<bool>(),
        sells in any::<bool>(),
        cents in 1_000..1_000_000_i64,
        moves in proptest::collection::vec(1..500_i64, 3..6),
    ) {
        let mut bench = Bench::warm(limits(model, fractional));
        let at = |cents: i64| Price::from_nanos(cents * 10_000_000);
        for step in moves {
            let (low, high) = (at(cents), at(cents + step));
            next(&mut bench, &low.to_string(), &high.to_string(), &high.to_string());
        }
        let side = if sells { Side::Sell } else { Side::Buy };
        let order = NewOrder::new(bench.symbol("AAA"), side, shares(3), OrderKind::Market);
        bench.script.0.lock().unwrap().push(Intent::Submit(order));
        let events = next(&mut bench, "10", &at(cents).to_string(), "10");
        let Some(Event::EntrySized { sized, .. }) = events.first() else { return Ok(()) };
        let taken = sized.per_share.times(sized.shares);
        prop_assert!(sized.shares.is_positive());
        prop_assert!(sized.shares.is_whole() || (fractional && !sells));
        prop_assert!(taken <= Notional::from_raw(i128::from(sized.budget.nanos()) * i128::from(SCALE)));
        // And not smaller than it must be: one step more is beyond the budget.
        let step = if fractional && !sells { Quantity::from_nanos(1) } else { shares(1) };
        let more = sized.per_share.times(sized.shares.checked_add(step).unwrap());
        if !matches!(model, SizeModel::Quantity(_)) {
            prop_assert!(more > Notional::from_raw(i128::from(sized.budget.nanos()) * i128::from(SCALE)));
        }
    }
}
