//! The trials of a sweep, on as many threads as there are cores.
//!
//! The data is read by all of them where it lies; a result goes to the place of its combination, so
//! that what comes out is the same whoever was done first.

use super::ledger::Ledger;
use super::space::Space;
use super::trial::{Bench, Trial};
use crate::{BacktestError, Chosen, Progress};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

/// Makes a strategy with parameters, or says why they do not go together.
pub type Build<'a> = &'a (dyn Fn(&BTreeMap<String, String>) -> Result<Chosen, String> + Sync);

/// Why a sweep ended without a result. What was tried until then is in the ledger.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// Not one combination makes a strategy.
    #[error("none of the combinations can be tried: {reason}")]
    NothingToTry {
        /// What is wrong with the first one.
        reason: String,
    },
    /// A run failed.
    #[error(transparent)]
    Run(#[from] BacktestError),
    /// The ledger cannot be written.
    #[error("the ledger of trials cannot be written: {0}")]
    Ledger(#[from] io::Error),
}

/// What became of each combination.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The trials, in the order of the space, each with the values of what was varied.
    pub trials: Vec<(BTreeMap<String, String>, Trial)>,
    /// How many of them were in the ledger already.
    pub known: usize,
    /// How many combinations make no strategy, and what is wrong with the first.
    pub refused: (usize, Option<String>),
}

/// What a thread has to tell.
enum Told {
    Known(Trial),
    New(Trial),
    Refused(String),
    Failed(BacktestError),
}

/// Tries every combination of a space that the ledger does not know yet, and tells the observer of
/// trials in place of rows.
///
/// # Errors
/// When nothing can be tried, a run fails, or the ledger cannot be written.
pub fn try_all(
    bench: Bench<'_>,
    build: Build<'_>,
    space: &Space,
    ledger: &mut Ledger,
    threads: usize,
    observer: &mut dyn FnMut(&Progress),
) -> Result<Tried, SweepError> {
    let points = space.points();
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let mut places: Vec<Option<Told>> = Vec::new();
    places.resize_with(points.len(), || None);
    let started = Instant::now();
    let known = known_of(ledger, &bench);
    let added = std::thread::scope(|scope| {
        let (sender, receiver) = channel();
        for _ in 0..threads.clamp(1, points.len().max(1)) {
            let sender = sender.clone();
            let (points, next, stop, known) = (&points, &next, &stop, &known);
            scope.spawn(move || work(bench, build, points, known, (next, stop), &sender));
        }
        drop(sender);
        let mut pace = (0_u64, 0_u64);
        for (place, told) in receiver {
            if let Told::New(trial) = &told {
                pace.1 += 1;
                if let Err(error) = ledger.add(trial.clone()) {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
            pace.0 += 1;
            if let Some(slot) = places.get_mut(place) {
                *slot = Some(told);
            }
            // What was known took no time: the pace is that of new trials.
            let total = points.len() as u64 - (pace.0 - pace.1);
            observer(&Progress { done: pace.1, total, elapsed: started.elapsed() });
        }
        Ok(())
    });
    added?;
    gather(points, places)
}

/// What the program has tried over the data before, by the ids.
fn known_of(ledger: &Ledger, bench: &Bench<'_>) -> BTreeMap<String, Trial> {
    let known = ledger.over(&bench.facts.content_hash, bench.program);
    known.map(|trial| (trial.id.clone(), trial.clone())).collect()
}

fn work(
    bench: Bench<'_>,
    build: Build<'_>,
    points: &[BTreeMap<String, String>],
    known: &BTreeMap<String, Trial>,
    (next, stop): (&AtomicUsize, &AtomicBool),
    sender: &Sender<(usize, Told)>,
) {
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let Some(point) = points.get(place).filter(|_| !stop.load(Ordering::Relaxed)) else {
            return;
        };
        let told = try_one(bench, build, point, known);
        if matches!(told, Told::Failed(_)) {
            stop.store(true, Ordering::Relaxed);
        }
        // Nobody listens any more when the ledger has failed.
        if sender.send((place, told)).is_err() {
            return;
        }
    }
}

fn try_one(
    bench: Bench<'_>,
    build: Build<'_>,
    point: &BTreeMap<String, String>,
    known: &BTreeMap<String, Trial>,
) -> Told {
    let strategy = match build(point) {
        Ok(strategy) => strategy,
        Err(reason) => return Told::Refused(reason),
    };
    let earlier = match bench.id(&strategy) {
        Ok(id) => known.get(&id),
        Err(error) => return Told::Failed(error),
    };
    match earlier {
        Some(trial) => Told::Known(trial.clone()),
        None => bench.run(strategy).map_or_else(Told::Failed, Told::New),
    }
}

fn gather(
    points: Vec<BTreeMap<String, String>>,
    places: Vec<Option<Told>>,
) -> Result<Tried, SweepError> {
    let mut tried = Tried { trials: Vec::new(), known: 0, refused: (0, None) };
    for (point, told) in points.into_iter().zip(places) {
        match told {
            Some(Told::New(trial)) => tried.trials.push((point, trial)),
            Some(Told::Known(trial)) => {
                tried.known += 1;
                tried.trials.push((point, trial));
            }
            Some(Told::Refused(reason)) => {
                tried.refused.0 += 1;
                tried.refused.1.get_or_insert(reason);
            }
            Some(Told::Failed(error)) => return Err(error.into()),
            // Not begun, because another one has failed.
            None => {}
        }
    }
    match (tried.trials.is_empty(), &tried.refused.1) {
        (true, reason) => {
            let reason = reason.clone().unwrap_or_default();
            Err(SweepError::NothingToTry { reason })
        }
        (false, _) => Ok(tried),
    }
}
