//! Whose definitions a report follows.
//!
//! The same returns have a Sharpe ratio between 0.24 and 0.37, depending on who computes it. A
//! convention is a row of choices, one for each figure on which systems differ, so that every
//! figure can be printed as another system would.

use super::closed::{Expectancy, ProfitFactor, WinRate};
use super::growth::{Growth, Volatility};
use super::moments::Spread;
use super::ratios::{Sharpe, Sortino};
use super::relative::{Alpha, Beta, Information, Treynor};
use super::significance::Moments;
use super::tail::{TailLoss, ValueAtRisk};

/// Sessions in a year, the A of the formulas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Periods {
    /// As the calendar has them: 252 for an exchange, 365 where trading never ends.
    Calendar,
    /// So many, whatever the calendar says.
    Fixed(f64),
}

/// On which curve the deepest drawdown is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Falls {
    /// Equity by the session, the start value as the first peak.
    Equity,
    /// Equity by the session, the first value after the start as the first peak.
    EquityFromFirst,
    /// The start value and the profits of closed trades.
    ClosedTrades,
}

/// Where the ratios of return to risk come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RatiosOf {
    /// The returns by the session.
    Returns(Option<Sharpe>, Option<Sortino>),
    /// The closed trades, over calendar days.
    ClosedTrades,
}

/// The choice of trades or sessions in Kelly's formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kelly {
    /// The trades' profits after fees.
    Trades,
    /// The returns by the session.
    Returns,
}

/// How time in the market is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// The share of steps of data at whose end a position was held.
    Steps,
    /// The share of sessions whose return was not zero, rounded up to a percent.
    Sessions,
    /// The share of closed trades that were long.
    LongTrades,
}

/// How much was traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turnover {
    /// Half of the traded value over mean equity, a year of 365.25 days.
    Annual,
    /// The traded value over mean equity, by the session.
    BySession,
}

/// How skew and kurtosis are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shapes {
    /// As of a population.
    Biased,
    /// Corrected for the bias of a sample.
    Corrected,
}

/// A row of choices. `None` is what the system does not compute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Convention {
    /// The name that `--convention` takes.
    pub name: &'static str,
    /// The system, and of which version the source was read.
    pub system: &'static str,
    /// Sessions in a year.
    pub periods: Periods,
    /// The annual risk-free rate unless another is given; `None` is always zero.
    pub risk_free: Option<f64>,
    /// Sharpe and Sortino.
    pub ratios: RatiosOf,
    /// Growth a year.
    pub growth: Option<Growth>,
    /// Volatility a year.
    pub volatility: Option<Volatility>,
    /// The deepest drawdown.
    pub falls: Falls,
    /// The growth that Calmar divides by the drawdown.
    pub calmar: Option<Growth>,
    /// Value at risk.
    pub value_at_risk: Option<ValueAtRisk>,
    /// Conditional value at risk.
    pub tail_loss: Option<TailLoss>,
    /// Whether the Ulcer index is computed.
    pub ulcer: bool,
    /// Whether Omega is computed.
    pub omega: bool,
    /// Skew and kurtosis.
    pub shapes: Option<Shapes>,
    /// The probabilistic Sharpe ratio with the annual ratio it is compared with.
    pub significance: Option<(Moments, f64)>,
    /// Whether the deflated Sharpe ratio is computed.
    pub deflated: bool,
    /// Beta.
    pub beta: Option<Beta>,
    /// Alpha.
    pub alpha: Option<Alpha>,
    /// The information ratio.
    pub information: Option<Information>,
    /// Treynor's ratio.
    pub treynor: Option<Treynor>,
    /// Gains over losses.
    pub profit_factor: Option<ProfitFactor>,
    /// The share won.
    pub win_rate: Option<WinRate>,
    /// Expectancy.
    pub expectancy: Option<Expectancy>,
    /// System quality number.
    pub quality: Option<Spread>,
    /// Kelly's share.
    pub kelly: Option<Kelly>,
    /// Whether the variability-weighted return is computed.
    pub variability_weighted: bool,
    /// Time in the market.
    pub exposure: Option<Exposure>,
    /// Turnover.
    pub turnover: Option<Turnover>,
}

impl Convention {
    /// The convention of this name, in any case of letters.
    pub fn named(name: &str) -> Option<&'static Self> {
        CONVENTIONS.iter().find(|known| known.name.eq_ignore_ascii_case(name))
    }

    /// The rate in force: the one given, if the convention takes one.
    pub fn rate(&self, given: Option<f64>) -> f64 {
        self.risk_free.map_or(0.0, |own| given.unwrap_or(own))
    }
}

