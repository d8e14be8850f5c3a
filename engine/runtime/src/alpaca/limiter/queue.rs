//! Who waits.

use super::Urgency;
use std::collections::BTreeSet;

/// A place in the queue: the more urgent first, then who came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub urgency: Urgency,
    number: u64,
}

/// Those that wait, in the order in which they go.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeSet<Turn>,
    next: u64,
}

impl Queue {
    pub fn join(&mut self, urgency: Urgency) -> Turn {
        let turn = Turn { urgency, number: self.next };
        self.next += 1;
        self.waiting.insert(turn);
        turn
    }

    pub fn leave(&mut self, turn: Turn) {
        self.waiting.remove(&turn);
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_first_of_its_class(&self, turn: Turn) -> bool {
        let before = self.waiting.range(..turn).next_back();
        before.is_none_or(|before| before.urgency != turn.urgency)
    }

    pub fn is_anyone_more_urgent(&self, urgency: Urgency) -> bool {
        self.waiting.first().is_some_and(|first| first.urgency < urgency)
    }
}
