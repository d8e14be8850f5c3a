//! Which fault met which kind of order, how often.

use crate::Fault;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A table of faults and kinds of orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    met: BTreeMap<(Fault, &'static str), u64>,
}

impl Coverage {
    /// Counts a fault that an order of some kind met.
    pub fn count(&mut self, fault: Fault, kind: &'static str) {
        *self.met.entry((fault, kind)).or_default() += 1;
    }

    /// Adds another table.
    pub fn add(&mut self, other: &Coverage) {
        for (&key, &count) in &other.met {
            *self.met.entry(key).or_default() += count;
        }
    }

    /// How often they met in all.
    pub fn total(&self) -> u64 {
        self.met.values().sum()
    }

    /// The pairs that never met, of the kinds that occur.
    pub fn empty_cells(&self) -> Vec<(Fault, &'static str)> {
        let pairs = Fault::ALL.iter().flat_map(|fault| {
            self.kinds().into_iter().map(move |kind| (*fault, kind)).collect::<Vec<_>>()
        });
        pairs.filter(|pair| !self.met.contains_key(pair)).collect()
    }

    fn kinds(&self) -> BTreeSet<&'static str> {
        self.met.keys().map(|(_, kind)| *kind).collect()
    }
}

/// As a table in Markdown.
impl fmt::Display for Coverage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.kinds();
        write!(out, "| fault |")?;
        for kind in &kinds {
            write!(out, " {} |", kind.replace('_', " "))?;
        }
        writeln!(out)?;
        writeln!(out, "| --- |{}", " ---: |".repeat(kinds.len()))?;
        for fault in Fault::ALL {
            write!(out, "| {fault} |")?;
            for kind in &kinds {
                write!(out, " {} |", self.met.get(&(fault, kind)).copied().unwrap_or_default())?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}
