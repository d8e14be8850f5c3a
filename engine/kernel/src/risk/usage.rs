//! How much of each limit is used now.

use super::limits::{Layer, Limit, Marks, Setting, new_york};
use crate::state::Whose;
use crate::{Cash, Origin, Rounding, SCALE, Span, State, StrategyId, SymbolId, Timestamp};
use serde::Serialize;

/// One limit and its use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Its key; that of a strategy or symbol with the layer before it.
    pub key: String,
    /// Its unit.
    pub unit: &'static str,
    /// The limit as it is written: a number, `off`, or a list.
    pub limit: String,
    /// What is used, in the same unit; `None` for what is looked at order by order.
    pub used: Option<String>,
}

/// Every limit of a session with its use: those of the account, what is no figure, then those of
/// strategies and symbols of their own.
pub fn usage(state: &State) -> Vec<Usage> {
    let limits = state.limits();
    let account = Limit::all().map(|limit| Usage {
        key: limit.key.into(),
        unit: limit.unit,
        limit: limit.text(limits),
        used: used(state, Whose::Account, limit.key).map(number),
    });
    let (strategies, symbols) = (&limits.scopes.strategies, &limits.scopes.symbols);
    let of_strategies = strategies.iter().flat_map(|(name, layer)| {
        let whose = of_layer(state, name).map(|place| Whose::Strategy(Origin::Strategy(place)));
        own(state, format!("strategies.{name}"), layer, whose)
    });
    let of_symbols = symbols.iter().flat_map(|(name, layer)| {
        let whose = state.symbols().id(name).map(Whose::Symbol);
        own(state, format!("symbols.{name}"), layer, whose)
    });
    account.chain(settings(state)).chain(of_strategies).chain(of_symbols).collect()
}

fn number(nanos: i64) -> String {
    Cash::from_nanos(nanos).to_string()
}

/// What a layer sets, with its use by whose it is; a layer that nobody of the session is under has none.
fn own(state: &State, name: String, layer: &Layer, whose: Option<Whose>) -> Vec<Usage> {
    let rows = layer.iter().map(|(key, nanos)| Usage {
        key: format!("{name}.{key}"),
        unit: Limit::find(key).map_or("", |limit| limit.unit),
        limit: number(nanos),
        used: whose.and_then(|whose| used(state, whose, key)).map(number),
    });
    rows.collect()
}

/// The strategy that is under a layer: of several the one with the most orders today, for each has the
/// limit to itself.
fn of_layer(state: &State, name: &str) -> Option<StrategyId> {
    let (start, scopes) = (state.session()?, &state.limits().scopes);
    let places = (0_u16..).zip(&start.strategies);
    let under = places.filter(|(place, spec)| scopes.layer_for(usize::from(*place), spec) == name);
    let orders = |id: &StrategyId| state.spent_today(Whose::Strategy(Origin::Strategy(*id))).orders;
    under.map(|(place, _)| StrategyId(place)).max_by_key(orders)
}

/// What is no figure: lists of symbols with how many symbols of the session they keep from growing, hours
/// with the hour it is, and what is done by itself.
fn settings(state: &State) -> impl Iterator<Item = Usage> {
    let kept = |is_kept: fn(Marks) -> bool| {
        let symbols = state.symbols().ids().filter(|symbol| is_kept(state.marks(*symbol)));
        Some(symbols.count().to_string())
    };
    Setting::all().map(move |setting| {
        let (unit, used) = match setting.key {
            "restricted_symbols" => ("symbols kept out", kept(|marks| marks.restricted)),
            "allowed_symbols" => ("symbols kept out", kept(|marks| marks.not_allowed)),
            "trading_windows" => {
                let since_open = state.day().map(|day| state.now().since(day.hours.open));
                ("in New York", since_open.map(new_york))
            }
            _ => ("", None),
        };
        let limit = setting.text(state.limits());
        let used = used.filter(|_| limit != "off");
        Usage { key: setting.key.trim_end_matches('.').into(), unit, limit, used }
    })
}

/// What is used of a limit by those whose it is, in billionths of its unit.
pub(super) fn used(state: &State, whose: Whose, key: &str) -> Option<i64> {
    let count = |count: u32| Some(i64::from(count) * SCALE);
    let today = || state.spent_today(whose);
    match key {
        "max_position_notional_usd" => Some(largest(state, whose)?.nanos()),
        "max_symbol_concentration_percent" => percent(state, whose, largest(state, whose)?),
        "max_sector_concentration_percent" => percent(state, whose, of_sectors(state, whose)?),
        "max_correlated_exposure_percent" => percent(state, whose, of_groups(state, whose)?),
        "max_gross_exposure_percent" => percent(state, whose, exposure(state, whose, |_| true)?),
        "max_net_exposure_percent" => percent(state, whose, net(state, whose, |_| true)?),
        "max_leverage" => Some(percent(state, whose, exposure(state, whose, |_| true)?)? / 100),
        "max_positions" => count(u32::try_from(state.held_of(whose).count()).ok()?),
        "max_orders_per_minute" => count(state.orders_in_last_minute(whose)),
        "max_orders_per_day" => count(today().orders),
        "max_notional_per_day_usd" => Some(today().notional.nanos()),
        "max_round_trips_per_day" => count(state.round_trips_today()),
        "daily_drawdown_percent" => lost(state, state.day()?.starting_equity).map(|(_, part)| part),
        "max_daily_loss_usd" => lost(state, state.day()?.starting_equity).map(|(usd, _)| usd),
        "total_drawdown_percent" => lost(state, state.high_water()?).map(|(_, part)| part),
        "min_margin_equity_usd" => Some(state.equity().nanos()),
        "intraday_margin_percent" => part(
            state.equity(),
            exposure(state, whose, |_| true).filter(|held| held.is_positive())?,
        ),
        "stop_guard_stops" => count(state.stops_within(state.limits().stop_guard_window?)),
        "breaker_failures" => count(state.failures_in_a_row()),
        "breaker_silence_s" => Some(state.out_of_reach_for().map_or(0, Span::nanos)),
        "max_spread_percent" => of_each(state, whose, |symbol| spread(state, symbol)).max(),
        "min_price_usd" => {
            of_each(state, whose, |symbol| Some(state.last_price(symbol)?.nanos())).min()
        }
        key => passed(state, whose, key),
    }
}

