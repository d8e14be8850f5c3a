//! From a finished run to its report.

use crate::equity::Equity;
use crate::report::{
    BacktestReport, DataSummary, Manifest, Metrics, OrderCounts, PositionLine, Rules,
};
use crate::trades::Trades;
use crate::{BacktestConfig, BacktestError, memory};
use exchange::Exchange;
use kernel::{Kernel, Quantity, State, StrategySpec, Timestamp};
use marketdata::Facts;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;

/// A run whose last input has been decided.
pub(crate) struct Finished {
    pub run: String,
    pub manifest: Manifest,
    pub facts: Facts,
    pub span: (Timestamp, Timestamp),
    pub kernel: Kernel,
    pub exchange: Exchange,
    pub trades: Trades,
    pub equity: Equity,
    pub events_hash: String,
    pub elapsed: Duration,
}

pub(crate) fn manifest(
    config: &BacktestConfig,
    facts: &Facts,
    strategies: Vec<StrategySpec>,
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
        },
        strategies,
        config: config.config.clone(),
    }
}

/// The id of a run: what its manifest says, in 32 hexadecimal digits.
pub(crate) fn run_id(manifest: &Manifest) -> Result<String, BacktestError> {
    let digest = Sha256::digest(serde_json::to_vec(manifest)?);
    Ok(hex::encode(digest.get(..16).unwrap_or(&digest)))
}

pub(crate) fn report(finished: Finished) -> Result<BacktestReport, BacktestError> {
    let Finished { run, manifest, facts, span, kernel, exchange, trades, equity, .. } = finished;
    let (first, last) = span;
    let state = kernel.state();
    compare(state, &exchange)?;
    let rows = trades.closed(&facts.symbols);
    let total_return = equity.total_return();
    let bars = facts.rows;
    Ok(BacktestReport {
        run,
        strategy: names(&manifest.strategies),
        params: params(&manifest.strategies),
        symbols: facts.symbols.names().map(Into::into).collect(),
        data: DataSummary { hash: manifest.data_hash.clone(), first, last, bars },
        rules: manifest.rules.clone(),
        metrics: Metrics::of(total_return, equity.max_drawdown(), &rows),
        trades: rows,
        orders: orders(state),
        fills: state.tally().fills,
        positions: positions(state),
        cash: state.ledger().cash(),
        equity: equity.last(),
        fees: state.ledger().total_fees(),
        accrued_fees: exchange.account().accrued_fees,
        total_return,
        bars_per_second: bars as f64 / finished.elapsed.as_secs_f64().max(1e-9),
        peak_memory_bytes: memory::peak_bytes(),
        events_hash: finished.events_hash,
        manifest,
        equity_points: equity.into_points(),
    })
}

/// The books must be the exchange's to the last digit.
fn compare(state: &State, exchange: &Exchange) -> Result<(), BacktestError> {
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

fn params(strategies: &[StrategySpec]) -> BTreeMap<String, String> {
    let single = strategies.len() == 1;
    let all = strategies.iter().flat_map(|spec| spec.params.iter().map(move |pair| (spec, pair)));
    let named = all.map(|(spec, (name, value))| {
        let name = if single { name.to_string() } else { format!("{}.{name}", spec.name) };
        (name, value.to_string())
    });
    named.collect()
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
