//! Follows a close outside the Bollinger bands until the price is back at their middle.

use crate::indicator::{Bands, Bollinger, Indicator};
use crate::{
    DIRECTION, EQUITY_PERCENT, Entry, Mistake, NOTIONAL_USD, ParamSpec, Params, QUANTITY, Stance,
    Trading,
};
use kernel::{Intents, MarketData, Quantity, Ratio, Reading, Strategy, SymbolId, Symbols, View};

pub(crate) const ENTRY: Entry = Entry {
    name: "bollinger-breakout",
    summary: "Buys a close above the upper Bollinger band, closes when the price is back at the \
              middle.",
    params: &[
        ParamSpec::integer("period", "20", (2, 10_000), "bars", "Window of mean and deviation."),
        ParamSpec::decimal(
            "deviations",
            "2",
            (0.1, 10.0),
            "standard deviations",
            "Distance of the bands from the mean.",
        ),
        QUANTITY,
        NOTIONAL_USD,
        EQUITY_PERCENT,
        DIRECTION,
    ],
    build,
};

struct BollingerBreakout {
    symbols: Vec<Bollinger>,
    period: usize,
    trading: Trading,
}

fn build(params: &Params, symbols: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let period = params.period("period")?;
    let bands = Bollinger::new(period, params.decimal("deviations")?);
    Ok(Box::new(BollingerBreakout {
        symbols: vec![bands; symbols.len()],
        period: period.get(),
        trading: Trading::from_params(params)?,
    }))
}

fn stance(close: f64, bands: Bands, held: Quantity) -> Option<Stance> {
    if close > bands.upper {
        Some(Stance::Long)
    } else if close < bands.lower {
        Some(Stance::Short)
    } else {
        let back = (held.is_positive() && close <= bands.middle)
            || (held.is_negative() && close >= bands.middle);
        back.then_some(Stance::Flat)
    }
}

impl Strategy for BollingerBreakout {
    fn observe(&mut self, data: &MarketData) {
        let MarketData::Bar(bar) = data else { return };
        if let Some(bands) = self.symbols.get_mut(bar.symbol.index()) {
            bands.update(bar.close);
        }
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let Some(bands) = self.symbols.get(bar.symbol.index()).and_then(Bollinger::value) else {
            return;
        };
        let held = view.position(bar.symbol).quantity;
        if let Some(stance) = stance(bar.close.to_f64(), bands, held) {
            self.trading.toward(stance, bar, view, intents);
        }
    }

    fn warmup_bars(&self) -> usize {
        self.period
    }

    fn reset(&mut self) {
        self.symbols.iter_mut().for_each(Bollinger::reset);
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        if let Some(bands) = self.symbols.get_mut(symbol.index()) {
            bands.rebase(ratio);
        }
    }

    fn readings(&self, symbol: SymbolId) -> Vec<Reading> {
        let bands = self.symbols.get(symbol.index()).and_then(Bollinger::value);
        vec![
            Reading::new("lower", bands.map(|bands| bands.lower)),
            Reading::new("middle", bands.map(|bands| bands.middle)),
            Reading::new("upper", bands.map(|bands| bands.upper)),
        ]
    }
}
