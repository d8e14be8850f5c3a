//! `cargo xtask conformance`: which statement of the protocol is shown by which test.
//!
//! Statements are in `docs/conformance.toml`; a test names those it shows in its doc comment as
//! `Conformance 92, 93.` The command writes `docs/CONFORMANCE.md`; with `--check` it only says
//! whether that file is up to date, and whether every statement has a test or a reason.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const DATA: &str = "docs/conformance.toml";
const TABLE: &str = "docs/CONFORMANCE.md";
const FOLDERS: [&str; 5] = ["engine", "cli", "backtest", "strategies", "tests"];

struct Statement {
    number: u64,
    side: String,
    text: String,
    why_not: Option<String>,
}

/// Writes or checks the table.
///
/// # Errors
/// A sentence that says what is missing and what to do.
pub fn run(root: &Path, check: bool) -> Result<(), String> {
    let statements = read_statements(root)?;
    let shown = read_tests(root)?;
    if let Some(stray) = shown.keys().find(|number| !(1..=150).contains(*number)) {
        return Err(format!("a test names statement {stray}, and {DATA} ends at 150"));
    }
    let table = render(&statements, &shown);
    let open: Vec<String> = statements
        .iter()
        .filter(|statement| !shown.contains_key(&statement.number) && statement.why_not.is_none())
        .map(|statement| statement.number.to_string())
        .collect();
    if !open.is_empty() {
        return Err(format!(
            "no test shows and nothing explains statements {}: name them in a test as \
             `Conformance N.` or say `why_not` in {DATA}",
            open.join(", ")
        ));
    }
    let path = root.join(TABLE);
    if check {
        let held = std::fs::read_to_string(&path).unwrap_or_default();
        return if held == table {
            Ok(())
        } else {
            Err(format!("{TABLE} is not what the tests say: run `cargo xtask conformance`"))
        };
    }
    std::fs::write(&path, table).map_err(|error| format!("{TABLE} cannot be written: {error}"))
}

fn read_statements(root: &Path) -> Result<Vec<Statement>, String> {
    let text = std::fs::read_to_string(root.join(DATA))
        .map_err(|error| format!("{DATA} cannot be read: {error}"))?;
    let table: toml::Table = text.parse().map_err(|error| format!("{DATA}: {error}"))?;
    let rows = table.get("statement").and_then(toml::Value::as_array);
    let rows = rows.ok_or_else(|| format!("{DATA} holds no [[statement]]"))?;
    rows.iter()
        .map(statement)
        .collect::<Option<_>>()
        .ok_or_else(|| format!("{DATA}: every statement needs a number, a side and a text"))
}

fn statement(row: &toml::Value) -> Option<Statement> {
    let text = |key: &str| row.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    Some(Statement {
        number: row.get("number")?.as_integer()?.try_into().ok()?,
        side: text("side")?,
        text: text("text")?,
        why_not: text("why_not"),
    })
}

/// Statement to the tests that name it, as `path: test`.
fn read_tests(root: &Path) -> Result<BTreeMap<u64, Vec<String>>, String> {
    let mut shown: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut files = Vec::new();
    for folder in FOLDERS {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let place = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        for (numbers, test) in named(&text) {
            for number in numbers {
                shown.entry(number).or_default().push(format!("`{place}` {test}"));
            }
        }
    }
    Ok(shown)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let source = path.extension().is_some_and(|ext| ext == "rs" || ext == "py");
        if path.is_dir() {
            collect(&path, files);
        } else if source {
            files.push(path);
        }
    }
}

/// The statements named in a source text, each with the test below the comment.
fn named(text: &str) -> Vec<(Vec<u64>, String)> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let comment = line.trim_start_matches(['/', '!', '#', ' ', '"']);
        let is_comment =
            line.starts_with("//") || line.starts_with('#') || line.starts_with("\"\"\"");
        let Some(rest) = comment.strip_prefix("Conformance ").filter(|_| is_comment) else {
            continue;
        };
        let list = rest.split('.').next().unwrap_or(rest);
        let numbers: Vec<u64> =
            list.split([',', ' ']).filter_map(|part| part.trim().parse().ok()).collect();
        let below = lines.iter().skip(index).find_map(|line| test_name(line));
        let above = || lines.iter().take(index).rev().find_map(|line| test_name(line));
        let test = if line.starts_with("\"\"\"") { above() } else { below };
        found.push((numbers, test.unwrap_or_default()));
    }
    found
}

fn test_name(line: &str) -> Option<String> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    let rest = line.strip_prefix("fn ").or_else(|| line.strip_prefix("def "))?;
    Some(rest.split('(').next().unwrap_or(rest).to_owned())
}

fn render(statements: &[Statement], shown: &BTreeMap<u64, Vec<String>>) -> String {
    let covered = statements.iter().filter(|held| shown.contains_key(&held.number)).count();
    let mut out = String::from(
        "# Conformance with Alpaca's protocol\n\nWritten by `cargo xtask conformance` from \
         `docs/conformance.toml` and the tests; `cargo xtask conformance --check` says whether it \
         is up to date.\n\nNothing was run \
         against Alpaca itself: the statements come from Alpaca's public documents and SDKs, and the \
         tests run against the bundled exchange or recorded messages. `tradewind doctor \
         --conformance` lets anyone with paper keys run the read-only checks.\n\n",
    );
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{covered} of {} statements are shown by a test.\n", statements.len());
    out.push_str("| # | side | statement | shown by, or why not |\n| ---: | --- | --- | --- |\n");
    for held in statements {
        let proof = match shown.get(&held.number) {
            Some(tests) => tests.join("<br>"),
            None => format!("not shown: {}", held.why_not.as_deref().unwrap_or("")),
        };
        let text = held.text.replace('|', "\\|");
        let _ = writeln!(out, "| {} | {} | {text} | {proof} |", held.number, held.side);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_names_the_test_below_it() {
        let text = "/// Rejects strangers.\n/// Conformance 5, 122.\n#[test]\nfn strangers() {}";
        assert_eq!(named(text), [(vec![5, 122], "strangers".to_owned())]);
    }

    #[test]
    fn prose_that_mentions_conformance_counts_for_nothing() {
        assert!(named("let text = \"Conformance 5.\";").is_empty());
    }
}
