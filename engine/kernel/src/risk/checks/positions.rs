//! Not too many symbols held or being entered.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.max_positions else {
        return Ok(());
    };
    let count = proposal
        .count_symbols(|| proposal.state.held().chain(proposal.entered()).chain([proposal.symbol]));
    if count > limit { Err(Denial::TooManyPositions { count, limit }) } else { Ok(()) }
}
