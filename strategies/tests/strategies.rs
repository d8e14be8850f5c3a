//! Every strategy of the registry, in the kernel and by its laws.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod common;

use common::{Session, bar, params, proposals, swings, symbols};
use kernel::{Intent, Intents, MarketData, Strategy, SymbolId, Trend, View};
use proptest::prelude::*;
use proptest::strategy::Strategy as _;
use strategies::{Entry, build, registry};

fn default_of(name: &str, names: &[&str]) -> Box<dyn Strategy> {
    build(name, &params(&[]), &symbols(names)).unwrap().0
}

fn trade(name: &str, given: &[(&str, &str)], closes: &[i64], names: &[&str]) -> Session {
    let symbols = symbols(names);
    let (strategy, spec) = build(name, &params(given), &symbols).unwrap();
    let mut session = Session::new(strategy, spec, &symbols);
    for (index, cents) in closes.iter().enumerate() {
        for (place, symbol) in symbols.ids().enumerate() {
            session.bar(bar(symbol, index, cents + 700 * place as i64));
            // A model that knows the slow wave; most strategies have no ear for it.
            session.say(symbol, if index / 90 % 2 == 0 { Trend::Up } else { Trend::Down });
        }
    }
    session
}

/// The strategies that look at each symbol by itself.
fn single() -> impl Iterator<Item = &'static Entry> {
    registry().iter().filter(|entry| !["momentum-rotation", "pairs"].contains(&entry.name))
}

#[test]
fn each_trades_every_symbol() {
    let names = ["AAPL", "SPY"];
    for entry in single() {
        let session = trade(entry.name, &[], &swings(900), &names);
        for symbol in symbols(&names).ids() {
            let orders = session.approved.iter().filter(|order| order.symbol == symbol).count();
            let least = if entry.name == "buy-and-hold" { 1 } else { 4 };
            assert!(orders >= least, "{}: {orders} orders in symbol {symbol:?}", entry.name);
        }
    }
}

#[test]
fn long_only_never_sells_short_and_never_holds_two_entries() {
    for entry in single() {
        let session = trade(entry.name, &[("quantity", "7")], &swings(900), &["SPY"]);
        let mut held = 0;
        for (_, shares) in session.fills {
            held += shares;
            assert!(held == 0 || held == 7, "{} holds {held}", entry.name);
        }
    }
}

#[test]
fn both_directions_turn_through_flat() {
    for name in ["sma-crossover", "rsi-mean-reversion", "macd-trend", "bollinger-breakout"] {
        let session = trade(name, &[("direction", "both")], &swings(900), &["SPY"]);
        let (mut held, mut shorts) = (0, 0);
        for (_, shares) in session.fills {
            let before = held;
            held += shares;
            assert!(before == 0 || held == 0, "{name}: one order from {before} to {held}");
            shorts += i32::from(held < 0);
        }
        assert!(shorts > 0, "{name} never sold short");
    }
}

#[test]
fn notional_buys_whole_shares_at_the_last_close() {
    let session = trade("buy-and-hold", &[("notional_usd", "1000")], &[30_000, 30_000], &["SPY"]);
    assert_eq!(session.fills.iter().map(|(_, shares)| *shares).collect::<Vec<_>>(), [3]);
    let session = trade("buy-and-hold", &[("notional_usd", "100")], &[30_000, 30_000], &["SPY"]);
    assert!(session.fills.is_empty(), "100 USD do not buy a share at 300");
}

#[test]
fn each_waits_while_an_order_is_open() {
    // What listens to a model proposes when that has spoken.
    for entry in single().filter(|entry| !default_of(entry.name, &["SPY"]).listens_to_models()) {
        let symbols = symbols(&["SPY"]);
        let (strategy, spec) = entry.create(&params(&[]), &symbols).unwrap();
        let mut twin = default_of(entry.name, &["SPY"]);
        let mut session = Session::new(strategy, spec, &symbols);
        let symbol = symbols.ids().next().unwrap();
        for (index, cents) in swings(900).into_iter().enumerate() {
            let data = bar(symbol, index, cents);
            session.bar(data);
            twin.observe(&data);
            if session.approved.is_empty() {
                continue;
            }
            let mut intents = Intents::default();
            twin.propose(&data, &View::new(session.kernel.state()), &mut intents);
            assert_eq!(intents.as_slice(), [], "{}", entry.name);
            assert_eq!(proposals(twin.as_ref(), &data).len(), 1, "{}", entry.name);
            break;
        }
    }
}

