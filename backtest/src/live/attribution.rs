//! From the runs to the parts of the difference.

use super::diary::{Diary, OrderKey, OrderLine, Outcome, minus, plus};
use super::{Recorded, Simulated};
use kernel::{Cash, OrderStatus, Origin, Price, Quantity, ReportKind, Rounding, Side, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;

/// The runs between the simulation and the session.
pub(super) struct Stages<'a> {
    pub simulated: &'a Simulated,
    pub as_seen: &'a Simulated,
    pub disturbed: &'a Simulated,
    pub delayed: &'a Simulated,
}

/// Why a session came to another result than its simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The session saw data late, or otherwise than it was corrected to.
    DataRevision,
    /// Orders that the venue refused or never got, and orders that were not made because of a
    /// halt, an outage or an operator; with what followed from it.
    Orders,
    /// The time between market data and the order's arrival in the market, with what followed.
    Latency,
    /// Fills of the same orders at other prices, or of other quantities.
    FillModel,
    /// Fees that were booked, against those of the simulation.
    Fees,
    /// Cash and shares that came or went without an order: dividends, interest, books that were
    /// moved to the broker's.
    Account,
    /// Orders that one side alone made for a reason that no run reproduces.
    Other,
}

impl Cause {
    /// Every cause, in the order in which they are taken into account.
    pub const ALL: [Self; 7] = [
        Self::DataRevision,
        Self::Orders,
        Self::Latency,
        Self::FillModel,
        Self::Fees,
        Self::Account,
        Self::Other,
    ];
}

/// A difference by its causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Parts {
    /// [`Cause::DataRevision`].
    pub data_revision: Cash,
    /// [`Cause::Orders`].
    pub orders: Cash,
    /// [`Cause::Latency`].
    pub latency: Cash,
    /// [`Cause::FillModel`].
    pub fill_model: Cash,
    /// [`Cause::Fees`].
    pub fees: Cash,
    /// [`Cause::Account`].
    pub account: Cash,
    /// [`Cause::Other`].
    pub other: Cash,
}

impl Parts {
    /// The part of a cause.
    pub const fn of(&self, cause: Cause) -> Cash {
        match cause {
            Cause::DataRevision => self.data_revision,
            Cause::Orders => self.orders,
            Cause::Latency => self.latency,
            Cause::FillModel => self.fill_model,
            Cause::Fees => self.fees,
            Cause::Account => self.account,
            Cause::Other => self.other,
        }
    }

    /// All parts together.
    pub fn total(&self) -> Cash {
        Cause::ALL.iter().fold(Cash::ZERO, |sum, cause| plus(sum, self.of(*cause)))
    }

    fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// A session against its simulation. Amounts are decimal strings in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveComparison {
    /// The session's id.
    pub session: String,
    /// Where it traded.
    pub venue: String,
    /// From the first market data on.
    pub first: Timestamp,
    /// To the last.
    pub last: Timestamp,
    /// Whether the session has ended.
    pub has_ended: bool,
    /// How often its process began anew.
    pub restarts: u64,
    /// Whether the simulation took the same events: every decision, fill and fee is the same.
    pub same_events: bool,
    /// What the session earned, fees taken off.
    pub session_pnl: Cash,
    /// What the simulation earned.
    pub simulated_pnl: Cash,
    /// By how much the session earned more.
    pub difference: Cash,
    /// Where that is from: the parts add up to it exactly.
    pub parts: Parts,
    /// The orders that differ, in the order in which they were decided on. Their parts, before
    /// fees, add up to those above together with `beside_orders`.
    pub orders: Vec<OrderParts>,
    /// What is no order's: fees, what was held when the session began, the account.
    pub beside_orders: Parts,
}

