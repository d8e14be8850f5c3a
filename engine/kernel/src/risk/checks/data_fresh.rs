//! The last price is not too old, by where it came from: a quote or trade counts from when it was
//! made, a bar from its end, and the next bar is due only one length after that.

use super::super::{Denial, Proposal};
use crate::Span;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let last = proposal.state.last_data(proposal.symbol).ok_or(Denial::NoPrice)?;
    if proposal.state.last_is_void(proposal.symbol) {
        return Err(Denial::NoPrice);
    }
    let limit = match last.length {
        Span::ZERO => proposal.limits.stale_after_ticks,
        length => proposal.limits.stale_after.map(|limit| limit.max(length.times(2))),
    };
    let age = proposal.state.now().since(last.time);
    match limit {
        Some(limit) if age > limit => Err(Denial::StaleData { age, limit }),
        Some(_) | None => Ok(()),
    }
}
