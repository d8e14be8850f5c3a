//! `tradewind replay --recompute-models`.

use super::super::model::folder;
use super::super::{print_json, print_text};
use crate::args::ReplayArgs;
use crate::exit::{Exit, Failure};
use crate::figures::counted;
use crate::models::AtWork;
use kernel::Probability;
use model::folder::ModelError;
use runtime::session::recompute::{RecomputeReport, Word, WordDifference, recompute};
use serde_json::json;

pub fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let journal = super::super::journal::folder(&args.place)?;
    let models = folder(&args.models);
    let load = |id: &str| Ok(AtWork::boxed(models.load(id)?));
    let report = recompute(&journal, args.tolerance, load).map_err(|error| {
        Failure::new(Exit::of_replay::<ModelError>(&error, false), error.to_string())
    })?;
    let is_equal = report.different == 0;
    if args.json {
        print_json(&json!({ "equal": is_equal, "report": report }))?;
    } else {
        print_text(&text(&report, args.tolerance))?;
    }
    if is_equal {
        return Ok(());
    }
    Err(Failure::new(
        Exit::CheckFailed,
        format!(
            "{} of {} come out otherwise; the session traded on what is journalled",
            report.different,
            counted(report.words, "word")
        ),
    ))
}

fn text(report: &RecomputeReport, tolerance: Probability) -> String {
    let RecomputeReport { session, models, words, farthest_millionths, .. } = report;
    if *words == 0 {
        return format!("session {session}: no model said anything in it\n");
    }
    let mut text = format!(
        "session {session}: {} of {} ({}) computed again; where the trend is the same, the farthest is off by {} points\n",
        counted(*words, "word"),
        counted(models.len() as u64, "model"),
        models.join(", "),
        f64::from(*farthest_millionths) / 10_000.0
    );
    for WordDifference { seq, symbol, time, journalled, computed, .. } in &report.differences {
        let now =
            computed.map_or_else(|| "says nothing".into(), |word| format!("says {}", said(word)));
        text += &format!(
            "record {seq}, {symbol} {time}: it said {}, and now {now}\n",
            said(*journalled)
        );
    }
    if report.different == 0 {
        text += &format!("Every word is the same within {tolerance}.\n");
    }
    text
}

fn said(Word { trend, confidence }: Word) -> String {
    format!("{} {confidence}", trend.as_str())
}
