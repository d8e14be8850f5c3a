//! Keys, addresses, account and clock of the broker that a session would trade with.

use super::addresses::{Place, connect_to};
use super::{Row, Verdict};
use crate::assemble;
use crate::config::{Settings, settings};
use crate::exit::{Exit, Failure};
use crate::figures::{counted, exact};
use crate::venue::{self, Venue};
use kernel::{Span, Symbols, Timestamp};
use runtime::alpaca::{Address, Client, Mode, Names, host_and_port};
use runtime::session::machine_time;

const MOST_SKEW: Span = Span::from_secs(2);

/// Examines what the configured venue needs: live keys and addresses when it is alpaca-live.
pub async fn examine(settings: &Settings) -> Vec<Row> {
    let mode = match settings.venue() {
        settings::Venue::AlpacaLive => Mode::Live,
        settings::Venue::Auto | settings::Venue::Embedded | settings::Venue::AlpacaPaper => {
            Mode::Paper
        }
    };
    let (endpoints, credentials) = match venue::choose(settings, mode, false) {
        Ok(Venue::Embedded) => {
            let text = "none: sessions use the embedded exchange and synthetic data";
            return vec![Row::note("keys", text)];
        }
        Ok(Venue::Alpaca { endpoints, credentials, .. }) => (endpoints, credentials),
        Err(failure) => return vec![Row::failed("keys", failure)],
    };
    let places = endpoints.all().map(|(which, address)| {
        let (shown, host) = (address.to_owned(), host_and_port(address));
        Place { what: name(which), shown, host }
    });
    let mut rows = connect_to(places.into_iter()).await;
    if rows.first().is_some_and(|trading| trading.verdict == Verdict::Bad) {
        rows.push(Row::note("keys", "not tried: the trading address cannot be reached"));
        return rows;
    }
    let keys = format!("key {} for {}", credentials.hint(), endpoints.trading);
    match assemble::client(settings, endpoints, credentials) {
        Ok(client) => {
            let asked = ask(&client, keys).await;
            let is_heard = asked.iter().all(|row| row.verdict != Verdict::Bad);
            rows.extend(asked);
            if is_heard {
                rows.push(news(settings, &client).await);
            }
        }
        Err(failure) => rows.push(Row::failed("keys", failure)),
    }
    rows
}

const fn name(which: Address) -> &'static str {
    match which {
        Address::Trading => "trading",
        Address::Data => "market data",
        Address::Stream => "data stream",
        Address::TradingStream => "order stream",
        Address::Token => "OAuth token",
    }
}

async fn ask(client: &Client, keys: String) -> Vec<Row> {
    let account = match client.account().await {
        Ok(account) => account,
        Err(error) => return vec![Row::failed("keys", Failure::from(&error))],
    };
    let figures = format!("cash {} USD, equity {} USD", exact(account.cash), exact(account.equity));
    let standing = match account.blocked {
        Some(reason) => Row::bad("account", Exit::Refused, format!("blocked: {reason}")),
        None => Row::good("account", figures),
    };
    let before = machine_time();
    let clock = client.clock().await;
    let ours = before.plus(Span::from_nanos(machine_time().since(before).nanos() / 2));
    let clock = match clock {
        Ok(clock) if clock.tradewind.is_some() => {
            Row::note("clock", "the venue replays; its clock is its own")
        }
        Ok(clock) => skew(ours, clock.timestamp),
        Err(error) => Row::failed("clock", Failure::from(&error)),
    };
    vec![Row::good("keys", keys), standing, clock]
}

/// Whether the news can be read, where they keep entries away.
async fn news(settings: &Settings, client: &Client) -> Row {
    let Some(blackout) = settings.limits().longest_news_blackout() else {
        return Row::note("news", "no news blackout is set: sessions ask for no news");
    };
    let symbols = match Symbols::new(settings.symbols()) {
        Ok(symbols) => symbols,
        Err(error) => return Row::failed("news", Failure::usage(error)),
    };
    let client = client.named(Names::new(symbols, ""));
    match client.news(machine_time().minus(blackout)).await {
        Ok(pieces) => {
            let seconds = blackout.nanos() / 1_000_000_000;
            let pieces = counted(pieces.len() as u64, "piece");
            Row::good("news", format!("{pieces} about the symbols in the last {seconds} s"))
        }
        Err(error) => Row::failed("news", Failure::from(&error)),
    }
}

/// How far the machine's clock is from the broker's.
fn skew(ours: Timestamp, theirs: Timestamp) -> Row {
    let skew = Span::from_nanos(ours.since(theirs).nanos().saturating_abs());
    let text = format!(
        "{:.3} s from the broker's, at most {} s wanted",
        skew.nanos() as f64 / 1e9,
        MOST_SKEW.nanos() / 1_000_000_000
    );
    if skew > MOST_SKEW {
        Row::bad("clock", Exit::Other, format!("{text}: set it, with NTP for one"))
    } else {
        Row::good("clock", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_by_more_than_two_seconds_is_bad() {
        let noon = Timestamp::from_secs(1_700_000_000);
        for (seconds, verdict) in
            [(0, Verdict::Good), (2, Verdict::Good), (3, Verdict::Bad), (-3, Verdict::Bad)]
        {
            assert_eq!(skew(noon.plus(Span::from_secs(seconds)), noon).verdict, verdict);
        }
    }
}
