//! How much worse than the market a taker's price is.

use super::Exchange;
use crate::config::Impact;
use kernel::{BasisPoints, Price, Quantity, Rounding, SCALE, Side, SymbolId, Volume};

impl Exchange {
    /// The taker's price after slippage: on the tick, against the taker, within the limit.
    pub(super) fn slipped(
        &self,
        symbol: SymbolId,
        side: Side,
        price: Price,
        limit: Option<Price>,
    ) -> Price {
        let fills = &self.config.fills;
        let by_share = fills.slippage_usd;
        if fills.slippage == BasisPoints::new(0) && by_share == Price::ZERO {
            return price;
        }
        let moved = price.shifted(fills.slippage, Rounding::Up);
        let distance = moved.and_then(|moved| moved.checked_sub(price)?.checked_add(by_share));
        self.worsened((symbol, side), price, limit, distance.unwrap_or(Price::ZERO))
    }

    /// The taker's price after what its own size does to it, in a market that has traded or shows so
    /// much.
    pub(super) fn impacted(
        &self,
        of: (SymbolId, Side),
        price: Price,
        limit: Option<Price>,
        (qty, depth): (Quantity, Volume),
    ) -> Price {
        let impact = self.config.fills.impact;
        if impact == Impact::None {
            return price;
        }
        self.worsened(of, price, limit, distance(impact, price, share(qty, depth)))
    }

    fn worsened(
        &self,
        (symbol, side): (SymbolId, Side),
        price: Price,
        limit: Option<Price>,
        distance: Price,
    ) -> Price {
        let tick = self.asset(symbol).map_or_else(|| price.tick(), |asset| asset.tick(price));
        let (moved, away) = match side {
            Side::Buy => (price.checked_add(distance), Rounding::Up),
            Side::Sell => (price.checked_sub(distance), Rounding::Down),
        };
        let moved = moved.and_then(|moved| on_tick(moved, tick, away));
        let moved = moved.filter(|moved| moved.is_positive()).unwrap_or(price);
        match (side, limit) {
            (Side::Buy, Some(limit)) => moved.min(limit),
            (Side::Sell, Some(limit)) => moved.max(limit),
            (Side::Buy | Side::Sell, None) => moved,
        }
    }
}

/// What share of a volume a quantity is, in billionths; all of it where there is none.
fn share(qty: Quantity, depth: Volume) -> u128 {
    const ALL: u128 = SCALE.unsigned_abs() as u128;
    let qty = u128::from(qty.nanos().unsigned_abs());
    (qty * ALL).checked_div(depth.nanos()).map_or(ALL, |share| share.min(ALL))
}

/// How far a share of the volume moves a price, rounded up.
fn distance(impact: Impact, price: Price, share: u128) -> Price {
    const ALL: u128 = SCALE.unsigned_abs() as u128;
    let (points, factor) = match impact {
        Impact::None => return Price::ZERO,
        Impact::VolumeShare(points) => (points, share * share / ALL),
        Impact::SquareRoot(points) => (points, (share * ALL).isqrt()),
    };
    let whole = price.shifted(points, Rounding::Up).and_then(|moved| moved.checked_sub(price));
    let whole = i128::from(whole.unwrap_or(Price::ZERO).nanos());
    let factor = i128::try_from(factor).unwrap_or(0);
    let nanos = Rounding::Up.divide(whole * factor, i128::from(SCALE));
    i64::try_from(nanos).map_or(Price::ZERO, Price::from_nanos)
}

/// The nearest price on a tick in the direction said.
fn on_tick(price: Price, tick: Price, rounding: Rounding) -> Option<Price> {
    let tick = i128::from(tick.nanos().max(1));
    let nanos = rounding.divide(i128::from(price.nanos()), tick).checked_mul(tick)?;
    i64::try_from(nanos).ok().map(Price::from_nanos)
}
