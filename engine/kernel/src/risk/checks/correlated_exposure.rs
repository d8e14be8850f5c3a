//! Not too much in one direction in symbols that move together, by the groups of the configuration: in
//! the account, and in the strategy's own part of it.
//!
//! A long and a short position of one group hedge each other; a hedge that is being closed counts as
//! gone. Groups are declared, not estimated: what a desk calls correlated does not change with the
//! window of a statistic.

use super::super::{Denial, Proposal};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    proposal.of_each_part(|limits, whose| {
        let Some(share) = limits.max_correlated_exposure else {
            return Ok(());
        };
        let limit = proposal.share_of_equity(whose, share)?;
        let mut groups = proposal.marks.groups;
        while groups != 0 {
            let group = groups & groups.wrapping_neg();
            groups ^= group;
            let is_in = |symbol| proposal.state.marks(symbol).groups & group != 0;
            let exposure = proposal.net_in(whose, is_in)?;
            if exposure > limit {
                return Err(Denial::CorrelatedExposure { exposure, limit });
            }
        }
        Ok(())
    })
}
