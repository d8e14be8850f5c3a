//! What every check says of one order, with the limits it compares and how near the order comes.
//!
//! No check tells its arithmetic when it lets an order pass, and none is written twice for it: how
//! near an order comes to a limit is found by asking the check itself with other limits, until the
//! tightest is found that would still let it pass. So what is told here is what judges.

use super::checks::{CHECKS, Check, Class};
use super::limits::{Limit, Tighter};
use super::usage::used;
use super::{Denial, Proposal, proposed, sizing};
use crate::state::Whose;
use crate::{NewOrder, Order, OrderNumber, Origin, State};
use serde::Serialize;

/// One check and what it says of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check's name.
    pub check: &'static str,
    /// Whether it looks at the order: those that stop growth do not look at what reduces.
    pub applies: bool,
    /// Why it stops the order, when it does.
    pub denial: Option<Denial>,
    /// The limits that it compares with.
    pub margins: Vec<Margin>,
}

/// A limit and how near an order comes to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Margin {
    /// Its key; that of a strategy or symbol with the layer before it.
    pub key: String,
    /// Its unit.
    pub unit: &'static str,
    /// The limit, in billionths of its unit; `None` is off.
    pub limit: Option<i64>,
    /// The tightest limit with which the check would still let the order pass, in billionths of the
    /// unit, be it one that cannot be set; `None` when the check says the same with any.
    pub needs: Option<i64>,
    /// What is used of it without the order, in billionths of the unit; `None` of what is looked at order
    /// by order.
    pub used: Option<i64>,
}

impl Margin {
    /// How far the order stays inside the limit, in billionths of its unit; below zero outside.
    pub fn left(&self) -> Option<i64> {
        let (limit, needs) = (self.limit?, self.needs?);
        let key = self.key.rsplit('.').next().unwrap_or(&self.key);
        match Limit::find(key)?.tighter {
            Tighter::Lower => limit.checked_sub(needs),
            Tighter::Higher => needs.checked_sub(limit),
        }
    }
}

/// Asks every check, in the order of precedence, whatever those before it say.
///
/// # Errors
/// When so little is known that there is nothing to ask about: an order of which no size follows.
pub fn examine(
    state: &State,
    origin: Origin,
    request: NewOrder,
    replaces: Option<OrderNumber>,
) -> Result<Vec<Finding>, Denial> {
    let asked = Asked { origin, request: sizing::extended(state, request), replaces };
    let grows = asked.of(state)?.effect.grows();
    let findings = CHECKS.iter().map(|check| {
        let applies = grows || check.class == Class::Always;
        let denial = applies.then(|| asked.ask(check, state).err()).flatten();
        Finding { check: check.name, applies, denial, margins: asked.margins(check, state) }
    });
    Ok(findings.collect())
}

#[derive(Clone, Copy)]
struct Asked {
    origin: Origin,
    request: NewOrder,
    replaces: Option<OrderNumber>,
}

impl Asked {
    fn of<'a>(&self, state: &'a State) -> Result<Proposal<'a>, Denial> {
        let replaces: Option<&Order> = self.replaces.and_then(|number| state.order(number));
        proposed(state, self.origin, self.request, replaces)
    }

    fn ask(&self, check: &Check, state: &State) -> Result<(), Denial> {
        check.ask(&self.of(state)?)
    }

    fn margins(&self, check: &Check, state: &State) -> Vec<Margin> {
        let keys: Vec<&Limit> = check.limits.iter().filter_map(|key| Limit::find(key)).collect();
        let margins = keys.iter().flat_map(|limit| {
            let layers = self.layers(limit.key, state);
            let own = layers.into_iter().map(|(whose, layer)| {
                let limit = (*limit, state.limits().scopes.held(&layer, limit.key));
                self.margin(check, state, &keys, limit, (whose, &layer))
            });
            let account = (*limit, limit.get(state.limits()));
            let account = self.margin(check, state, &keys, account, (Whose::Account, ""));
            std::iter::once(account).chain(own)
        });
        margins.collect()
    }

    /// The layers of the strategy and the symbol that set a limit.
    fn layers(&self, key: &str, state: &State) -> Vec<(Whose, String)> {
        let scopes = &state.limits().scopes;
        let own = [Whose::Strategy(self.origin), Whose::Symbol(self.request.symbol)];
        let layers = own.into_iter().filter_map(|whose| Some((whose, state.layer_of(whose)?)));
        layers.filter(|(_, layer)| scopes.held(layer, key).is_some()).collect()
    }

    fn margin(
        &self,
        check: &Check,
        state: &State,
        keys: &[&'static Limit],
        (limit, held): (&'static Limit, Option<i64>),
        (whose, layer): (Whose, &str),
    ) -> Margin {
        // Others that say the same thing in the same unit are moved together: data is fresh when any
        // of three ages is young enough.
        let together: Vec<&'static Limit> = keys
            .iter()
            .copied()
            .filter(|other| other.unit == limit.unit && other.tighter == limit.tighter)
            .collect();
        let mut asked = state.clone();
        let mut passes = |nanos: i64| {
            asked.put_limits(state.limits().only_at(&together, layer, Some(nanos)));
            self.ask(check, &asked).is_ok()
        };
        let needs = held.and_then(|_| tightest(limit, &mut passes));
        let used = held.and_then(|_| used(state, whose, limit.key));
        let dot = if layer.is_empty() { "" } else { "." };
        let key = format!("{layer}{dot}{}", limit.key);
        Margin { key, unit: limit.unit, limit: held, needs, used }
    }
}

/// The tightest figure with which something passes, when it does not pass with all or none.
fn tightest(limit: &Limit, passes: &mut impl FnMut(i64) -> bool) -> Option<i64> {
    let end = |text: &str| limit.parse(text).ok().flatten();
    let highest = end(limit.high)?;
    // Zero stops everything; what cannot be off has no meaning below its range.
    let lowest = if limit.may_be_off { 0 } else { end(limit.low)? };
    let (mut strict, mut loose) = match limit.tighter {
        Tighter::Lower => (lowest, highest),
        Tighter::Higher => (highest, lowest),
    };
    if passes(strict) {
        return None;
    }
    while !passes(loose) {
        loose = looser(limit, loose)?;
    }
    while (loose - strict).abs() > 1 {
        let middle = strict + (loose - strict) / 2;
        if passes(middle) {
            loose = middle;
        } else {
            strict = middle;
        }
    }
    Some(loose)
}

/// A figure beyond a limit's range, for as long as the limit can hold it: what an order needs may be more
/// than can be allowed.
fn looser(limit: &Limit, figure: i64) -> Option<i64> {
    let further = figure.checked_mul(2).filter(|_| limit.tighter == Tighter::Lower)?;
    limit.holds(further).then_some(further)
}
