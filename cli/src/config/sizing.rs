//! How the entries of strategies are sized: the keys of `[strategy.sizing]`, and of each of several
//! strategies.

use super::schema::{Key, Kind, number_text};
use super::settings::Settings;
use kernel::risk::{SizeModel, Sizing};
use kernel::{Cash, Percent, Quantity};

/// What the keys of sizes begin with, of one strategy and of several.
const TABLES: [&str; 2] = ["strategy.sizing.", "strategies.LABEL.sizing."];

/// Name, what it may hold, default, what it is for.
static TABLE: &[(&str, Kind, &str, &str)] = &[
    (
        "model",
        Kind::Choice(&["own", "quantity", "notional", "fraction", "risk", "volatility", "atr"]),
        "own",
        "how large an entry is: as the strategy says, or by a model, docs/RISK.md",
    ),
    ("quantity", Kind::Decimal("0.000000001", "1000000000"), "10", "quantity: shares"),
    ("notional_usd", Kind::Decimal("1", "1000000000"), "10000", "notional: USD"),
    ("fraction_percent", Kind::Decimal("0.01", "400"), "10", "fraction: percent of equity"),
    (
        "risk_percent",
        Kind::Decimal("0.01", "100"),
        "1",
        "risk, atr: percent of equity that is lost at the stop, or after so many ranges",
    ),
    (
        "volatility_percent",
        Kind::Decimal("0.1", "400"),
        "15",
        "volatility: percent of equity, the standard deviation of a year",
    ),
    ("atr_multiple", Kind::Decimal("0.1", "100"), "2", "atr: how many average true ranges"),
    ("bars", Kind::Integer(2, 5000), "14", "volatility, atr: bars, smoothed as Wilder does"),
    ("fractional", Kind::Bool, "false", "whether parts of a share are bought where they are sold"),
];

/// The keys.
pub fn keys() -> impl Iterator<Item = Key> {
    TABLES.iter().flat_map(|table| {
        TABLE.iter().map(move |(name, kind, _, doc)| Key {
            path: format!("{table}{name}").into(),
            kind: *kind,
            doc: (*doc).into(),
        })
    })
}

/// How a strategy's entries are sized, from the keys that begin so; `None` where the strategy says.
pub fn sizing(settings: &Settings, prefix: &str) -> Option<Sizing> {
    let figure = |name: &str| Figure { text: text(settings, prefix, name) };
    let bars = || u32::try_from(figure("bars").nanos() / kernel::SCALE).unwrap_or(u32::MAX);
    let percent = |name: &str| Percent::from_nanos(figure(name).nanos());
    let model = match text(settings, prefix, "model").as_str() {
        "quantity" => SizeModel::Quantity(Quantity::from_nanos(figure("quantity").nanos())),
        "notional" => SizeModel::Notional(Cash::from_nanos(figure("notional_usd").nanos())),
        "fraction" => SizeModel::Fraction(percent("fraction_percent")),
        "risk" => SizeModel::Risk(percent("risk_percent")),
        "volatility" => {
            SizeModel::Volatility { yearly: percent("volatility_percent"), bars: bars() }
        }
        "atr" => {
            let multiple = figure("atr_multiple").nanos().saturating_mul(100);
            let multiple = Percent::from_nanos(multiple);
            SizeModel::Atr { risk: percent("risk_percent"), multiple, bars: bars() }
        }
        _ => return None,
    };
    Some(Sizing { model, fractional: text(settings, prefix, "fractional") == "true" })
}

/// A number as it was written.
struct Figure {
    text: String,
}

impl Figure {
    /// In billionths. The schema has accepted the text, so that it is a number.
    fn nanos(&self) -> i64 {
        self.text.parse::<Cash>().map_or(0, Cash::nanos)
    }
}

/// A value as text: as it is set, else the default.
fn text(settings: &Settings, prefix: &str, name: &str) -> String {
    let set = settings.value(&format!("{prefix}sizing.{name}"));
    let set = set.map(|value| number_text(value).unwrap_or_else(|| value.to_string()));
    let default = || TABLE.iter().find(|(known, ..)| *known == name).map_or("", |row| row.2);
    set.unwrap_or_else(|| default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layers;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let mut layers = Layers::new();
        for (path, text) in pairs {
            layers.set_flag("--set", path, text);
        }
        let (values, mistakes) = layers.examine();
        assert!(mistakes.is_empty(), "{mistakes:?}");
        Settings::new(values)
    }

    #[test]
    fn a_model_takes_its_own_figures_and_the_defaults() {
        let one = settings(&[
            ("strategy.sizing.model", "atr"),
            ("strategy.sizing.risk_percent", "0.5"),
            ("strategy.sizing.fractional", "true"),
        ]);
        let percent = |text: &str| text.parse().unwrap_or_default();
        let model = SizeModel::Atr { risk: percent("0.5"), multiple: percent("200"), bars: 14 };
        let expected = vec![Some(Sizing { model, fractional: true })];
        assert_eq!(one.limits().scopes.sizing, expected);
        assert!(settings(&[]).limits().scopes.sizing.is_empty());
    }

    #[test]
    fn each_of_several_strategies_has_its_own_model() {
        let several = settings(&[
            ("strategies.a.name", "buy-and-hold"),
            ("strategies.b.name", "sma-crossover"),
            ("strategies.b.sizing.model", "notional"),
            ("strategies.b.sizing.notional_usd", "2500.50"),
        ]);
        let usd = "2500.5".parse().unwrap_or_default();
        let rule = Sizing { model: SizeModel::Notional(usd), fractional: false };
        assert_eq!(several.limits().scopes.sizing, vec![None, Some(rule)]);
        assert_eq!(several.limits().scopes.labels, ["a".into(), "b".into()]);
    }

    #[test]
    fn nonsense_is_refused_with_key_and_range() {
        for (name, text) in
            [("risk_percent", "-1"), ("fraction_percent", "NaN"), ("bars", "1"), ("model", "kelly")]
        {
            let mut layers = Layers::new();
            let path = format!("strategy.sizing.{name}");
            layers.set_flag("--set", &path, text);
            let mistakes = layers.examine().1;
            assert!(mistakes.iter().any(|mistake| mistake.to_string().contains(&path)), "{path}");
        }
    }
}
