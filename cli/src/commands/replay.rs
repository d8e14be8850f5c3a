//! `tradewind replay`.

mod recompute;

use super::{print_json, print_text};
use crate::args::ReplayArgs;
use crate::exit::{Exit, Failure};
use crate::figures::counted;
use kernel::{Event, SessionStart, Strategy};
use runtime::session::replay::{self, ReplayError, ReplayReport};
use serde_json::json;
use strategies::StrategyError;

pub fn run(args: &ReplayArgs) -> Result<(), Failure> {
    if args.recompute_models {
        return recompute::run(args);
    }
    let folder = super::journal::folder(&args.place)?;
    let report = match replay::verify(&folder, build) {
        Ok(report) => report,
        Err(error) => return Err(unreadable(&error, args)?),
    };
    let equal = report.is_equal();
    if args.json {
        print_json(&json!({ "equal": equal, "report": report }))?;
    } else {
        print_text(&text(&report))?;
    }
    match (&report.difference, args.verify) {
        (None, _) => Ok(()),
        (Some(_), false) if args.json => Ok(()),
        (Some(difference), verify) => {
            let text = format!(
                "record {} was decided otherwise than journalled (after input {}): the journal holds {}, decided was {}; this build decides otherwise than the one that wrote the journal",
                difference.seq,
                difference.input,
                words(difference.journalled.as_ref()),
                words(difference.decided.as_ref())
            );
            if verify {
                Err(Failure::new(Exit::CheckFailed, text))
            } else {
                print_text(&(text + "\n"))
            }
        }
    }
}

/// What a journal that cannot be decided again to its end means; a program that asked for a check is
/// told on standard output as well when the answer is no.
fn unreadable(error: &ReplayError<StrategyError>, args: &ReplayArgs) -> Result<Failure, Failure> {
    let failure = Failure::new(Exit::of_replay(error, args.verify), error.to_string());
    if args.json && failure.exit == Exit::CheckFailed {
        print_json(&json!({ "equal": false, "error": failure.message }))?;
    }
    Ok(failure)
}

fn text(report: &ReplayReport) -> String {
    let mut text = format!(
        "session {}: {} decided again, {} compared with the journal, {}\n",
        report.session,
        counted(report.inputs, "input"),
        counted(report.events, "event"),
        counted(report.restarts, "restart")
    );
    if report.cut_inputs > 0 {
        text += &format!(
            "{} had lost events to a crash; nothing they led to had been sent\n",
            counted(report.cut_inputs, "input")
        );
    }
    if report.is_equal() {
        text += &format!("Every event is equal. events {}\n", report.events_hash);
    }
    text
}

/// An event as its kind and its JSON.
fn words(event: Option<&Event>) -> String {
    let Some(event) = event else { return "no event".into() };
    let json = serde_json::to_string(event).unwrap_or_default();
    format!("{} {json}", event.kind())
}

/// Builds the strategies that a session names, as they were.
pub fn build(start: &SessionStart) -> Result<Vec<Box<dyn Strategy>>, StrategyError> {
    let built = start.strategies.iter().map(|spec| {
        let params = spec.params.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        strategies::build(&spec.name, &params.collect(), &start.symbols).map(|(boxed, _)| boxed)
    });
    built.collect()
}
