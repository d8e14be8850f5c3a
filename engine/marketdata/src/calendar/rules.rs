//! Holidays and early closes of the New York stock exchanges, from 1980 on.
//!
//! Source: NYSE Rule 7.2 (holidays) and the exchange's published calendars; closures and early
//! closes that follow no rule are listed one by one.

use jiff::civil::{Date, Time, Weekday, date, time};

/// What kind of day a date is for the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// No session: a weekend, a holiday, or an extraordinary closure.
    Closed,
    /// A session that ends early, at a time in New York.
    EarlyClose(Time),
    /// A session of usual length.
    Full,
}

const EARLY: Time = time(13, 0, 0, 0);

/// An election, storms, days of mourning, and the week of 2001-09-11.
const EXTRAORDINARY_CLOSURES: [Date; 13] = [
    date(1980, 11, 4),
    date(1985, 9, 27),
    date(1994, 4, 27),
    date(2001, 9, 11),
    date(2001, 9, 12),
    date(2001, 9, 13),
    date(2001, 9, 14),
    date(2004, 6, 11),
    date(2007, 1, 2),
    date(2012, 10, 29),
    date(2012, 10, 30),
    date(2018, 12, 5),
    date(2025, 1, 9),
];

const EXTRAORDINARY_EARLY_CLOSES: [Date; 2] = [date(1999, 12, 31), date(2003, 12, 26)];

/// What kind of day a date is, by rule.
pub fn day_kind(date: Date) -> DayKind {
    if is_weekend(date) || is_holiday(date) || EXTRAORDINARY_CLOSURES.contains(&date) {
        DayKind::Closed
    } else if is_early_close(date) {
        DayKind::EarlyClose(EARLY)
    } else {
        DayKind::Full
    }
}

pub(super) fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn is_holiday(date: Date) -> bool {
    let year = date.year();
    let since = |first: i16| year >= first;
    is_new_year(date)
        || (since(1998) && is_nth(date, 1, 3, Weekday::Monday))
        || is_nth(date, 2, 3, Weekday::Monday)
        || is_good_friday(date)
        || is_last_monday_of_may(date)
        || (since(2022) && is_observed(date, 6, 19))
        || is_observed(date, 7, 4)
        || is_nth(date, 9, 1, Weekday::Monday)
        || is_nth(date, 11, 4, Weekday::Thursday)
        || is_observed(date, 12, 25)
}

/// The day before or after Independence Day, the day after Thanksgiving, Christmas Eve: since 1993.
fn is_early_close(date: Date) -> bool {
    let is = |month: i8, day: i8| (date.month(), date.day()) == (month, day);
    let before_independence_day = match date.weekday() {
        // When the holiday was a Thursday, the Friday after it was short until 2012.
        Weekday::Wednesday => is(7, 3) && date.year() >= 2013,
        Weekday::Monday | Weekday::Tuesday | Weekday::Thursday => is(7, 3),
        Weekday::Friday => is(7, 5) && date.year() <= 2012,
        Weekday::Saturday | Weekday::Sunday => false,
    };
    let after_thanksgiving =
        date.yesterday().is_ok_and(|before| is_nth(before, 11, 4, Weekday::Thursday));
    date.year() >= 1993 && (before_independence_day || after_thanksgiving || is(12, 24))
        || EXTRAORDINARY_EARLY_CLOSES.contains(&date)
}

/// The first of January, or the Monday after a Sunday; a Saturday is not moved, because the last
/// trading day of the year settles the year's books.
fn is_new_year(date: Date) -> bool {
    let sunday_before = date.weekday() == Weekday::Monday && date.day() == 2;
    date.month() == 1 && (date.day() == 1 || sunday_before)
}

/// A fixed date, or the Friday before a Saturday, or the Monday after a Sunday.
fn is_observed(date: Date, month: i8, day: i8) -> bool {
    let is = |date: Date| (date.month(), date.day()) == (month, day);
    let (before, after) = (date.yesterday(), date.tomorrow());
    is(date)
        || (date.weekday() == Weekday::Friday && after.is_ok_and(is))
        || (date.weekday() == Weekday::Monday && before.is_ok_and(is))
}

/// The n-th such weekday of a month.
fn is_nth(date: Date, month: i8, n: i8, weekday: Weekday) -> bool {
    date.month() == month && date.weekday() == weekday && (date.day() - 1) / 7 + 1 == n
}

fn is_last_monday_of_may(date: Date) -> bool {
    date.month() == 5 && date.weekday() == Weekday::Monday && date.day() > 31 - 7
}

fn is_good_friday(date: Date) -> bool {
    date.weekday() == Weekday::Friday
        && date.checked_add(jiff::Span::new().days(2)).is_ok_and(|sunday| sunday == easter(sunday))
}

/// Easter Sunday of the date's year.
/// Source: the anonymous Gregorian computus (Meeus, "Astronomical Algorithms", chapter 8).
fn easter(of_year: Date) -> Date {
    let year = i32::from(of_year.year());
    let golden = year % 19;
    let (century, in_century) = (year / 100, year % 100);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (in_century / 4) - epact - in_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let day_of_march = epact + weekday - 7 * late + 114;
    // Both lie in March and April of a year that was a date's, so the date exists.
    Date::new(of_year.year(), (day_of_march / 31) as i8, (day_of_march % 31 + 1) as i8)
        .unwrap_or(of_year)
}
