//! The probability of backtest overfitting, by combinatorially symmetric cross-validation.
//!
//! Source: Bailey, Borwein, Lopez de Prado and Zhu, "The probability of backtest overfitting"
//! (2017). The sessions are cut into an even number of blocks. For each choice of half of them the
//! trial with the best Sharpe ratio inside is looked up outside: the probability is the share of
//! choices whose winner falls below the median of all trials outside.

use super::measure::{Undefined, undefined};

/// What cross-validation says of a choice among trials.
#[derive(Debug, Clone, PartialEq)]
pub struct Overfitting {
    /// The share of splits whose winner inside fell below the median outside.
    pub probability: f64,
    /// The share of splits whose winner inside lost outside.
    pub probability_of_loss: f64,
    /// For each split, the logit of the winner's rank outside: 0 is the median, below it worse.
    pub logits: Vec<f64>,
    /// For each split, the winner's Sharpe ratio by the session, inside and outside.
    pub pairs: Vec<(f64, f64)>,
}

/// Sums over a block of one trial, from which the ratio of any union follows.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn of(returns: &[f64]) -> Self {
        Self {
            count: returns.len() as f64,
            sum: returns.iter().sum(),
            squares: returns.iter().map(|value| value * value).sum(),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
        }
    }

    /// The Sharpe ratio by the session; 0 for what never moves, such as a trial without a trade.
    fn sharpe(self) -> f64 {
        let mean = self.sum / self.count;
        let variance = (self.squares / self.count - mean * mean) * self.count / (self.count - 1.0);
        if variance > 1e-30 { mean / variance.sqrt() } else { 0.0 }
    }
}

/// The probability of overfitting of the best among trials.
///
/// `returns` holds one row for each trial, all over the same sessions; `blocks` is even, 16 in the
/// paper, which gives 12,870 splits.
///
/// # Errors
/// Undefined for fewer than two trials, rows of different lengths, an odd count of blocks, more
/// than 20 of them, or fewer than two sessions a block.
pub fn probability_of_overfitting(
    returns: &[Vec<f64>],
    blocks: usize,
) -> Result<Overfitting, Undefined> {
    let sessions = returns.first().map_or(0, Vec::len);
    if returns.len() < 2 {
        return undefined("it takes at least two trials");
    }
    if returns.iter().any(|row| row.len() != sessions) {
        return undefined("the trials do not cover the same sessions");
    }
    if blocks < 2 || blocks % 2 == 1 || blocks > 20 {
        return undefined("the count of blocks must be even, from 2 to 20");
    }
    if sessions < 2 * blocks {
        return undefined("it takes at least two sessions in each block");
    }
    let sums: Vec<Vec<Sums>> = returns.iter().map(|row| block_sums(row, blocks)).collect();
    let splits = (0_u32..1 << blocks).filter(|split| split.count_ones() as usize * 2 == blocks);
    let mut result = Overfitting {
        probability: 0.0,
        probability_of_loss: 0.0,
        logits: Vec::new(),
        pairs: Vec::new(),
    };
    for split in splits {
        let (logit, pair) = judge(&sums, split);
        result.logits.push(logit);
        result.pairs.push(pair);
    }
    let share = |count: usize| count as f64 / result.logits.len() as f64;
    let below = result.logits.iter().filter(|logit| **logit < 0.0).count();
    let lost = result.pairs.iter().filter(|(_, outside)| *outside < 0.0).count();
    (result.probability, result.probability_of_loss) = (share(below), share(lost));
    Ok(result)
}

fn block_sums(row: &[f64], blocks: usize) -> Vec<Sums> {
    let edge = |block: usize| block * row.len() / blocks;
    let block = |block| Sums::of(row.get(edge(block)..edge(block + 1)).unwrap_or(&[]));
    (0..blocks).map(block).collect()
}

/// The winner of a split: the logit of its rank outside, and its ratios.
fn judge(sums: &[Vec<Sums>], split: u32) -> (f64, (f64, f64)) {
    let ratio = |row: &Vec<Sums>, inside: bool| {
        let chosen = (0..).zip(row).filter(|(block, _)| (split >> block & 1 == 1) == inside);
        chosen.fold(Sums::default(), |all, (_, sums)| all.and(*sums)).sharpe()
    };
    let mut best = (f64::NEG_INFINITY, 0.0);
    let mut outside = Vec::with_capacity(sums.len());
    for row in sums {
        let pair = (ratio(row, true), ratio(row, false));
        outside.push(pair.1);
        if pair.0 > best.0 {
            best = pair;
        }
    }
    let below = outside.iter().filter(|other| **other < best.1).count() as f64;
    let equal = outside.iter().filter(|other| **other == best.1).count() as f64;
    // The mean rank of equals, from 1 to the count of trials.
    let rank = below + (equal + 1.0) / 2.0;
    let share = rank / (sums.len() as f64 + 1.0);
    ((share / (1.0 - share)).ln(), best)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise in [-1, 1], the same every time.
    fn noise(seed: u64, count: usize) -> Vec<f64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn a_trial_that_is_always_best_is_not_overfitted() {
        let mut trials: Vec<Vec<f64>> = (1..9).map(|seed| noise(seed, 320)).collect();
        for value in &mut trials[3] {
            *value += 0.5;
        }
        let result = probability_of_overfitting(&trials, 8).unwrap();
        assert_eq!(result.logits.len(), 70);
        assert_eq!((result.probability, result.probability_of_loss), (0.0, 0.0));
    }

    #[test]
    fn what_wins_in_one_half_only_is_overfitted() {
        // Each trial earns in its own blocks what it loses in all others.
        let trial = |own: usize| -> Vec<f64> {
            let jitter = noise(own as u64 + 1, 80);
            let base = |place: usize| if place / 20 == own { 3.0 } else { -1.0 };
            (0..80).map(|place| base(place) + 0.1 * jitter[place]).collect()
        };
        let trials: Vec<_> = (0..4).map(trial).collect();
        let result = probability_of_overfitting(&trials, 4).unwrap();
        assert_eq!(result.probability, 1.0);
        assert_eq!(result.probability_of_loss, 1.0);
    }

    #[test]
    fn what_cannot_be_judged_says_why() {
        let why = |trials: &[Vec<f64>], blocks| {
            probability_of_overfitting(trials, blocks).unwrap_err().to_string()
        };
        let two = [noise(1, 64), noise(2, 64)];
        assert_eq!(why(&two[..1], 8), "it takes at least two trials");
        assert_eq!(
            why(&[noise(1, 64), noise(2, 63)], 8),
            "the trials do not cover the same sessions"
        );
        assert_eq!(why(&two, 7), "the count of blocks must be even, from 2 to 20");
        let short = [noise(1, 15), noise(2, 15)];
        assert_eq!(why(&short, 8), "it takes at least two sessions in each block");
        assert!(probability_of_overfitting(&two, 8).is_ok());
    }
}
