//! How well probabilities foretold what came.

use crate::predict::likeliest;
use crate::target::Trend;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was said and what came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// The trend that was said; a baseline may say one that is not its likeliest.
    pub trend: Trend,
    /// The probabilities of down, flat and up.
    pub said: [f64; 3],
    /// What came.
    pub came: Trend,
    /// The logarithm of prices over the horizon.
    pub moved: f64,
    /// The question.
    pub asked: Asked,
}

/// Which question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Of which series of bars.
    pub series: usize,
    /// When.
    pub time: Timestamp,
}

/// A share and the interval in which the true one lies, in 95 of 100 cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The share seen.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A group of predictions of about the same confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Predictions in it.
    pub count: usize,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of them that came true.
    pub right: f64,
}

/// How well somebody foretold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Predictions.
    pub samples: usize,
    /// The share that came true. Answers overlap, and symbols move together, so the interval is that of
    /// as many predictions as there are horizons in the part.
    pub accuracy: Share,
    /// The mean negative logarithm of the probability of what came, in nats.
    pub log_loss: f64,
    /// The mean squared distance of the three probabilities from what came, from 0 to 2.
    pub brier: f64,
    /// The mean distance of confidence from truth, over ten groups of equal width.
    pub calibration_error: f64,
    /// Those groups, the empty ones left out.
    pub calibration: Vec<Bin>,
    /// Rows are what came, columns what was said: down, flat, up.
    pub confusion: [[usize; 3]; 3],
    /// The probability that a rise was given a higher score (up less down) than a fall.
    pub auc: Option<f64>,
    /// The rank correlation of the score and what the price did.
    pub information_coefficient: Option<f64>,
    /// The mean change of the position (-1, 0, 1) from one prediction of a symbol to its next.
    pub turnover: f64,
}

impl Outcome {
    /// Of probabilities whose likeliest trend is what is said.
    pub fn new(said: [f64; 3], came: Trend, moved: f64, asked: Asked) -> Self {
        Self { trend: likeliest(said).0, said, came, moved, asked }
    }
}

/// Judges predictions in the order of time; `horizon` bars lie between a question and its answer.
pub fn judge(outcomes: &[Outcome], horizon: usize) -> Judgement {
    let count = outcomes.len().max(1) as f64;
    let mean = |of: &dyn Fn(&Outcome) -> f64| outcomes.iter().map(of).sum::<f64>() / count;
    let right = |outcome: &Outcome| f64::from(u8::from(outcome.trend == outcome.came));
    let mut confusion = [[0; 3]; 3];
    for outcome in outcomes {
        let row = confusion.get_mut(outcome.came.class());
        let cell = row.and_then(|row| row.get_mut(outcome.trend.class()));
        cell.into_iter().for_each(|cell| *cell += 1);
    }
    let calibration = calibration(outcomes);
    let error = calibration.iter().map(|bin| bin.count as f64 * (bin.confidence - bin.right).abs());
    let times = outcomes.chunk_by(|one, next| one.asked.time == next.asked.time).count();
    Judgement {
        samples: outcomes.len(),
        accuracy: wilson(mean(&right), times.max(1) as f64 / horizon.max(1) as f64),
        log_loss: mean(&log_loss),
        brier: mean(&|outcome| {
            let sum = outcome.said.iter().enumerate().map(|(class, said)| {
                (said - f64::from(u8::from(class == outcome.came.class()))).powi(2)
            });
            sum.sum()
        }),
        calibration_error: error.sum::<f64>() / count,
        calibration,
        confusion,
        auc: auc(outcomes),
        information_coefficient: correlation(
            &ranks(outcomes.iter().map(score)),
            &ranks(outcomes.iter().map(|outcome| outcome.moved)),
        ),
        turnover: turnover(outcomes),
    }
}

fn turnover(outcomes: &[Outcome]) -> f64 {
    let (mut last, mut turns, mut count) = (BTreeMap::new(), 0.0, 0.0_f64);
    for outcome in outcomes {
        let position = outcome.trend.sign();
        if let Some(before) = last.insert(outcome.asked.series, position) {
            turns += (position - before).abs();
            count += 1.0;
        }
    }
    turns / count.max(1.0)
}

/// The negative logarithm of the probability of what came.
pub fn log_loss(outcome: &Outcome) -> f64 {
    let said = outcome.said.get(outcome.came.class()).copied().unwrap_or_default();
    -said.max(1e-12).ln()
}

