//! The broker does not block the account, and allows a short sale if this is one.

use super::super::{Denial, Proposal};
use crate::Side;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(account) = proposal.state.account() else {
        return Err(Denial::NotReconciled);
    };
    if account.blocked.is_some() {
        return Err(Denial::AccountBlocked);
    }
    if proposal.side == Side::Sell && !account.shorting_enabled {
        return Err(Denial::ShortingDisabled);
    }
    Ok(())
}
