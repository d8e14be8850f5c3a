//! What a finished run is worth: its figures by a convention, and a verdict in a sentence.

use crate::benchmark::Benchmark;
use crate::dates::{day_count, written};
use crate::forecast::notes_of_run;
use crate::metrics::{ConventionNote, Metrics};
use crate::statistics::{
    Activity, ClosedTrade, Convention, Facts, Metric, Periods, Series, TRADEWIND, Trials,
    Undefined, figures,
};
use crate::{BacktestReport, DailyPoint, Dividends, TradeRow, said};
use kernel::{Cash, Side, VenueRules};

/// Sessions below which nothing can be told from chance.
const FEW: usize = 30;

/// How to judge.
#[derive(Debug, Clone)]
pub struct Yardstick {
    /// By whose definitions.
    pub convention: &'static Convention,
    /// The annual risk-free rate, unless it is the convention's own.
    pub risk_free: Option<f64>,
    /// What it is compared with.
    pub benchmark: Option<Benchmark>,
    /// The tries among which the run was chosen.
    pub trials: Option<Trials>,
}

impl Default for Yardstick {
    fn default() -> Self {
        Self { convention: &TRADEWIND, risk_free: None, benchmark: None, trials: None }
    }
}

/// A run that was judged.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// Every figure, in the order of a report.
    pub figures: Vec<Metric>,
    /// Equity by the session, the start first; or why there is none to judge.
    pub series: Result<Series, Undefined>,
    /// The benchmark over the same sessions.
    pub benchmark: Option<(String, Series)>,
    /// The closed trades.
    pub trades: Vec<ClosedTrade>,
    /// What must be known to read the figures.
    pub notes: Vec<String>,
    /// One plain sentence.
    pub verdict: String,
    activity: Activity,
    risk_free: Option<f64>,
    trials: Option<Trials>,
}

impl Judgement {
    /// Every figure by a convention.
    pub fn by(&self, convention: &Convention) -> Vec<Metric> {
        let facts = Facts {
            series: self.series.as_ref().map_err(Clone::clone),
            benchmark: self.benchmark.as_ref().map(|(_, series)| series),
            trades: &self.trades,
            activity: self.activity,
            risk_free: self.risk_free,
            trials: self.trials,
        };
        figures(&facts, convention)
    }

    /// A figure by its name, when it is defined.
    pub fn get(&self, name: &str) -> Option<f64> {
        let metric = self.figures.iter().find(|metric| metric.name == name)?;
        metric.value.as_ref().ok().copied()
    }
}

impl BacktestReport {
    /// Judges the run, and takes the figures over into the report.
    pub fn judge(&mut self, yardstick: &Yardstick) -> Judgement {
        let (periods, mut notes) = self.periods_per_year();
        let series = self.series(periods);
        let benchmark = yardstick.benchmark.as_ref().and_then(|benchmark| {
            let dates = self.daily.iter().map(|day| day_count(day.date));
            let values = dates.zip(benchmark.values.iter().copied());
            let start = self.daily.first().map(|day| (day_count(day.date), 1.0));
            let series = Series::new(start.into_iter().chain(values), periods).ok()?;
            Some((benchmark.name.clone(), series))
        });
        let trades: Vec<ClosedTrade> = self.trades.iter().map(closed).collect();
        notes.extend(self.warnings(series.as_ref().ok()));
        let name = benchmark.as_ref().map(|(name, _)| name.clone());
        let convention = yardstick.convention;
        let mut judgement = Judgement {
            figures: Vec::new(),
            series,
            benchmark,
            trades,
            notes,
            verdict: String::new(),
            activity: self.activity(),
            risk_free: yardstick.risk_free,
            trials: yardstick.trials,
        };
        judgement.figures = judgement.by(convention);
        let periods = match convention.periods {
            Periods::Calendar => periods,
            Periods::Fixed(fixed) => fixed,
        };
        let rate = yardstick.risk_free;
        self.convention = ConventionNote::of(convention, &judgement.figures, periods, rate, name);
        self.metrics = Metrics::of(&judgement.figures);
        judgement.verdict = verdict(&judgement);
        self.verdict.clone_from(&judgement.verdict);
        self.notes.clone_from(&judgement.notes);
        judgement
    }

    fn activity(&self) -> Activity {
        Activity {
            steps: self.activity.steps,
            steps_held: self.activity.steps_held,
            traded: self.activity.traded.to_f64(),
            fees: self.fees.to_f64(),
            fall_by_step: self.activity.max_drawdown_by_step,
        }
    }

    fn series(&self, periods: f64) -> Result<Series, Undefined> {
        let start = self.daily.first().map(|day| (day_count(day.date), self.start.to_f64()));
        let point = |day: &DailyPoint| (day_count(day.date), day.equity.to_f64());
        Series::new(start.into_iter().chain(self.daily.iter().map(point)), periods)
    }

    fn periods_per_year(&self) -> (f64, Vec<String>) {
        let (seen, open) = (self.daily.len() as f64, self.activity.sessions_open as f64);
        let (periods, is_sparse) = periods_per_year(seen, open, self.activity.is_endless);
        if !is_sparse {
            let note = "trading never ends: sessions are days of UTC, 365 to the year";
            let notes = self.activity.is_endless.then(|| note.to_owned());
            return (periods, notes.into_iter().collect());
        }
        let note = format!(
            "{seen} of the calendar's {open} sessions have data: figures are annualised by {periods} \
             periods a year"
        );
        (periods, vec![note])
    }