/// Our own: the one that a report follows unless another is asked for.
pub const TRADEWIND: Convention = Convention {
    name: "tradewind",
    system: "Tradewind",
    periods: Periods::Calendar,
    risk_free: Some(0.0),
    ratios: RatiosOf::Returns(Some(Sharpe::Arithmetic(Spread::Sample)), Some(Sortino::Downside)),
    growth: Some(Growth::Calendar(365.25)),
    volatility: Some(Volatility::Sample),
    falls: Falls::Equity,
    calmar: Some(Growth::Calendar(365.25)),
    value_at_risk: Some(ValueAtRisk::Historical),
    tail_loss: Some(TailLoss::Lowest),
    ulcer: true,
    omega: true,
    shapes: Some(Shapes::Corrected),
    significance: Some((Moments::Biased, 0.0)),
    deflated: true,
    beta: Some(Beta::Returns),
    alpha: Some(Alpha::Compounded),
    information: Some(Information::Annualised),
    treynor: Some(Treynor::Geometric),
    profit_factor: Some(ProfitFactor::Trades),
    win_rate: Some(WinRate::AboveZero),
    expectancy: Some(Expectancy::Money),
    quality: Some(Spread::Sample),
    kelly: Some(Kelly::Trades),
    variability_weighted: false,
    exposure: Some(Exposure::Steps),
    turnover: Some(Turnover::Annual),
};

/// What a system computes nothing of, to begin a row with.
const NOTHING: Convention = Convention {
    name: "",
    system: "",
    periods: Periods::Fixed(252.0),
    risk_free: Some(0.0),
    ratios: RatiosOf::Returns(None, None),
    growth: None,
    volatility: None,
    falls: Falls::Equity,
    calmar: None,
    value_at_risk: None,
    tail_loss: None,
    ulcer: false,
    omega: false,
    shapes: None,
    significance: None,
    deflated: false,
    beta: None,
    alpha: None,
    information: None,
    treynor: None,
    profit_factor: None,
    win_rate: None,
    expectancy: None,
    quality: None,
    kelly: None,
    variability_weighted: false,
    exposure: None,
    turnover: None,
};

const NAUTILUS: Convention = Convention {
    name: "nautilus",
    system: "NautilusTrader, 2026-07",
    risk_free: None,
    ratios: TRADEWIND.ratios,
    growth: Some(Growth::Periods),
    volatility: Some(Volatility::Sample),
    calmar: Some(Growth::Periods),
    shapes: Some(Shapes::Corrected),
    beta: Some(Beta::Returns),
    alpha: Some(Alpha::Compounded),
    information: Some(Information::Annualised),
    treynor: Some(Treynor::Geometric),
    profit_factor: Some(ProfitFactor::Returns),
    win_rate: Some(WinRate::AboveZero),
    expectancy: Some(Expectancy::Money),
    exposure: Some(Exposure::LongTrades),
    ..NOTHING
};

const LEAN: Convention = Convention {
    name: "lean",
    system: "LEAN, 2026-08",
    ratios: RatiosOf::Returns(Some(Sharpe::CompoundedMean), Some(Sortino::SpreadOfLosses)),
    growth: Some(Growth::Calendar(365.0)),
    volatility: Some(Volatility::Sample),
    value_at_risk: Some(ValueAtRisk::GaussianOfLast(252)),
    shapes: Some(Shapes::Corrected),
    significance: Some((Moments::ExcessInPlaceOfRaw, 1.0)),
    beta: Some(Beta::Returns),
    alpha: Some(Alpha::Annual),
    information: Some(Information::Annual),
    treynor: Some(Treynor::CompoundedMean),
    profit_factor: Some(ProfitFactor::Trades),
    win_rate: Some(WinRate::AboveZero),
    expectancy: Some(Expectancy::Ratio),
    turnover: Some(Turnover::BySession),
    ..NOTHING
};

const EMPYRICAL: Convention = Convention {
    name: "empyrical",
    system: "empyrical 0.7.1 (also Zipline)",
    ratios: TRADEWIND.ratios,
    growth: Some(Growth::Periods),
    volatility: Some(Volatility::Sample),
    calmar: Some(Growth::Periods),
    value_at_risk: Some(ValueAtRisk::Historical),
    tail_loss: Some(TailLoss::Lowest),
    omega: true,
    beta: Some(Beta::Returns),
    alpha: Some(Alpha::Compounded),
    information: Some(Information::BySession),
    ..NOTHING
};

