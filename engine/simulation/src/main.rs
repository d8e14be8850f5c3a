//! Runs seeds: all of a range on all cores, or one with everything that happens in it.

use clap::Parser;
use simulation::{Coverage, Outcome, run, run_by_record};
use std::io::Write;
use std::num::NonZero;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Simulated days of trading with faults, judged from the exchange's side.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// How many seeds to run.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// One seed alone.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Write everything that happens in that seed to stderr.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Stop at the first seed that breaks a law.
    #[arg(long)]
    first: bool,
    /// Let the checkers of the exchange's record alone judge.
    #[arg(long)]
    by_record: bool,
    /// Threads; all cores by default.
    #[arg(long)]
    jobs: Option<NonZero<usize>>,
}

/// Seeds that broke a law, which the tests run for good.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus.txt");

/// The sum of many seeds.
#[derive(Default)]
struct Total {
    seeds: u64,
    days: u64,
    orders: u64,
    fills: u64,
    faults: u64,
    lives: u64,
    again: u64,
    fewest_orders: Option<u64>,
    fewest_faults: Option<u64>,
    coverage: Coverage,
    failed: Vec<Outcome>,
}

impl Total {
    fn add(&mut self, outcome: Outcome) {
        self.seeds += 1;
        self.days += outcome.days;
        self.orders += outcome.orders;
        self.fills += outcome.fills;
        self.faults += outcome.faults;
        self.lives += u64::from(outcome.lives);
        self.again += u64::from(outcome.is_again);
        let (orders, faults) = outcome.thinnest;
        self.fewest_orders = least(self.fewest_orders, Some(orders));
        self.fewest_faults = least(self.fewest_faults, Some(faults));
        self.coverage.add(&outcome.coverage);
        if outcome.violation.is_some() {
            self.failed.push(outcome);
        }
    }

    fn join(&mut self, other: Total) {
        self.seeds += other.seeds;
        self.days += other.days;
        self.orders += other.orders;
        self.fills += other.fills;
        self.faults += other.faults;
        self.lives += other.lives;
        self.again += other.again;
        self.fewest_orders = least(self.fewest_orders, other.fewest_orders);
        self.fewest_faults = least(self.fewest_faults, other.fewest_faults);
        self.coverage.add(&other.coverage);
        self.failed.extend(other.failed);
    }
}

fn least(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let (from, seeds) = match args.seed {
        Some(seed) => (seed, 1),
        None => (args.from, args.seeds),
    };
    let cores = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let jobs = args.jobs.unwrap_or(cores).get();
    let started = Instant::now();
    let next = AtomicU64::new(from);
    let mut total = Total::default();
    std::thread::scope(|scope| {
        let work = || {
            let mut sum = Total::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= from.saturating_add(seeds) || seed < from {
                    return sum;
                }
                sum.add(if args.by_record { run_by_record(seed) } else { run(seed, args.trace) });
                if args.first && !sum.failed.is_empty() {
                    // Every seed before this one runs already.
                    next.store(u64::MAX, Ordering::Relaxed);
                    return sum;
                }
            }
        };
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            if let Ok(sum) = worker.join() {
                total.join(sum);
            }
        }
    });
    print(&total, started.elapsed().as_secs_f64());
    if !args.by_record
        && let Err(error) = keep(&total.failed, Path::new(CORPUS))
    {
        eprintln!("{CORPUS}: the seeds that broke a law are not kept: {error}");
    }
    let all_ran = total.seeds == seeds;
    if total.failed.is_empty() && all_ran { ExitCode::SUCCESS } else { ExitCode::from(5) }
}

/// Adds the seeds that broke a law to the corpus, each with what it broke.
fn keep(failed: &[Outcome], corpus: &Path) -> std::io::Result<()> {
    let text = std::fs::read_to_string(corpus)?;
    let known: Vec<u64> =
        text.lines().filter_map(|line| line.split(' ').next()?.parse().ok()).collect();
    let mut lines = String::new();
    for outcome in failed.iter().filter(|outcome| !known.contains(&outcome.seed)) {
        if let Some(violation) = &outcome.violation {
            lines.push_str(&format!("{} {violation}\n", outcome.seed));
        }
    }
    let mut file = std::fs::OpenOptions::new().append(true).open(corpus)?;
    file.write_all(lines.as_bytes())
}

fn print(total: &Total, seconds: f64) {
    println!("{}", total.coverage);
    println!(
        "{} seeds, {} trading days, {} orders, {} fills, {} faults, {} starts of the process",
        total.seeds, total.days, total.orders, total.fills, total.faults, total.lives
    );
    println!(
        "fewest orders in a day: {}; fewest faults in a day: {}",
        total.fewest_orders.unwrap_or(0),
        total.fewest_faults.unwrap_or(0)
    );
    let a_minute = total.days as f64 / seconds * 60.0;
    println!(
        "{} seeds were played again with room, since their limits left a day too thin",
        total.again
    );
    println!("{seconds:.1} s, {a_minute:.0} trading days a minute");
    for (fault, kind) in total.coverage.empty_cells() {
        println!("never met: {fault} and {kind}");
    }
    let mut failed: Vec<_> = total.failed.iter().collect();
    failed.sort_by_key(|outcome| outcome.seed);
    for outcome in failed.iter().take(20) {
        if let Some(violation) = &outcome.violation {
            let seed = outcome.seed;
            let by = violation.checker();
            println!("seed {seed}: {violation}; by {by}; again: simulate --seed {seed} --trace");
        }
    }
    println!("{} seeds broke a law", failed.len());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use simulation::Violation;

    #[test]
    fn a_seed_that_broke_a_law_is_added_to_the_corpus_once() {
        let folder = tempfile::tempdir().unwrap();
        let corpus = folder.path().join("corpus.txt");
        std::fs::write(&corpus, "# seeds\n7 an old one\n").unwrap();
        let failed = |seed| Outcome { violation: Some(Violation::Endless), ..run(seed, false) };
        let failed = [failed(7), failed(8)];
        keep(&failed, &corpus).unwrap();
        keep(&failed, &corpus).unwrap();
        let text = std::fs::read_to_string(&corpus).unwrap();
        assert_eq!(text, format!("# seeds\n7 an old one\n8 {}\n", Violation::Endless));
    }
}
