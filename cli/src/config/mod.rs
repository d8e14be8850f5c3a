//! Configuration: layers of TOML, the environment and flags, checked as a whole.
//!
//! What was typed is kept apart from what will be done: [`layers`] collects values with the place
//! each came from, [`schema`] says what every key may hold, and [`settings`] is what the program
//! trusts. All mistakes are listed at once.

mod capital;
pub mod chosen;
pub mod kind;
pub mod layers;
pub mod limits;
mod risk;
pub mod schema;
pub mod settings;
pub mod sizing;

pub use chosen::ChosenStrategy;
pub use layers::{Layers, Source};
pub use settings::Settings;

use std::fmt;

/// One mistake: where, which key, what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file, variable or flag.
    pub source: Source,
    /// The key as a dotted path; empty when the whole source is unreadable.
    pub key: String,
    /// What is wrong and what was expected.
    pub problem: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(out, "{}: {}", self.source, self.problem)
        } else {
            write!(out, "{}: {}: {}", self.source, self.key, self.problem)
        }
    }
}

/// Every mistake of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(pub Vec<Mistake>);

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&lines.join("\n"))
    }
}

/// The closest of some names to one that was mistyped, when it is close at all.
pub fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::jaro_winkler(typed, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
