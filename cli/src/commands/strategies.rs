//! `tradewind strategies`, and building the one that a session names.

use super::{print_json, print_text};
use crate::args::StrategiesArgs;
use crate::config::{Settings, nearest};
use crate::exit::Failure;
use backtest::Chosen;
use kernel::Symbols;
use serde_json::json;
use strategies::Entry;

/// The strategies that the settings name, with their resolved parameters.
///
/// # Errors
/// Every mistake in their names and parameters.
pub fn build(settings: &Settings, symbols: &Symbols) -> Result<Vec<Chosen>, Failure> {
    let all = settings.strategies();
    let built = all.iter().map(|one| strategies::build(&one.name, &one.params, symbols));
    built.collect::<Result<_, _>>().map_err(Failure::usage)
}

pub fn run(args: &StrategiesArgs) -> Result<(), Failure> {
    let registry = strategies::registry();
    match &args.name {
        None if args.json => {
            let all: Vec<_> = registry.iter().map(describe).collect();
            print_json(&json!({ "strategies": all }))
        }
        None => {
            let width = registry.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
            let lines =
                registry.iter().map(|entry| format!("{:width$}  {}\n", entry.name, entry.summary));
            print_text(&(lines.collect::<String>() + "\nExplain one: tradewind strategies NAME\n"))
        }
        Some(name) => {
            let entry = find(name)?;
            if args.json { print_json(&describe(entry)) } else { explain(entry) }
        }
    }
}

fn find(name: &str) -> Result<&'static Entry, Failure> {
    let registry = strategies::registry();
    registry.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let near = nearest(name, registry.iter().map(|entry| entry.name));
        let hint = near.map_or_else(
            || "`tradewind strategies` lists them".to_owned(),
            |near| format!("did you mean {near}?"),
        );
        Failure::usage(format!("there is no strategy {name}; {hint}"))
    })
}

fn describe(entry: &Entry) -> serde_json::Value {
    let params = entry.params.iter().map(|param| {
        json!({
            "name": param.name, "default": param.default,
            "expected": param.range.to_string(), "unit": param.unit, "doc": param.doc,
        })
    });
    json!({
        "name": entry.name, "summary": entry.summary, "params": params.collect::<Vec<_>>(),
    })
}

fn explain(entry: &Entry) -> Result<(), Failure> {
    let mut text = format!("{}: {}\n\n", entry.name, entry.summary);
    for param in entry.params {
        let unit = if param.unit.is_empty() { String::new() } else { format!(" {}", param.unit) };
        text += &format!("  --param {}={}\n", param.name, param.default);
        text += &format!("      {} Expects {}{unit}.\n", param.doc, param.range);
    }
    text += &format!("\nTry it:  tradewind paper --strategy {} --for 60s\n", entry.name);
    text += &format!("On data: tradewind backtest --strategy {} --data FILE...\n", entry.name);
    print_text(&text)
}
