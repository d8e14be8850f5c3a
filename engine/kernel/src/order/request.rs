//! What can be asked for: size, time in force, order class.

use super::{OrderKind, OrderNumber, Side};
use crate::{Cash, Percent, Price, Quantity, SymbolId};
use serde::{Deserialize, Serialize};

/// How long an order works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until the close of the regular session.
    Day,
    /// Until it is cancelled.
    Gtc,
    /// In the opening auction alone.
    Opg,
    /// In the closing auction alone.
    Cls,
    /// At once; what does not fill is cancelled.
    Ioc,
    /// At once and wholly, or not at all.
    Fok,
}

impl TimeInForce {
    /// Every one, in the order of declaration.
    pub const ALL: [TimeInForce; 6] = [
        TimeInForce::Day,
        TimeInForce::Gtc,
        TimeInForce::Opg,
        TimeInForce::Cls,
        TimeInForce::Ioc,
        TimeInForce::Fok,
    ];

    /// `day`, `gtc`, `opg`, `cls`, `ioc` or `fok`.
    pub const fn as_str(self) -> &'static str {
        match self {
            TimeInForce::Day => "day",
            TimeInForce::Gtc => "gtc",
            TimeInForce::Opg => "opg",
            TimeInForce::Cls => "cls",
            TimeInForce::Ioc => "ioc",
            TimeInForce::Fok => "fok",
        }
    }
}

/// The distance at which a trailing stop follows the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trail {
    /// So many USD a share.
    Price(Price),
    /// So many percent of the best price.
    Percent(Percent),
}

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderSize {
    /// So many shares, whole or not.
    Shares(Quantity),
    /// As many shares as so many USD buy or sell.
    Notional(Cash),
    /// The whole shares that so much of the account's equity buys or sells short at the fill. Only
    /// venues with plain rules take it.
    EquityShare(Percent),
}

impl OrderSize {
    /// The shares, when the size is in shares.
    pub const fn shares(self) -> Option<Quantity> {
        match self {
            OrderSize::Shares(quantity) => Some(quantity),
            OrderSize::Notional(_) | OrderSize::EquityShare(_) => None,
        }
    }

    /// The USD, when the size is in dollars.
    pub const fn notional(self) -> Option<Cash> {
        match self {
            OrderSize::Shares(_) | OrderSize::EquityShare(_) => None,
            OrderSize::Notional(usd) => Some(usd),
        }
    }

    /// The share of equity, when the size is one.
    pub const fn equity_share(self) -> Option<Percent> {
        match self {
            OrderSize::Shares(_) | OrderSize::Notional(_) => None,
            OrderSize::EquityShare(share) => Some(share),
        }
    }
}

impl From<Quantity> for OrderSize {
    fn from(quantity: Quantity) -> Self {
        OrderSize::Shares(quantity)
    }
}

/// An exit at a loss: a stop, or a stop limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopLoss {
    /// The trigger.
    pub stop: Price,
    /// The worst price; without one it becomes a market order.
    pub limit: Option<Price>,
}

impl StopLoss {
    /// A stop that becomes a market order.
    pub const fn at(stop: Price) -> Self {
        Self { stop, limit: None }
    }

    /// A stop that becomes a limit order.
    pub const fn with_limit(stop: Price, limit: Price) -> Self {
        Self { stop, limit: Some(limit) }
    }

    /// The kind of the leg.
    pub const fn kind(self) -> OrderKind {
        match self.limit {
            Some(limit) => OrderKind::StopLimit { stop: self.stop, limit },
            None => OrderKind::Stop { stop: self.stop },
        }
    }
}

/// One exit of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// A limit order that takes a profit.
    TakeProfit {
        /// Its limit.
        limit: Price,
    },
    /// A stop that ends a loss.
    StopLoss(StopLoss),
}

impl Leg {
    /// The kind of the leg.
    pub const fn kind(self) -> OrderKind {
        match self {
            Leg::TakeProfit { limit } => OrderKind::Limit { limit },
            Leg::StopLoss(stop_loss) => stop_loss.kind(),
        }
    }
}

