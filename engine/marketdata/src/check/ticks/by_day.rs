//! What happens often is told once a day: the first, and how many more.

use super::{Finding, finding};
use kernel::Timestamp;

const DAY: i64 = 86_400_000_000_000;

/// Findings of one kind, one for each day of UTC.
pub(super) struct ByDay {
    kind: &'static str,
    day: i64,
    more: usize,
    found: Vec<Finding>,
}

impl ByDay {
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, day: i64::MIN, more: 0, found: Vec::new() }
    }

    /// Takes the next; only the first of a day is put into words.
    pub(super) fn push(&mut self, row: u64, time: Timestamp, text: impl FnOnce() -> String) {
        let day = time.nanos().div_euclid(DAY);
        if day == self.day {
            self.more += 1;
            return;
        }
        self.close();
        self.day = day;
        self.found.push(finding(self.kind, row, time, text()));
    }

    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.close();
        self.found
    }

    /// Says in the last finding how many more its day had.
    fn close(&mut self) {
        if let (Some(last), 1..) = (self.found.last_mut(), self.more) {
            last.text += &format!("; {} more that day", self.more);
        }
        self.more = 0;
    }
}
