//! The last loss in the symbol is long enough ago.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let loss = proposal.state.last_loss(proposal.symbol);
    let (Some(limit), Some(loss)) = (proposal.limits.cooldown_after_loss, loss) else {
        return Ok(());
    };
    let age = proposal.state.now().since(loss);
    if age < limit { Err(Denial::CoolingDown { age, limit }) } else { Ok(()) }
}
