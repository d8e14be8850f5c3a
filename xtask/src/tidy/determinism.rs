//! What would make two runs differ, or money inexact, stays out of the crates that decide.

use super::Finding;
use super::repository::Repository;
use super::tokens::Token;

/// Words that a part of the source may not use.
struct Rule {
    words: &'static [&'static str],
    inside: &'static [&'static str],
    except: &'static [&'static str],
    instead: &'static str,
}

const KERNEL: &str = "engine/kernel/src/";
const JOURNAL: &str = "engine/journal/src/";
const MARKETDATA: &str = "engine/marketdata/src/";
const EXCHANGE: &str = "engine/exchange/src/";
const SERVER: &str = "engine/exchange/src/server/";
const STRATEGIES: &str = "strategies/src/";
const BACKTEST: &str = "backtest/src/";

const RULES: [Rule; 3] = [
    Rule {
        words: &["f32", "f64"],
        inside: &[KERNEL, JOURNAL, MARKETDATA, EXCHANGE],
        except: &[
            "engine/kernel/src/number/",
            "engine/kernel/src/time.rs",
            "engine/marketdata/src/check/",
            "engine/marketdata/src/synthetic/",
            SERVER,
        ],
        instead: "compute with Price, Quantity, Cash and Notional; floats belong to indicators and statistics",
    },
    Rule {
        words: &["HashMap", "HashSet", "RandomState"],
        inside: &[KERNEL, JOURNAL, MARKETDATA, EXCHANGE, STRATEGIES, BACKTEST],
        except: &[SERVER],
        instead: "use BTreeMap, BTreeSet or Vec, so that no order of a hash reaches a result",
    },
    Rule {
        words: &["SystemTime", "::now"],
        inside: &[KERNEL, JOURNAL, MARKETDATA, EXCHANGE, STRATEGIES],
        except: &[SERVER],
        instead: "take the time as an argument; clocks belong to the runtime",
    },
];

pub(super) fn check(repository: &Repository) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for source in repository.rust() {
        let (file, tokens) = source?;
        let begins = |folders: &[&str]| folders.iter().any(|folder| file.path.starts_with(folder));
        for rule in RULES.iter().filter(|rule| begins(rule.inside) && !begins(rule.except)) {
            findings.extend(words(&tokens).filter(|(_, word)| rule.words.contains(word)).map(
                |(line, word)| Finding::new(&file.path, line, format!("{word}: {}", rule.instead)),
            ));
        }
    }
    Ok(findings)
}

/// The words of a source; `now` of a type, which reads a clock, with its colons.
fn words(tokens: &[Token]) -> impl Iterator<Item = (usize, &str)> {
    let is_colon =
        |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|sign| sign.is(':'));
    tokens.iter().enumerate().filter_map(move |(at, token)| match token.ident()? {
        "now" if is_colon(at.checked_sub(1)) && is_colon(at.checked_sub(2)) => {
            Some((token.line, "::now"))
        }
        word => Some((token.line, word)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_hashes_and_clocks_are_told_where_they_may_not_be() {
        let source = "use std::collections::HashMap;\nfn f() -> f64 { Instant::now() - T { at: now } }\n// f64 HashMap\n";
        let lines = |path| -> Vec<usize> {
            let found = check(&Repository::of([(path, source)])).unwrap();
            found.iter().map(|finding| finding.line).collect()
        };
        assert_eq!(lines("engine/kernel/src/a.rs"), [2, 1, 2]);
        assert_eq!(lines("engine/kernel/src/number/a.rs"), [1, 2]);
        assert_eq!(lines("backtest/src/a.rs"), [1]);
        for free in ["engine/exchange/src/server/a.rs", "engine/runtime/src/a.rs", "cli/src/a.rs"] {
            assert_eq!(lines(free), [0; 0], "{free}");
        }
    }
}
