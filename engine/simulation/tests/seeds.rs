//! Seeds that broke a law once, and some that never did.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use simulation::run;

fn assert_lawful(seed: u64, why: &str) {
    if let Some(violation) = run(seed, false).violation {
        panic!("seed {seed} ({why}): {violation}; see it with simulate --seed {seed} --trace");
    }
}

#[test]
fn the_corpus_stays_lawful() {
    let corpus = include_str!("../corpus.txt");
    let mut ran = 0;
    for line in corpus.lines().filter(|line| !line.starts_with('#')) {
        let (seed, why) = line.split_once(' ').unwrap();
        assert_lawful(seed.parse().unwrap(), why);
        ran += 1;
    }
    assert!(ran > 0, "the corpus is empty");
}

#[test]
fn a_hundred_seeds_break_no_law() {
    (1..=100).for_each(|seed| assert_lawful(seed, "one of a hundred"));
}

/// A seed is one session: run again it is the same to the last count.
#[test]
fn a_seed_gives_the_same_session_each_time() {
    let (first, again) = (run(7, false), run(7, false));
    assert_eq!(
        (first.orders, first.fills, first.faults, first.lives, first.coverage),
        (again.orders, again.fills, again.faults, again.lives, again.coverage)
    );
}
