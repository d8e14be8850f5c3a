//! Closed trades.

use super::drawdown::max_drawdown;
use super::measure::{Measure, Undefined, finite, ratio, undefined};
use super::moments::{Spread, deviation, mean, quantile};
use super::ratios::{omega, payoff};

const NONE: &str = "no trade was closed";
const NO_LOSS: &str = "no trade lost";

/// A closed trade as statistics see it; money in USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClosedTrade {
    /// Profit or loss after fees.
    pub net: f64,
    /// Fees.
    pub fees: f64,
    /// What the entries were worth.
    pub entry_value: f64,
    /// Whether it was long.
    pub is_long: bool,
    /// From the first entry to the last exit, in seconds.
    pub seconds: f64,
    /// The worst mark against the mean entry price while it was open, at most 0.
    pub worst: f64,
    /// The best mark against the mean entry price while it was open, at least 0.
    pub best: f64,
}

impl ClosedTrade {
    /// Profit as a share of what was entered; 0 for nothing.
    pub fn share(&self) -> f64 {
        if self.entry_value == 0.0 { 0.0 } else { self.net / self.entry_value }
    }
}

/// Profits after fees.
pub fn profits(trades: &[ClosedTrade]) -> Vec<f64> {
    trades.iter().map(|trade| trade.net).collect()
}

/// Profits after fees as shares of what was entered.
pub fn shares(trades: &[ClosedTrade]) -> Vec<f64> {
    trades.iter().map(ClosedTrade::share).collect()
}

/// Whether a trade that broke even was won.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WinRate {
    /// Trades above zero among all.
    AboveZero,
    /// Trades at or above zero among all.
    AtLeastZero,
    /// Sessions above zero among those that are not zero.
    Sessions,
}

impl WinRate {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::AboveZero => "trades with a profit after fees > 0 / all",
            Self::AtLeastZero => "trades with a profit after fees >= 0 / all",
            Self::Sessions => "sessions with r > 0 / sessions with r != 0",
        }
    }

    /// The share.
    ///
    /// # Errors
    /// Undefined without a trade, or a session that moved.
    pub fn of(self, trades: &[ClosedTrade], returns: &[f64]) -> Measure {
        let won = |test: fn(f64) -> bool| trades.iter().filter(|trade| test(trade.net)).count();
        match self {
            Self::AboveZero => ratio(won(|net| net > 0.0) as f64, trades.len() as f64, NONE),
            Self::AtLeastZero => ratio(won(|net| net >= 0.0) as f64, trades.len() as f64, NONE),
            Self::Sessions => super::ratios::share_won(returns),
        }
    }
}

/// Gains over losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfitFactor {
    /// Of the trades' profits.
    Trades,
    /// Of the trades' profits as shares of what was entered.
    TradeShares,
    /// Of the returns by the session.
    Returns,
}

impl ProfitFactor {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Trades => "sum of winning trades / |sum of losing trades|, after fees",
            Self::TradeShares => "the same of trades' profits in % of what was entered",
            Self::Returns => "sum of r > 0 / |sum of r < 0|",
        }
    }

    /// The factor.
    ///
    /// # Errors
    /// Undefined when nothing was lost.
    pub fn of(self, trades: &[ClosedTrade], returns: &[f64]) -> Measure {
        let of_trades = |values: &[f64]| match values {
            [] => undefined(NONE),
            _ => omega(values).map_err(|_| Undefined::because(NO_LOSS)),
        };
        match self {
            Self::Trades => of_trades(&profits(trades)),
            Self::TradeShares => of_trades(&shares(trades)),
            Self::Returns => omega(returns),
        }
    }
}

/// What a trade can be expected to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectancy {
    /// USD.
    Money,
    /// In units of the mean loss.
    Ratio,
    /// As a share of what was entered.
    Share,
}

