//! Not too many symbols held or being entered.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.max_positions else {
        return Ok(());
    };
    let state = proposal.state;
    let is_held = |symbol| !state.ledger().position(symbol).quantity.is_zero();
    let enters = |symbol| {
        let mut others = proposal.other_orders();
        symbol == proposal.symbol || others.any(|order| order.grows && order.symbol == symbol)
    };
    let symbols = state.symbols().ids().filter(|symbol| is_held(*symbol) || enters(*symbol));
    let count = u32::try_from(symbols.count()).unwrap_or(u32::MAX);
    if count > limit { Err(Denial::TooManyPositions { count, limit }) } else { Ok(()) }
}
