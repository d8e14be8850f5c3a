//! What limits are about besides figures: lists of symbols, hours, and the layers of strategies and
//! symbols.

use crate::risk::Sizing;
use crate::{BasisPoints, Capital, Span, StrategySpec, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Limits of a strategy or a symbol of its own, by key, in billionths of their units.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Layer(BTreeMap<Box<str>, i64>);

impl Layer {
    /// Those that are set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().map(|(key, nanos)| (&**key, *nanos))
    }

    pub(super) fn set(&mut self, key: &str, nanos: Option<i64>) {
        match nanos {
            Some(nanos) => self.0.insert(key.into(), nanos),
            None => self.0.remove(key),
        };
    }
}

/// Hours of a trading day in which positions may grow, counted from the regular open. They are read and
/// written as those of New York, where the regular open is at the same hour on every trading day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From so long after the open; below zero before it.
    pub from: Span,
    /// Until so long after the open.
    pub until: Span,
}

impl Window {
    /// What `09:45-15:30` says; `None` where it is no such hours, or they do not end after they begin.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (since_open(from)?, since_open(until)?);
        (from < until).then_some(Window { from, until })
    }

    /// Whether it holds an instant of a day that opens at `open`.
    pub fn holds(&self, open: Timestamp, at: Timestamp) -> bool {
        let since = at.since(open);
        self.from <= since && since < self.until
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", new_york(self.from), new_york(self.until))
    }
}

/// Minutes from midnight to the regular open, in New York.
const OPEN_MIN: i64 = 9 * 60 + 30;

/// How long after the regular open it is at an hour such as `09:45` in New York.
fn since_open(text: &str) -> Option<Span> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| {
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u8>().ok().filter(|_| is_digits)
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let fits = hour < 24 && minute < 60;
    fits.then(|| Span::from_secs((i64::from(hour) * 60 + i64::from(minute) - OPEN_MIN) * 60))
}

/// The hour in New York so long after the regular open, such as `09:45`.
pub(in crate::risk) fn new_york(since_open: Span) -> String {
    let minutes = since_open.nanos().div_euclid(Span::from_secs(60).nanos()) + OPEN_MIN;
    format!("{:02}:{:02}", minutes.div_euclid(60), minutes.rem_euclid(60))
}

/// What a session may have come to when so many trading days have passed: the edges of the band that was
/// expected of it. `None` is no edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Expected {
    /// Below this return only exits pass.
    pub reduce_below: Option<BasisPoints>,
    /// Below this one trading halts.
    pub halt_below: Option<BasisPoints>,
    /// Above this one it is told.
    pub tell_above: Option<BasisPoints>,
}

/// Lists, hours and layers. Names are as configured; those that the session does not trade change
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scopes {
    /// Symbols that nothing is opened in.
    pub restricted: Vec<Box<str>>,
    /// The only symbols that anything is opened in; empty is all.
    pub allowed: Vec<Box<str>>,
    /// The hours in which positions may grow; empty is all.
    pub windows: Vec<Window>,
    /// Sectors with their symbols. What is in none of them is in one sector together.
    pub sectors: BTreeMap<Box<str>, Vec<Box<str>>>,
    /// Groups of symbols that move together; a symbol may be in several.
    pub correlated: BTreeMap<Box<str>, Vec<Box<str>>>,
    /// What strategies have of their own.
    pub strategies: BTreeMap<Box<str>, Layer>,
    /// What symbols have of their own.
    pub symbols: BTreeMap<Box<str>, Layer>,
    /// What the strategies of the session are called, in their order; empty where each is called by
    /// its name.
    pub labels: Vec<Box<str>>,
    /// How the entries of each strategy are sized, in their order; `None`, or nothing, is as the
    /// strategy says.
    pub sizing: Vec<Option<Sizing>>,
    /// What each strategy is given of the account's cash, in their order; `None`, or nothing, is a share
    /// in what is left.
    pub capital: Vec<Option<Capital>>,
    /// What is expected of the session after each trading day, from the first; the last holds for all
    /// that come later. Empty is nothing.
    pub expected: Vec<Expected>,
}

