//! How much of each limit is used now.

use super::limits::Limit;
use crate::state::Whose;
use crate::{Cash, Rounding, SCALE, Span, State, SymbolId};
use serde::Serialize;

/// One limit and its use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Its key; that of a strategy or symbol with the layer before it.
    pub key: String,
    /// Its unit.
    pub unit: &'static str,
    /// The limit as it is written: a number, or `off`.
    pub limit: String,
    /// What is used, in the same unit; `None` for what is looked at order by order.
    pub used: Option<String>,
}

/// Every limit of a session with its use: those of the account, then those of strategies and
/// symbols of their own.
pub fn usage(state: &State) -> Vec<Usage> {
    let limits = state.limits();
    let number = |nanos: i64| Cash::from_nanos(nanos).to_string();
    let account = Limit::all().map(|limit| Usage {
        key: limit.key.into(),
        unit: limit.unit,
        limit: limit.text(limits),
        used: used(state, limit.key).map(number),
    });
    let layers = [("strategies", &limits.scopes.strategies), ("symbols", &limits.scopes.symbols)];
    let layers = layers.into_iter().flat_map(|(kind, layers)| {
        let own = layers.iter().flat_map(|(name, layer)| layer.iter().map(move |own| (name, own)));
        own.map(move |(name, (key, nanos))| Usage {
            key: format!("{kind}.{name}.{key}"),
            unit: Limit::find(key).map_or("", |limit| limit.unit),
            limit: number(nanos),
            used: None,
        })
    });
    account.chain(layers).collect()
}

/// What is used of a limit of the account, in billionths of its unit.
fn used(state: &State, key: &str) -> Option<i64> {
    let count = |count: u32| Some(i64::from(count) * SCALE);
    let today = || state.spent_today(Whose::Account);
    match key {
        "max_position_notional_usd" => Some(largest(state)?.nanos()),
        "max_symbol_concentration_percent" => percent(state, largest(state)?),
        "max_sector_concentration_percent" => percent(state, of_sectors(state)?),
        "max_correlated_exposure_percent" => percent(state, of_groups(state)?),
        "max_gross_exposure_percent" => percent(state, exposure(state, |_| true)?),
        "max_net_exposure_percent" => percent(state, net(state, |_| true)?),
        "max_leverage" => Some(percent(state, exposure(state, |_| true)?)? / 100),
        "max_positions" => i64::try_from(state.held().count()).ok().map(|count| count * SCALE),
        "max_orders_per_minute" => count(state.orders_in_last_minute(Whose::Account)),
        "max_orders_per_day" => count(today().orders),
        "max_notional_per_day_usd" => Some(today().notional.nanos()),
        "max_round_trips_per_day" => count(state.round_trips_today()),
        "daily_drawdown_percent" => lost(state, state.day()?.starting_equity).map(|(_, part)| part),
        "max_daily_loss_usd" => lost(state, state.day()?.starting_equity).map(|(usd, _)| usd),
        "total_drawdown_percent" => lost(state, state.high_water()?).map(|(_, part)| part),
        "min_margin_equity_usd" => Some(state.equity().nanos()),
        "stop_guard_stops" => count(state.stops_within(state.limits().stop_guard_window?)),
        "breaker_failures" => count(state.failures_in_a_row()),
        "breaker_silence_s" => Some(state.out_of_reach_for().map_or(0, Span::nanos)),
        _ => None,
    }
}

/// What a symbol is worth with every open order that grows it filled.
fn of_symbol(state: &State, symbol: SymbolId) -> Option<Cash> {
    let open = state.live_orders().filter(|order| order.grows && order.symbol == symbol);
    let held = state.market_value(symbol)?.abs();
    open.into_iter().try_fold(held, |sum, order| sum.checked_add(order.reserved))
}

fn largest(state: &State) -> Option<Cash> {
    let mut all = state.symbols().ids().map(|symbol| of_symbol(state, symbol));
    all.try_fold(Cash::ZERO, |most, value| Some(most.max(value?)))
}

fn exposure(state: &State, counts: impl Fn(SymbolId) -> bool) -> Option<Cash> {
    let mut picked = state.symbols().ids().filter(|symbol| counts(*symbol));
    picked.try_fold(Cash::ZERO, |sum, symbol| sum.checked_add(of_symbol(state, symbol)?))
}

/// Long less short, or short less long, of what is held.
fn net(state: &State, counts: impl Fn(SymbolId) -> bool) -> Option<Cash> {
    let mut picked = state.held().filter(|symbol| counts(*symbol));
    picked
        .try_fold(Cash::ZERO, |sum, symbol| sum.checked_add(state.market_value(symbol)?))
        .map(Cash::abs)
}

fn of_sectors(state: &State) -> Option<Cash> {
    let most = u16::try_from(state.limits().scopes.sectors.len()).ok()?;
    (0..=most).try_fold(Cash::ZERO, |held, sector| {
        Some(held.max(exposure(state, |symbol| state.marks(symbol).sector == sector)?))
    })
}

fn of_groups(state: &State) -> Option<Cash> {
    let most = state.limits().scopes.correlated.len().min(64);
    (0..most).try_fold(Cash::ZERO, |held, group| {
        Some(held.max(net(state, |symbol| state.marks(symbol).groups & (1 << group) != 0)?))
    })
}

/// Billionths of a percent of equity.
fn percent(state: &State, value: Cash) -> Option<i64> {
    let equity = state.equity();
    let part = value.proportion(100 * SCALE, equity.nanos().max(0), Rounding::HalfEven);
    part.map(Cash::nanos)
}

/// USD lost since there was so much, and billionths of a percent of it; a gain is none.
fn lost(state: &State, from: Cash) -> Option<(i64, i64)> {
    let lost = from.checked_sub(state.equity())?.max(Cash::ZERO);
    let part = lost.proportion(100 * SCALE, from.nanos(), Rounding::HalfEven)?;
    Some((lost.nanos(), part.nanos()))
}
