//! The close is far enough away, and everything has not been closed for it. Without a calendar it is
//! not known to be.

use super::super::{Denial, Proposal};
use crate::Span;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let entries = proposal.limits.no_entries_before_close;
    let Some(limit) = entries.max(proposal.state.limits().flat_before_close) else {
        return Ok(());
    };
    let left = proposal.state.day().map(|day| day.hours.close.since(proposal.state.now()));
    let (left, limit) = (left.unwrap_or(Span::ZERO), limit.span());
    if left <= limit { Err(Denial::BeforeClose { left, limit }) } else { Ok(()) }
}
