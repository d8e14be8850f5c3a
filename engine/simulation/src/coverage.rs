//! Which fault met which kind of order, how often.

use crate::Fault;
use std::collections::BTreeMap;
use std::fmt;

/// Every kind of order, as the table calls it.
const KINDS: [&str; 13] = [
    "market",
    "limit",
    "stop",
    "stop_limit",
    "trailing_stop",
    "ioc",
    "fok",
    "opg",
    "cls",
    "bracket",
    "oco",
    "oto",
    "leg",
];

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

    /// The pairs that never met.
    pub fn empty_cells(&self) -> Vec<(Fault, &'static str)> {
        let pairs = Fault::ALL.into_iter().flat_map(|fault| KINDS.map(|kind| (fault, kind)));
        pairs.filter(|pair| !self.met.contains_key(pair)).collect()
    }
}

/// As a table in Markdown.
impl fmt::Display for Coverage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "| fault |")?;
        for kind in KINDS {
            write!(out, " {} |", kind.replace('_', " "))?;
        }
        writeln!(out)?;
        writeln!(out, "| --- |{}", " ---: |".repeat(KINDS.len()))?;
        for fault in Fault::ALL {
            write!(out, "| {fault} |")?;
            for kind in KINDS {
                write!(out, " {} |", self.met.get(&(fault, kind)).copied().unwrap_or_default())?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}
