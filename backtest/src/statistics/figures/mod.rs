//! The figures of a report, by a convention.

mod trades;

use crate::statistics::closed::{ClosedTrade, OfTrades};
use crate::statistics::convention::{
    Convention, Exposure, Falls, Periods, RatiosOf, Shapes, Turnover,
};
use crate::statistics::drawdown::{Ulcer, drawdowns, max_drawdown};
use crate::statistics::growth::{Growth, Volatility, variability_weighted_return};
use crate::statistics::measure::{Measure, Undefined, finite, ratio};
use crate::statistics::metric::{Group, Metric, Shelf, Unit};
use crate::statistics::moments::{corrected_shape, correlation, mean, shape};
use crate::statistics::ratios::{self, calmar, omega, share_won};
use crate::statistics::relative::{Beta, tracking_error};
use crate::statistics::series::Series;
use crate::statistics::significance::{
    Sample, Trials, deflated_sharpe, minimum_track_record, probabilistic_sharpe,
};
use std::borrow::Cow;

const NO_BENCHMARK: &str = "there is no benchmark";
/// How sure the minimum track record makes it.
const CONFIDENCE: f64 = 0.95;

/// What the figures are of.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Equity by the session; or why there is none to judge.
    pub series: Result<&'a Series, Undefined>,
    /// The benchmark over the same sessions.
    pub benchmark: Option<&'a Series>,
    /// The closed trades, in the order of closing.
    pub trades: &'a [ClosedTrade],
    /// What was done.
    pub activity: Activity,
    /// The annual risk-free rate, when one was given.
    pub risk_free: Option<f64>,
    /// The tries among which this one was chosen, when it was.
    pub trials: Option<Trials>,
}

/// What was done in a run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Activity {
    /// Steps of data.
    pub steps: u64,
    /// Steps at whose end a position was held.
    pub steps_held: u64,
    /// What was bought and sold in all, USD.
    pub traded: f64,
    /// Fees posted, USD.
    pub fees: f64,
    /// The deepest fall of equity from step to step, when it is known.
    pub fall_by_step: Option<f64>,
}

/// A series under a convention's count of sessions, with its rate.
struct View<'a> {
    convention: &'a Convention,
    facts: &'a Facts<'a>,
    series: Result<Series, Undefined>,
    benchmark: Result<Series, Undefined>,
    rate: f64,
}

/// Every figure by a convention, in the order of a report.
pub fn figures(facts: &Facts<'_>, convention: &Convention) -> Vec<Metric> {
    let view = |series: &Series| match convention.periods {
        Periods::Calendar => series.clone(),
        Periods::Fixed(periods) => series.with_periods(periods),
    };
    let view = View {
        convention,
        facts,
        series: facts.series.clone().map(view),
        benchmark: facts.benchmark.map(view).ok_or(Undefined::because(NO_BENCHMARK)),
        rate: convention.rate(facts.risk_free),
    };
    let mut all = Vec::with_capacity(64);
    for group in Group::ALL {
        let mut shelf = Shelf { all: &mut all, group, system: convention.system };
        match group {
            Group::Return => view.put_return(&mut shelf),
            Group::Risk => view.put_risk(&mut shelf),
            Group::Ratio => view.put_ratios(&mut shelf),
            Group::Luck => view.put_luck(&mut shelf),
            Group::Benchmark => view.put_benchmark(&mut shelf),
            Group::Trades => view.put_trades(&mut shelf),
            Group::Activity => view.put_activity(&mut shelf),
        }
    }
    all
}

