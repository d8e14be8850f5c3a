//! What the venue has posted to the account: fees and interest.

use super::Driver;
use crate::BacktestError;
use exchange::{Activity, CashActivity};
use kernel::{CashMovement, FeeCharge, Input, MovementKind};

impl Driver<'_, '_> {
    /// Feeds the fees and the interest that the venue has posted and that were not read yet.
    pub(super) fn fees(&mut self) -> Result<(), BacktestError> {
        let posted = self.venue.exchange.activities().iter().skip(self.fees_read);
        // What else moves cash is fed where it happens.
        let posted = posted.filter(|activity| match activity {
            Activity::Fee(_) => true,
            Activity::Cash(moved) => moved.kind == MovementKind::Interest,
            Activity::Fill(_) | Activity::Split(_) | Activity::Reset(_) => false,
        });
        let posted: Vec<Activity> = posted.cloned().collect();
        self.fees_read = self.venue.exchange.activities().len();
        for activity in posted {
            let id = activity.id().into();
            match activity {
                Activity::Fee(fee) => {
                    self.trades.charge(fee.amount, fee.time);
                    self.feed(Input::Fee(FeeCharge { id, kind: fee.kind, amount: fee.amount }))?;
                }
                Activity::Cash(CashActivity { kind, amount, .. }) => {
                    self.feed(Input::Cash(CashMovement { id, kind, amount }))?;
                }
                Activity::Fill(_) | Activity::Split(_) | Activity::Reset(_) => {}
            }
        }
        Ok(())
    }
}
