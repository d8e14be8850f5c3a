//! Dashboards and alert rules ask for metrics that the program has.

use super::Finding;
use super::repository::{File, Repository};
use super::tokens::Kind;
use std::collections::BTreeSet;

const FOLDER: &str = "dashboards/";
const NAMES: &str = "engine/runtime/src/telemetry/metric.rs";
const PREFIX: &str = "tradewind_";
/// What Prometheus makes of one histogram.
const HISTOGRAM: [&str; 3] = ["_bucket", "_sum", "_count"];

pub(super) fn check(repository: &Repository) -> Result<Vec<Finding>, String> {
    let uses: Vec<&File> =
        repository.files.iter().filter(|file| file.path.starts_with(FOLDER)).collect();
    if uses.is_empty() {
        return Ok(Vec::new());
    }
    let names = names(repository)?;
    let known = |name: &str| {
        let stem = HISTOGRAM.iter().find_map(|suffix| name.strip_suffix(suffix));
        names.contains(name) || stem.is_some_and(|stem| names.contains(stem))
    };
    let used = uses.iter().flat_map(|file| {
        file.lines()
            .flat_map(move |(number, line)| metrics(line).map(move |name| (file, number, name)))
    });
    Ok(used
        .filter(|(_, _, name)| !known(name))
        .map(|(file, line, name)| {
            Finding::new(
                &file.path,
                line,
                format!("the program has no metric {name}; use a name of {NAMES}, or add it there"),
            )
        })
        .collect())
}

/// The names that the program registers.
fn names(repository: &Repository) -> Result<BTreeSet<String>, String> {
    for source in repository.rust() {
        let (file, tokens) = source?;
        if file.path == NAMES {
            let texts = tokens.into_iter().filter_map(|token| match token.kind {
                Kind::Text(text) if text.starts_with(PREFIX) => Some(text),
                _ => None,
            });
            return Ok(texts.collect());
        }
    }
    Err(format!("{FOLDER} exists but {NAMES} does not; list every metric's name there as a text"))
}

/// The metric names in a line.
fn metrics(line: &str) -> impl Iterator<Item = &str> {
    let words = line
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != ':');
    words.filter(|word| word.starts_with(PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: (&str, &str) = (
        NAMES,
        "const A: &str = \"tradewind_orders_total\";\nconst B: &str = \"tradewind_step_seconds\";",
    );

    #[test]
    fn unknown_metrics_are_told() {
        let rules = (
            "dashboards/rules.yml",
            "expr: rate(tradewind_orders_total[1m]) > 0\nexpr: tradewind_step_seconds_bucket\nexpr: tradewind_ordres_total / up",
        );
        let found = check(&Repository::of([CODE, rules])).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].line, 3);
        assert!(found[0].message.starts_with("the program has no metric tradewind_ordres_total"));
    }

    #[test]
    fn without_dashboards_there_is_nothing_to_check() {
        assert_eq!(check(&Repository::of([])), Ok(Vec::new()));
    }

    #[test]
    fn dashboards_need_the_list() {
        let error = check(&Repository::of([("dashboards/a.json", "{}")])).unwrap_err();
        assert!(error.contains("list every metric's name there"));
    }
}
