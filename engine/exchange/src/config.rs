//! What kind of venue this is: all of its rules that a user may choose, as data.

use crate::{AssetRules, FinancingRules};
use kernel::{BasisPoints, Cash, Price, Span, VenueRules};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The exchange's configuration. Everything that its behaviour depends on is in here, in the
/// symbols and in the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExchangeConfig {
    /// Seeds ids and random partial fills.
    pub seed: u64,
    /// Whose rules orders are taken by.
    pub rules: VenueRules,
    /// Cash in USD when the account opens; Alpaca's paper accounts start with 100,000.
    pub starting_cash: Cash,
    /// What the account may do.
    pub account: AccountRules,
    /// How orders fill.
    pub fills: FillRules,
    /// What trading costs.
    pub fees: FeeRules,
    /// What borrowing costs.
    #[serde(skip_serializing_if = "is_free")]
    pub financing: FinancingRules,
    /// Facts of single assets, by symbol; a symbol without an entry has the defaults.
    pub assets: BTreeMap<String, AssetRules>,
}

/// What the account may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountRules {
    /// 1 for cash only, 2 for Regulation T margin, 4 for intraday margin.
    pub multiplier: u8,
    /// Whether shares may be sold short. It also takes a multiplier above 1 and equity of at
    /// least 2,000 USD.
    pub shorting: bool,
    /// Why every order is refused, when the account is blocked.
    pub blocked: Option<String>,
}

/// How orders fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FillRules {
    /// The share of a bar's or trade's volume that orders may take, in basis points; 10,000 is
    /// all of it. `None`, the default, leaves volume out of account as Alpaca's paper venue does.
    /// With a share set, a bar of volume zero fills nothing.
    pub participation: Option<BasisPoints>,
    /// Whether a quote fills no more than the size it shows. Off by default, as in Alpaca's
    /// paper venue.
    pub displayed_size: bool,
    /// Percent of fill opportunities that give only a random part. Zero by default; Alpaca's
    /// paper venue is documented to have ten.
    pub random_partial_percent: u8,
    /// How long an order, a cancel or a replacement takes to reach the market. On bars an order
    /// fills in no bar that opened before it arrived.
    pub latency: Span,
    /// How much worse than the market the taker's price is. The result is rounded to the tick
    /// against the taker and may lie outside of the bar: it stands for impact the bar never saw.
    pub slippage: BasisPoints,
    /// The same in USD a share, on top.
    pub slippage_usd: Price,
    /// What a taker's size does to its price, on top.
    pub impact: Impact,
    /// Whether a buy stop that triggers becomes a limit order at the stop plus 4 % (below 50 USD)
    /// or 2.5 %, as at Alpaca. Without, it becomes a market order as a sell stop does.
    pub buy_stop_collar: bool,
}

/// What a taker's size does to its price, by its share of the volume of the bar or trade that fills
/// it, or of the size that the quote shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// Nothing.
    #[default]
    None,
    /// So many basis points at the whole volume, times the square of the share.
    /// Source: Zipline, `VolumeShareSlippage`, whose `price_impact` of 0.1 is 1,000 basis points.
    VolumeShare(BasisPoints),
    /// So many basis points at the whole volume, times the square root of the share.
    /// Source: the square-root law of market impact, e.g. Almgren et al., "Direct Estimation of
    /// Equity Market Impact" (2005), with the bar's volume for the day's.
    SquareRoot(BasisPoints),
}

/// What trading costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeeRules {
    /// Whether SEC, TAF and CAT fees are charged by the rates of the day. On by default, as in a
    /// live account; Alpaca's paper venue charges none.
    pub regulatory: bool,
    /// The broker's own commission; none by default.
    pub commission: CommissionRates,
}

/// The broker's commission.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CommissionRates {
    /// USD for each share filled.
    pub per_share: Cash,
    /// USD for each order, charged with its first fill.
    pub per_order: Cash,
}

/// So that a configuration without them reads as it did before there were any.
fn is_free(rules: &FinancingRules) -> bool {
    *rules == FinancingRules::default()
}

impl Default for ExchangeConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            rules: VenueRules::Alpaca,
            starting_cash: Cash::from_nanos(100_000_000_000_000),
            account: AccountRules::default(),
            fills: FillRules::default(),
            fees: FeeRules::default(),
            financing: FinancingRules::default(),
            assets: BTreeMap::new(),
        }
    }
}

impl Default for AccountRules {
    fn default() -> Self {
        Self { multiplier: 4, shorting: true, blocked: None }
    }
}

impl Default for FillRules {
    fn default() -> Self {
        Self {
            participation: None,
            displayed_size: false,
            random_partial_percent: 0,
            latency: Span::ZERO,
            slippage: BasisPoints::new(0),
            slippage_usd: Price::ZERO,
            impact: Impact::None,
            buy_stop_collar: true,
        }
    }
}

impl Default for FeeRules {
    fn default() -> Self {
        Self { regulatory: true, commission: CommissionRates::default() }
    }
}
