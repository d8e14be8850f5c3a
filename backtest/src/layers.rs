//! Where the time of a backtest goes: ever more of it is run over the same bars.

use crate::{BacktestConfig, BacktestError, BacktestReport, Chosen, Quiet};
use exchange::Exchange;
use kernel::{Intents, MarketData, Ratio, Strategy, SymbolId, View};
use marketdata::Feed;
use std::hint::black_box;
use std::slice;
use std::time::Instant;

/// Nanoseconds a bar that each part of a backtest takes, the best of some rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layers {
    /// Reading the bar from memory, and its time.
    pub data: f64,
    /// The exchange's look at it.
    pub exchange: f64,
    /// The kernel's and the driver's: checks, clock, calendar, ledger, equity.
    pub kernel: f64,
    /// The strategy's windows.
    pub windows: f64,
    /// What the strategy proposes, and the whole life of its orders.
    pub orders: f64,
    /// Nanoseconds of the last for each fill; `None` without a fill.
    pub order: Option<f64>,
}

/// Measures the parts of a backtest of a strategy over bars in memory.
///
/// # Errors
/// Those of the strategy's maker and of [`crate::run`].
pub fn layers<E: From<BacktestError>>(
    config: &BacktestConfig,
    feed: &Feed,
    make: impl Fn() -> Result<Chosen, E>,
    rounds: usize,
) -> Result<Layers, E> {
    let mut best = [f64::INFINITY; 5];
    let mut fills = 0;
    for _ in 0..rounds.max(1) {
        let (inner, spec) = make()?;
        let silent = (Box::new(Silent(None)) as Box<dyn Strategy>, spec.clone());
        let watching = (Box::new(Silent(Some(inner))) as Box<dyn Strategy>, spec);
        let whole = backtest(config, feed, make()?)?;
        fills = whole.fills;
        let took = [
            read(feed),
            through_exchange(config, feed),
            seconds(feed, &backtest(config, feed, silent)?),
            seconds(feed, &backtest(config, feed, watching)?),
            seconds(feed, &whole),
        ];
        for (best, took) in best.iter_mut().zip(took) {
            *best = best.min(took);
        }
    }
    let bars = feed.data.len().max(1) as f64;
    let [data, exchange, kernel, windows, whole] = best.map(|seconds| seconds * 1e9 / bars);
    let orders = whole - windows;
    Ok(Layers {
        data,
        exchange: exchange - data,
        kernel: kernel - exchange,
        windows: windows - kernel,
        orders,
        order: (fills > 0).then(|| orders * bars / fills as f64),
    })
}

fn backtest(
    config: &BacktestConfig,
    feed: &Feed,
    strategy: Chosen,
) -> Result<BacktestReport, BacktestError> {
    crate::run(config, feed, vec![strategy], &mut Quiet)
}

fn seconds(feed: &Feed, report: &BacktestReport) -> f64 {
    feed.data.len() as f64 / report.bars_per_second
}

fn read(feed: &Feed) -> f64 {
    let began = Instant::now();
    for datum in &feed.data {
        black_box((datum.time(), datum.price()));
    }
    began.elapsed().as_secs_f64()
}

fn through_exchange(config: &BacktestConfig, feed: &Feed) -> f64 {
    let mut exchange =
        Exchange::new(config.exchange.clone(), feed.symbols.clone(), config.calendar.clone());
    let began = Instant::now();
    for datum in &feed.data {
        exchange.step(slice::from_ref(datum));
    }
    black_box(exchange.now());
    began.elapsed().as_secs_f64()
}

/// Proposes nothing, and observes through another strategy if there is one.
struct Silent(Option<Box<dyn Strategy>>);

impl Strategy for Silent {
    fn observe(&mut self, data: &MarketData) {
        if let Some(inner) = &mut self.0 {
            inner.observe(data);
        }
    }

    fn propose(&self, _: &MarketData, _: &View<'_>, _: &mut Intents) {}

    fn warmup_bars(&self) -> usize {
        0
    }

    fn reset(&mut self) {
        if let Some(inner) = &mut self.0 {
            inner.reset();
        }
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        if let Some(inner) = &mut self.0 {
            inner.rebase(symbol, ratio);
        }
    }
}
