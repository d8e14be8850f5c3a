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

/// Sums over a block of one trial's returns, from which the ratio of any union of blocks follows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BlockSums {
    /// How many returns.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub squares: f64,
}

impl BlockSums {
    /// The sums of each of so many blocks, as long as each other to within one return.
    pub fn of(returns: &[f64], blocks: usize) -> Vec<Self> {
        let edge = |block: usize| block * returns.len() / blocks.max(1);
        let block = |block| returns.get(edge(block)..edge(block + 1)).unwrap_or(&[]);
        (0..blocks).map(|number| Self::whole(block(number))).collect()
    }

    fn whole(returns: &[f64]) -> Self {
        Self {
            count: returns.len() as f64,
            sum: returns.iter().sum(),
            squares: returns.iter().map(|value| value * value).sum(),
        }
    }
}

/// The probability of overfitting of the best among trials.
///
/// `returns` holds one row for each trial, all over the same sessions; `blocks` is even, 16 in the
/// paper, which gives 12,870 splits.
///
/// # Errors
/// Undefined for rows of different lengths, and as [`overfitting_of_blocks`].
pub fn probability_of_overfitting(
    returns: &[Vec<f64>],
    blocks: usize,
) -> Result<Overfitting, Undefined> {
    let sessions = returns.first().map_or(0, Vec::len);
    if returns.iter().any(|row| row.len() != sessions) {
        return undefined("the trials do not cover the same sessions");
    }
    let sums: Vec<_> = returns.iter().map(|row| BlockSums::of(row, blocks)).collect();
    overfitting_of_blocks(&sums)
}

/// As [`probability_of_overfitting`], from the sums of each trial's blocks.
///
/// # Errors
/// Undefined for fewer than two trials, trials cut differently, an odd count of blocks, more than
/// 20 of them, or fewer than two sessions a block.
pub fn overfitting_of_blocks(trials: &[Vec<BlockSums>]) -> Result<Overfitting, Undefined> {
    let Some((first, others)) = trials.split_first().filter(|(_, others)| !others.is_empty())
    else {
        return undefined("it takes at least two trials");
    };
    let blocks = first.len();
    if blocks < 2 || blocks % 2 == 1 || blocks > 20 {
        return undefined("the count of blocks must be even, from 2 to 20");
    }
    let counts = |row: &[BlockSums]| row.iter().map(|block| block.count).collect::<Vec<_>>();
    if others.iter().any(|row| counts(row) != counts(first)) {
        return undefined("the trials do not cover the same sessions");
    }
    if first.iter().any(|block| block.count < 2.0) {
        return undefined("it takes at least two sessions in each block");
    }
    // What is inside of one split is outside of another: they are judged together. Those without the
    // last block are the first half, and the others mirror them.
    let unions = Unions::of(trials, blocks);
    let all = u32::MAX >> (32 - blocks);
    let splits =
        (0_u32..1 << (blocks - 1)).filter(|split| split.count_ones() as usize * 2 == blocks);
    let (mut judged, mut mirrored) = (Vec::new(), Vec::new());
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for split in splits {
        unions.sharpe_ratios(split, &mut inside);
        unions.sharpe_ratios(!split & all, &mut outside);
        judged.push(judge(&inside, &outside));
        mirrored.push(judge(&outside, &inside));
    }
    judged.extend(mirrored.into_iter().rev());
    let (logits, pairs): (Vec<f64>, Vec<(f64, f64)>) = judged.into_iter().unzip();
    let share = |count: usize| count as f64 / logits.len() as f64;
    let below = logits.iter().filter(|logit| **logit < 0.0).count();
    let lost = pairs.iter().filter(|(_, outside): &&(f64, f64)| *outside < 0.0).count();
    let (probability, probability_of_loss) = (share(below), share(lost));
    Ok(Overfitting { probability, probability_of_loss, logits, pairs })
}

/// The sums of every union of the first blocks, and of every one of the last, so that those of a split
/// are one addition.
struct Unions {
    first: Vec<Sums>,
    last: Vec<Sums>,
    bits: usize,
}