impl Expectancy {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Money => "mean win x win rate + mean loss x loss rate, after fees, USD",
            Self::Ratio => "win rate x payoff - loss rate",
            Self::Share => "mean profit of a trade in % of what was entered",
        }
    }

    /// The expectation.
    ///
    /// # Errors
    /// Undefined without a trade; the ratio also without a win or a loss.
    pub fn of(self, trades: &[ClosedTrade]) -> Measure {
        let of = |values: &[f64]| mean(values).map_err(|_| Undefined::because(NONE));
        match self {
            Self::Money => of(&profits(trades)),
            Self::Share => of(&shares(trades)),
            Self::Ratio => {
                let won = WinRate::AboveZero.of(trades, &[])?;
                finite(won * payoff(&profits(trades))? - (1.0 - won))
            }
        }
    }
}

/// Ratios that freqtrade makes of closed trades over calendar days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OfTrades {
    /// The account at the start, USD.
    pub start: f64,
    /// Calendar days of the run.
    pub days: f64,
}

impl OfTrades {
    const YEAR: f64 = 365.0;

    fn mean_a_day(&self, trades: &[ClosedTrade]) -> Measure {
        let profit: f64 = profits(trades).iter().sum();
        ratio(profit / self.start, self.days.max(1.0), NONE)
    }

    fn over_spread(&self, trades: &[ClosedTrade], kept: &[f64], none: &'static str) -> Measure {
        let shares: Vec<f64> = kept.iter().map(|net| net / self.start).collect();
        let spread =
            deviation(&shares, Spread::Population).map_err(|_| Undefined::because(none))?;
        ratio(self.mean_a_day(trades)? * Self::YEAR.sqrt(), spread, none)
    }

    /// The mean profit a day over the population deviation of the trades' profits, by the root
    /// of 365.
    ///
    /// # Errors
    /// Undefined for fewer than two trades, or when all were alike.
    pub fn sharpe(&self, trades: &[ClosedTrade]) -> Measure {
        self.over_spread(trades, &profits(trades), "it takes two trades of different profit")
    }

    /// The same over the population deviation of the losing trades.
    ///
    /// # Errors
    /// Undefined for fewer than two losing trades, or when they were alike.
    pub fn sortino(&self, trades: &[ClosedTrade]) -> Measure {
        let lost: Vec<f64> = profits(trades).into_iter().filter(|net| *net < 0.0).collect();
        self.over_spread(trades, &lost, "it takes two losing trades of different loss")
    }

    /// The deepest fall of the account by its closed trades alone, as a share.
    ///
    /// # Errors
    /// Undefined without a trade.
    pub fn max_drawdown(&self, trades: &[ClosedTrade]) -> Measure {
        let mut account = self.start;
        let after = trades.iter().map(|trade| {
            account += trade.net;
            account
        });
        let values: Vec<f64> = std::iter::once(self.start).chain(after).collect();
        if trades.is_empty() { undefined(NONE) } else { Ok(max_drawdown(&values)) }
    }

    /// The mean profit a day in percent over the drawdown, by the root of 365.
    ///
    /// # Errors
    /// Undefined without a drawdown.
    pub fn calmar(&self, trades: &[ClosedTrade]) -> Measure {
        let drawdown = self.max_drawdown(trades)?;
        let daily = self.mean_a_day(trades)? * 100.0;
        ratio(daily * Self::YEAR.sqrt(), drawdown, "closed trades never fell")
    }
}

/// The most wins and the most losses in a row.
pub fn longest_streaks(trades: &[ClosedTrade]) -> (usize, usize) {
    let longest = |test: fn(f64) -> bool| {
        let (mut longest, mut current) = (0, 0);
        for trade in trades {
            current = if test(trade.net) { current + 1 } else { 0 };
            longest = longest.max(current);
        }
        longest
    };
    (longest(|net| net > 0.0), longest(|net| net < 0.0))
}

/// The mean of something of the trades that pass a test.
///
/// # Errors
/// Undefined, for this reason, when none passes.
pub fn mean_of(
    trades: &[ClosedTrade],
    test: impl Fn(&ClosedTrade) -> bool,
    value: impl Fn(&ClosedTrade) -> f64,
    reason: &'static str,
) -> Measure {
    let values: Vec<f64> = trades.iter().filter(|trade| test(trade)).map(value).collect();
    mean(&values).map_err(|_| Undefined::because(reason))
}

