//! The spread of a fresh quote is not too wide. Without one it is not known, and nothing grows.

use super::super::{Denial, Proposal};
use crate::Rounding;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let Some(share) = proposal.limits.max_spread else {
        return Ok(());
    };
    let quote = proposal.state.fresh_quote(proposal.symbol, proposal.limits);
    let quote = quote.filter(|quote| quote.bid.is_positive() && quote.ask.is_positive());
    let quote = quote.ok_or(Denial::NoQuote)?;
    let spread = quote.ask.checked_sub(quote.bid).ok_or(Denial::Overflow)?;
    let limit = quote.mid().share(share, Rounding::Down).ok_or(Denial::Overflow)?;
    if spread > limit { Err(Denial::SpreadTooWide { spread, limit }) } else { Ok(()) }
}
