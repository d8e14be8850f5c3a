//! What the program trusts: the checked configuration in the types that it uses.

use super::chosen::{self, ChosenStrategy};
use super::layers::{Placed, Source};
use super::schema::{self, number_text};
use super::{capital, risk, sizing};
use backtest::Dividends;
use kernel::risk::{Limit, Window};
use kernel::{BasisPoints, Cash, Limits, ShutdownPolicy, TradingHours, TradingState, VenueRules};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use toml::Value;

/// Where orders go, as configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Venue {
    /// Alpaca paper when keys are set, else the embedded exchange.
    Auto,
    /// The embedded exchange.
    Embedded,
    /// Alpaca paper.
    AlpacaPaper,
    /// Alpaca live.
    AlpacaLive,
}

/// How fast the embedded exchange goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speed {
    /// Lock step with the session.
    Max,
    /// Venue seconds per second, as decimal text.
    Times(String),
}

/// A checked configuration. Every getter's key is in the schema and its value was accepted, so a
/// value of another kind cannot occur; the fallbacks are the schema's lowest values.
#[derive(Clone)]
pub struct Settings {
    values: BTreeMap<String, Placed>,
}

impl Settings {
    /// From values that the schema has accepted.
    pub const fn new(values: BTreeMap<String, Placed>) -> Self {
        Self { values }
    }

    pub(super) fn value(&self, path: &str) -> Option<&Value> {
        self.values.get(path).map(|placed| &placed.value)
    }

    /// A text; empty when it is not set.
    pub fn text(&self, path: &str) -> &str {
        self.value(path).and_then(Value::as_str).unwrap_or("")
    }

    /// A whole number.
    pub fn integer(&self, path: &str) -> i64 {
        self.value(path).and_then(Value::as_integer).unwrap_or(0)
    }

    /// A yes or no.
    pub fn is_on(&self, path: &str) -> bool {
        self.value(path).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A number exactly as it was written; `None` when it is off.
    pub fn decimal(&self, path: &str) -> Option<Cash> {
        let text = number_text(self.value(path)?)?;
        text.parse().ok()
    }

    fn nanos(&self, path: &str) -> Option<i64> {
        self.decimal(path).map(Cash::nanos)
    }

    /// A whole number; `None` when it is off.
    pub fn count(&self, path: &str) -> Option<u32> {
        u32::try_from(self.nanos(path)? / kernel::SCALE).ok()
    }

    /// A percentage in basis points; `None` when it is off.
    pub fn percent(&self, path: &str) -> Option<BasisPoints> {
        let points = self.nanos(path)? / (kernel::SCALE / 100);
        i32::try_from(points).ok().map(BasisPoints::new)
    }

    /// The risk limits. Every one of them is in the schema's range, so none is left out.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::OFF;
        for limit in Limit::all() {
            limit.set(&mut limits, self.nanos(&format!("risk.{}", limit.key)));
        }
        limits.breaker_then(match self.text("risk.breaker_then") {
            "reduce" => TradingState::Reducing,
            _ => TradingState::Halted,
        });
        limits.long_only = self.is_on("risk.long_only");
        limits.place_stops = self.is_on("risk.place_stops");
        let texts = |path| self.list(path).into_iter().map(String::into_boxed_str).collect();
        limits.scopes.restricted = texts("risk.restricted_symbols");
        limits.scopes.allowed = texts("risk.allowed_symbols");
        let windows = self.list("risk.trading_windows");
        limits.scopes.windows = windows.iter().filter_map(|text| Window::parse(text)).collect();
        limits.scopes.sectors = self.groups("risk.sectors.");
        limits.scopes.correlated = self.groups("risk.correlated.");
        self.of_strategies(&mut limits);
        for path in self.values.keys() {
            let path = path.strip_prefix("risk.").unwrap_or_default();
            if path.starts_with("strategies.") || path.starts_with("symbols.") {
                let value = self.value(&format!("risk.{path}")).and_then(number_text);
                // What the schema has accepted can be set.
                let _ = limits.set(path, &value.unwrap_or_else(|| "off".into()));
            }
        }
        limits
    }

