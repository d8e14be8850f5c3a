//! Every lint that is switched off somewhere says why.

use super::Finding;
use super::repository::Repository;
use super::tokens::Token;

pub(super) fn check(repository: &Repository) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for source in repository.rust() {
        let (file, tokens) = source?;
        findings.extend(without_reason(&tokens).into_iter().map(|line| {
            Finding::new(&file.path, line, "this allow has no reason; mend the code, or write #[allow(lint, reason = \"why it is right here\")]")
        }));
    }
    Ok(findings)
}

/// The lines of `allow(...)` and `expect(...)` attributes without `reason`.
fn without_reason(tokens: &[Token]) -> Vec<usize> {
    let starts = tokens.windows(3).enumerate().filter(|(_, window)| {
        let [open, word, bracket] = window else {
            return false;
        };
        open.is('[') && matches!(word.ident(), Some("allow" | "expect")) && bracket.is('(')
    });
    starts
        .filter_map(|(at, _)| {
            let inside = tokens.get(at..)?.iter().take_while(|token| !token.is(']'));
            let has_reason = inside.clone().any(|token| token.ident() == Some("reason"));
            (!has_reason).then(|| tokens.get(at).map(|token| token.line)).flatten()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allow_without_a_reason_is_told() {
        let source = "#[allow(dead_code)]\nfn a() {}\n#[allow(dead_code, reason = \"so\")]\nfn b() {}\n#![allow(\n    unused\n)]\nfn c() { allow(1); [allowed] }";
        let found = check(&Repository::of([("a/src/a.rs", source)])).unwrap();
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [1, 5]);
    }
}
