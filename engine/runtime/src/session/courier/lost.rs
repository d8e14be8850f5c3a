//! Orders whose fate is not known: what counts as proof that one never arrived.

use super::reads::READINGS;
use super::{Answer, Courier, Target, Wait, tell};
use crate::alpaca::{ApiError, ErrorClass, OrderState};
use crate::backoff::Backoff;
use kernel::{OrderNumber, Report, ReportKind, Timestamp};
use std::collections::BTreeSet;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How often an order is looked up before it is waited for. So many empty answers are no proof.
const LOOKUPS: u32 = 3;

impl Courier {
    /// Looks for an order by our number until the broker shows it, or until a listing of orders and
    /// the executions, both taken long enough after, lack it. A broker that cannot be asked denies
    /// nothing, so this may go on for as long as the session.
    ///
    /// By the venue's clock there is nothing to wait for here: when it has not got there yet, the
    /// order stays unknown, and is looked for again when the venue's time has come.
    pub(super) async fn look_for(
        &self,
        target: &Target,
        now: Timestamp,
        out: &mpsc::Sender<Answer>,
    ) {
        let mut backoff = self.backoff(target.number.0);
        let (mut denials, mut unreadable) = (0, 0);
        while denials < LOOKUPS {
            match self.venue.find(target.number).await {
                Ok(Some(order)) => return self.found(target, order, out).await,
                Ok(None) => denials += 1,
                Err(error) => {
                    tracing::warn!(order = %target.number, "cannot look it up: {error}");
                    unreadable += u32::from(error.class == ErrorClass::Unreadable);
                }
            }
            // An answer that cannot be read denies nothing. It is hardly another before the venue's
            // clock goes on.
            if unreadable == READINGS && matches!(self.patience.absent_after, Wait::Venue(_)) {
                return tracing::warn!(order = %target.number, "it stays unknown for now");
            }
            tokio::time::sleep(backoff.step()).await;
        }
        match self.patience.absent_after {
            Wait::Machine(wait) => {
                let due = Instant::now() + wait;
                self.outlast(target, now, due, backoff, out).await;
            }
            Wait::Venue(_) if self.patience.is_due(target, now) => match self.prove(target).await {
                Ok(found) => self.conclude(target, now, found, out).await,
                Err(error) => {
                    tracing::warn!(order = %target.number, "its absence is not proven: {error}");
                }
            },
            Wait::Venue(_) => tracing::warn!(order = %target.number, "it stays unknown for now"),
        }
    }

    /// Goes on looking until `due`, and then asks for the proof until there is one.
    async fn outlast(
        &self,
        target: &Target,
        now: Timestamp,
        due: Instant,
        mut backoff: Backoff,
        out: &mpsc::Sender<Answer>,
    ) {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                match self.prove(target).await {
                    Ok(found) => return self.conclude(target, now, found, out).await,
                    Err(error) => {
                        tracing::warn!(order = %target.number, "its absence is not proven: {error}");
                    }
                }
                tokio::time::sleep(backoff.step()).await;
            } else {
                tokio::time::sleep(backoff.step().min(left)).await;
                if let Ok(Some(order)) = self.venue.find(target.number).await {
                    return self.found(target, order, out).await;
                }
            }
        }
    }

    /// The order, if the broker lists it or an execution of it; `None` is the proof that it has
    /// neither. An execution names its order by the broker's id alone, so that of an order which
    /// the listing lacks is traced to its order.
    async fn prove(&self, target: &Target) -> Result<Option<OrderState>, ApiError> {
        let listed = self.venue.orders(target.since).await?;
        let is_ours = |order: &OrderState| order.order == Some(target.number);
        if let Some(order) = listed.iter().find(|order| is_ours(order)) {
            return Ok(Some(order.clone()));
        }
        let known: BTreeSet<_> = listed.iter().map(|order| &order.broker_id).collect();
        let fills = self.venue.fills(target.since).await?;
        let strangers: BTreeSet<_> =
            fills.iter().map(|fill| &fill.broker_id).filter(|id| !known.contains(id)).collect();
        for id in strangers {
            if let Some(order) = self.venue.order(id).await?.filter(is_ours) {
                return Ok(Some(order));
            }
        }
        Ok(None)
    }

    async fn conclude(
        &self,
        target: &Target,
        now: Timestamp,
        found: Option<OrderState>,
        out: &mpsc::Sender<Answer>,
    ) {
        match found {
            Some(order) => self.found(target, order, out).await,
            None => tell(out, Answer::Report(not_received(target.number, now))).await,
        }
    }

    async fn found(&self, target: &Target, order: OrderState, out: &mpsc::Sender<Answer>) {
        let read = self.with_fills(target, order).await;
        tell(out, Answer::Read(target.number, Box::new(read))).await;
    }
}

fn not_received(order: OrderNumber, time: Timestamp) -> Report {
    Report {
        order: Some(order),
        broker_id: None,
        kind: ReportKind::NotReceived,
        time,
        execution: None,
        cumulative: None,
        text: Some("neither the broker's orders nor its executions have it".into()),
    }
}
