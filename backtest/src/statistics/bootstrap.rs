//! Bands of what might have been: the stationary bootstrap of Politis and Romano (1994).
//!
//! A resample is as long as the sample and made of blocks that begin anywhere, wrap around the end
//! and are of geometric length, so that what follows on each other in the sample mostly does so in
//! the resample. Trades are drawn one by one unless a block length is given.

use super::drawdown::max_drawdown;
use super::measure::{Undefined, undefined};
use super::moments::{Spread, deviation, mean, quantile_of_sorted};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// How to resample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BootstrapConfig {
    /// How many resamples.
    pub resamples: usize,
    /// The mean length of a block; `None` is the cube root of the sample's size.
    pub block: Option<f64>,
    /// What chance is seeded with.
    pub seed: u64,
}

impl Default for BootstrapConfig {
    fn default() -> Self {
        Self { resamples: 10_000, block: None, seed: 1 }
    }
}

/// Quantiles of a figure over the resamples.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Band {
    /// 5 % of the resamples lie below.
    pub p5: f64,
    /// 25 % do.
    pub p25: f64,
    /// Half of them.
    pub p50: f64,
    /// 75 % do.
    pub p75: f64,
    /// 95 % do.
    pub p95: f64,
}

/// Bands of the figures that matter most.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Bands {
    /// How many resamples.
    pub resamples: usize,
    /// The mean length of a block.
    pub block: f64,
    /// Equity at the end.
    pub final_equity: Band,
    /// The deepest drawdown.
    pub max_drawdown: Band,
    /// The annual Sharpe ratio, arithmetic; `None` when too many resamples have none.
    pub sharpe: Option<Band>,
    /// The share of resamples that ended below the start.
    pub probability_of_loss: f64,
}

/// Bands from resampled returns by the session, compounded from a start.
///
/// # Errors
/// Undefined for fewer than two returns or no resample.
pub fn bootstrap_returns(
    returns: &[f64],
    start: f64,
    periods_per_year: f64,
    config: BootstrapConfig,
) -> Result<Bands, Undefined> {
    if returns.len() < 2 {
        return undefined("it takes at least two returns");
    }
    let block = block_of_returns(returns, config);
    let path = |sample: &[f64], equity: &mut Vec<f64>| {
        let mut value = start;
        equity.clear();
        equity.push(value);
        equity.extend(sample.iter().map(|r| {
            value *= 1.0 + r;
            value
        }));
    };
    run(returns, block, config, path, |sample| {
        let spread = deviation(sample, Spread::Sample).ok().filter(|spread| *spread > 0.0)?;
        Some(mean(sample).ok()? / spread * periods_per_year.sqrt())
    })
}

/// Bands from resampled trades: their profits after fees, added to a start.
///
/// # Errors
/// Undefined for fewer than two trades or no resample.
pub fn bootstrap_trades(
    profits: &[f64],
    start: f64,
    config: BootstrapConfig,
) -> Result<Bands, Undefined> {
    if profits.len() < 2 {
        return undefined("it takes at least two trades");
    }
    let block = config.block.unwrap_or(1.0).max(1.0);
    let path = |sample: &[f64], equity: &mut Vec<f64>| {
        let mut value = start;
        equity.clear();
        equity.push(value);
        equity.extend(sample.iter().map(|profit| {
            value += profit;
            value
        }));
    };
    run(profits, block, config, path, |_| None)
}

/// Quantiles of the return since the start, once so many sessions have passed: a row of the band that a
/// session of the same strategy is expected to stay in.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedReturn {
    /// Sessions since the start, from 1.
    pub session: u32,
    /// 1 % of the resamples have returned less.
    pub p1: f64,
    /// 5 % have.
    pub p5: f64,
    /// 25 % have.
    pub p25: f64,
    /// Half of them have.
    pub p50: f64,
    /// 75 % have.
    pub p75: f64,
    /// 95 % have.
    pub p95: f64,
    /// 99 % have.
    pub p99: f64,
}

