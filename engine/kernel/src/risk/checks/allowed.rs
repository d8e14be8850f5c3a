//! The broker takes the combination of kind, time in force, class, size, hours and side, and for an
//! auction at this time of day. Without a calendar the time of day is the broker's to judge. Outside of
//! the regular session an exit in dollars stands alone.

use super::super::Effect;
use super::super::auction_hours::HOURS;
use super::super::compatibility::{Combination, NOTIONAL_EXITS, Way};
use super::super::{Denial, Proposal};
use crate::{AssetClass, OrderSize, VenueRules};

pub(in crate::risk) fn check(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let asset = proposal.state.asset(proposal.symbol);
    let class = asset.map_or(AssetClass::UsEquity, |facts| facts.class);
    let way = Way::of(proposal.side, proposal.effect);
    match Combination::of(proposal.state.rules(), &proposal.request, class, way).refused_by() {
        Some(row) => Err(Denial::NotAllowed { rule: row.rule }),
        None => in_time(proposal).and_then(|()| alone(proposal)),
    }
}

fn alone(proposal: &Proposal<'_>) -> Result<(), Denial> {
    let state = proposal.state;
    let is_exit = proposal.effect == Effect::Reduces;
    if !is_exit || state.rules() == VenueRules::Plain || state.is_regular_session() {
        return Ok(());
    }
    let in_dollars = |size: OrderSize| matches!(size, OrderSize::Notional(_));
    let mut exits = proposal
        .other_orders()
        .filter(|order| order.symbol == proposal.symbol && order.side == proposal.side);
    match exits.any(|exit| in_dollars(exit.size) || in_dollars(proposal.request.size)) {
        true => Err(Denial::NotAllowed { rule: NOTIONAL_EXITS.rule }),
        false => Ok(()),
    }
}

fn in_time(proposal: &Proposal<'_>) -> Result<(), Denial> {
    if proposal.state.rules() == VenueRules::Plain {
        return Ok(());
    }
    let wanted = proposal.request.time_in_force;
    let Some(hours) = HOURS.iter().find(|hours| hours.time_in_force == wanted) else {
        return Ok(());
    };
    let (now, mut days) = (proposal.state.now(), proposal.state.trading_days().iter());
    if days.any(|day| hours.refuse(now, day)) {
        return Err(Denial::NotAllowed { rule: hours.row.rule });
    }
    Ok(())
}