/// An order in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderParts {
    /// Of what.
    pub symbol: String,
    /// Buy or sell.
    pub side: Side,
    /// When the market data was known that it was decided on.
    pub decided: Timestamp,
    /// In the session; `null` when it was not made there.
    pub session: Option<SideOfOrder>,
    /// In the simulation; `null` when it was not made there.
    pub simulated: Option<SideOfOrder>,
    /// What the session earned more with it than the simulation, before fees.
    pub parts: Parts,
    /// What happened to it.
    pub account: OrderAccount,
}

/// An order on one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SideOfOrder {
    /// Its number there.
    pub number: u64,
    /// Where it stands at the end.
    pub status: OrderStatus,
    /// Shares filled.
    pub filled: Quantity,
    /// The mean price of the fills, to the nearest billionth; `null` without any.
    pub price: Option<Price>,
    /// When it began to work in the market, by the venue's clock.
    pub working: Option<Timestamp>,
}

/// What happened to an order, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OrderAccount(pub String);

impl LiveComparison {
    /// Whether there is nothing to explain.
    pub fn is_equal(&self) -> bool {
        self.difference == Cash::ZERO && self.parts.is_zero() && self.orders.is_empty()
    }
}

/// Tells the causes apart.
pub(super) fn attribute(session: &Recorded, stages: &Stages<'_>) -> LiveComparison {
    let real = session.diary.outcome(&session.opened, &session.marks);
    // Prices that only the session ended with are data that the simulation did not have.
    let delayed = &stages.delayed.outcome;
    let remarked = stages.delayed.diary.outcome(&session.opened, &session.marks);
    let steps = Steps { session, stages, real: &real, remarked: &remarked };
    let keys: BTreeSet<OrderKey> = [
        &stages.simulated.outcome,
        &stages.as_seen.outcome,
        &stages.disturbed.outcome,
        delayed,
        &real,
    ]
    .into_iter()
    .flat_map(|outcome| outcome.orders.keys().copied())
    .chain(session.diary.orders.keys().copied())
    .chain(stages.simulated.diary.orders.keys().copied())
    .collect();
    let mut orders = Vec::new();
    let mut by_order = Parts::default();
    for key in keys {
        let parts = steps.of_order(&key);
        add(&mut by_order, &parts);
        let (ours, theirs) = (session.diary.orders.get(&key), stages.simulated.order(&key));
        if !parts.is_zero() || ours.is_some() != theirs.is_some() {
            orders.push(steps.row(&key, parts));
        }
    }
    let beside_orders = steps.beside_orders();
    let mut parts = beside_orders;
    add(&mut parts, &by_order);
    let (first, last) = (session.tape.known.first(), session.tape.known.last());
    LiveComparison {
        session: session.start.session.to_string(),
        venue: session.start.venue.to_string(),
        first: first.map(kernel::MarketData::time).unwrap_or_default(),
        last: last.map(kernel::MarketData::time).unwrap_or_default(),
        has_ended: session.ended.is_some(),
        restarts: session.restarts,
        same_events: session.events_hash == stages.simulated.events_hash,
        session_pnl: real.total,
        simulated_pnl: stages.simulated.outcome.total,
        difference: minus(real.total, stages.simulated.outcome.total),
        parts,
        orders,
        beside_orders,
    }
}

impl Simulated {
    fn order(&self, key: &OrderKey) -> Option<&OrderLine> {
        self.diary.orders.get(key)
    }
}

/// The differences from step to step.
struct Steps<'a> {
    session: &'a Recorded,
    stages: &'a Stages<'a>,
    real: &'a Outcome,
    /// The last run at the prices with which the session ended.
    remarked: &'a Outcome,
}