impl View<'_> {
    fn series(&self) -> Result<&Series, Undefined> {
        self.series.as_ref().map_err(Clone::clone)
    }

    fn returns(&self) -> Result<&[f64], Undefined> {
        self.series().map(Series::returns)
    }

    fn pair(&self) -> Result<(&Series, &Series), Undefined> {
        Ok((self.series()?, self.benchmark.as_ref().map_err(Clone::clone)?))
    }

    fn put_return(&self, shelf: &mut Shelf<'_>) {
        let c = self.convention;
        let growth = |choice: Growth| self.series().and_then(|series| choice.of(series));
        shelf.put(
            ("total_return", "Total return", Unit::Share),
            "end / start - 1",
            self.series().and_then(|series| finite(series.growth() - 1.0)),
        );
        shelf.choose(("cagr", "CAGR", Unit::Share), c.growth, Growth::formula, growth);
        shelf.put(
            ("cagr_sessions", "CAGR by sessions", Unit::Share),
            Growth::Periods.formula(),
            growth(Growth::Periods),
        );
        let extreme = |pick: fn(f64, f64) -> f64| {
            self.returns().map(|all| all.iter().copied().reduce(pick).unwrap_or(0.0))
        };
        shelf.put(("best_day", "Best session", Unit::Share), "largest r", extreme(f64::max));
        shelf.put(("worst_day", "Worst session", Unit::Share), "smallest r", extreme(f64::min));
        shelf.put(
            ("days_won", "Sessions won", Unit::Share),
            "sessions with r > 0 / sessions with r != 0",
            self.returns().and_then(share_won),
        );
        if c.variability_weighted {
            shelf.put(
                ("vwr", "Variability-weighted return", Unit::Number),
                "100 annual log growth (1 - (deviation from steady growth / 0.2)^2)",
                self.series().and_then(variability_weighted_return),
            );
        }
    }

    fn put_risk(&self, shelf: &mut Shelf<'_>) {
        let c = self.convention;
        shelf.choose(
            ("volatility", "Volatility", Unit::Share),
            c.volatility,
            Volatility::formula,
            |choice| self.series().and_then(|series| choice.of(series)),
        );
        shelf.put(
            ("max_drawdown", "Max drawdown", Unit::Share),
            c.falls.formula(),
            self.max_drawdown(),
        );
        shelf.put(
            ("max_drawdown_by_step", "Max drawdown by the bar", Unit::Share),
            "the same of equity after each step of data",
            self.facts.activity.fall_by_step.ok_or(Undefined::because(
                "the account held nothing, or its equity by the step was not kept",
            )),
        );
        shelf.put(
            ("longest_drawdown_days", "Longest drawdown", Unit::Days),
            "calendar days from a peak to its recovery, or to the end",
            self.series().map(longest_drawdown),
        );
        shelf.choose(
            ("ulcer_index", "Ulcer index", Unit::Share),
            c.ulcer.then_some(Ulcer),
            Ulcer::formula,
            |ulcer| self.series().and_then(|series| ulcer.of(series.values())),
        );
        let tails = [
            (("var_95", "VaR 95 %", Unit::Share), ("cvar_95", "CVaR 95 %", Unit::Share), 0.05),
            (("var_99", "VaR 99 %", Unit::Share), ("cvar_99", "CVaR 99 %", Unit::Share), 0.01),
        ];
        for (value, tail, p) in tails {
            shelf.choose(
                value,
                c.value_at_risk,
                crate::statistics::ValueAtRisk::formula,
                |choice| self.returns().and_then(|returns| choice.of(returns, p)),
            );
            shelf.choose(tail, c.tail_loss, crate::statistics::TailLoss::formula, |choice| {
                self.returns().and_then(|returns| choice.of(returns, p))
            });
        }
    }

    fn max_drawdown(&self) -> Measure {
        let series = self.series()?;
        match self.convention.falls {
            Falls::Equity => Ok(max_drawdown(series.values())),
            Falls::EquityFromFirst => Ok(max_drawdown(series.values().get(1..).unwrap_or(&[]))),
            Falls::ClosedTrades => self.of_trades()?.max_drawdown(self.facts.trades),
        }
    }

    fn of_trades(&self) -> Result<OfTrades, Undefined> {
        let series = self.series()?;
        let start = series.values().first().copied().unwrap_or(0.0);
        Ok(OfTrades { start, days: series.calendar_days() })
    }

    fn put_ratios(&self, shelf: &mut Shelf<'_>) {
        let c = self.convention;
        let sharpe = ("sharpe", "Sharpe", Unit::Number);
        let sortino = ("sortino", "Sortino", Unit::Number);
        let calmar_named = ("calmar", "Calmar", Unit::Number);
        match c.ratios {
            RatiosOf::Returns(sharpe_by, sortino_by) => {
                shelf.choose(sharpe, sharpe_by, ratios::Sharpe::formula, |choice| {
                    self.series().and_then(|series| choice.of(series, self.rate))
                });
                shelf.choose(sortino, sortino_by, ratios::Sortino::formula, |choice| {
                    self.series().and_then(|series| choice.of(series, self.rate))
                });
                let formula = |growth: Growth| format!("CAGR {} / max drawdown", growth.formula());
                shelf.choose(calmar_named, c.calmar, formula, |growth| {
                    self.series().and_then(|s| calmar(growth.of(s), self.max_drawdown()?))
                });
            }
            RatiosOf::ClosedTrades => {
                let trades = self.facts.trades;
                let of = |pick: fn(&OfTrades, &[ClosedTrade]) -> Measure| {
                    self.of_trades().and_then(|account| pick(&account, trades))
                };
                let words = "mean profit a day / s0 of trades' profits sqrt(365)";
                shelf.put(sharpe, words, of(OfTrades::sharpe));
                let words = "mean profit a day / s0 of losing trades' profits sqrt(365)";
                shelf.put(sortino, words, of(OfTrades::sortino));
                let words = "mean profit a day in % / drawdown of closed trades sqrt(365)";
                shelf.put(calmar_named, words, of(OfTrades::calmar));
            }
        }
        shelf.choose(
            ("omega", "Omega", Unit::Number),
            c.omega.then_some(()),
            |()| "sum of r > 0 / |sum of r < 0|",
            |()| self.returns().and_then(omega),
        );
        let words = |choice| match choice {
            Shapes::Biased => "m3 / s0^3, m4 / s0^4 - 3",
            Shapes::Corrected => "corrected for the bias of a sample, kurtosis as excess",
        };
        let of = |choice| {
            self.returns().and_then(|all| match choice {
                Shapes::Biased => shape(all),
                Shapes::Corrected => corrected_shape(all),
            })
        };
        shelf.choose(("skew", "Skew", Unit::Number), c.shapes, words, |choice| {
            of(choice).map(|shape| shape.skew)
        });
        shelf.choose(
            ("excess_kurtosis", "Excess kurtosis", Unit::Number),
            c.shapes,
            words,
            |choice| of(choice).map(|shape| shape.excess_kurtosis),
        );
    }

    fn put_luck(&self, shelf: &mut Shelf<'_>) {
        let c = self.convention;
        let sample =
            |choice| self.series().and_then(|series| Sample::of(&series.excess(self.rate), choice));
        let threshold =
            |annual: f64| self.series().map(|series| annual / series.periods_per_year().sqrt());
        let words = |(choice, annual): (crate::statistics::Moments, f64)| {
            format!("{}, SR* = {annual} a year", choice.formula())
        };
        shelf.choose(
            ("psr", "Probabilistic Sharpe", Unit::Share),
            c.significance,
            words,
            |(choice, annual)| probabilistic_sharpe(&sample(choice)?, threshold(annual)?),
        );
        shelf.choose(
            ("dsr", "Deflated Sharpe", Unit::Share),
            c.deflated.then_some(crate::statistics::Moments::Biased),
            |_| "PSR over the highest SR that so many trials give by luck",
            |choice| {
                let none = "it takes at least two trials in the ledger";
                let trials = self.facts.trials.ok_or(Undefined::because(none))?;
                deflated_sharpe(&sample(choice)?, &trials)
            },
        );
        shelf.choose(
            ("min_track_record", "Minimum track record", Unit::Count),
            c.significance,
            |(choice, annual)| {
                format!(
                    "sessions until PSR reaches {CONFIDENCE}; SR* = {annual} a year, {}",
                    match choice {
                        crate::statistics::Moments::Corrected => "corrected moments",
                        _ => "biased moments",
                    }
                )
            },
            |(choice, annual)| {
                minimum_track_record(&sample(choice)?, threshold(annual)?, CONFIDENCE)
                    .map(f64::ceil)
            },
        );
        shelf.put(
            ("sessions", "Sessions", Unit::Count),
            "n",
            self.series().map(|series| series.len() as f64),
        );
    }

    fn put_benchmark(&self, shelf: &mut Shelf<'_>) {
        let c = self.convention;
        let beta = |choice: Beta| self.pair().and_then(|(ours, theirs)| choice.of(ours, theirs));
        let chosen = || beta(c.beta.unwrap_or(Beta::Returns));
        shelf.put(
            ("benchmark_return", "Benchmark return", Unit::Share),
            "end / start - 1 of the benchmark",
            self.pair().and_then(|(_, theirs)| finite(theirs.growth() - 1.0)),
        );
        shelf.put(
            ("excess_return", "Ahead of benchmark", Unit::Share),
            "total return - benchmark return",
            self.pair().and_then(|(ours, theirs)| finite(ours.growth() - theirs.growth())),
        );
        shelf.choose(
            ("alpha", "Alpha", Unit::Share),
            c.alpha,
            crate::statistics::Alpha::formula,
            |choice| {
                self.pair().and_then(|(ours, theirs)| choice.of(ours, theirs, chosen(), self.rate))
            },
        );
        shelf.choose(("beta", "Beta", Unit::Number), c.beta, Beta::formula, beta);
        shelf.put(
            ("correlation", "Correlation", Unit::Number),
            "cov(r, b) / (s1(r) s1(b))",
            self.pair().and_then(|(ours, theirs)| correlation(ours.returns(), theirs.returns())),
        );
        shelf.put(
            ("tracking_error", "Tracking error", Unit::Share),
            "s1(r - b) sqrt(A)",
            self.pair().and_then(|(ours, theirs)| tracking_error(ours, theirs)),
        );
        shelf.choose(
            ("information_ratio", "Information ratio", Unit::Number),
            c.information,
            crate::statistics::Information::formula,
            |choice| self.pair().and_then(|(ours, theirs)| choice.of(ours, theirs)),
        );
        shelf.choose(
            ("treynor", "Treynor", Unit::Number),
            c.treynor,
            crate::statistics::Treynor::formula,
            |choice| self.pair().and_then(|(ours, _)| choice.of(ours, chosen(), self.rate)),
        );
    }

    fn put_activity(&self, shelf: &mut Shelf<'_>) {
        let activity = &self.facts.activity;
        shelf.choose(
            ("exposure", "Time in the market", Unit::Share),
            self.convention.exposure,
            Exposure::formula,
            |choice| self.exposure(choice),
        );
        shelf.choose(
            ("turnover", "Turnover", Unit::Number),
            self.convention.turnover,
            Turnover::formula,
            |choice| self.turnover(choice),
        );
        shelf.put(
            ("traded_value", "Traded value", Unit::Usd),
            "what was bought and sold",
            Ok(activity.traded),
        );
        shelf.put(("fees", "Fees", Unit::Usd), "fees posted", Ok(activity.fees));
        shelf.put(
            ("fees_bps", "Fees, basis points", Unit::Number),
            "fees / traded value x 10,000",
            ratio(activity.fees * 1e4, activity.traded, "nothing was traded"),
        );
        let start = self.series().map(|s| s.values().first().copied().unwrap_or(0.0));
        shelf.put(
            ("fee_drag", "Fees to equity", Unit::Share),
            "fees / equity at the start",
            start.and_then(|start| ratio(activity.fees, start, "there was no equity")),
        );
    }

    fn exposure(&self, choice: Exposure) -> Measure {
        let activity = &self.facts.activity;
        match choice {
            Exposure::Steps => {
                ratio(activity.steps_held as f64, activity.steps as f64, "there was no step")
            }
            Exposure::Sessions => {
                let returns = self.returns()?;
                let moved = returns.iter().filter(|r| **r != 0.0).count() as f64;
                Ok((moved / returns.len() as f64 * 100.0).ceil() / 100.0)
            }
            Exposure::LongTrades => {
                let long = self.facts.trades.iter().filter(|trade| trade.is_long).count();
                ratio(long as f64, self.facts.trades.len() as f64, "no trade was closed")
            }
        }
    }

    fn turnover(&self, choice: Turnover) -> Measure {
        let series = self.series()?;
        let traded =
            ratio(self.facts.activity.traded, mean(series.values())?, "there was no equity")?;
        match choice {
            Turnover::BySession => finite(traded / series.len() as f64),
            Turnover::Annual => {
                let years = series.calendar_days() / 365.25;
                ratio(traded / 2.0, years, "no calendar day passed")
            }
        }
    }
}

/// Calendar days of the longest drawdown; one that is open lasts to the end.
fn longest_drawdown(series: &Series) -> f64 {
    let days = series.days();
    let last = days.len().saturating_sub(1);
    let lengths = drawdowns(series.values()).into_iter().map(|drawdown| {
        let end = days.get(drawdown.recovery.unwrap_or(last));
        end.zip(days.get(drawdown.peak)).map_or(0, |(end, peak)| end - peak)
    });
    f64::from(lengths.max().unwrap_or(0))
}

impl Falls {
    /// The formula in words.
    pub fn formula(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Equity => "deepest fall of equity by the session, the start as first peak",
            Self::EquityFromFirst => "deepest fall of equity by the session after the start",
            Self::ClosedTrades => "deepest fall of start plus profits of closed trades",
        })
    }
}

impl Exposure {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Steps => "steps of data at whose end a position was held / all",
            Self::Sessions => "sessions with r != 0 / all, rounded up to a percent",
            Self::LongTrades => "long trades / all",
        }
    }
}

impl Turnover {
    /// The formula in words.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::Annual => "half of the traded value / mean equity, a year",
            Self::BySession => "traded value / mean equity, by the session",
        }
    }
}
