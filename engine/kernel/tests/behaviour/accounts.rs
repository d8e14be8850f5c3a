//! Virtual accounts: each strategy has cash, positions and results of its own, nobody is opposed inside
//! one account, and everything sums to the broker's. `Bench::feed` checks the sums after each input.

use crate::common::*;
use kernel::risk::{Denial, SizeModel, Sizing};
use kernel::*;

const A: Owner = Owner::Strategy(StrategyId(0));
const B: Owner = Owner::Strategy(StrategyId(1));

fn usd(text: &str) -> Option<Capital> {
    Some(Capital::Usd(cash(text)))
}

fn percent(text: &str) -> Option<Capital> {
    Some(Capital::Percent(text.parse().unwrap()))
}

/// Two strategies with 40,000 and 30,000 of 100,000 USD.
fn two() -> Bench {
    Bench::shared(&[usd("40000"), percent("30")], Limits::default())
}

fn view(bench: &Bench, place: u16) -> View<'_> {
    View::of(bench.kernel.state(), StrategyId(place))
}

fn held(bench: &Bench, owner: Owner) -> String {
    let book = bench.kernel.state().accounts().book(owner).unwrap();
    book.position(bench.symbol("AAA")).quantity.to_string()
}

fn cash_of(bench: &Bench, owner: Owner) -> String {
    bench.kernel.state().accounts().book(owner).unwrap().cash().to_string()
}

fn realised(bench: &Bench, owner: Owner) -> String {
    let book = bench.kernel.state().accounts().book(owner).unwrap();
    book.position(bench.symbol("AAA")).realised.to_string()
}

/// Lets a strategy buy or sell at the market, and fills it; `order` is the number it gets.
fn trade(bench: &mut Bench, place: usize, order: u64, side: Side, quantity: i64, at: &str) {
    let intent = bench.market(side, quantity);
    let events = bench.propose_by(place, intent);
    assert_eq!(denial(&events), None);
    bench.fill(order, &format!("x-{order}"), quantity, at);
    bench.wait(60);
}

fn crossings(events: &[Event]) -> Vec<(Owner, Owner, String, String)> {
    let crossings = events.iter().filter_map(|event| match event {
        Event::CrossedInside(it) => {
            Some((it.from, it.to, it.quantity.to_string(), it.price.to_string()))
        }
        _ => None,
    });
    crossings.collect()
}

/// What the journal gives is what the session knows.
fn same_after_replay(bench: &Bench) {
    let mut state = State::default();
    bench.records.iter().for_each(|record| state.evolve(record).unwrap());
    assert_eq!(&state, bench.kernel.state());
}

#[test]
fn each_has_its_capital_its_position_and_its_orders() {
    let mut bench = two();
    assert_eq!(cash_of(&bench, Owner::House), "30000");
    trade(&mut bench, 0, 1, Side::Buy, 10, "100");
    let limit = bench.submit(Side::Buy, 5, OrderKind::Limit { limit: price("98") });
    bench.propose_by(1, limit);
    let symbol = bench.symbol("AAA");
    let (a, b) = (view(&bench, 0), view(&bench, 1));
    assert_eq!(a.position(symbol).quantity, shares(10));
    assert_eq!(b.position(symbol).quantity, Quantity::ZERO);
    assert_eq!((a.cash(), a.equity()), (cash("39000"), cash("40000")));
    assert_eq!((b.cash(), b.equity()), (cash("30000"), cash("30000")));
    assert_eq!((a.has_open_order(symbol), b.has_open_order(symbol)), (false, true));
    bench.bar("AAA", "103");
    assert_eq!(view(&bench, 0).equity(), cash("40030"));
    assert_eq!(view(&bench, 1).equity(), cash("30000"));
    same_after_replay(&bench);
}

