//! What each strategy is given of the account's cash: its keys, and what cannot be of them together.

use super::Mistake;
use super::chosen::ChosenStrategy;
use super::layers::Placed;
use super::schema::{Key, Kind, key, number_text};
use kernel::{Capital, Cash, Percent, SCALE};
use std::collections::BTreeMap;

const USD: &str = "capital_usd";
const PERCENT: &str = "capital_percent";

/// The keys.
pub static KEYS: [Key; 2] = [
    key(
        "strategies.LABEL.capital_usd",
        Kind::Decimal("1", "1000000000"),
        "USD of the account that are its own, with a position of its own; docs/STRATEGIES.md",
    ),
    key(
        "strategies.LABEL.capital_percent",
        Kind::Decimal("0.01", "100"),
        "the same as a share of the cash that the account holds when the session begins",
    ),
];

/// What a strategy is given; `None` for a share in what is left.
pub fn capital(values: &BTreeMap<String, Placed>, chosen: &ChosenStrategy) -> Option<Capital> {
    let nanos = |name: &str| {
        let text = number_text(&values.get(&chosen.key(name))?.value)?;
        text.parse::<Cash>().ok().map(Cash::nanos)
    };
    let usd = nanos(USD).map(|nanos| Capital::Usd(Cash::from_nanos(nanos)));
    usd.or_else(|| nanos(PERCENT).map(|nanos| Capital::Percent(Percent::from_nanos(nanos))))
}

/// What cannot be: a strategy with both keys, and shares of more than all.
pub fn mistakes(values: &BTreeMap<String, Placed>, chosen: &[ChosenStrategy]) -> Vec<Mistake> {
    let mut found = Vec::new();
    let (mut shares, mut last) = (0_i64, None);
    for one in chosen {
        let key = one.key(PERCENT);
        let Some(placed) = values.get(&key) else { continue };
        if values.contains_key(&one.key(USD)) {
            let problem = format!("{USD} is set as well: one of the two says what it is given");
            found.push(Mistake { source: placed.source.clone(), key, problem });
        } else if let Some(Capital::Percent(share)) = capital(values, one) {
            shares = shares.saturating_add(share.nanos());
            last = Some((key, placed.source.clone()));
        }
    }
    if let Some((key, source)) = last.filter(|_| shares > 100 * SCALE) {
        let shares = Percent::from_nanos(shares);
        let problem = format!("the strategies are given {shares} % of the account: at most 100");
        found.push(Mistake { source, key, problem });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layers, Settings};

    fn examined(pairs: &[(&str, &str)]) -> (Settings, Vec<String>) {
        let mut layers = Layers::new();
        for (path, text) in
            [("strategies.a.name", "buy-and-hold"), ("strategies.b.name", "macd-trend")]
                .iter()
                .chain(pairs)
        {
            layers.set_flag("--set", path, text);
        }
        let (values, mistakes) = layers.examine();
        (Settings::new(values), mistakes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn each_strategy_is_given_usd_or_a_share() {
        let (settings, mistakes) = examined(&[
            ("strategies.a.capital_usd", "25000.5"),
            ("strategies.b.capital_percent", "40"),
        ]);
        assert_eq!(mistakes, [""; 0]);
        let usd = Capital::Usd(Cash::from_nanos(25_000_500_000_000));
        let share = Capital::Percent(Percent::from_nanos(40 * SCALE));
        assert_eq!(settings.limits().scopes.capital, [Some(usd), Some(share)]);
        assert!(examined(&[]).0.limits().scopes.capital.is_empty());
    }

    #[test]
    fn what_cannot_be_is_refused_with_key_and_range() {
        let cases: [(&[(&str, &str)], &str); 4] = [
            (
                &[("strategies.a.capital_usd", "0")],
                "strategies.a.capital_usd: expected a number from 1",
            ),
            (&[("strategies.b.capital_percent", "101")], "from 0.01 to 100"),
            (
                &[("strategies.a.capital_usd", "5"), ("strategies.a.capital_percent", "5")],
                "capital_usd is set as well",
            ),
            (
                &[("strategies.a.capital_percent", "60"), ("strategies.b.capital_percent", "41")],
                "given 101 % of the account",
            ),
        ];
        for (pairs, says) in cases {
            let mistakes = examined(pairs).1;
            assert!(mistakes.iter().any(|mistake| mistake.contains(says)), "{says}: {mistakes:?}");
        }
    }
}