    /// What strategies are called beside each other, how each one's entries are sized, and what each is
    /// given of the account.
    fn of_strategies(&self, limits: &mut Limits) {
        let strategies = self.strategies();
        let rules = strategies.iter().map(|one| sizing::sizing(self, &one.key("")));
        let rules: Vec<_> = rules.collect();
        if rules.iter().any(Option::is_some) {
            limits.scopes.sizing = rules;
        }
        let capital = strategies.iter().map(|one| capital::capital(&self.values, one));
        let capital: Vec<_> = capital.collect();
        if capital.iter().any(Option::is_some) {
            limits.scopes.capital = capital;
        }
        if strategies.len() > 1 {
            limits.scopes.labels = strategies.into_iter().map(|one| one.label.into()).collect();
        }
    }

    fn groups(&self, prefix: &str) -> BTreeMap<Box<str>, Vec<Box<str>>> {
        let names = self.values.keys().filter_map(|path| path.strip_prefix(prefix));
        let symbols = |name: &str| self.list(&format!("{prefix}{name}"));
        names
            .map(|name| {
                (name.into(), symbols(name).into_iter().map(String::into_boxed_str).collect())
            })
            .collect()
    }

    /// What borrowing the shares of single symbols costs a year.
    pub fn borrow_rates(&self) -> Vec<(String, BasisPoints)> {
        self.list("exchange.borrow_rates").iter().filter_map(|text| borrow_rate(text)).collect()
    }

    /// Where orders go.
    pub fn venue(&self) -> Venue {
        match self.text("session.venue") {
            "embedded" => Venue::Embedded,
            "alpaca-paper" => Venue::AlpacaPaper,
            "alpaca-live" => Venue::AlpacaLive,
            _ => Venue::Auto,
        }
    }

    /// The symbols to trade; empty takes those of the data.
    pub fn symbols(&self) -> Vec<String> {
        self.list("session.symbols")
    }

    /// What of the market to listen to; empty takes what the data hold.
    pub fn channels(&self) -> Vec<String> {
        self.list("session.channels")
    }

    /// A list of texts.
    pub fn list(&self, path: &str) -> Vec<String> {
        let list = self.value(path).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// When positions may grow.
    pub fn hours(&self) -> TradingHours {
        match self.text("session.hours") {
            "extended" => TradingHours::Extended,
            _ => TradingHours::Regular,
        }
    }

    /// What happens at the end.
    pub fn shutdown(&self) -> ShutdownPolicy {
        match self.text("session.shutdown") {
            "leave" => ShutdownPolicy::Leave,
            "flatten" => ShutdownPolicy::Flatten,
            _ => ShutdownPolicy::CancelEntries,
        }
    }

    /// Whose rules the venue of a backtest goes by.
    pub fn venue_rules(&self) -> VenueRules {
        match self.text("backtest.rules") {
            "plain" => VenueRules::Plain,
            _ => VenueRules::Alpaca,
        }
    }

    /// Whether the market of a backtest never closes.
    pub fn never_closes(&self) -> bool {
        self.text("backtest.calendar") == "always"
    }

    /// The file with splits and dividends for a backtest.
    pub fn corporate_actions(&self) -> Option<PathBuf> {
        let path = self.text("backtest.actions");
        (!path.is_empty()).then(|| PathBuf::from(path))
    }

    /// What becomes of dividends in a backtest.
    pub fn dividends(&self) -> Dividends {
        match self.text("backtest.dividends") {
            "reinvest" => Dividends::Reinvest,
            _ => Dividends::Cash,
        }
    }

    /// How long an orderly end may take.
    pub fn shutdown_deadline(&self) -> Duration {
        let seconds = self.integer("session.shutdown_deadline_s");
        Duration::from_secs(u64::try_from(seconds).unwrap_or(1))
    }

    /// The folder of the session: as configured, else `default` under the user's data directory.
    pub fn data_dir(&self) -> PathBuf {
        match self.text("session.data_dir") {
            "" => user_data_dir().join("default"),
            path => PathBuf::from(path),
        }
    }

    /// How fast the embedded exchange goes.
    pub fn speed(&self) -> Speed {
        match self.value("exchange.speed").and_then(number_text) {
            Some(text) if text == "max" => Speed::Max,
            Some(text) => Speed::Times(text),
            None => Speed::Max,
        }
    }

    /// The address of `/metrics`, unless it is off.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.text("metrics.listen").parse().ok()
    }

    /// The strategies, in the order in which they are asked.
    pub fn strategies(&self) -> Vec<ChosenStrategy> {
        chosen::chosen(&self.values)
    }

