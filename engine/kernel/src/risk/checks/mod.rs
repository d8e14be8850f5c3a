//! One check, one file. To add one: write the file, name it here, put its row into `CHECKS`.

mod account_open;
mod after_open;
mod allow_list;
mod allowed;
mod asset;
mod before_close;
mod buying_power;
mod cool_down;
mod correlated_exposure;
pub(super) mod daily_drawdown;
pub(super) mod daily_loss;
mod data_fresh;
mod duplicate_intent;
mod gross_exposure;
mod intraday_margin;
mod kill_switch;
mod long_only;
mod margin_equity;
mod min_price;
mod net_exposure;
mod news_blackout;
mod news_known;
mod not_closing;
mod notional_per_day;
mod opposed;
mod opposite;
mod order_notional;
mod order_quantity;
mod order_rate;
mod order_stream;
mod orders_per_day;
mod own_capital;
mod participation;
mod parts;
mod position_notional;
mod positions;
mod price_collar;
mod price_known;
mod reconciled;
mod reduces_too_much;
mod restricted;
mod risk_per_trade;
mod round_trips;
mod sector_concentration;
mod session_open;
mod spread;
mod stop_guard;
mod symbol_concentration;
mod symbol_halted;
mod symbol_known;
pub(super) mod total_drawdown;
mod trading_window;
mod well_formed;

use super::{Denial, Proposal};

/// What a check may stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// What opens or grows a position.
    Growth,
    /// Anything.
    Always,
}

/// One check.
pub struct Check {
    /// Its name in the documentation.
    pub name: &'static str,
    /// What it may stop.
    pub class: Class,
    /// The keys of the limits that it compares with.
    pub limits: &'static [&'static str],
    pub(super) judge: Judge,
}

impl Check {
    /// What it says of an order.
    pub(super) fn ask(&self, proposal: &Proposal<'_>) -> Result<(), Denial> {
        (self.judge)(proposal).map_err(|denial| self.named(proposal, denial))
    }

    /// Its denial with the layer that the limit is of: the account's is named first, then the layer's that
    /// tightens it.
    #[cold]
    pub(super) fn named(&self, proposal: &Proposal<'_>, denial: Denial) -> Denial {
        if self.limits.is_empty() || matches!(denial, Denial::Layered { .. }) {
            return denial;
        }
        let mut of_one = proposal.clone();
        for (limits, whose) in proposal.state.limit_layers(proposal.origin, proposal.symbol) {
            of_one.limits = limits;
            if let Err(denial) = (self.judge)(&of_one) {
                return proposal.named(whose, denial);
            }
        }
        denial
    }
}

type Judge = fn(&Proposal<'_>) -> Result<(), Denial>;

const fn always(name: &'static str, limits: &'static [&'static str], judge: Judge) -> Check {
    Check { name, class: Class::Always, limits, judge }
}

const fn growth(name: &'static str, limits: &'static [&'static str], judge: Judge) -> Check {
    Check { name, class: Class::Growth, limits, judge }
}

/// Every check, in the order of precedence.
pub static CHECKS: &[Check] = &[
    always("symbol known", &[], symbol_known::check),
    always("well formed", &[], well_formed::check),
    always("allowed together", &[], allowed::check),
    always("parts of a share", &[], parts::check),
    always("symbol halted", &[], symbol_halted::check),
    always("reduces at most the position", &[], reduces_too_much::check),
    always("duplicate intent", &["duplicate_window_s"], duplicate_intent::check),
    always("own opposite order", &[], opposite::check),
    growth(
        "kill switch",
        &["breaker_failures", "breaker_window_s", "breaker_silence_s"],
        kill_switch::check,
    ),
    growth("not closing", &[], not_closing::check),
    growth("reconciled", &[], reconciled::check),
    growth("order stream up", &[], order_stream::check),
    growth("account open", &[], account_open::check),
    growth("daily drawdown", &["daily_drawdown_percent"], |proposal| {
        daily_drawdown::judge(proposal.state, proposal.equity())
    }),
    growth("daily loss", &["max_daily_loss_usd"], |proposal| {
        daily_loss::judge(proposal.state, proposal.equity())
    }),
    growth("total drawdown", &["total_drawdown_percent"], |proposal| {
        total_drawdown::judge(proposal.state, proposal.equity())
    }),
    growth("asset", &[], asset::check),
    growth("restricted list", &["restricted_symbols"], restricted::check),
    growth("allow list", &["allowed_symbols"], allow_list::check),
    growth("long only", &["long_only"], long_only::check),
    growth("nobody opposed", &[], opposed::check),
    growth("session open", &[], session_open::check),
    growth("trading window", &["trading_windows"], trading_window::check),
    growth("after the open", &["no_entries_after_open_min"], after_open::check),
    growth(
        "before the close",
        &["no_entries_before_close_min", "flat_before_close_min"],
        before_close::check,
    ),
    growth("news blackout", &["news_blackout_s"], news_blackout::check),
    growth("news known", &["news_blackout_s"], news_known::check),
    growth("cool-down", &["cooldown_after_loss_s"], cool_down::check),
    growth("stop guard", &["stop_guard_stops", "stop_guard_window_s"], stop_guard::check),
    growth("price known", &[], price_known::check),
    growth(
        "data fresh",
        &["stale_after_s", "stale_after_quotes_s", "stale_after_trades_s"],
        data_fresh::check,
    ),
    growth("spread", &["max_spread_percent"], spread::check),
    growth("minimum price", &["min_price_usd"], min_price::check),
    growth("price collar", &["price_collar_percent"], price_collar::check),
    growth("order quantity", &["max_order_quantity"], order_quantity::check),
    growth("participation", &["max_participation_percent"], participation::check),
    growth("order notional", &["max_order_notional_usd"], order_notional::check),
    growth(
        "risk per trade",
        &["max_risk_per_trade_percent", "stop_loss_percent"],
        risk_per_trade::check,
    ),
    growth("position notional", &["max_position_notional_usd"], position_notional::check),
    growth(
        "symbol concentration",
        &["max_symbol_concentration_percent"],
        symbol_concentration::check,
    ),
    growth(
        "sector concentration",
        &["max_sector_concentration_percent"],
        sector_concentration::check,
    ),
    growth("correlated exposure", &["max_correlated_exposure_percent"], correlated_exposure::check),
    growth("gross exposure", &["max_gross_exposure_percent"], gross_exposure::check),
    growth("net exposure", &["max_net_exposure_percent"], net_exposure::check),
    growth("number of positions", &["max_positions"], positions::check),
    growth("own capital", &[], own_capital::check),
    growth("buying power", &["max_leverage"], buying_power::check),
    growth("margin equity", &["min_margin_equity_usd"], margin_equity::check),
    growth("intraday margin", &["intraday_margin_percent"], intraday_margin::check),
    growth("orders per minute", &["max_orders_per_minute"], order_rate::check),
    growth("orders per day", &["max_orders_per_day"], orders_per_day::check),
    growth("notional per day", &["max_notional_per_day_usd"], notional_per_day::check),
    growth("round trips", &["max_round_trips_per_day"], round_trips::check),
];
