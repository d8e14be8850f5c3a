//! In the market while MACD is above its signal.

use crate::indicator::{Indicator, Macd, MacdValue};
use crate::{
    DIRECTION, EQUITY_PERCENT, Entry, Mistake, NOTIONAL_USD, ParamSpec, Params, QUANTITY, Stance,
    Trading,
};
use kernel::{Intents, MarketData, Ratio, Reading, Strategy, SymbolId, Symbols, View};
use std::cmp::Ordering;

pub(crate) const ENTRY: Entry = Entry {
    name: "macd-trend",
    summary: "Long while the MACD line is above its signal.",
    params: &[
        ParamSpec::integer("fast", "12", (1, 5_000), "bars", "Period of the fast average."),
        ParamSpec::integer("slow", "26", (2, 10_000), "bars", "Period of the slow average."),
        ParamSpec::integer("signal", "9", (1, 5_000), "bars", "Period of the signal's average."),
        QUANTITY,
        NOTIONAL_USD,
        EQUITY_PERCENT,
        DIRECTION,
    ],
    build,
};

struct MacdTrend {
    symbols: Vec<Macd>,
    warmup: usize,
    trading: Trading,
}

fn build(params: &Params, symbols: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let (fast, slow) = (params.period("fast")?, params.period("slow")?);
    let signal = params.period("signal")?;
    if fast >= slow {
        return Err(Mistake::Conflict(format!(
            "fast ({}) must be below slow ({})",
            fast.get(),
            slow.get()
        )));
    }
    Ok(Box::new(MacdTrend {
        symbols: vec![Macd::new(fast, slow, signal); symbols.len()],
        warmup: slow.get() + signal.get() - 1,
        trading: Trading::from_params(params)?,
    }))
}

/// Where line and signal are equal, whatever is held is kept.
fn stance(macd: MacdValue) -> Option<Stance> {
    match macd.line.total_cmp(&macd.signal) {
        Ordering::Greater => Some(Stance::Long),
        Ordering::Less => Some(Stance::Short),
        Ordering::Equal => None,
    }
}

impl Strategy for MacdTrend {
    fn observe(&mut self, data: &MarketData) {
        let MarketData::Bar(bar) = data else { return };
        if let Some(macd) = self.symbols.get_mut(bar.symbol.index()) {
            macd.update(bar.close);
        }
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let macd = self.symbols.get(bar.symbol.index()).and_then(Macd::value);
        if let Some(stance) = macd.and_then(stance) {
            self.trading.toward(stance, bar, view, intents);
        }
    }

    fn warmup_bars(&self) -> usize {
        self.warmup
    }

    fn reset(&mut self) {
        self.symbols.iter_mut().for_each(Macd::reset);
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        if let Some(macd) = self.symbols.get_mut(symbol.index()) {
            macd.rebase(ratio);
        }
    }

    fn readings(&self, symbol: SymbolId) -> Vec<Reading> {
        let macd = self.symbols.get(symbol.index()).and_then(Macd::value);
        vec![
            Reading::new("line", macd.map(|macd| macd.line)),
            Reading::new("signal", macd.map(|macd| macd.signal)),
        ]
    }
}
