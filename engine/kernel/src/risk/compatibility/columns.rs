//! What the table looks at of an order, without its figures.

use crate::risk::effect::Effect;
use crate::{OrderClass, OrderKind, OrderSize, Side};

/// A kind of order without its prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are those of OrderKind")]
pub enum Kind {
    Market,
    Limit,
    Stop,
    StopLimit,
    TrailingStop,
}

/// A class of orders without its legs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are those of OrderClass")]
pub enum Group {
    Simple,
    Bracket,
    Oco,
    Oto,
}

/// A size without its figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Whole shares.
    Whole,
    /// Parts of a share.
    Fractional,
    /// USD.
    Notional,
    /// A share of equity.
    EquityShare,
}

/// The side with what it does to the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Buys to open or grow a long position.
    Buy,
    /// Sells what is held.
    Sell,
    /// Sells short.
    Short,
    /// Buys back what was sold short.
    Cover,
}

impl Kind {
    /// Every one.
    pub const ALL: [Kind; 5] =
        [Kind::Market, Kind::Limit, Kind::Stop, Kind::StopLimit, Kind::TrailingStop];

    /// `market`, `limit`, `stop`, `stop_limit` or `trailing_stop`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Market => "market",
            Kind::Limit => "limit",
            Kind::Stop => "stop",
            Kind::StopLimit => "stop_limit",
            Kind::TrailingStop => "trailing_stop",
        }
    }

    pub(super) const fn of(kind: OrderKind) -> Self {
        match kind {
            OrderKind::Market => Kind::Market,
            OrderKind::Limit { .. } => Kind::Limit,
            OrderKind::Stop { .. } => Kind::Stop,
            OrderKind::StopLimit { .. } => Kind::StopLimit,
            OrderKind::TrailingStop { .. } => Kind::TrailingStop,
        }
    }
}

impl Group {
    /// Every one.
    pub const ALL: [Group; 4] = [Group::Simple, Group::Bracket, Group::Oco, Group::Oto];

    /// `simple`, `bracket`, `oco` or `oto`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Group::Simple => "simple",
            Group::Bracket => "bracket",
            Group::Oco => "oco",
            Group::Oto => "oto",
        }
    }

    pub(super) const fn of(class: OrderClass) -> Self {
        match class {
            OrderClass::Simple => Group::Simple,
            OrderClass::Bracket { .. } => Group::Bracket,
            OrderClass::Oco { .. } => Group::Oco,
            OrderClass::Oto { .. } => Group::Oto,
        }
    }
}

impl Size {
    /// Every one.
    pub const ALL: [Size; 4] = [Size::Whole, Size::Fractional, Size::Notional, Size::EquityShare];

    /// `whole`, `fractional`, `notional` or `equity_share`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Size::Whole => "whole",
            Size::Fractional => "fractional",
            Size::Notional => "notional",
            Size::EquityShare => "equity_share",
        }
    }

    pub(super) const fn of(size: OrderSize) -> Self {
        match size {
            OrderSize::Shares(quantity) if quantity.is_whole() => Size::Whole,
            OrderSize::Shares(_) => Size::Fractional,
            OrderSize::Notional(_) => Size::Notional,
            OrderSize::EquityShare(_) => Size::EquityShare,
        }
    }
}

impl Way {
    /// Every one.
    pub const ALL: [Way; 4] = [Way::Buy, Way::Sell, Way::Short, Way::Cover];

    /// `buy`, `sell`, `short` or `cover`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Way::Buy => "buy",
            Way::Sell => "sell",
            Way::Short => "short",
            Way::Cover => "cover",
        }
    }

    pub(in crate::risk) const fn of(side: Side, effect: Effect) -> Self {
        match (side, effect) {
            (Side::Buy, Effect::Grows | Effect::Turns) => Way::Buy,
            (Side::Sell, Effect::Grows | Effect::Turns) => Way::Short,
            (Side::Buy, Effect::Reduces | Effect::TooMuch { .. }) => Way::Cover,
            (Side::Sell, Effect::Reduces | Effect::TooMuch { .. }) => Way::Sell,
        }
    }
}
