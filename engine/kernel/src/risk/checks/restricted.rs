//! Nothing is opened in a symbol of the restricted list.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    if proposal.marks.restricted { Err(Denial::Restricted) } else { Ok(()) }
}
