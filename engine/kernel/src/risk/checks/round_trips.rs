//! Not too many positions opened and closed within the trading day. Those that are open and were
//! opened in it count, as this one would, and those that an open order may open: all may be closed
//! before the day ends.

use super::super::{Denial, Proposal};
use crate::SymbolId;
use crate::state::Whose;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(limit) = proposal.limits.max_round_trips_per_day else {
        return Ok(());
    };
    let state = proposal.state;
    let is_flat = |symbol| state.ledger().position(symbol).quantity.is_zero();
    let opens = |symbol: &SymbolId| *symbol != proposal.symbol && is_flat(*symbol);
    let entered = proposal.count_symbols(|| proposal.entered(Whose::Account).filter(opens));
    let count = state.round_trips_today().saturating_add(entered);
    if count >= limit { Err(Denial::RoundTrips { count, limit }) } else { Ok(()) }
}