#[test]
fn nobody_opens_against_what_another_holds() {
    let mut bench = two();
    trade(&mut bench, 0, 1, Side::Buy, 10, "100");
    let sale = bench.market(Side::Sell, 4);
    let events = bench.propose_by(1, sale);
    let opposed = Denial::OpposesAccount { holder: "a".into(), held: shares(10) };
    assert_eq!(denial(&events), Some(&opposed));
    // On the same side both may hold, and each closes what is its own alone.
    trade(&mut bench, 1, 2, Side::Buy, 4, "101");
    let too_much = bench.market(Side::Sell, 5);
    let events = bench.propose_by(1, too_much);
    assert_eq!(denial(&events).map(Denial::code), Some("reduces_too_much"));
    trade(&mut bench, 1, 3, Side::Sell, 4, "103");
    assert_eq!((held(&bench, A).as_str(), held(&bench, B).as_str()), ("10", "0"));
    assert_eq!((realised(&bench, A).as_str(), realised(&bench, B).as_str()), ("0", "8"));
    // What was there before the session is the house's: nobody closes it, nobody opposes it.
    let cold = Bench::cold_shared(&[usd("40000"), None], Limits::default());
    let mut bench = cold.held(7);
    let sale = bench.market(Side::Sell, 7);
    let events = bench.propose_by(0, sale);
    let opposed = Denial::OpposesAccount { holder: "house".into(), held: shares(7) };
    assert_eq!(denial(&events), Some(&opposed));
}

#[test]
fn entries_are_paid_from_ones_own_capital() {
    let mut bench = Bench::shared(&[usd("2100"), None, None], Limits::default());
    let too_many = bench.market(Side::Buy, 21);
    let events = bench.propose_by(0, too_many);
    // At 100 and 2.5 % slip.
    let needed = cash("2152.5");
    let expected = Denial::OwnCapital { needed, available: cash("2100") };
    assert_eq!(denial(&events), Some(&expected));
    trade(&mut bench, 0, 1, Side::Buy, 10, "100");
    let limit = |bench: &Bench| bench.submit(Side::Buy, 5, OrderKind::Limit { limit: price("98") });
    let intent = limit(&bench);
    assert_eq!(denial(&bench.propose_by(0, intent)), None);
    bench.wait(60);
    // 1,100 USD less 490 that the limit order may need.
    let more = bench.market(Side::Buy, 6);
    let expected = Denial::OwnCapital { needed: cash("615"), available: cash("610") };
    assert_eq!(denial(&bench.propose_by(0, more)), Some(&expected));
    // The others share what is left, and see as much.
    assert_eq!(view(&bench, 1).cash(), cash("97900"));
    trade(&mut bench, 1, 3, Side::Buy, 100, "100");
    assert_eq!(view(&bench, 2).cash(), cash("87900"));
    assert_eq!(view(&bench, 2).equity(), cash("97900"));
    assert_eq!(view(&bench, 2).position(bench.symbol("AAA")).quantity, Quantity::ZERO);
}

#[test]
fn a_size_is_of_ones_own_equity() {
    let mut limits = Limits::default();
    let model = SizeModel::Fraction("10".parse().unwrap());
    limits.scopes.sizing = vec![Some(Sizing { model, fractional: false }), None];
    let mut bench = Bench::shared(&[usd("20000"), None], limits);
    let asked = bench.market(Side::Buy, 1);
    let events = bench.propose_by(0, asked);
    let sized = events.iter().find_map(|event| match event {
        Event::EntrySized { sized, .. } => Some(*sized),
        _ => None,
    });
    let sized = sized.unwrap();
    // 2,000 USD at 102.5.
    assert_eq!((sized.equity, sized.shares), (cash("20000"), shares(19)));
}

