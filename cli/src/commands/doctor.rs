//! `tradewind doctor`: is everything that a session needs in place?

use super::{print_json, print_text, tokio_runtime};
use crate::args::DoctorArgs;
use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::figures::exact;
use crate::venue::{self, Venue};
use crate::{assemble, resolve};
use runtime::alpaca::{Client, Mode};
use serde::Serialize;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::time::Duration;

/// How one examination came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    Note,
    Bad,
}

/// One line of the report.
#[derive(Debug, Clone, Serialize)]
struct Row {
    what: &'static str,
    verdict: Verdict,
    text: String,
    /// How the command ends when this is bad.
    #[serde(skip)]
    exit: Exit,
}

const LEAST_FREE_MIB: u64 = 512;
const MOST_SKEW: Duration = Duration::from_secs(2);
const HONESTY: &str = "Nothing of this program was run against Alpaca itself by its makers; \
                       --conformance checks it with your paper keys";

pub fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let mut layers = resolve::base(&args.config);
    resolve::place(&mut layers, &args.place);
    if args.conformance {
        return super::conformance::run(args, &Settings::new(layers.finish()?));
    }
    let settings = match layers.finish().map(Settings::new) {
        Ok(settings) => settings,
        Err(error) => {
            print(&[row("configuration", Verdict::Bad, error.to_string())], args.json)?;
            return Err(Failure::usage("the configuration is not good: see above"));
        }
    };
    let mut rows = vec![row("configuration", Verdict::Good, "every key is known and in range")];
    rows.extend(versions());
    rows.push(strategy(&settings));
    rows.extend(disk(&settings));
    rows.extend(addresses(&settings));
    rows.extend(broker(&settings)?);
    rows.push(row("conformance", Verdict::Note, HONESTY));
    print(&rows, args.json)?;
    let bad: Vec<&Row> = rows.iter().filter(|row| row.verdict == Verdict::Bad).collect();
    let Some(first) = bad.first() else { return Ok(()) };
    let refused = bad.iter().find(|row| row.exit == Exit::Refused);
    Err(Failure::new(
        refused.unwrap_or(first).exit,
        format!("{} of {} examinations failed: see those marked BAD", bad.len(), rows.len()),
    ))
}

fn row(what: &'static str, verdict: Verdict, text: impl Into<String>) -> Row {
    Row { what, verdict, text: text.into(), exit: Exit::Other }
}

fn print(rows: &[Row], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return print_json(&serde_json::json!({ "examinations": rows }));
    }
    let lines = rows.iter().map(|row| {
        let mark = match row.verdict {
            Verdict::Good => "good",
            Verdict::Note => "note",
            Verdict::Bad => "BAD ",
        };
        format!("{mark}  {:14} {}\n", row.what, row.text)
    });
    print_text(&lines.collect::<String>())
}

fn versions() -> Vec<Row> {
    let own = format!(
        "tradewind {}, journal format {}",
        env!("CARGO_PKG_VERSION"),
        journal::FORMAT_VERSION
    );
    let mut rows = vec![row("program", Verdict::Good, own)];
    for (part, version) in runtime::versions() {
        rows.push(row("part", Verdict::Good, format!("{part} {version}")));
    }
    rows
}

fn strategy(settings: &Settings) -> Row {
    match super::strategies::build(settings, &kernel::Symbols::default()) {
        Ok((_, spec)) => row("strategy", Verdict::Good, spec.name.to_string()),
        Err(error) => row("strategy", Verdict::Bad, error.to_string()),
    }
}

fn disk(settings: &Settings) -> Vec<Row> {
    let dir = settings.data_dir();
    if let Err(error) = assemble::create_private(&dir) {
        return vec![row("data directory", Verdict::Bad, error.to_string())];
    }
    let mut rows =
        vec![row("data directory", Verdict::Good, format!("{} can be written", dir.display()))];
    let Ok(free) = rustix::fs::statvfs(&dir) else { return rows };
    let mib = free.f_bavail.saturating_mul(free.f_frsize) / 1_048_576;
    let verdict = if mib < LEAST_FREE_MIB { Verdict::Bad } else { Verdict::Good };
    rows.push(row("disk", verdict, format!("{mib} MiB free, {LEAST_FREE_MIB} wanted")));
    rows
}

