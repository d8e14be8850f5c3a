//! Numbers: text in and out, roundings, and what products and shares of them keep.

use kernel::{BasisPoints, Cash, Notional, NumberError, Price, Quantity, Rounding, SCALE, Volume};
use proptest::prelude::*;

const ROUNDINGS: [Rounding; 3] = [Rounding::Down, Rounding::Up, Rounding::HalfEven];

/// Any value, with those at the ends, around zero and with few digits often among them.
fn nanos() -> impl Strategy<Value = i64> {
    let edges = prop::sample::select(vec![0, 1, -1, SCALE, -SCALE, i64::MAX, i64::MIN]);
    prop_oneof![
        any::<i64>(),
        -2_000_i64..2_000,
        (-99_999_i64..99_999).prop_map(|cents| cents * 10_000_000),
        edges
    ]
}

fn rounding() -> impl Strategy<Value = Rounding> {
    prop::sample::select(ROUNDINGS.to_vec())
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(nanos in nanos(), volume in any::<u128>()) {
        prop_assert_eq!(Price::from_nanos(nanos).to_string().parse(), Ok(Price::from_nanos(nanos)));
        prop_assert_eq!(Quantity::from_nanos(nanos).to_string().parse(), Ok(Quantity::from_nanos(nanos)));
        let cash = Cash::from_nanos(nanos);
        prop_assert_eq!(cash.to_string().parse(), Ok(cash));
        prop_assert_eq!(Notional::from(cash).to_string().parse(), Ok(Notional::from(cash)));
        let volume = Volume::from_nanos(volume >> 1);
        prop_assert_eq!(volume.to_string().parse(), Ok(volume));
    }

    #[test]
    fn json_carries_numbers_as_texts(nanos in nanos()) {
        let price = Price::from_nanos(nanos);
        let json = serde_json::to_string(&price).unwrap();
        prop_assert_eq!(&json, &format!("\"{price}\""));
        prop_assert_eq!(serde_json::from_str::<Price>(&json).unwrap(), price);
    }

    #[test]
    fn nothing_needless_is_printed(nanos in nanos()) {
        let text = Cash::from_nanos(nanos).to_string();
        let digits = text.trim_start_matches('-');
        prop_assert!(!digits.starts_with('0') || digits == "0" || digits.starts_with("0."), "{text}");
        let fraction = digits.split_once('.').map(|(_, fraction)| fraction);
        prop_assert!(fraction.is_none_or(|digits| !digits.is_empty() && !digits.ends_with('0')), "{text}");
        prop_assert_eq!(text.starts_with('-'), nanos < 0);
    }

    #[test]
    fn other_spellings_are_the_same_number(nanos in nanos(), zeros in 0_usize..4) {
        let price = Price::from_nanos(nanos);
        let text = price.to_string();
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
        let point = if digits.contains('.') { "" } else { "." };
        let zeros = "0".repeat(zeros);
        for spelling in [
            format!("{sign}{zeros}{digits}{point}{zeros}"),
            format!("{sign}{digits}e0"),
            format!("{}{digits}", if sign.is_empty() { "+" } else { sign }),
            format!("{nanos}e-9"),
            format!("{nanos}0000E-13"),
        ] {
            prop_assert_eq!(spelling.parse(), Ok(price), "{}", spelling);
        }
    }

    #[test]
    fn any_text_is_a_number_or_an_error(text in ".{0,24}", near in "[-+]?[0-9]{0,30}[.]?[0-9]{0,30}([eE][-+]?[0-9]{0,4})?") {
        for text in [text, near] {
            let read: Result<Price, NumberError> = text.parse();
            if let Ok(price) = read {
                prop_assert_eq!(price.to_string().parse(), Ok(price));
                prop_assert_eq!(Price::from_decimal(&text, Rounding::Down), Ok(price));
            }
            let _ = text.parse::<Volume>();
            let _ = text.parse::<Notional>();
        }
    }

    #[test]
    fn digits_beyond_the_ninth_are_refused_or_rounded_as_said(nanos in -1_000_000_000_000_i64..1_000_000_000_000, beyond in 1_u32..1000) {
        let text = format!("{nanos}.{beyond:03}e-9");
        prop_assert_eq!(text.parse::<Cash>(), Err(NumberError::TooPrecise));
        let away = if text.starts_with('-') { -1 } else { 1 };
        let (low, high) = (nanos.min(nanos + away), nanos.max(nanos + away));
        let read = |rounding| Cash::from_decimal(&text, rounding).map(Cash::nanos);
        prop_assert_eq!(read(Rounding::Down), Ok(low));
        prop_assert_eq!(read(Rounding::Up), Ok(high));
        let nearest = match beyond {
            0..500 => nanos,
            500 => if nanos % 2 == 0 { nanos } else { nanos + away },
            _ => nanos + away,
        };
        prop_assert_eq!(read(Rounding::HalfEven), Ok(nearest));
    }

    #[test]
    fn roundings_keep_their_laws(numerator in any::<i64>(), denominator in 1_i64..) {
        let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
        let by = |rounding: Rounding| rounding.divide(numerator, denominator);
        let (down, up, even) = (by(Rounding::Down), by(Rounding::Up), by(Rounding::HalfEven));
        prop_assert!(down * denominator <= numerator && numerator <= up * denominator);
        prop_assert_eq!(up - down, i128::from(numerator % denominator != 0));
        let distance = |value: i128| (numerator - value * denominator).abs();
        prop_assert!(even == down || even == up);
        prop_assert!(distance(even) <= distance(down) && distance(even) <= distance(up));
        if down != up && distance(down) == distance(up) {
            prop_assert_eq!(even % 2, 0);
        }
        prop_assert_eq!(Rounding::Up.divide(-numerator, denominator), -down);
        prop_assert_eq!(Rounding::HalfEven.divide(-numerator, denominator), -even);
    }

    #[test]
    fn sums_are_exact_or_refused(one in nanos(), other in nanos()) {
        let (a, b) = (Cash::from_nanos(one), Cash::from_nanos(other));
        let exact = |sum: i128| i64::try_from(sum).ok().map(Cash::from_nanos);
        prop_assert_eq!(a.checked_add(b), exact(i128::from(one) + i128::from(other)));
        prop_assert_eq!(a.checked_sub(b), exact(i128::from(one) - i128::from(other)));
        prop_assert_eq!(a.checked_neg(), exact(-i128::from(one)));
    }

    #[test]
    fn a_price_times_a_quantity_loses_nothing(price in nanos(), quantity in nanos()) {
        let (price, quantity) = (Price::from_nanos(price), Quantity::from_nanos(quantity));
        let value = price.times(quantity);
        prop_assert_eq!(value.raw(), i128::from(price.nanos()) * i128::from(quantity.nanos()));
        for rounding in ROUNDINGS {
            let mean = value.per(quantity, rounding);
            prop_assert_eq!(mean, (!quantity.is_zero()).then_some(price));
        }
        let whole = price.times(quantity.whole());
        prop_assert_eq!(whole.to_cash(Rounding::Down), whole.to_cash(Rounding::Up));
    }

    #[test]
    fn the_value_of_a_quantity_is_its_product_rounded_as_said(
        price in nanos(), quantity in nanos(), shares in -1_000_000_i64..1_000_000, rounding in rounding(),
    ) {
        let price = Price::from_nanos(price);
        for quantity in [Quantity::from_nanos(quantity), Quantity::from_whole(shares).unwrap()] {
            let product = price.times(quantity).to_cash(rounding);
            prop_assert_eq!(price.value(quantity, rounding), product, "{} of {}", price, quantity);
        }
    }

    #[test]
    fn a_share_lies_between_its_roundings(cash in nanos(), numerator in any::<i64>(), denominator in 1_i64..) {
        let cash = Cash::from_nanos(cash);
        let share = |rounding| cash.proportion(numerator, denominator, rounding);
        if let (Some(down), Some(even), Some(up)) = (share(Rounding::Down), share(Rounding::HalfEven), share(Rounding::Up)) {
            prop_assert!(down <= even && even <= up);
            prop_assert!(up.nanos() - down.nanos() <= 1);
        }
        prop_assert_eq!(cash.proportion(denominator, denominator, Rounding::Down), Some(cash));
        prop_assert_eq!(cash.proportion(numerator, 0, Rounding::Down), None);
    }

    #[test]
    fn a_price_is_put_on_the_tick_in_the_direction_said(nanos in 0_i64..2_000_000_000_000, rounding in rounding()) {
        let price = Price::from_nanos(nanos);
        let on_tick = price.to_tick(rounding);
        prop_assert!(on_tick.is_on_tick(), "{price} {on_tick}");
        prop_assert_eq!(on_tick.to_tick(rounding), on_tick);
        prop_assert!((on_tick.nanos() - nanos).abs() < price.tick().nanos());
        match rounding {
            Rounding::Down => prop_assert!(on_tick <= price),
            Rounding::Up => prop_assert!(on_tick >= price),
            Rounding::HalfEven => prop_assert!((on_tick.nanos() - nanos).abs() * 2 <= price.tick().nanos()),
        }
    }

    #[test]
    fn basis_points_move_a_price_by_their_share(nanos in 1_i64..1_000_000_000_000_000, points in -9_999_i32..10_000) {
        let price = Price::from_nanos(nanos);
        let moved = |rounding| price.shifted(BasisPoints::new(points), rounding).unwrap().nanos();
        let exact = i128::from(nanos) * (10_000 + i128::from(points));
        prop_assert!(i128::from(moved(Rounding::Down)) * 10_000 <= exact);
        prop_assert!(i128::from(moved(Rounding::Up)) * 10_000 >= exact);
        prop_assert!(moved(Rounding::Up) - moved(Rounding::Down) <= 1);
    }
}

#[test]
fn what_is_no_number_is_named_as_such() {
    for text in [
        "", " ", "-", ".", "1 ", "1,5", "1.2.3", "e5", "0x1", "NaN", "inf", "1e", "1e+", "--1", "١",
    ] {
        assert_eq!(text.parse::<Price>(), Err(NumberError::NotANumber), "{text:?}");
    }
    for text in
        ["9223372036.854775808", "-9223372036.854775809", "1e10", "1e65", "1e-65", &"9".repeat(60)]
    {
        assert_eq!(text.parse::<Price>(), Err(NumberError::OutOfRange), "{text:?}");
    }
    for text in ["0.0000000001", "1e-10", "-3.1415926535"] {
        assert_eq!(text.parse::<Price>(), Err(NumberError::TooPrecise), "{text:?}");
    }
    assert_eq!("-1".parse::<Volume>(), Err(NumberError::OutOfRange));
    assert_eq!("9223372036.854775807".parse(), Ok(Price::MAX));
}
