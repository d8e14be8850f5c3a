//! Orders over REST: sending, cancelling, replacing, looking up.

use super::error::{ApiError, ErrorClass, Refusal};
use super::limiter::Urgency;
use super::map::{self, ReadError};
use super::rest::{Client, encoded, found};
use super::rows::OrderState;
use super::transport::Call;
use super::wire::OrderRequest;
use kernel::risk::ApprovedCancel;
use kernel::{Approved, BrokerOrderId, Report, Span, Timestamp};
use reqwest::Method;
use std::collections::BTreeSet;

/// The most orders that the broker gives in one page.
const PAGE: usize = 500;

/// Which orders are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Those the broker counts as open.
    Open,
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
            Listing::Open => "open",
            Listing::All => "all",
        };
        let limit = PAGE.to_string();
        let after = after.map(|time| time.to_string());
        let mut query = vec![("status", status), ("limit", &limit), ("direction", "asc")];
        query.extend(after.as_deref().map(|after| ("after", after)));
        let call = self.trading("/v2/orders").query(&query);
        self.read(call, |body| map::orders(body, &self.names)).await
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
        found(self.read_order(call).await)
    }

    /// An order by the broker's name for it; `None` when the broker has none.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn order(&self, id: &BrokerOrderId) -> Result<Option<OrderState>, ApiError> {
        let path = format!("/v2/orders/{}", encoded(&id.0));
        found(self.read_order(self.trading(&path)).await)
    }

    async fn read_order(&self, call: Call<'_>) -> Result<OrderState, ApiError> {
        self.read(call, |body| self.order_state(body)).await
    }

    /// Sends an order that has passed risk, once. The answer is an acknowledgement, never a fill.
    /// When the broker says that the id is taken, an earlier attempt arrived: its order is read and
    /// adopted.
    ///
    /// # Errors
    /// See [`ApiError`]; [`ErrorClass::Unknown`] means that it may work: look it up by its id.
    pub async fn submit(&self, approved: &Approved) -> Result<Report, ApiError> {
        let order = approved.order();
        let id = self.names.client_order_id(order.number);
        let body = self.order_request(approved, &id);
        let body = OrderRequest {
            symbol: Some(self.names.symbols().name(order.symbol)),
            side: Some(order.side.as_str()),
            kind: Some(order.kind.as_str()),
            ..body
        };
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
    ) -> Result<Report, ApiError> {
        let id = self.names.client_order_id(approved.order().number);
        let body = self.order_request(approved, &id);
        let path = format!("/v2/orders/{}", encoded(&original.0));
        let mut call = self.trading(&path);
        call.method = Method::PATCH;
        call.urgency = urgency(approved);
        self.adopting(&id, self.change(call, &body).await).await
    }

    fn order_request<'a>(&self, approved: &Approved, id: &'a str) -> OrderRequest<'a> {
        let order = approved.order();
        let is_limit = matches!(order.kind, kernel::OrderKind::Limit { .. });
        OrderRequest {
            symbol: None,
            qty: order.quantity,
            side: None,
            kind: None,
            time_in_force: order.time_in_force.as_str(),
            limit_price: order.kind.limit(),
            stop_price: order.kind.stop(),
            extended_hours: self.config.extended_hours && is_limit && order.replaces.is_none(),
            client_order_id: id,
        }
    }

    async fn change(
        &self,
        call: Call<'_>,
        body: &OrderRequest<'_>,
    ) -> Result<OrderState, ApiError> {
        let answer = self.transport.send(&call, Some(body)).await?;
        self.order_state(&answer).map_err(|error| call.unreadable(error))
    }

    fn order_state(&self, body: &[u8]) -> Result<OrderState, ReadError> {
        Ok(map::order(&map::parse(body)?, &self.names)?)
    }

    async fn adopting(
        &self,
        client_order_id: &str,
        outcome: Result<OrderState, ApiError>,
    ) -> Result<Report, ApiError> {
        match outcome {
            Ok(order) => Ok(order.acknowledgement()),
            Err(error) if error.refusal() == Some(Refusal::DuplicateClientOrderId) => {
                let adopted = self.order_by_client_id(client_order_id).await?;
                adopted.map(|order| order.acknowledgement()).ok_or(error)
            }
            Err(error) => Err(error),
        }
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
                request: "DELETE /v2/orders".into(),
                host: self.config.endpoints.trading_host().into(),
            }),
        }
    }
}

fn urgency(approved: &Approved) -> Urgency {
    if approved.order().grows { Urgency::Entry } else { Urgency::Exit }
}
