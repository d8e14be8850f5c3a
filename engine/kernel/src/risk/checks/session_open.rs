//! The trading session is open.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    if proposal.state.session_is_open() { Ok(()) } else { Err(Denial::SessionClosed) }
}
