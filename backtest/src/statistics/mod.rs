//! Statistics of a return series: pure functions, each with the source of its definition.
//!
//! What is undefined is a reason, never 0, an infinity or a stand-in. On which figures trading
//! systems differ, and how, is data: see [`Convention`].

mod bootstrap;
mod closed;
mod convention;
mod drawdown;
mod figures;
mod growth;
mod histogram;
mod measure;
mod metric;
mod moments;
pub mod normal;
mod overfitting;
mod periods;
mod ratios;
mod relative;
mod series;
mod significance;
mod tail;

pub use bootstrap::{
    Band, Bands, BootstrapConfig, ExpectedReturn, bootstrap_returns, bootstrap_trades,
    expected_returns,
};
pub use closed::{ClosedTrade, Expectancy, OfTrades, ProfitFactor, WinRate};
pub use convention::{
    CONVENTIONS, Convention, Exposure, Falls, Kelly, Periods, RatiosOf, Shapes, TRADEWIND, Turnover,
};
pub use drawdown::{Drawdown, Ulcer, depths, drawdowns, max_drawdown};
pub use figures::{Activity, Facts, figures};
pub use growth::{Growth, Volatility};
pub use histogram::{Bin, histogram};
pub use measure::{Measure, Undefined};
pub use metric::{Group, Metric, Unit};
pub use moments::{Shape, Spread, corrected_shape, correlation, deviation, mean, quantile, shape};
pub use overfitting::{BlockSums, Overfitting, overfitting_of_blocks, probability_of_overfitting};
pub use periods::{PeriodReturn, period_returns, rolling_beta, rolling_sharpe};
pub use ratios::{Sharpe, Sortino};
pub use relative::{Alpha, Beta, Information, Treynor};
pub use series::Series;
pub use significance::{
    Moments, Sample, Trials, deflated_sharpe, minimum_track_record, probabilistic_sharpe,
};
pub use tail::{TailLoss, ValueAtRisk};