/// A buys, is told that its order has ended, and B sells short; then A's fill comes after all.
#[test]
fn a_late_fill_that_opposes_is_crossed_at_its_price() {
    let mut bench = two();
    let limit = bench.submit(Side::Buy, 10, OrderKind::Limit { limit: price("99") });
    bench.propose_by(0, limit);
    bench.report(1, ReportKind::Canceled);
    trade(&mut bench, 1, 2, Side::Sell, 6, "100");
    let events = bench.fill(1, "late", 4, "98");
    assert_eq!(crossings(&events), [(A, B, "4".into(), "98".into())]);
    assert_eq!((held(&bench, A).as_str(), held(&bench, B).as_str()), ("0", "-2"));
    assert_eq!((realised(&bench, A).as_str(), realised(&bench, B).as_str()), ("0", "8"));
    // The rest is more than B is short: what is left is A's.
    let events = bench.fill(1, "later", 6, "97");
    assert_eq!(crossings(&events), [(A, B, "2".into(), "97".into())]);
    assert_eq!((held(&bench, A).as_str(), held(&bench, B).as_str()), ("4", "0"));
    assert_eq!(realised(&bench, B), "14");
    same_after_replay(&bench);
}

/// An exit of the one that no longer covers its position is cancelled when a crossing has shrunk it.
#[test]
fn exits_end_that_a_crossing_has_left_without_a_position() {
    let mut bench = two();
    let limit = bench.submit(Side::Sell, 8, OrderKind::Limit { limit: price("103") });
    bench.propose_by(1, limit);
    bench.report(1, ReportKind::Canceled);
    trade(&mut bench, 0, 2, Side::Buy, 10, "100");
    let exit = bench.submit(Side::Sell, 10, OrderKind::Limit { limit: price("104") });
    bench.propose_by(0, exit);
    bench.report(3, ReportKind::New);
    let events = bench.fill(1, "late", 8, "103");
    assert_eq!(crossings(&events), [(A, B, "8".into(), "103".into())]);
    let cancels =
        |event: &Event| matches!(event, Event::CancelApproved { order, .. } if order.0 == 3);
    assert!(events.iter().any(cancels), "{events:?}");
}

fn by_hand(bench: &mut Bench, quantity: i64, amount: &str) -> Vec<Event> {
    let symbol = bench.symbol("AAA");
    let position =
        BrokerPosition { symbol, quantity: shares(quantity), average_price: price("100") };
    let positions = if quantity == 0 { Vec::new() } else { vec![position] };
    let state = BrokerState { positions, ..broker(amount) };
    bench.wait(30);
    bench.feed(Input::Broker(Box::new(state.clone())));
    bench.wait(30);
    bench.feed(Input::Broker(Box::new(state)))
}

#[test]
fn a_position_closed_by_hand_is_closed_in_its_strategys_books_at_the_hands_price() {
    let mut bench = two();
    trade(&mut bench, 0, 1, Side::Buy, 10, "100");
    trade(&mut bench, 1, 2, Side::Buy, 5, "100");
    // 15 were held for 1,500 USD; a hand sells 6 at 104 while the last price is 100.
    let events = by_hand(&mut bench, 9, "99124");
    assert_eq!(
        crossings(&events),
        [(A, Owner::House, "4".into(), "104".into()), (B, Owner::House, "2".into(), "104".into())]
    );
    assert_eq!((held(&bench, A).as_str(), held(&bench, B).as_str()), ("6", "3"));
    assert_eq!((realised(&bench, A).as_str(), realised(&bench, B).as_str()), ("16", "8"));
    assert_eq!(
        (held(&bench, Owner::House).as_str(), cash_of(&bench, Owner::House).as_str()),
        ("0", "30000")
    );
    let events = by_hand(&mut bench, 0, "100024");
    assert_eq!(crossings(&events).len(), 2);
    assert_eq!((cash_of(&bench, A).as_str(), cash_of(&bench, B).as_str()), ("40016", "30008"));
    assert_eq!(cash_of(&bench, Owner::House), "30000");
    same_after_replay(&bench);
}

#[test]
fn what_is_bought_by_hand_is_the_houses() {
    let mut bench = two();
    trade(&mut bench, 0, 1, Side::Buy, 10, "100");
    let events = by_hand(&mut bench, 13, "98700");
    assert_eq!(crossings(&events), []);
    assert_eq!((held(&bench, Owner::House).as_str(), held(&bench, A).as_str()), ("3", "10"));
    assert_eq!(cash_of(&bench, Owner::House), "29700");
}

