//! What a script may do, and how much of it.

use super::indicators;
use super::wishes::{self, Wish};
use rhai::Engine;

/// Steps of one call: some milliseconds.
const MOST_STEPS: u64 = 100_000;
const MOST_CALLS: usize = 32;
const MOST_DEPTH: usize = 64;
const MOST_TEXT: usize = 4 * 1024;
const MOST_ITEMS: usize = 10_000;

/// An engine without files, modules, clock, chance and output, and with bounds on steps and memory.
pub(super) fn engine() -> Engine {
    let mut engine = Engine::new();
    engine
        .set_max_operations(MOST_STEPS)
        .set_max_call_levels(MOST_CALLS)
        .set_max_expr_depths(MOST_DEPTH, MOST_DEPTH)
        .set_max_string_size(MOST_TEXT)
        .set_max_array_size(MOST_ITEMS)
        .set_max_map_size(MOST_ITEMS)
        .disable_symbol("eval")
        .disable_symbol("print")
        .disable_symbol("debug");
    indicators::register(&mut engine);
    engine.register_type_with_name::<Wish>("Wish");
    wishes::register(&mut engine);
    engine
}
