//! Checks that a user with paper keys can run against Alpaca itself: do its answers read as this
//! client expects? They read only; with leave, one limit order far below the market is sent and
//! cancelled.

mod order;
mod probe;
mod reads;
mod streams;

#[cfg(test)]
pub(super) use probe::for_tests;

use super::names::Names;
use super::rest::Client;
use futures_util::future::BoxFuture;
use kernel::Symbols;

/// The symbol that is asked about when the client knows none.
const DEFAULT_SYMBOL: &str = "SPY";

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub check: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// What was seen, in one sentence. Holds no keys and no account numbers.
    pub detail: String,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Not as expected.
    Failed,
    /// Not done.
    Skipped,
}

impl Outcome {
    /// `passed`, `failed` or `skipped`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
        }
    }
}

impl Finding {
    fn of(check: &'static str, result: Result<String, String>) -> Self {
        match result {
            Ok(detail) => Self { check, outcome: Outcome::Passed, detail },
            Err(detail) => Self { check, outcome: Outcome::Failed, detail },
        }
    }

    fn skipped(check: &'static str, detail: &str) -> Self {
        Self { check, outcome: Outcome::Skipped, detail: detail.into() }
    }
}

/// Runs the checks one after the other. Without `place_order` nothing is sent that changes
/// anything. Ends the checks early when the keys are not good, since all others would fail alike.
// Boxed, so that the client is compiled with this crate and not again with each that checks it.
pub fn conformance(client: &Client, place_order: bool) -> BoxFuture<'_, Vec<Finding>> {
    Box::pin(check(client, place_order))
}

async fn check(client: &Client, place_order: bool) -> Vec<Finding> {
    let client = client.named(own_names(client));
    let account = Finding::of("account", reads::account(&client).await);
    if account.outcome == Outcome::Failed {
        return vec![account];
    }
    let mut findings = vec![
        account,
        Finding::of("clock", reads::clock(&client).await),
        Finding::of("calendar", reads::calendar(&client).await),
        Finding::of("assets", reads::asset(&client).await),
        Finding::of("orders", reads::orders(&client).await),
        Finding::of("positions", reads::positions(&client).await),
        Finding::of("activities", reads::activities(&client).await),
        Finding::of("bars", reads::bars(&client).await),
        Finding::of("market data stream", streams::market(&client).await),
    ];
    let (order_stream, placed) = streams::orders(&client, place_order).await;
    findings.push(Finding::of("order stream", order_stream));
    findings.push(match placed {
        Some(result) => Finding::of("one order and its cancel", result),
        None if place_order => {
            Finding::skipped("one order and its cancel", "the order stream is not up")
        }
        None => Finding::skipped("one order and its cancel", "not asked for (--place-order)"),
    });
    findings
}

/// The client's first symbol, and order ids that no session has.
fn own_names(client: &Client) -> Names {
    let table = client.names().symbols();
    let symbol = table.names().next().unwrap_or(DEFAULT_SYMBOL);
    let symbols = Symbols::new([symbol]).unwrap_or_default();
    Names::new(symbols, &uuid::Uuid::new_v4().simple().to_string())
}
