//! Dates as the number `yyyymmdd`, and as a count of days.

/// The count of days since 1970-01-01 of a date written `yyyymmdd`, in the Gregorian calendar.
pub(crate) fn day_count(date: u32) -> i32 {
    let date = i32::try_from(date).unwrap_or(19_700_101);
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    // The year begins in March, so that a leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a count of days since 1970-01-01, as `yyyymmdd`.
pub(crate) fn date_of_count(count: i32) -> u32 {
    let count = count + 719_468;
    let era = count.div_euclid(146_097);
    let of_era = count.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + later;
    u32::try_from(year * 10_000 + month * 100 + day).unwrap_or(19_700_101)
}

/// A date of the calendar as the number `yyyymmdd`.
pub(crate) fn of(date: marketdata::calendar::Date) -> u32 {
    let part = |part: i8| u32::from(part.unsigned_abs());
    u32::from(date.year().unsigned_abs()) * 10_000 + part(date.month()) * 100 + part(date.day())
}

/// A date as `2024-01-31`.
pub(crate) fn written(date: u32) -> String {
    format!("{:04}-{:02}-{:02}", date / 10_000, date / 100 % 100, date % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_dates_are_each_others_inverse() {
        for (date, count) in
            [(19_700_101, 0), (19_691_231, -1), (20_000_229, 11_016), (20_241_206, 20_063)]
        {
            assert_eq!((day_count(date), date_of_count(count)), (count, date));
        }
        for count in -40_000..40_000 {
            assert_eq!(day_count(date_of_count(count)), count);
        }
        assert_eq!(written(20_240_131), "2024-01-31");
    }
}
