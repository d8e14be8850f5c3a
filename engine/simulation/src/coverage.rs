//! Which fault met which kind of order, how often.

use crate::Fault;
use crate::kind::{KINDS, Kind, TRAITS};
use std::collections::BTreeMap;
use std::fmt;

/// A table of faults and kinds of orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    met: BTreeMap<(Fault, &'static str), u64>,
}

impl Coverage {
    /// Counts a fault that an order of some kind met.
    pub fn count(&mut self, fault: Fault, kind: Kind) {
        for column in kind.columns() {
            *self.met.entry((fault, column)).or_default() += 1;
        }
    }

    /// Adds another table.
    pub fn add(&mut self, other: &Coverage) {
        for (&key, &count) in &other.met {
            *self.met.entry(key).or_default() += count;
        }
    }

    /// How often they met in all.
    pub fn total(&self) -> u64 {
        let kinds = self.met.iter().filter(|((_, column), _)| KINDS.contains(column));
        kinds.map(|(_, count)| count).sum()
    }

    /// The pairs that never met.
    pub fn empty_cells(&self) -> Vec<(Fault, &'static str)> {
        let pairs =
            Fault::ALL.into_iter().flat_map(|fault| columns().map(move |kind| (fault, kind)));
        pairs.filter(|pair| !self.met.contains_key(pair)).collect()
    }
}

fn columns() -> impl Iterator<Item = &'static str> {
    KINDS.into_iter().chain(TRAITS)
}

/// As a table in Markdown.
impl fmt::Display for Coverage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "| fault |")?;
        for kind in columns() {
            write!(out, " {} |", kind.replace('_', " "))?;
        }
        writeln!(out)?;
        writeln!(out, "| --- |{}", " ---: |".repeat(columns().count()))?;
        for fault in Fault::ALL {
            write!(out, "| {fault} |")?;
            for kind in columns() {
                write!(out, " {} |", self.met.get(&(fault, kind)).copied().unwrap_or_default())?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}
