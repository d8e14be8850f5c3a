//! What the broker posts to the account: fees, and cash that comes and goes without a trade.

use crate::world::World;
use crate::{Fault, Violation};
use exchange::Activity;
use kernel::{Cash, CashMovement, FeeCharge, Input, MovementKind, SCALE};

/// The most that comes or goes at once.
const MOST_CENTS: u64 = 500_000;

impl World {
    /// Feeds every posting that the account's history has and the books have not.
    pub(crate) fn postings(&mut self) -> Result<(), Violation> {
        let activities = self.venue.exchange.activities().iter();
        let since = activities.filter(|activity| activity.time() >= self.opened);
        for input in since.filter_map(posting).collect::<Vec<_>>() {
            let (Input::Fee(FeeCharge { id, .. }) | Input::Cash(CashMovement { id, .. })) = &input
            else {
                continue;
            };
            let Some(shell) = &self.shell else { return Ok(()) };
            if !shell.state().ledger().has_posting(id) {
                self.feed(input)?;
            }
        }
        Ok(())
    }

    /// Draws a movement of cash.
    pub(crate) fn draw_movement(&mut self) -> (MovementKind, Cash) {
        let kind = self.random.pick(&MovementKind::ALL).copied().unwrap_or(MovementKind::Deposit);
        let cents = i64::try_from(1 + self.random.below(MOST_CENTS)).unwrap_or(1);
        let goes = match kind {
            MovementKind::Withdrawal => true,
            MovementKind::Journal | MovementKind::Interest | MovementKind::Other => {
                self.random.chance(500)
            }
            MovementKind::Deposit | MovementKind::Dividend | MovementKind::CashInLieu => false,
        };
        let amount = Cash::from_nanos(cents * (SCALE / 100));
        (kind, if goes { Cash::from_nanos(-amount.nanos()) } else { amount })
    }

    /// Cash comes or goes at the broker.
    pub(crate) fn move_cash(&mut self, kind: MovementKind, amount: Cash) -> Result<(), Violation> {
        self.venue.exchange.advance(self.now);
        self.send_updates();
        self.note_for_all(Fault::CashMoved);
        self.venue.exchange.move_cash_by_hand(kind, amount);
        Ok(())
    }
}

/// What a posting is to the session.
fn posting(activity: &Activity) -> Option<Input> {
    let id = || activity.id().into();
    match activity {
        Activity::Fee(fee) => {
            Some(Input::Fee(FeeCharge { id: id(), kind: fee.kind, amount: fee.amount }))
        }
        Activity::Cash(moved) => {
            let (kind, amount) = (moved.kind, moved.amount);
            Some(Input::Cash(CashMovement { id: id(), kind, amount }))
        }
        Activity::Fill(_) | Activity::Split(_) | Activity::Reset(_) => None,
    }
}
