//! Not too large a part of what was traded in the last complete bar; where that is not known, none.

use super::super::{Denial, Proposal};
use crate::Quantity;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(share) = proposal.limits.max_participation else {
        return Ok(());
    };
    let volume = proposal.state.last_volume(proposal.symbol).nanos();
    let share = u128::try_from(share.get()).unwrap_or(0);
    let most = volume.saturating_mul(share) / 10_000;
    let limit = i64::try_from(most).map_or(Quantity::MAX, Quantity::from_nanos);
    let quantity = proposal.quantity;
    if quantity > limit { Err(Denial::Participation { quantity, limit }) } else { Ok(()) }
}