/// How many standard errors one's mean log loss is below another's, of the same questions.
///
/// The error is that of W. Newey and K. West, "A Simple, Positive Semi-definite Heteroskedasticity
/// and Autocorrelation Consistent Covariance Matrix", 1987, with the horizon as the lag, because
/// answers that overlap err together; of the sums over all series at a time, because series err
/// together too (J. Driscoll and A. Kraay, "Consistent Covariance Matrix Estimation with Spatially
/// Dependent Panel Data", 1998). `None` when there is nothing to compare.
pub fn advantage(one: &[Outcome], other: &[Outcome], horizon: usize) -> Option<f64> {
    let gain =
        |(one, other): (&Outcome, &Outcome)| (one.asked.time, log_loss(other) - log_loss(one));
    let gains: Vec<(Timestamp, f64)> = one.iter().zip(other).map(gain).collect();
    let count = gains.len() as f64;
    let mean = gains.iter().map(|(_, gain)| gain).sum::<f64>() / count;
    let times = gains.chunk_by(|(one, _), (next, _)| one == next);
    let offs: Vec<f64> =
        times.map(|at_once| at_once.iter().map(|(_, gain)| gain - mean).sum()).collect();
    let off = |at: usize| offs.get(at).copied().unwrap_or_default();
    let covariance =
        |lag: usize| (lag..offs.len()).map(|at| off(at) * off(at - lag)).sum::<f64>() / count;
    let lagged: f64 = (1..=horizon.min(offs.len()))
        .map(|lag| 2.0 * (1.0 - lag as f64 / (horizon as f64 + 1.0)) * covariance(lag))
        .sum();
    let error = ((covariance(0) + lagged).max(0.0) / count).sqrt();
    (error > 0.0).then(|| mean / error)
}

fn score(outcome: &Outcome) -> f64 {
    let [down, _, up] = outcome.said;
    up - down
}

fn calibration(outcomes: &[Outcome]) -> Vec<Bin> {
    let mut bins = vec![Bin { count: 0, confidence: 0.0, right: 0.0 }; 10];
    for outcome in outcomes {
        let confidence = outcome.said.get(outcome.trend.class()).copied().unwrap_or_default();
        if let Some(bin) = bins.get_mut(((confidence * 10.0) as usize).min(9)) {
            bin.count += 1;
            bin.confidence += confidence;
            bin.right += f64::from(u8::from(outcome.trend == outcome.came));
        }
    }
    bins.retain(|bin| bin.count > 0);
    for bin in &mut bins {
        bin.confidence /= bin.count as f64;
        bin.right /= bin.count as f64;
    }
    bins
}