/// The same of limits on time: how much of it has passed, or is left.
fn passed(state: &State, whose: Whose, key: &str) -> Option<i64> {
    let since = |at: Timestamp| state.now().since(at).nanos();
    let oldest = |channel: usize| {
        let newest = |symbol| Some(since(*state.newest_data(symbol).get(channel)?.as_ref()?));
        of_each(state, whose, newest).max()
    };
    match key {
        "stale_after_s" => oldest(0),
        "stale_after_trades_s" => oldest(1),
        "stale_after_quotes_s" => oldest(2),
        "news_blackout_s" => of_each(state, whose, |of| state.last_news(of).map(since)).min(),
        "cooldown_after_loss_s" => of_each(state, whose, |of| state.last_loss(of).map(since)).min(),
        "no_entries_after_open_min" => Some(since(state.day()?.hours.open) / 60),
        "no_entries_before_close_min" | "flat_before_close_min" => {
            Some(state.day()?.hours.close.since(state.now()).nanos() / 60)
        }
        "entry_time_to_live_s" => {
            let entries = state.live_orders().filter(|order| order.grows);
            entries.map(|order| since(order.approved_at)).max()
        }
        _ => None,
    }
}

/// A figure of each symbol that a limit is about, where it has one.
fn of_each<'a>(
    state: &'a State,
    whose: Whose,
    figure: impl Fn(SymbolId) -> Option<i64> + 'a,
) -> impl Iterator<Item = i64> + 'a {
    let is_meant = move |symbol: &SymbolId| match whose {
        Whose::Symbol(own) => *symbol == own,
        Whose::Account | Whose::Strategy(_) => true,
    };
    state.symbols().ids().filter(is_meant).filter_map(figure)
}

/// Billionths of a percent of its middle that a fresh quote is wide.
fn spread(state: &State, symbol: SymbolId) -> Option<i64> {
    let quote = state.fresh_quote(symbol, state.limits())?;
    let (wide, middle) = (quote.ask.checked_sub(quote.bid)?, quote.mid());
    part(Cash::from_nanos(wide.nanos()), Cash::from_nanos(middle.nanos()))
}

/// What a symbol is worth with every open order that grows it filled.
fn of_symbol(state: &State, whose: Whose, symbol: SymbolId) -> Option<Cash> {
    let open = state.live_orders().filter(|order| order.grows && order.symbol == symbol);
    let mut open = open.filter(|order| state.is_of(whose, order));
    let held = state.worth_of(whose, symbol)?.abs();
    open.try_fold(held, |sum, order| sum.checked_add(order.reserved))
}

/// What the symbol is worth that a limit is about, else the largest.
fn largest(state: &State, whose: Whose) -> Option<Cash> {
    if let Whose::Symbol(symbol) = whose {
        return of_symbol(state, whose, symbol);
    }
    let mut all = state.symbols().ids().map(|symbol| of_symbol(state, whose, symbol));
    all.try_fold(Cash::ZERO, |most, value| Some(most.max(value?)))
}

fn exposure(state: &State, whose: Whose, counts: impl Fn(SymbolId) -> bool) -> Option<Cash> {
    let mut picked = state.symbols().ids().filter(|symbol| counts(*symbol));
    picked.try_fold(Cash::ZERO, |sum, symbol| sum.checked_add(of_symbol(state, whose, symbol)?))
}

/// Long less short, or short less long, of what is held.
fn net(state: &State, whose: Whose, counts: impl Fn(SymbolId) -> bool) -> Option<Cash> {
    let mut picked =
        state.held_of(whose).map(|(symbol, _)| symbol).filter(|symbol| counts(*symbol));
    picked
        .try_fold(Cash::ZERO, |sum, symbol| sum.checked_add(state.worth_of(whose, symbol)?))
        .map(Cash::abs)
}

fn of_sectors(state: &State, whose: Whose) -> Option<Cash> {
    let most = u16::try_from(state.limits().scopes.sectors.len()).ok()?;
    (0..=most).try_fold(Cash::ZERO, |held, sector| {
        Some(held.max(exposure(state, whose, |symbol| state.marks(symbol).sector == sector)?))
    })
}

fn of_groups(state: &State, whose: Whose) -> Option<Cash> {
    let most = state.limits().scopes.correlated.len().min(64);
    (0..most).try_fold(Cash::ZERO, |held, group| {
        Some(held.max(net(state, whose, |symbol| state.marks(symbol).groups & (1 << group) != 0)?))
    })
}

/// Billionths of a percent of the equity that somebody's limits are a part of.
fn percent(state: &State, whose: Whose, value: Cash) -> Option<i64> {
    part(value, state.equity_of(whose).max(Cash::ZERO))
}

/// Billionths of a percent of something.
fn part(value: Cash, of: Cash) -> Option<i64> {
    value.proportion(100 * SCALE, of.nanos(), Rounding::HalfEven).map(Cash::nanos)
}

/// USD lost since there was so much, and billionths of a percent of it; a gain is none.
fn lost(state: &State, from: Cash) -> Option<(i64, i64)> {
    let lost = from.checked_sub(state.equity())?.max(Cash::ZERO);
    Some((lost.nanos(), part(lost, from)?))
}
