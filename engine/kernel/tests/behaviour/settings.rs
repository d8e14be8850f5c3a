//! Limits that are no figures: lists, hours, switches and groups, read from a text and changed in a session.

use crate::common::*;
use kernel::*;

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
