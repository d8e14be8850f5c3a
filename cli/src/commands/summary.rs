//! What a session did, for people.

use super::{accounts, print_text};
use crate::exit::Failure;
use crate::figures::{bytes, exact, signed};
use kernel::Cash;
use runtime::alpaca::{is_on_this_machine, without_secrets};
use runtime::session::{OrderCounts, Summary};

/// Prints the summary of a session. `address` is that of a venue outside its process, `place` what its
/// other commands need to find it.
pub fn print(summary: &Summary, address: Option<&str>, place: &str) -> Result<(), Failure> {
    print_text(&text(summary, address, place))
}

fn text(summary: &Summary, address: Option<&str>, place: &str) -> String {
    let orders = &summary.orders;
    let mut lines = vec![
        ("session", summary.session.clone()),
        ("venue", venue(&summary.venue, address)),
        ("data", data(&summary.data).into()),
        ("inputs", summary.inputs.to_string()),
        (
            "orders",
            format!(
                "{} sent: {} filled, {} canceled, {} rejected, {} expired, {} still open; {} denied by risk",
                orders.sent,
                orders.filled,
                orders.canceled,
                orders.rejected,
                orders.expired,
                still_open(orders),
                orders.denied
            ),
        ),
        ("fills", summary.fills.to_string()),
    ];
    lines.extend(positions(summary).into_iter().map(|line| ("position", line)));
    let accounts = accounts(summary).into_iter();
    lines.extend(accounts.map(|line| ("account", line)));
    lines.extend([
        ("result", result(summary)),
        ("fees", fees(summary)),
        ("cash", format!("{} USD", exact(summary.cash))),
        ("equity", format!("{} USD", exact(summary.equity))),
        ("alerts", summary.alerts.to_string()),
        ("journal", bytes(summary.journal_bytes)),
        ("events", summary.events_hash.clone().unwrap_or_else(|| "unknown".into())),
        ("broker", broker(summary)),
        ("next", format!("tradewind journal show{place}; tradewind replay --verify{place}")),
    ]);
    lines.iter().map(|(label, text)| format!("{label:9} {text}\n")).collect()
}

/// Orders that have not ended, such as exits that an ending session leaves.
fn still_open(orders: &OrderCounts) -> u64 {
    [orders.filled, orders.canceled, orders.rejected, orders.expired]
        .into_iter()
        .fold(orders.sent, u64::saturating_sub)
}

/// The venue in words. The name says which keys and rules were meant; whoever answers at an address of
/// this machine is not Alpaca.
pub fn venue(name: &str, address: Option<&str>) -> String {
    let address = address.map(without_secrets).filter(|address| !address.is_empty());
    let place = address.as_deref().map(|address| format!(" at {address}")).unwrap_or_default();
    match name {
        "embedded" => "the embedded exchange".into(),
        "alpaca-paper" | "alpaca-live" if address.as_deref().is_some_and(is_on_this_machine) => {
            format!("an exchange on this machine{place}, in place of {name}")
        }
        "alpaca-paper" => format!("Alpaca paper{place}"),
        "alpaca-live" => format!("Alpaca live{place}, real money"),
        other => format!("{other}{place}"),
    }
}

/// The data in words; made-up prices are called so.
pub fn data(name: &str) -> &str {
    match name {
        "synthetic" => "SYNTHETIC: prices made from a seed, not market data",
        "file" => "market data from files",
        "alpaca" => "market data from Alpaca",
        other => other,
    }
}

fn positions(summary: &Summary) -> Vec<String> {
    if summary.positions.is_empty() {
        return vec!["none".into()];
    }
    let lines = summary.positions.iter().map(|(symbol, position)| {
        let average = position.avg_price.map_or_else(|| "-".into(), exact);
        format!("{symbol} {} at {average}", position.qty)
    });
    lines.collect()
}

/// What each virtual account has come to.
fn accounts(summary: &Summary) -> Vec<String> {
    if summary.accounts.is_empty() { Vec::new() } else { accounts::table(&summary.accounts, None) }
}

fn result(summary: &Summary) -> String {
    let words =
        |amount: Option<Cash>| amount.map_or_else(|| "-".into(), |amount| signed(exact(amount)));
    let profit = summary.realised.zip(summary.unrealised);
    let profit = profit.and_then(|(realised, unrealised)| realised.checked_add(unrealised));
    let after_fees = profit.and_then(|profit| profit.checked_sub(summary.fees));
    format!(
        "{} USD: realised {}, unrealised {}, less fees",
        words(after_fees),
        words(summary.realised),
        words(summary.unrealised)
    )
}

fn broker(summary: &Summary) -> String {
    match (summary.agrees_with_broker(), &summary.broker) {
        (Some(true), _) => "cash and positions are the same to the last digit".into(),
        (Some(false), Some(broker)) => {
            let held = broker.positions.iter();
            let held = held.map(|(symbol, position)| format!("{symbol} {}", position.qty));
            let held = held.collect::<Vec<_>>().join(", ");
            format!(
                "DIFFERS: it says cash {} USD, positions {}; the next start takes over what it holds",
                exact(broker.cash),
                if held.is_empty() { "none" } else { &held }
            )
        }
        _ => "could not be asked".into(),
    }
}

/// What was posted, and what is due beside it.
fn fees(summary: &Summary) -> String {
    let due = summary.accrued_fees;
    let posted = format!("{} USD", exact(summary.fees));
    if due.is_zero() { posted } else { format!("{posted}, and {} accrued", exact(due)) }
}
