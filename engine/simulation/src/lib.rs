//! Days of trading from a seed, in virtual time, with faults injected between the pure kernel and
//! the exchange library, and judged from outside.
//!
//! One seed is one session: a market, an account, limits, a strategy that asks for everything, and
//! faults on the road, on the disk and by the hand of operators. The process dies and is started
//! again on what its disk kept. When the market has closed and everything has come to rest, the books
//! must be the exchange's, and the journal, decided again, must say the same.

mod accounts;
mod again;
mod bands;
mod bounds;
mod closings;
mod conduct;
mod coverage;
mod entries;
mod equity;
mod fault;
mod feed;
mod halts;
mod holdings;
mod kind;
mod lives;
mod market;
mod news;
mod past;
mod plan;
mod postings;
mod promises;
mod queue;
mod quotes;
mod random;
mod repair;
mod rest;
mod road;
mod shell;
mod split;
mod trader;
mod violation;
mod watch;
mod world;

pub use coverage::Coverage;
pub use fault::Fault;
pub use violation::Violation;

use plan::Plan;
use std::collections::BTreeMap;
use world::World;

/// Orders of the strategy and faults that each day of a seed must have.
const LEAST_ORDERS: u64 = 50;
const LEAST_FAULTS: u64 = 5;

/// What one seed came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Trading days.
    pub days: u64,
    /// Orders that passed risk.
    pub orders: u64,
    /// Executions at the exchange.
    pub fills: u64,
    /// Faults that struck.
    pub faults: u64,
    /// The strategy's orders and the faults of the day that had the fewest.
    pub thinnest: (u64, u64),
    /// Times the process was started.
    pub lives: u32,
    /// Whether its limits left too little of a day, so that it was played again without the tight ones.
    pub is_again: bool,
    /// Which fault met which kind of order.
    pub coverage: Coverage,
    /// The law that was broken, if one was.
    pub violation: Option<Violation>,
}

/// Runs a seed. With `trace` everything that happens is written to stderr.
pub fn run(seed: u64, trace: bool) -> Outcome {
    play(seed, |plan| World::new(plan, trace))
}

/// The same with no other judge than the checkers of the exchange's record, which users have too.
pub fn run_by_record(seed: u64) -> Outcome {
    let outcome = play(seed, |plan| World { by_record: true, ..World::new(plan, false) });
    Outcome { violation: outcome.violation.filter(Violation::is_of_record), ..outcome }
}

/// Plays a plan, and where no law was broken but its limits left a day too thin, the same days with room.
fn play(seed: u64, world: impl Fn(Plan) -> World) -> Outcome {
    let outcome = run_in(world(Plan::new(seed)));
    if !matches!(outcome.violation, Some(Violation::Thin { .. })) {
        return outcome;
    }
    Outcome { is_again: true, ..run_in(world(Plan::with_room(seed))) }
}

fn run_in(mut world: World) -> Outcome {
    let trace = world.trace;
    if trace {
        eprintln!("{:?}", world.plan.limits);
    }
    let violation = world.run().err();
    if trace && violation.is_some() {
        world.tell_differences();
    }
    let thinnest = thinnest(&world);
    let violation = violation.or_else(|| thin(thinnest));
    Outcome {
        seed: world.plan.seed,
        days: world.plan.days as u64,
        orders: world.watch.orders,
        fills: world.watch.fills,
        faults: world.faults.values().sum(),
        thinnest,
        lives: world.lives,
        is_again: false,
        coverage: world.coverage,
        violation,
    }
}

/// The strategy's orders of the day with the fewest of them, and the faults of the day with the fewest.
fn thinnest(world: &World) -> (u64, u64) {
    let days = world.plan.calendar.iter().take(world.plan.days).map(|day| day.date);
    let least = |counts: &BTreeMap<u32, u64>| {
        let counts = days.clone().map(|date| counts.get(&date).copied().unwrap_or(0));
        counts.min().unwrap_or(0)
    };
    (least(&world.orders), least(&world.faults))
}

/// A day that asks for little shows little.
fn thin((orders, faults): (u64, u64)) -> Option<Violation> {
    let is_thin = orders < LEAST_ORDERS || faults < LEAST_FAULTS;
    is_thin.then_some(Violation::Thin { orders, faults })
}
