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
    Outcome { trend, said, came: sample.trend, moved: sample.moved }
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
