//! Days of trading from a seed, in virtual time, with faults injected between the pure kernel and
//! the exchange library, and judged from outside.
//!
//! One seed is one session: a market, an account, limits, a strategy that asks for everything, and
//! faults on the road, on the disk and by the hand of operators. The process dies and is started
//! again on what its disk kept. When the market has closed and everything has come to rest, the books
//! must be the exchange's, and the journal, decided again, must say the same.

mod again;
mod bounds;
mod conduct;
mod coverage;
mod fault;
mod kind;
mod lives;
mod plan;
mod postings;
mod promises;
mod queue;
mod random;
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
use world::World;

/// Orders and faults that each seed must have, over all of its days.
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
    /// Times the process was started.
    pub lives: u32,
    /// Which fault met which kind of order.
    pub coverage: Coverage,
    /// The law that was broken, if one was.
    pub violation: Option<Violation>,
}

/// Runs a seed. With `trace` everything that happens is written to stderr.
pub fn run(seed: u64, trace: bool) -> Outcome {
    run_in(World::new(Plan::new(seed), trace), seed)
}

/// The same with no other judge than the checkers of the exchange's record, which users have too.
pub fn run_by_record(seed: u64) -> Outcome {
    let mut world = World::new(Plan::new(seed), false);
    world.by_record = true;
    run_in(world, seed)
}

fn run_in(mut world: World, seed: u64) -> Outcome {
    let (days, trace) = (world.plan.days as u64, world.trace);
    let violation = world.run().err();
    if trace && violation.is_some() {
        world.tell_differences();
    }
    let violation = violation.or_else(|| thin(days, world.watch.orders, world.faults));
    Outcome {
        seed,
        days,
        orders: world.watch.orders,
        fills: world.watch.fills,
        faults: world.faults,
        lives: world.lives,
        coverage: world.coverage,
        violation,
    }
}

/// A seed that asks for little shows little.
fn thin(days: u64, orders: u64, faults: u64) -> Option<Violation> {
    let is_thin = days < 1 || orders < LEAST_ORDERS || faults < LEAST_FAULTS;
    is_thin.then_some(Violation::Thin { days, orders, faults })
}
