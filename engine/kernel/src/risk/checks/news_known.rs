//! Where news keep entries away, it is known what is in the news.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let counts = proposal.limits.news_blackout.is_some();
    if counts && !proposal.state.news_are_known() { Err(Denial::NewsUnknown) } else { Ok(()) }
}
