//! What an operator moves from one virtual account to another. `Bench::feed` checks after each input
//! that they sum to the account.

use crate::common::*;
use kernel::*;

const A: Owner = Owner::Strategy(StrategyId(0));
const B: Owner = Owner::Strategy(StrategyId(1));
const C: Owner = Owner::Strategy(StrategyId(2));

/// A with 40,000 and B with 30,000 of 100,000 USD, C with none of its own; the house holds 7 shares,
/// or is short of them.
fn three(house: i64) -> Bench {
    let usd = |text: &str| Some(Capital::Usd(cash(text)));
    let bench = Bench::cold_shared(&[usd("40000"), usd("30000"), None], Limits::default());
    let mut bench = bench.held(house);
    bench.bar("AAA", "104");
    bench
}

fn usd(from: Owner, to: Owner, amount: &str) -> Transfer {
    Transfer { from, to, what: Transferred::Cash(cash(amount)) }
}

fn aaa(bench: &Bench, from: Owner, to: Owner, count: i64) -> Transfer {
    Transfer { from, to, what: Transferred::Shares(bench.symbol("AAA"), shares(count)) }
}

fn said(bench: &Bench, transfer: &Transfer) -> String {
    bench.kernel.state().may_transfer(transfer).unwrap_err().to_string()
}

fn take(bench: &mut Bench, transfer: Transfer) -> Vec<Event> {
    bench.wait(1);
    bench.feed(Input::Command(Command::Transfer { transfer, reason: "test".into() }))
}

/// Cash and shares of AAA of each.
fn books(bench: &Bench) -> Vec<(String, String)> {
    let symbol = bench.symbol("AAA");
    let books = bench.kernel.state().accounts().iter();
    books
        .map(|(_, book)| (book.cash().to_string(), book.position(symbol).quantity.to_string()))
        .collect()
}

fn book(cash: &str, held: &str) -> (String, String) {
    (cash.into(), held.into())
}

#[test]
fn capital_goes_from_one_to_another_and_nothing_is_earned_by_it() {
    let mut bench = three(0);
    take(&mut bench, usd(A, B, "12500.5"));
    take(&mut bench, usd(Owner::House, A, "30000"));
    assert_eq!(
        books(&bench),
        [book("0", "0"), book("57499.5", "0"), book("42500.5", "0"), book("0", "0")]
    );
    let lines = bench.kernel.state().account_lines();
    let capital = |place: usize| lines[place].capital.unwrap().to_string();
    assert_eq!([capital(0), capital(1), capital(2)], ["0", "57499.5", "42500.5"]);
    assert!(lines.iter().all(|line| line.realised.is_zero() && line.unrealised.is_zero()));
}

#[test]
fn shares_are_taken_over_at_the_last_price() {
    for (held, sign) in [(7, ""), (-7, "-")] {
        let mut bench = three(held);
        let transfer = aaa(&bench, Owner::House, A, 5);
        let events = take(&mut bench, transfer);
        let (from, to) = if held > 0 { (Owner::House, A) } else { (A, Owner::House) };
        let told = Crossing {
            symbol: bench.symbol("AAA"),
            from,
            to,
            quantity: shares(5),
            price: price("104"),
        };
        assert_eq!(events.last(), Some(&Event::CrossedInside(told)));
        let now = books(&bench);
        let paid = if held > 0 { "39480" } else { "40520" };
        assert_eq!(now[1], book(paid, &format!("{sign}5")));
        assert_eq!(now[0].1, format!("{sign}2"));
        // Bought at 100 by the house, handed over at 104; from then on it is A's result.
        let lines = bench.kernel.state().account_lines();
        let realised = if held > 0 { "20" } else { "-20" };
        assert_eq!((lines[0].realised, lines[1].unrealised), (cash(realised), Cash::ZERO));
        let mut state = State::default();
        bench.records.iter().for_each(|record| state.evolve(record).unwrap());
        assert_eq!(&state, bench.kernel.state());
    }
}

/// What the strategy took over it closes as its own.
#[test]
fn a_strategy_closes_what_it_was_given() {
    let mut bench = three(7);
    let sale = bench.market(Side::Sell, 5);
    assert!(denial(&bench.propose_by(0, sale.clone())).is_some());
    let transfer = aaa(&bench, Owner::House, A, 5);
    take(&mut bench, transfer);
    bench.wait(60);
    assert_eq!(denial(&bench.propose_by(0, sale)), None);
    let again = aaa(&bench, A, B, 5);
    assert_eq!(
        said(&bench, &again),
        "a has an open order in this symbol: cancel it first, or wait for its end"
    );
}

#[test]
fn what_cannot_be_moved_stays_and_is_said() {
    let mut bench = three(7);
    let too_dear = Transfer {
        from: Owner::House,
        to: A,
        what: Transferred::Shares(bench.symbol("AAA"), shares(7)),
    };
    take(&mut bench, usd(A, B, "39300"));
    let cases = [
        (usd(A, A, "1"), "a cannot move anything to itself"),
        (usd(A, B, "0"), "what is moved must be more than 0"),
        (usd(A, B, "-5"), "what is moved must be more than 0"),
        (usd(A, B, "700.01"), "a can spare 700 USD, not 700.01"),
        (usd(Owner::House, B, "30000.01"), "house can spare 30000 USD, not 30000.01"),
        (usd(C, A, "1"), "c has no capital of its own: it spends the cash of the house"),
        (usd(A, C, "1"), "c has no capital of its own: it spends the cash of the house"),
        (aaa(&bench, A, B, 1), "a holds 0 shares, not 1"),
        (aaa(&bench, Owner::House, B, 8), "house holds 7 shares, not 8"),
        (aaa(&bench, Owner::House, B, 0), "what is moved must be more than 0"),
        (too_dear, "a can spare 700 USD, not 728"),
    ];
    let before = books(&bench);
    for (transfer, words) in cases {
        assert_eq!(said(&bench, &transfer), words);
        // What comes all the same, as from a journal of the time before, changes nothing.
        let events = take(&mut bench, transfer);
        assert!(matches!(events.as_slice(), [Event::CommandTaken(_)]), "{events:?}");
        assert_eq!(books(&bench), before);
    }
    let alone = Bench::warm(Limits::default());
    let nothing = usd(Owner::House, A, "1");
    assert!(said(&alone, &nothing).starts_with("one strategy has the account to itself"));
}

/// C spends the house's cash: it takes over what it can hold without capital.
#[test]
fn who_has_no_capital_takes_shares_over_with_the_cash_of_the_house() {
    let mut bench = three(7);
    let transfer = aaa(&bench, Owner::House, C, 7);
    take(&mut bench, transfer);
    let now = books(&bench);
    assert_eq!((&*now[0].1, &*now[3].1), ("0", "7"));
    assert_eq!(now[3].0, "-728");
}
