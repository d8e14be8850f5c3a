//! Two runs side by side.

use crate::{BacktestReport, TradeRow};
use serde::Serialize;
use std::collections::BTreeMap;

/// What two runs differ in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The ids.
    pub runs: [String; 2],
    /// Whether both took the same events, in which case nothing that was decided differs.
    pub same_events: bool,
    /// What was set differently: strategy, parameters, data, rules, build.
    pub settings: Vec<Difference<String>>,
    /// Metrics, those that are equal included.
    pub metrics: Vec<Difference<f64>>,
    /// The first trade that is not the same in both.
    pub first_trade: Option<TradeDifference>,
}

/// One thing in both runs; `null` is what a run does not have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference<T> {
    /// Of what.
    pub name: String,
    /// In each run.
    pub values: [Option<T>; 2],
}

/// A trade that is not the same in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TradeDifference {
    /// The trade's number, from 1.
    pub number: usize,
    /// In each run.
    pub trades: [Option<TradeRow>; 2],
}

/// Compares two runs.
pub fn compare(one: &BacktestReport, other: &BacktestReport) -> Comparison {
    let (ours, theirs) = (settings(one), settings(other));
    let mut names: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let differing = names.into_iter().filter(|name| ours.get(*name) != theirs.get(*name));
    let settings = differing.map(|name| Difference {
        name: name.clone(),
        values: [ours.get(name).cloned(), theirs.get(name).cloned()],
    });
    let metrics = one.metrics.iter().map(|(name, value)| Difference {
        name: name.to_owned(),
        values: [value, other.metrics.get(name)],
    });
    Comparison {
        runs: [one.run.clone(), other.run.clone()],
        same_events: one.events_hash == other.events_hash,
        settings: settings.collect(),
        metrics: metrics.collect(),
        first_trade: first_trade(&one.trades, &other.trades),
    }
}

fn first_trade(ours: &[TradeRow], theirs: &[TradeRow]) -> Option<TradeDifference> {
    let count = ours.len().max(theirs.len());
    let place = (0..count).find(|place| ours.get(*place) != theirs.get(*place))?;
    let trades = [ours.get(place).cloned(), theirs.get(place).cloned()];
    Some(TradeDifference { number: place + 1, trades })
}

/// Everything that was set, by its path.
fn settings(report: &BacktestReport) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let texts = [
        ("strategy", report.strategy.clone()),
        ("symbols", report.symbols.join(", ")),
        ("data.hash", report.data.hash.clone()),
        ("data.first", report.data.first.to_string()),
        ("data.last", report.data.last.to_string()),
        ("build", report.manifest.build.clone()),
        ("seed", report.manifest.seed.to_string()),
        ("adjustment", report.manifest.adjustment.clone()),
    ];
    all.extend(texts.map(|(name, text)| (name.to_owned(), text)));
    let params = report.params.iter();
    all.extend(params.map(|(name, value)| (format!("param.{name}"), value.clone())));
    let config = report.manifest.config.iter().filter(|(name, _)| !name.starts_with("strategy."));
    all.extend(config.map(|(name, value)| (name.to_string(), value.to_string())));
    if let Ok(rules) = serde_json::to_value(&report.rules) {
        flatten("rules", &rules, &mut all);
    }
    all
}

fn flatten(path: &str, value: &serde_json::Value, all: &mut BTreeMap<String, String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (name, inner) in map {
                flatten(&format!("{path}.{name}"), inner, all);
            }
        }
        other => {
            all.insert(path.to_owned(), other.to_string().trim_matches('"').to_owned());
        }
    }
}
