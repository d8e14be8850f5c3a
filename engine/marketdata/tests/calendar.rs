//! The calendar's rules against the published calendar and against days that really traded.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use kernel::TradingDay;
use marketdata::calendar::{self, Calendar, Date, DayKind};
use std::io::Write;
use std::path::PathBuf;

fn test_data(name: &str) -> Option<PathBuf> {
    match std::env::var_os("TRADEWIND_TEST_DATA") {
        Some(folder) => Some(PathBuf::from(folder).join(name)),
        None => {
            // Past the test harness, which keeps what passing tests print.
            let reason =
                format!("SKIPPED: TRADEWIND_TEST_DATA does not name the folder with {name}\n");
            std::io::stderr().write_all(reason.as_bytes()).unwrap();
            None
        }
    }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn day(text: &str) -> TradingDay {
    calendar::trading_days(date(text), date(text))[0]
}

#[test]
fn the_rules_agree_with_the_published_calendar() {
    let Some(path) = test_data("calendar/us_equities.csv") else { return };
    let published = Calendar::from_csv(&path).unwrap();
    let (from, to) = (date("2000-01-01"), date("2027-12-31"));
    for (ours, theirs) in
        calendar::trading_days(from, to).iter().zip(published.trading_days(from, to))
    {
        assert_eq!(*ours, theirs);
    }
    let days = calendar::trading_days(from, to);
    assert_eq!(days.len(), published.trading_days(from, to).len());
    assert_eq!(days.len(), 7041);
}

#[test]
fn the_rules_agree_with_the_days_that_traded_since_1980() {
    let Some(path) = test_data("bars/1Day/CAT.csv") else { return };
    let feed = marketdata::read_files(&[path]).unwrap();
    let traded: Vec<u32> = feed
        .data
        .iter()
        .map(|bar| {
            calendar::number_of(calendar::date_of(bar.time().minus(feed.bar_length.unwrap())))
        })
        .collect();
    let ruled: Vec<u32> = calendar::trading_days(date("1980-01-02"), date("2013-12-31"))
        .iter()
        .map(|day| day.date)
        .collect();
    assert_eq!(ruled, traded);
}

#[test]
fn sessions_follow_new_york_through_clock_changes() {
    let winter = day("2026-01-05");
    assert_eq!(winter.extended_open.to_string(), "2026-01-05T09:00:00.000000000Z");
    assert_eq!(winter.open.to_string(), "2026-01-05T14:30:00.000000000Z");
    assert_eq!(winter.close.to_string(), "2026-01-05T21:00:00.000000000Z");
    assert_eq!(winter.extended_close.to_string(), "2026-01-06T01:00:00.000000000Z");
    assert_eq!(day("2026-03-06").open.to_string(), "2026-03-06T14:30:00.000000000Z");
    assert_eq!(day("2026-03-09").open.to_string(), "2026-03-09T13:30:00.000000000Z");
}

#[test]
fn early_closes_end_the_regular_session_at_13_and_the_late_one_at_17() {
    let short = day("2024-07-03");
    assert_eq!(short.close.to_string(), "2024-07-03T17:00:00.000000000Z");
    assert_eq!(short.extended_close.to_string(), "2024-07-03T21:00:00.000000000Z");
}

#[test]
fn juneteenth_is_a_holiday_from_2022_on() {
    assert_eq!(calendar::day_kind(date("2020-06-19")), DayKind::Full);
    assert_eq!(calendar::day_kind(date("2022-06-20")), DayKind::Closed);
    assert_eq!(calendar::day_kind(date("2023-06-19")), DayKind::Closed);
}

#[test]
fn new_year_on_a_saturday_leaves_the_friday_open() {
    assert_eq!(calendar::day_kind(date("2021-12-31")), DayKind::Full);
    assert_eq!(calendar::day_kind(date("2023-01-02")), DayKind::Closed);
}

#[test]
fn a_file_rules_its_years_and_the_rules_the_others() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "date,type,close_time\n2030-03-05,holiday,\n2030-03-06,early_close,12:30\n")
        .unwrap();
    let calendar = Calendar::from_csv(file.path()).unwrap();
    assert_eq!(calendar.day_kind(date("2030-03-05")), DayKind::Closed);
    let noon = DayKind::EarlyClose("12:30".parse().unwrap());
    assert_eq!(calendar.day_kind(date("2030-03-06")), noon);
    assert_eq!(calendar.day_kind(date("2030-12-25")), DayKind::Full);
    assert_eq!(calendar.day_kind(date("2030-03-09")), DayKind::Closed, "a Saturday");
    assert_eq!(calendar.day_kind(date("2029-12-25")), DayKind::Closed);
}

#[test]
fn every_mistake_in_a_calendar_file_is_one_sentence() {
    let cases = [
        (
            "day,type\n",
            "row 1, column date: the column is missing; calendars need the columns date,type,close_time",
        ),
        ("date,type,close_time\n", "the file has no rows; expected at least one below the header"),
        (
            "date,type,close_time\n2030-13-01,holiday,\n",
            "row 2, column date: `2030-13-01` is not a date; expected one such as 2011-01-03",
        ),
        (
            "date,type,close_time\n2030-03-01,feast,\n",
            "row 2, column type: `feast` is not known; expected holiday or early_close",
        ),
        (
            "date,type,close_time\n2030-03-01,early_close,\n",
            "row 2, column close_time: `` is not known; expected a time in New York such as 13:00",
        ),
    ];
    for (text, expected) in cases {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let message = Calendar::from_csv(file.path()).unwrap_err().to_string();
        assert!(message.ends_with(expected), "{message}");
    }
}
