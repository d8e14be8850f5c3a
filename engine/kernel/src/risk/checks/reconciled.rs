//! The books were compared with the broker's since the last start or reconnect.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    if proposal.state.is_reconciled() { Ok(()) } else { Err(Denial::NotReconciled) }
}
