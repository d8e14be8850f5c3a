//! The keys of limits: those of the kernel's table, and what limits are about besides figures.

use super::schema::{Key, Kind, find, key};
use kernel::risk::Limit;

/// The keys under `risk`.
pub fn keys() -> impl Iterator<Item = Key> {
    Limit::all().map(Key::of_limit).chain(OTHERS.iter().cloned())
}

static OTHERS: &[Key] = &[
    key(
        "risk.breaker_then",
        Kind::Choice(&["halt", "reduce"]),
        "whether the breaker halts strategies or lets them still reduce positions",
    ),
    key("risk.long_only", Kind::Bool, "whether nothing is ever sold short"),
    key(
        "risk.place_stops",
        Kind::Bool,
        "whether positions get stops, at stop_loss_percent and trailing_stop_percent",
    ),
    key("risk.restricted_symbols", Kind::List, "symbols that nothing is opened in"),
    key(
        "risk.allowed_symbols",
        Kind::List,
        "the only symbols that anything is opened in; empty: all",
    ),
    key(
        "risk.trading_windows",
        Kind::Windows,
        "hours in New York in which positions may grow; empty: all",
    ),
    key(
        "risk.sectors",
        Kind::Groups,
        "sectors with their symbols; those in none are in one together",
    ),
    key(
        "risk.correlated",
        Kind::Groups,
        "groups of symbols that move together; a symbol may be in several",
    ),
    key(
        "risk.expected",
        Kind::Text,
        "file with the band that the session should stay in, of `tradewind bootstrap --expected`; empty: none",
    ),
    key(
        "risk.expected_reduce",
        Kind::Choice(&["p25", "p5", "p1", "off"]),
        "the quantile of that band below which only exits pass",
    ),
    key(
        "risk.expected_halt",
        Kind::Choice(&["p25", "p5", "p1", "off"]),
        "the quantile of that band below which trading halts",
    ),
    key("risk.strategies", Kind::Layers, "limits of a strategy, where they are tighter"),
    key("risk.symbols", Kind::Layers, "limits of a symbol, where they are tighter"),
];

impl Key {
    /// The key of a limit of the kernel's.
    fn of_limit(limit: &'static Limit) -> Self {
        let kind = match limit.key {
            "max_leverage" => Kind::Integer(1, 4),
            _ if limit.may_be_off => Kind::Limit(limit.low, limit.high),
            _ => Kind::Decimal(limit.low, limit.high),
        };
        let doc = limit.doc.trim().trim_end_matches('.');
        let doc = format!("{}: {doc}", limit.unit).into();
        Self { path: format!("risk.{}", limit.key).into(), kind, doc }
    }
}

/// What the value at a path must be, also inside of the tables of sectors, groups and layers; of a
/// strategy's parameters only the strategy knows.
pub fn kind_of(path: &str) -> Option<Kind> {
    if let Some(key) = find(path) {
        return Some(key.kind);
    }
    let (table, rest) = path.strip_prefix("risk.")?.split_once('.')?;
    match find(&format!("risk.{table}"))?.kind {
        Kind::Groups => Some(Kind::List),
        Kind::Layers => {
            let (name, limit) = rest.rsplit_once('.')?;
            let limit = Limit::find(limit).filter(|limit| limit.reach.takes(table))?;
            let fits = table != "symbols" || kernel::Symbols::new([name]).is_ok();
            fits.then_some(Kind::Limit(limit.low, limit.high))
        }
        _ => None,
    }
}

/// Why a limit cannot be that of the strategy or the symbol that a path names; `None` where it is no limit.
pub fn misplaced(path: &str) -> Option<String> {
    let (table, rest) = path.strip_prefix("risk.")?.split_once('.')?;
    let is_layer = matches!(find(&format!("risk.{table}"))?.kind, Kind::Layers);
    let limit = Limit::find(rest.rsplit_once('.')?.1)?;
    let is_misplaced = is_layer && !limit.reach.takes(table);
    is_misplaced.then(|| format!("{} is for {}", limit.key, limit.reach.as_str()))
}
