//! From a finished run to its report.

use crate::dates::day_count;
use crate::equity::Equity;
use crate::forecast::ModelFacts;
use crate::judge::Yardstick;
use crate::metrics::{ConventionNote, Metrics};
use crate::report::{
    ActivitySummary, BacktestReport, DataSummary, Manifest, OrderCounts, PositionLine, Rules,
};
use crate::said::ModelLine;
use crate::shared::Shared;
use crate::trades::Trades;
use crate::{BacktestConfig, BacktestError, DailyPoint, memory};
use exchange::Exchange;
use kernel::{Cash, Kernel, Quantity, State, StrategySpec, Timestamp, TradingDay, TradingState};
use marketdata::Facts;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;

/// The parameter that carries the text of a script.
const SOURCE: &str = "source";

/// A run whose last input has been decided.
pub(crate) struct Finished {
    pub run: String,
    pub manifest: Manifest,
    pub facts: Facts,
    pub span: (Timestamp, Timestamp),
    pub kernel: Kernel,
    pub exchange: Exchange,
    pub trades: Trades,
    pub shared: Option<Shared>,
    pub equity: Equity,
    pub models: Vec<ModelLine>,
    pub dividends: Cash,
    pub events_hash: String,
    pub calendar: Vec<TradingDay>,
    pub elapsed: Duration,
}

pub(crate) fn manifest(
    config: &BacktestConfig,
    facts: &Facts,
    strategies: Vec<StrategySpec>,
    models: Vec<ModelFacts>,
) -> Manifest {
    Manifest {
        build: config.build.clone(),
        seed: config.exchange.seed,
        data_hash: facts.content_hash.clone(),
        feed: config.feed.clone(),
        adjustment: config.adjustment.clone(),
        rules: Rules {
            exchange: config.exchange.clone(),
            limits: config.limits.clone(),
            hours: config.hours,
            shutdown: config.shutdown,
            close_at_last_open: config.close_at_last_open,
            dividends: config.dividends,
            corporate_actions: crate::driver::digest(config, facts),
            detail: config.detail.as_ref().map(|detail| detail.hash.clone()),
        },
        strategies,
        models,
        config: config.config.clone(),
    }
}

/// The id of a run: what its manifest says, in 32 hexadecimal digits.
pub(crate) fn run_id(manifest: &Manifest) -> Result<String, BacktestError> {
    let digest = Sha256::digest(serde_json::to_vec(manifest)?);
    Ok(hex::encode(digest.get(..16).unwrap_or(&digest)))
}

pub(crate) fn report(finished: Finished) -> Result<BacktestReport, BacktestError> {
    let Finished { run, manifest, facts, span, kernel, exchange, trades, shared, equity, .. } =
        finished;
    let (first, last) = span;
    let state = kernel.state();
    compare(state, &exchange)?;
    let labels = shared.as_ref().map_or(&[][..], Shared::labels);
    let rows = trades.closed(&facts.symbols, labels);
    let strategies = shared.as_ref().map(|shared| shared.lines(&manifest.strategies, &trades));
    let total_return = equity.total_return();
    let activity = activity(&trades, &equity);
    let (start, last_equity) = (equity.start(), equity.last());
    let (equity_points, samples, daily) = equity.into_points();
    let bars = facts.rows;
    let mut report = BacktestReport {
        run,
        strategy: names(&manifest.strategies),
        params: params(&manifest.strategies, labels),
        symbols: facts.symbols.names().map(Into::into).collect(),
        data: DataSummary {
            hash: manifest.data_hash.clone(),
            first,
            last,
            bars,
            files: Vec::new(),
            detail: Vec::new(),
            selection: BTreeMap::new(),
        },
        rules: manifest.rules.clone(),
        start,
        verdict: String::new(),
        notes: Vec::new(),
        trials: 0,
        metrics: Metrics::default(),
        convention: ConventionNote::default(),
        activity,
        trades: rows,
        strategies: strategies.unwrap_or_default(),
        accounts: state.account_lines(),
        models: finished.models,
        orders: orders(state),
        fills: state.tally().fills,
        positions: positions(state),
        cash: state.ledger().cash(),
        equity: last_equity,
        dividends: finished.dividends,
        fees: state.ledger().total_fees(),
        financing: exchange.financing(),
        accrued_fees: exchange.account().accrued_fees,
        total_return,
        bars_per_second: bars as f64 / finished.elapsed.as_secs_f64().max(1e-9),
        peak_memory_bytes: memory::peak_bytes(),
        events_hash: finished.events_hash,
        manifest,
        equity_points,
        daily,
        samples,
    };
    report.activity.ended_halted = state.trading_state() == TradingState::Halted;
    let endless = report.activity.is_endless;
    report.activity.sessions_open = sessions_open(&report.daily, endless, &finished.calendar);
    report.judge(&Yardstick::default());
    Ok(report)
}

