//! Limits that are no figures: what may be traded, when, and what is done by itself. Each is read from a text
//! and written as one, so that a command can set it and a view show it.

use super::{LimitError, Limits, Window};
use crate::{Symbols, TradingState};
use std::collections::BTreeMap;

/// One of them.
#[derive(Debug)]
pub struct Setting {
    /// Its key; that of a table of groups ends with a dot, and the name of a group follows.
    pub key: &'static str,
    /// What a value must be.
    pub expects: &'static str,
    text: fn(&Limits) -> String,
    set: fn(&mut Limits, &str, &str) -> Option<()>,
}

const NAMES: &str = "symbols such as \"SPY QQQ\", or \"off\"";

static SETTINGS: &[Setting] = &[
    Setting {
        key: "breaker_then",
        expects: "\"halt\" or \"reduce\", with breaker_failures on",
        text: |limits| match limits.breaker.map(|breaker| breaker.then) {
            Some(TradingState::Reducing) => "reduce".into(),
            Some(_) => "halt".into(),
            None => OFF.into(),
        },
        set: |limits, _, text| {
            let then = match text {
                "halt" => TradingState::Halted,
                "reduce" => TradingState::Reducing,
                _ => return None,
            };
            limits.breaker.as_mut().map(|breaker| breaker.then = then)
        },
    },
    Setting {
        key: "long_only",
        expects: BOOL,
        text: |limits| limits.long_only.to_string(),
        set: |limits, _, text| text.parse().ok().map(|is_on| limits.long_only = is_on),
    },
    Setting {
        key: "place_stops",
        expects: BOOL,
        text: |limits| limits.place_stops.to_string(),
        set: |limits, _, text| text.parse().ok().map(|is_on| limits.place_stops = is_on),
    },
    Setting {
        key: "restricted_symbols",
        expects: NAMES,
        text: |limits| listed(&limits.scopes.restricted),
        set: |limits, _, text| names(text).map(|names| limits.scopes.restricted = names),
    },
    Setting {
        key: "allowed_symbols",
        expects: NAMES,
        text: |limits| listed(&limits.scopes.allowed),
        set: |limits, _, text| names(text).map(|names| limits.scopes.allowed = names),
    },
    Setting {
        key: "trading_windows",
        expects: "hours in New York such as \"09:45-12:00 13:00-15:30\", or \"off\"",
        text: |limits| listed(&limits.scopes.windows),
        set: |limits, _, text| {
            let windows: Option<_> = items(text)?.map(Window::parse).collect();
            windows.map(|windows| limits.scopes.windows = windows)
        },
    },
    Setting {
        key: "sectors.",
        expects: NAMES,
        text: |limits| grouped(&limits.scopes.sectors),
        set: |limits, name, text| group(&mut limits.scopes.sectors, name, text),
    },
    Setting {
        key: "correlated.",
        expects: NAMES,
        text: |limits| grouped(&limits.scopes.correlated),
        set: |limits, name, text| group(&mut limits.scopes.correlated, name, text),
    },
];

const BOOL: &str = "\"true\" or \"false\"";
const OFF: &str = "off";

impl Setting {
    /// Every one, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = &'static Setting> {
        SETTINGS.iter()
    }

    /// The setting of a path, with the name of the group where it is one of a table.
    pub(super) fn find(path: &str) -> Option<(&'static Setting, &str)> {
        Self::all().find_map(|setting| {
            let name = path.strip_prefix(setting.key)?;
            (setting.is_table() != name.is_empty() && !name.contains('.'))
                .then_some((setting, name))
        })
    }

    const fn is_table(&self) -> bool {
        matches!(self.key.as_bytes(), [.., b'.'])
    }

    /// The groups of a table; `None` where it is none.
    pub(super) fn groups<'a>(
        &self,
        limits: &'a Limits,
    ) -> Option<&'a BTreeMap<Box<str>, Vec<Box<str>>>> {
        match self.key {
            "sectors." => Some(&limits.scopes.sectors),
            "correlated." => Some(&limits.scopes.correlated),
            _ => None,
        }
    }

    /// What holds, as it is set; of a table each group with its symbols.
    pub fn text(&self, limits: &Limits) -> String {
        (self.text)(limits)
    }

    pub(super) fn set(
        &'static self,
        limits: &mut Limits,
        name: &str,
        text: &str,
    ) -> Result<(), LimitError> {
        (self.set)(limits, name, text).ok_or_else(|| LimitError::Setting {
            key: format!("{}{name}", self.key).into(),
            expects: self.expects,
            found: text.into(),
        })
    }
}

/// What a text lists, with commas or spaces between; nothing for `off`. An empty text is a slip, no list.
fn items(text: &str) -> Option<impl Iterator<Item = &str>> {
    let is_off = text.trim() == OFF;
    let items = text.split([',', ' ']).filter(move |item| !item.is_empty() && !is_off);
    (is_off || items.clone().next().is_some()).then_some(items)
}

fn names(text: &str) -> Option<Vec<Box<str>>> {
    let names: Vec<&str> = items(text)?.collect();
    Symbols::new(names.iter().copied()).ok()?;
    Some(names.into_iter().map(Into::into).collect())
}

fn group(groups: &mut BTreeMap<Box<str>, Vec<Box<str>>>, name: &str, text: &str) -> Option<()> {
    match names(text)? {
        none if none.is_empty() => drop(groups.remove(name)),
        names => drop(groups.insert(name.into(), names)),
    }
    Some(())
}

fn listed(items: &[impl ToString]) -> String {
    match items {
        [] => OFF.into(),
        items => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    }
}

fn grouped(groups: &BTreeMap<Box<str>, Vec<Box<str>>>) -> String {
    let groups: Vec<_> =
        groups.iter().map(|(name, held)| format!("{name}: {}", listed(held))).collect();
    if groups.is_empty() { OFF.into() } else { groups.join("; ") }
}
