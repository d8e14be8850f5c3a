//! Orders over REST: sending, cancelling, replacing, looking up.

use super::error::{ApiError, ErrorClass, Refusal};
use super::limiter::Urgency;
use super::map::{self, ReadError};
use super::rest::{Client, encoded, found};
use super::rows::OrderState;
use super::transport::Call;
use super::wire::{OrderRequest, StopLossRequest, TakeProfitRequest};
use kernel::risk::ApprovedCancel;
use kernel::{
    Approved, BrokerOrderId, Leg, Order, OrderClass, Report, Span, StopLoss, Timestamp, Trail,
};
use reqwest::Method;
use std::collections::BTreeSet;

/// The most orders that the broker gives in one page.
const PAGE: usize = 500;

/// Which orders are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Those the broker counts as open.
    Open,
    /// The same, with the legs of each order inside it.
    OpenGroups,
    /// All, also those that have ended.
    All,
}

impl Client {
    /// Every order that the broker counts as open, oldest first. Orders that wait for another of
    /// their group are not among them.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn open_orders(&self) -> Result<Vec<OrderState>, ApiError> {
        self.orders(Listing::Open, None).await
    }

    /// Every order that the broker counts as open, with its legs, each as if it was read by itself.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn open_groups(&self) -> Result<Vec<OrderState>, ApiError> {
        self.orders(Listing::OpenGroups, None).await
    }

    /// Orders by time of submission, oldest first, every page of them; `after` is exclusive.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn orders(
        &self,
        listing: Listing,
        after: Option<Timestamp>,
    ) -> Result<Vec<OrderState>, ApiError> {
        let mut orders: Vec<OrderState> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut after = after;
        loop {
            let page = self.orders_page(listing, after).await?;
            let full = page.len() >= PAGE;
            // The boundary is exclusive and times are not unique: the last instant is read again.
            let last = page.iter().filter_map(|order| order.submitted_at).max();
            let known = seen.len();
            orders.extend(page.into_iter().filter(|order| seen.insert(order.broker_id.clone())));
            if !full || seen.len() == known || last.is_none() {
                return Ok(orders);
            }
            after = last.map(|time| time.minus(Span::from_nanos(1)));
        }
    }

    async fn orders_page(
        &self,
        listing: Listing,
        after: Option<Timestamp>,
    ) -> Result<Vec<OrderState>, ApiError> {
        let status = match listing {
            Listing::Open | Listing::OpenGroups => "open",
            Listing::All => "all",
        };
        let limit = PAGE.to_string();
        let after = after.map(|time| time.to_string());
        let mut query = vec![("status", status), ("limit", &limit), ("direction", "asc")];
        query.extend(after.as_deref().map(|after| ("after", after)));
        let is_nested = listing == Listing::OpenGroups;
        query.extend(is_nested.then_some(("nested", "true")));
        let read = if is_nested { map::standing_orders } else { map::orders };
        let call = self.trading("/v2/orders").query(&query);
        self.read(call, |body| read(body, &self.names)).await
    }

    /// An order by the id that its sender gave it; `None` when the broker has none. Right after a
    /// lost answer that is no proof that none will appear.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn order_by_client_id(
        &self,
        client_order_id: &str,
    ) -> Result<Option<OrderState>, ApiError> {
        self.find(client_order_id, Urgency::Data).await
    }

    async fn find(
        &self,
        client_order_id: &str,
        urgency: Urgency,
    ) -> Result<Option<OrderState>, ApiError> {
        let query = [("client_order_id", client_order_id)];
        let mut call = self.trading("/v2/orders:by_client_order_id").query(&query);
        call.urgency = urgency;
        match found(self.read_order(call).await)? {
            // Legs are nested only where an order is read by the broker's name for it.
            Some(order) if order.is_grouped() && order.legs.is_empty() => {
                self.order(&order.broker_id).await
            }
            order => Ok(order),
        }
    }

    /// An order by the broker's name for it; `None` when the broker has none.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn order(&self, id: &BrokerOrderId) -> Result<Option<OrderState>, ApiError> {
        let path = format!("/v2/orders/{}", encoded(&id.0));
        found(self.read_order(self.trading(&path).query(&[("nested", "true")])).await)
    }

    async fn read_order(&self, call: Call<'_>) -> Result<OrderState, ApiError> {
        self.read(call, |body| map::standing_order(body, &self.names)).await
    }

    /// Sends an order that has passed risk, once. The answer is an acknowledgement, never a fill,
    /// followed by one for each leg, which tells the broker's name for it.
    /// When the broker says that the id is taken, an earlier attempt arrived: its order is read and
    /// adopted.
    ///
    /// # Errors
    /// See [`ApiError`]; [`ErrorClass::Unknown`] means that it may work: look it up by its id.
    pub async fn submit(&self, approved: &Approved) -> Result<Vec<Report>, ApiError> {
        let order = approved.order();
        let id = self.names.client_order_id(order.number);
        let symbols = self.names.symbols();
        let body = new_order(order, symbols.name(order.symbol), &id);
        let mut call = self.trading("/v2/orders");
        call.method = Method::POST;
        call.urgency = urgency(approved);
        self.adopting(&id, self.change(call, &body).await).await
    }

    /// Replaces a working order with one that has passed risk, once. The answer names the new
    /// order; the old one ends by a report of its own, or fills first.
    ///
    /// # Errors
    /// See [`ApiError`]; [`ErrorClass::Unknown`] means that it may work: look it up by its id.
    pub async fn replace(
        &self,
        approved: &Approved,
        original: &BrokerOrderId,
    ) -> Result<Vec<Report>, ApiError> {
        let id = self.names.client_order_id(approved.order().number);
        let body = replacement(approved.order(), &id);
        let path = format!("/v2/orders/{}", encoded(&original.0));
        let mut call = self.trading(&path);
        call.method = Method::PATCH;
        call.urgency = urgency(approved);
        self.adopting(&id, self.change(call, &body).await).await
    }

    async fn change(
        &self,
        call: Call<'_>,
        body: &OrderRequest<'_>,
    ) -> Result<OrderState, ApiError> {
        let answer = self.transport.send(&call, Some(body)).await?;
        self.order_state(&answer).map_err(|error| self.unreadable(&call, &error))
    }

    fn order_state(&self, body: &[u8]) -> Result<OrderState, ReadError> {
        Ok(map::order(&map::parse(body)?, &self.names)?)
    }

    async fn adopting(
        &self,
        client_order_id: &str,
        outcome: Result<OrderState, ApiError>,
    ) -> Result<Vec<Report>, ApiError> {
        let order = match outcome {
            Err(error) if error.refusal() == Some(Refusal::DuplicateClientOrderId) => {
                self.order_by_client_id(client_order_id).await?.ok_or(error)?
            }
            outcome => outcome?,
        };
        let mut reports = vec![order.acknowledgement()];
        reports.extend(order.leg_reports());
        Ok(reports)
    }

    /// Asks for the end of an order. Success says that the broker took the request: the order ends
    /// by a report of its own, and may still fill. Tried again when the answer is lost, for asking
    /// twice does no more than asking once.
    ///
    /// # Errors
    /// See [`ApiError`]; [`Refusal::OrderEnded`] means that the order must be read.
    pub async fn cancel(&self, cancel: &ApprovedCancel) -> Result<(), ApiError> {
        let id = match cancel.broker_id() {
            Some(id) => id.clone(),
            None => self.look_up(cancel).await?,
        };
        let path = format!("/v2/orders/{}", encoded(&id.0));
        let mut call = self.trading(&path);
        call.method = Method::DELETE;
        call.urgency = Urgency::Cancel;
        self.transport.send::<()>(&call, None).await.map(|_| ())
    }

    async fn look_up(&self, cancel: &ApprovedCancel) -> Result<BrokerOrderId, ApiError> {
        let client_order_id = self.names.client_order_id(cancel.order());
        match self.find(&client_order_id, Urgency::Cancel).await? {
            Some(order) => Ok(order.broker_id),
            None => Err(ApiError {
                class: ErrorClass::NotFound,
                status: Some(404),
                code: None,
                message: format!("the broker has no order {client_order_id}"),
                is_said: false,
                request: "DELETE /v2/orders".into(),
                host: self.config.endpoints.trading_host().into(),
            }),
        }
    }
}

