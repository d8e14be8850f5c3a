//! Long while the fast average is above the slow one.

use crate::indicator::{Indicator, Sample, Sma};
use crate::{
    DIRECTION, EQUITY_PERCENT, Entry, Mistake, NOTIONAL_USD, ParamSpec, Params, QUANTITY, Stance,
    Trading,
};
use kernel::{Intents, MarketData, Ratio, Strategy, SymbolId, Symbols, View};

/// What the registry knows of it: each parameter with its default, range and unit.
pub(crate) const ENTRY: Entry = Entry {
    name: "NAME",
    summary: "Long while the fast average is above the slow one.",
    params: &[
        ParamSpec::integer("fast", "10", (1, 5_000), "bars", "Window of the fast average."),
        ParamSpec::integer("slow", "30", (1, 5_000), "bars", "Window of the slow average."),
        QUANTITY,
        NOTIONAL_USD,
        EQUITY_PERCENT,
        DIRECTION,
    ],
    build,
};

struct Template {
    /// The averages of each symbol, by its place in the session's table.
    symbols: Vec<(Sma, Sma)>,
    slow: usize,
    trading: Trading,
}

fn build(params: &Params, symbols: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let (fast, slow) = (params.period("fast")?, params.period("slow")?);
    Ok(Box::new(Template {
        symbols: vec![(Sma::new(fast), Sma::new(slow)); symbols.len()],
        slow: slow.get(),
        trading: Trading::from_params(params)?,
    }))
}

impl Strategy for Template {
    /// Takes in a bar: this fills the windows, and nothing else.
    fn observe(&mut self, data: &MarketData) {
        let MarketData::Bar(bar) = data else { return };
        let Some((fast, slow)) = self.symbols.get_mut(bar.symbol.index()) else { return };
        let close = Sample::from(bar.close);
        fast.update(close);
        slow.update(close);
    }

    /// Says what it would like; risk and the kernel do the rest.
    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let Some((fast, slow)) = self.symbols.get(bar.symbol.index()) else { return };
        let (Some(fast), Some(slow)) = (fast.value(), slow.value()) else { return };
        let stance = if fast > slow { Stance::Long } else { Stance::Short };
        self.trading.toward(stance, bar, view, intents);
    }

    fn warmup_bars(&self) -> usize {
        self.slow
    }

    fn reset(&mut self) {
        for (fast, slow) in &mut self.symbols {
            fast.reset();
            slow.reset();
        }
    }

    /// Shares were split: the windows go on in new ones.
    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        if let Some((fast, slow)) = self.symbols.get_mut(symbol.index()) {
            fast.rebase(ratio);
            slow.rebase(ratio);
        }
    }
}
