//! Figures as people read them. JSON, CSV and the journal keep their own forms.

use kernel::Timestamp;
use std::fmt::Display;

/// An amount in full: thousands apart, at least two digits after the point, none cut off.
pub fn exact(amount: impl Display) -> String {
    grouped(&amount.to_string(), None)
}

/// An amount cut to cents, for the eye; the exact one is in the summary and the journal.
pub fn cents(amount: impl Display) -> String {
    grouped(&amount.to_string(), Some(2))
}

/// An amount that is a profit or a loss, with its sign.
pub fn signed(text: String) -> String {
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.' | ',' | '-'));
    if is_zero || text.starts_with('-') { text } else { format!("+{text}") }
}

/// A share of some amount as a percentage; nothing of nothing.
pub fn percent(part: f64, whole: f64) -> Option<String> {
    let share = part / whole * 100.0;
    share.is_finite().then(|| format!("{share:.2} %"))
}

/// Date and time of day to the second.
pub fn date_time(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

/// The time of day to the second.
pub fn time_of_day(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(11..19).unwrap_or(&text).to_owned()
}

/// A size in bytes.
pub fn bytes(count: u64) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{} KiB", count / 1024),
        _ => format!("{} MiB", count / 1_048_576),
    }
}

/// A count with its noun.
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The first characters of a session's id, as they stand in its order ids.
pub fn short(session: &str) -> &str {
    session.get(..8).unwrap_or(session)
}

fn grouped(text: &str, most: Option<usize>) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = format!("{fraction:0<2}");
    let kept = most.map_or(fraction.as_str(), |most| fraction.get(..most).unwrap_or(&fraction));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart_and_cents_are_always_there() {
        for (text, full) in [
            ("0", "0.00"),
            ("7", "7.00"),
            ("-0.5", "-0.50"),
            ("999.1", "999.10"),
            ("1000", "1,000.00"),
            ("-1234567.891234567", "-1,234,567.891234567"),
        ] {
            assert_eq!(exact(text), full);
        }
    }

    #[test]
    fn cents_are_cut_not_rounded_up() {
        assert_eq!(cents("1.999"), "1.99");
        assert_eq!(cents("-0.999"), "-0.99");
    }

    #[test]
    fn only_a_gain_gets_a_plus() {
        assert_eq!(signed(cents("1.5")), "+1.50");
        assert_eq!(signed(cents("-1.5")), "-1.50");
        assert_eq!(signed(cents("0")), "0.00");
    }

    #[test]
    fn a_share_of_nothing_is_none() {
        assert_eq!(percent(1.0, 0.0), None);
        assert_eq!(percent(-5.0, 1000.0).unwrap(), "-0.50 %");
    }
}