fn urgency(approved: &Approved) -> Urgency {
    if approved.order().grows { Urgency::Entry } else { Urgency::Exit }
}

/// The body of a new order. The limit of an OCO goes into its leg as well.
/// Source: Alpaca, "Orders at Alpaca", bracket, OCO and OTO orders.
fn new_order<'a>(order: &Order, symbol: &'a str, client_order_id: &'a str) -> OrderRequest<'a> {
    let (trail_price, trail_percent) = match order.kind.trail() {
        Some(Trail::Price(usd)) => (Some(usd), None),
        Some(Trail::Percent(percent)) => (None, Some(percent)),
        None => (None, None),
    };
    let mut body = OrderRequest {
        symbol: Some(symbol),
        qty: order.size.shares(),
        notional: order.size.notional(),
        side: Some(order.side.as_str()),
        kind: Some(order.kind.as_str()),
        time_in_force: order.time_in_force.as_str(),
        limit_price: order.kind.limit(),
        stop_price: order.kind.stop(),
        trail_price,
        trail_percent,
        extended_hours: order.extended_hours,
        client_order_id,
        ..OrderRequest::default()
    };
    if order.class == OrderClass::Simple {
        return body;
    }
    body.order_class = Some(order.class.as_str());
    if let OrderClass::Oco { .. } = order.class {
        body.take_profit = order.kind.limit().map(|limit_price| TakeProfitRequest { limit_price });
    }
    for leg in order.class.legs() {
        match leg {
            Leg::TakeProfit { limit } => {
                body.take_profit = Some(TakeProfitRequest { limit_price: limit });
            }
            Leg::StopLoss(StopLoss { stop, limit }) => {
                body.stop_loss = Some(StopLossRequest { stop_price: stop, limit_price: limit });
            }
        }
    }
    body
}

/// The body of a replacement. A leg keeps its number of shares, so none is sent.
fn replacement<'a>(order: &Order, client_order_id: &'a str) -> OrderRequest<'a> {
    OrderRequest {
        qty: order.size.shares().filter(|_| order.parent.is_none()),
        time_in_force: order.time_in_force.as_str(),
        limit_price: order.kind.limit(),
        stop_price: order.kind.stop(),
        trail: order.kind.trail().map(|trail| match trail {
            Trail::Price(usd) => usd.to_string(),
            Trail::Percent(percent) => percent.to_string(),
        }),
        client_order_id,
        ..OrderRequest::default()
    }
}