fn activity(trades: &Trades, equity: &Equity) -> ActivitySummary {
    let (steps_held, traded) = trades.activity();
    ActivitySummary {
        steps: equity.steps(),
        steps_held,
        sessions_open: 0,
        is_endless: equity.is_endless(),
        ended_halted: false,
        traded,
        max_drawdown_by_step: equity.max_drawdown(),
    }
}

/// Sessions of the calendar between the first and the last one with data.
pub(crate) fn sessions_open(daily: &[DailyPoint], endless: bool, calendar: &[TradingDay]) -> u64 {
    let Some((first, last)) = daily.first().zip(daily.last()) else {
        return 0;
    };
    if endless {
        let days = day_count(last.date) - day_count(first.date) + 1;
        return u64::try_from(days).unwrap_or(0);
    }
    let dates = first.date..=last.date;
    calendar.iter().filter(|day| dates.contains(&day.date)).count() as u64
}

/// The books must be the exchange's to the last digit.
pub(crate) fn compare(state: &State, exchange: &Exchange) -> Result<(), BacktestError> {
    let (ours, theirs) = (state.ledger().cash(), exchange.account().cash);
    if ours != theirs {
        return Err(BacktestError::CashDiffers { ours, theirs });
    }
    for symbol in state.symbols().ids() {
        let ours = state.ledger().position(symbol).quantity;
        let theirs = exchange.position(symbol).map_or(Quantity::ZERO, |row| row.qty);
        if ours != theirs {
            let symbol = state.symbols().name(symbol).into();
            return Err(BacktestError::PositionDiffers { symbol, ours, theirs });
        }
    }
    Ok(())
}

fn names(strategies: &[StrategySpec]) -> String {
    let names: Vec<&str> = strategies.iter().map(|spec| spec.name.as_ref()).collect();
    names.join("+")
}

/// Every parameter; of several strategies with what each is called in front.
fn params(strategies: &[StrategySpec], labels: &[String]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (place, spec) in strategies.iter().enumerate() {
        // The text of a script is in the manifest.
        for (name, value) in spec.params.iter().filter(|(name, _)| &***name != SOURCE) {
            let label = labels.get(place).map(|label| format!("{label}.")).unwrap_or_default();
            all.insert(format!("{label}{name}"), value.to_string());
        }
    }
    all
}

fn orders(state: &State) -> OrderCounts {
    let tally = state.tally();
    OrderCounts {
        sent: tally.sent,
        filled: tally.filled,
        canceled: tally.canceled + tally.replaced,
        rejected: tally.rejected,
        denied: tally.denied,
        expired: tally.expired,
    }
}

fn positions(state: &State) -> BTreeMap<String, PositionLine> {
    let held = state.symbols().ids().map(|symbol| (symbol, state.ledger().position(symbol)));
    let held = held.filter(|(_, position)| !position.quantity.is_zero());
    let lines = held.map(|(symbol, position)| {
        let line = PositionLine { qty: position.quantity, avg_price: position.average_price() };
        (state.symbols().name(symbol).to_owned(), line)
    });
    lines.collect()
}
