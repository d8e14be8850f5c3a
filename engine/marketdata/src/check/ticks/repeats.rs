//! Rows that are there twice.
//!
//! A tape repeats itself: two trades of a hundred shares at one price and instant are common. What
//! it does not do is to repeat every one of them, instant for instant, as files do that were joined
//! although they overlap.

use super::{Finding, finding};
use kernel::Timestamp;

/// Instants behind each other at which everything is there twice, that no market makes: one in ten
/// does at worst.
const STRETCH: usize = 20;
/// Rows of one instant that are compared; data with so many has no clock worth the name.
const INSTANT: usize = 4_096;

type Facts = [i64; 4];

pub(super) struct Repeats {
    what: &'static str,
    time: Timestamp,
    /// The row at which the instant begins.
    row: u64,
    facts: Vec<Facts>,
    stretch: Option<Stretch>,
    found: Vec<Finding>,
}

/// Instants behind each other at which everything is there twice.
struct Stretch {
    row: u64,
    from: Timestamp,
    to: Timestamp,
    instants: usize,
    rows: usize,
}

impl Repeats {
    pub(super) fn new(what: &'static str) -> Self {
        let facts = Vec::with_capacity(64);
        Self { what, time: Timestamp::MIN, row: 0, facts, stretch: None, found: Vec::new() }
    }

    pub(super) fn push(&mut self, row: u64, time: Timestamp, facts: Facts) {
        if time != self.time {
            self.end_instant();
            (self.time, self.row) = (time, row);
        }
        if self.facts.len() <= INSTANT {
            self.facts.push(facts);
        }
    }

    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.end_instant();
        self.end_stretch();
        self.found
    }

    fn end_instant(&mut self) {
        let rows = self.facts.len();
        let is_twice = rows.is_multiple_of(2) && rows <= INSTANT && {
            self.facts.sort_unstable();
            self.facts.chunk_by(|one, next| one == next).all(|same| same.len().is_multiple_of(2))
        };
        self.facts.clear();
        if rows == 0 {
            return;
        }
        if !is_twice {
            return self.end_stretch();
        }
        let (row, from) = (self.row, self.time);
        let new = Stretch { row, from, to: from, instants: 0, rows: 0 };
        let stretch = self.stretch.get_or_insert(new);
        stretch.to = self.time;
        stretch.instants += 1;
        stretch.rows += rows;
    }

    fn end_stretch(&mut self) {
        let Some(stretch) = self.stretch.take().filter(|one| one.instants >= STRETCH) else {
            return;
        };
        let text = format!(
            "each of {} {}s from here to {:.19}Z is there twice, as when files overlap that were \
             joined",
            stretch.rows / 2,
            self.what,
            stretch.to.to_string()
        );
        self.found.push(finding("duplicate", stretch.row, stretch.from, text));
    }
}
