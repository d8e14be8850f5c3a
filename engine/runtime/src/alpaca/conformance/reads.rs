//! The checks that read over REST. Each gives back what was seen, or what is wrong, as a sentence.

use crate::alpaca::orders::Listing;
use crate::alpaca::rest::Client;
use crate::alpaca::rows::BarsQuery;
use jiff::ToSpan;
use kernel::{Bar, Span, SymbolId, Timestamp};

const DAY: Span = Span::from_secs(86_400);

/// A clock further off than this makes sessions open at the wrong time.
const WORST_SKEW: Span = Span::from_secs(2);

pub(super) async fn account(client: &Client) -> Result<String, String> {
    let account = client.account().await.map_err(|error| error.to_string())?;
    if let Some(reason) = account.blocked {
        return Err(format!("no order may be sent: {reason}"));
    }
    let shorting = if account.shorting_enabled { "allowed" } else { "not allowed" };
    Ok(format!(
        "active, multiplier {}, short sales {shorting}, cash, equity and buying power read exactly",
        account.multiplier
    ))
}

pub(super) async fn clock(client: &Client) -> Result<String, String> {
    let before = jiff::Timestamp::now();
    let clock = client.clock().await.map_err(|error| error.to_string())?;
    let open = if clock.is_open { "open" } else { "closed" };
    if clock.next_open.is_none() || clock.next_close.is_none() {
        return Err("the clock does not say when the session opens and closes next".into());
    }
    if clock.tradewind.is_some() {
        return Ok(format!("a replay, {open}, at {}", clock.timestamp));
    }
    let after = jiff::Timestamp::now();
    let skew = skew(before, after, clock.timestamp);
    let text = format!("{open}; the broker's clock is {skew} ahead of this machine's");
    if Span::from_nanos(skew.nanos().abs()) > WORST_SKEW {
        return Err(format!("{text}: set this machine's clock"));
    }
    Ok(text)
}

/// How far a time lies outside the time that its request took; zero inside.
fn skew(before: jiff::Timestamp, after: jiff::Timestamp, stated: Timestamp) -> Span {
    let stated = i128::from(stated.nanos());
    let nanos = match (stated - before.as_nanosecond(), stated - after.as_nanosecond()) {
        (early, _) if early < 0 => early,
        (_, late) if late > 0 => late,
        _ => 0,
    };
    Span::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

pub(super) async fn calendar(client: &Client) -> Result<String, String> {
    let clock = client.clock().await.map_err(|error| error.to_string())?;
    let today = jiff::Timestamp::from_nanosecond(i128::from(clock.timestamp.nanos()))
        .map_err(|error| error.to_string())?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let (from, to) = (today.saturating_sub(7.days()), today.saturating_add(7.days()));
    let days = client.calendar(from, to).await.map_err(|error| error.to_string())?;
    let ordered = days.iter().all(|day| {
        day.extended_open <= day.open && day.open < day.close && day.close <= day.extended_close
    });
    match days.len() {
        0 => Err(format!("no trading day between {from} and {to}")),
        _ if !ordered => Err("a day closes before it opens".into()),
        count => Ok(format!("{count} trading days between {from} and {to}")),
    }
}

pub(super) async fn asset(client: &Client) -> Result<String, String> {
    let name = symbol_name(client);
    let asset = client.asset(&name).await.map_err(|error| error.to_string())?;
    let asset = asset.ok_or_else(|| format!("the broker does not know {name}"))?;
    let unknown = client.asset("TRADEWIND.NO.SUCH").await.map_err(|error| error.to_string())?;
    if unknown.is_some() {
        return Err("the broker knows a symbol that does not exist".into());
    }
    Ok(format!(
        "{name} is {}tradable; an unknown symbol is none",
        if asset.tradable { "" } else { "not " }
    ))
}

pub(super) async fn orders(client: &Client) -> Result<String, String> {
    let open = client.open_orders().await.map_err(|error| error.to_string())?;
    let after = now(client).await?.minus(Span::from_nanos(7 * DAY.nanos()));
    let all = client.orders(Listing::All, Some(after)).await.map_err(|error| error.to_string())?;
    let unknown: Vec<&str> = all
        .iter()
        .filter(|order| order.status.is_none())
        .map(|order| order.status_text.as_ref())
        .collect();
    if !unknown.is_empty() {
        return Err(format!("unknown order statuses: {}", unknown.join(", ")));
    }
    Ok(format!("{} open, {} in the last seven days", open.len(), all.len()))
}

pub(super) async fn positions(client: &Client) -> Result<String, String> {
    let positions = client.positions().await.map_err(|error| error.to_string())?;
    Ok(format!("{} positions", positions.held.len() + positions.foreign.len()))
}

pub(super) async fn activities(client: &Client) -> Result<String, String> {
    let after = now(client).await?.minus(Span::from_nanos(30 * DAY.nanos()));
    let fills = client.fills(Some(after)).await.map_err(|error| error.to_string())?;
    let postings = client.postings(Some(after)).await.map_err(|error| error.to_string())?;
    let (fills, postings) = (fills.len(), postings.len());
    Ok(format!("{fills} executions and {postings} other postings in the last thirty days"))
}

pub(super) async fn bars(client: &Client) -> Result<String, String> {
    let bars = recent_bars(client).await?;
    let (name, feed) = (symbol_name(client), &client.config().feed);
    match bars.last() {
        None => Err(format!("no minute bars of {name} in the last ten days on feed {feed}")),
        Some(last) => Ok(format!(
            "{} minute bars of {name} on feed {feed}, the last at {}",
            bars.len(),
            last.open_time
        )),
    }
}

/// Minute bars of the last ten days up to twenty minutes ago, which every plan may read.
pub(super) async fn recent_bars(client: &Client) -> Result<Vec<Bar>, String> {
    let Some(symbol) = symbol(client) else {
        return Err("no symbol to ask about".into());
    };
    let now = now(client).await?;
    let query = BarsQuery {
        symbols: &[symbol],
        length: Span::from_secs(60),
        start: now.minus(Span::from_nanos(10 * DAY.nanos())),
        end: now.minus(Span::from_secs(1200)),
        limit: None,
    };
    client.bars(&query).await.map_err(|error| error.to_string())
}

pub(super) fn symbol(client: &Client) -> Option<SymbolId> {
    client.names().symbols().ids().next()
}

fn symbol_name(client: &Client) -> String {
    client.names().symbols().names().next().unwrap_or_default().to_owned()
}

async fn now(client: &Client) -> Result<Timestamp, String> {
    client.clock().await.map(|clock| clock.timestamp).map_err(|error| error.to_string())
}
