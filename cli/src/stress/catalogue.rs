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
    "answer-500",
    "answer-503",
    "answer-504",
    "async-rejection",
    "auth-timeout",
    "closed-by-hand",
    "connection-limit",
    "data-dropped",
    "data-gap",
    "data-mute",
    "fields-missing",
    "fields-new",
    "fill-before-answer",
    "fill-races-cancel",
    "frames-huge",
    "frames-malformed",
    "halt",
    "hang",
    "orders-dropped",
    "orders-mute",
    "quotes-crossed",
    "quotes-nan",
    "quotes-negative",
    "quotes-zero",
    "rate-limit",
    "rate-limit-bare",
    "reports-late",
    "reports-missing",
    "reports-reordered",
    "reports-twice",
    "reset-after",
    "reset-before",
    "slow-client",
    "split",
    "time-future",
    "time-stale",
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

    /// Every fault that a correct engine must stand.
    const FAULTS: [&str; 36] = [
        "429 with headers",
        "429 without headers",
        "500",
        "503",
        "504 after accepting",
        "hang",
        "connection reset before accepting",
        "connection reset after accepting",
        "dropped order socket",
        "dropped data socket",
        "mute order socket",
        "mute data socket",
        "406 connection limit",
        "407 slow client",
        "authentication time-out",
        "duplicate reports",
        "late reports",
        "reordered reports",
        "missing reports",
        "partial fill racing a cancel",
        "fill before the answer to the POST",
        "asynchronous rejection",
        "position closed by hand",
        "missing JSON fields",
        "new JSON fields",
        "malformed frames",
        "huge frames",
        "data gaps",
        "stale timestamps",
        "future timestamps",
        "NaN quotes",
        "zero quotes",
        "negative quotes",
        "crossed quotes",
        "split on the open",
        "halted symbol",
    ];

    fn scenarios() -> Vec<Scenario> {
        NAMES.iter().map(|name| built_in(name).unwrap().unwrap()).collect()
    }

    #[test]
    fn every_fault_has_a_scenario() {
        let covered: BTreeSet<String> =
            scenarios().into_iter().map(|scenario| scenario.fault).collect();
        let wanted: BTreeSet<String> = FAULTS.map(String::from).into();
        assert_eq!(covered, wanted);
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
        ] {
            let error = Scenario::parse("mine", text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
