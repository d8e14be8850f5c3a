//! The account object.

use super::time::{WireTime, date_text, new_york_date};
use crate::AccountRow;
use kernel::{Cash, Timestamp};
use serde::Serialize;

/// The account. The fields of the pattern day trader rule, which ended in June 2026, are left out.
/// Source: Alpaca, Trading API 2.0.1, `Account`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AccountJson {
    id: String,
    account_number: String,
    status: &'static str,
    crypto_status: &'static str,
    currency: &'static str,
    cash: Cash,
    equity: Cash,
    last_equity: Cash,
    portfolio_value: Cash,
    position_market_value: Cash,
    long_market_value: Cash,
    short_market_value: Cash,
    buying_power: Cash,
    effective_buying_power: Cash,
    regt_buying_power: Cash,
    non_marginable_buying_power: Cash,
    options_buying_power: Cash,
    initial_margin: Cash,
    maintenance_margin: Cash,
    last_maintenance_margin: Cash,
    sma: Cash,
    multiplier: String,
    accrued_fees: Cash,
    pending_reg_taf_fees: Cash,
    pending_transfer_in: Cash,
    pending_transfer_out: Cash,
    intraday_adjustments: Cash,
    balance_asof: String,
    created_at: WireTime,
    trading_blocked: bool,
    transfers_blocked: bool,
    account_blocked: bool,
    shorting_enabled: bool,
    trade_suspended_by_user: bool,
    options_approved_level: u8,
    options_trading_level: u8,
    crypto_tier: u8,
}

/// The account object of a row at the venue's time. `opened` is when the account was.
pub(crate) fn account(row: &AccountRow, opened: Timestamp, now: Timestamp) -> AccountJson {
    let sum = |one: Cash, other: Cash| one.checked_add(other).unwrap_or(one);
    let as_of = row.balance_asof.unwrap_or_else(|| new_york_date(now));
    AccountJson {
        id: row.id.clone(),
        account_number: format!("PA{:.10}", row.id.replace('-', "").to_uppercase()),
        status: "ACTIVE",
        crypto_status: "INACTIVE",
        currency: "USD",
        cash: row.cash,
        equity: row.equity,
        last_equity: row.last_equity,
        portfolio_value: row.equity,
        position_market_value: sum(row.long_market_value, row.short_market_value),
        long_market_value: row.long_market_value,
        short_market_value: row.short_market_value,
        buying_power: row.buying_power,
        effective_buying_power: row.buying_power,
        regt_buying_power: row.regt_buying_power,
        non_marginable_buying_power: row.non_marginable_buying_power,
        options_buying_power: row.non_marginable_buying_power,
        initial_margin: row.initial_margin,
        maintenance_margin: row.maintenance_margin,
        last_maintenance_margin: row.last_maintenance_margin,
        sma: Cash::ZERO,
        multiplier: row.multiplier.to_string(),
        accrued_fees: row.accrued_fees,
        pending_reg_taf_fees: Cash::ZERO,
        pending_transfer_in: Cash::ZERO,
        pending_transfer_out: Cash::ZERO,
        intraday_adjustments: Cash::ZERO,
        balance_asof: date_text(as_of),
        created_at: WireTime(opened),
        trading_blocked: row.blocked.is_some(),
        transfers_blocked: false,
        account_blocked: row.blocked.is_some(),
        shorting_enabled: row.shorting_enabled,
        trade_suspended_by_user: false,
        options_approved_level: 0,
        options_trading_level: 0,
        crypto_tier: 0,
    }
}
