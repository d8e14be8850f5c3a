//! Not too many USD in orders that grow in a trading day, in the account, of the strategy and in the
//! symbol.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    proposal.of_each_layer(|limits, whose| {
        let Some(limit) = limits.max_notional_per_day else { return Ok(()) };
        let spent = proposal.state.spent_today(whose).notional;
        let notional = spent.checked_add(proposal.worst_notional()?).ok_or(Denial::Overflow)?;
        if notional > limit { Err(Denial::NotionalPerDay { notional, limit }) } else { Ok(()) }
    })
}
