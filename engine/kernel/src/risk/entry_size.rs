//! How many shares an entry is, by the model that is configured for its strategy.
//!
//! Each model gives the entry USD, to be worth or to lose, and divides them by what one share takes
//! of them. What is left over is never spent: shares are rounded down. An entry is counted at its
//! worst price, as limits count it, so that a size equal to a limit passes it.

use super::compatibility::{Combination, Way};
use super::{Denial, sizing};
use crate::{
    AssetClass, AssetFacts, Cash, NewOrder, OrderSize, Origin, Percent, Price, Quantity, Rounding,
    SCALE, Side, State, SymbolId, VenueRules,
};
use serde::{Deserialize, Serialize};

/// How the entries of a strategy are sized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizing {
    /// By which rule.
    pub model: SizeModel,
    /// Whether parts of a share are bought where the broker sells them.
    pub fractional: bool,
}

/// A rule for the size of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeModel {
    /// So many shares.
    Quantity(Quantity),
    /// Worth so many USD.
    Notional(Cash),
    /// Worth so much of equity.
    Fraction(Percent),
    /// So much of equity is lost at the entry's own stop, else at the assumed distance.
    Risk(Percent),
    /// Worth so much that what is held moves this much of equity in a year, were the volatility of
    /// the last bars to stay.
    Volatility {
        /// How much of equity, as a standard deviation.
        yearly: Percent,
        /// Over how many bars it is smoothed.
        bars: u32,
    },
    /// So much of equity is lost when the price moves by so many average true ranges.
    Atr {
        /// How much of equity.
        risk: Percent,
        /// How many ranges; 200 % is two.
        multiple: Percent,
        /// Over how many bars the range is smoothed.
        bars: u32,
    },
}

impl SizeModel {
    /// `quantity`, `notional`, `fraction`, `risk`, `volatility` or `atr`.
    pub const fn as_str(self) -> &'static str {
        match self {
            SizeModel::Quantity(_) => "quantity",
            SizeModel::Notional(_) => "notional",
            SizeModel::Fraction(_) => "fraction",
            SizeModel::Risk(_) => "risk",
            SizeModel::Volatility { .. } => "volatility",
            SizeModel::Atr { .. } => "atr",
        }
    }

    /// Over how many bars it measures the market, if it does.
    pub const fn bars(self) -> Option<u32> {
        match self {
            SizeModel::Volatility { bars, .. } | SizeModel::Atr { bars, .. } => Some(bars),
            SizeModel::Quantity(_)
            | SizeModel::Notional(_)
            | SizeModel::Fraction(_)
            | SizeModel::Risk(_) => None,
        }
    }
}

/// What a model looked at beside equity and price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The entry's own stop.
    Stop(Price),
    /// The distance at which a stop is assumed.
    Assumed(Price),
    /// The average true range.
    Range(Price),
    /// The standard deviation of a year's returns.
    Volatility(Percent),
}

/// The arithmetic of one size: `budget / per_share`, rounded down to `shares`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizedEntry {
    /// By which rule.
    pub model: SizeModel,
    /// Cash and positions at the last prices; those of a strategy that trades apart are its own.
    pub equity: Cash,
    /// The worst price that it was counted at.
    pub price: Price,
    /// What the model looked at beside.
    pub measure: Option<Measure>,
    /// USD that the entry is to be worth, or to lose.
    pub budget: Cash,
    /// USD of it that one share takes.
    pub per_share: Price,
    /// Shares, rounded down.
    pub shares: Quantity,
}

/// Whether an order of a strategy opens a position or adds to one, so that a model sizes it: one
/// that closes is as large as its strategy says, and so is one that waits for the close before it.
pub(crate) fn is_entry(state: &State, origin: Origin, request: &NewOrder) -> bool {
    let held = state.position_for(origin, request.symbol).quantity;
    held.is_zero() || held.is_negative() == (request.side == Side::Sell)
}

