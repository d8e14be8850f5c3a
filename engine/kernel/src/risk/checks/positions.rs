//! Not too many symbols held or being entered.

use super::super::{Denial, Proposal};

/// So many symbols have a bit each in a word.
const BLOCK: usize = u64::BITS as usize;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.max_positions else {
        return Ok(());
    };
    let blocks = proposal.state.symbols().len().div_ceil(BLOCK);
    let count = (0..blocks).map(|block| taken_in(proposal, block).count_ones()).sum();
    if count > limit { Err(Denial::TooManyPositions { count, limit }) } else { Ok(()) }
}

/// The symbols of a block that are held or being entered, by their bits.
fn taken_in(proposal: &Proposal<'_>, block: usize) -> u64 {
    let growing = proposal.other_orders().filter(|order| order.grows).map(|order| order.symbol);
    let taken = proposal.state.held().chain(growing).chain([proposal.symbol]);
    let inside = taken.filter(|symbol| symbol.index() / BLOCK == block);
    inside.fold(0, |bits, symbol| bits | 1 << (symbol.index() % BLOCK))
}
