//! How files of others are to be understood.

use jiff::tz::TimeZone;
use kernel::Span;
use std::collections::BTreeMap;

/// What a file does not say of itself. The default is the layout that this program writes; what it
/// is recognised by is in [`super`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadOptions {
    /// The file's columns by our names for them: `timestamp`, `open`, `bid_price`, `symbol`, ...
    pub columns: BTreeMap<String, String>,
    /// The zone of times that name none.
    pub zone: Option<TimeZone>,
    /// What the time of a bar names.
    pub stamp: Stamp,
    /// How times are written.
    pub time: TimeFormat,
    /// How long bars last; found out when not said.
    pub length: Option<Span>,
    /// Whose rows they are, when no column says so; the file's name says it otherwise.
    pub symbol: Option<String>,
    /// Whether prices and sizes with more than nine digits after the point are rounded, half to
    /// even, instead of refused.
    pub rounds: bool,
}

/// Which end of a bar its time stamp names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stamp {
    /// Its beginning.
    #[default]
    Open,
    /// Its end.
    End,
}

/// How times are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TimeFormat {
    /// RFC 3339, a date and a time of day, a date alone, or a number of seconds, milliseconds,
    /// microseconds or nanoseconds since 1970, told by how many digits it has.
    #[default]
    Auto,
    /// A number since 1970, in units of so many nanoseconds.
    Epoch(i64),
    /// A pattern such as `%m/%d/%Y %H:%M`.
    Pattern(String),
}

impl std::str::FromStr for TimeFormat {
    type Err = String;

    /// `auto`, `s`, `ms`, `us`, `ns`, or a pattern with `%`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "s" => Ok(Self::Epoch(1_000_000_000)),
            "ms" => Ok(Self::Epoch(1_000_000)),
            "us" => Ok(Self::Epoch(1_000)),
            "ns" => Ok(Self::Epoch(1)),
            pattern if pattern.contains('%') => Ok(Self::Pattern(pattern.into())),
            other => Err(format!(
                "`{other}` is no time format; expected auto, s, ms, us, ns or a pattern such as %m/%d/%Y %H:%M"
            )),
        }
    }
}
