//! Trades on what a model says, where it is sure enough.
//!
//! It assumes that the model's probabilities are honest: that of what it calls 60 percent likely, 60 in a
//! hundred come. The model's card says how far that was so on data it had not seen, and what it would have
//! turned over. The model itself runs outside of the kernel; here is only what is done with its word.

use crate::{
    DIRECTION, EQUITY_PERCENT, Entry, Mistake, NOTIONAL_USD, ParamSpec, Params, QUANTITY, Stance,
    Trading,
};
use kernel::{
    Intents, MarketData, Prediction, Probability, Ratio, Reading, Strategy, SymbolId, Symbols,
    Trend, View,
};

pub(crate) const ENTRY: Entry = Entry {
    name: "lstm",
    summary: "Long where a model expects the price to rise and is sure enough of it.",
    params: &[
        ParamSpec::decimal(
            "confidence_percent",
            "50",
            (0.0, 100.0),
            "%",
            "How likely the model must call what it says, at least.",
        ),
        ParamSpec::choice(
            "flat",
            "hold",
            &["hold", "close"],
            "What a word that the price stays where it is does to a position.",
        ),
        QUANTITY,
        NOTIONAL_USD,
        EQUITY_PERCENT,
        DIRECTION,
    ],
    build,
};

struct Lstm {
    least: Probability,
    closes_on_flat: bool,
    trading: Trading,
    /// The newest word on each symbol, for people to read.
    last: Vec<Option<(Trend, Probability)>>,
}

fn build(params: &Params, symbols: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let millionths = (params.decimal("confidence_percent")? * 10_000.0).round() as u32;
    Ok(Box::new(Lstm {
        least: Probability::from_millionths(millionths).unwrap_or(Probability::ONE),
        closes_on_flat: params.choice("flat")? == "close",
        trading: Trading::from_params(params)?,
        last: vec![None; symbols.len()],
    }))
}

impl Lstm {
    fn stance(&self, said: &Prediction) -> Option<Stance> {
        if said.confidence < self.least {
            return None;
        }
        match said.trend {
            Trend::Up => Some(Stance::Long),
            Trend::Down => Some(Stance::Short),
            Trend::Flat => self.closes_on_flat.then_some(Stance::Flat),
        }
    }
}

impl Strategy for Lstm {
    fn observe(&mut self, _: &MarketData) {}

    fn propose(&self, _: &MarketData, _: &View<'_>, _: &mut Intents) {}

    fn listens_to_models(&self) -> bool {
        true
    }

    fn hear(&mut self, said: &Prediction) {
        if let Some(last) = self.last.get_mut(said.symbol.index()) {
            *last = Some((said.trend, said.confidence));
        }
    }

    fn propose_on(&self, said: &Prediction, view: &View<'_>, intents: &mut Intents) {
        let Some(price) = view.last_price(said.symbol) else { return };
        if let Some(stance) = self.stance(said) {
            self.trading.toward_at(stance, said.symbol, price, view, intents);
        }
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn reset(&mut self) {
        self.last.fill(None);
    }

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}

    fn readings(&self, symbol: SymbolId) -> Vec<Reading> {
        let last = self.last.get(symbol.index()).copied().flatten();
        vec![
            Reading::new("trend", last.map(|(trend, _)| trend.as_str())),
            Reading::new("confidence", last.map(|(_, confidence)| confidence)),
        ]
    }
}
