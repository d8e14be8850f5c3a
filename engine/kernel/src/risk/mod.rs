//! Risk: the one door to a venue.
//!
//! [`judge`] is the only function that makes an [`Approved`]. Strategy orders, operator orders and
//! "flatten everything" all pass it. Each check is one pure function in one file under `checks/`,
//! and the list [`static@CHECKS`] is the order of precedence: the first denial is the one reported.
//!
//! A check has a class. `Growth` checks can only stop what opens or grows a position; `Always`
//! checks stop anything malformed. Whether an order reduces is computed first, from the position
//! itself. Missing information denies growth, never an exit.

mod approved;
pub mod auction_hours;
mod breaker;
mod checks;
pub mod compatibility;
mod denial;
mod effect;
mod entry_size;
mod examine;
mod exposure;
mod limits;
pub(crate) mod losses;
mod sizing;
mod usage;

pub use approved::{Approved, ApprovedCancel, Send};
pub use breaker::Breaker;
pub(crate) use breaker::Failures;
pub use checks::{CHECKS, Check, Class};
pub use denial::Denial;
pub(crate) use entry_size::is_entry;
pub use entry_size::{Measure, SizeModel, SizedEntry, Sizing, size};
pub use examine::{Finding, Margin, examine};
pub use limits::{
    Change, Expected, Layer, Limit, LimitError, Limits, Minutes, Reach, Scopes, Setting, Tighter,
    Window,
};
pub(crate) use limits::{Marks, Resolved};
pub(crate) use losses::LossWatch;
pub use usage::{Usage, usage};

use crate::state::Whose;
use crate::{
    Cash, Intent, NewOrder, Notional, Order, OrderClass, OrderKind, OrderNumber, OrderSize,
    OrderStatus, Origin, Price, Quantity, Rounding, Side, Span, State, SymbolId,
};
use compatibility::Rule;
use effect::Effect;
use std::cell::OnceCell;

/// How long an order that closes a position outside of the regular session has to fill.
const CLOSE_AGAIN: Span = Span::from_secs(10);

/// An order that wants to pass, with what the checks need to know.
#[derive(Clone)]
pub struct Proposal<'a> {
    state: &'a State,
    /// Those that hold for its strategy and symbol.
    limits: &'a Limits,
    /// What lists and groups say of the symbol.
    marks: Marks,
    origin: Origin,
    request: NewOrder,
    symbol: SymbolId,
    side: Side,
    /// The most shares it may fill.
    quantity: Quantity,
    kind: OrderKind,
    replaces: Option<&'a Order>,
    effect: Effect,
    /// The worst price it may fill at, when a price is known.
    worst_price: Option<Price>,
    /// What many checks look at is added up once.
    equity: OnceCell<Cash>,
    gross_held: OnceCell<Option<Cash>>,
    exposure: OnceCell<Cash>,
}

impl Proposal<'_> {
    /// USD at the worst price, rounded up; of an order in dollars just those.
    fn worst_notional(&self) -> Result<Cash, Denial> {
        match self.request.size {
            OrderSize::Notional(usd) => return Ok(usd),
            OrderSize::EquityShare(share) => {
                return sizing::worst_share(self.state, self.symbol, share);
            }
            OrderSize::Shares(_) => {}
        }
        let price = self.worst_price.ok_or(Denial::NoPrice)?;
        price.value(self.quantity, Rounding::Up).ok_or(Denial::Overflow)
    }

    /// USD to hold against the equity as it stands: as [`Proposal::worst_notional`], but a share of
    /// equity grows and shrinks with it.
    fn notional_beside_equity(&self) -> Result<Cash, Denial> {
        match self.request.size {
            OrderSize::EquityShare(share) => sizing::share_now(self.state, share),
            OrderSize::Shares(_) | OrderSize::Notional(_) => self.worst_notional(),
        }
    }

    /// The value of what is held of the symbol and will be closed before the order fills, in USD.
    fn closed_before(&self) -> Result<Cash, Denial> {
        match self.effect {
            Effect::Turns => self.state.value_for(self.origin, self.symbol).map(Cash::abs),
            Effect::Grows | Effect::Reduces | Effect::TooMuch { .. } => Some(Cash::ZERO),
        }
        .ok_or(Denial::Overflow)
    }

    /// Asks with the limits of the account, of the strategy and of the symbol, each about those whose they
    /// are.
    fn of_each_layer(
        &self,
        ask: impl Fn(&Limits, Whose) -> Result<(), Denial>,
    ) -> Result<(), Denial> {
        let layers = self.state.limit_layers(self.origin, self.symbol);
        let mut each = layers.into_iter();
        each.try_for_each(|(limits, whose)| {
            ask(limits, whose).map_err(|denial| self.named(whose, denial))
        })
    }

    /// Asks with the limits of the account and the symbol about all of the account, then with those of
    /// the strategy about its own part.
    fn of_each_part(
        &self,
        ask: impl Fn(&Limits, Whose) -> Result<(), Denial>,
    ) -> Result<(), Denial> {
        ask(self.limits, Whose::Account)?;
        let Some(limits) = self.state.own_limits(self.origin) else { return Ok(()) };
        let own = Whose::Strategy(self.origin);
        ask(limits, own).map_err(|denial| self.named(own, denial))
    }

    /// A denial with the layer that the limit is of.
    #[cold]
    fn named(&self, whose: Whose, denial: Denial) -> Denial {
        match (self.state.layer_of(whose), denial) {
            (Some(layer), denial) if !matches!(denial, Denial::Layered { .. }) => {
                Denial::Layered { layer: layer.into(), denial: Box::new(denial) }
            }
            (_, denial) => denial,
        }
    }

    /// Live orders other than the one this proposal replaces.
    fn other_orders(&self) -> impl Iterator<Item = &Order> {
        let replaced = self.replaces.map(|order| order.number);
        self.state.live_orders().filter(move |order| Some(order.number) != replaced)
    }

    /// Whether it belongs to a group of orders, as its own or as the leg that it replaces.
    fn is_grouped(&self) -> bool {
        self.request.class != OrderClass::Simple || self.replaces.is_some_and(Order::is_grouped)
    }
}

