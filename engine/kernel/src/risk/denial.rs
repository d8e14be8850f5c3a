//! Why risk said no: one variant per reason, with what was compared.

use super::compatibility::Rule;
use crate::{
    BasisPoints, Cash, OrderNumber, OrderStatus, Percent, Price, Quantity, Span, TradingState,
};
use serde::{Deserialize, Serialize};

/// One reason for refusing an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// The quantity is not above zero.
    #[error("quantity {quantity} is not above zero")]
    MalformedQuantity {
        /// What was asked for.
        quantity: Quantity,
    },
    /// A price is not above zero or not on the venue's tick.
    #[error("price {price} is not above zero and on the tick of {tick}")]
    MalformedPrice {
        /// What was asked for.
        price: Price,
        /// The smallest step at that price.
        tick: Price,
    },
    /// The symbol is not one of the session's.
    #[error("the symbol is not in the session")]
    UnknownSymbol,
    /// The order to replace or cancel does not exist or has ended.
    #[error("order {order} cannot be changed: it is {}", status.map_or("unknown", OrderStatus::as_str))]
    OrderNotWorking {
        /// Which.
        order: OrderNumber,
        /// Where it stands.
        status: Option<OrderStatus>,
    },
    /// A replacement that changes nothing, or changes the kind of the order.
    #[error("the replacement of order {order} changes nothing, or the kind of order")]
    NothingToReplace {
        /// Which.
        order: OrderNumber,
    },
    /// The same intent is on its way or was judged a moment ago.
    #[error("the same order was approved {age} ago, within {window}")]
    DuplicateIntent {
        /// How long ago.
        age: Span,
        /// How long it counts.
        window: Span,
    },
    /// More would be closed than is held and not yet being closed.
    #[error("closing {quantity} when {available} of {held} is not yet being closed")]
    ReducesTooMuch {
        /// What was asked for.
        quantity: Quantity,
        /// What may still be closed.
        available: Quantity,
        /// What is held, signed.
        held: Quantity,
    },
    /// The venue has halted the symbol.
    #[error("the venue has halted the symbol")]
    SymbolHalted,
    /// Trading is reducing or halted.
    #[error("trading is {}", .state.as_str())]
    NotActive {
        /// The state.
        state: TradingState,
    },
    /// The account has not been compared with the broker's since the last start or reconnect.
    #[error("the books are not reconciled with the broker yet")]
    NotReconciled,
    /// A connection that orders need is down.
    #[error("the order stream is down")]
    OrderStreamDown,
    /// The broker blocks the account.
    #[error("the broker blocks the account")]
    AccountBlocked,
    /// Outside the trading session.
    #[error("the trading session is closed")]
    SessionClosed,
    /// No price of the symbol has been seen.
    #[error("no price of the symbol has been seen")]
    NoPrice,
    /// The last price is too old.
    #[error("market data is {age} old, more than {limit}")]
    StaleData {
        /// How old.
        age: Span,
        /// How old it may be.
        limit: Span,
    },
    /// The price lies too far from the last one.
    #[error(
        "price {price} is farther than {} basis points from the last price {last}",
        .limit.get()
    )]
    OutsideCollar {
        /// What was asked for.
        price: Price,
        /// The last price.
        last: Price,
        /// How far it may lie.
        limit: BasisPoints,
    },
    /// The price lies outside the venue's price bands.
    #[error("price {price} is outside the venue's bands, {lower} to {upper}")]
    OutsideBands {
        /// What was asked for.
        price: Price,
        /// Lowest price at which the symbol may trade.
        lower: Price,
        /// Highest.
        upper: Price,
    },
    /// Too many shares in one order.
    #[error("order quantity {quantity} is above {limit}")]
    OrderTooLarge {
        /// What was asked for.
        quantity: Quantity,
        /// What is allowed.
        limit: Quantity,
    },
    /// Too many USD in one order.
    #[error("order notional {notional} USD is above {limit} USD")]
    OrderNotional {
        /// At the worst price.
        notional: Cash,
        /// What is allowed.
        limit: Cash,
    },
    /// Too many USD in one symbol.
    #[error("position notional {notional} USD would be above {limit} USD")]
    PositionNotional {
        /// With every open order filled.
        notional: Cash,
        /// What is allowed.
        limit: Cash,
    },
    /// Too much gross exposure.
    #[error("gross exposure {exposure} USD would be above {limit} USD")]
    GrossExposure {
        /// With every open order filled.
        exposure: Cash,
        /// What is allowed.
        limit: Cash,
    },
    /// Not enough buying power left by all open orders.
    #[error("needs {needed} USD of buying power and {available} USD is free")]
    BuyingPower {
        /// What the order needs.
        needed: Cash,
        /// What is free.
        available: Cash,
    },
    /// The account may not sell short.
    #[error("the account may not sell short")]
    ShortingDisabled,
    /// Too many orders in a minute.
    #[error("{count} orders in the last minute, {limit} allowed")]
    OrderRate {
        /// How many there were.
        count: u32,
        /// How many there may be.
        limit: u32,
    },
    /// A sum does not fit its type.
    #[error("a sum does not fit its type")]
    Overflow,
    /// The symbol is being closed.
    #[error("the symbol is being closed")]
    Closing,
    /// The broker does not take the combination.
    #[error("{}", .rule.reason())]
    NotAllowed {
        /// By which row of the table.
        rule: Rule,
    },
    /// An order of our own stands on the other side.
    #[error(
        "order {order} of our own stands on the other side: cancel it first, or use a bracket or an OCO"
    )]
    OppositeOrder {
        /// Which.
        order: OrderNumber,
    },
    /// The broker takes no orders for the asset.
    #[error("the broker takes no orders for the asset")]
    NotTradable,
    /// The asset may not be sold short now, or the broker has not said that it may.
    #[error("the asset is not known to be easy to borrow")]
    HardToBorrow,
    /// The asset may not be traded in parts, or the broker has not said that it may.
    #[error("the asset is not known to be traded in parts of a share at this hour")]
    NotFractionable,
    /// Too few USD.
    #[error("{notional} USD is less than {least} USD")]
    MalformedNotional {
        /// What was asked for.
        notional: Cash,
        /// The least.
        least: Cash,
    },
    /// Too small a distance.
    #[error("a trail of {percent} % is less than {least} %")]
    MalformedTrail {
        /// What was asked for.
        percent: Percent,
        /// The least.
        least: Percent,
    },
    /// An exit on the wrong side of its entry, or of the other exit.
    #[error("the exit at {price} lies on the wrong side of {base}")]
    WrongSide {
        /// The exit.
        price: Price,
        /// The price that it is compared with.
        base: Price,
    },
    /// A share of equity that is none.
    #[error("a share of {share} % of equity is not above zero")]
    MalformedShare {
        /// What was asked for.
        share: Percent,
    },
}