const QUANTSTATS: Convention = Convention {
    name: "quantstats",
    system: "quantstats 0.0.86",
    ratios: TRADEWIND.ratios,
    growth: Some(Growth::Periods),
    volatility: Some(Volatility::Sample),
    calmar: Some(Growth::Periods),
    value_at_risk: Some(ValueAtRisk::Gaussian),
    tail_loss: Some(TailLoss::Gaussian),
    ulcer: true,
    omega: true,
    shapes: Some(Shapes::Corrected),
    significance: Some((Moments::Corrected, 0.0)),
    beta: Some(Beta::Returns),
    alpha: Some(Alpha::Linear),
    information: Some(Information::BySession),
    treynor: Some(Treynor::Total),
    profit_factor: Some(ProfitFactor::Returns),
    win_rate: Some(WinRate::Sessions),
    kelly: Some(Kelly::Returns),
    exposure: Some(Exposure::Sessions),
    ..NOTHING
};

const QUANTSTATS_78: Convention = Convention {
    name: "quantstats-0.0.78",
    system: "quantstats 0.0.78",
    tail_loss: Some(TailLoss::BelowGaussian),
    significance: Some((Moments::ExcessInPlaceOfRaw, 0.0)),
    ..QUANTSTATS
};

const VECTORBT: Convention = Convention {
    name: "vectorbt",
    system: "vectorbt 1.2.0",
    periods: Periods::Fixed(365.0),
    ratios: TRADEWIND.ratios,
    growth: Some(Growth::Periods),
    volatility: Some(Volatility::Sample),
    calmar: Some(Growth::Periods),
    value_at_risk: Some(ValueAtRisk::Historical),
    tail_loss: Some(TailLoss::Lowest),
    omega: true,
    shapes: Some(Shapes::Biased),
    deflated: true,
    beta: Some(Beta::Returns),
    alpha: Some(Alpha::Compounded),
    information: Some(Information::BySession),
    profit_factor: Some(ProfitFactor::Trades),
    win_rate: Some(WinRate::AboveZero),
    expectancy: Some(Expectancy::Money),
    exposure: Some(Exposure::Steps),
    ..NOTHING
};

const VECTORBT_252: Convention = Convention {
    name: "vectorbt-252",
    system: "vectorbt 1.2.0 with a year of 252 days",
    periods: Periods::Fixed(252.0),
    ..VECTORBT
};

const BACKTESTING_PY: Convention = Convention {
    name: "backtestingpy",
    system: "backtesting.py 0.6.6",
    ratios: RatiosOf::Returns(Some(Sharpe::Geometric), Some(Sortino::Geometric)),
    growth: Some(Growth::Calendar(365.25)),
    volatility: Some(Volatility::Compounded),
    calmar: Some(Growth::Periods),
    beta: Some(Beta::Logarithmic),
    alpha: Some(Alpha::Total),
    profit_factor: Some(ProfitFactor::TradeShares),
    win_rate: Some(WinRate::AboveZero),
    expectancy: Some(Expectancy::Share),
    quality: Some(Spread::Sample),
    kelly: Some(Kelly::Trades),
    exposure: Some(Exposure::Steps),
    ..NOTHING
};

const BACKTRADER: Convention = Convention {
    name: "backtrader",
    system: "backtrader 2023-04, daily and annualised, in place of its yearly default",
    risk_free: Some(0.01),
    ratios: RatiosOf::Returns(Some(Sharpe::Arithmetic(Spread::Population)), None),
    growth: Some(Growth::Periods),
    win_rate: Some(WinRate::AtLeastZero),
    quality: Some(Spread::Population),
    variability_weighted: true,
    ..NOTHING
};

const FREQTRADE: Convention = Convention {
    name: "freqtrade",
    system: "freqtrade 2024-10, by closed trades",
    periods: Periods::Fixed(365.0),
    risk_free: None,
    ratios: RatiosOf::ClosedTrades,
    growth: Some(Growth::Calendar(365.0)),
    falls: Falls::ClosedTrades,
    calmar: None,
    profit_factor: Some(ProfitFactor::Trades),
    win_rate: Some(WinRate::AboveZero),
    expectancy: Some(Expectancy::Money),
    ..NOTHING
};

const LUMIBOT: Convention = Convention {
    name: "lumibot",
    system: "lumibot 2025-12, its own figures",
    ratios: RatiosOf::Returns(Some(Sharpe::GrowthOverVolatility), None),
    growth: Some(Growth::CalendarFromFirst(365.25)),
    volatility: Some(Volatility::SampleByCount),
    falls: Falls::EquityFromFirst,
    calmar: Some(Growth::CalendarFromFirst(365.25)),
    ..NOTHING
};

/// Every convention, our own first.
pub const CONVENTIONS: [Convention; 12] = [
    TRADEWIND,
    NAUTILUS,
    LEAN,
    EMPYRICAL,
    QUANTSTATS,
    QUANTSTATS_78,
    VECTORBT,
    VECTORBT_252,
    BACKTESTING_PY,
    BACKTRADER,
    FREQTRADE,
    LUMIBOT,
];
