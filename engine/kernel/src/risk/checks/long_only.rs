//! Nothing is sold short where only long positions are wanted.

use super::super::{Denial, Proposal};
use crate::Side;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let is_short = proposal.side == Side::Sell;
    if is_short && proposal.limits.long_only { Err(Denial::LongOnly) } else { Ok(()) }
}
