//! Collecting values from the layers, with the place each came from.

use super::chosen::{self, ChosenStrategy, SEVERAL, is_param};
use super::risk::{kind_of, misplaced};
use super::schema::{self, Kind};
use super::settings::borrow_rate;
use super::{ConfigError, Mistake, capital, limits, nearest};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use strategies::StrategyError;
use toml::{Table, Value};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Built in: `config/default.toml`.
    Default,
    /// A built-in profile.
    Profile(String),
    /// A file named on the command line.
    File(String),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => out.write_str("config/default.toml"),
            Source::Profile(name) => write!(out, "profile {name}"),
            Source::File(path) => out.write_str(path),
            Source::Environment(name) => write!(out, "environment {name}"),
            Source::Flag(flag) => write!(out, "flag {flag}"),
        }
    }
}

/// A value with its source. It may be a secret, so it does not print itself.
#[derive(Clone, PartialEq)]
pub struct Placed {
    /// The value.
    pub value: Value,
    /// Where it came from.
    pub source: Source,
}

/// The variables that the services name themselves, and the keys they set.
const VARIABLES: [(&str, &str); 7] = [
    (runtime::alpha_vantage::KEY_VARIABLE, "alpha_vantage.key"),
    ("APCA_API_KEY_ID", "alpaca.key_id"),
    ("APCA_API_SECRET_KEY", "alpaca.secret_key"),
    ("APCA_API_OAUTH_TOKEN", "alpaca.oauth_token"),
    ("APCA_API_BASE_URL", "alpaca.trading_url"),
    ("APCA_API_DATA_URL", "alpaca.data_url"),
    ("APCA_API_STREAM_URL", "alpaca.stream_url"),
];

const PROFILES: [(&str, &str); 4] = [
    ("dev", include_str!("../../../config/dev.toml")),
    ("test", include_str!("../../../config/test.toml")),
    ("prod", include_str!("../../../config/prod.toml")),
    ("tuned", include_str!("../../../config/tuned.toml")),
];

/// The values of all layers so far, later ones in place of earlier ones.
#[derive(Default)]
pub struct Layers {
    values: BTreeMap<String, Placed>,
    mistakes: Vec<Mistake>,
}

impl Layers {
    /// The built-in defaults.
    pub fn new() -> Self {
        let mut layers = Self::default();
        layers.add_text(include_str!("../../../config/default.toml"), &Source::Default);
        layers
    }

