//! One limit order far below the market, and its cancel.

use super::probe::Probe;
use super::reads;
use crate::alpaca::order_stream::{OrderStream, OrderStreamMessage};
use crate::alpaca::rest::Client;
use kernel::{
    BasisPoints, Intent, NewOrder, OrderKind, Quantity, Report, ReportKind, Rounding, SCALE, Send,
    Side,
};
use std::time::Duration;

/// Half the market's price: no order rests there to be filled by accident.
const BELOW_MARKET: BasisPoints = BasisPoints::new(-5_000);
/// Longer than a cancel has been seen to take while the market is open.
const PATIENCE: Duration = Duration::from_secs(20);

/// Buys one share at half its price, looks the order up, cancels it, and waits for its end.
pub(super) async fn place_and_cancel(
    client: &Client,
    stream: &mut OrderStream,
) -> Result<String, String> {
    let bars = reads::recent_bars(client).await?;
    let bar = bars.last().ok_or("no price to stay away from: no recent bars")?;
    let shifted = bar.close.shifted(BELOW_MARKET, Rounding::Down);
    let limit = shifted.ok_or("no price to stay away from")?.to_tick(Rounding::Down);
    let (size, kind) = (Quantity::from_nanos(SCALE), OrderKind::Limit { limit });
    let intent = Intent::Submit(NewOrder::new(bar.symbol, Side::Buy, size, kind));
    let broker = client.broker_state().await.map_err(|error| error.to_string())?;
    let mut probe = Probe::new(client.names(), broker, vec![intent]).map_err(str::to_owned)?;
    let send = probe.propose(*bar)?.into_iter().next().ok_or("risk let no order pass")?;
    let Send::Submit(approved) = send else {
        return Err("risk made something else of the order".into());
    };
    let answer = client.submit(&approved).await.map_err(|error| error.to_string())?;
    let id = client.names().client_order_id(approved.order().number);
    for report in answer {
        probe.report(report)?;
    }
    look_up_and_cancel(client, &id, &mut probe)
        .await
        .map_err(|error| format!("{error}. Order {id} may still be open: cancel it"))?;
    match wait_for_end(stream).await {
        Ok(told) => Ok(format!("taken, found by its id, and cancelled; the stream said {told}")),
        Err(told) => Err(format!(
            "the order did not end in {} s; the stream said {told}",
            PATIENCE.as_secs()
        )),
    }
}

async fn look_up_and_cancel(client: &Client, id: &str, probe: &mut Probe) -> Result<(), String> {
    let found = client.order_by_client_id(id).await.map_err(|error| error.to_string())?;
    let found = found.ok_or("the order is not found by the id it was sent with")?;
    probe.report(found.report())?;
    let cancel = probe.cancel_all()?.into_iter().next().ok_or("risk let no cancel pass")?;
    match cancel {
        Send::Cancel(cancel) => client.cancel(&cancel).await.map_err(|error| error.to_string()),
        Send::Submit(_) | Send::Replace { .. } => Err("risk made something else of it".into()),
    }
}

/// Waits for the order's last report; gives back what was told on the way, or so far.
async fn wait_for_end(stream: &mut OrderStream) -> Result<String, String> {
    let mut told: Vec<String> = Vec::new();
    let end = async {
        while let Some(message) = stream.messages.recv().await {
            if let OrderStreamMessage::Report {
                report: Report { order: Some(_), kind, .. }, ..
            } = message
            {
                told.push(words(kind));
                if matches!(kind, ReportKind::Canceled | ReportKind::Rejected | ReportKind::Expired)
                {
                    return true;
                }
            }
        }
        false
    };
    let ended = tokio::time::timeout(PATIENCE, end).await.unwrap_or(false);
    let words = if told.is_empty() { "nothing".into() } else { told.join(", ") };
    if ended { Ok(words) } else { Err(words) }
}

/// A report's kind as it is journalled.
fn words(kind: ReportKind) -> String {
    let value = serde_json::to_value(kind).ok();
    value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
