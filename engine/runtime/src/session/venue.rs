//! What a session asks of a broker, so that a test can stand in for one.

use crate::alpaca::{
    ApiError, Asset, BarsQuery, Client, Clock, Fill, Listing, NewsPiece, OrderState, Posting,
    Problem, QuotaLeft,
};
use futures_util::future::BoxFuture;
use kernel::risk::{Approved, ApprovedCancel};
use kernel::{
    AccountSnapshot, Bar, BrokerOrderId, BrokerState, CorporateAction, OrderNumber, Report,
    SymbolId, Timestamp, Trade, TradingDay,
};
use std::collections::BTreeSet;

/// The answer to a request.
pub type Answered<'a, T> = BoxFuture<'a, Result<T, ApiError>>;

/// The broker's REST interface as far as a session uses it. Orders go through it as [`Approved`]
/// alone, which only risk can make.
pub trait Venue: Send + Sync {
    /// Sends a new order once; the answer is on it and on its legs.
    fn submit<'a>(&'a self, order: &'a Approved) -> Answered<'a, Vec<Report>>;
    /// Sends a replacement once.
    fn replace<'a>(
        &'a self,
        order: &'a Approved,
        original: &'a BrokerOrderId,
    ) -> Answered<'a, Vec<Report>>;
    /// Asks for the end of an order.
    fn cancel<'a>(&'a self, cancel: &'a ApprovedCancel) -> Answered<'a, ()>;
    /// Reads an order by the broker's name for it; `None` when it has none.
    fn order<'a>(&'a self, order: &'a BrokerOrderId) -> Answered<'a, Option<OrderState>>;
    /// Looks an order up by our number; `None` when the broker does not have it.
    fn find(&self, order: OrderNumber) -> Answered<'_, Option<OrderState>>;
    /// Reads an order by the id that its sender gave it; `None` when there is none.
    fn named<'a>(&'a self, client_order_id: &'a str) -> Answered<'a, Option<OrderState>>;
    /// Every order sent after an instant, by whomever, oldest first.
    fn orders(&self, after: Timestamp) -> Answered<'_, Vec<OrderState>>;
    /// Every order that the broker counts as open, with its legs.
    fn open_groups(&self) -> Answered<'_, Vec<OrderState>>;
    /// Every execution since an instant, oldest first.
    fn fills(&self, since: Timestamp) -> Answered<'_, Vec<Fill>>;
    /// Everything but trades that was posted since an instant and moved cash, oldest first.
    fn postings(&self, since: Timestamp) -> Answered<'_, Vec<Posting>>;
    /// Splits and new names from one date to another, both inclusive.
    fn corporate_actions(
        &self,
        from: jiff::civil::Date,
        to: jiff::civil::Date,
    ) -> Answered<'_, Vec<CorporateAction>>;
    /// The account alone.
    fn account(&self) -> Answered<'_, AccountSnapshot>;
    /// The account, its positions and its open orders.
    fn broker_state(&self) -> Answered<'_, BrokerState>;
    /// The venue's clock.
    fn clock(&self) -> Answered<'_, Clock>;
    /// The trading days from one date to another, both inclusive.
    fn calendar(
        &self,
        from: jiff::civil::Date,
        to: jiff::civil::Date,
    ) -> Answered<'_, Vec<TradingDay>>;
    /// What can be traded under a symbol; `None` when there is no such thing.
    fn asset<'a>(&'a self, symbol: &'a str) -> Answered<'a, Option<Asset>>;
    /// Trades of the past, oldest first.
    fn trades<'a>(&'a self, symbols: &'a [SymbolId], start: Timestamp) -> Answered<'a, Vec<Trade>>;
    /// The news of the session's symbols since an instant, oldest first.
    fn news(&self, since: Timestamp) -> Answered<'_, Vec<NewsPiece>>;
    /// Lets orders that open or grow a position pass, or withholds them, those too that wait for
    /// their turn.
    fn let_entries(&self, allowed: bool);
    /// What is left of the limit on requests.
    fn quota_left(&self) -> QuotaLeft;
    /// What of its answers could not be used since this was last asked.
    fn problems(&self) -> BTreeSet<Problem> {
        BTreeSet::new()
    }
    /// Bars of the past, oldest first.
    fn bars<'a>(&'a self, query: &'a BarsQuery<'a>) -> Answered<'a, Vec<Bar>>;
}

