//! What was decided beside orders: the size of an entry, a stop that was met, an order that waits, and what
//! models say.

use super::super::parts::{By, Wish};
use kernel::risk::{Measure, SizedEntry};
use kernel::{
    Cash, Event, OrderNumber, Percent, Price, Probability, Quantity, SCALE, State, SymbolId,
    Timestamp,
};
use serde::Serialize;

/// One of them.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::envelope) enum Decided<'a> {
    /// A model sized an entry.
    Sized(Sized<'a>),
    /// A price met a stop.
    Met { symbol: &'a str, trailing: bool, level: Price, price: Price },
    /// An order waits for the end of a stop.
    Waits {
        #[serde(flatten)]
        by: By<'a>,
        #[serde(flatten)]
        wish: Wish<'a>,
        behind: OrderNumber,
    },
    /// A model has said something.
    Said {
        symbol: &'a str,
        model: &'a str,
        time: Timestamp,
        trend: &'static str,
        confidence_percent: Percent,
        shadow: bool,
        stands_in_for: Option<&'a str>,
        latency_us: i64,
    },
    /// A model said nothing that can be used.
    Missed { symbol: &'a str, model: &'a str, time: Timestamp, reason: &'a str },
    /// What a model said is over.
    Expired { symbol: &'a str, model: &'a str },
}

impl<'a> Decided<'a> {
    /// The payload of such an event; `None` for any other.
    pub(in crate::envelope) fn of(event: &'a Event, state: &'a State) -> Option<Self> {
        let name = |symbol: SymbolId| state.symbols().name(symbol);
        match event {
            Event::PredictionTaken(said) => Some(Self::Said {
                symbol: name(said.symbol),
                model: &said.model,
                time: said.time,
                trend: said.trend.as_str(),
                confidence_percent: percent(said.confidence),
                shadow: said.shadow,
                stands_in_for: said.stands_in_for.as_deref(),
                latency_us: said.latency.nanos() / 1000,
            }),
            Event::PredictionMissed(missed) => Some(Self::Missed {
                symbol: name(missed.symbol),
                model: &missed.model,
                time: missed.time,
                reason: &missed.reason,
            }),
            Event::PredictionExpired { symbol, model } => {
                Some(Self::Expired { symbol: name(*symbol), model })
            }
            Event::StopMet { symbol, trailing, level, price } => {
                let symbol = state.symbols().name(*symbol);
                Some(Self::Met { symbol, trailing: *trailing, level: *level, price: *price })
            }
            Event::IntentWaits { origin, intent, behind, .. } => Some(Self::Waits {
                by: By::of(*origin, state),
                wish: Wish::of(intent, state),
                behind: *behind,
            }),
            _ => Sized::of(event, state).map(Self::Sized),
        }
    }
}

fn percent(probability: Probability) -> Percent {
    Percent::from_nanos(i64::from(probability.millionths()) * (SCALE / 10_000))
}

/// What an entry was asked for, and what a model made of it.
#[derive(Debug, Serialize)]
pub(in crate::envelope) struct Sized<'a> {
    #[serde(flatten)]
    by: By<'a>,
    symbol: &'a str,
    side: &'static str,
    asked_quantity: Option<Quantity>,
    asked_notional: Option<Cash>,
    asked_equity_percent: Option<Percent>,
    model: &'static str,
    equity: Cash,
    price: Price,
    stop: Option<Price>,
    assumed_distance: Option<Price>,
    true_range: Option<Price>,
    volatility_percent: Option<Percent>,
    budget: Cash,
    per_share: Price,
    quantity: Quantity,
}

impl<'a> Sized<'a> {
    /// The payload of [`Event::EntrySized`]; `None` for any other.
    fn of(event: &Event, state: &'a State) -> Option<Self> {
        let Event::EntrySized { origin, symbol, side, asked, sized } = event else { return None };
        let SizedEntry { model, equity, price, measure, budget, per_share, shares } = *sized;
        let of = |pick: fn(Measure) -> Option<Price>| measure.and_then(pick);
        Some(Self {
            by: By::of(*origin, state),
            symbol: state.symbols().name(*symbol),
            side: side.as_str(),
            asked_quantity: asked.shares(),
            asked_notional: asked.notional(),
            asked_equity_percent: asked.equity_share(),
            model: model.as_str(),
            equity,
            price,
            stop: of(|measure| match measure {
                Measure::Stop(stop) => Some(stop),
                _ => None,
            }),
            assumed_distance: of(|measure| match measure {
                Measure::Assumed(distance) => Some(distance),
                _ => None,
            }),
            true_range: of(|measure| match measure {
                Measure::Range(range) => Some(range),
                _ => None,
            }),
            volatility_percent: match measure {
                Some(Measure::Volatility(volatility)) => Some(volatility),
                _ => None,
            },
            budget,
            per_share,
            quantity: shares,
        })
    }
}