#[test]
fn a_close_of_the_account_is_divided_by_what_each_holds() {
    let mut bench = two();
    trade(&mut bench, 0, 1, Side::Buy, 10, "100");
    trade(&mut bench, 1, 2, Side::Buy, 5, "100");
    let symbol = bench.symbol("AAA");
    bench.feed(Input::Command(Command::Close { symbol, reason: "test".into() }));
    // 4 of 15: 2.67 and 1.33, in whole shares.
    bench.fill(3, "x-3", 4, "102");
    assert_eq!((held(&bench, A).as_str(), held(&bench, B).as_str()), ("7", "4"));
    assert_eq!((realised(&bench, A).as_str(), realised(&bench, B).as_str()), ("6", "2"));
    bench.fill(3, "x-4", 11, "102");
    assert_eq!((held(&bench, A).as_str(), held(&bench, B).as_str()), ("0", "0"));
    assert_eq!((cash_of(&bench, A).as_str(), cash_of(&bench, B).as_str()), ("40020", "30010"));
    same_after_replay(&bench);
}

/// The kernel's own stop is the account's; what it sells beyond the strategies' shares is the house's.
#[test]
fn a_stop_of_the_account_sells_for_all() {
    let mut limits = Limits { place_stops: true, ..Limits::default() };
    limits.set("stop_loss_percent", "2").unwrap();
    let bench = Bench::cold_shared(&[usd("40000"), usd("30000")], limits);
    let mut bench = bench.held(2);
    // The stop that rests for the house's shares ends before more are bought.
    let intent = bench.market(Side::Buy, 6);
    bench.propose_by(0, intent);
    bench.report(1, ReportKind::Canceled);
    bench.fill(2, "x-2", 6, "100");
    let stop = bench.kernel.state().live_orders().map(|order| order.number.0).collect::<Vec<_>>();
    let [stop] = stop[..] else { panic!("one stop rests: {stop:?}") };
    bench.report(stop, ReportKind::New);
    bench.fill(stop, "stop", 4, "98");
    assert_eq!((held(&bench, A).as_str(), held(&bench, Owner::House).as_str()), ("3", "1"));
    bench.fill(stop, "stop-2", 4, "98");
    assert_eq!((held(&bench, A).as_str(), held(&bench, Owner::House).as_str()), ("0", "0"));
    assert_eq!(realised(&bench, A), "-12");
}

fn split_tomorrow(bench: &mut Bench, new: u64, old: u64) -> Vec<Event> {
    let change = ShareChange::Split(Ratio::new(new, old).unwrap());
    let (id, symbol, date) = ("s1".into(), bench.symbol("AAA"), 20_240_604);
    bench.feed(Input::Corporate(CorporateAction { id, symbol, date, change }));
    bench.wait(86_400);
    bench.bar("BBB", "50")
}

#[test]
fn what_a_split_leaves_over_is_the_houses() {
    let mut bench = two();
    trade(&mut bench, 0, 1, Side::Buy, 5, "100");
    trade(&mut bench, 1, 2, Side::Buy, 5, "100");
    split_tomorrow(&mut bench, 1, 3);
    assert_eq!(bench.position().quantity.to_string(), "3.333333333");
    assert_eq!(
        (held(&bench, A).as_str(), held(&bench, B).as_str()),
        ("1.666666666", "1.666666666")
    );
    assert_eq!(held(&bench, Owner::House), "0.000000001");
    same_after_replay(&bench);
}

