//! What the regulators charge for trades in US equities, by the date from which each rate holds.
//!
//! The last row of a table holds until somebody adds the next; before the first nothing is charged.
//! What is not certain says so; nothing was checked against a broker's bill.

use kernel::{FeeRates, TafRate};

/// The rates that are known.
pub fn fee_rates() -> FeeRates {
    let taf = TAF
        .iter()
        .map(|&(from, nanos_per_share, cap_cents)| (from, TafRate { nanos_per_share, cap_cents }));
    FeeRates { sec: SEC.to_vec(), taf: taf.collect(), cat: CAT.to_vec() }
}

/// Section 31 of the Securities Exchange Act: US cents for each million USD of sales.
/// Source: the SEC's fee rate advisories and orders under section 31(j); the days of 2007 to 2012
/// are not certain.
static SEC: &[(u32, i64)] = &[
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

/// FINRA's trading activity fee: billionths of a USD for each share sold, and US cents for each
/// execution at most. Source: FINRA By-Laws, Schedule A, section 1, and the notices and filings
/// that changed it.
static TAF: &[(u32, i64, i64)] = &[
    (20050101, 75_000, 375),
    (20110701, 90_000, 450),
    (20120301, 95_000, 475),
    (20120701, 119_000, 595),
    (20220101, 130_000, 649),
    (20230101, 145_000, 727),
    (20240101, 166_000, 830),
    (20260101, 195_000, 979),
    (20261001, 0, 0),
    (20270101, 232_000, 1_161),
    (20280101, 240_000, 1_205),
];

/// The consolidated audit trail: billionths of a USD for each share of either side. Source: CAT NMS
/// Plan fee alerts, FINRA Rule 6897; when Alpaca began to pass it on is not documented.
static CAT: &[(u32, i64)] = &[
    (20240901, 35_000),
    (20241001, 48_000),
    (20250101, 35_000),
    (20250701, 22_000),
    (20251201, 0),
    (20260501, 3_000),
];
