//! `tradewind model drift`: whether a model still sees what it was trained on.

use super::series::read_series;
use super::{model as models, print_json, print_text};
use crate::args::models::DriftArgs;
use crate::exit::{Exit, Failure};
use crate::models::find;
use kernel::{Bar, Symbols};
use model::Series;
use model::drift::{Drift, Limits, Report, Watch};
use model::folder::Model;
use serde_json::json;
use std::fmt::Write;
use std::sync::Arc;

pub fn run(args: &DriftArgs) -> Result<(), Failure> {
    let name = args.model.as_deref().unwrap_or("champion");
    let model = Arc::new(find(&models::folder(&args.place), name)?);
    let mut series = read_series(&args.data, &args.symbols, &args.format)?;
    model::keep_shown(&mut series, model.card().data.hours()).map_err(Failure::usage)?;
    let mut watch = Watch::new(Arc::clone(&model), Limits::default());
    for bar in in_turn(series)? {
        watch.observe(&bar).map_err(Failure::usage)?;
    }
    let columns = model.pipeline().columns();
    let (report, found) = (watch.monitor().report(), watch.monitor().findings(columns));
    if args.json {
        print_json(&as_json(&model, &report, &found))?;
    } else {
        print_text(&text(&model, &report))?;
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Exit::CheckFailed, verdict(&model, &found)))
}

/// What has drifted, as a sentence: of the features the one that has moved furthest.
fn verdict(model: &Model, found: &[Drift]) -> String {
    let mut parts = Vec::new();
    let features = found.iter().filter_map(|drift| match drift {
        Drift::Feature { column, moved, limit } => Some((column, moved.ks / limit.ks)),
        Drift::Residual { .. } | Drift::Accuracy { .. } => None,
    });
    let count = features.clone().count();
    if let Some((furthest, _)) = features.max_by(|(_, one), (_, other)| one.total_cmp(other)) {
        let of = model.pipeline().columns().len();
        parts.push(format!(
            "{count} of {of} features are distributed otherwise than in training, {furthest} most of all"
        ));
    }
    let is_of_errors = |drift: &&Drift| !matches!(drift, Drift::Feature { .. });
    parts.extend(found.iter().filter(is_of_errors).map(Drift::to_string));
    format!("model {} has drifted: {}", model.id(), parts.join("; "))
}

/// The bars of all symbols as a session would see them, each symbol with an id of its own.
fn in_turn(series: Vec<Series>) -> Result<Vec<Bar>, Failure> {
    let names: Vec<String> = series.iter().map(|one| one.symbol.clone()).collect();
    let symbols = Symbols::new(&names).map_err(Failure::usage)?;
    let mut bars = Vec::new();
    for one in series {
        let Some(symbol) = symbols.id(&one.symbol) else { continue };
        bars.extend(one.bars.into_iter().map(|bar| Bar { symbol, ..bar }));
    }
    bars.sort_by_key(|bar| (bar.end_time(), bar.symbol));
    Ok(bars)
}

fn text(model: &Model, report: &Report) -> String {
    let wanted = model.reference().rows;
    let mut text = format!("Model {} on the last {} rows of features\n\n", model.id(), report.rows);
    // To write into a text never fails.
    if report.columns.is_empty() {
        let _ = writeln!(text, "too few to compare with training: {wanted} are needed");
    } else {
        let _ = writeln!(text, "{:42} {:>16} {:>10}", "feature", "stability index", "distance");
    }
    for (name, moved) in model.pipeline().columns().iter().zip(&report.columns) {
        let _ = writeln!(text, "{name:42} {:>16.3} {:>10.3}", moved.psi, moved.ks);
    }
    let _ = writeln!(text, "\nerrors, cumulated: {:.1} standard deviations", report.residual);
    let _ = match report.accuracy {
        Some((of, value)) => {
            writeln!(text, "of the last {of} predictions {:.1} % came true", 100.0 * value)
        }
        None => writeln!(text, "too few predictions could be judged for an accuracy"),
    };
    text
}

fn as_json(model: &Model, report: &Report, found: &[Drift]) -> serde_json::Value {
    let columns = model.pipeline().columns().iter().zip(&report.columns);
    let columns = columns.map(|(name, moved)| {
        json!({ "feature": name, "stability_index": moved.psi, "distance": moved.ks })
    });
    json!({
        "model": *model.id(),
        "rows": report.rows,
        "features": columns.collect::<Vec<_>>(),
        "residual": report.residual,
        "judged": report.accuracy.map(|(of, _)| of),
        "accuracy": report.accuracy.map(|(_, value)| value),
        "drift": found.iter().map(Drift::to_string).collect::<Vec<_>>(),
    })
}
