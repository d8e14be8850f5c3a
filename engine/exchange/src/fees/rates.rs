//! The regulators' rates by the date from which they hold.
//!
//! Each table begins with the first date it knows; before it nothing is charged. The last row
//! holds until somebody adds the next. What is from memory or not certain says so; nothing was
//! checked against a broker's bill.

/// Rates with the date, as `yyyymmdd`, from which each holds.
type Table<Rate> = [(u32, Rate)];

/// The rate of a day.
pub(super) fn on<Rate: Copy>(table: &Table<Rate>, date: u32) -> Option<Rate> {
    let next = table.partition_point(|&(from, _)| from <= date);
    table.get(next.checked_sub(1)?).map(|&(_, rate)| rate)
}

/// Section 31 of the Securities Exchange Act: US cents for each million USD of sales.
///
/// Source: the SEC's fee rate advisories and orders under section 31(j). The days of 2007 to 2012
/// are from memory.
pub(super) static SEC: &Table<i64> = &[
    (20011228, 1_500),
    (20020401, 3_010),
    (20030322, 2_520),
    (20030401, 4_680),
    (20040222, 3_900),
    (20040401, 2_340),
    (20050107, 3_290),
    (20050401, 4_180),
    (20051222, 3_070),
    (20070317, 1_530),
    (20080125, 1_100),
    (20080401, 560),
    (20090410, 2_570),
    (20100115, 1_270),
    (20100401, 1_690),
    (20110121, 1_920),
    (20120221, 1_800),
    (20120401, 2_240),
    (20130525, 1_740),
    (20140318, 2_210),
    (20150214, 1_840),
    (20160216, 2_180),
    (20170704, 2_310),
    (20180522, 1_300),
    (20190416, 2_070),
    (20200218, 2_210),
    (20210225, 510),
    (20220514, 2_290),
    (20230227, 800),
    (20240522, 2_780),
    (20250514, 0),
    (20260404, 2_060),
];

/// FINRA's trading activity fee on sales of covered equity securities.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taf {
    /// Billionths of a USD for each share.
    pub(super) nanos_per_share: i64,
    /// US cents for each execution at most.
    pub(super) cap_cents: i64,
}

/// The trading activity fee.
///
/// Source: FINRA By-Laws, Schedule A, section 1; Notice to Members 04-84, Regulatory Notices
/// 11-27, 12-06 and 12-31, filings SR-FINRA-2020-032, SR-FINRA-2024-019 (with the steps of 2027
/// and 2028) and SR-FINRA-2026-021 (nothing is charged in the last quarter of 2026). Sales of
/// shares of very low price, which have been exempt in part, are charged here.
pub(super) static TAF: &Table<Taf> = &[
    (20050101, Taf { nanos_per_share: 75_000, cap_cents: 375 }),
    (20110701, Taf { nanos_per_share: 90_000, cap_cents: 450 }),
    (20120301, Taf { nanos_per_share: 95_000, cap_cents: 475 }),
    (20120701, Taf { nanos_per_share: 119_000, cap_cents: 595 }),
    (20220101, Taf { nanos_per_share: 130_000, cap_cents: 649 }),
    (20230101, Taf { nanos_per_share: 145_000, cap_cents: 727 }),
    (20240101, Taf { nanos_per_share: 166_000, cap_cents: 830 }),
    (20260101, Taf { nanos_per_share: 195_000, cap_cents: 979 }),
    (20261001, Taf { nanos_per_share: 0, cap_cents: 0 }),
    (20270101, Taf { nanos_per_share: 232_000, cap_cents: 1_161 }),
    (20280101, Taf { nanos_per_share: 240_000, cap_cents: 1_205 }),
];

/// The consolidated audit trail: billionths of a USD for each share of either side. It is what
/// the plan charges the executing brokers, who pass it on, some of them other sums; when
/// Alpaca began to is not documented. Each row adds the rates that hold together.
///
/// Source: CAT NMS Plan fee alerts, FINRA Rule 6897. Fee 2024-1 of 35, and from October 2024
/// historical assessment 1 of 13; fee 2025-1 of 22 and fee 2025-2 of 9 in place of 2024-1 (both
/// from memory); no billing of December 2025 to April 2026; fee 2026-1 of 1 and assessment 1A
/// of 2 (whether assessment 1 went on beside them is not certain), all in millionths.
pub(super) static CAT: &Table<i64> = &[
    (20240901, 35_000),
    (20241001, 48_000),
    (20250101, 35_000),
    (20250701, 22_000),
    (20251201, 0),
    (20260501, 3_000),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_in_order_of_dates() {
        assert!(SEC.is_sorted_by(|a, b| a.0 < b.0));
        assert!(TAF.is_sorted_by(|a, b| a.0 < b.0));
        assert!(CAT.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn a_rate_holds_from_its_date_until_the_next() {
        let cents = |date| on(SEC, date);
        assert_eq!(cents(20011227), None);
        assert_eq!(cents(20240521), Some(800));
        assert_eq!(cents(20240522), Some(2_780));
        assert_eq!(cents(20250513), Some(2_780));
        assert_eq!(cents(20250514), Some(0));
        assert_eq!(cents(20991231), Some(2_060));
    }
}
