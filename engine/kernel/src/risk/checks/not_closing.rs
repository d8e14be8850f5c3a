//! Nothing opens or grows in a symbol that is being closed.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    if proposal.state.is_closing(proposal.symbol) { Err(Denial::Closing) } else { Ok(()) }
}
