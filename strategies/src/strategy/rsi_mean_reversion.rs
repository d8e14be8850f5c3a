//! Buys what has fallen too fast and sells what has risen too fast.

use crate::indicator::{Indicator, Rsi};
use crate::{
    DIRECTION, EQUITY_PERCENT, Entry, Mistake, NOTIONAL_USD, ParamSpec, Params, QUANTITY, Stance,
    Trading,
};
use kernel::{Intents, MarketData, Ratio, Reading, Strategy, SymbolId, Symbols, View};

pub(crate) const ENTRY: Entry = Entry {
    name: "rsi-mean-reversion",
    summary: "Buys when the relative strength index is oversold, closes when it is overbought.",
    params: &[
        ParamSpec::integer("period", "14", (1, 5_000), "bars", "Changes the index looks back on."),
        ParamSpec::decimal("oversold", "30", (0.0, 100.0), "", "At or below this it buys."),
        ParamSpec::decimal("overbought", "70", (0.0, 100.0), "", "At or above this it sells."),
        QUANTITY,
        NOTIONAL_USD,
        EQUITY_PERCENT,
        DIRECTION,
    ],
    build,
};

struct RsiMeanReversion {
    symbols: Vec<Rsi>,
    period: usize,
    oversold: f64,
    overbought: f64,
    trading: Trading,
}

fn build(params: &Params, symbols: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let period = params.period("period")?;
    let (oversold, overbought) = (params.decimal("oversold")?, params.decimal("overbought")?);
    if oversold >= overbought {
        return Err(Mistake::Conflict(format!(
            "oversold ({oversold}) must be below overbought ({overbought})"
        )));
    }
    Ok(Box::new(RsiMeanReversion {
        symbols: vec![Rsi::new(period); symbols.len()],
        period: period.get(),
        oversold,
        overbought,
        trading: Trading::from_params(params)?,
    }))
}

impl RsiMeanReversion {
    /// Between the two thresholds whatever is held is kept.
    fn stance(&self, index: f64) -> Option<Stance> {
        if index <= self.oversold {
            Some(Stance::Long)
        } else if index >= self.overbought {
            Some(Stance::Short)
        } else {
            None
        }
    }
}

impl Strategy for RsiMeanReversion {
    fn observe(&mut self, data: &MarketData) {
        let MarketData::Bar(bar) = data else { return };
        if let Some(rsi) = self.symbols.get_mut(bar.symbol.index()) {
            rsi.update(bar.close);
        }
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let index = self.symbols.get(bar.symbol.index()).and_then(Rsi::value);
        if let Some(stance) = index.and_then(|index| self.stance(index)) {
            self.trading.toward(stance, bar, view, intents);
        }
    }

    fn warmup_bars(&self) -> usize {
        self.period + 1
    }

    fn reset(&mut self) {
        self.symbols.iter_mut().for_each(Rsi::reset);
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        if let Some(rsi) = self.symbols.get_mut(symbol.index()) {
            rsi.rebase(ratio);
        }
    }

    fn readings(&self, symbol: SymbolId) -> Vec<Reading> {
        let index = self.symbols.get(symbol.index()).and_then(Rsi::value);
        vec![Reading::new("rsi", index)]
    }
}
