//! Which hours are traded.

use crate::common::*;
use kernel::*;

/// Monday, and the Wednesday after a holiday.
fn session(hours: TradingHours) -> Bench {
    let wednesday = TradingDay {
        date: 20_240_605,
        open: time("2024-06-05T13:30:00Z"),
        close: time("2024-06-05T20:00:00Z"),
        extended_open: time("2024-06-05T08:00:00Z"),
        extended_close: time("2024-06-06T00:00:00Z"),
    };
    let calendar = vec![monday(), wednesday];
    let start = SessionStart { calendar, hours, ..start(Limits::default()) };
    Bench::started_at("2024-06-03T12:00:00Z", start)
}

/// From, to, and whether there is trade between them in regular hours, in extended ones, and always.
const BETWEEN: [(&str, &str, [bool; 3]); 10] = [
    ("2024-06-03T14:00:00Z", "2024-06-03T14:01:00Z", [true, true, true]),
    ("2024-06-03T14:00:00Z", "2024-06-03T14:00:00Z", [false, false, false]),
    ("2024-06-03T14:01:00Z", "2024-06-03T14:00:00Z", [false, false, false]),
    ("2024-06-03T08:00:00Z", "2024-06-03T13:30:00Z", [false, true, true]),
    ("2024-06-03T08:00:00Z", "2024-06-03T13:31:00Z", [true, true, true]),
    // The last minute of Monday and the night, with and without that minute.
    ("2024-06-03T19:59:00Z", "2024-06-05T13:30:00Z", [true, true, true]),
    ("2024-06-03T20:00:00Z", "2024-06-05T13:30:00Z", [false, true, true]),
    ("2024-06-04T00:00:00Z", "2024-06-05T08:00:00Z", [false, false, true]),
    // All of Wednesday lies in between.
    ("2024-06-04T00:00:00Z", "2024-06-07T00:00:00Z", [true, true, true]),
    ("2024-06-06T00:00:00Z", "2024-06-07T00:00:00Z", [false, false, true]),
];

#[test]
fn trade_lies_between_two_instants_where_hours_do_that_are_traded() {
    let kinds = [TradingHours::Regular, TradingHours::Extended, TradingHours::Always];
    for (place, hours) in kinds.into_iter().enumerate() {
        let bench = session(hours);
        for (from, to, expected) in BETWEEN {
            let is_open = bench.kernel.state().is_open_between(time(from), time(to));
            assert_eq!(is_open, expected[place], "{hours:?}: {from} to {to}");
        }
    }
}

#[test]
fn before_a_session_has_begun_nothing_is_traded() {
    let state = State::default();
    assert!(!state.is_open_between(time("2024-06-03T14:00:00Z"), time("2024-06-03T15:00:00Z")));
}
