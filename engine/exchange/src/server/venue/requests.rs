//! What is asked of the exchange: logged, carried out, told.

use super::Venue;
use crate::server::error::ApiError;
use crate::server::faults::Act;
use crate::server::state_log::{Entry, Request};
use crate::{Cancels, Closings, OrderId, OrderRequest, OrderRow, Part, Refusal, Replacement};
use kernel::SymbolId;

/// What a request led to.
pub(in crate::server) enum Outcome {
    Order(Box<OrderRow>),
    /// Of each order that was open.
    Canceled(Cancels),
    /// Of each symbol that was held.
    Closed(Closings),
    Done,
}

impl Venue {
    pub(in crate::server) fn submit(
        &mut self,
        request: OrderRequest,
    ) -> Result<OrderRow, ApiError> {
        self.logged(Request::Submit(request))?.order()
    }

    pub(in crate::server) fn cancel(&mut self, id: OrderId) -> Result<(), ApiError> {
        self.logged(Request::Cancel(id)).map(drop)
    }

    pub(in crate::server) fn replace(
        &mut self,
        id: OrderId,
        change: Replacement,
    ) -> Result<OrderRow, ApiError> {
        self.logged(Request::Replace(id, change))?.order()
    }

    pub(in crate::server) fn cancel_all(&mut self) -> Result<Cancels, ApiError> {
        match self.logged(Request::CancelAll)? {
            Outcome::Canceled(outcomes) => Ok(outcomes),
            _ => Err(unfitting()),
        }
    }

    pub(in crate::server) fn close_position(
        &mut self,
        symbol: SymbolId,
        part: Part,
    ) -> Result<OrderRow, ApiError> {
        self.logged(Request::Close(symbol, part))?.order()
    }

    pub(in crate::server) fn close_all(
        &mut self,
        cancel_orders: bool,
    ) -> Result<Closings, ApiError> {
        match self.logged(Request::CloseAll { cancel_orders })? {
            Outcome::Closed(outcomes) => Ok(outcomes),
            _ => Err(unfitting()),
        }
    }

    /// Does something at the venue as a fault script says.
    pub(in crate::server) fn act(&mut self, act: Act) -> Result<(), ApiError> {
        self.logged(Request::Act(act)).map(drop)
    }

    /// Logs a request, then carries it out.
    fn logged(&mut self, request: Request) -> Result<Outcome, ApiError> {
        if self.closed {
            return Err(ApiError::internal("the exchange is shutting down"));
        }
        let at = self.now();
        if let Some(log) = &mut self.log {
            let entry = Entry::Ask { at, request: request.clone() };
            log.append(&entry).map_err(|error| ApiError::internal(error.to_string()))?;
        }
        self.exchange.advance(at);
        let outcome = self.ask(request);
        self.publish_updates();
        Ok(outcome?)
    }

    pub(super) fn ask(&mut self, request: Request) -> Result<Outcome, Refusal> {
        match request {
            Request::Submit(request) => self.exchange.submit(request).map(Outcome::from),
            Request::Cancel(id) => self.exchange.cancel(id).map(|()| Outcome::Done),
            Request::Replace(id, change) => self.exchange.replace(id, change).map(Outcome::from),
            Request::CancelAll => Ok(Outcome::Canceled(self.exchange.cancel_all())),
            Request::Close(symbol, part) => {
                self.exchange.close_position(symbol, part).map(Outcome::from)
            }
            Request::CloseAll { cancel_orders } => {
                Ok(Outcome::Closed(self.exchange.close_all(cancel_orders)))
            }
            Request::Act(act) => self.carry_out(act).map(|()| Outcome::Done),
        }
    }
}

impl Outcome {
    fn order(self) -> Result<OrderRow, ApiError> {
        match self {
            Outcome::Order(order) => Ok(*order),
            Outcome::Canceled(_) | Outcome::Closed(_) | Outcome::Done => Err(unfitting()),
        }
    }
}

fn unfitting() -> ApiError {
    ApiError::internal("the exchange answered another request")
}

impl From<OrderRow> for Outcome {
    fn from(order: OrderRow) -> Self {
        Self::Order(Box::new(order))
    }
}
