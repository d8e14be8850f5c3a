//! `tradewind compare --live`: a session against its simulation.

use super::{print_json, print_text};
use crate::args::{CompareArgs, DataDirArgs, PlaceArgs};
use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::figures::{cents, counted, date_time, exact, short, signed};
use crate::{assemble, resolve};
use backtest::{Cause, Chosen, LiveComparison, LiveError, OrderParts, Recorded, SideOfOrder};
use journal::Reader;
use kernel::{Cash, Input, RecordBody, SessionStart};
use std::path::{Path, PathBuf};

/// Characters of a session's id that must be named at least.
const SHORTEST: usize = 4;
/// Orders listed at most.
const LISTED: usize = 40;

/// Replays a session through the simulator and tells where the difference is from.
pub fn run(args: &CompareArgs, name: &str) -> Result<(), Failure> {
    let folder = folder(&args.place, name)?;
    let session = Recorded::read(&folder).map_err(|error| failed(&error))?;
    let mut layers = resolve::base(&args.place.config);
    resolve::place(&mut layers, &args.place.dir);
    let settings = Settings::new(layers.finish()?);
    let exchange = assemble::exchange_config(&settings);
    let compared = backtest::compare_live(&session, &exchange, &|| build(&session.start));
    let compared = compared.map_err(|error| failed(&error))?;
    if args.json { print_json(&compared) } else { print_text(&text(&compared)) }
}

/// The journal of a session: by a folder, by the beginning of its id in the data directory, or that
/// of the data directory when none is named.
fn folder(place: &PlaceArgs, name: &str) -> Result<PathBuf, Failure> {
    if name.is_empty() {
        return super::journal::folder(place);
    }
    let path = Path::new(name);
    if path.is_dir() {
        let dir = DataDirArgs { data_dir: Some(path.into()) };
        return super::journal::folder(&PlaceArgs { config: place.config.clone(), dir });
    }
    let place = resolve::data_dir(place)?.join("journal");
    let begins = |folder: &Path| {
        name.len() >= SHORTEST && id_of(folder).is_some_and(|id| id.starts_with(name))
    };
    let finished = journal::finished(&place).unwrap_or_default();
    let mut found = finished.into_iter().chain([place.clone()]).filter(|folder| begins(folder));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(Failure::usage(format!(
            "{name} may be any of several sessions: give more of its id"
        ))),
        (None, _) => Err(Failure::usage(format!(
            "there is no session {name}: give its data directory, or the first {SHORTEST} or more characters of the id of a session in {}",
            place.display()
        ))),
    }
}

/// The id of the session in a journal folder.
fn id_of(folder: &Path) -> Option<String> {
    match Reader::open(folder, 1).ok()?.next().ok()??.body {
        RecordBody::Input(first) => match first.input {
            Input::Start(start) => Some(start.session.to_string()),
            _ => None,
        },
        RecordBody::Event { .. } => None,
    }
}

/// The strategies of a session, made anew.
fn build(start: &SessionStart) -> Result<Vec<Chosen>, String> {
    let built = start.strategies.iter().map(|spec| {
        let params = spec.params.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        strategies::build(&spec.name, &params.collect(), &start.symbols)
            .map_err(|error| error.to_string())
    });
    built.collect()
}

fn failed(error: &LiveError) -> Failure {
    let exit = match error {
        LiveError::Journal(error) => Exit::of_journal(error),
        LiveError::Run(error) => return Failure::from(error),
        LiveError::Unaccounted { .. } | LiveError::UnaccountedShares { .. } => Exit::Other,
        LiveError::NoSession
        | LiveError::NoAccount
        | LiveError::NoData
        | LiveError::Damaged { .. }
        | LiveError::AccountReset { .. }
        | LiveError::SharesChange { .. }
        | LiveError::Strategies(_) => Exit::Usage,
    };
    Failure::new(exit, error.to_string())
}

fn text(compared: &LiveComparison) -> String {
    let usd = |amount: Cash| format!("{:>18} USD", signed(exact(amount)));
    let mut lines = vec![format!(
        "session {} on {}: {} to {} UTC{}",
        short(&compared.session),
        compared.venue,
        date_time(compared.first),
        date_time(compared.last),
        if compared.has_ended { "" } else { ", not ended yet" }
    )];
    lines.push(String::new());
    lines.push(format!("  {:28}{}", "the session earned", usd(compared.session_pnl)));
    lines.push(format!("  {:28}{}", "its simulation earned", usd(compared.simulated_pnl)));
    lines.push(format!("  {:28}{}", "difference", usd(compared.difference)));
    if compared.is_equal() {
        let same = if compared.same_events { ": every event is the same" } else { "" };
        lines.push(format!("\nThere is no difference{same}."));
        return lines.join("\n") + "\n";
    }
    lines.push("\nwhere it is from".into());
    for cause in Cause::ALL {
        lines.push(format!("  {:28}{}", label(cause), usd(compared.parts.of(cause))));
    }
    lines.extend(orders(&compared.orders));
    if compared.parts.other != Cash::ZERO {
        lines.push(format!(
            "\n{} USD are explained by no run: the session decided otherwise for a reason that its journal does not reproduce here (a restart, books that were moved, an operator's order after the last data).",
            signed(exact(compared.parts.other))
        ));
    }
    lines.join("\n") + "\n"
}

const fn label(cause: Cause) -> &'static str {
    match cause {
        Cause::DataRevision => "data revision",
        Cause::Orders => "rejected or missed orders",
        Cause::Latency => "latency",
        Cause::FillModel => "fill model",
        Cause::Fees => "fees",
        Cause::Account => "account",
        Cause::Other => "other decisions",
    }
}

fn orders(all: &[OrderParts]) -> Vec<String> {
    if all.is_empty() {
        return Vec::new();
    }
    let count = counted(all.len() as u64, "order");
    let mut lines = vec![format!("\n{count} that differ, in USD before fees")];
    lines.push(format!(
        "  {:>7} {:>7}  {:19} {:8} {:4} {:>12} {:>12} {:>12} {:>12} {:>12}  what happened",
        "session",
        "simul.",
        "decided UTC",
        "symbol",
        "side",
        "data",
        "orders",
        "latency",
        "fills",
        "other"
    ));
    lines.extend(all.iter().take(LISTED).map(row));
    if all.len() > LISTED {
        lines.push(format!("  ... and {} more: --json tells them all", all.len() - LISTED));
    }
    lines
}

fn row(order: &OrderParts) -> String {
    let number = |side: &Option<SideOfOrder>| {
        side.as_ref().map_or_else(|| "-".into(), |side| side.number.to_string())
    };
    let parts = &order.parts;
    let part = |amount: Cash| match amount {
        Cash::ZERO => "-".to_owned(),
        amount => signed(cents(amount)),
    };
    format!(
        "  {:>7} {:>7}  {:19} {:8} {:4} {:>12} {:>12} {:>12} {:>12} {:>12}  {}",
        number(&order.session),
        number(&order.simulated),
        date_time(order.decided),
        order.symbol,
        order.side.as_str(),
        part(parts.data_revision),
        part(parts.orders),
        part(parts.latency),
        part(parts.fill_model),
        part(parts.other),
        order.account.0
    )
}
