//! A price of the symbol is not too old, by where it came from: a quote or trade counts from when it
//! was made, a bar from its end, and the next bar is due only one length after that. A channel whose
//! limit is off says nothing of it; without any there is nothing to ask.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let (state, symbol) = (proposal.state, proposal.symbol);
    if state.last_is_void(symbol) {
        return Err(Denial::NoPrice);
    }
    let limits = proposal.limits;
    let each = [limits.stale_after, limits.stale_after_trades, limits.stale_after_quotes];
    if each.iter().all(Option::is_none) {
        return Ok(());
    }
    let mut newest = None;
    for (time, limit) in state.prices_with_limits(symbol, limits) {
        let age = state.now().since(time);
        match limit {
            Some(limit) if age > limit => {
                newest = newest.filter(|(held, _)| *held <= age).or(Some((age, limit)));
            }
            Some(_) => return Ok(()),
            None => {}
        }
    }
    let (age, limit) = newest.ok_or(Denial::NoPrice)?;
    Err(Denial::StaleData { age, limit })
}