/// The size of an entry.
///
/// # Errors
/// When what the model needs is not known, or what it gives buys nothing.
pub fn size(
    state: &State,
    origin: Origin,
    request: &NewOrder,
    rule: Sizing,
) -> Result<SizedEntry, Denial> {
    let equity = state.equity_for(origin).max(Cash::ZERO);
    let price = sizing::worst_price(state, request).ok_or(Denial::NoPrice)?;
    let share_of = |share: Percent, whole: i64| {
        let usd = equity.proportion(share.nanos(), whole, Rounding::Down);
        usd.ok_or(Denial::Overflow)
    };
    let (budget, per_share, measure) = match rule.model {
        SizeModel::Quantity(quantity) => {
            let usd = price.value(quantity, Rounding::Up).ok_or(Denial::Overflow)?;
            (usd, price, None)
        }
        SizeModel::Notional(usd) => (usd, price, None),
        SizeModel::Fraction(share) => (share_of(share, HUNDRED)?, price, None),
        SizeModel::Risk(share) => {
            let (distance, measure) = to_stop(state, origin, request, price)?;
            (share_of(share, HUNDRED)?, distance, measure)
        }
        SizeModel::Volatility { yearly, bars } => {
            let volatility = state.volatility(request.symbol, bars)?;
            (share_of(yearly, volatility.nanos())?, price, Some(Measure::Volatility(volatility)))
        }
        SizeModel::Atr { risk, multiple, bars } => {
            let range = state.true_range(request.symbol, bars)?;
            let distance = range.percent(multiple, Rounding::Up).ok_or(Denial::Overflow)?;
            (share_of(risk, HUNDRED)?, distance, Some(Measure::Range(range)))
        }
    };
    let exact = match rule.model {
        SizeModel::Quantity(quantity) => quantity,
        _ => shares_of(budget, per_share)?,
    };
    let in_parts = rule.fractional && splits(state, request);
    let shares = if in_parts { exact } else { exact.whole() };
    if !shares.is_positive() {
        return Err(Denial::SizedToNothing { budget, per_share });
    }
    let model = rule.model;
    Ok(SizedEntry { model, equity, price, measure, budget, per_share, shares })
}

const HUNDRED: i64 = 100 * SCALE;

/// So many shares as USD pay for at so much each, rounded down.
fn shares_of(budget: Cash, per_share: Price) -> Result<Quantity, Denial> {
    if !per_share.is_positive() {
        return Err(Denial::Overflow);
    }
    let scaled = i128::from(budget.nanos()) * i128::from(SCALE);
    let shares = Rounding::Down.divide(scaled, i128::from(per_share.nanos()));
    i64::try_from(shares).map(Quantity::from_nanos).map_err(|_| Denial::Overflow)
}

/// What one share loses at the entry's own stop, else at the assumed distance; all of it when none
/// is assumed.
fn to_stop(
    state: &State,
    origin: Origin,
    request: &NewOrder,
    price: Price,
) -> Result<(Price, Option<Measure>), Denial> {
    if let Some((stop, distance)) = sizing::stop_distance(state, request, Some(price))? {
        if !distance.is_positive() {
            return Err(Denial::WrongSide { price: stop, base: price });
        }
        return Ok((distance, Some(Measure::Stop(stop))));
    }
    match state.limits_for(origin, request.symbol).stop_loss {
        Some(share) => {
            let distance = price.share(share, Rounding::Up).ok_or(Denial::Overflow)?;
            Ok((distance, Some(Measure::Assumed(distance))))
        }
        None => Ok((price, None)),
    }
}

/// Whether parts of a share may be ordered so: the asset is sold in parts, and the broker takes the
/// combination.
fn splits(state: &State, request: &NewOrder) -> bool {
    let part = NewOrder { size: OrderSize::Shares(Quantity::from_nanos(1)), ..*request };
    let asset = state.asset(request.symbol);
    let class = asset.map_or(AssetClass::UsEquity, |facts| facts.class);
    let way = if request.side == Side::Buy { Way::Buy } else { Way::Short };
    let sold_in_parts = |facts: &AssetFacts| facts.takes_parts(request.extended_hours);
    let by_asset = state.rules() == VenueRules::Plain || asset.is_some_and(sold_in_parts);
    by_asset && Combination::of(state.rules(), &part, class, way).refused_by().is_none()
}

impl State {
    /// How a strategy's entries are sized, when a model does that.
    pub(crate) fn sizing_of(&self, strategy: crate::StrategyId) -> Option<Sizing> {
        self.limits().scopes.sizing.get(usize::from(strategy.0)).copied().flatten()
    }

    fn true_range(&self, symbol: SymbolId, bars: u32) -> Result<Price, Denial> {
        let range = self.ranges().true_range(symbol, bars);
        range.filter(|range| range.is_positive()).ok_or_else(|| self.not_measured(symbol, bars))
    }

    fn volatility(&self, symbol: SymbolId, bars: u32) -> Result<Percent, Denial> {
        let yearly = self.ranges().yearly_volatility(symbol, bars, self.year());
        yearly.filter(|share| share.is_positive()).ok_or_else(|| self.not_measured(symbol, bars))
    }

    fn not_measured(&self, symbol: SymbolId, bars: u32) -> Denial {
        let seen = self.ranges().seen(symbol, bars);
        Denial::NotMeasured { seen, needed: bars.saturating_add(1) }
    }
}
