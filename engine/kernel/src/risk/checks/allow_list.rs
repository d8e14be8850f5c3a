//! Where there is a list of symbols that may be opened, the symbol is on it.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    if proposal.marks.not_allowed { Err(Denial::NotOnAllowList) } else { Ok(()) }
}
