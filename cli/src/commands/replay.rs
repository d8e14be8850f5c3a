//! `tradewind replay`.

use super::print_json;
use crate::args::ReplayArgs;
use crate::exit::{Exit, Failure};
use kernel::{SessionStart, Strategy};
use runtime::session::replay;
use serde_json::json;
use strategies::StrategyError;

pub fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let folder = super::journal::folder(&args.place)?;
    let report = replay::verify(&folder, build).map_err(Failure::usage)?;
    let equal = report.is_equal();
    if args.json {
        print_json(&json!({ "equal": equal, "report": report }))?;
    } else {
        println!(
            "session {}: {} inputs decided again, {} events compared, {} restarts, events {}",
            report.session, report.inputs, report.events, report.restarts, report.events_hash
        );
    }
    match (&report.difference, args.verify) {
        (None, _) => Ok(()),
        (Some(_), false) if args.json => Ok(()),
        (Some(difference), verify) => {
            let text = format!(
                "record {} was decided otherwise than journalled (after input {}): journalled {:?}, decided {:?}",
                difference.seq, difference.input, difference.journalled, difference.decided
            );
            if verify {
                Err(Failure::new(Exit::CheckFailed, text))
            } else {
                println!("{text}");
                Ok(())
            }
        }
    }
}

/// Builds the strategies that a session names, as they were.
fn build(start: &SessionStart) -> Result<Vec<Box<dyn Strategy>>, StrategyError> {
    let built = start.strategies.iter().map(|spec| {
        let params = spec.params.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        strategies::build(&spec.name, &params.collect(), &start.symbols).map(|(boxed, _)| boxed)
    });
    built.collect()
}
