//! Figures as people read them.

use crate::statistics::{Metric, Unit};

/// A number with its thousands apart.
pub(super) fn grouped(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    let sign = if value < 0.0 && !is_zero { "\u{2212}" } else { "" };
    if fraction.is_empty() { format!("{sign}{out}") } else { format!("{sign}{out}.{fraction}") }
}

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    let digits = if share.abs() >= 10.0 { 0 } else { 2 };
    format!("{} %", grouped(share * 100.0, digits))
}

/// A share in percent with its sign.
pub(super) fn signed_percent(share: f64) -> String {
    let plus = if share > 0.0 { "+" } else { "" };
    format!("{plus}{}", percent(share))
}

/// A length of time: the two largest units.
pub(super) fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let (mut rest, mut parts) = (seconds, Vec::new());
    for (size, name) in units {
        if rest >= size && parts.len() < 2 {
            parts.push(format!("{} {name}", rest / size));
            rest %= size;
        } else if !parts.is_empty() {
            break;
        }
    }
    if parts.is_empty() { "0 s".into() } else { parts.join(" ") }
}

/// A figure in its unit; a dash when it is undefined.
pub(super) fn figure(metric: &Metric) -> String {
    let Ok(value) = metric.value else {
        return "\u{2013}".into();
    };
    match metric.unit {
        Unit::Share => percent(value),
        Unit::Number => grouped(value, if value.abs() >= 100.0 { 1 } else { 3 }),
        Unit::Count => grouped(value, 0),
        Unit::Usd => format!("{} USD", grouped(value, 2)),
        Unit::Days => format!("{} d", grouped(value, 0)),
        Unit::Seconds => duration(value),
    }
}

/// A number for an axis: short, with as many digits as the step needs.
pub(super) fn tick(value: f64, step: f64) -> String {
    let (divided, unit) = match value.abs().max(step) {
        1e9.. => (1e9, "B"),
        1e6.. => (1e6, "M"),
        1e4.. => (1e3, "k"),
        _ => (1.0, ""),
    };
    if value == 0.0 {
        return "0".into();
    }
    let finest = step / divided;
    let exact = |digits: &usize| {
        let scaled = finest * 10f64.powi(i32::try_from(*digits).unwrap_or(0));
        (scaled - scaled.round()).abs() < 1e-6
    };
    let digits = (0..8).find(exact).unwrap_or(2);
    format!("{}{unit}", grouped(value / divided, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_whole() {
        assert_eq!(grouped(-1_234_567.891, 2), "\u{2212}1,234,567.89");
        assert_eq!(grouped(-0.001, 2), "0.00");
        assert_eq!(percent(4.142_299), "414.23 %");
        assert_eq!(signed_percent(0.01), "+1.00 %");
        assert_eq!(duration(93_784.0), "1 d 2 h");
        assert_eq!(duration(3_605.0), "1 h");
        assert_eq!(tick(125_000.0, 25_000.0), "125k");
        assert_eq!(tick(0.25, 0.05), "0.25");
        assert_eq!(tick(102.5, 2.5), "102.5");
    }
}
