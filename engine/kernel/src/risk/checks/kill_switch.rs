//! Trading is active: neither reducing nor halted.

use super::super::{Denial, Proposal};
use crate::TradingState;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    match proposal.state.trading_state() {
        TradingState::Active => Ok(()),
        state @ (TradingState::Reducing | TradingState::Halted) => Err(Denial::NotActive { state }),
    }
}
