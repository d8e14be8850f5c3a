//! How long a fill takes from the broker's frame to the ledger's event in the journal.

use super::beside::micros;
use super::{cargo, date, machine, section};
use std::path::Path;

const BENCH: &str = "cargo bench --profile release --workspace --locked --bench fill_path";
/// Microseconds for 99 of 100 fills.
const BUDGET: f64 = 1_000.0;

/// What the benchmark found, in microseconds.
#[derive(Debug, PartialEq)]
struct Found {
    of_100: f64,
    median: f64,
    of_1000: f64,
    fills: u64,
}

pub fn run(root: &Path) -> Result<(), String> {
    let arguments: Vec<&str> = BENCH.split(' ').skip(1).collect();
    let (said, holds) = cargo(root, &arguments)?;
    let found = found(&said).filter(|_| holds);
    let found = found.ok_or_else(|| format!("{said}\nthe benchmark printed no figures"))?;
    let Found { of_100, median, of_1000, fills } = found;
    let text = format!(
        "Written by `cargo xtask acceptance fill-path` on {}, on {}. `{BENCH}`: {fills} fills\n\
         over loopback, from when the broker writes the frame until the journal has the ledger's event: {median:.0} microseconds in\n\
         the median, {of_100:.0} in 99 of 100 (budget {BUDGET:.0}), {of_1000:.0} in 999 of 1,000.",
        date()?,
        machine()
    );
    section::replace(&root.join("docs/BROKER.md"), "From a fill to the ledger", &text)?;
    if of_100 < BUDGET { Ok(()) } else { Err(format!("99 of 100 within {of_100:.0} microseconds")) }
}

fn found(said: &str) -> Option<Found> {
    let line = said.lines().find_map(|line| line.strip_prefix("fill frame to ledger event: "))?;
    let (of_100, rest) = line.strip_prefix("99 % within ")?.split_once(' ')?;
    let (median, rest) = rest.split_once("median ")?.1.split_once(", 99.9 % ")?;
    let (of_1000, fills) = rest.split_once(", ")?;
    Some(Found {
        of_100: micros(of_100)?,
        median: micros(median)?,
        of_1000: micros(of_1000)?,
        fills: fills.strip_suffix(" fills")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Found, found};

    #[test]
    fn figures_are_read_as_they_are_printed() {
        let said = "noise\nfill frame to ledger event: 99 % within 94.2\u{b5}s (budget 1ms); median 40\u{b5}s, \
                    99.9 % 1.6ms, 10000 fills\n";
        let all = Found { of_100: 94.2, median: 40.0, of_1000: 1_600.0, fills: 10_000 };
        assert_eq!(found(said), Some(all));
        assert_eq!(found("nothing"), None);
    }
}
