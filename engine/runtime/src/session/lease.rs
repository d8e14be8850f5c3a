//! Whether this session has its account for itself.
//!
//! Two sessions on one account spend the same cash and close each other's positions. There is no
//! lock at a broker, but every order says in its id which session sent it. At the start an order of
//! another session that is younger than [`RECENT`] refuses the newcomer. While sessions run, an
//! order of another one that was sent since this one started shows that both trade: the one whose
//! first order is younger ends. Orders of the sessions that ran in this directory before are no
//! sign of anybody else, and neither is an older order that is still open or fills only now.

use super::{SessionConfig, SessionError, Venue, data_dir};
use crate::alpaca::{ApiError, Names, OrderState, first_order_of, is_taken};
use kernel::{Notice, OrderNumber, Span, Timestamp};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// An order of another session that is younger shows, at the start, that it may still be running.
pub(super) const RECENT: Span = Span::from_secs(300);

/// What a session knows of whom the account belongs to.
#[derive(Debug)]
pub(super) struct Lease {
    names: Names,
    /// As their orders show them: the sessions of this directory that have ended.
    own: BTreeSet<String>,
    /// The venue's time at which this process began.
    since: Timestamp,
}

/// Another session that trades on the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OtherSession {
    /// The first characters of its id.
    pub session: Box<str>,
    /// Its order.
    pub order: Box<str>,
    /// When that was sent.
    pub submitted: Timestamp,
    /// Whether its first order is older than ours, so that we are the ones to end.
    pub is_elder: bool,
}

impl Lease {
    pub fn new(
        names: Names,
        config: &SessionConfig,
        since: Timestamp,
    ) -> Result<Self, SessionError> {
        let finished = journal::finished(&data_dir::journal_dir(&config.data_dir))?;
        let ids = finished.iter().filter_map(|path| path.file_name()?.to_str());
        let own = ids.map(|id| id.chars().take(8).collect()).collect();
        Ok(Self { names, own, since })
    }

    /// Refuses to begin beside a session that sent an order lately.
    pub async fn check(&self, venue: &dyn Venue) -> Result<(), SessionError> {
        let after = self.since.minus(RECENT);
        let orders = venue.orders(after).await.map_err(SessionError::broker("list the orders"))?;
        match self.newest(&orders, after) {
            None => Ok(()),
            Some((session, order)) => Err(SessionError::SecondSession {
                session: session.into(),
                order: order.client_order_id.clone(),
                submitted: order.submitted_at.unwrap_or(after),
                free: order.submitted_at.unwrap_or(self.since).plus(RECENT),
            }),
        }
    }

    /// Another session that has sent an order since this one began, and not before `after`.
    pub async fn look(
        &self,
        venue: &dyn Venue,
        after: Timestamp,
    ) -> Result<Option<OtherSession>, ApiError> {
        let after = after.max(self.since);
        let orders = venue.orders(after).await?;
        let Some((session, order)) = self.newest(&orders, after) else {
            return Ok(None);
        };
        let ours = venue.find(OrderNumber(1)).await?;
        let theirs = venue.named(&first_order_of(session)).await?;
        let first = |order: Option<OrderState>| order.and_then(|order| order.submitted_at);
        let is_elder = match (first(ours), first(theirs)) {
            (Some(ours), Some(theirs)) => theirs <= ours,
            (Some(_), None) => false,
            (None, _) => true,
        };
        Ok(Some(OtherSession {
            session: session.into(),
            order: order.client_order_id.clone(),
            submitted: order.submitted_at.unwrap_or(after),
            is_elder,
        }))
    }

    fn newest<'a>(
        &self,
        orders: &'a [OrderState],
        after: Timestamp,
    ) -> Option<(&'a str, &'a OrderState)> {
        let others = orders.iter().filter_map(|order| {
            let session = self.names.other_session(&order.client_order_id)?;
            let counts = !self.own.contains(session) && order.submitted_at? > after;
            counts.then_some((session, order))
        });
        others.max_by_key(|(_, order)| order.submitted_at)
    }
}

impl OtherSession {
    /// As the journal keeps it.
    pub fn notice(&self) -> Notice {
        Notice::OtherSession { session: self.session.clone(), order: self.order.clone() }
    }

    /// Why the younger of two sessions ends.
    pub fn error(&self) -> SessionError {
        SessionError::SecondSession {
            session: self.session.clone(),
            order: self.order.clone(),
            submitted: self.submitted,
            free: self.submitted.plus(RECENT),
        }
    }
}

/// Whether the only place on the data stream is somebody else's. Our own connection may hold it
/// for a while after it broke, so a session that had it goes on trying.
#[derive(Debug, Default)]
pub(super) struct DataPlace {
    was_ours: bool,
    taken: Option<Instant>,
}

impl DataPlace {
    pub fn up(&mut self) {
        self.was_ours = true;
    }

    /// Notes why the stream is down; the error when it has been refused for `patience`.
    pub fn down(&mut self, reason: &str, patience: Duration) -> Option<SessionError> {
        if self.was_ours || !is_taken(reason) {
            self.taken = None;
            return None;
        }
        let refused = self.taken.get_or_insert_with(Instant::now).elapsed();
        (refused >= patience)
            .then_some(SessionError::DataStreamTaken { seconds: refused.as_secs() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_place_that_was_never_ours_is_given_up() {
        let (taken, now) = ("406 connection limit exceeded", Duration::ZERO);
        let mut place = DataPlace::default();
        assert!(place.down("the server closed the connection", now).is_none());
        assert!(place.down(taken, Duration::from_secs(3600)).is_none());
        assert!(place.down(taken, now).is_some());
        place.up();
        assert!(place.down(taken, now).is_none(), "our own dead connection may hold it");
    }
}
