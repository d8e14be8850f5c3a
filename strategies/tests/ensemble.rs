//! Votes of strategies and of models, and what is done when models fall silent.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod common;

use common::{Session, bar, params, swings, symbols};
use kernel::{SymbolId, Trend};
use strategies::build;

/// Fills in the order in which they came, after each bar of which a model says something or nothing.
fn fills(
    name: &str,
    given: &[(&str, &str)],
    say: impl Fn(usize) -> Option<Trend>,
) -> Vec<(SymbolId, i64)> {
    played(name, given, |session, symbol, index| {
        if let Some(trend) = say(index) {
            session.say(symbol, trend);
        }
    })
}

/// Fills where something happens after each bar.
fn played(
    name: &str,
    given: &[(&str, &str)],
    happen: impl Fn(&mut Session, SymbolId, usize),
) -> Vec<(SymbolId, i64)> {
    let symbols = symbols(&["SPY"]);
    let (strategy, spec) = build(name, &params(given), &symbols).unwrap();
    let mut session = Session::new(strategy, spec, &symbols);
    let symbol = symbols.ids().next().unwrap();
    for (index, cents) in swings(900).into_iter().enumerate() {
        session.bar(bar(symbol, index, cents));
        happen(&mut session, symbol, index);
    }
    session.fills
}

fn silence(_: usize) -> Option<Trend> {
    None
}

fn refusal(given: &[(&str, &str)]) -> String {
    match build("ensemble", &params(given), &symbols(&["SPY"])) {
        Ok(_) => panic!("it was built from {given:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn where_one_vote_is_enough_and_one_votes_it_does_what_that_one_does() {
    for direction in ["long", "both"] {
        let alone =
            [("needed", "1"), ("macd_trend", "0"), ("models", "0"), ("direction", direction)];
        let voted = fills("ensemble", &alone, silence);
        assert!(voted.len() > 8);
        assert_eq!(voted, fills("sma-crossover", &[("direction", direction)], silence));
    }
}

#[test]
fn what_one_alone_wants_is_not_done() {
    let both = [("sma_crossover", "1"), ("rsi_mean_reversion", "1"), ("macd_trend", "0")];
    let both: Vec<_> = both.into_iter().chain([("models", "0")]).collect();
    let (voted, alone) = (fills("ensemble", &both, silence), fills("sma-crossover", &[], silence));
    assert!(voted.len() < alone.len(), "{} of {}", voted.len(), alone.len());
    let all: Vec<_> = both.into_iter().filter(|(name, _)| *name != "needed").collect();
    let all: Vec<_> = all.into_iter().chain([("needed", "1")]).collect();
    assert!(fills("ensemble", &all, silence).len() > alone.len(), "each alone is enough");
}

#[test]
fn with_a_models_vote_it_decides_when_that_has_spoken() {
    let given = [("needed", "2"), ("macd_trend", "0")];
    assert_eq!(fills("ensemble", &given, silence), [], "nobody spoke");
    assert_eq!(fills("ensemble", &given, |_| Some(Trend::Flat)), [], "and nobody agreed");
    let ups = fills("ensemble", &given, |_| Some(Trend::Up));
    assert_eq!(ups.len(), 1, "two enter, and one alone never leaves");
    let alone = fills("sma-crossover", &[], silence);
    let agreed = fills("ensemble", &given, |index| {
        // As the crossover would have it most of the time.
        let slow = |index: usize| swings(900)[index.saturating_sub(20)];
        Some(if swings(900)[index] > slow(index) { Trend::Up } else { Trend::Down })
    });
    assert!(agreed.len() > 4 && agreed.len() <= alone.len(), "{} {}", agreed.len(), alone.len());
}

#[test]
fn the_rules_go_on_where_a_model_has_fallen_silent() {
    let given = [("needed", "1"), ("macd_trend", "0"), ("models", "1")];
    let alone = fills("sma-crossover", &[], silence);
    assert_eq!(fills("ensemble", &given, silence), alone, "it has never spoken");
    let until = |bars: usize| {
        played("ensemble", &given, move |session, symbol, index| {
            if index < bars {
                session.say(symbol, Trend::Up);
            } else {
                session.wait();
            }
        })
    };
    // While it says up, one vote to leave meets one to stay.
    let (whole, half) = (until(900), until(450));
    assert_eq!(whole.len(), 1, "{whole:?}");
    assert!(half.len() > 3 && half[0] == whole[0], "{half:?}");
    let sides = |fills: &[(SymbolId, i64)]| -> Vec<i64> {
        fills.iter().rev().take(3).map(|(_, quantity)| quantity.signum()).collect()
    };
    assert_eq!(sides(&half), sides(&alone), "it ends as the crossover alone");
    let drifted = played("ensemble", &given, |session, symbol, index| {
        if index == 450 {
            session.drift();
        }
        session.say(symbol, Trend::Up);
    });
    assert_eq!(drifted, half, "nobody listens to one that has drifted");
}

/// What a model has led to is not left to a word that nobody gives any more.
#[test]
fn after_a_drift_positions_are_closed_kept_or_traded_on_by_rules() {
    let after = |word: &str, direction: &str| {
        let given = [("after_drift", word), ("direction", direction)];
        played("lstm", &given, |session, symbol, index| {
            if index == 450 {
                session.drift();
            }
            session.say(symbol, Trend::Up);
        })
    };
    assert_eq!(after("hold", "long").len(), 1);
    let closed = after("close", "long");
    assert_eq!(closed.iter().map(|(_, quantity)| *quantity).collect::<Vec<_>>(), [10, -10]);
    for direction in ["long", "both"] {
        let (ruled, alone) = (
            after("sma-crossover", direction),
            fills("sma-crossover", &[("direction", direction)], silence),
        );
        assert!(ruled.len() > 3 && ruled.len() < alone.len(), "{} {}", ruled.len(), alone.len());
        assert_eq!(ruled[ruled.len() - 3..], alone[alone.len() - 3..], "it ends as the rule alone");
    }
}

/// A word that fails to come is no drift.
#[test]
fn without_a_drift_a_silent_model_leaves_positions_alone() {
    let fills = played("lstm", &[], |session, symbol, index| {
        if index < 100 {
            session.say(symbol, Trend::Up);
        } else {
            session.wait();
        }
    });
    assert_eq!(fills.len(), 1);
}

#[test]
fn a_model_that_speaks_is_waited_for() {
    let given = [("needed", "1"), ("macd_trend", "0"), ("models", "1")];
    assert!(!fills("sma-crossover", &[], silence).is_empty());
    let downs = fills("ensemble", &given, |_| Some(Trend::Down));
    assert_eq!(downs, [], "on a bar alone the rule would have bought, before the model spoke");
}

#[test]
fn more_votes_than_there_are_cannot_be_needed() {
    assert_eq!(
        refusal(&[("needed", "4")]),
        "strategy ensemble: needed (4) must not be above all votes there are (3)"
    );
}
