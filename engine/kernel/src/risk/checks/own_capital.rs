//! What a strategy's own capital, less what it holds and its open orders may need, has left covers the
//! order. Strategies without capital share what the others were not given.

use super::super::{Denial, Proposal};
use crate::{Cash, Owner};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(id) = proposal.state.apart(proposal.origin) else { return Ok(()) };
    let free = proposal.state.free_capital(Owner::Strategy(id)).ok_or(Denial::Overflow)?;
    let returned = proposal.replaces.map_or(Cash::ZERO, |order| order.reserved);
    let available = free.checked_add(returned).ok_or(Denial::Overflow)?;
    let available = available.checked_add(proposal.closed_before()?).ok_or(Denial::Overflow)?;
    let needed = proposal.notional_beside_equity()?;
    if needed > available { Err(Denial::OwnCapital { needed, available }) } else { Ok(()) }
}