/// An exit that a split has ended and that is asked for anew is its strategy's still.
#[test]
fn an_exit_that_is_renewed_after_a_split_sells_for_its_strategy() {
    let mut bench = two();
    trade(&mut bench, 0, 1, Side::Buy, 10, "100");
    trade(&mut bench, 1, 2, Side::Buy, 10, "100");
    let (symbol, kind) = (bench.symbol("AAA"), OrderKind::Stop { stop: price("90") });
    let stop = NewOrder::new(symbol, Side::Sell, shares(10), kind).lasting(TimeInForce::Gtc);
    bench.propose_by(0, Intent::Submit(stop));
    bench.report(3, ReportKind::New);
    split_tomorrow(&mut bench, 2, 1);
    bench.report(3, ReportKind::Canceled);
    bench.bar("AAA", "50");
    assert_eq!(bench.kernel.state().order(OrderNumber(4)).unwrap().origin, Origin::Kernel);
    let exits = |place: u16| view(&bench, place).open_orders(symbol).count();
    assert_eq!((exits(0), exits(1)), (1, 0));
    bench.fill(4, "stop", 20, "45");
    assert_eq!((held(&bench, A).as_str(), held(&bench, B).as_str()), ("0", "20"));
    assert_eq!(realised(&bench, A), "-100");
    same_after_replay(&bench);
}

#[test]
fn dividends_interest_and_deposits_are_the_houses() {
    let mut bench = two();
    trade(&mut bench, 0, 1, Side::Buy, 5, "100");
    let kinds = [MovementKind::Dividend, MovementKind::Interest, MovementKind::Deposit];
    for (id, kind) in ["m1", "m2", "m3"].into_iter().zip(kinds) {
        bench.feed(Input::Cash(CashMovement { id: id.into(), kind, amount: cash("10") }));
    }
    assert_eq!(
        (cash_of(&bench, Owner::House).as_str(), cash_of(&bench, A).as_str()),
        ("30030", "39500")
    );
}

fn rates() -> FeeRates {
    FeeRates { sec: vec![(0, 2_780)], ..FeeRates::default() }
}

/// Each pays what was due for its executions, and the house what the broker's rounding took beside.
#[test]
fn fees_are_paid_by_whose_executions_they_are_for() {
    let mut bench = Bench::shared_with(&[usd("40000"), usd("30000")], Limits::default(), rates());
    trade(&mut bench, 0, 1, Side::Buy, 30, "100");
    trade(&mut bench, 1, 2, Side::Buy, 10, "100");
    let symbol = bench.symbol("AAA");
    bench.feed(Input::Command(Command::Close { symbol, reason: "test".into() }));
    bench.fill(3, "x-3", 40, "100");
    let due = |bench: &Bench, owner| {
        bench.kernel.state().accounts().book(owner).unwrap().accrued_fees().to_string()
    };
    assert_eq!((due(&bench, A).as_str(), due(&bench, B).as_str()), ("0.0834", "0.0278"));
    bench.feed(Input::Fee(FeeCharge { id: "f1".into(), kind: FeeKind::Sec, amount: cash("0.12") }));
    assert_eq!((due(&bench, A).as_str(), due(&bench, B).as_str()), ("0", "0"));
    assert_eq!(
        (cash_of(&bench, A).as_str(), cash_of(&bench, B).as_str()),
        ("39999.9166", "29999.9722")
    );
    assert_eq!(cash_of(&bench, Owner::House), "29999.9912");
    same_after_replay(&bench);
}

/// Without capital strategies share the account as one, and the books say whose result it was.
#[test]
fn without_capital_all_trade_in_one_position() {
    let mut bench = Bench::shared(&[None, None], Limits::default());
    trade(&mut bench, 0, 1, Side::Buy, 10, "100");
    let symbol = bench.symbol("AAA");
    assert_eq!(view(&bench, 1).position(symbol).quantity, shares(10));
    assert_eq!(view(&bench, 1).cash(), cash("99000"));
    let sale = bench.market(Side::Sell, 10);
    assert_eq!(denial(&bench.propose_by(1, sale)), None);
    let events = bench.fill(2, "x-2", 10, "103");
    assert_eq!(crossings(&events), [(A, B, "10".into(), "103".into())]);
    assert_eq!((realised(&bench, A).as_str(), realised(&bench, B).as_str()), ("30", "0"));
    assert_eq!((cash_of(&bench, A).as_str(), cash_of(&bench, B).as_str()), ("30", "0"));
}

