//! `tradewind strategies`, and building the one that a session names.

use super::print_json;
use crate::args::StrategiesArgs;
use crate::config::{Settings, nearest};
use crate::exit::Failure;
use kernel::{Strategy, StrategySpec, Symbols};
use serde_json::json;
use strategies::Entry;

/// The strategy that the settings name, with its resolved parameters.
///
/// # Errors
/// Every mistake in its name and parameters.
pub fn build(
    settings: &Settings,
    symbols: &Symbols,
) -> Result<(Box<dyn Strategy>, StrategySpec), Failure> {
    let (name, params) = (settings.text("strategy.name"), settings.strategy_params());
    strategies::build(name, &params, symbols).map_err(Failure::usage)
}

pub fn run(args: &StrategiesArgs) -> Result<(), Failure> {
    let registry = strategies::registry();
    match &args.name {
        None if args.json => print_json(&registry.iter().map(describe).collect::<Vec<_>>()),
        None => {
            let width = registry.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
            for entry in registry {
                println!("{:width$}  {}", entry.name, entry.summary);
            }
            println!("\nExplain one: tradewind strategies NAME");
            Ok(())
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
    println!("{}: {}\n", entry.name, entry.summary);
    for param in entry.params {
        println!(
            "  --param {}={}\n      {}; expects {}",
            param.name, param.default, param.doc, param.range
        );
    }
    println!("\nTry it: tradewind paper --strategy {} --for 60s", entry.name);
    Ok(())
}
