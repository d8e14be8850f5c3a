//! Cash that comes and goes without a trade, and an account that is begun anew.

use crate::common::*;
use kernel::*;

fn moved(bench: &mut Bench, id: &str, kind: MovementKind, amount: &str) -> Vec<Event> {
    bench.feed(Input::Cash(CashMovement { id: id.into(), kind, amount: cash(amount) }))
}

fn marks(bench: &Bench) -> (Cash, Cash) {
    let state = bench.kernel.state();
    (state.day().unwrap().starting_equity, state.high_water().unwrap())
}

#[test]
fn what_is_paid_in_or_out_is_neither_profit_nor_drawdown() {
    for kind in MovementKind::ALL {
        for (amount, after) in [("2500", "102500"), ("-2500", "97500")] {
            let mut bench = Bench::warm(Limits::default());
            let events = moved(&mut bench, "c1", kind, amount);
            assert!(matches!(&events[..], [Event::CashMoved { .. }]), "{events:?}");
            let expected = if kind.is_capital() { after } else { "100000" };
            assert_eq!(marks(&bench), (cash(expected), cash(expected)), "{kind:?}");
            assert_eq!(bench.kernel.state().equity(), cash(after));
            let events = bench.feed(Input::Broker(Box::new(broker(after))));
            assert!(matches!(events[..], [Event::Reconciled { .. }]), "{events:?}");
        }
    }
}

#[test]
fn a_movement_is_booked_once_under_its_name_also_after_a_restart() {
    let mut bench = Bench::warm(Limits::default());
    moved(&mut bench, "c1", MovementKind::Deposit, "10");
    assert_eq!(moved(&mut bench, "c1", MovementKind::Deposit, "10"), []);
    let mut state = State::default();
    bench.records.iter().for_each(|record| state.evolve(record).unwrap());
    bench.kernel = Kernel::recovered(state, vec![Box::new(bench.script.clone())]);
    bench.feed(Input::Restart { build: "test".into() });
    assert_eq!(moved(&mut bench, "c1", MovementKind::Deposit, "10"), []);
    assert_eq!(bench.kernel.state().ledger().cash(), cash("100010"));
}

#[test]
fn what_was_moved_before_the_account_was_taken_over_is_in_its_cash() {
    let mut bench = Bench::cold(Limits::default());
    let fee = FeeCharge { id: "f1".into(), kind: FeeKind::Sec, amount: cash("0.02") };
    assert_eq!(moved(&mut bench, "c1", MovementKind::Deposit, "10"), []);
    assert_eq!(bench.feed(Input::Fee(fee.clone())), []);
    bench.feed(Input::Broker(Box::new(broker("100009.98"))));
    assert_eq!(moved(&mut bench, "c1", MovementKind::Deposit, "10"), [], "listed again");
    assert_eq!(bench.feed(Input::Fee(fee)), []);
    assert_eq!(bench.kernel.state().ledger().cash(), cash("100009.98"));
}

#[test]
fn the_high_water_mark_rises_with_profit_and_stays_in_a_loss() {
    let mut bench = Bench::holding(100);
    assert_eq!(bench.kernel.state().high_water(), Some(cash("110000")));
    bench.bar("AAA", "120");
    let positions = vec![BrokerPosition {
        symbol: bench.symbol("AAA"),
        quantity: shares(100),
        average_price: price("100"),
    }];
    let held = BrokerState { positions, ..broker("100000") };
    bench.feed(Input::Broker(Box::new(held.clone())));
    assert_eq!(bench.kernel.state().high_water(), Some(cash("112000")));
    bench.bar("AAA", "90");
    bench.feed(Input::Broker(Box::new(held)));
    assert_eq!(bench.kernel.state().high_water(), Some(cash("112000")));
}

#[test]
fn what_a_position_was_worth_before_its_first_price_is_no_result_of_the_day() {
    for (first, worth) in [("60", "106000"), ("300", "130000")] {
        let mut bench = Bench::cold(Limits::default());
        let positions = vec![BrokerPosition {
            symbol: bench.symbol("AAA"),
            quantity: shares(100),
            average_price: price("100"),
        }];
        bench.feed(Input::Broker(Box::new(BrokerState { positions, ..broker("100000") })));
        assert_eq!(marks(&bench), (cash("110000"), cash("110000")), "at cost");
        bench.bar("AAA", first);
        assert_eq!(marks(&bench), (cash(worth), cash(worth)), "at {first}");
        assert_eq!(bench.kernel.state().equity(), cash(worth));
        bench.bar("AAA", "50");
        assert_eq!(marks(&bench), (cash(worth), cash(worth)), "a loss is one from then on");
    }
}

fn named(id: &str, amount: &str) -> Input {
    let mut state = broker(amount);
    state.account.id = id.into();
    Input::Broker(Box::new(state))
}

#[test]
fn an_account_that_is_begun_anew_begins_the_books_anew() {
    let mut bench = Bench::cold(Limits::default());
    bench.feed(Input::Link { link: Link::Orders, up: true });
    bench.feed(named("one", "100000"));
    let facts = facts(bench.symbol("AAA"));
    bench.feed(Input::Asset(facts));
    bench.bar("AAA", "100");
    let buy = bench.market(Side::Buy, 10);
    bench.propose([buy]);
    bench.fill(1, "e1", 10, "100");
    let limit = bench.submit(Side::Buy, 5, OrderKind::Limit { limit: price("99") });
    bench.wait(60).propose([limit]);
    bench.report(2, ReportKind::New);
    let events = bench.feed(named("two", "50000"));
    assert!(
        matches!(
            &events[..],
            [
                Event::OrderUpdated { to: OrderStatus::Canceled, .. },
                Event::AccountReset { .. },
                Event::AlertRaised(_),
                Event::Reconciled { .. },
            ]
        ),
        "{events:?}"
    );
    let state = bench.kernel.state();
    assert_eq!((state.equity(), state.live_orders().count()), (cash("50000"), 0));
    assert_eq!(bench.position().quantity, Quantity::ZERO);
    assert_eq!(marks(&bench), (cash("50000"), cash("50000")));
    assert_eq!(state.trading_state(), TradingState::Active, "nothing is unexplained");
    let events = bench.feed(named("two", "50000"));
    assert!(matches!(events[..], [Event::Reconciled { .. }]), "{events:?}");
    let events = bench.feed(named("", "50000"));
    assert!(matches!(events[..], [Event::Reconciled { .. }]), "an id left out says nothing");
}
