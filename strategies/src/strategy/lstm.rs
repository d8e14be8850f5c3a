//! Trades on what a model says, where it is sure enough.
//!
//! It assumes that the model's probabilities are honest: that of what it calls 60 percent likely, 60 in a
//! hundred come. The model's card says how far that was so on data it had not seen, and what it would have
//! turned over. The model itself runs outside of the kernel; here is only what is done with its word.
//!
//! Nobody listens to a model that has drifted. Where no other takes over, what it has led to is closed, or a
//! strategy of rules trades on: a position is not left to a word that nobody gives any more.

use super::{bollinger_breakout, macd_trend, rsi_mean_reversion, sma_crossover};
use crate::{
    DIRECTION, EQUITY_PERCENT, Entry, Mistake, NOTIONAL_USD, ParamSpec, Params, QUANTITY, Stance,
    Trading,
};
use kernel::{
    Intents, MarketData, Prediction, Probability, Ratio, Reading, Strategy, SymbolId, Symbols,
    Trend, View,
};
use std::collections::BTreeMap;

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
        ParamSpec::choice(
            "after_drift",
            "close",
            &[
                "close",
                "hold",
                "sma-crossover",
                "macd-trend",
                "rsi-mean-reversion",
                "bollinger-breakout",
            ],
            "What is done once the model has drifted and no other takes over: a strategy trades on.",
        ),
        QUANTITY,
        NOTIONAL_USD,
        EQUITY_PERCENT,
        DIRECTION,
    ],
    build,
};

/// The strategies that may trade on.
const RULES: [&Entry; 4] = [
    &sma_crossover::ENTRY,
    &macd_trend::ENTRY,
    &rsi_mean_reversion::ENTRY,
    &bollinger_breakout::ENTRY,
];

/// Bars without a word after a drift from which on no other model is waited for: of the last one it may
/// still speak.
const SILENT: u32 = 2;

struct Lstm {
    least: Probability,
    closes_on_flat: bool,
    trading: Trading,
    after_drift: AfterDrift,
    seen: Vec<Seen>,
}

/// What is done once the model has drifted and no other takes over.
enum AfterDrift {
    Close,
    Hold,
    Rule(Box<dyn Strategy>),
}

/// What there is of a symbol.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// The newest word, for people to read.
    last: Option<(Trend, Probability)>,
    /// Bars since a model has spoken.
    unheard: u32,
}

fn build(params: &Params, symbols: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let millionths = (params.decimal("confidence_percent")? * 10_000.0).round() as u32;
    Ok(Box::new(Lstm {
        least: Probability::from_millionths(millionths).unwrap_or(Probability::ONE),
        closes_on_flat: params.choice("flat")? == "close",
        trading: Trading::from_params(params)?,
        after_drift: after_drift(params, symbols)?,
        seen: vec![Seen::default(); symbols.len()],
    }))
}

/// A strategy that trades on sizes as this one does.
fn after_drift(params: &Params, symbols: &Symbols) -> Result<AfterDrift, Mistake> {
    let name = params.choice("after_drift")?;
    let Some(entry) = RULES.iter().find(|entry| entry.name == name) else {
        return Ok(if name == "close" { AfterDrift::Close } else { AfterDrift::Hold });
    };
    let own = BTreeMap::from([
        (DIRECTION.name.to_owned(), params.choice(DIRECTION.name)?.to_owned()),
        (QUANTITY.name.to_owned(), params.integer(QUANTITY.name)?.to_string()),
        (NOTIONAL_USD.name.to_owned(), params.decimal(NOTIONAL_USD.name)?.to_string()),
        (EQUITY_PERCENT.name.to_owned(), params.decimal(EQUITY_PERCENT.name)?.to_string()),
    ]);
    let built = entry.create(&own, symbols);
    let (strategy, _) = built.map_err(|error| Mistake::Conflict(error.to_string()))?;
    Ok(AfterDrift::Rule(strategy))
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
    fn observe(&mut self, data: &MarketData) {
        if let AfterDrift::Rule(rule) = &mut self.after_drift {
            rule.observe(data);
        }
        if let MarketData::Bar(bar) = data
            && let Some(seen) = self.seen.get_mut(bar.symbol.index())
        {
            seen.unheard = seen.unheard.saturating_add(1);
        }
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let unheard = self.seen.get(bar.symbol.index()).map_or(0, |seen| seen.unheard);
        if unheard < SILENT || !view.a_model_has_drifted() {
            return;
        }
        match &self.after_drift {
            AfterDrift::Close => self.trading.toward(Stance::Flat, bar, view, intents),
            AfterDrift::Hold => {}
            AfterDrift::Rule(rule) => rule.propose(data, view, intents),
        }
    }

    fn listens_to_models(&self) -> bool {
        true
    }

    fn hear(&mut self, said: &Prediction) {
        if let Some(seen) = self.seen.get_mut(said.symbol.index()) {
            *seen = Seen { last: Some((said.trend, said.confidence)), unheard: 0 };
        }
    }

    fn propose_on(&self, said: &Prediction, view: &View<'_>, intents: &mut Intents) {
        let Some(price) = view.last_price(said.symbol) else { return };
        if let Some(stance) = self.stance(said) {
            self.trading.toward_at(stance, said.symbol, price, view, intents);
        }
    }

    fn warmup_bars(&self) -> usize {
        match &self.after_drift {
            AfterDrift::Close | AfterDrift::Hold => 0,
            AfterDrift::Rule(rule) => rule.warmup_bars(),
        }
    }

    fn reset(&mut self) {
        self.seen.fill(Seen::default());
        if let AfterDrift::Rule(rule) = &mut self.after_drift {
            rule.reset();
        }
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        if let AfterDrift::Rule(rule) = &mut self.after_drift {
            rule.rebase(symbol, ratio);
        }
    }

    fn readings(&self, symbol: SymbolId) -> Vec<Reading> {
        let last = self.seen.get(symbol.index()).and_then(|seen| seen.last);
        vec![
            Reading::new("trend", last.map(|(trend, _)| trend.as_str())),
            Reading::new("confidence", last.map(|(_, confidence)| confidence)),
        ]
    }
}