impl Venue for Client {
    fn submit<'a>(&'a self, order: &'a Approved) -> Answered<'a, Vec<Report>> {
        Box::pin(self.submit(order))
    }

    fn replace<'a>(
        &'a self,
        order: &'a Approved,
        original: &'a BrokerOrderId,
    ) -> Answered<'a, Vec<Report>> {
        Box::pin(self.replace(order, original))
    }

    fn cancel<'a>(&'a self, cancel: &'a ApprovedCancel) -> Answered<'a, ()> {
        Box::pin(self.cancel(cancel))
    }

    fn order<'a>(&'a self, order: &'a BrokerOrderId) -> Answered<'a, Option<OrderState>> {
        Box::pin(self.order(order))
    }

    fn find(&self, order: OrderNumber) -> Answered<'_, Option<OrderState>> {
        Box::pin(async move {
            let client_order_id = self.names().client_order_id(order);
            self.order_by_client_id(&client_order_id).await
        })
    }

    fn named<'a>(&'a self, client_order_id: &'a str) -> Answered<'a, Option<OrderState>> {
        Box::pin(self.order_by_client_id(client_order_id))
    }

    fn orders(&self, after: Timestamp) -> Answered<'_, Vec<OrderState>> {
        Box::pin(self.orders(Listing::All, Some(after)))
    }

    fn open_groups(&self) -> Answered<'_, Vec<OrderState>> {
        Box::pin(self.open_groups())
    }

    fn fills(&self, since: Timestamp) -> Answered<'_, Vec<Fill>> {
        Box::pin(self.fills(Some(since)))
    }

    fn postings(&self, since: Timestamp) -> Answered<'_, Vec<Posting>> {
        Box::pin(self.postings(Some(since)))
    }

    fn corporate_actions(
        &self,
        from: jiff::civil::Date,
        to: jiff::civil::Date,
    ) -> Answered<'_, Vec<CorporateAction>> {
        Box::pin(self.corporate_actions(from, to))
    }

    fn account(&self) -> Answered<'_, AccountSnapshot> {
        Box::pin(self.account())
    }

    fn broker_state(&self) -> Answered<'_, BrokerState> {
        Box::pin(self.broker_state())
    }

    fn clock(&self) -> Answered<'_, Clock> {
        Box::pin(self.clock())
    }

    fn calendar(
        &self,
        from: jiff::civil::Date,
        to: jiff::civil::Date,
    ) -> Answered<'_, Vec<TradingDay>> {
        Box::pin(self.calendar(from, to))
    }

    fn asset<'a>(&'a self, symbol: &'a str) -> Answered<'a, Option<Asset>> {
        Box::pin(self.asset(symbol))
    }

    fn trades<'a>(&'a self, symbols: &'a [SymbolId], start: Timestamp) -> Answered<'a, Vec<Trade>> {
        Box::pin(self.trades(symbols, start))
    }

    fn news(&self, since: Timestamp) -> Answered<'_, Vec<NewsPiece>> {
        Box::pin(self.news(since))
    }

    fn let_entries(&self, allowed: bool) {
        self.let_entries(allowed);
    }

    fn quota_left(&self) -> QuotaLeft {
        self.quota_left()
    }

    fn problems(&self) -> BTreeSet<Problem> {
        self.problems()
    }

    fn bars<'a>(&'a self, query: &'a BarsQuery<'a>) -> Answered<'a, Vec<Bar>> {
        Box::pin(self.bars(query))
    }
}
