//! Equity times the leverage, less what is held and what open orders may need, covers the order.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let (equity, held) = (proposal.equity(), proposal.gross_held()?);
    let free = proposal.state.buying_power(equity, held).ok_or(Denial::Overflow)?;
    let returned = proposal.replaces.map_or(crate::Cash::ZERO, |order| order.reserved);
    let available = free.checked_add(returned).ok_or(Denial::Overflow)?;
    let available = available.checked_add(proposal.closed_before()?).ok_or(Denial::Overflow)?;
    let needed = proposal.notional_beside_equity()?;
    if needed > available { Err(Denial::BuyingPower { needed, available }) } else { Ok(()) }
}
