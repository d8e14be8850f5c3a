//! The symbol is one of the session's.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let known = proposal.symbol.index() < proposal.state.symbols().len();
    if known { Ok(()) } else { Err(Denial::UnknownSymbol) }
}
