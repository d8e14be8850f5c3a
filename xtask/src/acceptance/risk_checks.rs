//! How long all risk checks of one order take, under every limit there is.

use super::{cargo, date, machine, section};
use std::path::Path;

const BENCH: &str =
    "cargo bench --profile release --locked --package tradewind-kernel --bench risk";
/// Nanoseconds of the median: what lies above it on a machine that is shared is the machine's.
const BUDGET: u64 = 2_000;

/// What the benchmark found of one case, in nanoseconds.
#[derive(Debug, PartialEq)]
struct Found<'a> {
    case: &'a str,
    median: u64,
    of_100: u64,
    of_1000: u64,
}

pub fn run(root: &Path) -> Result<(), String> {
    let arguments: Vec<&str> = BENCH.split(' ').skip(1).collect();
    let (said, holds) = cargo(root, &arguments)?;
    let all: Vec<Found<'_>> = said.lines().filter_map(found).collect();
    if !holds || all.is_empty() {
        return Err(format!("{said}\nthe benchmark printed no figures"));
    }
    let row = |Found { case, median, of_100, of_1000 }: &Found<'_>| {
        format!("| {case} | {median} | {of_100} | {of_1000} |\n")
    };
    let rows: String = all.iter().map(row).collect();
    let text = format!(
        "Written by `cargo xtask acceptance risk-checks` on {}, on {}. `{BENCH}`:\n\
         nanoseconds for one order that passes, sized by its strategy's model and judged by every check. With every limit on:\n\
         two strategies with capital of their own, eight symbols held, sixteen orders open, sectors, groups and layers. The\n\
         budget is {BUDGET} at the median; on a shared machine the slow ones are interrupted ones.\n\n\
         | limits | median | 99 % within | 99.9 % within |\n| --- | ---: | ---: | ---: |\n{rows}",
        date()?,
        machine()
    );
    println!("{text}");
    section::replace(&root.join("docs/RISK.md"), "How long it takes", &text)?;
    match all.iter().find(|found| found.median >= BUDGET) {
        Some(slow) => Err(format!("{}: {} nanoseconds", slow.case, slow.median)),
        None => Ok(()),
    }
}

fn found(line: &str) -> Option<Found<'_>> {
    let (case, rest) = line.strip_prefix("risk of one order, ")?.split_once(": median ")?;
    let (median, rest) = rest.split_once(" ns, 99 % ")?;
    let (of_100, rest) = rest.split_once(" ns, 99.9 % ")?;
    let of_1000 = rest.strip_suffix(" ns")?.parse().ok()?;
    Some(Found { case, median: median.parse().ok()?, of_100: of_100.parse().ok()?, of_1000 })
}

#[cfg(test)]
mod tests {
    use super::{Found, found};

    #[test]
    fn figures_are_read_as_they_are_printed() {
        let line = "risk of one order, every limit on: median 812 ns, 99 % 955 ns, 99.9 % 1800 ns";
        let all = Found { case: "every limit on", median: 812, of_100: 955, of_1000: 1_800 };
        assert_eq!(found(line), Some(all));
        assert_eq!(found("nothing"), None);
    }
}
