//! What a session did, for people.

use crate::exit::Failure;
use runtime::session::Summary;
use std::io::Write;

/// Prints the summary of a session.
pub fn print(summary: &Summary) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let text = text(summary);
    out.write_all(text.as_bytes()).map_err(Failure::other)
}

fn text(summary: &Summary) -> String {
    let orders = &summary.orders;
    let data = match summary.data.as_str() {
        "synthetic" => "SYNTHETIC data, made from a seed",
        "file" => "data from files",
        other => other,
    };
    let mut lines = vec![
        format!("session   {} on {}, {data}", summary.session, summary.venue),
        format!("inputs    {}", summary.inputs),
        format!(
            "orders    {} sent: {} filled, {} canceled, {} rejected, {} expired; {} denied by risk",
            orders.sent,
            orders.filled,
            orders.canceled,
            orders.rejected,
            orders.expired,
            orders.denied
        ),
        format!("fills     {}", summary.fills),
    ];
    for (symbol, position) in &summary.positions {
        let average = position.avg_price.map_or_else(|| "-".into(), |price| price.to_string());
        lines.push(format!("position  {symbol} {} at {average}", position.qty));
    }
    if summary.positions.is_empty() {
        lines.push("position  none".into());
    }
    lines.push(format!("cash      {}", summary.cash));
    lines.push(format!("equity    {}", summary.equity));
    lines.push(format!("fees      {}", summary.fees));
    lines.push(format!("alerts    {}", summary.alerts));
    lines.push(format!("journal   {} bytes", summary.journal_bytes));
    lines.push(format!("events    {}", summary.events_hash));
    lines.push(match summary.agrees_with_broker() {
        Some(true) => "broker    cash and positions are the same to the last digit".into(),
        Some(false) => format!(
            "broker    DIFFERS: it says cash {}",
            summary.broker.as_ref().map_or_else(|| "-".into(), |broker| broker.cash.to_string())
        ),
        None => "broker    could not be asked".into(),
    });
    lines.join("\n") + "\n"
}
