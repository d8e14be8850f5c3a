//! What a strategy's own capital, less what it holds and its open orders may need, has left covers the
//! order. Strategies without capital share what the others were not given.

use super::super::{Denial, Proposal};
use crate::{Cash, Owner};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(id) = proposal.state.apart(proposal.origin) else { return Ok(()) };
    let (state, owner) = (proposal.state, Owner::Strategy(id));
    let free = state.free_capital(owner).ok_or(Denial::Overflow)?;
    // An order that it replaces gives back what it kept to those who were to pay for it.
    let pays = |id| state.accounts().spends_with(owner, Owner::Strategy(id));
    let replaced = proposal.replaces.filter(|order| state.strategy_of(order).is_some_and(pays));
    let returned = replaced.map_or(Cash::ZERO, |order| order.reserved);
    let available = free.checked_add(returned).ok_or(Denial::Overflow)?;
    let available = available.checked_add(proposal.closed_before()?).ok_or(Denial::Overflow)?;
    let needed = proposal.notional_beside_equity()?;
    if needed > available { Err(Denial::OwnCapital { needed, available }) } else { Ok(()) }
}
