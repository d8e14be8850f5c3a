//! Why risk said no: one variant per reason, with what was compared.

mod code;

use super::compatibility::Rule;
use crate::{
    BasisPoints, Cash, OrderNumber, OrderStatus, Percent, Price, Quantity, Span, Timestamp,
    TradingState,
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
    /// The symbol is on the restricted list.
    #[error("the symbol is on the restricted list")]
    Restricted,
    /// There is a list of symbols that may be opened, and the symbol is not on it.
    #[error("the symbol is not on the list of those that may be opened")]
    NotOnAllowList,
    /// Only long positions are wanted.
    #[error("nothing is sold short: long only")]
    LongOnly,
    /// Now is in none of the trading windows.
    #[error("now is in none of the trading windows")]
    OutsideWindow,
    /// The open is too short a time ago.
    #[error("the open was {since} ago, and entries wait for {limit}")]
    AfterOpen {
        /// How long ago the open was.
        since: Span,
        /// How long it must be.
        limit: Span,
    },
    /// The close is too near.
    #[error("the close is in {left}, and there are no entries from {limit} before it")]
    BeforeClose {
        /// How long it is until the close.
        left: Span,
        /// How long it must be.
        limit: Span,
    },
    /// The symbol was in the news.
    #[error("the symbol was in the news {age} ago, within {limit}")]
    NewsBlackout {
        /// How long ago the news were.
        age: Span,
        /// How long they count.
        limit: Span,
    },
    /// A loss was realised in the symbol a moment ago.
    #[error("a loss in the symbol was realised {age} ago, within {limit}")]
    CoolingDown {
        /// How long ago the loss was.
        age: Span,
        /// How long it counts.
        limit: Span,
    },
    /// Too many stops filled at a loss.
    #[error("{count} stops filled at a loss within the window, {limit} end entries")]
    StopGuard {
        /// How many there were.
        count: u32,
        /// From how many on nothing is opened.
        limit: u32,
    },
    /// The spread is not known.
    #[error("there is no fresh quote with both sides, so the spread is not known")]
    NoQuote,
    /// The spread is too wide.
    #[error("the spread of {spread} USD is above {limit} USD")]
    SpreadTooWide {
        /// Ask less bid.
        spread: Price,
        /// What is allowed at this price.
        limit: Price,
    },
    /// The symbol is too cheap.
    #[error("price {price} is below {limit}")]
    PriceTooLow {
        /// The last price.
        price: Price,
        /// The lowest.
        limit: Price,
    },
    /// Too large a part of what is traded.
    #[error(
        "order quantity {quantity} is above {limit}, the allowed part of the last bar's volume"
    )]
    Participation {
        /// What was asked for.
        quantity: Quantity,
        /// What is allowed of the last bar's volume.
        limit: Quantity,
    },
    /// Too much would be lost at the order's stop.
    #[error("{risk} USD would be lost at the stop, above {limit} USD")]
    RiskPerTrade {
        /// What is lost at the stop.
        risk: Cash,
        /// What is allowed.
        limit: Cash,
    },
    /// Too large a part of equity in one symbol.
    #[error("{exposure} USD would be in one symbol, above {limit} USD")]
    SymbolConcentration {
        /// With every open order filled.
        exposure: Cash,
        /// What is allowed.
        limit: Cash,
    },
    /// Too large a part of equity in one sector.
    #[error("{exposure} USD would be in one sector, above {limit} USD")]
    SectorConcentration {
        /// With every open order filled.
        exposure: Cash,
        /// What is allowed.
        limit: Cash,
    },
    /// Too much in one direction in symbols that move together.
    #[error("{exposure} USD would be in symbols that move together, above {limit} USD")]
    CorrelatedExposure {
        /// With every open order filled.
        exposure: Cash,
        /// What is allowed.
        limit: Cash,
    },
    /// Too much net exposure.
    #[error("net exposure {exposure} USD would be above {limit} USD")]
    NetExposure {
        /// With every open order filled.
        exposure: Cash,
        /// What is allowed.
        limit: Cash,
    },
    /// Too many positions.
    #[error("{count} positions, {limit} allowed")]
    TooManyPositions {
        /// How many there would be.
        count: u32,
        /// How many there may be.
        limit: u32,
    },
    /// Not enough equity for margin.
    #[error(
        "equity of {equity} USD is below the {limit} USD that short sales and borrowed cash need"
    )]
    MarginEquity {
        /// What there is.
        equity: Cash,
        /// What is needed.
        limit: Cash,
    },
    /// Not enough equity for the exposure.
    #[error("the exposure would need {needed} USD of equity and there is {equity} USD")]
    IntradayMargin {
        /// Equity that the exposure needs.
        needed: Cash,
        /// What there is.
        equity: Cash,
    },
    /// The account is restricted to its cash.
    #[error("a margin deficit was not met: cash alone until {until}")]
    MarginRestricted {
        /// Until when.
        until: Timestamp,
    },
    /// The day has lost too large a part of equity.
    #[error(
        "the day has lost {loss} USD of the equity that it began with, at most {limit} USD are allowed"
    )]
    DailyDrawdown {
        /// What is lost.
        loss: Cash,
        /// What may be lost.
        limit: Cash,
    },
    /// The day has lost too many USD.
    #[error("the day has lost {loss} USD, at most {limit} USD are allowed")]
    DailyLoss {
        /// What is lost.
        loss: Cash,
        /// What may be lost.
        limit: Cash,
    },
    /// Too much is lost from the highest equity.
    #[error("{loss} USD are lost from the highest equity, at most {limit} USD are allowed")]
    TotalDrawdown {
        /// What is lost.
        loss: Cash,
        /// What may be lost.
        limit: Cash,
    },
    /// Too many orders in a day.
    #[error("{count} orders in this trading day, {limit} allowed")]
    OrdersPerDay {
        /// How many there were.
        count: u32,
        /// How many there may be.
        limit: u32,
    },
    /// Too many USD in a day.
    #[error("orders of {notional} USD in this trading day would be above {limit} USD")]
    NotionalPerDay {
        /// With this order.
        notional: Cash,
        /// What is allowed.
        limit: Cash,
    },
    /// Too many round trips in a day.
    #[error("{count} positions were opened in this trading day, closed or not, {limit} allowed")]
    RoundTrips {
        /// How many there were.
        count: u32,
        /// How many there may be.
        limit: u32,
    },
    /// The size of an entry is measured over bars that have not been seen yet.
    #[error(
        "the size is measured over bars: {seen} of {needed} were seen, or the price never moved"
    )]
    NotMeasured {
        /// Bars that were seen.
        seen: u32,
        /// Bars that are needed.
        needed: u32,
    },
    /// What the entry may be worth or lose is not enough for a share.
    #[error("{budget} USD are not enough for a share, which takes {per_share} USD of them")]
    SizedToNothing {
        /// What the entry may be worth or lose.
        budget: Cash,
        /// What one share takes of it.
        per_share: Price,
    },
    /// What was wanted waited for the end of a stop, and the stop filled.
    #[error("its stop, order {order}, closed the position first")]
    StoppedBefore {
        /// The stop.
        order: OrderNumber,
    },
    /// News keep entries away, and nothing brings them now.
    #[error(
        "news keep entries away for a while, and what is in the news is not known: the news link is down"
    )]
    NewsUnknown,
    /// Another strategy, or the house, holds the symbol on the other side.
    #[error("{holder} holds {held}: nobody is on two sides of one symbol in an account")]
    OpposesAccount {
        /// What it is called.
        holder: Box<str>,
        /// What it holds, signed.
        held: Quantity,
    },
    /// Not enough capital of the strategy's own is left by its open orders.
    #[error("needs {needed} USD and {available} USD of its own capital is free")]
    OwnCapital {
        /// What the order needs.
        needed: Cash,
        /// What is free.
        available: Cash,
    },
    /// By the limit that a strategy or a symbol has of its own.
    #[error("{denial} (a limit of {layer})")]
    Layered {
        /// `strategies.NAME` or `symbols.NAME`.
        layer: Box<str>,
        /// What it says.
        denial: Box<Denial>,
    },
}
