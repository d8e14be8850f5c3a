//! Votes of other strategies and of models: nothing is done that too few of them want.
//!
//! Each member is asked with the account as it is, and what it would propose is its vote: an entry, or to
//! leave; one that proposes nothing is content. It is assumed
//!
//! - that members err on their own: two that look at the same prices in the same way count as one and
//!   vote as two;
//! - that a vote is worth the same whoever gives it, beside its weight, and however sure it is; a model's
//!   counts where it is sure enough;
//! - that leaving is worth as many votes as entering: what one member would have left long ago is held
//!   until enough of them would.
//!
//! Votes are counted when a model has spoken. Where none has spoken of the bar before, because it failed,
//! has drifted or needs more bars, they are counted on the bar, so that the rules go on without it.

use super::{bollinger_breakout, macd_trend, rsi_mean_reversion, sma_crossover};
use crate::{
    DIRECTION, EQUITY_PERCENT, Entry, Mistake, NOTIONAL_USD, ParamSpec, Params, QUANTITY, Stance,
    Trading,
};
use kernel::{
    Bar, Intent, Intents, MarketData, Prediction, Probability, Quantity, Ratio, Reading, Side,
    Strategy, SymbolId, Symbols, Trend, View,
};
use std::collections::BTreeMap;

const VOTES: (i64, i64) = (0, 100);

pub(crate) const ENTRY: Entry = Entry {
    name: "ensemble",
    summary: "Enters and leaves where enough of other strategies and of models want to.",
    params: &[
        ParamSpec::integer("needed", "2", (1, 1000), "votes", "As many enter, and as many leave."),
        ParamSpec::integer("sma_crossover", "1", VOTES, "votes", "Those of sma-crossover."),
        ParamSpec::integer("macd_trend", "1", VOTES, "votes", "Those of macd-trend."),
        ParamSpec::integer(
            "rsi_mean_reversion",
            "0",
            VOTES,
            "votes",
            "Those of rsi-mean-reversion.",
        ),
        ParamSpec::integer(
            "bollinger_breakout",
            "0",
            VOTES,
            "votes",
            "Those of bollinger-breakout.",
        ),
        ParamSpec::integer("models", "1", VOTES, "votes", "Those of each model that is run."),
        ParamSpec::decimal(
            "confidence_percent",
            "50",
            (0.0, 100.0),
            "%",
            "How likely a model must call what it says, at least.",
        ),
        QUANTITY,
        NOTIONAL_USD,
        EQUITY_PERCENT,
        DIRECTION,
    ],
    build,
};

/// The strategies that may vote, with the parameter that gives them their votes.
const MEMBERS: [(&str, &Entry); 4] = [
    ("sma_crossover", &sma_crossover::ENTRY),
    ("macd_trend", &macd_trend::ENTRY),
    ("rsi_mean_reversion", &rsi_mean_reversion::ENTRY),
    ("bollinger_breakout", &bollinger_breakout::ENTRY),
];

struct Ensemble {
    members: Vec<Member>,
    needed: i64,
    /// Of each model.
    models: i64,
    least: Probability,
    trading: Trading,
    seen: Vec<Seen>,
}

struct Member {
    strategy: Box<dyn Strategy>,
    votes: i64,
}

/// Bars without a word from which on votes are counted without one: a model speaks soon after each bar, so
/// that of the last one it may still do so.
const SILENT: u32 = 2;

/// What there is of a symbol.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// The newest bar, which members are asked about.
    last: Option<Bar>,
    /// Bars since a model has spoken.
    unheard: u32,
}

/// Votes for the next order of a symbol.
#[derive(Default)]
struct Count {
    buy: i64,
    sell: i64,
}

