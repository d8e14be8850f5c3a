//! In the market while the fast average is above the slow one.

use crate::indicator::{Sample, Sma};
use crate::{
    DIRECTION, Entry, Mistake, NOTIONAL_USD, ParamSpec, Params, QUANTITY, Stance, Trading,
};
use kernel::{Intents, MarketData, Ratio, Strategy, SymbolId, Symbols, View};
use std::cmp::Ordering;

pub(crate) const ENTRY: Entry = Entry {
    name: "sma-crossover",
    summary: "Long while the fast simple moving average is above the slow one.",
    params: &[
        ParamSpec::integer("fast", "10", (1, 5_000), "bars", "Window of the fast average."),
        ParamSpec::integer("slow", "30", (2, 10_000), "bars", "Window of the slow average."),
        QUANTITY,
        NOTIONAL_USD,
        DIRECTION,
    ],
    build,
};

struct SmaCrossover {
    symbols: Vec<Averages>,
    slow: usize,
    trading: Trading,
}

#[derive(Clone)]
struct Averages {
    fast: Sma,
    slow: Sma,
}

fn build(params: &Params, symbols: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let (fast, slow) = (params.period("fast")?, params.period("slow")?);
    if fast >= slow {
        return Err(Mistake::Conflict(format!(
            "fast ({}) must be below slow ({})",
            fast.get(),
            slow.get()
        )));
    }
    let averages = Averages { fast: Sma::new(fast), slow: Sma::new(slow) };
    Ok(Box::new(SmaCrossover {
        symbols: vec![averages; symbols.len()],
        slow: slow.get(),
        trading: Trading::from_params(params)?,
    }))
}

impl Averages {
    /// Where they are equal, whatever is held is kept.
    fn stance(&self) -> Option<Stance> {
        match self.fast.value()?.total_cmp(&self.slow.value()?) {
            Ordering::Greater => Some(Stance::Long),
            Ordering::Less => Some(Stance::Short),
            Ordering::Equal => None,
        }
    }
}

impl Strategy for SmaCrossover {
    fn observe(&mut self, data: &MarketData) {
        let MarketData::Bar(bar) = data else { return };
        let Some(averages) = self.symbols.get_mut(bar.symbol.index()) else { return };
        let close = Sample::from(bar.close);
        averages.fast.update(close);
        averages.slow.update(close);
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let Some(averages) = self.symbols.get(bar.symbol.index()) else { return };
        if let Some(stance) = averages.stance() {
            self.trading.toward(stance, bar, view, intents);
        }
    }

    fn warmup_bars(&self) -> usize {
        self.slow
    }

    fn reset(&mut self) {
        for averages in &mut self.symbols {
            averages.fast.reset();
            averages.slow.reset();
        }
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        if let Some(averages) = self.symbols.get_mut(symbol.index()) {
            averages.fast.rebase(ratio);
            averages.slow.rebase(ratio);
        }
    }
}