/// Judges a new order. The only way to an [`Approved`], beside [`judge_replacement`].
pub(crate) fn judge(state: &State, origin: Origin, request: NewOrder) -> Result<Approved, Denial> {
    approve(state, origin, sizing::extended(state, request), None)
}

/// Judges other prices or another quantity for a working order.
pub(crate) fn judge_replacement(
    state: &State,
    origin: Origin,
    order: OrderNumber,
    quantity: Quantity,
    kind: OrderKind,
) -> Result<Send, Denial> {
    let held = working(state, order)?;
    let same_kind = std::mem::discriminant(&held.kind) == std::mem::discriminant(&kind)
        && held.kind.trail().map(|trail| std::mem::discriminant(&trail))
            == kind.trail().map(|trail| std::mem::discriminant(&trail));
    let changed = held.quantity != quantity || held.kind != kind;
    if !same_kind || !changed || quantity <= held.filled {
        return Err(Denial::NothingToReplace { order });
    }
    if held.cancel_requested {
        return Err(Denial::OrderNotWorking { order, status: Some(OrderStatus::PendingCancel) });
    }
    if state.live_orders().any(|other| other.replaces == Some(order)) {
        return Err(Denial::OrderNotWorking { order, status: Some(OrderStatus::PendingReplace) });
    }
    let parent = held.parent.and_then(|parent| state.order(parent));
    let is_of_oto = parent.is_some_and(|parent| matches!(parent.class, OrderClass::Oto { .. }));
    replaceable(held, is_of_oto, quantity).map_err(|rule| Denial::NotAllowed { rule })?;
    // A stop beside a take-profit is held for as long as both are for the same shares.
    let is_working = match held.status {
        OrderStatus::New | OrderStatus::PartiallyFilled => true,
        OrderStatus::Held => state.exit_is_on(held),
        _ => false,
    };
    let original = match &held.broker_id {
        Some(id) if is_working => id.clone(),
        Some(_) | None => {
            return Err(Denial::OrderNotWorking { order, status: Some(held.status) });
        }
    };
    let left = quantity.checked_sub(held.filled).ok_or(Denial::Overflow)?;
    let request = NewOrder {
        time_in_force: held.time_in_force,
        extended_hours: held.extended_hours,
        ..NewOrder::new(held.symbol, held.side, left, kind)
    };
    let approved = approve(state, origin, request, Some(held))?;
    Ok(Send::Replace { approved, original })
}

/// What the broker does not let a replacement do.
fn replaceable(held: &Order, is_of_oto: bool, quantity: Quantity) -> Result<(), Rule> {
    match held.size {
        OrderSize::Shares(_) => {}
        OrderSize::Notional(_) => return Err(Rule::ReplaceNotional),
        OrderSize::EquityShare(_) => return Err(Rule::EquityShareSimple),
    }
    match held.class {
        OrderClass::Oto { .. } => return Err(Rule::ReplaceOto),
        OrderClass::Bracket { .. } => return Err(Rule::ReplaceGroup),
        OrderClass::Oco { .. } | OrderClass::Simple if is_of_oto => return Err(Rule::ReplaceOto),
        OrderClass::Oco { .. } | OrderClass::Simple => {}
    }
    if held.is_grouped() && quantity != held.quantity {
        return Err(Rule::ReplaceLegSize);
    }
    if held.quantity.is_whole() && quantity.is_whole() {
        Ok(())
    } else {
        Err(Rule::ReplaceFractional)
    }
}

