//! `tradewind data list`.

use super::import::failure;
use super::options;
use crate::args::data::ListArgs;
use crate::commands::{print_json, print_text};
use crate::exit::Failure;
use crate::figures::date_time;
use backtest::store::{Meta, Series, Store};
use marketdata::content::Kind;
use marketdata::resolution;
use serde_json::{Value, json};

pub fn run(args: &ListArgs) -> Result<(), Failure> {
    let store = Store::at(options::store_dir(&args.store));
    let held = store.list().map_err(failure)?;
    let root = store.root().display().to_string();
    if args.json {
        let series: Vec<Value> = held.iter().map(as_json).collect();
        return print_json(&json!({ "store": root, "series": series }));
    }
    if held.is_empty() {
        return print_text(&format!("the store {root} is empty\n"));
    }
    let mut lines = vec![format!(
        "{:12} {:6} {:10} {:10} {:>11}  {:19}  {:19}  {}",
        "symbol", "kind", "resolution", "adjustment", "rows", "first UTC", "last UTC", "feed"
    )];
    lines.extend(held.iter().map(line));
    print_text(&(lines.join("\n") + "\n"))
}

/// The resolution of bars.
pub fn resolution_of(series: &Series) -> Option<String> {
    (series.kind == Kind::Bars).then(|| resolution::name(series.length))
}

fn line(meta: &Meta) -> String {
    let series = &meta.series;
    let (first, last) = match meta.span() {
        Some((first, last)) => (date_time(first), date_time(last)),
        None => Default::default(),
    };
    format!(
        "{:12} {:6} {:10} {:10} {:>11}  {:19}  {:19}  {}",
        series.symbol,
        series.kind.as_str(),
        resolution_of(series).unwrap_or_default(),
        series.adjustment.as_str(),
        meta.rows(),
        first,
        last,
        meta.origin.feed
    )
}

fn as_json(meta: &Meta) -> Value {
    let (series, span) = (&meta.series, meta.span());
    json!({
        "symbol": series.symbol,
        "kind": series.kind.as_str(),
        "resolution": resolution_of(series),
        "adjustment": series.adjustment.as_str(),
        "feed": meta.origin.feed,
        "source": meta.origin.source,
        "imported": meta.origin.imported,
        "rows": meta.rows(),
        "first": span.map(|span| span.0.to_string()),
        "last": span.map(|span| span.1.to_string()),
        "partitions": meta.partitions,
    })
}