/// What resampled returns by the session compound to, from the first of so many sessions to the last.
///
/// # Errors
/// Undefined for fewer than two returns or no resample.
pub fn expected_returns(
    returns: &[f64],
    sessions: usize,
    config: BootstrapConfig,
) -> Result<Vec<ExpectedReturn>, Undefined> {
    if returns.len() < 2 {
        return undefined("it takes at least two returns");
    }
    if config.resamples == 0 {
        return undefined("it takes at least one resample");
    }
    let block = block_of_returns(returns, config);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(config.seed);
    let mut drawn = Vec::new();
    let mut returned = vec![Vec::with_capacity(config.resamples); sessions];
    for _ in 0..config.resamples {
        resample(returns, sessions, block, &mut random, &mut drawn);
        let mut value = 1.0;
        for (held, r) in returned.iter_mut().zip(&drawn) {
            value *= 1.0 + r;
            held.push(value - 1.0);
        }
    }
    let numbered = (1..).zip(&mut returned);
    numbered.map(|(session, returned)| expected_return(session, returned)).collect()
}

fn expected_return(session: u32, returned: &mut [f64]) -> Result<ExpectedReturn, Undefined> {
    returned.sort_unstable_by(f64::total_cmp);
    let at = |share| quantile_of_sorted(returned, share);
    Ok(ExpectedReturn {
        session,
        p1: at(0.01)?,
        p5: at(0.05)?,
        p25: at(0.25)?,
        p50: at(0.5)?,
        p75: at(0.75)?,
        p95: at(0.95)?,
        p99: at(0.99)?,
    })
}

/// The mean length of a block of returns.
fn block_of_returns(returns: &[f64], config: BootstrapConfig) -> f64 {
    config.block.unwrap_or_else(|| (returns.len() as f64).cbrt()).max(1.0)
}

fn run(
    sample: &[f64],
    block: f64,
    config: BootstrapConfig,
    path: impl Fn(&[f64], &mut Vec<f64>),
    sharpe: impl Fn(&[f64]) -> Option<f64>,
) -> Result<Bands, Undefined> {
    if config.resamples == 0 {
        return undefined("it takes at least one resample");
    }
    let mut random = Xoshiro256PlusPlus::seed_from_u64(config.seed);
    let (mut drawn, mut equity) = (Vec::new(), Vec::new());
    let (mut ends, mut falls, mut sharpes) = (Vec::new(), Vec::new(), Vec::new());
    let mut lost = 0_usize;
    for _ in 0..config.resamples {
        resample(sample, sample.len(), block, &mut random, &mut drawn);
        path(&drawn, &mut equity);
        let (start, end) = (equity.first().copied(), equity.last().copied());
        lost += usize::from(end < start);
        ends.extend(end);
        falls.push(max_drawdown(&equity));
        sharpes.extend(sharpe(&drawn));
    }
    Ok(Bands {
        resamples: config.resamples,
        block,
        final_equity: band(ends)?,
        max_drawdown: band(falls)?,
        sharpe: (sharpes.len() * 10 >= config.resamples * 9).then(|| band(sharpes)).transpose()?,
        probability_of_loss: lost as f64 / config.resamples as f64,
    })
}

/// Draws blocks until the resample is so long.
fn resample(
    sample: &[f64],
    length: usize,
    block: f64,
    random: &mut impl RngCore,
    drawn: &mut Vec<f64>,
) {
    drawn.clear();
    let mut place = 0;
    while drawn.len() < length {
        let continues = !drawn.is_empty() && unit(random) >= 1.0 / block;
        place = if continues { (place + 1) % sample.len() } else { below(random, sample.len()) };
        drawn.extend(sample.get(place));
    }
}

/// A number from 0 up to 1.
fn unit(random: &mut impl RngCore) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// A place below a count, all as likely to within 2^-64 of the count.
fn below(random: &mut impl RngCore, count: usize) -> usize {
    ((u128::from(random.next_u64()) * count as u128) >> 64) as usize
}

