//! The scenarios that are kept in the program, one file each.

use super::Scenario;

/// A scenario's name with its file.
macro_rules! scenarios {
    ($($name:literal),* $(,)?) => {
        /// Every scenario's name, in alphabetical order.
        pub const NAMES: [&str; [$($name),*].len()] = [$($name),*];

        const TEXTS: [&str; NAMES.len()] =
            [$(include_str!(concat!("../../scenarios/", $name, ".toml"))),*];
    };
}

scenarios![
    "answer-403",
    "answer-500",
    "answer-503",
    "answer-504",
    "async-rejection",
    "auth-timeout",
    "bars-updated",
    "closed-by-hand",
    "connection-limit",
    "data-dropped",
    "data-gap",
    "data-gap-repaired",
    "data-mute",
    "fields-missing",
    "fields-new",
    "fill-before-answer",
    "fill-races-cancel",
    "frames-huge",
    "frames-malformed",
    "halt",
    "hang",
    "hang-before",
    "luld",
    "news-dropped",
    "orders-dropped",
    "orders-mute",
    "quotes-crossed",
    "quotes-nan",
    "quotes-negative",
    "quotes-zero",
    "rate-limit",
    "rate-limit-bare",
    "renamed",
    "reports-late",
    "reports-missing",
    "reports-reordered",
    "reports-twice",
    "reset-after",
    "reset-before",
    "slow-client",
    "split",
    "split-announced",
    "split-in-lieu",
    "time-future",
    "time-stale",
    "trades-corrected",
    "trades-taken-back",
    "updates-malformed",
];

/// A built-in scenario by its name; `None` when there is none.
pub fn built_in(name: &str) -> Option<Result<Scenario, String>> {
    let place = NAMES.iter().position(|known| *known == name)?;
    TEXTS.get(place).map(|text| Scenario::parse(name, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The table of every fault that is known with its scenarios.
    fn documented() -> BTreeSet<(String, String)> {
        let text = include_str!("../../../docs/FAULTS.md");
        let (_, table) = text.split_once("| fault | scenarios |\n| --- | --- |\n").unwrap();
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let cells = rows.map(|row| row.trim_matches('|').split_once('|').unwrap());
        cells
            .flat_map(|(fault, names)| {
                let names = names.split(',').map(|name| name.trim().trim_matches('`').to_owned());
                names.map(|name| (fault.trim().to_owned(), name))
            })
            .collect()
    }

    fn scenarios() -> Vec<Scenario> {
        NAMES.iter().map(|name| built_in(name).unwrap().unwrap()).collect()
    }

    #[test]
    fn every_fault_that_is_known_has_a_scenario() {
        let built_in = scenarios().into_iter().map(|scenario| (scenario.fault, scenario.name));
        let documented = documented();
        assert_eq!(built_in.collect::<BTreeSet<_>>(), documented);
        let faults: BTreeSet<_> = documented.into_iter().map(|(fault, _)| fault).collect();
        assert_eq!(faults.len(), 43, "the faults of docs/FAULTS.md");
    }

    #[test]
    fn every_scenario_says_what_the_exchange_must_have_on_record() {
        for scenario in scenarios() {
            assert!(!scenario.expects.is_empty(), "{}", scenario.name);
        }
    }

    #[test]
    fn every_file_is_built_in_and_says_what_is_right() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let stems: BTreeSet<String> =
            files.map(|name| name.into_string().unwrap().replace(".toml", "")).collect();
        assert_eq!(stems, NAMES.map(String::from).into());
        for scenario in scenarios() {
            assert!(scenario.outcome.ends_with('.'), "{}: {}", scenario.name, scenario.outcome);
            assert!(!scenario.script.rules.is_empty(), "{}", scenario.name);
        }
    }

    #[test]
    fn mistakes_are_told() {
        let header = "[scenario]\nfault = 'x'\noutcome = 'y.'\n";
        for (text, expected) in [
            ("[scenario]\nfault = 'x'\n", "missing field `outcome`"),
            (&format!("{header}pace = 'fast'"), "pace: \"fast\" is not a speed"),
            (&format!("{header}days = 0"), "days: must be from 1 to 10"),
            (&format!("{header}[[fault]]\non = 'bar'"), "line 4: `inject` is missing"),
            (&format!("{header}[[check]]\nevents = 'x'"), "unknown field `events`"),
            (&format!("{header}[[expect]]\nthat = 'luck'"), "unknown variant `luck`"),
            (&format!("{header}[[expect]]\nthat = 'sent'"), "sent has neither"),
            (&format!("{header}[[check]]\nevent = 'x'"), "x has neither"),
        ] {
            let error = Scenario::parse("mine", text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
