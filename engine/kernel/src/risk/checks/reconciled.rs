//! The books were compared with the broker's since the last start or reconnect, and nothing was seen there
//! since that would move them.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    if proposal.state.trusts_its_books() { Ok(()) } else { Err(Denial::NotReconciled) }
}