#[test]
fn a_symbol_of_another_session_is_left_alone() {
    let stranger = symbols(&["A", "B", "C"]).ids().last().unwrap();
    for entry in single().filter(|entry| entry.name != "buy-and-hold") {
        let mut strategy = default_of(entry.name, &["A"]);
        for (index, cents) in swings(300).into_iter().enumerate() {
            let data = bar(stranger, index, cents);
            strategy.observe(&data);
            assert_eq!(proposals(strategy.as_ref(), &data), [], "{}", entry.name);
        }
    }
}

fn random_closes() -> impl proptest::strategy::Strategy<Value = Vec<i64>> {
    prop::collection::vec(-120_i64..=120, 1..160).prop_map(|steps| {
        steps
            .into_iter()
            .scan(10_000, |close, step| {
                *close = (*close + step).max(100);
                Some(*close)
            })
            .collect()
    })
}

fn watch(strategy: &mut dyn Strategy, symbol: SymbolId, closes: &[i64]) -> Vec<Vec<Intent>> {
    let steps = closes.iter().enumerate().map(|(index, cents)| {
        let data: MarketData = bar(symbol, index, *cents);
        strategy.observe(&data);
        proposals(strategy, &data)
    });
    steps.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_is_proposed_before_it_is_warm(closes in random_closes()) {
        for entry in single() {
            let mut strategy = default_of(entry.name, &["A"]);
            let due = strategy.warmup_bars();
            let symbol = symbols(&["A"]).ids().next().unwrap();
            for (index, intents) in watch(strategy.as_mut(), symbol, &closes).iter().enumerate() {
                prop_assert!(index + 1 >= due || intents.is_empty(), "{}", entry.name);
            }
        }
    }

    #[test]
    fn reset_is_new(before in random_closes(), after in random_closes()) {
        let symbol = symbols(&["A"]).ids().next().unwrap();
        for entry in single() {
            let (mut used, mut new) = (default_of(entry.name, &["A"]), default_of(entry.name, &["A"]));
            watch(used.as_mut(), symbol, &before);
            used.reset();
            let (used, new) =
                (watch(used.as_mut(), symbol, &after), watch(new.as_mut(), symbol, &after));
            prop_assert_eq!(used, new, "{}", entry.name);
        }
    }

    #[test]
    fn to_propose_changes_nothing(closes in random_closes()) {
        let symbol = symbols(&["A"]).ids().next().unwrap();
        for entry in single() {
            let (mut asked, mut silent) =
                (default_of(entry.name, &["A"]), default_of(entry.name, &["A"]));
            for (index, cents) in closes.iter().enumerate() {
                let data = bar(symbol, index, *cents);
                asked.observe(&data);
                silent.observe(&data);
                let first = proposals(asked.as_ref(), &data);
                prop_assert_eq!(&first, &proposals(asked.as_ref(), &data), "{}", entry.name);
                if index + 1 == closes.len() {
                    prop_assert_eq!(first, proposals(silent.as_ref(), &data), "{}", entry.name);
                }
            }
        }
    }

    #[test]
    fn symbols_do_not_touch_each_other(closes in random_closes(), others in random_closes()) {
        let names = symbols(&["A", "B"]);
        let (a, b) = (names.ids().next().unwrap(), names.ids().last().unwrap());
        for entry in single() {
            let mut alone = default_of(entry.name, &["A", "B"]);
            let mut beside = default_of(entry.name, &["A", "B"]);
            for (index, cents) in closes.iter().enumerate() {
                let data = bar(a, index, *cents);
                alone.observe(&data);
                beside.observe(&data);
                if let Some(cents) = others.get(index) {
                    beside.observe(&bar(b, index, *cents));
                }
                let (alone, beside) =
                    (proposals(alone.as_ref(), &data), proposals(beside.as_ref(), &data));
                prop_assert_eq!(alone, beside, "{}", entry.name);
            }
        }
    }
}
