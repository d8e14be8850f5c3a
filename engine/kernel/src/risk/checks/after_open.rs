//! The open is long enough ago. Without a calendar it is not known to be.

use super::super::{Denial, Proposal};
use crate::Span;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.no_entries_after_open else {
        return Ok(());
    };
    let since = proposal.state.day().map(|day| proposal.state.now().since(day.hours.open));
    let (since, limit) = (since.unwrap_or(Span::ZERO), limit.span());
    if since < limit { Err(Denial::AfterOpen { since, limit }) } else { Ok(()) }
}
