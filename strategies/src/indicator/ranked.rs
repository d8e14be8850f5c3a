//! The newest numbers of a series, kept in the order of their size.
#![allow(
    clippy::indexing_slicing,
    reason = "links and slots are places in `nodes`, or NONE, which is asked for before"
)]

use super::sum::Sum;

/// The last `window` numbers in a search tree (a treap), each branch of which knows how many numbers
/// it has and what they come to. That gives their mean absolute deviation in logarithmic time,
/// where adding it up anew would take the whole window.
#[derive(Debug, Clone)]
pub(super) struct Ranked {
    /// By the slot of a number; the oldest gives its slot to the newest.
    nodes: Vec<Node>,
    window: usize,
    root: usize,
    next: usize,
    sum: Sum,
    /// What is taken from every number: the first one. What is left is small and hardly rounded.
    origin: f64,
    /// How many of the newest numbers are the same.
    same: usize,
    newest: f64,
}

#[derive(Debug, Clone)]
struct Node {
    number: f64,
    left: usize,
    right: usize,
    /// Of the branch that begins here.
    count: usize,
    sum: f64,
}

const NONE: usize = usize::MAX;

/// A number for each slot that has nothing to do with its place (Steele's SplitMix), by which the
/// tree is balanced.
const fn priority(slot: usize) -> u64 {
    let mixed = (slot as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 27)
}

impl Ranked {
    pub(super) const fn new(window: usize) -> Self {
        Self {
            nodes: Vec::new(),
            window,
            root: NONE,
            next: 0,
            sum: Sum::ZERO,
            origin: 0.0,
            same: 0,
            newest: 0.0,
        }
    }

    pub(super) fn push(&mut self, number: f64) {
        if self.nodes.is_empty() {
            self.origin = number;
        }
        self.same = if number == self.newest { self.same + 1 } else { 1 };
        self.newest = number;
        let (slot, number) = (self.next, number - self.origin);
        let fresh = Node { number, left: NONE, right: NONE, count: 1, sum: number };
        if self.nodes.len() < self.window {
            self.nodes.push(fresh);
        } else {
            self.root = self.without(self.root, slot);
            self.sum.add(-self.nodes[slot].number);
            self.nodes[slot] = fresh;
        }
        let (below, above) = self.split(self.root, slot);
        let below = self.joined(below, slot);
        self.root = self.joined(below, above);
        self.sum.add(number);
        self.next = if slot + 1 == self.window { 0 } else { slot + 1 };
    }

    /// The mean of the numbers and their mean absolute deviation from it; `None` until the window is
    /// full.
    pub(super) fn mean_and_deviation(&self) -> Option<(f64, f64)> {
        if self.nodes.len() < self.window {
            return None;
        }
        if self.same >= self.window {
            return Some((self.newest, 0.0));
        }
        let (count, sum) = (self.window as f64, self.sum.get());
        let mean = sum / count;
        let (below, below_sum) = self.below(mean);
        let above = (sum - below_sum) - mean * (count - below);
        Some((self.origin + mean, (mean * below - below_sum + above) / count))
    }

    pub(super) fn scale(&mut self, factor: f64) {
        for node in &mut self.nodes {
            node.number *= factor;
            node.sum *= factor;
        }
        self.sum.scale(factor);
        self.origin *= factor;
        self.newest *= factor;
    }

    /// How many numbers are below one, and what they come to.
    fn below(&self, limit: f64) -> (f64, f64) {
        let (mut count, mut sum, mut at) = (0, 0.0, self.root);
        while at != NONE {
            let node = &self.nodes[at];
            if node.number < limit {
                let (more, what) = self.branch(node.left);
                count += more + 1;
                sum += what + node.number;
                at = node.right;
            } else {
                at = node.left;
            }
        }
        (count as f64, sum)
    }

    fn branch(&self, at: usize) -> (usize, f64) {
        if at == NONE { (0, 0.0) } else { (self.nodes[at].count, self.nodes[at].sum) }
    }

    /// Equal numbers are in the order of their slots, so that each can be found again.
    fn is_before(&self, one: usize, other: usize) -> bool {
        (self.nodes[one].number, one) < (self.nodes[other].number, other)
    }

    fn count_again(&mut self, at: usize) {
        let (left, right) = (self.branch(self.nodes[at].left), self.branch(self.nodes[at].right));
        let node = &mut self.nodes[at];
        node.count = left.0 + 1 + right.0;
        node.sum = left.1 + node.number + right.1;
    }

    /// A branch without one of its slots.
    fn without(&mut self, at: usize, slot: usize) -> usize {
        if at == slot {
            return self.joined(self.nodes[at].left, self.nodes[at].right);
        }
        if self.is_before(slot, at) {
            self.nodes[at].left = self.without(self.nodes[at].left, slot);
        } else {
            self.nodes[at].right = self.without(self.nodes[at].right, slot);
        }
        self.count_again(at);
        at
    }

    /// What of a branch comes before a slot, and what after it.
    fn split(&mut self, at: usize, slot: usize) -> (usize, usize) {
        if at == NONE {
            return (NONE, NONE);
        }
        let parts = if self.is_before(at, slot) {
            let (before, after) = self.split(self.nodes[at].right, slot);
            self.nodes[at].right = before;
            (at, after)
        } else {
            let (before, after) = self.split(self.nodes[at].left, slot);
            self.nodes[at].left = after;
            (before, at)
        };
        self.count_again(at);
        parts
    }

    /// Two branches, all of the first before all of the second, as one.
    fn joined(&mut self, first: usize, second: usize) -> usize {
        if first == NONE || second == NONE {
            return if first == NONE { second } else { first };
        }
        let top = if priority(first) > priority(second) {
            self.nodes[first].right = self.joined(self.nodes[first].right, second);
            first
        } else {
            self.nodes[second].left = self.joined(first, self.nodes[second].left);
            second
        };
        self.count_again(top);
        top
    }
}
