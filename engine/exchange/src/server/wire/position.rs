//! The position object.

use crate::{Exchange, PositionRow};
use kernel::{Cash, Price, Quantity, Rounding};
use serde::Serialize;

/// A position. Ratios are fractions: 0.01 is one percent.
/// Source: Alpaca, Trading API 2.0.1, `Position`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PositionJson {
    asset_id: String,
    symbol: String,
    exchange: &'static str,
    asset_class: &'static str,
    asset_marginable: bool,
    qty: Quantity,
    qty_available: Quantity,
    side: &'static str,
    avg_entry_price: Price,
    market_value: Cash,
    cost_basis: Cash,
    unrealized_pl: Cash,
    unrealized_plpc: Cash,
    unrealized_intraday_pl: Cash,
    unrealized_intraday_plpc: Cash,
    current_price: Price,
    lastday_price: Price,
    change_today: Cash,
}

/// The position object of a row. The venue does not keep apart what was opened today, so the
/// intraday figures are those of the whole position.
pub(crate) fn position(row: &PositionRow, exchange: &Exchange) -> PositionJson {
    let asset = exchange.asset(row.symbol);
    let return_on_cost = ratio(row.unrealized_pl.nanos(), row.cost_basis.abs().nanos());
    let last_day = row.lastday_price.unwrap_or(row.current_price);
    let change = row.current_price.nanos() - last_day.nanos();
    PositionJson {
        asset_id: asset.map(|asset| asset.id.clone()).unwrap_or_default(),
        symbol: exchange.symbols().name(row.symbol).into(),
        exchange: super::asset::EXCHANGE,
        asset_class: "us_equity",
        asset_marginable: asset.is_some_and(|asset| asset.rules.marginable),
        qty: row.qty,
        qty_available: row.qty_available,
        side: if row.qty.is_negative() { "short" } else { "long" },
        avg_entry_price: row.avg_entry_price,
        market_value: row.market_value,
        cost_basis: row.cost_basis,
        unrealized_pl: row.unrealized_pl,
        unrealized_plpc: return_on_cost,
        unrealized_intraday_pl: row.unrealized_pl,
        unrealized_intraday_plpc: return_on_cost,
        current_price: row.current_price,
        lastday_price: last_day,
        change_today: ratio(change, last_day.nanos()),
    }
}

/// A fraction with nine digits, half to even; zero when there is nothing to divide by.
fn ratio(numerator: i64, denominator: i64) -> Cash {
    let one = Cash::from_nanos(kernel::SCALE);
    one.proportion(numerator, denominator, Rounding::HalfEven).unwrap_or(Cash::ZERO)
}