/// Which addresses a session would use, and whether those it listens on are free.
fn addresses(settings: &Settings) -> Vec<Row> {
    let mut rows = Vec::new();
    match settings.metrics_address() {
        None => rows.push(row("metrics", Verdict::Note, "off")),
        Some(address) => rows.push(match TcpListener::bind(address) {
            Ok(_) => row("metrics", Verdict::Good, format!("{address} is free")),
            Err(error) => {
                row("metrics", Verdict::Bad, format!("{address} cannot be used: {error}"))
            }
        }),
    }
    let brokers = settings.text("kafka.brokers");
    for broker in brokers.split(',').map(str::trim).filter(|broker| !broker.is_empty()) {
        rows.push(reach("kafka", broker));
    }
    if brokers.is_empty() {
        rows.push(row("kafka", Verdict::Note, "off"));
    }
    rows
}

fn reach(what: &'static str, host: &str) -> Row {
    let addresses = host.to_socket_addrs().map(Iterator::collect::<Vec<SocketAddr>>);
    let connects = |address: &SocketAddr| {
        std::net::TcpStream::connect_timeout(address, Duration::from_secs(3)).is_ok()
    };
    match addresses {
        Ok(list) if list.iter().any(connects) => {
            row(what, Verdict::Good, format!("{host} answers"))
        }
        Ok(_) => row(what, Verdict::Bad, format!("{host} does not accept a connection")),
        Err(error) => row(what, Verdict::Bad, format!("{host} cannot be resolved: {error}")),
    }
}

/// Keys, reachability and clock of the broker.
fn broker(settings: &Settings) -> Result<Vec<Row>, Failure> {
    let (endpoints, credentials) = match venue::choose(settings, Mode::Paper, false) {
        Ok(Venue::Embedded) => {
            return Ok(vec![row(
                "keys",
                Verdict::Note,
                "none: sessions use the embedded exchange and synthetic data",
            )]);
        }
        Ok(Venue::Alpaca { endpoints, credentials, .. }) => (endpoints, credentials),
        Err(error) => return Ok(vec![row("keys", Verdict::Bad, error.to_string())]),
    };
    let mut rows = vec![row(
        "keys",
        Verdict::Good,
        format!("key {} for {}", credentials.hint(), endpoints.trading),
    )];
    for address in [&endpoints.data, &endpoints.stream, &endpoints.trading_stream] {
        rows.push(row("address", Verdict::Good, address.clone()));
    }
    let client = assemble::client(settings, endpoints, credentials)?;
    rows.extend(tokio_runtime()?.block_on(ask_broker(&client)));
    Ok(rows)
}

async fn ask_broker(client: &Client) -> Vec<Row> {
    let mut rows = Vec::new();
    match client.account().await {
        Ok(account) => {
            let text =
                format!("cash {} USD, equity {} USD", exact(account.cash), exact(account.equity));
            rows.push(row("account", Verdict::Good, text));
            if let Some(reason) = account.blocked {
                let blocked = row("account", Verdict::Bad, format!("blocked: {reason}"));
                rows.push(Row { exit: Exit::Refused, ..blocked });
            }
        }
        Err(error) => {
            let Failure { exit, message } = Failure::from(&error);
            return vec![Row { exit, ..row("account", Verdict::Bad, message) }];
        }
    }
    match client.clock().await {
        Ok(clock) if clock.tradewind.is_some() => {
            rows.push(row("clock", Verdict::Note, "the venue replays; its clock is its own"));
        }
        Ok(clock) => {
            let ours = runtime::session::machine_time();
            let skew = Duration::from_nanos(ours.since(clock.timestamp).nanos().unsigned_abs());
            let verdict = if skew > MOST_SKEW { Verdict::Bad } else { Verdict::Good };
            let text = format!(
                "{:.3} s from the broker's, at most {} s wanted",
                skew.as_secs_f64(),
                MOST_SKEW.as_secs()
            );
            rows.push(row("clock", verdict, text));
        }
        Err(error) => rows.push(row("clock", Verdict::Bad, error.to_string())),
    }
    rows
}
