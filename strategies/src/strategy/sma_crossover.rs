//! In the market while the fast average is above the slow one.

use crate::indicator::PriceMean;
use crate::{
    DIRECTION, EQUITY_PERCENT, Entry, Mistake, NOTIONAL_USD, ParamSpec, Params, QUANTITY, Stance,
    Trading,
};
use kernel::{Intents, MarketData, Ratio, Reading, Strategy, SymbolId, Symbols, View};
use std::cmp::Ordering;

pub(crate) const ENTRY: Entry = Entry {
    name: "sma-crossover",
    summary: "Long while the fast simple moving average is above the slow one.",
    params: &[
        ParamSpec::integer("fast", "10", (1, 5_000), "bars", "Window of the fast average."),
        ParamSpec::integer("slow", "30", (2, 10_000), "bars", "Window of the slow average."),
        QUANTITY,
        NOTIONAL_USD,
        EQUITY_PERCENT,
        DIRECTION,
        ParamSpec::choice(
            "signal",
            "level",
            &["level", "crossing"],
            "Whether where the averages stand counts, or only the bar at which they cross.",
        ),
    ],
    build,
};

struct SmaCrossover {
    symbols: Vec<Averages>,
    slow: usize,
    signal: Signal,
    trading: Trading,
}

/// What is traded on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signal {
    /// Where the averages stand.
    Level,
    /// The bar at which one has crossed the other.
    Crossing,
}

#[derive(Clone)]
struct Averages {
    fast: PriceMean,
    slow: PriceMean,
    /// How the fast stands to the slow.
    now: Option<Ordering>,
    /// How it stood one bar before.
    before: Option<Ordering>,
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
    let signal = match params.choice("signal")? {
        "crossing" => Signal::Crossing,
        _ => Signal::Level,
    };
    let (fast, slow_mean) = (PriceMean::new(fast), PriceMean::new(slow));
    let averages = Averages { fast, slow: slow_mean, now: None, before: None };
    Ok(Box::new(SmaCrossover {
        symbols: vec![averages; symbols.len()],
        slow: slow.get(),
        signal,
        trading: Trading::from_params(params)?,
    }))
}

impl Averages {
    /// Where they are equal, whatever is held is kept.
    fn stance(&self, signal: Signal) -> Option<Stance> {
        let now = self.now?;
        if signal == Signal::Crossing && self.before != Some(now.reverse()) {
            return None;
        }
        match now {
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
        averages.fast.update(bar.close);
        averages.slow.update(bar.close);
        (averages.before, averages.now) = (averages.now, averages.fast.compare(&averages.slow));
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let Some(averages) = self.symbols.get(bar.symbol.index()) else { return };
        if let Some(stance) = averages.stance(self.signal) {
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
            (averages.before, averages.now) = (None, None);
        }
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        if let Some(averages) = self.symbols.get_mut(symbol.index()) {
            averages.fast.rebase(ratio);
            averages.slow.rebase(ratio);
            averages.now = averages.fast.compare(&averages.slow);
        }
    }

    fn readings(&self, symbol: SymbolId) -> Vec<Reading> {
        let averages = self.symbols.get(symbol.index());
        let read =
            |of: fn(&Averages) -> &PriceMean| averages.and_then(|averages| of(averages).value());
        vec![
            Reading::new("fast", read(|averages| &averages.fast)),
            Reading::new("slow", read(|averages| &averages.slow)),
        ]
    }
}