#[test]
fn one_strategy_without_capital_has_the_account_to_itself() {
    let mut bench = Bench::shared(&[None], Limits::default());
    assert!(!bench.kernel.state().accounts().are_kept());
    assert!(bench.kernel.state().account_lines().is_empty());
    trade(&mut bench, 0, 1, Side::Buy, 10, "100");
    assert_eq!(view(&bench, 0).cash(), cash("99000"));
    assert_eq!(bench.kernel.state().account_total(&[]).equity, cash("100000"));
}

/// The lines that people see sum to the account, also where mean costs differ.
#[test]
fn what_people_see_sums_to_the_account() {
    let mut bench = two();
    trade(&mut bench, 0, 1, Side::Buy, 10, "100");
    trade(&mut bench, 1, 2, Side::Buy, 10, "103");
    trade(&mut bench, 0, 3, Side::Sell, 5, "104");
    let lines = bench.kernel.state().account_lines();
    let names: Vec<&str> = lines.iter().map(|line| &*line.account).collect();
    assert_eq!(names, ["house", "a", "b"]);
    let total = bench.kernel.state().account_total(&lines);
    let sum =
        |of: fn(&AccountLine) -> Cash| -> i64 { lines.iter().map(|line| of(line).nanos()).sum() };
    assert_eq!(sum(|line| line.equity), total.equity.nanos());
    assert_eq!(sum(|line| line.cash), total.cash.nanos());
    assert_eq!((lines[1].realised, lines[2].realised), (cash("20"), Cash::ZERO));
    let made = total.realised.checked_add(total.unrealised).unwrap();
    assert_eq!(made, total.equity.checked_sub(cash("100000")).unwrap());
}

/// The process ends after the fill is on disk and before the crossing is told.
#[test]
fn a_crossing_that_a_crash_cut_off_is_told_after_it() {
    let mut bench = two();
    let limit = bench.submit(Side::Buy, 4, OrderKind::Limit { limit: price("99") });
    bench.propose_by(0, limit);
    bench.report(1, ReportKind::Canceled);
    trade(&mut bench, 1, 2, Side::Sell, 6, "100");
    bench.fill(1, "late", 4, "98");
    let is_crossing = |record: &Record| {
        matches!(&record.body, RecordBody::Event { event: Event::CrossedInside(_), .. })
    };
    let cut = bench.records.iter().position(is_crossing).unwrap();
    let mut state = State::default();
    bench.records[..cut].iter().for_each(|record| state.evolve(record).unwrap());
    bench.records.truncate(cut);
    bench.kernel = Kernel::recovered(state, built(&bench.scripts));
    let events = bench.feed(Input::Restart { build: "test".into() });
    assert_eq!(crossings(&events), [(A, B, "4".into(), "98".into())]);
    assert_eq!((held(&bench, A).as_str(), held(&bench, B).as_str()), ("0", "-2"));
    same_after_replay(&bench);
}

#[test]
fn capital_beyond_the_cash_is_told() {
    let mut bench = Bench::cold_shared(&[usd("90000"), percent("30")], Limits::default());
    let events = bench.feed(Input::Broker(Box::new(broker("100000"))));
    let told = |event: &Event| matches!(event, Event::AlertRaised(alert) if &*alert.code == "capital_exceeds_cash");
    assert!(events.iter().any(told), "{events:?}");
    assert_eq!(cash_of(&bench, Owner::House), "-20000");
}

#[test]
fn an_account_begun_anew_is_divided_anew() {
    let mut bench = Bench::cold_shared(&[usd("40000"), percent("30")], Limits::default());
    let named = |amount: &str, id: &str| {
        let mut state = broker(amount);
        state.account.id = id.into();
        Input::Broker(Box::new(state))
    };
    bench.feed(Input::Link { link: Link::MarketData, up: true });
    bench.feed(Input::Link { link: Link::Orders, up: true });
    bench.feed(named("100000", "one"));
    bench.feed(named("200000", "other"));
    assert_eq!((cash_of(&bench, A).as_str(), cash_of(&bench, B).as_str()), ("40000", "60000"));
    assert_eq!(cash_of(&bench, Owner::House), "100000");
}
