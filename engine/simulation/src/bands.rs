//! The venue's price bands, as the process was told of them.

use crate::Violation;
use kernel::{Input, Luld, Order, State, SymbolId};
use std::collections::BTreeMap;

/// The newest of each symbol.
#[derive(Debug, Default)]
pub(crate) struct Bands(BTreeMap<SymbolId, Luld>);

impl Bands {
    /// An input is about to be taken.
    pub(crate) fn before(&mut self, input: &Input) {
        if let Input::Luld(bands) = input {
            self.0.insert(bands.symbol, *bands);
        }
    }

    /// Another process goes on: what was said and not synced may be gone.
    pub(crate) fn recovered(&mut self, state: &State) {
        self.0.retain(|symbol, bands| state.price_bands(*symbol) == Some(bands));
    }

    /// Prices that an order names lie inside the bands, which hold for a day's session.
    pub(crate) fn judge(&self, order: &Order, state: &State) -> Result<(), Violation> {
        let holds = |bands: &&Luld| {
            let day = state.day().map(|day| day.hours);
            day.is_some_and(|day| day.extended_open <= bands.time && state.now() < day.close)
        };
        let Some(bands) = self.0.get(&order.symbol).filter(holds) else { return Ok(()) };
        let prices = [order.kind.limit(), order.kind.stop()].into_iter().flatten();
        match prices.into_iter().all(|price| bands.lower <= price && price <= bands.upper) {
            true => Ok(()),
            false => Err(Violation::Limit { order: order.number, what: "the venue's price bands" }),
        }
    }
}
