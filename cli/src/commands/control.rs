//! `tradewind status|halt|resume|flatten|cancel-all`: a word to the running session.

use super::print_json;
use crate::args::{AskArgs, ReasonArgs};
use crate::exit::{Exit, Failure};
use crate::resolve;
use runtime::control::{Answer, AskError, Request};
use serde_json::Value;
use std::path::Path;

pub fn status(args: &AskArgs) -> Result<(), Failure> {
    let dir = resolve::data_dir(&args.place)?;
    let answer = ask(&dir, "status", "")?;
    if args.json {
        return print_json(&answer);
    }
    for (key, value) in &answer.body {
        print_field(key, value);
    }
    Ok(())
}

/// A list as one line each, anything else as `key value`.
fn print_field(key: &str, value: &Value) {
    match value {
        Value::Array(rows) => rows.iter().for_each(|row| println!("{key:18} {}", words(row))),
        _ => println!("{key:18} {}", words(value)),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".into(),
        Value::Object(fields) => {
            let parts = fields.iter().map(|(key, value)| format!("{key}={}", words(value)));
            parts.collect::<Vec<_>>().join(" ")
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
    }
}

pub fn say(cmd: &str, args: &ReasonArgs) -> Result<(), Failure> {
    let reason = args.reason.trim();
    if reason.is_empty() && cmd == "resume" {
        return Err(Failure::usage(
            "resume needs a reason, which is journalled: tradewind resume \"checked the books\"",
        ));
    }
    let dir = resolve::data_dir(&args.place)?;
    let answer = ask(&dir, cmd, if reason.is_empty() { "no reason given" } else { reason })?;
    if args.json {
        return print_json(&answer);
    }
    println!("{cmd}: done");
    for (key, value) in &answer.body {
        print_field(key, value);
    }
    Ok(())
}

fn ask(dir: &Path, cmd: &str, reason: &str) -> Result<Answer, Failure> {
    let answer = runtime::control::ask(dir, &Request::new(cmd, reason)).map_err(|error| {
        let exit = match error {
            AskError::NoSession { .. } => Exit::NoSession,
            AskError::Io { .. } => Exit::Other,
        };
        Failure::new(exit, error.to_string())
    })?;
    match &answer.error {
        Some(error) => Err(Failure::other(error)),
        None => Ok(answer),
    }
}
