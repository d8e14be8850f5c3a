//! Equity covers its part of the exposure, with every open order that grows filled, and the account
//! is not restricted for a deficit that was not met.

use super::super::{Denial, Proposal};
use crate::VenueRules;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let state = proposal.state;
    if state.limits().intraday_margin.is_none() || state.rules() == VenueRules::Plain {
        return Ok(());
    }
    if let Some(until) = state.margin().restricted_until.filter(|until| state.now() < *until)
        && proposal.borrows()?
    {
        return Err(Denial::MarginRestricted { until });
    }
    let exposure = proposal.exposure()?;
    let needed = state.margin_needed(exposure).ok_or(Denial::Overflow)?;
    let equity = proposal.equity();
    if needed > equity { Err(Denial::IntradayMargin { needed, equity }) } else { Ok(()) }
}
