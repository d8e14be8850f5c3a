//! The regulators' rates by the date from which they hold.
//!
//! Each table begins with the first date it knows; before it nothing is charged. The last row
//! holds until somebody adds the next. Rates from memory of the regulators' notices are marked;
//! none was checked against a broker's bill.

/// A rate that holds from a date on.
pub(crate) trait Dated {
    fn from(&self) -> u32;
}

/// The rate of a day.
pub(super) fn on<T: Dated>(table: &'static [T], date: u32) -> Option<&'static T> {
    let next = table.partition_point(|row| row.from() <= date);
    table.get(next.checked_sub(1)?)
}

/// Section 31 of the Securities Exchange Act: on the proceeds of sales.
#[derive(Debug)]
pub(crate) struct Sec {
    from: u32,
    /// US cents for each million USD.
    pub(super) cents_per_million: i64,
}

/// FINRA's trading activity fee: on sales of covered equity securities.
#[derive(Debug)]
pub(crate) struct Taf {
    from: u32,
    /// Billionths of a USD for each share.
    pub(super) nanos_per_share: i64,
    /// US cents for each execution at most.
    pub(super) cap_cents: i64,
}

/// The consolidated audit trail: on either side of an execution.
#[derive(Debug)]
pub(crate) struct Cat {
    from: u32,
    /// Billionths of a USD for each executed equivalent share.
    pub(super) nanos_per_share: i64,
}

impl Dated for Sec {
    fn from(&self) -> u32 {
        self.from
    }
}

impl Dated for Taf {
    fn from(&self) -> u32 {
        self.from
    }
}

impl Dated for Cat {
    fn from(&self) -> u32 {
        self.from
    }
}

const fn sec(from: u32, cents_per_million: i64) -> Sec {
    Sec { from, cents_per_million }
}

const fn taf(from: u32, nanos_per_share: i64, cap_cents: i64) -> Taf {
    Taf { from, nanos_per_share, cap_cents }
}

const fn cat(from: u32, nanos_per_share: i64) -> Cat {
    Cat { from, nanos_per_share }
}

pub(crate) static SEC: &[Sec] = &[sec(20230227, 800)];
pub(crate) static TAF: &[Taf] = &[taf(20240101, 166_000, 830)];
pub(crate) static CAT: &[Cat] = &[cat(20240901, 35_000)];
