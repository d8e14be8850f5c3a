//! The broker takes the combination of kind, time in force, class, size, hours and side.

use super::super::compatibility::{Combination, Way};
use super::super::{Denial, Proposal};
use crate::AssetClass;

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let asset = proposal.state.asset(proposal.symbol);
    let class = asset.map_or(AssetClass::UsEquity, |facts| facts.class);
    let way = Way::of(proposal.side, proposal.effect);
    match Combination::of(&proposal.request, class, way).refused_by() {
        Some(row) => Err(Denial::NotAllowed { rule: row.rule }),
        None => Ok(()),
    }
}