/// Whose layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LayerKind {
    Strategy,
    Symbol,
}

impl LayerKind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            LayerKind::Strategy => "strategies",
            LayerKind::Symbol => "symbols",
        }
    }
}

impl Scopes {
    /// Nothing of it.
    pub const NONE: Self = Self {
        restricted: Vec::new(),
        allowed: Vec::new(),
        windows: Vec::new(),
        sectors: BTreeMap::new(),
        correlated: BTreeMap::new(),
        strategies: BTreeMap::new(),
        symbols: BTreeMap::new(),
        labels: Vec::new(),
        sizing: Vec::new(),
        capital: Vec::new(),
        expected: Vec::new(),
    };

    /// Every symbol that a list, a group or a layer names.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        let lists = [&self.restricted, &self.allowed].into_iter();
        let groups = self.sectors.values().chain(self.correlated.values());
        let names = lists.chain(groups).flatten().chain(self.symbols.keys());
        names.map(|name| &**name)
    }

    /// A layer that sets nothing says nothing.
    pub(super) fn forget_empty_layers(&mut self) {
        self.strategies.retain(|_, layer| !layer.0.is_empty());
        self.symbols.retain(|_, layer| !layer.0.is_empty());
    }

    /// How many bars of each symbol it takes until every size can be measured.
    pub fn measured_bars(&self) -> usize {
        let most = self.sizing.iter().flatten().filter_map(|rule| rule.model.bars()).max();
        most.map_or(0, |bars| usize::try_from(bars).unwrap_or(usize::MAX).saturating_add(1))
    }

    /// The layer that a path such as `symbols.BRK.B.min_price_usd` names.
    pub(super) fn layer_of(path: &str) -> Option<(LayerKind, &str)> {
        let (kind, rest) = path.split_once('.')?;
        let (name, _) = rest.rsplit_once('.')?;
        match kind {
            "strategies" => Some((LayerKind::Strategy, name)),
            "symbols" => Some((LayerKind::Symbol, name)),
            _ => None,
        }
    }

    /// Follows a symbol under its new name.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let groups = self.sectors.values_mut().chain(self.correlated.values_mut());
        for list in groups.chain([&mut self.restricted, &mut self.allowed]) {
            for name in list.iter_mut().filter(|name| ***name == *from) {
                *name = to.into();
            }
        }
        if let Some(layer) = self.symbols.remove(from) {
            self.symbols.insert(to.into(), layer);
        }
    }

    /// What a layer, as `strategies.NAME` or `symbols.NAME`, says of a limit.
    pub(in crate::risk) fn held(&self, layer: &str, key: &str) -> Option<i64> {
        let (kind, name) = layer.split_once('.')?;
        let layers = if kind == "strategies" { &self.strategies } else { &self.symbols };
        layers.get(name)?.0.get(key).copied()
    }

    /// The name of the layer that holds for the strategy at a place: its label's, where it has one, else
    /// that of its kind.
    pub(crate) fn layer_for<'a>(&'a self, place: usize, spec: &'a StrategySpec) -> &'a str {
        let label = self.labels.get(place).filter(|label| self.strategies.contains_key(*label));
        label.unwrap_or(&spec.name)
    }

    /// Takes a limit out of every layer.
    pub(super) fn forget(&mut self, key: &str) {
        for layer in self.strategies.values_mut().chain(self.symbols.values_mut()) {
            layer.set(key, None);
        }
    }

    pub(super) fn layer_mut(&mut self, kind: LayerKind, name: &str) -> &mut Layer {
        let layers = match kind {
            LayerKind::Strategy => &mut self.strategies,
            LayerKind::Symbol => &mut self.symbols,
        };
        layers.entry(name.into()).or_default()
    }
}