/// Judges a cancel: any live order may be cancelled, once. To cancel one order of a group is to
/// cancel them all; a leg whose name at the broker is not known cannot be named to it.
pub(crate) fn judge_cancel(state: &State, order: OrderNumber) -> Result<Send, Denial> {
    let held = working(state, order)?;
    if held.cancel_requested {
        return Err(Denial::OrderNotWorking { order, status: Some(OrderStatus::PendingCancel) });
    }
    if held.parent.is_some() && held.replaces.is_none() && held.broker_id.is_none() {
        return Err(Denial::OrderNotWorking { order, status: Some(held.status) });
    }
    Ok(Send::Cancel(ApprovedCancel::new(order, held.broker_id.clone())))
}

fn working(state: &State, order: OrderNumber) -> Result<&Order, Denial> {
    match state.order(order) {
        Some(held) if held.is_live() => Ok(held),
        held => Err(Denial::OrderNotWorking { order, status: held.map(|order| order.status) }),
    }
}

/// Whether a new order would pass, and why not; nothing comes of it.
///
/// # Errors
/// The first denial, as a real order would meet it.
pub fn would_pass(state: &State, origin: Origin, request: NewOrder) -> Result<(), Denial> {
    judged(state, origin, sizing::extended(state, request), None).map(|_| ())
}

/// A proposal that has passed every check that applies to it.
fn judged<'a>(
    state: &'a State,
    origin: Origin,
    request: NewOrder,
    replaces: Option<&'a Order>,
) -> Result<Proposal<'a>, Denial> {
    let proposal = proposed(state, origin, request, replaces)?;
    let grows = proposal.effect.grows();
    for check in CHECKS.iter().filter(|check| grows || check.class == Class::Always) {
        (check.judge)(&proposal).map_err(|denial| check.named(&proposal, denial))?;
    }
    Ok(proposal)
}

/// What the checks look at.
fn proposed<'a>(
    state: &'a State,
    origin: Origin,
    request: NewOrder,
    replaces: Option<&'a Order>,
) -> Result<Proposal<'a>, Denial> {
    let quantity = sizing::most_shares(state, &request)?;
    Ok(Proposal {
        state,
        limits: state.limits_for(origin, request.symbol),
        marks: state.marks(request.symbol),
        origin,
        request,
        symbol: request.symbol,
        side: request.side,
        quantity,
        kind: request.kind,
        replaces,
        effect: Effect::of(state, origin, &request, quantity, replaces),
        worst_price: sizing::worst_price(state, &request),
        equity: OnceCell::new(),
        gross_held: OnceCell::new(),
        exposure: OnceCell::new(),
    })
}

fn approve(
    state: &State,
    origin: Origin,
    request: NewOrder,
    replaces: Option<&Order>,
) -> Result<Approved, Denial> {
    let proposal = judged(state, origin, request, replaces)?;
    let (quantity, grows) = (proposal.quantity, proposal.effect.grows());
    let time_to_live = state.limits().entry_time_to_live;
    // A closing order with a limit is asked for anew while it has not filled.
    let is_limit = matches!(request.kind, OrderKind::Limit { .. });
    let closes = matches!(origin, Origin::Operator | Origin::Kernel) && request.extended_hours;
    let again = (!grows && is_limit && closes).then_some(CLOSE_AGAIN);
    let reserved = if grows { proposal.worst_notional()? } else { Cash::ZERO };
    Ok(Approved::new(Order {
        number: state.next_order(),
        origin,
        symbol: request.symbol,
        side: request.side,
        size: request.size,
        quantity,
        kind: request.kind,
        time_in_force: request.time_in_force,
        extended_hours: request.extended_hours,
        class: request.class,
        parent: replaces.and_then(Order::exits_of),
        grows,
        status: OrderStatus::Approved,
        approved_at: state.now(),
        expires_at: time_to_live.filter(|_| grows).or(again).map(|span| state.now().plus(span)),
        broker_id: None,
        replaces: replaces.map(|order| order.number),
        filled: Quantity::ZERO,
        filled_value: Notional::ZERO,
        executions: Vec::new(),
        reserved,
        cancel_requested: false,
    }))
}

/// Judges any intent of a strategy.
pub(crate) fn judge_intent(state: &State, origin: Origin, intent: &Intent) -> Result<Send, Denial> {
    match *intent {
        Intent::Submit(request) => judge(state, origin, request).map(Send::Submit),
        Intent::Replace { order, quantity, kind } => {
            judge_replacement(state, origin, order, quantity, kind)
        }
        Intent::Cancel { order } => judge_cancel(state, order),
    }
}
