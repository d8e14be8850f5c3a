//! Decimal text to scaled integers and back, exactly.

use super::{NumberError, Rounding, SCALE};
use std::fmt;

const DIGITS: u32 = 9;

/// Reads `-12.5` or `1.25e2` as an integer at 1e-9. Exponents occur in JSON numbers. Digits beyond
/// the ninth are refused unless a rounding says which way they go.
pub(super) fn parse(text: &str, rounding: Option<Rounding>) -> Result<i128, NumberError> {
    match short(text.as_bytes()) {
        Some(value) => Ok(i128::from(value)),
        None => general(text, rounding),
    }
}

/// The numbers that market data consists of: at most nine digits before the point and nine after.
/// `None` for every other text, which [`general`] judges.
fn short(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let point = digits.iter().position(|byte| *byte == b'.');
    let (whole, fraction) = match point {
        Some(point) => (digits.get(..point)?, digits.get(point + 1..)?),
        None => (digits, [].as_slice()),
    };
    if !(1..=DIGITS as usize).contains(&whole.len()) || fraction.len() > DIGITS as usize {
        return None;
    }
    let unit = 10_i64.pow(DIGITS - fraction.len() as u32);
    let value = integer(whole)? * SCALE + integer(fraction)? * unit;
    Some(if negative { -value } else { value })
}

/// At most nine digits, so that nothing overflows.
fn integer(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + i64::from(digit))
    })
}

fn general(text: &str, rounding: Option<Rounding>) -> Result<i128, NumberError> {
    let (mantissa, exponent) = split_exponent(text)?;
    let (negative, digits) = match mantissa.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut value: i128 = 0;
    let mut scale = DIGITS as i32 + exponent;
    let (mut seen_point, mut seen_digit) = (false, false);
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                seen_digit = true;
                if seen_point {
                    scale -= 1;
                }
                value = value
                    .checked_mul(10)
                    .and_then(|v| v.checked_add(i128::from(byte - b'0')))
                    .ok_or(NumberError::OutOfRange)?;
            }
            b'.' if !seen_point => seen_point = true,
            _ => return Err(NumberError::NotANumber),
        }
    }
    if !seen_digit {
        return Err(NumberError::NotANumber);
    }
    rescale(if negative { -value } else { value }, scale, rounding)
}

fn split_exponent(text: &str) -> Result<(&str, i32), NumberError> {
    match text.find(['e', 'E']) {
        None => Ok((text, 0)),
        Some(at) => {
            let (mantissa, rest) = text.split_at(at);
            let exponent: i32 =
                rest.get(1..).unwrap_or("").parse().map_err(|_| NumberError::NotANumber)?;
            if exponent.abs() > 64 {
                return Err(NumberError::OutOfRange);
            }
            Ok((mantissa, exponent))
        }
    }
}

fn rescale(
    mut value: i128,
    mut scale: i32,
    rounding: Option<Rounding>,
) -> Result<i128, NumberError> {
    while scale > 0 && value != 0 {
        value = value.checked_mul(10).ok_or(NumberError::OutOfRange)?;
        scale -= 1;
    }
    if scale >= 0 || value == 0 {
        return Ok(value);
    }
    // Where the divisor does not fit, less than half a billionth is left: a tenth rounds alike.
    let (value, divisor) = match 10_i128.checked_pow(scale.unsigned_abs()) {
        Some(divisor) => (value, divisor),
        None => (value.signum(), 10),
    };
    match rounding {
        Some(rounding) => Ok(rounding.divide(value, divisor)),
        None if value % divisor == 0 => Ok(value / divisor),
        None => Err(NumberError::TooPrecise),
    }
}

/// Writes an integer at 1e-9 with no needless zeros: `150.25`, `-3`, `0.000000001`. In one piece,
/// without allocating: every published record carries several.
pub(super) fn write(value: i128, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let scale = SCALE.unsigned_abs();
    let (whole, fraction) = match u64::try_from(value.unsigned_abs()) {
        Ok(small) => (u128::from(small / scale), small % scale),
        Err(_) => {
            let (whole, rest) =
                (value.unsigned_abs() / u128::from(scale), value % i128::from(SCALE));
            (whole, rest.unsigned_abs() as u64)
        }
    };
    let mut digits = Digits::default();
    if fraction != 0 {
        digits.push_fraction(fraction);
        digits.push(b'.');
    }
    digits.push_whole(whole);
    if fraction == 0 {
        return out.pad_integral(value >= 0, "", digits.text());
    }
    if value < 0 {
        digits.push(b'-');
    }
    out.pad(digits.text())
}

/// Digits from the right: a sign, the 39 of the largest `u128`, a point and nine more.
struct Digits {
    bytes: [u8; 50],
    left: usize,
}

impl Default for Digits {
    fn default() -> Self {
        Self { bytes: [0; 50], left: 50 }
    }
}

impl Digits {
    fn push(&mut self, byte: u8) {
        self.left = self.left.saturating_sub(1);
        if let Some(place) = self.bytes.get_mut(self.left) {
            *place = byte;
        }
    }

    fn push_fraction(&mut self, mut fraction: u64) {
        let mut width = DIGITS;
        while fraction.is_multiple_of(10) {
            fraction /= 10;
            width -= 1;
        }
        for _ in 0..width {
            self.push(b'0' + (fraction % 10) as u8);
            fraction /= 10;
        }
    }

    fn push_whole(&mut self, mut whole: u128) {
        while whole > u128::from(u64::MAX) {
            self.push(b'0' + (whole % 10) as u8);
            whole /= 10;
        }
        let mut small = whole as u64;
        loop {
            self.push(b'0' + (small % 10) as u8);
            small /= 10;
            if small == 0 {
                break;
            }
        }
    }

    fn text(&self) -> &str {
        let digits = self.bytes.get(self.left..).unwrap_or_default();
        std::str::from_utf8(digits).unwrap_or_default()
    }
}

/// Serialises as decimal text for people and JSON, as an integer for the journal.
macro_rules! decimal_serde {
    ($name:ident, $int:ty, $from:ident, $into:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                if out.is_human_readable() {
                    out.collect_str(self)
                } else {
                    self.$into().serialize(out)
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                if input.is_human_readable() {
                    let text = <std::borrow::Cow<'de, str>>::deserialize(input)?;
                    text.parse().map_err(serde::de::Error::custom)
                } else {
                    <$int>::deserialize(input).map($name::$from)
                }
            }
        }
    };
}
pub(super) use decimal_serde;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_short_way_gives_what_the_general_one_gives(text in "-?[0-9]{0,11}[.]?[0-9]{0,11}x?") {
            if let Some(value) = short(text.as_bytes()) {
                prop_assert_eq!(general(&text, None), Ok(i128::from(value)));
            }
        }
    }

    #[test]
    fn the_short_way_takes_what_market_data_has() {
        assert_eq!(short(b"158.39"), Some(158_390_000_000));
        assert_eq!(short(b"-1.57597"), Some(-1_575_970_000));
        assert_eq!(short(b"999999999.999999999"), Some(999_999_999_999_999_999));
        assert_eq!(short(b"100."), Some(100_000_000_000));
        assert_eq!(
            (short(b""), short(b"."), short(b"-"), short(b"1e3"), short(b".5")),
            (None, None, None, None, None)
        );
    }
}
