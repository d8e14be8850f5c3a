//! What a model must beat to be worth anything.

use super::judge::Outcome;
use crate::dataset::{Dataset, Sample};
use crate::features::Scaler;
use crate::predict::likeliest;
use crate::split::Split;
use crate::target::Trend;

/// Steps of the logistic regression; its loss moves by less than 1e-4 after half of them.
const STEPS: usize = 300;

/// The baselines' names and what they say to the test part.
pub fn baselines(
    dataset: &Dataset,
    split: &Split,
    scaler: &Scaler,
) -> Vec<(&'static str, Vec<Outcome>)> {
    let of =
        |range: &std::ops::Range<usize>| dataset.samples.get(range.clone()).unwrap_or_default();
    let (train, test) = (of(&split.train), of(&split.test));
    vec![
        ("always up", always_up(train, test)),
        ("last move", last_move(dataset, train, test)),
        ("logistic regression", logistic(dataset, scaler, train, test)),
    ]
}

fn outcome(sample: &Sample, trend: Trend, said: [f64; 3]) -> Outcome {
    Outcome { trend, said, came: sample.trend, moved: sample.moved, asked: sample.asked() }
}

/// How often each trend comes, one of each added so that nothing is impossible.
fn shares<'a>(samples: impl Iterator<Item = &'a Sample>) -> [f64; 3] {
    let mut counts = [1.0; 3];
    for sample in samples {
        counts.get_mut(sample.trend.class()).into_iter().for_each(|count| *count += 1.0);
    }
    let sum: f64 = counts.iter().sum();
    counts.map(|count| count / sum)
}

/// Says up, always; its probabilities are those of the training part.
fn always_up(train: &[Sample], test: &[Sample]) -> Vec<Outcome> {
    let said = shares(train.iter());
    test.iter().map(|sample| outcome(sample, Trend::Up, said)).collect()
}

/// Says that what the price did before it does again; its probabilities are those that followed such
/// a move in the training part.
fn last_move(dataset: &Dataset, train: &[Sample], test: &[Sample]) -> Vec<Outcome> {
    let before = |sample: &Sample| dataset.question.trend_of(sample.moved_before);
    let said =
        crate::TRENDS.map(|trend| shares(train.iter().filter(|sample| before(sample) == trend)));
    let say = |sample: &Sample| {
        let trend = before(sample);
        outcome(sample, trend, said.get(trend.class()).copied().unwrap_or([1.0 / 3.0; 3]))
    };
    test.iter().map(say).collect()
}

/// Logistic regression of the three trends on the last row of the window, by gradient descent with
/// momentum on the whole training part, and a little shrinkage.
fn logistic(dataset: &Dataset, scaler: &Scaler, train: &[Sample], test: &[Sample]) -> Vec<Outcome> {
    let row = |sample: &Sample| {
        let mut row = Vec::with_capacity(dataset.columns.len() + 1);
        scaler.scale(dataset.row(sample.row), &mut row);
        row.push(1.0);
        row
    };
    let rows: Vec<Vec<f32>> = train.iter().map(row).collect();
    let width = dataset.columns.len() + 1;
    let mut weights = vec![[0.0_f64; 3]; width];
    let mut moving = weights.clone();
    for _ in 0..STEPS {
        let mut gradient = vec![[0.0_f64; 3]; width];
        for (row, sample) in rows.iter().zip(train) {
            let mut by = probabilities(&weights, row);
            by.get_mut(sample.trend.class()).into_iter().for_each(|share| *share -= 1.0);
            for (gradient, feature) in gradient.iter_mut().zip(row) {
                gradient.iter_mut().zip(by).for_each(|(sum, by)| *sum += by * f64::from(*feature));
            }
        }
        for ((weights, moving), gradient) in weights.iter_mut().zip(&mut moving).zip(&gradient) {
            for ((weight, moving), gradient) in weights.iter_mut().zip(moving).zip(gradient) {
                let slope = gradient / train.len().max(1) as f64 + 1e-4 * *weight;
                *moving = 0.9 * *moving - 0.1 * slope;
                *weight += *moving;
            }
        }
    }
    let say = |sample: &Sample| {
        let said = probabilities(&weights, &row(sample));
        outcome(sample, likeliest(said).0, said)
    };
    test.iter().map(say).collect()
}