/// Which orders belong together. The legs are of the opposite side (of an OCO: the same side) and
/// as many shares as their parent, and of its time in force.
///
/// Legs take the numbers that follow their parent's, in the order of [`OrderClass::legs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderClass {
    /// One order alone.
    #[default]
    Simple,
    /// An entry, and once it has wholly filled two exits, of which one cancels the other.
    Bracket {
        /// The limit of the first leg.
        take_profit: Price,
        /// The second leg.
        stop_loss: StopLoss,
    },
    /// Two exits, of which one cancels the other. The order itself is the limit order that takes
    /// the profit; its leg is the stop.
    Oco {
        /// The leg.
        stop_loss: StopLoss,
    },
    /// An entry, and once it has wholly filled one exit.
    Oto {
        /// The leg.
        leg: Leg,
    },
}

impl OrderClass {
    /// `simple`, `bracket`, `oco` or `oto`.
    pub const fn as_str(self) -> &'static str {
        match self {
            OrderClass::Simple => "simple",
            OrderClass::Bracket { .. } => "bracket",
            OrderClass::Oco { .. } => "oco",
            OrderClass::Oto { .. } => "oto",
        }
    }

    /// The legs in the order of their numbers: take-profit before stop-loss.
    pub fn legs(self) -> impl Iterator<Item = Leg> {
        let (first, second) = match self {
            OrderClass::Simple => (None, None),
            OrderClass::Bracket { take_profit, stop_loss } => {
                (Some(Leg::TakeProfit { limit: take_profit }), Some(Leg::StopLoss(stop_loss)))
            }
            OrderClass::Oco { stop_loss } => (Some(Leg::StopLoss(stop_loss)), None),
            OrderClass::Oto { leg } => (Some(leg), None),
        };
        first.into_iter().chain(second)
    }

    /// The same class with its legs at other prices.
    pub(crate) fn repriced(self, price: impl Fn(Price) -> Price) -> Self {
        let stop =
            |loss: StopLoss| StopLoss { stop: price(loss.stop), limit: loss.limit.map(&price) };
        match self {
            OrderClass::Simple => OrderClass::Simple,
            OrderClass::Bracket { take_profit, stop_loss } => {
                OrderClass::Bracket { take_profit: price(take_profit), stop_loss: stop(stop_loss) }
            }
            OrderClass::Oco { stop_loss } => OrderClass::Oco { stop_loss: stop(stop_loss) },
            OrderClass::Oto { leg: Leg::TakeProfit { limit } } => {
                OrderClass::Oto { leg: Leg::TakeProfit { limit: price(limit) } }
            }
            OrderClass::Oto { leg: Leg::StopLoss(loss) } => {
                OrderClass::Oto { leg: Leg::StopLoss(stop(loss)) }
            }
        }
    }

    /// The numbers of the legs of an order of this class, with the leg each stands for.
    pub fn numbered_legs(self, parent: OrderNumber) -> impl Iterator<Item = (OrderNumber, Leg)> {
        let numbers = (parent.0.saturating_add(1)..).map(OrderNumber);
        numbers.zip(self.legs())
    }

    /// The side of the legs of an order.
    pub const fn leg_side(self, parent: Side) -> Side {
        match self {
            OrderClass::Oco { .. } => parent,
            OrderClass::Simple | OrderClass::Bracket { .. } | OrderClass::Oto { .. } => {
                parent.opposite()
            }
        }
    }
}

/// A new order as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// Of what.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// How much; above zero.
    pub size: OrderSize,
    /// How it is priced.
    pub kind: OrderKind,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// Whether it also works before and after the regular session. In a session that trades
    /// extended hours every limit order that can does.
    pub extended_hours: bool,
    /// Which orders belong to it.
    pub class: OrderClass,
}

impl NewOrder {
    /// A simple order for the day.
    pub fn new(symbol: SymbolId, side: Side, size: impl Into<OrderSize>, kind: OrderKind) -> Self {
        Self {
            symbol,
            side,
            size: size.into(),
            kind,
            time_in_force: TimeInForce::Day,
            extended_hours: false,
            class: OrderClass::Simple,
        }
    }

    /// The same order with another time in force.
    pub const fn lasting(self, time_in_force: TimeInForce) -> Self {
        Self { time_in_force, ..self }
    }

    /// The same order, which also works before and after the regular session.
    pub const fn in_extended_hours(self) -> Self {
        Self { extended_hours: true, ..self }
    }

    /// The same order with others that belong to it.
    pub const fn grouped(self, class: OrderClass) -> Self {
        Self { class, ..self }
    }
}