    fn warnings(&self, series: Option<&Series>) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(series) = series {
            if series.len() < FEW {
                let count = series.len();
                notes.push(format!(
                    "{count} sessions are too few to tell skill from chance: ratios say little"
                ));
            } else if series.calendar_days() < 365.0 {
                notes.push("less than a year of data: annual figures are extrapolated".into());
            }
        }
        if !self.trades.is_empty() && self.trades.len() < FEW {
            let count = self.trades.len();
            notes.push(format!("{count} closed trades: their statistics are rough"));
        }
        if self.activity.ended_halted {
            notes.push(
                "risk halted trading before the end: what came after says nothing of the strategy"
                    .into(),
            );
        }
        if self.orders.denied > 0 {
            let (denied, sent) = (self.orders.denied, self.orders.sent);
            notes.push(format!("risk denied {denied} orders, {sent} were sent: see the limits"));
        }
        if !self.positions.is_empty() {
            notes
                .push("positions are open at the end: equity counts them at the last price".into());
        }
        if let Some(date) = self.financing.first_margin_call {
            let (calls, date) = (self.financing.margin_calls, written(date));
            notes.push(format!(
                "equity was below maintenance margin at {calls} closes, first on {date}: a broker's margin \
                 call, after which it may close positions; here nothing was closed"
            ));
        }
        notes.extend(said::notes(&self.models));
        let span = (self.data.first, self.data.last);
        notes.extend(notes_of_run(&self.manifest.models, &self.symbols, span));
        notes.extend(self.liberties());
        notes
    }

    /// What the run took that no broker gives.
    fn liberties(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.rules.exchange.rules == VenueRules::Plain {
            notes
                .push("the venue had no broker's rules: not every fill could be had at one".into());
        }
        if self.rules.close_at_last_open {
            notes.push("what was held at the end was closed at an open that had passed".into());
        }
        if self.rules.dividends == Dividends::Reinvest && self.dividends > Cash::ZERO {
            notes.push("dividends bought parts of a share at the close, without cost".into());
        }
        notes
    }
}

/// Sessions in a year: by the calendar, or as many as had data when most had none; and whether that
/// is so.
pub(crate) fn periods_per_year(seen: f64, open: f64, is_endless: bool) -> (f64, bool) {
    let calendar = if is_endless { 365.0 } else { 252.0 };
    if open == 0.0 || seen >= 0.9 * open {
        return (calendar, false);
    }
    ((calendar * seen / open).max(1.0).round(), true)
}

fn closed(trade: &TradeRow) -> ClosedTrade {
    let fees = trade.fees.to_f64();
    ClosedTrade {
        net: trade.pnl.to_f64() - fees,
        fees,
        entry_value: trade.entry_price.to_f64() * trade.qty.to_f64(),
        is_long: trade.side == Side::Buy,
        seconds: trade.exit_time.since(trade.entry_time).nanos() as f64 / 1e9,
        worst: trade.mae.to_f64(),
        best: trade.mfe.to_f64(),
    }
}

/// One plain sentence.
fn verdict(judgement: &Judgement) -> String {
    let Some(earned) = judgement.get("total_return") else {
        return match &judgement.series {
            Ok(_) => "Nothing can be said: the return is undefined.".into(),
            Err(reason) => format!("Nothing can be said: {reason}."),
        };
    };
    let exposure = judgement.get("exposure").unwrap_or(0.0);
    if judgement.trades.is_empty() && exposure == 0.0 {
        return "It never held a position, so there is nothing to judge.".into();
    }
    let result = if earned >= 0.0 { "Gained" } else { "Lost" };
    let against = judgement.benchmark.as_ref().zip(judgement.get("benchmark_return"));
    let against = against.map_or(String::new(), |((name, _), other)| {
        let verb = if other >= 0.0 { "gained" } else { "lost" };
        format!(" where {name} {verb} {}", percent(other.abs()))
    });
    format!("{result} {}{against}; {}.", percent(earned.abs()), likelihood(judgement))
}

fn likelihood(judgement: &Judgement) -> String {
    if judgement.series.as_ref().is_ok_and(|series| series.len() < FEW) {
        return "so short a record says nothing of skill".into();
    }
    if let Some(deflated) = judgement.get("dsr") {
        let sure = percent(deflated);
        let tried = judgement.trials.map_or(0.0, |trials| trials.count);
        return match deflated {
            0.95.. => {
                format!("after all {tried} trials it is {sure} sure that this is more than luck")
            }
            _ => format!(
                "after all {tried} trials it is only {sure} sure that this is more than luck"
            ),
        };
    }
    let Some(sure) = judgement.get("psr") else {
        return "whether that is luck cannot be said".into();
    };
    let needed = judgement.get("min_track_record").map(|count| count as u64);
    match (sure, needed) {
        (0.95.., _) => format!(
            "taken alone it is {} sure that its Sharpe ratio is above zero; count every variant you tried",
            percent(sure)
        ),
        (_, Some(needed)) => format!(
            "it is {} sure that its Sharpe ratio is above zero: {needed} sessions would make it 95 %",
            percent(sure)
        ),
        (_, None) => "its Sharpe ratio is not above zero, so nothing speaks for skill".into(),
    }
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        1000.0.. => format!("{percent:.0} %"),
        10.0.. => format!("{percent:.1} %"),
        _ => format!("{percent:.2} %"),
    }
}
