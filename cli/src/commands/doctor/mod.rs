//! `tradewind doctor`: is everything that a session needs in place?

mod addresses;
mod broker;

use super::{print_json, print_text, tokio_runtime};
use crate::args::DoctorArgs;
use crate::config::{Settings, schema};
use crate::exit::{Exit, Failure};
use crate::venue;
use crate::{assemble, kafka, resolve, retrain};
use runtime::control::{self, Request};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// How one examination came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    Note,
    Bad,
}

/// One line of the report.
#[derive(Debug, Clone, Serialize)]
struct Row {
    what: &'static str,
    verdict: Verdict,
    text: String,
    /// How the command ends when this is bad.
    #[serde(skip)]
    exit: Exit,
}

impl Row {
    fn good(what: &'static str, text: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Good, text: text.into(), exit: Exit::Done }
    }

    fn note(what: &'static str, text: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Note, text: text.into(), exit: Exit::Done }
    }

    fn bad(what: &'static str, exit: Exit, text: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Bad, text: text.into(), exit }
    }

    fn failed(what: &'static str, failure: Failure) -> Self {
        Self::bad(what, failure.exit, failure.message)
    }
}

const LEAST_FREE_MIB: u64 = 512;
const HONESTY: &str = "Nothing of this program was run against Alpaca itself by its makers; \
                       --conformance checks it with your paper keys";

pub fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let mut layers = resolve::base(&args.config);
    resolve::place(&mut layers, &args.place);
    if args.conformance {
        return super::conformance::run(args, &Settings::new(layers.finish()?));
    }
    let (values, mut mistakes) = layers.examine();
    let settings = Settings::new(values);
    mistakes.extend(venue::mistakes(&settings));
    mistakes.extend(kafka::mistakes(&settings));
    mistakes.extend(retrain::mistakes(&settings));
    if !mistakes.is_empty() {
        let rows = mistakes.iter().map(ToString::to_string);
        let rows = rows.map(|text| Row::bad("configuration", Exit::Usage, text));
        print(&rows.collect::<Vec<_>>(), args.json)?;
        return Err(Failure::usage("the configuration is not good: see above"));
    }
    let tokio = tokio_runtime()?;
    let rows = tokio.block_on(examine(&settings));
    // A name that is still being looked up is not waited for.
    tokio.shutdown_background();
    print(&rows, args.json)?;
    let bad: Vec<&Row> = rows.iter().filter(|row| row.verdict == Verdict::Bad).collect();
    let Some(first) = bad.first() else { return Ok(()) };
    let refused = bad.iter().find(|row| row.exit == Exit::Refused);
    Err(Failure::new(
        refused.unwrap_or(first).exit,
        format!("{} of {} examinations failed: see those marked BAD", bad.len(), rows.len()),
    ))
}

async fn examine(settings: &Settings) -> Vec<Row> {
    let mut rows = vec![Row::good("configuration", "every key is known and in range")];
    rows.extend(versions().await);
    rows.push(Row::good("strategy", settings.strategy_names()));
    rows.extend(disk(&settings.data_dir()));
    let running = running(&settings.data_dir());
    rows.push(match &running {
        Some(status) => {
            let phase = status.get("phase").and_then(Value::as_str).unwrap_or("there");
            Row::note("session", format!("one is {phase} on this data directory"))
        }
        None => Row::good("session", "none is running on this data directory"),
    });
    let own = running.as_ref().and_then(|status| status.get("metrics")?.as_str()?.parse().ok());
    rows.push(addresses::metrics(settings, own));
    rows.extend(addresses::kafka(settings).await);
    rows.extend(broker::examine(settings).await);
    rows.push(Row::note("conformance", HONESTY));
    rows
}

fn print(rows: &[Row], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(&serde_json::json!({ "examinations": rows }));
    }
    let width = rows.iter().map(|row| row.what.len()).max().unwrap_or(0);
    let lines = rows.iter().map(|row| {
        let mark = match row.verdict {
            Verdict::Good => "good",
            Verdict::Note => "note",
            Verdict::Bad => "BAD ",
        };
        format!("{mark}  {:width$}  {}\n", row.what, row.text)
    });
    print_text(&lines.collect::<String>())
}

/// What a report of a fault must name: the program, what it reads and writes, what is linked.
async fn versions() -> Vec<Row> {
    let mut parts = vec![
        ("tradewind", env!("CARGO_PKG_VERSION").to_owned()),
        ("journal format", journal::FORMAT_VERSION.to_string()),
        ("configuration schema", schema::VERSION.to_string()),
        ("exchange state", exchange::server::STATE_VERSION.to_string()),
    ];
    parts.extend(runtime::versions().await);
    let rows = parts.into_iter();
    rows.map(|(part, version)| Row::good("version", format!("{part} {version}"))).collect()
}

/// Whether the data directory takes a file, and how much room there is.
fn disk(dir: &Path) -> Vec<Row> {
    if let Err(failure) = assemble::create_private(dir) {
        return vec![Row::failed("data directory", failure)];
    }
    let trial = dir.join("doctor.tmp");
    let written = std::fs::write(&trial, b"tradewind").and_then(|()| std::fs::remove_file(&trial));
    let directory = match written {
        Ok(()) => Row::good("data directory", format!("{} can be written", dir.display())),
        Err(error) => {
            let text = format!(
                "{} cannot be written: {error}; choose another with --data-dir",
                dir.display()
            );
            Row::bad("data directory", Exit::of_io(&error), text)
        }
    };
    let room = match rustix::fs::statvfs(dir) {
        Ok(free) => {
            let mib = free.f_bavail.saturating_mul(free.f_frsize) / 1_048_576;
            let text = format!("{mib} MiB free, {LEAST_FREE_MIB} wanted");
            if mib < LEAST_FREE_MIB {
                Row::bad("disk", Exit::Other, text)
            } else {
                Row::good("disk", text)
            }
        }
        Err(error) => Row::bad("disk", Exit::Other, format!("cannot be examined: {error}")),
    };
    vec![directory, room]
}

/// The status of a session that runs on the data directory.
fn running(dir: &Path) -> Option<Value> {
    let answer = control::ask(dir, &Request::new("status", "")).ok()?;
    answer.ok.then_some(Value::Object(answer.body))
}
