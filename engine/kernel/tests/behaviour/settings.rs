//! Limits that are no figures: lists, hours, switches and groups, read from a text and changed in a session.

use crate::common::*;
use kernel::*;
use proptest::prelude::*;
use proptest::strategy::Strategy as _;

/// What is no figure is set as it is shown, and what it cannot be changes nothing.
#[test]
fn a_setting_is_set_as_it_is_shown() {
    let rows = [
        ("breaker_then", "halt", "reduce", &["active", ""][..]),
        ("long_only", "false", "true", &["yes", "off", ""]),
        ("place_stops", "false", "true", &["1"]),
        ("restricted_symbols", "off", "BBB AAA", &["", " ", "bbb/"]),
        ("allowed_symbols", "off", "BRK.B", &["AAA/BBB;"]),
        (
            "trading_windows",
            "off",
            "09:45-12:00 13:00-15:30",
            &["12:00-09:45", "09:45", "25:00-26:00", "9-10", "+9:00-10:00", "09:60-10:00"],
        ),
        ("sectors", "off", "tech: AAA BBB", &[]),
    ];
    let mut limits = Limits { breaker: Some(Breaker::default()), ..Limits::OFF };
    for (key, before, after, refused) in rows {
        let shown = |limits: &Limits| {
            let setting =
                risk::Setting::all().find(|setting| setting.key.trim_end_matches('.') == key);
            setting.unwrap().text(limits)
        };
        assert_eq!(shown(&limits), before);
        for text in refused {
            let untouched = limits.clone();
            let Err(error) = limits.set(key, text) else { panic!("{key} can be {text:?}") };
            let error = error.to_string();
            assert!(error.starts_with(&format!("{key}: expected ")), "{error}");
            assert_eq!(limits, untouched, "{key} {text}");
        }
        let (path, text) = match after.split_once(": ") {
            Some((name, names)) => (format!("{key}.{name}"), names),
            None => (key.to_string(), after),
        };
        limits.set(&path, text).unwrap();
        assert_eq!(shown(&limits), after);
        if before == "off" {
            let mut emptied = limits.clone();
            emptied.set(&path, "off").unwrap();
            assert_eq!(shown(&emptied), "off");
        }
    }
    limits.set("restricted_symbols", "AAA,BBB , CCC").unwrap();
    assert_eq!(limits.scopes.restricted, ["AAA", "BBB", "CCC"].map(Into::into));
    limits.breaker = None;
    assert!(limits.set("breaker_then", "halt").is_err(), "there is none");
}

/// It holds for the next order, and the way back opens it again; each change is in the journal.
#[test]
fn a_setting_that_changes_holds_from_then_on() {
    let rows = [
        ("restricted_symbols", "AAA", "off", Side::Buy, "restricted"),
        ("allowed_symbols", "BBB", "off", Side::Buy, "not_on_allow_list"),
        ("trading_windows", "03:00-04:00", "off", Side::Buy, "outside_window"),
        ("long_only", "true", "false", Side::Sell, "long_only"),
    ];
    for (path, on, off, side, code) in rows {
        let mut bench = Bench::warm(Limits::OFF);
        let order = NewOrder::new(bench.symbol("AAA"), side, shares(1), OrderKind::Market);
        for (value, verdict) in [(off, "approved"), (on, code), (off, "approved")] {
            let (path, value, reason) = (path.into(), value.into(), "test".into());
            let events = bench.feed(Input::Command(Command::SetLimit { path, value, reason }));
            assert!(matches!(events.as_slice(), [Event::CommandTaken(Command::SetLimit { .. })]));
            bench.wait(60);
            assert_eq!(bench.verdict(order), verdict, "{code} with {on}");
        }
    }
}

/// Limits as a configuration may have them: figures, settings, groups and layers that are on or off.
fn any_limits() -> impl proptest::strategy::Strategy<Value = Limits> {
    let paths = [
        ("max_positions", &["3", "7", "off"][..]),
        ("max_leverage", &["1", "4"]),
        ("breaker_failures", &["off", "5", "9"]),
        ("breaker_then", &["halt", "reduce"]),
        ("stop_loss_percent", &["1.5", "off"]),
        ("long_only", &["true", "false"]),
        ("restricted_symbols", &["AAA BBB", "off"]),
        ("trading_windows", &["09:45-12:00", "off"]),
        ("sectors.tech", &["AAA", "AAA BBB", "off"]),
        ("sectors.oil", &["BBB", "off"]),
        ("correlated.one", &["AAA BBB", "off"]),
        ("strategies.a.max_positions", &["2", "off"]),
        ("strategies.b.max_order_quantity", &["2", "3.5", "off"]),
        ("symbols.BRK.B.min_price_usd", &["0.01", "5", "off"]),
    ];
    proptest::collection::vec(any::<usize>(), paths.len()).prop_map(move |picks| {
        let mut limits = Limits::default();
        for ((path, values), pick) in paths.iter().zip(picks) {
            // Without a breaker there is nothing that it does.
            let _ = limits.set(path, values[pick % values.len()]);
        }
        limits
    })
}

proptest! {
    /// What one configuration changes in another makes it the same, and nothing else is set.
    #[test]
    fn what_a_configuration_changes_makes_the_limits_its_own(held in any_limits(), wanted in any_limits()) {
        let changes = held.changes_to(&wanted).unwrap();
        let mut limits = held.clone();
        for (path, value) in &changes {
            let before = limits.clone();
            limits.set(path, value).unwrap();
            prop_assert!(limits != before, "{path} was {value}");
        }
        prop_assert_eq!(limits.changes_to(&wanted), Some(Vec::new()));
        prop_assert_eq!(wanted.changes_to(&wanted), Some(Vec::new()));
    }
}

#[test]
fn what_is_fixed_when_a_session_begins_is_no_change_of_limits() {
    let mut wanted = Limits::default();
    wanted.scopes.capital = vec![Some(Capital::Usd(cash("100")))];
    assert_eq!(Limits::default().changes_to(&wanted), None);
}

#[test]
fn what_the_configuration_says_is_what_the_next_start_compares_with() {
    let mut bench = Bench::warm(Limits::default());
    let said = |path: &str, value: &str| {
        let (path, value) = (path.into(), value.into());
        Input::Command(Command::SetLimit { path, value, reason: "test".into() })
    };
    bench.feed(said("max_positions", "3"));
    let (path, value) = ("max_orders_per_day".into(), "9".into());
    bench.feed(Input::Command(Command::ConfigureLimit { path, value }));
    let state = bench.kernel.state();
    let configured = &state.session().unwrap().limits;
    assert_eq!((configured.max_positions, configured.max_orders_per_day), (None, Some(9)));
    assert_eq!(
        (state.limits().max_positions, state.limits().max_orders_per_day),
        (Some(3), Some(9))
    );
}
