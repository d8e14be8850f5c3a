//! What was decided beside orders: the size of an entry, a stop that was met, an order that waits.

use super::super::parts::{By, Wish};
use kernel::risk::{Measure, SizedEntry};
use kernel::{Cash, Event, OrderNumber, Percent, Price, Quantity, State};
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
}

impl<'a> Decided<'a> {
    /// The payload of such an event; `None` for any other.
    pub(in crate::envelope) fn of(event: &Event, state: &'a State) -> Option<Self> {
        match event {
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