fn band(mut values: Vec<f64>) -> Result<Band, Undefined> {
    values.sort_unstable_by(f64::total_cmp);
    let at = |share| quantile_of_sorted(&values, share);
    Ok(Band { p5: at(0.05)?, p25: at(0.25)?, p50: at(0.5)?, p75: at(0.75)?, p95: at(0.95)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: BootstrapConfig = BootstrapConfig { resamples: 500, block: Some(4.0), seed: 3 };

    #[test]
    fn the_same_seed_gives_the_same_bands_and_another_does_not() {
        let returns: Vec<f64> = (0..200).map(|n| f64::from(n * 7919 % 200 - 100) / 1e4).collect();
        let one = bootstrap_returns(&returns, 1e5, 252.0, CONFIG).unwrap();
        assert_eq!(bootstrap_returns(&returns, 1e5, 252.0, CONFIG).unwrap(), one);
        let other = BootstrapConfig { seed: 4, ..CONFIG };
        assert_ne!(bootstrap_returns(&returns, 1e5, 252.0, other).unwrap(), one);
        let Band { p5, p25, p50, p75, p95 } = one.final_equity;
        assert!(p5 < p25 && p25 < p50 && p50 < p75 && p75 < p95, "{one:?}");
    }

    #[test]
    fn what_never_varies_has_no_band() {
        let bands = bootstrap_returns(&[0.01; 10], 100.0, 252.0, CONFIG).unwrap();
        assert_eq!(bands.final_equity.p5, bands.final_equity.p95);
        assert_eq!((bands.max_drawdown.p95, bands.probability_of_loss), (0.0, 0.0));
        assert_eq!(bands.sharpe, None);
        let lost = bootstrap_trades(&[-1.0; 5], 10.0, CONFIG).unwrap();
        assert_eq!((lost.final_equity.p50, lost.probability_of_loss), (5.0, 1.0));
        assert_eq!(lost.max_drawdown.p50, 0.5);
    }

    #[test]
    fn blocks_keep_what_follows_on_each_other() {
        // In a series of pairs +x -x, long blocks keep the pairs and the end near the start.
        let returns: Vec<f64> = (0..400).map(|n| if n % 2 == 0 { 0.05 } else { -0.047 }).collect();
        let width = |block| {
            let config = BootstrapConfig { block: Some(block), ..CONFIG };
            let band = bootstrap_returns(&returns, 1.0, 252.0, config).unwrap().final_equity;
            (band.p95 / band.p5).ln()
        };
        assert!(width(50.0) * 3.0 < width(1.0), "{} {}", width(50.0), width(1.0));
    }

    #[test]
    fn what_is_expected_widens_with_time_and_is_compounded() {
        let returns: Vec<f64> = (0..200).map(|n| f64::from(n * 7919 % 200 - 100) / 1e4).collect();
        let rows = expected_returns(&returns, 30, CONFIG).unwrap();
        let sessions: Vec<u32> = rows.iter().map(|row| row.session).collect();
        assert_eq!(sessions, (1..=30).collect::<Vec<u32>>());
        for row in &rows {
            let ExpectedReturn { p1, p5, p25, p50, p75, p95, p99, .. } = *row;
            assert!([p1, p5, p25, p50, p75, p95, p99].is_sorted(), "{row:?}");
        }
        let (first, last) = (rows[0], rows[29]);
        assert!(last.p95 - last.p5 > 3.0 * (first.p95 - first.p5), "{first:?} {last:?}");
        let steady = expected_returns(&[0.01; 10], 3, CONFIG).unwrap()[2];
        assert!((steady.p1 - 0.030_301).abs() < 1e-12 && steady.p1 == steady.p99, "{steady:?}");
        assert!(expected_returns(&[0.01], 3, CONFIG).is_err());
    }
}
