//! What a configuration changes in the limits of a session that has begun under another one.

use super::{Layer, Limit, Limits, Setting};
use crate::Cash;
use std::collections::{BTreeMap, BTreeSet};

/// A limit's path and what it is from now on, as [`Limits::set`] takes them.
pub type Change = (Box<str>, Box<str>);

impl Limits {
    /// What has to be set, one after the other, until these are the wanted ones; `None` where setting limits
    /// does not make them so: sizes, capital and the expected band are fixed when a session begins.
    pub fn changes_to(&self, wanted: &Limits) -> Option<Vec<Change>> {
        let mut limits = self.clone();
        let mut changes = figures(&mut limits, wanted);
        let others: Vec<Change> =
            settings(&limits, wanted).chain(layers(&limits, wanted)).collect();
        for (path, value) in &others {
            // What cannot be set shows in the comparison below.
            let _ = limits.set(path, value);
        }
        changes.extend(others);
        limits.scopes.forget_empty_layers();
        let mut wanted = wanted.clone();
        wanted.scopes.forget_empty_layers();
        (limits == wanted).then_some(changes)
    }
}

/// Sets each figure that differs when its turn comes: the first of the breaker's brings the others with it.
fn figures(limits: &mut Limits, wanted: &Limits) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for limit in Limit::all() {
        let value = limit.text(wanted);
        if limit.get(limits) != limit.get(wanted) && limits.set(limit.key, &value).is_ok() {
            changes.push((limit.key.into(), value.into()));
        }
    }
    changes
}

fn settings(held: &Limits, wanted: &Limits) -> impl Iterator<Item = Change> {
    Setting::all().flat_map(|setting| match setting.groups(held).zip(setting.groups(wanted)) {
        None if setting.text(held) == setting.text(wanted) => Vec::new(),
        None => vec![(setting.key.into(), setting.text(wanted).into())],
        Some((held, wanted)) => groups(setting.key, held, wanted),
    })
}

fn groups(key: &str, held: &Groups, wanted: &Groups) -> Vec<Change> {
    let names: BTreeSet<&Box<str>> = held.keys().chain(wanted.keys()).collect();
    let mut changes = Vec::new();
    for name in names.into_iter().filter(|name| held.get(*name) != wanted.get(*name)) {
        let symbols = wanted.get(name).map_or_else(|| "off".into(), |symbols| symbols.join(" "));
        changes.push((format!("{key}{name}").into(), symbols.into()));
    }
    changes
}

type Groups = BTreeMap<Box<str>, Vec<Box<str>>>;

fn layers(held: &Limits, wanted: &Limits) -> Vec<Change> {
    let (held, wanted) = (&held.scopes, &wanted.scopes);
    let mut changes = Vec::new();
    for (kind, held, wanted) in [
        ("strategies", &held.strategies, &wanted.strategies),
        ("symbols", &held.symbols, &wanted.symbols),
    ] {
        let names: BTreeSet<&Box<str>> = held.keys().chain(wanted.keys()).collect();
        for name in names {
            let path = format!("{kind}.{name}");
            changes.append(&mut layer(&path, held.get(name), wanted.get(name)));
        }
    }
    changes
}

fn layer(name: &str, held: Option<&Layer>, wanted: Option<&Layer>) -> Vec<Change> {
    let figures = |layer: Option<&Layer>| -> BTreeMap<Box<str>, i64> {
        layer.into_iter().flat_map(Layer::iter).map(|(key, nanos)| (key.into(), nanos)).collect()
    };
    let (held, wanted) = (figures(held), figures(wanted));
    let keys: BTreeSet<&Box<str>> = held.keys().chain(wanted.keys()).collect();
    let mut changes = Vec::new();
    for key in keys.into_iter().filter(|key| held.get(*key) != wanted.get(*key)) {
        let value = wanted.get(key).map(|nanos| Cash::from_nanos(*nanos).to_string());
        changes
            .push((format!("{name}.{key}").into(), value.unwrap_or_else(|| "off".into()).into()));
    }
    changes
}
