//! The arithmetic of an entry's size.

use super::super::parts::By;
use kernel::risk::{Measure, SizedEntry};
use kernel::{Cash, Event, Percent, Price, Quantity, State};
use serde::Serialize;

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
    pub(in crate::envelope) fn of(event: &Event, state: &'a State) -> Option<Box<Self>> {
        let Event::EntrySized { origin, symbol, side, asked, sized } = event else { return None };
        let SizedEntry { model, equity, price, measure, budget, per_share, shares } = *sized;
        let of = |pick: fn(Measure) -> Option<Price>| measure.and_then(pick);
        Some(Box::new(Self {
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
        }))
    }
}