    /// Adds a built-in profile.
    pub fn add_profile(&mut self, name: &str) {
        let source = Source::Profile(name.into());
        match PROFILES.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => self.add_text(text, &source),
            None => {
                let known: Vec<&str> = PROFILES.iter().map(|(known, _)| *known).collect();
                self.mistake(
                    source,
                    "",
                    format!("no such profile; there are {}", known.join(", ")),
                );
            }
        }
    }

    /// Adds a file.
    pub fn add_file(&mut self, path: &Path) {
        let source = Source::File(path.display().to_string());
        match std::fs::read_to_string(path) {
            Ok(text) => self.add_text(&text, &source),
            Err(error) => self.mistake(source, "", format!("cannot be read: {error}")),
        }
    }

    /// Adds the environment: `TRADEWIND__SECTION__KEY` and the services' own names.
    pub fn add_environment(&mut self, variables: impl Iterator<Item = (String, String)>) {
        let mut set: BTreeMap<String, (String, String)> = BTreeMap::new();
        for (name, text) in variables {
            let own = name
                .strip_prefix("TRADEWIND__")
                .map(|rest| rest.split("__").map(str::to_lowercase).collect::<Vec<_>>().join("."));
            let theirs = VARIABLES.iter().find(|(known, _)| *known == name);
            let Some(path) = own.or_else(|| theirs.map(|(_, path)| (*path).to_owned())) else {
                continue;
            };
            if text.is_empty() {
                continue;
            }
            match set.get(&path) {
                Some((other, value)) if *value != text => {
                    let problem = format!("{other} sets the same key to something else");
                    self.mistake(Source::Environment(name), &path, problem);
                }
                Some(_) | None => {
                    set.insert(path, (name, text));
                }
            }
        }
        for (path, (name, text)) in set {
            self.set_text(&path, &text, Source::Environment(name));
        }
    }

    /// Adds what was in force in an earlier run, but for where things are and who is asking.
    pub fn add_run<'a>(&mut self, run: &str, config: impl Iterator<Item = (&'a str, &'a str)>) {
        let places = [
            "alpaca.",
            "alpha_vantage.",
            "session.data_dir",
            "log",
            "metrics.",
            "kafka.",
            "store.",
        ];
        for (path, text) in config {
            let is_place = places.iter().any(|place| path.starts_with(place));
            let is_known = kind_of(path).is_some() || is_param(path);
            if !is_place && is_known {
                // Values are written down as TOML.
                let line = format!("value = {text}").parse::<Table>();
                let value = line.ok().and_then(|mut table| table.remove("value"));
                let value = value.unwrap_or_else(|| Value::String(text.into()));
                self.set(path, value, Source::File(format!("run {run}")));
            }
        }
    }

    /// Sets one key from a flag. Two flags that set it differently are a mistake.
    pub fn set_flag(&mut self, flag: &str, path: &str, text: &str) {
        let before = self.values.get(path).cloned();
        self.set_text(path, text, Source::Flag(flag.into()));
        let (Some(before), Some(now)) = (before, self.values.get(path)) else { return };
        if matches!(before.source, Source::Flag(_)) && before.value != now.value {
            let problem = format!("{} sets the same key to something else", before.source);
            self.mistake(Source::Flag(flag.into()), path, problem);
        }
    }

    /// Sets the strategies that flags name, in the place of all that were named before: one by its
    /// name alone, or several, each as `NAME` or `LABEL=NAME`.
    pub fn set_strategies(&mut self, flag: &str, names: &[String]) {
        if let [only] = names
            && !only.contains('=')
        {
            return self.set_flag(flag, "strategy.name", only);
        }
        if !names.is_empty() {
            // What was typed beside the names is about them.
            let is_typed = |placed: &Placed| matches!(placed.source, Source::Flag(_));
            self.values.retain(|path, placed| !path.starts_with(SEVERAL) || is_typed(placed));
        }
        for text in names {
            let (label, name) = chosen::named(text);
            let path = format!("{SEVERAL}{label}.name");
            let problem = if !chosen::is_label(&label) {
                "a strategy is called by letters, digits, - and _: give it another name, as in --strategy quick=NAME"
            } else if self.values.contains_key(&path) {
                "two strategies are called so: give one another name, as in --strategy quick=NAME"
            } else {
                self.set_text(&path, name, Source::Flag(flag.into()));
                continue;
            };
            self.mistake(Source::Flag(flag.into()), &label, problem.into());
        }
    }

    /// Sets a parameter from a flag: `NAME` of the only strategy, or `LABEL.NAME` of one of several.
    pub fn set_param(&mut self, flag: &str, name: &str, text: &str) {
        let path = match name.split_once('.') {
            None => format!("strategy.params.{name}"),
            Some((label, strategies::SYMBOLS)) => format!("{SEVERAL}{label}.symbols"),
            Some((label, name)) => format!("{SEVERAL}{label}.params.{name}"),
        };
        self.set_flag(flag, &path, text);
    }

    /// Forgets every key but one, with the mistakes that were made in them; a source that cannot be
    /// read at all stays a mistake.
    pub fn keep_only(&mut self, path: &str) {
        self.values.retain(|held, _| held == path);
        self.mistakes.retain(|mistake| mistake.key == path || mistake.key.is_empty());
    }

    /// The values, when nothing is wrong with any of them.
    ///
    /// # Errors
    /// Every mistake found in any layer.
    pub fn finish(self) -> Result<BTreeMap<String, Placed>, ConfigError> {
        let (values, mistakes) = self.examine();
        if mistakes.is_empty() { Ok(values) } else { Err(ConfigError(mistakes)) }
    }

    /// The values, and everything that is wrong with them.
    pub fn examine(mut self) -> (BTreeMap<String, Placed>, Vec<Mistake>) {
        for (path, placed) in &self.values {
            let Some(kind) = kind_of(path) else { continue };
            if !kind.accepts(&placed.value) {
                let found = match kind {
                    Kind::Secret => "something else".into(),
                    kind => schema::shown(Some(kind), &placed.value),
                };
                self.mistakes.push(Mistake {
                    source: placed.source.clone(),
                    key: path.clone(),
                    problem: format!("expected {}, found {found}", kind.expected()),
                });
            }
        }
        self.check_borrow_rates();
        self.check_strategies();
        (self.values, self.mistakes)
    }

    fn check_borrow_rates(&mut self) {
        let key = "exchange.borrow_rates";
        let Some(placed) = self.values.get(key) else { return };
        let texts = placed.value.as_array().into_iter().flatten().filter_map(Value::as_str);
        let Some(wrong) = texts.into_iter().find(|text| borrow_rate(text).is_none()) else {
            return;
        };
        let problem =
            format!("expected SYMBOL=PERCENT from 0 to 1000, such as GME=35.5, found {wrong:?}");
        self.mistake(placed.source.clone(), key, problem);
    }

    /// The strategies' names and parameters are part of the configuration, and their mistakes are
    /// listed with the others.
    fn check_strategies(&mut self) {
        let chosen = chosen::chosen(&self.values);
        let ones = self.values.iter().find(|(path, _)| path.starts_with("strategy.params."));
        if let Some((path, placed)) = ones
            && self.has_several()
        {
            let name = path.strip_prefix("strategy.params.").unwrap_or_default();
            let labels: Vec<&str> = chosen.iter().map(|one| one.label.as_str()).collect();
            let problem = format!(
                "there are several strategies ({}): say whose parameter it is, as strategies.LABEL.params.{name} or --param LABEL.{name}=VALUE",
                labels.join(", ")
            );
            let (path, source) = (path.clone(), placed.source.clone());
            self.mistake(source, &path, problem);
        }
        self.mistakes.extend(capital::mistakes(&self.values, &chosen));
        self.mistakes.extend(limits::mistakes(&self.values, &chosen));
        chosen.iter().for_each(|one| self.check_strategy(one));
    }

    fn check_strategy(&mut self, chosen: &ChosenStrategy) {
        let symbols = kernel::Symbols::default();
        let Err(error) = strategies::build(&chosen.name, &chosen.params, &symbols) else { return };
        let (source, key) = self.name_of(chosen);
        match error {
            StrategyError::Unknown { .. }
            | StrategyError::Script { .. }
            | StrategyError::Symbol { .. } => self.mistake(source, &key, error.to_string()),
            StrategyError::Params { strategy, mistakes } => {
                for mistake in mistakes {
                    let problem = format!("strategy {strategy}: {mistake}");
                    let (key, source) = match self.parameter_in(chosen, &problem) {
                        Some((path, placed)) => (path.clone(), placed.source.clone()),
                        None => (key.clone(), source.clone()),
                    };
                    self.mistake(source, &key, problem);
                }
            }
        }
    }

    /// Where a strategy is named: where its name stands, or else the first that is said of it.
    fn name_of(&self, chosen: &ChosenStrategy) -> (Source, String) {
        let label = chosen.name_key.strip_suffix("name").unwrap_or_default();
        let named = self.values.get(&chosen.name_key);
        let said = self.values.iter().find(|(path, _)| path.starts_with(label));
        let source = named.or(said.map(|(_, placed)| placed)).map(|placed| placed.source.clone());
        (source.unwrap_or(Source::Default), chosen.name_key.clone())
    }

    /// The parameter that was set and that a sentence is about.
    fn parameter_in(&self, chosen: &ChosenStrategy, sentence: &str) -> Option<(&String, &Placed)> {
        let is_word_of = |name: &str| {
            let mut words = sentence.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| word == name)
        };
        let prefix = chosen.params_prefix.as_str();
        self.values.iter().find(|(path, _)| path.strip_prefix(prefix).is_some_and(is_word_of))
    }

    fn has_several(&self) -> bool {
        self.values.keys().any(|path| path.starts_with(SEVERAL))
    }

    fn add_text(&mut self, text: &str, source: &Source) {
        match text.parse::<Table>() {
            Ok(table) => self.add_table("", &table, source),
            Err(error) => {
                let line = error.span().map_or(1, |span| {
                    text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1)
                });
                let problem = format!("line {line} is not TOML: {}", error.message());
                self.mistake(source.clone(), "", problem);
            }
        }
    }

    fn add_table(&mut self, prefix: &str, table: &Table, source: &Source) {
        for (name, value) in table {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match value {
                Value::Table(inner) => {
                    if schema::is_table(&path) {
                        self.add_table(&path, inner, source);
                    } else {
                        self.unknown(&path, source.clone());
                    }
                }
                _ => self.set(&path, value.clone(), source.clone()),
            }
        }
    }

    fn set_text(&mut self, path: &str, text: &str, source: Source) {
        let value = match kind_of(path) {
            Some(kind) => kind.parse(text),
            None => Value::String(text.into()),
        };
        self.set(path, value, source);
    }

    fn set(&mut self, path: &str, value: Value, source: Source) {
        if kind_of(path).is_none() && !is_param(path) {
            return self.unknown(path, source);
        }
        if path.starts_with(SEVERAL) {
            // Several stand in the place of the one.
            self.values.retain(|held, _| !held.starts_with(chosen::ONE));
        }
        if path == "strategy.name" && source != Source::Default {
            self.only_one(&source);
            // Another strategy has other parameters: those of lower layers do not carry over.
            let other = self.values.get(path).is_some_and(|placed| placed.value != value);
            if other {
                self.values.retain(|held, _| !held.starts_with("strategy.params."));
            }
        }
        self.values.insert(path.into(), Placed { value, source });
    }

    /// One strategy stands in the place of several, unless the same place names both.
    fn only_one(&mut self, source: &Source) {
        let several = |path: &str| path.starts_with(SEVERAL);
        let both = self.values.iter().find(|(path, held)| several(path) && held.source == *source);
        if let Some((path, _)) = both {
            let problem =
                format!("it names one strategy, and {path} several: leave one of the two out");
            self.mistake(source.clone(), "strategy.name", problem);
        }
        self.values.retain(|held, _| !several(held));
    }

    fn unknown(&mut self, path: &str, source: Source) {
        if let Some(problem) = misplaced(path) {
            return self.mistake(source, path, problem);
        }
        let problem = match nearest(path, schema::KEYS.iter().map(|key| &*key.path)) {
            Some(near) => format!("no such key; did you mean {near}?"),
            None => "no such key; `tradewind config schema` lists them all".into(),
        };
        self.mistake(source, path, problem);
    }

    fn mistake(&mut self, source: Source, key: &str, problem: String) {
        self.mistakes.push(Mistake { source, key: key.into(), problem });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// TOML that is nearly ours: known and unknown keys with values of every kind.
    fn nearly() -> impl Strategy<Value = String> {
        let keys = schema::KEYS.iter().map(|key| key.path.to_string()).collect::<Vec<_>>();
        let key = prop_oneof![proptest::sample::select(keys), "[a-z]{1,8}\\.[a-z_]{1,8}"];
        let value = prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            any::<f64>().prop_map(|number| format!("{number:?}")),
            any::<bool>().prop_map(|flag| flag.to_string()),
            any::<String>().prop_map(|text| format!("{text:?}")),
            Just("[1, \"a\"]".to_owned()),
            Just("{}".to_owned()),
        ];
        let line = (key, value).prop_map(|(key, value)| format!("{key} = {value}\n"));
        proptest::collection::vec(line, 0..6).prop_map(|lines| lines.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Whatever is written is taken or refused with words.
        #[test]
        fn any_text_is_taken_or_refused(text in prop_oneof![any::<String>(), nearly()]) {
            let mut layers = Layers::new();
            layers.add_text(&text, &Source::File("any.toml".into()));
            if let Err(error) = layers.finish() {
                prop_assert!(!error.to_string().is_empty());
            }
        }

        #[test]
        fn any_environment_is_taken_or_refused(name in "[A-Z_]{0,12}", text in any::<String>()) {
            let mut layers = Layers::new();
            layers.add_environment(std::iter::once((format!("TRADEWIND__{name}"), text)));
            let _ = layers.finish();
        }
    }
}
