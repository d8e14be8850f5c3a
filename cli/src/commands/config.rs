//! `tradewind config check|show|schema`.

use super::{print_json, print_text};
use crate::args::{ConfigArgs, ConfigCommand};
use crate::config::{ConfigError, Settings, schema};
use crate::exit::Failure;
use crate::{kafka, resolve, retrain, venue};
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
    let (values, mut mistakes) = resolve::base(args).examine();
    let settings = Settings::new(values);
    mistakes.extend(venue::mistakes(&settings));
    mistakes.extend(kafka::mistakes(&settings));
    mistakes.extend(retrain::mistakes(&settings));
    if !mistakes.is_empty() {
        return Err(ConfigError(mistakes).into());
    }
    let note = venue::lacks_keys(&settings).map(|note| format!(" {note}")).unwrap_or_default();
    print_text(&format!("The configuration is good.{note}\n"))
}

fn show(args: &ConfigArgs, as_json: bool) -> Result<(), Failure> {
    let settings = settings(args)?;
    if as_json {
        let rows = settings.redacted().map(|(key, value, source)| {
            (key.to_owned(), json!({ "value": value, "source": source }))
        });
        return print_json(&serde_json::Value::Object(rows.collect()));
    }
    let rows: Vec<_> = settings
        .redacted()
        .map(|(key, value, source)| (format!("{key} = {value}"), source.to_string()))
        .collect();
    let width = rows.iter().map(|(setting, _)| setting.len()).max().unwrap_or(0).min(60);
    let lines = rows.iter().map(|(setting, source)| format!("{setting:width$}  # {source}\n"));
    print_text(&lines.collect::<String>())
}

fn print_schema(as_json: bool) -> Result<(), Failure> {
    if as_json {
        let rows = schema::KEYS.iter().map(|key| {
            let row = json!({ "expected": key.kind.expected(), "doc": key.doc });
            (key.path.to_string(), row)
        });
        return print_json(&serde_json::Value::Object(rows.collect()));
    }
    let rows = schema::KEYS
        .iter()
        .map(|key| format!("{}\n    {}\n    expects {}\n", key.path, key.doc, key.kind.expected()));
    print_text(&rows.collect::<String>())
}