/// Source: E. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927.
fn wilson(share: f64, count: f64) -> Share {
    let z2 = 1.959_964_f64.powi(2);
    let middle = (share + z2 / (2.0 * count)) / (1.0 + z2 / count);
    let half = (z2 * (share * (1.0 - share) / count + z2 / (4.0 * count * count))).sqrt()
        / (1.0 + z2 / count);
    Share { value: share, low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}

/// By ranks, as H. Mann and D. Whitney count: falls against rises, flat ones left out.
fn auc(outcomes: &[Outcome]) -> Option<f64> {
    let moved: Vec<&Outcome> =
        outcomes.iter().filter(|outcome| outcome.came != Trend::Flat).collect();
    let ranks = ranks(moved.iter().map(|outcome| score(outcome)));
    let ups = moved.iter().filter(|outcome| outcome.came == Trend::Up).count() as f64;
    let downs = moved.len() as f64 - ups;
    let sum: f64 = moved
        .iter()
        .zip(ranks)
        .filter(|(outcome, _)| outcome.came == Trend::Up)
        .map(|(_, rank)| rank)
        .sum();
    (ups > 0.0 && downs > 0.0).then(|| (sum - ups * (ups + 1.0) / 2.0) / (ups * downs))
}

/// Ranks from 1; equals share their mean.
fn ranks(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> = numbers.zip(0..).collect();
    order.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let mut ranks = vec![0.0; order.len()];
    let mut first = 0.0;
    for equals in order.chunk_by(|(one, _), (other, _)| one == other) {
        let rank = first + (equals.len() as f64 + 1.0) / 2.0;
        for (_, place) in equals {
            ranks.get_mut(*place).into_iter().for_each(|to| *to = rank);
        }
        first += equals.len() as f64;
    }
    ranks
}

fn correlation(one: &[f64], other: &[f64]) -> Option<f64> {
    let count = one.len().max(1) as f64;
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / count;
    let (first, second) = (mean(one), mean(other));
    let sum = |of: &dyn Fn(f64, f64) -> f64| {
        one.iter().zip(other).map(|(one, other)| of(one - first, other - second)).sum::<f64>()
    };
    let size = (sum(&|one, _| one * one) * sum(&|_, other| other * other)).sqrt();
    (size > 0.0).then(|| sum(&|one, other| one * other) / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(said: [f64; 3], came: Trend, moved: f64) -> Outcome {
        Outcome::new(said, came, moved, Asked { series: 0, time: Timestamp::MIN })
    }

    /// One series asked about minute by minute.
    fn in_turn(outcomes: impl IntoIterator<Item = Outcome>) -> Vec<Outcome> {
        let minute = |at: i64| Asked { series: 0, time: Timestamp::from_secs(60 * at) };
        (0..).zip(outcomes).map(|(at, one)| Outcome { asked: minute(at), ..one }).collect()
    }

    /// The same again and again, as symbols that do the same.
    fn times(series: usize, outcomes: &[Outcome]) -> Vec<Outcome> {
        let copy = |one: &Outcome, series| Outcome { asked: Asked { series, ..one.asked }, ..*one };
        outcomes.iter().flat_map(|one| (0..series).map(move |series| copy(one, series))).collect()
    }

    #[test]
    fn figures_worked_by_hand() {
        let outcomes = in_turn([
            outcome([0.1, 0.1, 0.8], Trend::Up, 0.02),
            outcome([0.6, 0.2, 0.2], Trend::Down, -0.01),
            outcome([0.2, 0.2, 0.6], Trend::Down, -0.03),
            outcome([0.2, 0.5, 0.3], Trend::Flat, 0.0),
        ]);
        let judged = judge(&outcomes, 1);
        assert_eq!(judged.accuracy.value, 0.75);
        // Wilson's interval of 3 of 4.
        assert!((judged.accuracy.low - 0.300_64).abs() < 1e-4, "{:?}", judged.accuracy);
        assert!((judged.accuracy.high - 0.954_41).abs() < 1e-4);
        let right = -(0.8_f64.ln() + 0.6_f64.ln() + 0.2_f64.ln() + 0.5_f64.ln()) / 4.0;
        assert!((judged.log_loss - right).abs() < 1e-12);
        assert!((judged.brier - (0.06 + 0.24 + 1.04 + 0.38) / 4.0).abs() < 1e-12);
        // Said with 0.8 and right; with 0.6 twice, right once; with 0.5 and right.
        let bins = [(1, 0.5, 1.0), (2, 0.6, 0.5), (1, 0.8, 1.0)];
        assert_eq!(judged.calibration.len(), bins.len());
        for (bin, (count, confidence, right)) in judged.calibration.iter().zip(bins) {
            assert_eq!((bin.count, bin.right), (count, right));
            assert!((bin.confidence - confidence).abs() < 1e-12);
        }
        assert!((judged.calibration_error - (0.5 + 2.0 * 0.1 + 0.2) / 4.0).abs() < 1e-12);
        assert_eq!(judged.confusion, [[1, 0, 1], [0, 1, 0], [0, 0, 1]]);
        // The rise scored 0.7, the falls -0.4 and 0.4.
        assert_eq!(judged.auc, Some(1.0));
        // Ranks of scores 4 1 3 2 and of moves 4 2 1 3.
        assert!((judged.information_coefficient.unwrap() - 0.4).abs() < 1e-12);
        // Positions 1, -1, 1, 0.
        assert!((judged.turnover - 5.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn equals_have_no_advantage_and_the_better_has_one() {
        let base = in_turn((0..200).map(|at| {
            outcome([0.4, 0.2, 0.4], if at % 2 == 0 { Trend::Up } else { Trend::Down }, 0.0)
        }));
        assert_eq!(advantage(&base, &base, 5), None);
        let better = in_turn((0..200).map(|at| {
            let sure = 0.5 + f64::from(at % 3) / 10.0;
            let said = if at % 2 == 0 { [0.8 - sure, 0.2, sure] } else { [sure, 0.2, 0.8 - sure] };
            outcome(said, base[at as usize].came, 0.0)
        }));
        assert!(advantage(&better, &base, 5).unwrap() > 10.0);
        assert!(advantage(&base, &better, 5).unwrap() < -10.0);
    }

    /// A symbol that does what another does tells nothing new.
    #[test]
    fn symbols_that_do_the_same_count_as_one() {
        let came = |at: u32| if (at / 3).is_multiple_of(3) { Trend::Down } else { Trend::Up };
        let sure = |at: u32| 0.37 + f64::from(at * 7 % 11) / 50.0;
        let base = in_turn((0..300).map(|at| outcome([0.4, 0.2, 0.4], came(at), 0.0)));
        let own =
            in_turn((0..300).map(|at| {
                outcome([0.8 - sure(at), 0.2, sure(at)], came(at), f64::from(at % 5) - 2.0)
            }));
        let (alone, judged) = (advantage(&own, &base, 5).unwrap(), judge(&own, 5));
        assert!(alone > 0.5 && judged.turnover > 0.0, "{alone}, {judged:?}");
        for count in [2, 7] {
            let (own, base) = (times(count, &own), times(count, &base));
            let together = advantage(&own, &base, 5).unwrap();
            assert!((together - alone).abs() < 1e-9, "{count} symbols: {together}, one: {alone}");
            let all = judge(&own, 5);
            assert!((all.accuracy.low - judged.accuracy.low).abs() < 1e-9, "{count} symbols");
            assert!((all.turnover - judged.turnover).abs() < 1e-9, "{count} symbols");
        }
    }

    /// Two symbols of which one always rises and the other always falls: no position ever changes.
    #[test]
    fn a_position_turns_only_in_its_own_symbol() {
        let said = [[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]];
        let time = |minute: usize| Timestamp::from_secs(60 * minute as i64);
        let one = |at: usize| Outcome {
            asked: Asked { series: at % 2, time: time(at / 2) },
            ..outcome(said[at % 2], Trend::Up, 0.0)
        };
        let outcomes: Vec<Outcome> = (0..40).map(one).collect();
        assert_eq!(judge(&outcomes, 1).turnover, 0.0);
    }
}