fn build(params: &Params, symbols: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let direction = params.choice(DIRECTION.name)?;
    let mut members = Vec::new();
    for (name, entry) in MEMBERS {
        let votes = params.integer(name)?;
        if votes > 0 {
            let own = BTreeMap::from([(DIRECTION.name.to_owned(), direction.to_owned())]);
            let built = entry.create(&own, symbols);
            let (strategy, _) = built.map_err(|error| Mistake::Conflict(error.to_string()))?;
            members.push(Member { strategy, votes });
        }
    }
    let (needed, models) = (params.integer("needed")?, params.integer("models")?);
    let most = members.iter().map(|member| member.votes).sum::<i64>() + models;
    if needed > most {
        let text = format!("needed ({needed}) must not be above all votes there are ({most})");
        return Err(Mistake::Conflict(text));
    }
    let millionths = (params.decimal("confidence_percent")? * 10_000.0).round() as u32;
    Ok(Box::new(Ensemble {
        members,
        needed,
        models,
        least: Probability::from_millionths(millionths).unwrap_or(Probability::ONE),
        trading: Trading::from_params(params)?,
        seen: vec![Seen::default(); symbols.len()],
    }))
}

impl Count {
    fn add(&mut self, side: Side, votes: i64) {
        match side {
            Side::Buy => self.buy += votes,
            Side::Sell => self.sell += votes,
        }
    }

    /// Where enough votes lead, from what is held; `None` where they lead nowhere else.
    fn stance(&self, needed: i64, held: Quantity) -> Option<Stance> {
        let side = match self.buy.cmp(&self.sell) {
            std::cmp::Ordering::Greater if self.buy >= needed => Side::Buy,
            std::cmp::Ordering::Less if self.sell >= needed => Side::Sell,
            _ => return None,
        };
        Some(match side {
            Side::Buy if held.is_negative() => Stance::Flat,
            Side::Sell if held.is_positive() => Stance::Flat,
            Side::Buy => Stance::Long,
            Side::Sell => Stance::Short,
        })
    }
}

impl Ensemble {
    fn decide(&self, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        let symbol = bar.symbol;
        if view.has_open_order(symbol) {
            return;
        }
        let mut count = Count::default();
        let data = MarketData::Bar(*bar);
        for Member { strategy, votes } in &self.members {
            let mut wants = Intents::default();
            strategy.propose(&data, view, &mut wants);
            if let Some(Intent::Submit(order)) = wants.as_slice().first() {
                count.add(order.side, *votes);
            }
        }
        for said in view.predictions(symbol).filter(|said| said.confidence >= self.least) {
            match said.trend {
                Trend::Up => count.add(Side::Buy, self.models),
                Trend::Down => count.add(Side::Sell, self.models),
                Trend::Flat => {}
            }
        }
        if let Some(stance) = count.stance(self.needed, view.position(symbol).quantity) {
            self.trading.toward(stance, bar, view, intents);
        }
    }
}

impl Strategy for Ensemble {
    fn observe(&mut self, data: &MarketData) {
        self.members.iter_mut().for_each(|member| member.strategy.observe(data));
        if let MarketData::Bar(bar) = data
            && let Some(seen) = self.seen.get_mut(bar.symbol.index())
        {
            *seen = Seen { last: Some(*bar), unheard: seen.unheard.saturating_add(1) };
        }
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let unheard = self.seen.get(bar.symbol.index()).map_or(0, |seen| seen.unheard);
        if self.models == 0 || unheard >= SILENT {
            self.decide(bar, view, intents);
        }
    }

    fn listens_to_models(&self) -> bool {
        self.models > 0
    }

    fn hear(&mut self, said: &Prediction) {
        if let Some(seen) = self.seen.get_mut(said.symbol.index()) {
            seen.unheard = 0;
        }
    }

    fn propose_on(&self, said: &Prediction, view: &View<'_>, intents: &mut Intents) {
        // Where models have no vote it has decided on the bar.
        if let Some(bar) = self.seen.get(said.symbol.index()).and_then(|seen| seen.last)
            && self.models > 0
        {
            self.decide(&bar, view, intents);
        }
    }

    fn warmup_bars(&self) -> usize {
        self.members.iter().map(|member| member.strategy.warmup_bars()).max().unwrap_or(0)
    }

    fn reset(&mut self) {
        self.members.iter_mut().for_each(|member| member.strategy.reset());
        self.seen.fill(Seen::default());
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        self.members.iter_mut().for_each(|member| member.strategy.rebase(symbol, ratio));
        if let Some(seen) = self.seen.get_mut(symbol.index()) {
            // Of the old shares; the next bar takes its place.
            seen.last = None;
        }
    }

    fn readings(&self, symbol: SymbolId) -> Vec<Reading> {
        self.members.iter().flat_map(|member| member.strategy.readings(symbol)).collect()
    }
}
