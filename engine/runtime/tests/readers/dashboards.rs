//! The Grafana dashboard, which nothing here can open: its structure, its metrics, its layout.

use runtime::telemetry::metric::{self, Kind};
use serde_json::Value;
use std::collections::BTreeSet;

const SESSION: &str = include_str!("../../../../dashboards/grafana/dashboards/session.json");

fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(SESSION).unwrap();
    assert!(dashboard["uid"].is_string() && dashboard["title"].is_string());
    dashboard["panels"].as_array().unwrap().clone()
}

/// Every name under which the program exposes a number.
fn exposed() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for metric in metric::ALL {
        match metric.kind {
            Kind::Counter | Kind::Gauge => _ = names.insert(metric.name.to_owned()),
            Kind::Histogram(_) => names
                .extend(["bucket", "sum", "count"].map(|part| format!("{}_{part}", metric.name))),
        }
    }
    names
}

fn named(expr: &str) -> impl Iterator<Item = &str> {
    let words = expr.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("tradewind_"))
}

#[test]
fn every_panel_asks_for_metrics_that_exist() {
    let exposed = exposed();
    for panel in panels() {
        let title = panel["title"].as_str().unwrap();
        assert_eq!(panel["datasource"]["type"], "prometheus", "{title}");
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title} has no unit");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title} shows nothing");
        for target in targets {
            let expr = target["expr"].as_str().unwrap();
            assert!(named(expr).next().is_some(), "{title}: {expr}");
            for name in named(expr) {
                assert!(exposed.contains(name), "{title} asks for {name}");
            }
            let (open, closed) = (expr.matches(['(', '{']), expr.matches([')', '}']));
            assert_eq!(open.count(), closed.count(), "{title}: {expr}");
        }
    }
}

#[test]
fn panels_have_their_own_ids_and_places() {
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in panels() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()));
        let place = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{}", panel["title"]);
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{} overlaps", panel["title"]);
            }
        }
    }
}

/// What a trader and an operator look for is there.
#[test]
fn nothing_important_is_missing() {
    let shown: BTreeSet<String> = panels()
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap().clone())
        .flat_map(|target| {
            named(target["expr"].as_str().unwrap()).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    for metric in metric::ALL {
        let is_shown = shown.iter().any(|name| name.starts_with(metric.name));
        assert!(is_shown, "no panel shows {}", metric.name);
    }
}