/// The median of something of all trades.
///
/// # Errors
/// Undefined without a trade.
pub fn median_of(trades: &[ClosedTrade], value: impl Fn(&ClosedTrade) -> f64) -> Measure {
    let values: Vec<f64> = trades.iter().map(value).collect();
    quantile(&values, 0.5).map_err(|_| Undefined::because(NONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trade(net: f64) -> ClosedTrade {
        let seconds = 60.0 * net.abs();
        let (worst, best) = (net.min(0.0) - 1.0, net.max(0.0) + 2.0);
        ClosedTrade { net, fees: 0.5, entry_value: 200.0, is_long: true, seconds, worst, best }
    }

    fn trades(nets: &[f64]) -> Vec<ClosedTrade> {
        nets.iter().copied().map(trade).collect()
    }

    #[test]
    fn figures_worked_by_hand() {
        let all = trades(&[10.0, -5.0, 0.0, 15.0, -5.0]);
        assert_eq!(WinRate::AboveZero.of(&all, &[]), Ok(0.4));
        assert_eq!(WinRate::AtLeastZero.of(&all, &[]), Ok(0.6));
        assert_eq!(WinRate::Sessions.of(&all, &[0.1, 0.0, -0.1]), Ok(0.5));
        assert_eq!(ProfitFactor::Trades.of(&all, &[]), Ok(2.5));
        assert_eq!(ProfitFactor::Returns.of(&all, &[0.2, -0.1]), Ok(2.0));
        assert_eq!(Expectancy::Money.of(&all), Ok(3.0));
        assert!((Expectancy::Share.of(&all).unwrap() - 0.015).abs() < 1e-15);
        assert_eq!(Expectancy::Ratio.of(&all), Ok(0.4 * 2.5 - 0.6));
        assert_eq!(longest_streaks(&trades(&[1.0, 1.0, -1.0, 1.0, -1.0, -1.0, -1.0])), (2, 3));
        assert_eq!(median_of(&all, |trade| trade.seconds), Ok(300.0));
    }

    #[test]
    fn what_freqtrade_makes_of_trades() {
        let account = OfTrades { start: 100.0, days: 10.0 };
        let all = trades(&[10.0, -5.0, -15.0, 20.0]);
        // 10 % in ten days; the shares 0.10, -0.05, -0.15, 0.20 deviate by sqrt(0.018125).
        let sharpe = 0.01 / 0.018_125_f64.sqrt() * 365.0_f64.sqrt();
        assert!((account.sharpe(&all).unwrap() - sharpe).abs() < 1e-12);
        // The losses deviate by 0.05 around -0.10.
        let sortino = 0.01 / 0.05 * 365.0_f64.sqrt();
        assert!((account.sortino(&all).unwrap() - sortino).abs() < 1e-12);
        assert!((account.max_drawdown(&all).unwrap() - 20.0 / 110.0).abs() < 1e-12);
        let calmar = 1.0 / (20.0 / 110.0) * 365.0_f64.sqrt();
        assert!((account.calmar(&all).unwrap() - calmar).abs() < 1e-9);
    }

    #[test]
    fn what_is_undefined_says_why() {
        let why = |measure: Measure| measure.unwrap_err().to_string();
        assert_eq!(why(WinRate::AboveZero.of(&[], &[])), NONE);
        assert_eq!(why(ProfitFactor::Trades.of(&[], &[])), NONE);
        assert_eq!(why(ProfitFactor::Trades.of(&trades(&[1.0, 2.0]), &[])), NO_LOSS);
        assert_eq!(why(Expectancy::Ratio.of(&trades(&[1.0]))), "nothing was lost");
        let account = OfTrades { start: 100.0, days: 10.0 };
        assert!(why(account.sharpe(&trades(&[3.0]))).contains("two trades"));
        assert!(why(account.sortino(&trades(&[3.0, -1.0]))).contains("two losing trades"));
    }
}
