//! Building by name: what is resolved, and what is said about mistakes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use kernel::Symbols;
use std::collections::BTreeMap;
use strategies::{StrategyError, build, registry};

fn symbols(names: &[&str]) -> Symbols {
    Symbols::new(names).unwrap()
}

fn params(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn error(name: &str, given: &[(&str, &str)]) -> String {
    match build(name, &params(given), &symbols(&["SPY"])) {
        Ok(_) => panic!("{name} was built from {given:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_entry_builds_from_its_defaults_and_names_every_parameter() {
    for entry in registry() {
        let (_, spec) = build(entry.name, &BTreeMap::new(), &symbols(&["SPY", "QQQ"])).unwrap();
        assert_eq!(spec.name.as_ref(), entry.name);
        let resolved: Vec<&str> = spec.params.keys().map(AsRef::as_ref).collect();
        let mut declared: Vec<&str> = entry.params.iter().map(|param| param.name).collect();
        declared.sort_unstable();
        assert_eq!(resolved, declared, "{}", entry.name);
    }
}

#[test]
fn a_resolved_specification_builds_the_same_again() {
    for entry in registry() {
        let given = params(&[("quantity", "007"), ("notional_usd", "1e3")]);
        let pair = symbols(&["SPY", "QQQ"]);
        let (_, spec) = build(entry.name, &given, &pair).unwrap();
        let texts = spec.params.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        let (_, again) = build(&spec.name, &texts.collect(), &pair).unwrap();
        assert_eq!(spec, again);
        assert_eq!(spec.params.get("quantity").map(AsRef::as_ref), Some("7"));
        assert_eq!(spec.params.get("notional_usd").map(AsRef::as_ref), Some("1000"));
    }
}

#[test]
fn names_are_unique_and_everything_is_documented() {
    for pair in registry().windows(2) {
        assert!(pair[0].name < pair[1].name, "the registry is sorted by name");
    }
    for entry in registry() {
        assert!(entry.summary.ends_with('.'), "{}", entry.name);
        for param in entry.params {
            assert!(param.doc.ends_with('.'), "{} {}", entry.name, param.name);
        }
    }
}

#[test]
fn the_guide_lists_every_strategy_and_parameter() {
    let guide = include_str!("../../docs/STRATEGIES.md");
    for entry in registry() {
        assert!(guide.contains(&format!("### {}", entry.name)), "{}", entry.name);
        let from = guide.find(&format!("### {}", entry.name)).unwrap();
        let section = guide[from + 4..].split("\n##").next().unwrap();
        for param in entry.params {
            let row = format!("| `{}` | {} |", param.name, param.default);
            assert!(section.contains(&row), "{}: no row {row:?}", entry.name);
        }
    }
}

#[test]
fn unknown_strategies_are_told_the_nearest() {
    assert_eq!(
        error("sma-crosover", &[]),
        "there is no strategy \"sma-crosover\" (did you mean sma-crossover?): choose one of \
         bollinger-breakout, buy-and-hold, ensemble, lstm, macd-trend, momentum-rotation, pairs, \
         rsi-mean-reversion, sma-crossover"
    );
    assert!(!error("x", &[]).contains("did you mean"));
}

#[test]
fn every_mistake_is_told_at_once() {
    let given =
        [("fats", "5"), ("slow", "many"), ("quantity", "0"), ("direction", "up"), ("fast", "2.5")];
    let error = build("sma-crossover", &params(&given), &symbols(&["SPY"])).err().unwrap();
    let StrategyError::Params { mistakes, .. } = &error else { panic!("{error}") };
    assert_eq!(mistakes.len(), 5);
    let text = error.to_string();
    let sentences: Vec<&str> = text.lines().collect();
    assert_eq!(
        sentences,
        [
            "strategy sma-crossover: there is no parameter fats (did you mean fast?): it has fast, \
             slow, quantity, notional_usd, equity_percent, direction, signal",
            "strategy sma-crossover: fast = \"2.5\" is not a whole number: give 1 to 5000 bars",
            "strategy sma-crossover: slow = \"many\" is not a whole number: give 2 to 10000 bars",
            "strategy sma-crossover: quantity = 0 is out of range: give 1 to 1000000 shares",
            "strategy sma-crossover: direction = up is out of range: give long or both",
        ]
    );
}

#[test]
fn values_must_go_together() {
    assert_eq!(
        error("sma-crossover", &[("fast", "30"), ("slow", "30")]),
        "strategy sma-crossover: fast (30) must be below slow (30)"
    );
    assert!(error("macd-trend", &[("fast", "26"), ("slow", "12")]).contains("must be below"));
    assert!(error("rsi-mean-reversion", &[("oversold", "70")]).contains("must be below"));
}

#[test]
fn numbers_that_are_none_are_refused() {
    for text in ["NaN", "inf", "-inf", "", "1,5", "9223372036854775808"] {
        let said = error("bollinger-breakout", &[("deviations", text), ("period", text)]);
        assert_eq!(said.lines().count(), 2, "{text}: {said}");
    }
}