fn probabilities(weights: &[[f64; 3]], row: &[f32]) -> [f64; 3] {
    let mut sums = [0.0_f64; 3];
    for (weights, feature) in weights.iter().zip(row) {
        sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight * f64::from(*feature));
    }
    let most = sums.iter().copied().fold(f64::MIN, f64::max);
    let powers = sums.map(|sum| (sum - most).exp());
    let sum: f64 = powers.iter().sum();
    powers.map(|power| power / sum)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;
    use crate::target::Question;
    use kernel::{Span, Timestamp};

    const EVERY: usize = 100;

    /// One column that is 10 or 30; of hundred samples after a 10 so many rise, and so many after a 30,
    /// and the others fall. The first half trains, the other is the same again.
    fn dataset(rises: [usize; 2]) -> (Dataset, Split) {
        let sample = |row: usize| {
            let (value, at) = (row / EVERY % 2, row % EVERY);
            let trend = if at < rises[value] { Trend::Up } else { Trend::Down };
            let moved = 0.01 * trend.sign();
            let time = Timestamp::from_secs(60 * row as i64);
            Sample {
                series: 0,
                row,
                bar: row,
                answered_by: row + 1..row + 2,
                time,
                known: time.plus(Span::from_secs(60)),
                trend,
                moved,
                moved_before: moved,
            }
        };
        let samples: Vec<_> = (0..4 * EVERY).map(sample).collect();
        let dataset = Dataset {
            series: Vec::new(),
            question: Question::Direction { horizon: 1, band_percent: 0.0 },
            window: 1,
            columns: vec!["value".into()],
            rows: samples.iter().map(|it| [10.0, 30.0][it.row / EVERY % 2]).collect(),
            times: samples.iter().map(|it| it.time).collect(),
            samples,
            length: Span::from_secs(60),
        };
        (dataset, Split { train: 0..2 * EVERY, validation: 0..0, test: 2 * EVERY..4 * EVERY })
    }

    /// What each baseline says after a 10 and after a 30.
    fn said(rises: [usize; 2]) -> Vec<(&'static str, [Outcome; 2])> {
        let (dataset, split) = dataset(rises);
        let rows = dataset.rows.chunks(1).take(split.train.end);
        let scaler = Scaler::fit(&dataset.columns, rows).unwrap();
        let said = baselines(&dataset, &split, &scaler);
        said.into_iter().map(|(name, said)| (name, [said[0], said[EVERY]])).collect()
    }

    #[test]
    fn logistic_regression_finds_how_often_each_value_rises() {
        for rises in [[12, 88], [40, 70], [95, 60]] {
            let of_all = said(rises);
            let (name, logistic) = of_all[2];
            assert_eq!(name, "logistic regression");
            for (said, rises) in logistic.iter().zip(rises) {
                let [down, flat, up] = said.said;
                assert!((up - rises as f64 / 100.0).abs() < 0.02, "{up} of {rises}");
                assert!((down + flat + up - 1.0).abs() < 1e-12 && flat < 0.02, "{flat}");
                assert_eq!(said.trend, if rises > 50 { Trend::Up } else { Trend::Down });
            }
        }
    }

    #[test]
    fn the_others_know_shares_alone_and_what_followed_such_a_move() {
        let said = said([20, 80]);
        let (up, moved) = (said[0].1, said[1].1);
        // Half of two hundred rise; one of each trend is added.
        assert_eq!(
            up.map(|it| (it.trend, it.said)),
            [(Trend::Up, [101.0, 1.0, 101.0].map(|n| n / 203.0)); 2]
        );
        // A rise always followed a rise.
        assert_eq!(moved.map(|it| it.trend), [Trend::Up; 2]);
        assert_eq!(moved[0].said, [1.0, 1.0, 101.0].map(|n| n / 103.0));
    }
}
