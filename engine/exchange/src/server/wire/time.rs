//! Times as Alpaca writes them.

use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, Zoned};
use kernel::Timestamp;
use serde::{Serialize, Serializer};

/// New York's zone, from the database inside the program.
pub(crate) fn new_york() -> TimeZone {
    // The database is compiled in, so the zone is there; UTC would only shift texts.
    TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC)
}

/// The instant in New York.
pub(crate) fn in_new_york(at: Timestamp) -> Zoned {
    let instant = Instant::from_nanosecond(i128::from(at.nanos())).unwrap_or(Instant::UNIX_EPOCH);
    instant.to_zoned(new_york())
}

/// The date in New York as `yyyymmdd`.
pub(crate) fn new_york_date(at: Timestamp) -> u32 {
    let date = in_new_york(at).date();
    let (year, month, day) = (date.year(), date.month(), date.day());
    u32::try_from(i32::from(year) * 10_000 + i32::from(month) * 100 + i32::from(day)).unwrap_or(0)
}

/// Midnight in New York at the start of the date that holds the instant.
pub(crate) fn new_york_midnight(at: Timestamp) -> Timestamp {
    let start = in_new_york(at).start_of_day();
    start.ok().and_then(|zoned| from_jiff(zoned.timestamp())).unwrap_or(at)
}

/// The kernel's form of an instant, when it is between 1678 and 2262.
pub(crate) fn from_jiff(instant: Instant) -> Option<Timestamp> {
    i64::try_from(instant.as_nanosecond()).ok().map(Timestamp::from_nanos)
}

/// `2026-01-05T10:15:22-05:00`: the clock's form, whole seconds with New York's offset.
pub(crate) fn with_offset(at: Timestamp) -> String {
    in_new_york(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// `2026-01-05`, from `yyyymmdd`.
pub(crate) fn date_text(date: u32) -> String {
    format!("{:04}-{:02}-{:02}", date / 10_000, date / 100 % 100, date % 100)
}

/// RFC 3339 in UTC without needless zeros, which is how Alpaca writes a nanosecond time.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    let text = at.to_string();
    let trimmed = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    format!("{trimmed}Z")
}

/// A time that serialises as [`rfc3339`] text, and in MessagePack as the timestamp extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireTime(pub(crate) Timestamp);

/// MessagePack's own timestamp extension has the type -1.
/// Source: MessagePack specification, "Timestamp extension type".
const TIMESTAMP_EXTENSION: i8 = -1;

/// `rmp_serde` writes a newtype struct of this name as an extension value.
#[derive(Serialize)]
#[serde(rename = "_ExtStruct")]
struct Extension((i8, serde_bytes_of::Bytes));

/// A byte string, which serde would otherwise write as a list of numbers.
mod serde_bytes_of {
    pub(super) struct Bytes(pub(super) Vec<u8>);

    impl serde::Serialize for Bytes {
        fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
            out.serialize_bytes(&self.0)
        }
    }
}

impl Serialize for WireTime {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        if out.is_human_readable() {
            return out.serialize_str(&rfc3339(self.0));
        }
        let bytes = serde_bytes_of::Bytes(extension_bytes(self.0));
        Extension((TIMESTAMP_EXTENSION, bytes)).serialize(out)
    }
}

/// The shortest of the three forms that holds the time: 32, 64 or 96 bits.
fn extension_bytes(at: Timestamp) -> Vec<u8> {
    let seconds = at.nanos().div_euclid(1_000_000_000);
    let nanos = at.nanos().rem_euclid(1_000_000_000);
    match (u32::try_from(seconds), nanos) {
        (Ok(seconds), 0) => seconds.to_be_bytes().to_vec(),
        _ if (0..1 << 34).contains(&seconds) => (nanos << 34 | seconds).to_be_bytes().to_vec(),
        _ => [&(nanos as i32).to_be_bytes()[..], &seconds.to_be_bytes()[..]].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn texts_have_alpacas_forms() {
        assert_eq!(rfc3339(at("2026-01-05T15:00:00Z")), "2026-01-05T15:00:00Z");
        assert_eq!(rfc3339(at("2026-01-05T15:00:10.250Z")), "2026-01-05T15:00:10.25Z");
        assert_eq!(with_offset(at("2025-06-24T18:15:22Z")), "2025-06-24T14:15:22-04:00");
        assert_eq!(with_offset(at("2026-01-05T15:00:00Z")), "2026-01-05T10:00:00-05:00");
        assert_eq!(date_text(20_250_102), "2025-01-02");
        assert_eq!(new_york_date(at("2026-01-06T04:59:59Z")), 20_260_105);
        assert_eq!(new_york_midnight(at("2026-07-06T12:00:00Z")), at("2026-07-06T04:00:00Z"));
    }

    /// Conformance 134.
    #[test]
    fn messagepack_times_are_timestamp_extensions() {
        let whole = rmp_serde::to_vec(&WireTime(at("2026-01-05T15:00:00Z"))).unwrap();
        assert_eq!(whole[..2], [0xd6, 0xff], "fixext 4, type -1");
        let fine = rmp_serde::to_vec(&WireTime(at("2026-01-05T15:00:00.000000001Z"))).unwrap();
        assert_eq!(fine[..2], [0xd7, 0xff], "fixext 8, type -1");
        let old = rmp_serde::to_vec(&WireTime(at("1969-12-31T23:59:59Z"))).unwrap();
        assert_eq!(old[..3], [0xc7, 12, 0xff], "ext 8 of 12 bytes, type -1");
    }
}
