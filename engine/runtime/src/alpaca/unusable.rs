//! What of the broker's words could not be used: noted where it is read, told to an operator once.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many are told; a broker that finds more ways to be unreadable is in the log alone.
const MOST: usize = 256;

/// A kind of message that could not be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What could not be used: `bar`, `order update`, `answer to GET /v2/account`.
    pub message: Box<str>,
    /// Why not, with the field by its name.
    pub reason: Box<str>,
}

/// Problems, each noted once.
#[derive(Debug, Default)]
pub struct Unusable(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    all: BTreeSet<Problem>,
    new: BTreeSet<Problem>,
}

impl Unusable {
    /// Notes a problem, unless it was noted before.
    pub(crate) fn note(&self, problem: Problem) {
        let mut seen = self.seen();
        if seen.all.len() < MOST && seen.all.insert(problem.clone()) {
            seen.new.insert(problem);
        }
    }

    /// The problems that were noted since this was last asked, in the order of their words.
    pub fn take(&self) -> BTreeSet<Problem> {
        std::mem::take(&mut self.seen().new)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_is_told_once_and_not_more_than_so_many() {
        let unusable = Unusable::default();
        let problem = |number: usize| Problem {
            message: "bar".into(),
            reason: format!("field {number}").into(),
        };
        unusable.note(problem(2));
        unusable.note(problem(1));
        assert_eq!(Vec::from_iter(unusable.take()), [problem(1), problem(2)]);
        unusable.note(problem(1));
        assert!(unusable.take().is_empty());
        (0..2 * MOST).for_each(|number| unusable.note(problem(number)));
        assert_eq!(unusable.take().len(), MOST - 2);
    }
}
