//! A soak: the release program as an exchange and as a paper session on it, in a process each, over
//! days at a hundred times their speed, while both streams are dropped and fall mute. What both
//! sides have on record is then held against each other, and the session's memory against its
//! bound.
//!
//! ```text
//! cargo run --release --example soak -- target/release/tradewind days
//! ```
//!
//! `cargo xtask acceptance soak` runs it and keeps its table.

#[path = "../../src/stress/claims.rs"]
mod claims;
mod evidence;
mod market;
mod plan;
mod processes;
mod verdict;

use marketdata::Feed;
use plan::Plan;
use processes::{Folder, Sample};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let plan = match words.as_slice() {
        [_, "days"] => &plan::DAYS,
        [_, "minutes"] => &plan::MINUTES,
        [_, "weeks"] => &plan::WEEKS,
        _ => {
            eprintln!("usage: soak TRADEWIND days|minutes|weeks");
            return ExitCode::from(2);
        }
    };
    let folder = std::env::temp_dir().join(format!("tradewind-soak-{}", std::process::id()));
    let folder = Folder(folder);
    match run(Path::new(words.first().copied().unwrap_or_default()), plan, &folder) {
        Ok(verdict) => {
            print!("{}", verdict.table());
            if verdict.holds() {
                let _ = std::fs::remove_dir_all(&folder.0);
                return ExitCode::SUCCESS;
            }
            eprintln!("what was written lies in {}", folder.0.display());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}; what was written lies in {}", folder.0.display());
            ExitCode::FAILURE
        }
    }
}

fn run(program: &Path, plan: &'static Plan, folder: &Folder) -> Result<verdict::Verdict, String> {
    std::fs::create_dir_all(&folder.0)
        .map_err(|error| format!("{}: {error}", folder.0.display()))?;
    let program =
        program.canonicalize().map_err(|error| format!("{}: {error}", program.display()))?;
    let files: [PathBuf; 2] = market::write(plan, &folder.0)?;
    let feed = marketdata::read_files(&files).map_err(|error| error.to_string())?;
    eprintln!("{}: {} rows of market data", plan.name, feed.data.len());
    let (exchange, url) = processes::exchange(&program, plan, folder, &files)?;
    let mut session = processes::session(&program, folder, &url)?;
    let samples = processes::watch(&mut session, folder, end_at(&feed, plan), plan.patience)?;
    exchange.end()?;
    gather(&program, plan, folder, &feed, samples)
}

fn gather(
    program: &Path,
    plan: &'static Plan,
    folder: &Folder,
    feed: &Feed,
    samples: Vec<Sample>,
) -> Result<verdict::Verdict, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let summary = evidence::summary(folder)?;
    let journalled = evidence::Journalled::read(&folder.session())?;
    let record = runtime.block_on(evidence::record(folder, feed))?;
    let breaches = record.breaches(&journalled.claims(&record));
    Ok(verdict::Verdict {
        plan,
        rows: feed.data.len(),
        findings: record.findings().iter().map(ToString::to_string).collect(),
        breaches: breaches.iter().map(ToString::to_string).collect(),
        is_whole: evidence::says(program, folder, &["journal", "verify"], "good")?,
        is_equal: evidence::says(program, folder, &["replay", "--verify"], "equal")?,
        summary,
        journalled,
        samples,
    })
}

/// The step of the market at which the session is told to end.
fn end_at(feed: &Feed, plan: &Plan) -> u64 {
    let left = kernel::Span::from_secs(60 * plan.left_at_end as i64);
    let last = feed.data.last().map(kernel::MarketData::time).unwrap_or_default().minus(left);
    let steps = feed.data.chunk_by(|one, next| one.time() == next.time());
    steps.take_while(|step| step.first().is_some_and(|data| data.time() <= last)).count() as u64
}
