//! The account and its positions as the exchange states them. Amounts in USD.

use kernel::{Cash, Price, Quantity, SymbolId};
use serde::{Deserialize, Serialize};

/// The account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// A UUID made from the seed.
    pub id: String,
    /// Cash; below zero on margin. Fees count only once they are posted.
    pub cash: Cash,
    /// Cash and positions at the last price known.
    pub equity: Cash,
    /// Equity at the last close of the regular session.
    pub last_equity: Cash,
    /// Value of long positions.
    pub long_market_value: Cash,
    /// Value of short positions: zero or below.
    pub short_market_value: Cash,
    /// What new orders may cost; open orders are taken off already.
    pub buying_power: Cash,
    /// The same by Regulation T: twice the equity that no position needs.
    pub regt_buying_power: Cash,
    /// What may be bought of assets that give no margin.
    pub non_marginable_buying_power: Cash,
    /// Margin to open the positions held.
    pub initial_margin: Cash,
    /// Margin to keep the positions held.
    pub maintenance_margin: Cash,
    /// Margin to keep the positions held at the last close.
    pub last_maintenance_margin: Cash,
    /// Fees that have not been taken from cash yet, rounded up at 1e-9.
    pub accrued_fees: Cash,
    /// 1, 2 or 4.
    pub multiplier: u8,
    /// Whether shares may be sold short.
    pub shorting_enabled: bool,
    /// Why every order is refused, when the account is blocked.
    pub blocked: Option<String>,
    /// The date of `last_equity` as `yyyymmdd`; `None` before the first close.
    pub balance_asof: Option<u32>,
}

/// A position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionRow {
    /// Of what.
    pub symbol: SymbolId,
    /// Signed shares: below zero is short.
    pub qty: Quantity,
    /// Shares that no open order is closing; signed as `qty`.
    pub qty_available: Quantity,
    /// Mean entry price by quantity, half to even at 1e-9.
    pub avg_entry_price: Price,
    /// Signed cost of what is held.
    pub cost_basis: Cash,
    /// The last price known.
    pub current_price: Price,
    /// The price at the last close of the regular session, when one was seen.
    pub lastday_price: Option<Price>,
    /// Signed value at the last price.
    pub market_value: Cash,
    /// Value less cost.
    pub unrealized_pl: Cash,
}
