//! Not too many symbols held or being entered: in the account, and by the strategy.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    proposal.of_each_part(|limits, whose| {
        let Some(limit) = limits.max_positions else {
            return Ok(());
        };
        let held = || proposal.state.held_of(whose).map(|(symbol, _)| symbol);
        let count = proposal
            .count_symbols(|| held().chain(proposal.entered(whose)).chain([proposal.symbol]));
        if count > limit { Err(Denial::TooManyPositions { count, limit }) } else { Ok(()) }
    })
}
