//! The layers put together, once, when a session begins or a limit changes.
//!
//! The rule: the tightest of those that are set holds. A strategy or a symbol can tighten a limit of
//! the account and never loosen it, in whatever order the layers are put together.

use super::{Layer, Limit, Limits, Scopes};
use crate::{Origin, StrategySpec, SymbolId, Symbols};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What lists and groups say of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Marks {
    pub restricted: bool,
    pub not_allowed: bool,
    /// The number of its sector; zero is that of all symbols without one.
    pub sector: u16,
    /// Its groups, a bit for each.
    pub groups: u64,
}

/// The limits that hold for each strategy in each symbol.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Resolved {
    /// A row for each layer of a strategy, the first for those without one; in it a place for each
    /// layer of a symbol likewise.
    places: Vec<Limits>,
    width: usize,
    /// The row of each strategy.
    strategies: Vec<usize>,
    /// The place of each symbol.
    symbols: Vec<usize>,
    marks: Vec<Marks>,
    /// What each row sets for its strategies' own parts of the account, where it sets anything.
    own: Vec<Option<Limits>>,
}

/// The most groups of symbols that move together.
const MOST_GROUPS: usize = 64;

impl Resolved {
    /// Puts the layers together.
    pub fn of(limits: &Limits, strategies: &[StrategySpec], symbols: &Symbols) -> Self {
        let scopes = &limits.scopes;
        let base = Limits { scopes: Scopes::NONE, ..limits.clone() };
        let nothing = Layer::default();
        let rows: Vec<&Layer> =
            std::iter::once(&nothing).chain(scopes.strategies.values()).collect();
        let columns: Vec<&Layer> =
            std::iter::once(&nothing).chain(scopes.symbols.values()).collect();
        let places = rows.iter().flat_map(|row| {
            columns.iter().map(|column| {
                let of_row = tightened(base.clone(), row, |limit| !limit.reach.is_of_parts());
                tightened(of_row, column, |_| true)
            })
        });
        Self {
            places: places.collect(),
            width: columns.len(),
            strategies: strategies
                .iter()
                .enumerate()
                .map(|(place, spec)| place_of(&scopes.strategies, scopes.layer_for(place, spec)))
                .collect(),
            symbols: symbols.names().map(|name| place_of(&scopes.symbols, name)).collect(),
            marks: symbols.names().map(|name| marks(scopes, name)).collect(),
            own: rows.iter().map(|row| of_part(row)).collect(),
        }
    }

    /// The limits of an order, when there are any.
    pub fn limits(&self, origin: Origin, symbol: SymbolId) -> Option<&Limits> {
        self.places.get(self.row(origin) * self.width + self.column(symbol))
    }

    /// The limits of the account, of whoever asks in any symbol, and of anybody in a symbol.
    pub fn layers(&self, origin: Origin, symbol: SymbolId) -> Option<[&Limits; 3]> {
        let (row, column) = (self.row(origin), self.column(symbol));
        let place = |row: usize, column: usize| self.places.get(row * self.width + column);
        Some([place(0, 0)?, place(row, 0)?, place(0, column)?])
    }

    /// The limits of a strategy on its own part of the account, if it has any.
    pub fn own(&self, origin: Origin) -> Option<&Limits> {
        self.own.get(self.row(origin))?.as_ref()
    }

    fn row(&self, origin: Origin) -> usize {
        match origin {
            Origin::Strategy(id) => self.strategies.get(usize::from(id.0)).copied().unwrap_or(0),
            Origin::Operator | Origin::Kernel => 0,
        }
    }

    fn column(&self, symbol: SymbolId) -> usize {
        self.symbols.get(symbol.index()).copied().unwrap_or(0)
    }

    /// What lists and groups say of a symbol.
    pub fn marks(&self, symbol: SymbolId) -> Marks {
        self.marks.get(symbol.index()).copied().unwrap_or_default()
    }
}

/// The place of a layer, from 1; 0 for what has none.
fn place_of(layers: &BTreeMap<Box<str>, Layer>, name: &str) -> usize {
    layers.keys().position(|held| **held == *name).map_or(0, |place| place + 1)
}

fn of_part(row: &Layer) -> Option<Limits> {
    let is_of_part = |limit: &Limit| limit.reach.is_of_parts();
    let sets_any = row.iter().filter_map(|(key, _)| Limit::find(key)).any(is_of_part);
    sets_any.then(|| tightened(Limits::OFF, row, is_of_part))
}

fn tightened(limits: Limits, layer: &Layer, counts: impl Fn(&Limit) -> bool) -> Limits {
    let mut limits = limits;
    for (key, nanos) in layer.iter() {
        if let Some(limit) = Limit::find(key).filter(|limit| counts(limit)) {
            limit.tighten(&mut limits, nanos);
        }
    }
    limits
}

fn marks(scopes: &Scopes, symbol: &str) -> Marks {
    let lists = |list: &[Box<str>]| list.iter().any(|held| **held == *symbol);
    let sector = scopes.sectors.values().position(|list| lists(list));
    let groups = scopes.correlated.values().take(MOST_GROUPS).enumerate();
    let groups = groups.filter(|(_, list)| lists(list));
    Marks {
        restricted: lists(&scopes.restricted),
        not_allowed: !scopes.allowed.is_empty() && !lists(&scopes.allowed),
        sector: sector.and_then(|place| u16::try_from(place + 1).ok()).unwrap_or(0),
        groups: groups.fold(0, |bits, (place, _)| bits | 1 << place),
    }
}