impl Denial {
    /// The stable word for it, for labels and rules.
    pub const fn code(&self) -> &'static str {
        match self {
            Denial::MalformedQuantity { .. } => "malformed_quantity",
            Denial::MalformedPrice { .. } => "malformed_price",
            Denial::UnknownSymbol => "unknown_symbol",
            Denial::OrderNotWorking { .. } => "order_not_working",
            Denial::NothingToReplace { .. } => "nothing_to_replace",
            Denial::DuplicateIntent { .. } => "duplicate_intent",
            Denial::ReducesTooMuch { .. } => "reduces_too_much",
            Denial::SymbolHalted => "symbol_halted",
            Denial::NotActive { .. } => "not_active",
            Denial::NotReconciled => "not_reconciled",
            Denial::OrderStreamDown => "order_stream_down",
            Denial::AccountBlocked => "account_blocked",
            Denial::SessionClosed => "session_closed",
            Denial::NoPrice => "no_price",
            Denial::StaleData { .. } => "stale_data",
            Denial::OutsideCollar { .. } => "outside_collar",
            Denial::OutsideBands { .. } => "outside_bands",
            Denial::OrderTooLarge { .. } => "order_too_large",
            Denial::OrderNotional { .. } => "order_notional",
            Denial::PositionNotional { .. } => "position_notional",
            Denial::GrossExposure { .. } => "gross_exposure",
            Denial::BuyingPower { .. } => "buying_power",
            Denial::ShortingDisabled => "shorting_disabled",
            Denial::OrderRate { .. } => "order_rate",
            Denial::Overflow => "overflow",
            Denial::Closing => "closing",
            Denial::NotAllowed { .. } => "not_allowed",
            Denial::OppositeOrder { .. } => "opposite_order",
            Denial::NotTradable => "not_tradable",
            Denial::HardToBorrow => "hard_to_borrow",
            Denial::NotFractionable => "not_fractionable",
            Denial::MalformedNotional { .. } => "malformed_notional",
            Denial::MalformedTrail { .. } => "malformed_trail",
            Denial::WrongSide { .. } => "wrong_side",
            Denial::MalformedShare { .. } => "malformed_share",
        }
    }
}
