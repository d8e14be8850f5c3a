//! What can be traded, and how.

use kernel::{BasisPoints, Price, SymbolId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Facts of an asset that a user may set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssetRules {
    /// Whether orders are taken at all.
    pub tradable: bool,
    /// Whether it may be bought on margin.
    pub marginable: bool,
    /// Whether it may be sold short.
    pub shortable: bool,
    /// Whether a short sale finds shares to borrow.
    pub easy_to_borrow: bool,
    /// Whether parts of a share may be ordered.
    pub fractionable: bool,
    /// Whether parts of a share may be ordered for extended hours.
    pub fractional_extended_hours: bool,
    /// The smallest step of an order's price. `None` is the rule of US equities: a cent from one
    /// USD up, a hundredth of a cent below.
    pub price_increment: Option<Price>,
    /// What borrowing its shares costs a year; `None` is the venue's rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub borrow: Option<BasisPoints>,
}

impl Default for AssetRules {
    fn default() -> Self {
        Self {
            tradable: true,
            marginable: true,
            shortable: true,
            easy_to_borrow: true,
            fractionable: true,
            fractional_extended_hours: false,
            price_increment: None,
            borrow: None,
        }
    }
}

/// An asset as the venue lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRow {
    /// A UUID made from the symbol, the same in every run.
    pub id: String,
    /// The place of the symbol in the exchange's table.
    pub symbol: SymbolId,
    /// Its name.
    pub name: String,
    /// Its rules.
    pub rules: AssetRules,
}

impl AssetRow {
    pub(crate) fn new(symbol: SymbolId, name: &str, rules: AssetRules) -> Self {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string();
        Self { id, symbol, name: name.into(), rules }
    }

    /// The smallest step of an order's price near this price.
    pub fn tick(&self, price: Price) -> Price {
        self.rules.price_increment.unwrap_or_else(|| price.tick())
    }
}
