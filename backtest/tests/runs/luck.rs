//! How much of a Sharpe ratio is luck, against the papers' own numbers and by property.

use backtest::statistics::{
    Sample, Trials, deflated_sharpe, minimum_track_record, probabilistic_sharpe,
};
use proptest::prelude::*;

/// Bailey and Lopez de Prado, "The deflated Sharpe ratio" (2014), the numerical example: an annual
/// ratio of 2.5 over 1250 days of 250 a year, skew -3, kurtosis 10, the best of 100 tries whose
/// annual ratios have a variance of 1/2.
#[test]
fn the_example_of_the_deflated_ratio() {
    let sample = Sample { sharpe: 2.5 / 250_f64.sqrt(), count: 1250.0, skew: -3.0, kurtosis: 10.0 };
    let trials = Trials { count: 100.0, variance: 0.5 / 250.0 };
    let highest = trials.expected_highest().unwrap();
    assert!((highest - 0.1132).abs() < 5e-5, "{highest}");
    let deflated = deflated_sharpe(&sample, &trials).unwrap();
    assert!((deflated - 0.9004).abs() < 5e-5, "{deflated}");
    // With 46 tries the same record would have passed at 95 %.
    let fewer = deflated_sharpe(&sample, &Trials { count: 46.0, ..trials }).unwrap();
    assert!((fewer - 0.9505).abs() < 5e-4, "{fewer}");
}

/// Bailey and Lopez de Prado, "The Sharpe ratio efficient frontier" (2012), the table of minimum
/// track records: an annual ratio of 2 against 1, daily and normal, takes 2.73 years.
#[test]
fn the_example_of_the_minimum_track_record() {
    let day = 250_f64.sqrt();
    let sample = Sample { sharpe: 2.0 / day, count: 250.0, skew: 0.0, kurtosis: 3.0 };
    let years = minimum_track_record(&sample, 1.0 / day, 0.95).unwrap() / 250.0;
    assert!((years - 2.73).abs() < 5e-3, "{years}");
}

fn sample() -> impl Strategy<Value = Sample> {
    (-0.3..0.3, 30.0..3000.0, -1.0..1.0, 3.0..12.0)
        .prop_map(|(sharpe, count, skew, kurtosis)| Sample { sharpe, count, skew, kurtosis })
}

proptest! {
    #[test]
    fn more_trials_never_make_it_surer(
        sample in sample(), count in 2.0..10_000.0, more in 1.0..10_000.0, variance in 1e-6..1e-2,
    ) {
        let sure = |count| deflated_sharpe(&sample, &Trials { count, variance }).unwrap();
        prop_assert!(sure(count + more) <= sure(count));
        prop_assert!(sure(count) <= probabilistic_sharpe(&sample, 0.0).unwrap());
    }

    #[test]
    fn a_record_as_long_as_needed_is_just_sure_enough(sample in sample()) {
        prop_assume!(sample.sharpe > 0.01);
        let count = minimum_track_record(&sample, 0.0, 0.95).unwrap();
        let sure = probabilistic_sharpe(&Sample { count, ..sample }, 0.0).unwrap();
        prop_assert!((sure - 0.95).abs() < 1e-9, "{sure}");
    }
}
