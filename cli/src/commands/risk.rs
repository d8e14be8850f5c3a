//! `tradewind risk`: the limits of the running session with their use, and changes of them.

use super::{checks, print_json, print_text};
use crate::args::{AskArgs, RiskArgs, RiskCheckArgs, RiskCommand, SetArgs};
use crate::commands::control::ask;
use crate::exit::{Exit, Failure};
use crate::figures::date_time;
use crate::{order_text, resolve};
use journal::Reader;
use kernel::{Origin, State, StrategyId, risk};
use runtime::control::Request;
use serde_json::{Value, json};

pub fn run(args: &RiskArgs) -> Result<(), Failure> {
    match &args.command {
        None => show(&args.ask),
        Some(RiskCommand::Set(args)) => set(args),
        Some(RiskCommand::Check(args)) => check(args),
    }
}

fn show(args: &AskArgs) -> Result<(), Failure> {
    let answer = ask(&resolve::data_dir(&args.place)?, &Request::new("risk", ""))?;
    if args.json {
        return print_json(&answer);
    }
    let rows = answer.body.get("limits").and_then(Value::as_array);
    let rows: Vec<[&str; 4]> = rows.into_iter().flatten().map(columns).collect();
    let (mut keys, mut limits, mut used) = (5, 5, 4);
    for [key, limit, now, _] in &rows {
        (keys, limits, used) = (keys.max(key.len()), limits.max(limit.len()), used.max(now.len()));
    }
    let mut text = format!("{:keys$}  {:>limits$}  {:>used$}  unit\n", "limit", "is", "used");
    for [key, limit, now, unit] in &rows {
        text += &format!("{key:keys$}  {limit:>limits$}  {now:>used$}  {unit}\n");
    }
    let trading = answer.body.get("trading").and_then(Value::as_str).unwrap_or("-");
    print_text(&format!("{text}trading is {trading}; what each limit is: docs/RISK.md\n"))
}

fn columns(row: &Value) -> [&str; 4] {
    ["key", "limit", "used", "unit"]
        .map(|name| row.get(name).and_then(Value::as_str).unwrap_or("-"))
}

fn set(args: &SetArgs) -> Result<(), Failure> {
    let reason = args.reason.trim();
    if reason.is_empty() {
        return Err(Failure::usage(
            "a limit is set with a reason, which is journalled: tradewind risk set max_orders_per_minute 30 \"too many\"",
        ));
    }
    let request = Request {
        args: json!({ "key": args.key, "value": args.value }),
        ..Request::new("risk-set", reason)
    };
    let answer = ask(&resolve::data_dir(&args.place)?, &request)?;
    if args.json {
        return print_json(&answer);
    }
    let trading = answer.body.get("trading").and_then(Value::as_str).unwrap_or("as before");
    print_text(&format!(
        "{} is {} from now on, in this session; trading is {trading}. No file was changed.\n",
        args.key, args.value
    ))
}

/// Judges an order on the account of the journal's last record; nothing is sent.
fn check(args: &RiskCheckArgs) -> Result<(), Failure> {
    let folder = super::journal::folder(&args.place)?;
    let state = Reader::newest_state(&folder).map_err(Failure::usage)?;
    let origin = origin(args.strategy.as_deref(), &state)?;
    let order = order_text::parse(&args.order, state.symbols()).map_err(Failure::usage)?;
    let verdict = risk::would_pass(&state, origin, order);
    let findings = risk::examine(&state, origin, order, None).unwrap_or_default();
    if args.json {
        print_json(&json!({
            "order": order_text::write(&order, state.symbols()), "as_of": state.now(),
            "passes": verdict.is_ok(), "denial": verdict.as_ref().err(), "checks": findings,
        }))?;
    } else {
        print_text(&format!(
            "{}\nas of {}, trading is {}\n\n{}",
            order_text::write(&order, state.symbols()),
            date_time(state.now()),
            state.trading_state().as_str(),
            checks::table(&findings)
        ))?;
    }
    match verdict {
        Ok(()) if args.json => Ok(()),
        Ok(()) => print_text("It would pass. Nothing was sent.\n"),
        Err(denial) => {
            Err(Failure::new(Exit::CheckFailed, format!("it would be denied: {denial}")))
        }
    }
}

fn origin(strategy: Option<&str>, state: &State) -> Result<Origin, Failure> {
    let Some(name) = strategy else { return Ok(Origin::Operator) };
    let names = state.strategy_names();
    let found = (0..).zip(&names).find(|(_, held)| **held == name);
    found.map(|(place, _)| Origin::Strategy(StrategyId(place))).ok_or_else(|| {
        Failure::usage(format!("the session does not run {name}, but {}", names.join(", ")))
    })
}
