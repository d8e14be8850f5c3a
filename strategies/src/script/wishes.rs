//! What a script may ask for.

use crate::to_quantity;
use kernel::{
    Intents, OrderKind, Percent, Price, Quantity, SCALE, Side, StopLoss, SymbolId, Trail, View,
};
use rhai::{Engine, EvalAltResult};

/// What a script would like done in the symbol of its bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wish {
    /// An order, for the day.
    Order(Side, Quantity, OrderKind),
    /// A stop until it is cancelled.
    Stop(Side, Quantity, Price),
    /// An entry at the market with both exits.
    Bracket(Side, Quantity, Price, Price),
    /// A trailing stop until it is cancelled.
    Trail(Side, Quantity, Percent),
    /// The close of the position, at the market.
    Close,
    /// The end of every open order.
    Cancel,
}

impl Wish {
    /// Turns it into intents. One that no broker takes is denied by risk, with its reason.
    pub(super) fn propose(self, symbol: SymbolId, view: &View<'_>, intents: &mut Intents) {
        match self {
            Wish::Order(side, quantity, kind) => intents.submit(symbol, side, quantity, kind),
            Wish::Stop(side, quantity, stop) => intents.stop(symbol, side, quantity, stop),
            Wish::Bracket(side, quantity, profit, stop) => {
                let loss = StopLoss::at(stop);
                intents.bracket(symbol, side, quantity, OrderKind::Market, profit, loss);
            }
            Wish::Trail(side, quantity, percent) => {
                intents.trailing_stop(symbol, side, quantity, Trail::Percent(percent));
            }
            Wish::Close => close(symbol, view, intents),
            Wish::Cancel => {
                view.open_orders(symbol).for_each(|order| intents.cancel(order.number));
            }
        }
    }
}

/// A fraction of a share stays: it cannot always be sold.
fn close(symbol: SymbolId, view: &View<'_>, intents: &mut Intents) {
    let held = view.position(symbol).quantity;
    let shares = held.abs().whole();
    if shares.is_positive() {
        let side = if held.is_positive() { Side::Sell } else { Side::Buy };
        intents.market(symbol, side, shares);
    }
}

type Answer = Result<Wish, Box<EvalAltResult>>;

/// Makes the functions known that a script asks with.
pub(super) fn register(engine: &mut Engine) {
    for (name, side) in [("buy", Side::Buy), ("sell", Side::Sell)] {
        let order = move |size: f64, kind| Ok(Wish::Order(side, shares(size)?, kind));
        engine
            .register_fn(name, move |size: i64| -> Answer { order(size as f64, OrderKind::Market) })
            .register_fn(name, move |size: f64| -> Answer { order(size, OrderKind::Market) });
        engine.register_fn(format!("{name}_limit"), move |size: f64, limit: f64| -> Answer {
            order(size, OrderKind::Limit { limit: price(limit)? })
        });
        engine.register_fn(format!("{name}_limit"), move |size: i64, limit: f64| -> Answer {
            order(size as f64, OrderKind::Limit { limit: price(limit)? })
        });
        engine.register_fn(format!("{name}_stop"), move |size: i64, stop: f64| -> Answer {
            Ok(Wish::Stop(side, shares(size as f64)?, price(stop)?))
        });
        engine.register_fn(format!("{name}_stop"), move |size: f64, stop: f64| -> Answer {
            Ok(Wish::Stop(side, shares(size)?, price(stop)?))
        });
        engine.register_fn(
            format!("{name}_bracket"),
            move |size: i64, profit: f64, loss: f64| -> Answer {
                Ok(Wish::Bracket(side, shares(size as f64)?, price(profit)?, price(loss)?))
            },
        );
        engine.register_fn(format!("{name}_trail"), move |size: i64, percent: f64| -> Answer {
            Ok(Wish::Trail(side, shares(size as f64)?, per_cent(percent)?))
        });
    }
    engine.register_fn("close", || Wish::Close).register_fn("cancel", || Wish::Cancel);
}

fn shares(size: f64) -> Result<Quantity, Box<EvalAltResult>> {
    to_quantity(size).map_err(|error| error.to_string().into())
}

/// The nearest price on the tick.
fn price(usd: f64) -> Result<Price, Box<EvalAltResult>> {
    let nanos = usd * SCALE as f64;
    if !nanos.is_finite() || nanos <= 0.0 || nanos >= i64::MAX as f64 {
        return Err(format!("{usd} USD is no price").into());
    }
    Ok(Price::from_nanos(nanos.round() as i64).to_tick(kernel::Rounding::HalfEven))
}

fn per_cent(percent: f64) -> Result<Percent, Box<EvalAltResult>> {
    let nanos = percent * SCALE as f64;
    if !nanos.is_finite() || nanos <= 0.0 || nanos > 100.0 * SCALE as f64 {
        return Err(format!("{percent} is no percentage").into());
    }
    Ok(Percent::from_nanos(nanos.round() as i64))
}
