//! An order never closes more than is held and not yet being closed: no order crosses zero.

use super::super::{Denial, Proposal};
use crate::risk::effect::Effect;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    match proposal.effect {
        Effect::TooMuch { available, held } => {
            Err(Denial::ReducesTooMuch { quantity: proposal.quantity, available, held })
        }
        Effect::Grows | Effect::Turns | Effect::Reduces => Ok(()),
    }
}
