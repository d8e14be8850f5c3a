//! Dividing an amount among several by what each has.

use crate::Rounding;

/// So much of `total` for each weight: in proportion, rounded down to the unit, and what is left over
/// by the largest remainders, the first of equals first. Where the total or a weight is not made of
/// whole units, or it could not be so divided, the unit is one. The parts sum to the total where there
/// is any weight.
pub(super) fn divided(total: i64, weights: &[i64], unit: i64) -> Vec<i64> {
    let is_whole = total % unit == 0 && weights.iter().all(|weight| weight % unit == 0);
    let unit = i128::from(if is_whole { unit } else { 1 });
    let all: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if all <= 0 {
        return vec![0; weights.len()];
    }
    let units = i128::from(total) / unit;
    let exact = |weight: &i64| units * i128::from(*weight);
    let mut parts: Vec<i128> =
        weights.iter().map(|weight| Rounding::Down.divide(exact(weight), all)).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let left_of = |place: &usize| {
        let (weight, part) = (weights.get(*place), parts.get(*place));
        weight.zip(part).map_or(0, |(weight, part)| exact(weight) - part * all)
    };
    order.sort_by_key(|place| std::cmp::Reverse(left_of(place)));
    let given: i128 = parts.iter().sum();
    let left = usize::try_from(units - given).unwrap_or(0);
    for place in order.into_iter().take(left) {
        if let Some(part) = parts.get_mut(place) {
            *part += 1;
        }
    }
    // A part is no larger than the total.
    parts.into_iter().map(|part| i64::try_from(part * unit).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::divided;
    use proptest::prelude::*;

    #[test]
    fn the_largest_remainders_get_what_is_left_over() {
        assert_eq!(divided(10, &[1, 1, 1], 1), [4, 3, 3]);
        assert_eq!(divided(100, &[0, 50, 30, 20], 1), [0, 50, 30, 20]);
        assert_eq!(divided(7, &[2, 5, 4], 1), [1, 3, 3]);
        assert_eq!(divided(0, &[2, 5], 1), [0, 0]);
        assert_eq!(divided(5, &[0, 0], 1), [0, 0]);
    }

    #[test]
    fn whole_units_stay_whole() {
        assert_eq!(divided(300, &[500, 500], 100), [200, 100]);
        assert_eq!(
            divided(300, &[550, 450], 100),
            [165, 135],
            "a weight is no whole number of them"
        );
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_total_and_none_exceeds_its_weight(
            weights in proptest::collection::vec(0..i64::MAX / 16, 1..8),
            share in 0..=1_000_i64,
        ) {
            let all: i64 = weights.iter().sum();
            prop_assume!(all > 0);
            let total = i64::try_from(i128::from(all) * i128::from(share) / 1_000).unwrap();
            let parts = divided(total, &weights, 1);
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            prop_assert!(parts.iter().zip(&weights).all(|(part, weight)| 0 <= *part && part <= weight));
        }
    }
}
