//! Which records are on their way, and up to which all have arrived.

use std::collections::VecDeque;

/// The records between the last one that is done with everything before it, and the last one
/// handed over. Acknowledgements come in any order; `done` moves without a gap.
#[derive(Debug)]
pub(super) struct Window {
    done: u64,
    /// One for each record after `done`: whether it is done with.
    after: VecDeque<bool>,
    in_flight: usize,
}

impl Window {
    /// A window after record `done`.
    pub(super) const fn new(done: u64) -> Self {
        Self { done, after: VecDeque::new(), in_flight: 0 }
    }

    /// The record up to which everything is done with.
    pub(super) const fn done(&self) -> u64 {
        self.done
    }

    /// How many records wait for their acknowledgement.
    pub(super) const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The next record was handed to the broker.
    pub(super) fn sent(&mut self) {
        self.in_flight += 1;
        self.after.push_back(false);
    }

    /// The next record is not published.
    pub(super) fn skipped(&mut self) {
        self.after.push_back(true);
        self.advance();
    }

    /// The broker has a record.
    pub(super) fn acknowledged(&mut self, seq: u64) {
        let place = seq.checked_sub(self.done + 1).and_then(|place| usize::try_from(place).ok());
        let waiting = place.and_then(|place| self.after.get_mut(place));
        if let Some(done @ false) = waiting {
            *done = true;
            self.in_flight -= 1;
            self.advance();
        }
    }

    fn advance(&mut self) {
        while self.after.front() == Some(&true) {
            self.after.pop_front();
            self.done += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moves_only_without_a_gap() {
        let mut window = Window::new(10);
        window.sent();
        window.skipped();
        window.sent();
        assert_eq!((window.done(), window.in_flight()), (10, 2));
        window.acknowledged(13);
        assert_eq!((window.done(), window.in_flight()), (10, 1));
        window.acknowledged(11);
        assert_eq!((window.done(), window.in_flight()), (13, 0));
    }

    #[test]
    fn takes_an_acknowledgement_once() {
        let mut window = Window::new(0);
        window.sent();
        window.sent();
        window.acknowledged(2);
        window.acknowledged(2);
        window.acknowledged(99);
        assert_eq!((window.done(), window.in_flight()), (0, 1));
    }

    proptest! {
        /// In whatever order acknowledgements come, what is done is the longest run without a gap.
        #[test]
        fn agrees_with_a_set(
            published in prop::collection::vec(any::<bool>(), 1..60),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..80),
        ) {
            let mut window = Window::new(0);
            let mut waiting = std::collections::BTreeSet::new();
            for (seq, published) in (1_u64..).zip(&published) {
                if *published {
                    window.sent();
                    waiting.insert(seq);
                } else {
                    window.skipped();
                }
            }
            for pick in order {
                let seq = pick.index(published.len()) as u64 + 1;
                if published[seq as usize - 1] {
                    waiting.remove(&seq);
                    window.acknowledged(seq);
                }
                let first = waiting.first().copied().unwrap_or(published.len() as u64 + 1);
                prop_assert_eq!(window.done(), first - 1);
                prop_assert_eq!(window.in_flight(), waiting.len());
            }
        }
    }
}