/// The sums over some blocks of all trials' returns; each trial has its place in both lists.
#[derive(Clone)]
struct Sums {
    /// How many returns; as many in each trial.
    count: f64,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Unions {
    fn of(trials: &[Vec<BlockSums>], blocks: usize) -> Self {
        let bits = blocks / 2;
        let of_blocks: Vec<Sums> = (0..blocks).map(|block| Sums::of_block(trials, block)).collect();
        let (first, last) = of_blocks.split_at(bits);
        Self { first: unions(first, trials.len()), last: unions(last, trials.len()), bits }
    }

    /// The trials' Sharpe ratios by the session over the blocks whose bits are set; 0 for what never
    /// moves, such as a trial without a trade.
    fn sharpe_ratios(&self, chosen: u32, ratios: &mut Vec<f64>) {
        let low = (chosen & ((1 << self.bits) - 1)) as usize;
        let high = (chosen >> self.bits) as usize;
        ratios.clear();
        let Some((one, other)) = self.first.get(low).zip(self.last.get(high)) else { return };
        let count = one.count + other.count;
        let (of_mean, of_variance) = (1.0 / count, 1.0 / (count - 1.0));
        let sums = one.sums.iter().zip(&other.sums).map(|(one, other)| one + other);
        let squares = one.squares.iter().zip(&other.squares).map(|(one, other)| one + other);
        ratios.extend(sums.zip(squares).map(|(sum, squares)| {
            let mean = sum * of_mean;
            let variance = (squares - sum * mean) * of_variance;
            let ratio = mean / variance.sqrt();
            if variance > 1e-30 { ratio } else { 0.0 }
        }));
    }
}

impl Sums {
    fn of_block(trials: &[Vec<BlockSums>], block: usize) -> Self {
        let of_block = || trials.iter().filter_map(|row| row.get(block));
        Self {
            count: of_block().next().map_or(0.0, |sums| sums.count),
            sums: of_block().map(|sums| sums.sum).collect(),
            squares: of_block().map(|sums| sums.squares).collect(),
        }
    }

    fn and(&self, other: &Self) -> Self {
        let added =
            |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(a, b)| a + b).collect();
        Self {
            count: self.count + other.count,
            sums: added(&self.sums, &other.sums),
            squares: added(&self.squares, &other.squares),
        }
    }
}

/// The sums of every union of some blocks: that of place 5 is of blocks 0 and 2.
fn unions(blocks: &[Sums], trials: usize) -> Vec<Sums> {
    let mut all = vec![Sums { count: 0.0, sums: vec![0.0; trials], squares: vec![0.0; trials] }];
    for block in blocks {
        let with: Vec<_> = all.iter().map(|sums| sums.and(block)).collect();
        all.extend(with);
    }
    all
}

/// The winner of a split, by the trials' ratios inside and outside: the logit of its rank outside, and
/// its ratios.
fn judge(inside: &[f64], outside: &[f64]) -> (f64, (f64, f64)) {
    let mut best = (f64::NEG_INFINITY, 0.0);
    for pair in inside.iter().copied().zip(outside.iter().copied()) {
        if pair.0 > best.0 {
            best = pair;
        }
    }
    let below = outside.iter().filter(|other| **other < best.1).count() as f64;
    let equal = outside.iter().filter(|other| **other == best.1).count() as f64;
    // The mean rank of equals, from 1 to the count of trials.
    let rank = below + (equal + 1.0) / 2.0;
    let share = rank / (outside.len() as f64 + 1.0);
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
    fn among_trials_of_noise_the_choice_is_a_toss() {
        let share = |seed: u64| {
            let trials: Vec<Vec<f64>> =
                (0..40).map(|trial| noise(seed * 1_000 + trial * 7 + 1, 320)).collect();
            probability_of_overfitting(&trials, 10).unwrap().probability
        };
        let mean = (1..=12).map(share).sum::<f64>() / 12.0;
        assert!((0.35..0.65).contains(&mean), "{mean}");
    }

    #[test]
    fn two_trials_in_two_blocks_by_hand() {
        // Block sums are (2, 4): ratios by hand are mean / sample deviation.
        let one = vec![0.1, 0.3, 0.1, 0.1 + 1e-3];
        let other = vec![0.2, 0.1, 0.1, 0.2];
        let result = probability_of_overfitting(&[one, other], 2).unwrap();
        let root = std::f64::consts::SQRT_2;
        let pairs =
            [(0.15 / 0.05 / root, 0.15 / 0.05 / root), (0.1005 / 0.0005 / root, 0.2 / 0.1 / root)];
        for (got, wanted) in result.pairs.iter().zip(pairs) {
            assert!((got.0 / wanted.0 - 1.0).abs() < 1e-9, "{got:?} {wanted:?}");
            assert!((got.1 / wanted.1 - 1.0).abs() < 1e-9, "{got:?} {wanted:?}");
        }
        // Inside block 0 the other wins (2.12 to 1.41) and is the lower one outside; inside block 1
        // the one wins and is the lower one outside: rank 1 of 2 both times, logit ln(1/2).
        assert_eq!(result.probability, 1.0);
        assert!(result.logits.iter().all(|logit| (logit - 0.5_f64.ln()).abs() < 1e-12));
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
