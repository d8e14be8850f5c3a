//! Orders, replacements and cancels.

use super::{Answer, Courier, Target, tell};
use crate::alpaca::{self, ApiError, ErrorClass, OrderState, Refusal};
use journal::failpoint::hit;
use kernel::risk::{Approved, ApprovedCancel};
use kernel::{BrokerOrderId, OrderStatus, Report, Timestamp};
use tokio::sync::mpsc;

/// How often an order is sent again that is certain not to have arrived.
const REPEATS: u32 = 3;
/// How often a cancel is asked for.
const CANCELS: u32 = 5;

impl Courier {
    pub(super) async fn submit(
        &self,
        approved: &Approved,
        original: Option<&BrokerOrderId>,
        target: &Target,
        now: Timestamp,
        out: &mpsc::Sender<Answer>,
    ) {
        let sent = Target::of(approved.order());
        let (answer, times) = self.send_once(approved, original).await;
        let error = match answer {
            Ok(reports) => {
                for report in reports {
                    tell(out, Answer::Report(report)).await;
                }
                return;
            }
            Err(error) => error,
        };
        let may_be_there = match error.refusal() {
            Some(Refusal::DuplicateClientOrderId) => true,
            // Without a word of why, it may be that a try before this one has arrived after all.
            Some(Refusal::Unsaid) => times > 1,
            _ => false,
        };
        if may_be_there {
            tracing::warn!(order = %sent.number, "the broker may have the order already: {error}");
            self.look_for(&sent, now, out).await;
        } else {
            if let Some(report) = error.report(alpaca::Request::Submit, sent.number, now) {
                tell(out, Answer::Report(report)).await;
            }
            if matches!(error.class, ErrorClass::Unknown | ErrorClass::Unreadable) {
                tracing::warn!(order = %sent.number, "not answered, so it is looked up: {error}");
                self.look_for(&sent, now, out).await;
            }
        }
        if original.is_some() {
            // A replacement that seems to have failed may have taken effect all the same.
            self.read_and_tell(target, out).await;
        }
    }

    /// Sends a new order or a replacement, and repeats it only when it was not carried out. Says how
    /// often it was sent.
    async fn send_once(
        &self,
        approved: &Approved,
        original: Option<&BrokerOrderId>,
    ) -> (Result<Vec<Report>, ApiError>, u32) {
        let number = approved.order().number.0;
        let mut backoff = self.backoff(number);
        let mut times = 0;
        loop {
            times += 1;
            hit("send.before", number);
            let answer = match original {
                None => self.venue.submit(approved).await,
                Some(original) => self.venue.replace(approved, original).await,
            };
            hit("send.after", number);
            match answer {
                Err(error) if error.was_not_carried_out() && times <= REPEATS => {}
                answer => return (answer, times),
            }
            tokio::time::sleep(backoff.step()).await;
        }
    }

    /// A cancel that was taken ends nothing: the order's own report does. One that was refused, or
    /// lost, leads to a read of the order.
    pub(super) async fn cancel(
        &self,
        cancel: &ApprovedCancel,
        target: &Target,
        out: &mpsc::Sender<Answer>,
    ) {
        let mut backoff = self.backoff(target.number.0);
        let mut message = String::new();
        for _ in 0..CANCELS {
            hit("send.before", target.number.0);
            let answer = self.venue.cancel(cancel).await;
            hit("send.after", target.number.0);
            match answer {
                Ok(()) => return,
                Err(error) => {
                    let is_final = matches!(
                        error.class,
                        ErrorClass::Refused | ErrorClass::NotFound | ErrorClass::Unauthorized
                    );
                    message = error.message;
                    match self.read(target).await {
                        Ok(Some(read)) => {
                            let ended = has_ended(&read.order);
                            tell(out, Answer::Read(target.number, Box::new(read))).await;
                            if ended {
                                return;
                            }
                        }
                        Ok(None) => {}
                        Err(error) => tracing::warn!("{error}"),
                    }
                    if is_final {
                        break;
                    }
                }
            }
            tokio::time::sleep(backoff.step()).await;
        }
        tell(out, Answer::CancelFailed(target.number, message.into())).await;
    }
}

/// Whether a cancel has nothing more to do.
fn has_ended(order: &OrderState) -> bool {
    let ends = |status: OrderStatus| status.is_final() || status == OrderStatus::PendingCancel;
    order.status.is_some_and(ends)
}
