//! The stream that would tell of the order's fate is up.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    if proposal.state.order_stream_is_up() { Ok(()) } else { Err(Denial::OrderStreamDown) }
}
