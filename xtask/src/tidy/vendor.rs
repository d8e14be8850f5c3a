//! Who may know what: Alpaca's names stay at the rim, and the exchange does its own sums.

use super::Finding;
use super::repository::Repository;
use super::tokens::{Kind, Token};

/// The only folders that know Alpaca's protocol.
const RIM: [&str; 2] = ["engine/runtime/src/alpaca/", "engine/exchange/src/server/"];

/// Names of fields and streams that nobody but Alpaca uses for them.
const ALPACA_NAMES: [&str; 16] = [
    "asset_class",
    "asset_id",
    "avg_entry_price",
    "client_order_id",
    "daytrade_count",
    "extended_hours",
    "filled_avg_price",
    "filled_qty",
    "next_page_token",
    "non_marginable_buying_power",
    "order_class",
    "pattern_day_trader",
    "regt_buying_power",
    "replaced_by",
    "time_in_force",
    "trade_updates",
];

/// How the paths and headers of Alpaca's interface begin.
const ALPACA_STARTS: [&str; 4] = ["/v1beta", "/v2/", "APCA-API-", "apca-api-"];

pub(super) fn check_alpaca(repository: &Repository) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for source in repository.rust() {
        let (file, tokens) = source?;
        let elsewhere = file.is_crate_source()
            && !file.path.starts_with("xtask/")
            && !RIM.iter().any(|folder| file.path.starts_with(folder));
        if !elsewhere {
            continue;
        }
        findings.extend(tokens.iter().filter_map(|token| {
            let Kind::Text(text) = &token.kind else {
                return None;
            };
            let known = ALPACA_NAMES.contains(&text.as_str())
                || ALPACA_STARTS.iter().any(|start| text.starts_with(start));
            known.then(|| {
                Finding::new(&file.path, token.line, format!("\"{text}\" is Alpaca's name; read and write it in {}, and hand over a type of the kernel", RIM.join(" or ")))
            })
        }));
    }
    Ok(findings)
}

const EXCHANGE: &str = "engine/exchange/src/";

/// What the exchange may not take from the kernel: were its sums the kernel's, their agreement
/// would prove nothing.
const KERNEL_ARITHMETIC: [&str; 16] = [
    "Approved",
    "Intent",
    "Intents",
    "Kernel",
    "Ledger",
    "LedgerError",
    "Limits",
    "Output",
    "Position",
    "Send",
    "State",
    "Strategy",
    "Tally",
    "TradingState",
    "View",
    "risk",
];

pub(super) fn check_exchange(repository: &Repository) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    for source in repository.rust() {
        let (file, tokens) = source?;
        if !file.path.starts_with(EXCHANGE) {
            continue;
        }
        for (line, name) in taken_from_kernel(&tokens) {
            if KERNEL_ARITHMETIC.contains(&name) {
                findings.push(Finding::new(&file.path, line, format!("the exchange uses kernel::{name}; keep its account with code of its own, so that agreement with the kernel proves something")));
            } else if name == "*" {
                findings.push(Finding::new(&file.path, line, "the exchange uses kernel::*; name what it takes, so that this check can see it"));
            }
        }
    }
    Ok(findings)
}

/// Every name that follows `kernel::`, alone or in a list.
fn taken_from_kernel(tokens: &[Token]) -> Vec<(usize, &str)> {
    let mut names = Vec::new();
    for (at, window) in tokens.windows(4).enumerate() {
        let [kernel, one, two, next] = window else {
            continue;
        };
        if kernel.ident() != Some("kernel") || !one.is(':') || !two.is(':') {
            continue;
        }
        if next.is('{') {
            names.extend(listed(tokens.get(at + 4..).unwrap_or_default()));
        } else {
            names.extend(name(next));
        }
    }
    names
}

fn name(token: &Token) -> Option<(usize, &str)> {
    match &token.kind {
        Kind::Ident(word) => Some((token.line, word)),
        Kind::Sign('*') => Some((token.line, "*")),
        Kind::Text(_) | Kind::Literal | Kind::Sign(_) => None,
    }
}

/// The first name of each entry of a list, up to its closing brace.
fn listed(tokens: &[Token]) -> Vec<(usize, &str)> {
    let (mut depth, mut is_first, mut names) = (0, true, Vec::new());
    for token in tokens {
        match &token.kind {
            Kind::Sign('{') => depth += 1,
            Kind::Sign('}') if depth == 0 => break,
            Kind::Sign('}') => depth -= 1,
            Kind::Sign(',') if depth == 0 => is_first = true,
            Kind::Ident(_) | Kind::Sign(_) if is_first => {
                names.extend(name(token));
                is_first = false;
            }
            Kind::Ident(_) | Kind::Text(_) | Kind::Literal | Kind::Sign(_) => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(findings: Result<Vec<Finding>, String>) -> Vec<usize> {
        findings.unwrap().iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn alpacas_names_are_told_outside_the_rim_only() {
        let source = "const A: &str = \"client_order_id\";\n#[serde(rename = \"filled_qty\")]\nstruct B;\nconst C: &str = \"/v2/orders\";\nconst D: &str = \"an order's time_in_force\";";
        let place = |path| Repository::of([(path, source)]);
        assert_eq!(lines(check_alpaca(&place("cli/src/a.rs"))), [1, 2, 4]);
        for allowed in
            ["engine/runtime/src/alpaca/a.rs", "engine/exchange/src/server/a.rs", "cli/tests/a.rs"]
        {
            assert_eq!(lines(check_alpaca(&place(allowed))), [0; 0], "{allowed}");
        }
    }

    #[test]
    fn unit_tests_may_speak_as_alpaca_does() {
        let source = "#[cfg(test)]\nmod tests { const A: &str = \"client_order_id\"; }";
        assert_eq!(lines(check_alpaca(&Repository::of([("cli/src/a.rs", source)]))), [0; 0]);
    }

    #[test]
    fn the_exchange_may_not_use_the_kernels_sums() {
        let source = "use kernel::{Price,\n    Ledger, risk::{self, Limits},\n    State};\nfn f() { kernel::Kernel::new() }\nuse kernel::*;";
        let file = Repository::of([("engine/exchange/src/a.rs", source)]);
        assert_eq!(lines(check_exchange(&file)), [2, 2, 3, 4, 5]);
        let elsewhere = Repository::of([("backtest/src/a.rs", source)]);
        assert_eq!(lines(check_exchange(&elsewhere)), [0; 0]);
    }

    #[test]
    fn the_exchange_may_use_types() {
        let source = "use kernel::{Price, Quantity, Side, TimeInForce};\nstruct State;\nfn f(at: kernel::Timestamp) {}";
        assert_eq!(
            lines(check_exchange(&Repository::of([("engine/exchange/src/a.rs", source)]))),
            [0; 0]
        );
    }
}
