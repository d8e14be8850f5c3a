//! `tradewind doctor --conformance`: the protocol's checks with the user's own paper keys.

use super::{print_json, print_text, tokio_runtime};
use crate::args::DoctorArgs;
use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::venue::{self, Venue};
use crate::{assemble, figures};
use kernel::Symbols;
use runtime::alpaca::{Client, Finding, Mode, Names, Outcome, conformance};
use serde_json::json;
use std::path::Path;

/// Runs the checks, prints what they found, and writes the report when one is asked for.
///
/// # Errors
/// When there are no paper keys, the broker refuses them, or a check answers no.
pub fn run(args: &DoctorArgs, settings: &Settings) -> Result<(), Failure> {
    let Venue::Alpaca { endpoints, credentials, .. } = venue::choose(settings, Mode::Paper, false)?
    else {
        return Err(Failure::usage(
            "--conformance needs paper keys: set APCA_API_KEY_ID and APCA_API_SECRET_KEY",
        ));
    };
    let host = endpoints.trading.clone();
    let client = assemble::client(settings, endpoints, credentials)?;
    let symbols = Symbols::new(settings.symbols()).map_err(Failure::usage)?;
    // The checks give their orders ids of their own, so no session's name is needed here.
    let client = client.named(Names::new(symbols, ""));
    let findings = tokio_runtime()?.block_on(check(&client, args.place_order))?;
    if let Some(path) = &args.report {
        write(path, &report(&host, &findings))?;
    }
    if args.json {
        let rows = findings.iter().map(|finding| {
            let outcome = finding.outcome.as_str();
            json!({ "check": finding.check, "outcome": outcome, "detail": finding.detail })
        });
        print_json(&json!({ "host": host, "findings": rows.collect::<Vec<_>>() }))?;
    } else {
        print_text(&lines(&host, &findings))?;
    }
    let failed = findings.iter().filter(|finding| finding.outcome == Outcome::Failed).count();
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::new(Exit::CheckFailed, format!("{failed} of {} checks failed", findings.len())))
}

/// Refused keys are no finding about the protocol, so they end it first.
async fn check(client: &Client, place_order: bool) -> Result<Vec<Finding>, Failure> {
    client.account().await.map_err(|error| Failure::from(&error))?;
    Ok(conformance(client, place_order).await)
}

fn lines(host: &str, findings: &[Finding]) -> String {
    let rows = findings.iter().map(|finding| {
        format!("{:8} {:23} {}\n", mark(finding.outcome), finding.check, finding.detail)
    });
    rows.fold(format!("Conformance of {host}\n"), |text, row| text + row.as_str())
}

const fn mark(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "FAILED",
        Outcome::Skipped => "skipped",
    }
}

/// The report as a document that can be sent to the makers.
fn report(host: &str, findings: &[Finding]) -> String {
    let head = format!(
        "# Conformance of {host}\n\nBy tradewind {} at {} UTC.\n\n| check | outcome | detail |\n| --- | --- | --- |\n",
        env!("CARGO_PKG_VERSION"),
        figures::date_time(runtime::session::machine_time())
    );
    let rows = findings.iter().map(|finding| {
        let detail = finding.detail.replace('|', "\\|").replace('\n', " ");
        format!("| {} | {} | {detail} |\n", finding.check, mark(finding.outcome))
    });
    rows.fold(head, |text, row| text + row.as_str())
}

fn write(path: &Path, report: &str) -> Result<(), Failure> {
    std::fs::write(path, report).map_err(|error| {
        let text = format!("the report {} cannot be written: {error}", path.display());
        Failure::new(Exit::of_io(&error), text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_table_whatever_a_finding_says() {
        let finding =
            Finding { check: "clock", outcome: Outcome::Failed, detail: "a | b\nc".into() };
        let text = report("https://paper-api.alpaca.markets", &[finding]);
        assert!(text.ends_with("| clock | FAILED | a \\| b c |\n"), "{text}");
    }
}
