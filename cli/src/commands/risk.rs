//! `tradewind risk`: the limits of the running session with their use, and changes of them.

use super::{print_json, print_text};
use crate::args::{AskArgs, RiskArgs, RiskCommand, SetArgs};
use crate::commands::control::ask;
use crate::exit::Failure;
use crate::resolve;
use runtime::control::Request;
use serde_json::{Value, json};

pub fn run(args: &RiskArgs) -> Result<(), Failure> {
    match &args.command {
        None => show(&args.ask),
        Some(RiskCommand::Set(args)) => set(args),
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