impl Steps<'_> {
    /// What each step changes of some part of an outcome; the last one is not shared yet.
    fn each(&self, part: impl Fn(&Outcome) -> Cash) -> (Parts, Cash) {
        let Stages { simulated, as_seen, disturbed, delayed } = self.stages;
        let [simulated, as_seen, disturbed, delayed] =
            [simulated, as_seen, disturbed, delayed].map(|stage| part(&stage.outcome));
        let (remarked, real) = (part(self.remarked), part(self.real));
        let parts = Parts {
            data_revision: plus(minus(as_seen, simulated), minus(remarked, delayed)),
            orders: minus(disturbed, as_seen),
            latency: minus(delayed, disturbed),
            ..Parts::default()
        };
        (parts, minus(real, remarked))
    }

    fn of_order(&self, key: &OrderKey) -> Parts {
        let (mut parts, rest) =
            self.each(|outcome| outcome.orders.get(key).copied().unwrap_or_default());
        let is_in_both =
            self.session.diary.orders.contains_key(key) && self.stages.delayed.order(key).is_some();
        if is_in_both {
            parts.fill_model = rest;
        } else {
            parts.other = rest;
        }
        parts
    }

    fn beside_orders(&self) -> Parts {
        let (mut all, fees) = self.each(|outcome| outcome.fees);
        all.fees = fees;
        let (held, rest) = self.each(|outcome| outcome.held);
        add(&mut all, &Parts { other: rest, ..held });
        let (account, rest) = self.each(|outcome| outcome.account);
        add(&mut all, &Parts { account: rest, ..account });
        all
    }

    fn row(&self, key: &OrderKey, parts: Parts) -> OrderParts {
        let ours = self.session.diary.orders.get(key);
        let theirs = self.stages.simulated.order(key);
        OrderParts {
            symbol: self.session.symbols().name(key.symbol).into(),
            side: key.side,
            decided: key.decided,
            session: ours.map(SideOfOrder::of),
            simulated: theirs.map(SideOfOrder::of),
            parts,
            account: OrderAccount(self.account(key, ours, theirs)),
        }
    }

    /// What happened to an order, in words.
    fn account(
        &self,
        key: &OrderKey,
        ours: Option<&OrderLine>,
        theirs: Option<&OrderLine>,
    ) -> String {
        let Some(ours) = ours else {
            return why_missing(&self.session.diary, key);
        };
        if let Some((kind, text)) = &ours.refused {
            return refusal(*kind, text.as_deref());
        }
        match (ours.origin, theirs) {
            (Origin::Operator, None) => "made by an operator".into(),
            (_, None) => "made by the session alone: it followed from what came before".into(),
            (_, Some(theirs)) if ours.filled != theirs.filled => {
                format!("filled {} in place of {}", ours.filled, theirs.filled)
            }
            (_, Some(theirs)) => {
                let price = |line: &OrderLine| mean(line).map_or("-".into(), |it| it.to_string());
                format!("filled at {} in place of {}", price(ours), price(theirs))
            }
        }
    }
}

/// Why the session did not make an order.
fn why_missing(diary: &Diary, key: &OrderKey) -> String {
    match diary.denied.get(&(key.decided, key.symbol)) {
        Some(denial) => format!("not made: denied by risk: {denial}"),
        None => "not made: the session did not ask for it".into(),
    }
}

fn refusal(kind: ReportKind, text: Option<&str>) -> String {
    let what = match kind {
        ReportKind::NotReceived => "never reached the venue",
        ReportKind::Rejected => "rejected by the venue",
        _ => "refused by the venue",
    };
    text.map_or_else(|| what.to_owned(), |text| format!("{what}: {text}"))
}

impl SideOfOrder {
    fn of(line: &OrderLine) -> Self {
        Self {
            number: line.number.0,
            status: line.status,
            filled: line.filled,
            price: mean(line),
            working: line.working,
        }
    }
}

fn mean(line: &OrderLine) -> Option<Price> {
    line.value.per(line.filled, Rounding::HalfEven).filter(|_| !line.filled.is_zero())
}

fn add(all: &mut Parts, more: &Parts) {
    *all = Parts {
        data_revision: plus(all.data_revision, more.data_revision),
        orders: plus(all.orders, more.orders),
        latency: plus(all.latency, more.latency),
        fill_model: plus(all.fill_model, more.fill_model),
        fees: plus(all.fees, more.fees),
        account: plus(all.account, more.account),
        other: plus(all.other, more.other),
    };
}
