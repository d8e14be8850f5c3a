//! Instants: RFC 3339 in and out.

use kernel::{ParseTimeError, Span, Timestamp};
use proptest::prelude::*;

fn parse(text: &str) -> Result<Timestamp, ParseTimeError> {
    text.parse()
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(nanos in prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -9_i64..9]) {
        let time = Timestamp::from_nanos(nanos);
        let text = time.to_string();
        prop_assert_eq!(text.len(), "2026-01-05T15:00:00.000000000Z".len());
        prop_assert_eq!(parse(&text), Ok(time));
        let json = serde_json::to_string(&time).unwrap();
        prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
    }

    #[test]
    fn later_times_print_as_later_texts(one in any::<i64>(), other in any::<i64>()) {
        let (one, other) = (Timestamp::from_nanos(one), Timestamp::from_nanos(other));
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
    }

    #[test]
    fn an_offset_moves_the_time_and_not_the_instant(seconds in -2_000_000_000_i64..4_000_000_000, minutes in -1439_i64..1440) {
        let instant = Timestamp::from_secs(seconds);
        let local = Timestamp::from_secs(seconds + minutes * 60).to_string();
        let local = local.trim_end_matches('Z');
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        prop_assert_eq!(parse(&format!("{local}{sign}{hours:02}:{minutes:02}")), Ok(instant));
        prop_assert_eq!(parse(&format!("{local}{sign}{hours:02}{minutes:02}")), Ok(instant));
    }

    #[test]
    fn any_text_is_a_time_or_an_error(
        text in ".{0,40}",
        near in "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,12})?(Z|z|[-+][0-9]{2}:?[0-9]{2})?",
    ) {
        for text in [text, near] {
            if let Ok(time) = parse(&text) {
                prop_assert_eq!(parse(&time.to_string()), Ok(time));
            }
        }
    }

    #[test]
    fn each_day_follows_the_one_before(day in -100_000_i64..100_000) {
        let date = |day: i64| Timestamp::from_secs(day * 86_400).to_string()[..10].to_owned();
        let (today, tomorrow) = (date(day), date(day + 1));
        let number = |text: &str, from: usize, to: usize| text[from..to].parse::<u32>().unwrap();
        let same_month = today[..7] == tomorrow[..7];
        let expected = if same_month { number(&today, 8, 10) + 1 } else { 1 };
        prop_assert_eq!(number(&tomorrow, 8, 10), expected);
        if !same_month {
            let days = number(&today, 8, 10);
            let (year, month) = (number(&today, 0, 4), number(&today, 5, 7));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = [31, 28 + u32::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            prop_assert_eq!(days, length[month as usize - 1]);
        }
    }
}

#[test]
fn times_are_read_as_brokers_and_feeds_write_them() {
    let at = |seconds: i64, nanos| Ok(Timestamp::from_nanos(seconds * 1_000_000_000 + nanos));
    for (text, expected) in [
        ("1970-01-01T00:00:00Z", at(0, 0)),
        ("2026-01-05T15:00:00.25Z", at(1_767_625_200, 250_000_000)),
        ("2026-01-05T10:00:00.25-05:00", at(1_767_625_200, 250_000_000)),
        ("2026-01-05 15:00:00.000000001z", at(1_767_625_200, 1)),
        // More digits than any clock has are cut.
        ("2026-01-05T15:00:00.9999999999Z", at(1_767_625_200, 999_999_999)),
        // A leap second is the first of the next minute.
        ("2016-12-31T23:59:60Z", at(1_483_228_800, 0)),
        ("2024-02-29T00:00:00Z", at(1_709_164_800, 0)),
        ("1969-12-31T23:59:59.999999999Z", at(0, -1)),
    ] {
        assert_eq!(parse(text), expected, "{text}");
    }
    for text in [
        "",
        "2026-01-05",
        "2026-01-05T15:00:00",
        "2026-13-05T15:00:00Z",
        "2023-02-29T15:00:00Z",
        "2026-01-05T24:00:00Z",
        "2026-01-05T15:60:00Z",
        "2026-01-05T15:00:61Z",
        "2026-01-05T15:00:00.Z",
        "2026-01-05T15:00:00+25:00",
        "2026-01-05T15:00:00Z ",
        "2026/01/05T15:00:00Z",
        "1500-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z",
    ] {
        assert_eq!(parse(text), Err(ParseTimeError), "{text:?}");
    }
}

#[test]
fn spans_are_measured_and_added_within_bounds() {
    let (early, late) = (Timestamp::from_secs(10), Timestamp::from_secs(70));
    assert_eq!(late.since(early), Span::from_secs(60));
    assert_eq!(early.since(late), Span::from_secs(-60));
    assert_eq!(early.plus(Span::from_secs(60)), late);
    assert_eq!(late.minus(Span::from_millis(60_000)), early);
    assert_eq!(Timestamp::MAX.plus(Span::from_secs(1)), Timestamp::MAX);
    assert_eq!(Timestamp::MIN.minus(Span::from_secs(1)), Timestamp::MIN);
    assert_eq!(Timestamp::MAX.since(Timestamp::MIN), Span::from_nanos(i64::MAX));
}
