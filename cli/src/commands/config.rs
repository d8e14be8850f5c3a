//! `tradewind config check|show|schema`.

use super::print_json;
use crate::args::{ConfigArgs, ConfigCommand};
use crate::config::{ConfigError, Settings, schema};
use crate::exit::Failure;
use crate::resolve;
use serde_json::json;

pub fn run(command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check { config } => check(config),
        ConfigCommand::Show { config, json } => show(config, *json),
        ConfigCommand::Schema { json } => print_schema(*json),
    }
}

fn settings(args: &ConfigArgs) -> Result<Settings, ConfigError> {
    resolve::base(args).finish().map(Settings::new)
}

fn check(args: &ConfigArgs) -> Result<(), Failure> {
    let settings = settings(args)?;
    super::strategies::build(&settings, &kernel::Symbols::default())?;
    println!("The configuration is good.");
    Ok(())
}

fn show(args: &ConfigArgs, as_json: bool) -> Result<(), Failure> {
    let settings = settings(args)?;
    if as_json {
        let rows = settings.redacted().map(|(key, value, source)| {
            (key.to_owned(), json!({ "value": value, "source": source }))
        });
        return print_json(&serde_json::Value::Object(rows.collect()));
    }
    for (key, value, source) in settings.redacted() {
        println!("{key} = {value}  # {source}");
    }
    Ok(())
}

fn print_schema(as_json: bool) -> Result<(), Failure> {
    if as_json {
        let rows = schema::KEYS.iter().map(|key| {
            let row = json!({ "expected": key.kind.expected(), "doc": key.doc });
            (key.path.to_owned(), row)
        });
        return print_json(&serde_json::Value::Object(rows.collect()));
    }
    for key in schema::KEYS {
        println!("{}\n    {}\n    expects {}", key.path, key.doc, key.kind.expected());
    }
    Ok(())
}
