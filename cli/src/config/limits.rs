//! What limits are said of: a figure that a limit cannot hold, or a name that is nobody's, would protect
//! nothing while it looks as if it did.

use super::chosen::ChosenStrategy;
use super::layers::Placed;
use super::risk::kind_of;
use super::schema::number_text;
use super::{Mistake, nearest};
use kernel::risk::{Breaker, Limit, LimitError};
use kernel::{Limits, Symbols};
use std::collections::BTreeMap;
use std::path::Path;
use toml::Value;

/// What no limit can be, and what no strategy or symbol can be called.
pub fn mistakes(values: &BTreeMap<String, Placed>, chosen: &[ChosenStrategy]) -> Vec<Mistake> {
    let limits = values.iter().filter_map(|(path, placed)| {
        let limit = path.strip_prefix("risk.")?;
        kind_of(path)?.accepts(&placed.value).then_some((path, limit, placed))
    });
    let found = limits.filter_map(|(path, limit, placed)| {
        let problem = wrong_names(&placed.value)
            .or_else(|| wrong_figure(limit, &placed.value))
            .or_else(|| unknown_strategy(limit, chosen))?;
        Some(Mistake { source: placed.source.clone(), key: path.clone(), problem })
    });
    found.collect()
}

/// Symbols that the limits name and a session does not trade, in one sentence; `None` when it trades all.
pub fn untraded(limits: &Limits, symbols: &Symbols) -> Option<String> {
    let mut names: Vec<&str> =
        limits.scopes.named().filter(|name| symbols.id(name).is_none()).collect();
    names.sort_unstable();
    names.dedup();
    let traded = symbols.names().collect::<Vec<_>>().join(", ");
    (!names.is_empty()).then(|| {
        format!("limits under risk name {}, but what is traded is {traded}", names.join(", "))
    })
}

/// Lists under `risk` are of symbols, but for hours, which their kind has read.
fn wrong_names(value: &Value) -> Option<String> {
    let texts = value.as_array()?.iter().filter_map(Value::as_str);
    let names: Vec<&str> = texts.filter(|text| !text.contains(':')).collect();
    Symbols::new(names).err().map(|error| error.to_string())
}

/// A figure finer than its limit can be set.
fn wrong_figure(limit: &str, value: &Value) -> Option<String> {
    Limit::find(limit.rsplit('.').next()?)?;
    let mut limits = Limits { breaker: Some(Breaker::default()), ..Limits::OFF };
    let error = limits.set(limit, &number_text(value)?).err()?;
    Some(match error {
        LimitError::TooFine { found, held, .. } => {
            format!("{found} is finer than this limit can be set: it would hold at {held}")
        }
        error => error.to_string(),
    })
}

/// A strategy that is neither of the session nor in the registry. One that is only not chosen now may well
/// have limits in a file that several sessions share.
fn unknown_strategy(limit: &str, chosen: &[ChosenStrategy]) -> Option<String> {
    let (name, _) = limit.strip_prefix("strategies.")?.rsplit_once('.')?;
    let stem = |one: &ChosenStrategy| {
        Path::new(&one.name).file_stem().is_some_and(|stem| stem.to_str() == Some(name))
    };
    let is_chosen = chosen.iter().any(|one| one.label == name || one.name == name || stem(one));
    let registered = || strategies::registry().iter().map(|entry| entry.name);
    if is_chosen || registered().any(|held| held == name) {
        return None;
    }
    let labels = chosen.iter().map(|one| one.label.as_str());
    let near = nearest(name, labels.chain(registered()));
    let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Some(format!("no strategy is called {name}{near}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layers, Settings};

    fn examined(pairs: &[(&str, &str)]) -> (Settings, Vec<String>) {
        let mut layers = Layers::new();
        for (path, text) in pairs {
            layers.set_flag("--set", path, text);
        }
        let (values, mistakes) = layers.examine();
        (Settings::new(values), mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_would_limit_nothing_is_refused() {
        let fine = "is finer than this limit can be set: it would hold at";
        let cases = [
            ("risk.symbols.AAPL.max_orders_per_day", "2.5", fine),
            ("risk.strategies.sma-crossover.max_orders_per_day", "2.5", fine),
            ("risk.symbols.AAPL.max_risk_per_trade_percent", "0.019", fine),
            ("risk.max_orders_per_day", "2.5", fine),
            ("risk.restricted_symbols", "SPY,aapl", "aapl"),
            ("risk.allowed_symbols", "AA PL", "AA PL"),
            ("risk.strategies.sma-crosover.max_orders_per_day", "2", "did you mean sma-crossover?"),
        ];
        for (path, text, says) in cases {
            let mistakes = examined(&[(path, text)]).1;
            assert_eq!(mistakes.len(), 1, "{path}: {mistakes:?}");
            assert!(mistakes[0].contains(path) && mistakes[0].contains(says), "{mistakes:?}");
        }
        let groups = "[risk.sectors]\ntech = [\"aapl\"]\n[risk.correlated]\nfunds = [\"\"]\n";
        let mut layers = Layers::new();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), groups).unwrap();
        layers.add_file(file.path());
        assert_eq!(layers.examine().1.len(), 2);
    }

    #[test]
    fn what_a_layer_says_holds() {
        let (settings, mistakes) = examined(&[
            ("risk.symbols.BRK.B.max_orders_per_day", "2"),
            ("risk.strategies.sma-crossover.max_risk_per_trade_percent", "0.02"),
            ("risk.strategies.rsi-mean-reversion.max_orders_per_day", "off"),
            ("risk.trading_windows", "09:45-12:00,13:00-15:30"),
            ("risk.restricted_symbols", "GME,BRK.B"),
        ]);
        assert_eq!(mistakes, [""; 0]);
        let limits = settings.limits();
        let symbols = Symbols::new(["AAPL", "BRK.B"]).unwrap();
        let said = untraded(&limits, &symbols).unwrap();
        assert!(said.contains("name GME, but") && said.contains("AAPL, BRK.B"), "{said}");
        assert_eq!(untraded(&limits, &Symbols::new(["GME", "BRK.B"]).unwrap()), None);
        let layer = &limits.scopes.symbols["BRK.B"];
        assert_eq!(layer.iter().collect::<Vec<_>>(), [("max_orders_per_day", 2 * kernel::SCALE)]);
    }
}