    /// What the strategies are called, as a sentence has them.
    pub fn strategy_names(&self) -> String {
        let labels: Vec<String> = self.strategies().into_iter().map(|one| one.label).collect();
        labels.join(" and ")
    }

    /// Every value for people: key, text (secrets as stars) and source.
    pub fn redacted(&self) -> impl Iterator<Item = (&str, String, String)> {
        self.values.iter().map(|(path, placed)| {
            let text = schema::shown(risk::kind_of(path), &placed.value);
            (path.as_str(), text, placed.source.to_string())
        })
    }

    /// Every value as it goes into the journal: redacted, without sources.
    pub fn for_journal(&self) -> BTreeMap<Box<str>, Box<str>> {
        self.redacted().map(|(path, text, _)| (path.into(), text.into())).collect()
    }

    /// The place a value came from.
    pub fn source(&self, path: &str) -> Option<&Source> {
        self.values.get(path).map(|placed| &placed.source)
    }
}

/// `SYMBOL=PERCENT`, from 0 to 1000 percent a year.
pub fn borrow_rate(text: &str) -> Option<(String, BasisPoints)> {
    let (symbol, percent) = text.split_once('=')?;
    let percent: Cash = percent.trim().parse().ok()?;
    let points = i32::try_from(percent.nanos() / (kernel::SCALE / 100)).ok()?;
    let inside = (0..=100_000).contains(&points) && !symbol.trim().is_empty();
    inside.then(|| (symbol.trim().to_owned(), BasisPoints::new(points)))
}

/// The user's data directory for Tradewind: `$XDG_DATA_HOME/tradewind` or
/// `~/.local/share/tradewind`.
pub fn user_data_dir() -> PathBuf {
    let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    base.or_else(home).unwrap_or_else(|| PathBuf::from(".")).join("tradewind")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layers;
    use crate::{kafka, venue};
    use proptest::prelude::*;
    use runtime::alpaca::Mode;

    /// Where a secret may be put: alone into a key of its own, or as the password of an address.
    const KEYS: [&str; 9] = [
        "alpha_vantage.key",
        "fallback.key_id",
        "fallback.secret_key",
        "alpaca.key_id",
        "alpaca.secret_key",
        "alpaca.oauth_token",
        "alpaca.oauth_refresh_token",
        "alpaca.oauth_client_secret",
        "kafka.password",
    ];
    const ADDRESSES: [&str; 8] = [
        "alpha_vantage.url",
        "alpaca.oauth_token_url",
        "alpaca.trading_url",
        "alpaca.data_url",
        "alpaca.stream_url",
        "alpaca.trading_stream_url",
        "kafka.brokers",
        // Where no address belongs.
        "metrics.listen",
    ];

    /// Everything that the program would print or journal of a configuration.
    fn outputs(layers: Layers) -> Vec<String> {
        let (values, mistakes) = layers.examine();
        let settings = Settings::new(values);
        let mut outputs: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        outputs.extend(venue::mistakes(&settings).iter().map(ToString::to_string));
        outputs.extend(kafka::mistakes(&settings).iter().map(ToString::to_string));
        outputs
            .extend(settings.redacted().map(|(key, text, source)| format!("{key}{text}{source}")));
        outputs.extend(settings.for_journal().into_values().map(String::from));
        for mode in [Mode::Paper, Mode::Live] {
            outputs.extend(venue::choose(&settings, mode, false).err().map(|error| error.message));
        }
        outputs
    }

    proptest! {
        #[test]
        fn no_secret_is_in_any_output(
            secret in "[!-~]{0,8}hunter2[!-~]{0,8}",
            keys in proptest::collection::vec(proptest::sample::select(KEYS.to_vec()), 0..3),
            addresses in proptest::collection::vec(proptest::sample::select(ADDRESSES.to_vec()), 0..3),
            scheme in "(https?://|wss?://|)",
            venue in "auto|embedded|alpaca-paper|alpaca-live",
        ) {
            let mut layers = Layers::new();
            layers.set_flag("--set", "session.venue", &venue);
            for key in keys {
                layers.set_flag("--set", key, &secret);
            }
            for key in addresses {
                layers.set_flag("--set", key, &format!("{scheme}user:{secret}@example.com:1"));
            }
            for output in outputs(layers) {
                prop_assert!(!output.contains("hunter2"), "{output}");
            }
        }
    }
}
