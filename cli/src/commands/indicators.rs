//! `tradewind indicators`.

use super::{print_json, print_text};
use crate::args::IndicatorsArgs;
use crate::exit::Failure;
use crate::figures::counted;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use strategies::indicator::{Entry, Output, find, registry};

pub fn run(args: &IndicatorsArgs) -> Result<(), Failure> {
    match &args.name {
        None if args.json => {
            let all: Result<Vec<Value>, Failure> =
                registry().iter().map(|entry| describe(entry)).collect();
            print_json(&json!({ "indicators": all? }))
        }
        None => print_text(&list()?),
        Some(name) => {
            let entry = find(name).map_err(Failure::usage)?;
            if args.json { print_json(&describe(entry)?) } else { print_text(&explain(entry)?) }
        }
    }
}

/// Bars until the first value, with every parameter at its default.
fn warmup(entry: &Entry) -> Result<usize, Failure> {
    let (indicator, _) = entry.create(&BTreeMap::new()).map_err(Failure::other)?;
    Ok(indicator.warmup())
}

fn describe(entry: &Entry) -> Result<Value, Failure> {
    let params = entry.params.iter().map(|param| {
        json!({
            "name": param.name, "default": param.default,
            "expected": param.range.to_string(), "unit": param.unit, "doc": param.doc,
        })
    });
    let outputs = entry.outputs.iter().map(|output| {
        let (least, most) = output.range.unzip();
        json!({
            "name": output.name, "unit": output.unit.to_string(), "least": least, "most": most,
        })
    });
    Ok(json!({
        "name": entry.name, "summary": entry.summary, "params": params.collect::<Vec<_>>(),
        "inputs": entry.inputs.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "outputs": outputs.collect::<Vec<_>>(), "warmup_bars": warmup(entry)?,
        "source": entry.source,
    }))
}

/// One line for each, in columns.
fn list() -> Result<String, Failure> {
    let mut rows = vec![["indicator", "parameters", "warm-up", "range"].map(str::to_owned)];
    for entry in registry() {
        let params: Vec<String> =
            entry.params.iter().map(|param| format!("{}={}", param.name, param.default)).collect();
        let mut ranges: Vec<String> = entry.outputs.iter().map(range).collect();
        ranges.dedup();
        rows.push([
            entry.name.to_owned(),
            params.join(" "),
            counted(warmup(entry)? as u64, "bar"),
            ranges.join("; "),
        ]);
    }
    let wide = |column: usize| {
        let widths = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        widths.max().unwrap_or(0)
    };
    let (name, params, bars) = (wide(0), wide(1), wide(2));
    let lines = rows.iter().map(|[first, second, third, last]| {
        format!("{first:name$}  {second:params$}  {third:>bars$}  {last}\n")
    });
    Ok(lines.collect::<String>()
        + "\nExplain one: tradewind indicators NAME\nSee one:     tradewind indicator NAME --data FILE --plot\n")
}

/// The bounds of an output, or else what it is counted in.
fn range(output: &Output) -> String {
    match output.range {
        Some((least, most)) => format!("{least} to {most}"),
        None => output.unit.to_string(),
    }
}

fn explain(entry: &Entry) -> Result<String, Failure> {
    let mut text = format!("{}: {}\n\n", entry.name, entry.summary);
    for param in entry.params {
        let unit = if param.unit.is_empty() { String::new() } else { format!(" {}", param.unit) };
        text += &format!("  --param {}={}\n", param.name, param.default);
        text += &format!("      {} Expects {}{unit}.\n", param.doc, param.range);
    }
    let inputs: Vec<String> = entry.inputs.iter().map(ToString::to_string).collect();
    let outputs: Vec<String> = entry
        .outputs
        .iter()
        .map(|output| match output.range {
            Some((least, most)) => format!("{} ({least} to {most})", output.name),
            None => format!("{} ({})", output.name, output.unit),
        })
        .collect();
    let warmup = counted(warmup(entry)? as u64, "bar");
    text += &format!("\nLooks at: {}\nSays:     {}\n", inputs.join(", "), outputs.join(", "));
    text += &format!("Warm-up:  {warmup}, with these parameters\nSource:   {}\n", entry.source);
    text += &format!("\nTry it:   tradewind indicator {} --data FILE --plot\n", entry.name);
    Ok(text)
}
