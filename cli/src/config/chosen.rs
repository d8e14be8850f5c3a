//! The strategies that a configuration names: one in `[strategy]`, or several in `[strategies]`.

use super::layers::Placed;
use super::schema::number_text;
use std::collections::BTreeMap;
use toml::Value;

/// What the keys of several strategies begin with; what they are called follows.
pub const SEVERAL: &str = "strategies.";
/// What the keys of the only strategy begin with.
pub const ONE: &str = "strategy.";

/// A strategy that is to trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenStrategy {
    /// What it is called beside others; its name when it is alone.
    pub label: String,
    /// Its name in the registry, or the file of its script.
    pub name: String,
    /// Its parameters as texts, those alone that are set.
    pub params: BTreeMap<String, String>,
    /// The key under which its name stands, or would.
    pub name_key: String,
    /// What the keys of its parameters begin with.
    pub params_prefix: String,
}

impl ChosenStrategy {
    /// A key of its own beside its name.
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.name_key.strip_suffix("name").unwrap_or_default())
    }
}

/// The strategies in the order in which they are asked: that of what they are called.
pub fn chosen(values: &BTreeMap<String, Placed>) -> Vec<ChosenStrategy> {
    let mut labels: Vec<&str> =
        values.keys().filter_map(|path| path.strip_prefix(SEVERAL)?.split('.').next()).collect();
    labels.sort_unstable();
    labels.dedup();
    if labels.is_empty() {
        return one(values).into_iter().collect();
    }
    labels.into_iter().map(|label| of_several(values, label)).collect()
}

fn one(values: &BTreeMap<String, Placed>) -> Option<ChosenStrategy> {
    let name = values.get("strategy.name")?.value.as_str()?.to_owned();
    let params_prefix = "strategy.params.".to_owned();
    Some(ChosenStrategy {
        label: name.clone(),
        params: params(values, &params_prefix),
        name,
        name_key: "strategy.name".into(),
        params_prefix,
    })
}

fn of_several(values: &BTreeMap<String, Placed>, label: &str) -> ChosenStrategy {
    let name_key = format!("{SEVERAL}{label}.name");
    let name = values.get(&name_key).and_then(|placed| placed.value.as_str());
    let params_prefix = format!("{SEVERAL}{label}.params.");
    let mut params = params(values, &params_prefix);
    let symbols = values.get(&format!("{SEVERAL}{label}.symbols"));
    if let Some(symbols) = symbols.and_then(|placed| placed.value.as_array()) {
        let names: Vec<&str> = symbols.iter().filter_map(Value::as_str).collect();
        params.insert(strategies::SYMBOLS.into(), names.join(","));
    }
    let name = name.unwrap_or(label).to_owned();
    ChosenStrategy { label: label.into(), name, params, name_key, params_prefix }
}

fn params(values: &BTreeMap<String, Placed>, prefix: &str) -> BTreeMap<String, String> {
    let set = values.iter().filter_map(|(path, placed)| {
        let name = path.strip_prefix(prefix)?;
        let text = number_text(&placed.value).unwrap_or_else(|| placed.value.to_string());
        Some((name.to_owned(), text))
    });
    set.collect()
}

/// Whether a key is a parameter of a strategy, which only the strategy knows.
pub fn is_param(path: &str) -> bool {
    if let Some(name) = path.strip_prefix("strategy.params.") {
        return !name.is_empty();
    }
    let mut parts = path.strip_prefix(SEVERAL).unwrap_or_default().splitn(3, '.');
    let (label, params, name) = (parts.next(), parts.next(), parts.next());
    label.is_some_and(is_label)
        && params == Some("params")
        && name.is_some_and(|name| !name.is_empty() && !name.contains('.'))
}

/// What a strategy may be called: letters, digits, hyphens and underscores.
pub fn is_label(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    !text.is_empty() && text.chars().all(fits)
}

/// What a flag names: `NAME`, or `LABEL=NAME`. A strategy is called by its name, a script by that
/// of its file.
pub fn named(text: &str) -> (String, &str) {
    if let Some((label, name)) = text.split_once('=') {
        return (label.trim().to_owned(), name.trim());
    }
    let stem = std::path::Path::new(text).file_stem().map(|stem| stem.to_string_lossy());
    let is_script = text.ends_with(strategies::SCRIPT);
    (stem.filter(|_| is_script).map_or_else(|| text.to_owned(), Into::into), text)
}
