//! Names of bar lengths: `1Min`, `15Min`, `65Min`, `1Hour`, `1Day`.

use kernel::Span;

const SECOND: i64 = 1;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Names with their seconds, the longest first.
const UNITS: [(&str, i64); 4] = [("Day", DAY), ("Hour", HOUR), ("Min", MINUTE), ("Sec", SECOND)];

/// The most units that a name has: a day of minutes. More is no length but a number that
/// stands before a word.
const MOST: i64 = 1440;

/// The length that a name says; `None` when it is no name. Case and a plural do not matter, and the
/// words may be cut short: `5min`, `5m`, `1h`, `1d`, `1Day`.
pub fn parse(name: &str) -> Option<Span> {
    let digits = name.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = name.split_at(digits);
    let seconds = match unit.to_ascii_lowercase().as_str() {
        "s" | "sec" | "second" | "seconds" => SECOND,
        "m" | "min" | "minute" | "minutes" => MINUTE,
        "h" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        _ => return None,
    };
    let count: i64 = count.parse().ok().filter(|count| (1..=MOST).contains(count))?;
    Some(Span::from_secs(count * seconds))
}

/// The name of a length, in its largest unit; of one that no unit measures, its nanoseconds.
pub fn name(length: Span) -> String {
    let nanos = length.nanos();
    for (unit, seconds) in UNITS {
        let unit_nanos = seconds * 1_000_000_000;
        if nanos > 0 && nanos % unit_nanos == 0 {
            return format!("{}{unit}", nanos / unit_nanos);
        }
    }
    format!("{nanos}ns")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_names_and_names_lengths() {
        for (text, seconds, written) in [
            ("1Min", 60, "1Min"),
            ("60m", 3_600, "1Hour"),
            ("15min", 900, "15Min"),
            ("1h", 3_600, "1Hour"),
            ("1Day", 86_400, "1Day"),
            ("30s", 30, "30Sec"),
            ("65Min", 3_900, "65Min"),
            ("90sec", 90, "90Sec"),
            ("1440Min", 86_400, "1Day"),
            ("90Min", 5_400, "90Min"),
        ] {
            let length = parse(text);
            assert_eq!(length, Some(Span::from_secs(seconds)), "{text}");
            assert_eq!(length.map(name).as_deref(), Some(written));
        }
        for text in [
            "",
            "Min",
            "0Min",
            "1441Min",
            "1990s",
            "1Week",
            "-1Min",
            "1",
            "99999999999999999999Min",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(name(Span::from_nanos(7)), "7ns");
    }
}
