//! Judges what a session did and says of itself by what the exchange recorded.
//!
//! Plain facts against plain facts: no code of the session's own ledger or risk has a part in it.

use super::{Asked, Note, SessionRecord};
use crate::{Activity, FillActivity, OrderRow};
use kernel::{Cash, OrderStatus, Price, Quantity, Rounding, Side, Span, SymbolId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What a session says of itself once it has come to rest, and what it had promised.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// What the client order ids of its orders begin with; others' orders are left alone.
    pub prefix: String,
    /// Cash by its books.
    pub cash: Cash,
    /// The sum of every account of its books, in billionths of a USD: nothing, as long as each amount that
    /// was booked was booked twice.
    pub trial_balance: i128,
    /// Positions by its books; flat ones may be left out.
    pub positions: BTreeMap<SymbolId, Quantity>,
    /// Where each of its orders stands and what it has filled, by client order id. Of a leg that is
    /// the exchange's; one that is left out is not judged.
    pub orders: BTreeMap<String, (OrderStatus, Quantity)>,
    /// When it decided on its orders, by client order id: an order is held to what was allowed then.
    /// One that is left out is held to what was allowed when it arrived.
    pub decided: BTreeMap<String, Timestamp>,
    /// Orders that it sent while it could not know what it held, by client order id: whether they
    /// grow a position is not held against it.
    pub unsure: BTreeSet<String>,
    /// Orders of which it was told that they were refused for the rate of its requests though the exchange
    /// had taken them, by client order id: it had to ask again.
    pub misled: BTreeSet<String>,
    /// How far it was allowed to go, in order of time; everything before the first.
    pub words: Vec<Word>,
    /// What its orders may come to.
    pub bounds: Bounds,
    /// How long news of an execution may take to reach it. An order that was sent on older news
    /// is not held against it.
    pub told_within: Span,
    /// Where it moved its books to what the exchange said, in order of time.
    pub moved: Vec<Moved>,
    /// Whether it may leave orders open that both sides know of: one that stops leaves its exits.
    pub leaves_open: bool,
}

/// Books that were moved to what the exchange said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// When.
    pub at: Timestamp,
    /// Of which position; of cash without one.
    pub symbol: Option<SymbolId>,
}

/// From when on a session may go how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// From when on.
    pub at: Timestamp,
    /// How far.
    pub allowed: Allowed,
    /// Whether an operator said so.
    pub by_operator: bool,
}

/// How far a session may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Allowed {
    /// Nothing but what an operator asks for: the kill switch is on.
    Halted,
    /// Orders that close.
    Reducing,
    /// Every order.
    Everything,
}

/// Limits of orders that open or grow a position; `None` is none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    /// Shares in one order.
    pub order_qty: Option<Quantity>,
    /// USD in one order, by the dollars that it asks for or the limit that it names: what the market
    /// was worth to whoever decided on it has no part in it.
    pub named_notional: Option<Cash>,
    /// USD in one order, at the lowest price that it can fill at when it arrives.
    pub order_notional: Option<Cash>,
    /// USD in one symbol, what is held and the order, at that price.
    pub position_notional: Option<Cash>,
    /// Orders in any sixty seconds.
    pub orders_per_minute: Option<usize>,
}

/// What a session did that it must not, or says that is not so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the fields are named in the sentence of each")]
pub enum Breach {
    /// Cash by its books is not the exchange's.
    #[error("cash is {claimed} in the books and {recorded} at the exchange")]
    Cash { claimed: Cash, recorded: Cash },
    /// Its books do not balance.
    #[error("the accounts of the books come to {by} billionths of a USD, not to nothing")]
    Unbalanced { by: i128 },
    /// A position by its books is not the exchange's.
    #[error("the position in symbol {} is {claimed} in the books and {recorded} at the exchange", symbol.index())]
    Position { symbol: SymbolId, claimed: Quantity, recorded: Quantity },
    /// An order stands elsewhere, or has filled otherwise.
    #[error("order {id} stands or has filled otherwise in the books than at the exchange")]
    Order { id: String },
    /// An order that its books have never heard of.
    #[error("order {id} is at the exchange and not in the books")]
    Unknown { id: String },
    /// An order that its books call live or filled, and that never arrived.
    #[error("order {id} is in the books and not at the exchange")]
    Missing { id: String },
    /// An order that was asked for again although the exchange had it.
    #[error("order {id} was asked for again although the exchange had it")]
    Repeated { id: String },
    /// An order that was asked for again although nothing had happened to its request.
    #[error("order {id} was asked for again although its request had been answered")]
    AskedAgain { id: String },
    /// An order that has not ended.
    #[error("order {id} has not come to an end")]
    Unended { id: String },
    /// A limit that was exceeded.
    #[error("order {id} exceeds the limit of {what}")]
    Limit { id: String, what: &'static str },
    /// Growth when only closing was allowed.
    #[error("order {id} opens or grows a position while that is not allowed")]
    Grew { id: String },
    /// Books that were moved although everything in them was the session's own doing.
    #[error("the books were moved at {at}, {}, although nobody else traded and no cash came or went", symbol.map_or("cash".to_owned(), |symbol| format!("symbol {}", symbol.index())))]
    Unexplained { at: Timestamp, symbol: Option<SymbolId> },
    /// A kill switch that went off by itself.
    #[error("trading was halted, and went on at {at} without an operator's word")]
    Unlatched { at: Timestamp },
    /// A stop that ended for no reason while its position was held.
    #[error("stop {id} is gone and its position was held")]
    LostStop { id: String },
}

impl Claims {
    fn decided(&self, row: &OrderRow) -> Timestamp {
        self.decided.get(&*row.client_order_id).copied().unwrap_or(row.submitted_at)
    }

    /// Whether a client order id is that of an order of the session.
    pub(super) fn names(&self, id: &str) -> bool {
        id.starts_with(&self.prefix) || self.orders.contains_key(id)
    }
}

impl SessionRecord {
    /// Everything that a session did wrong; empty for one that keeps its word.
    pub fn breaches(&self, claims: &Claims) -> Vec<Breach> {
        let mut breaches = self.check_books(claims);
        let ours: Vec<&OrderRow> =
            self.orders.iter().filter(|row| self.is_of(row, claims)).collect();
        for row in &ours {
            breaches.extend(check_standing(row, claims));
        }
        for (id, (status, _)) in &claims.orders {
            let came = *status != OrderStatus::NotReceived && *status != OrderStatus::Rejected;
            if came && !ours.iter().any(|row| *row.client_order_id == **id) {
                breaches.push(Breach::Missing { id: id.clone() });
            }
        }
        let entries = ours.into_iter().filter(|row| {
            row.opens && row.parent.is_none() && !claims.unsure.contains(&*row.client_order_id)
        });
        let mut entries: Vec<&OrderRow> = entries.collect();
        entries.sort_by_key(|row| claims.decided(row));
        for (number, row) in entries.iter().enumerate() {
            breaches.extend(self.check_growth(row, claims));
            let since = claims.decided(row).minus(Span::from_secs(60));
            let before = entries.iter().take(number + 1).filter(|row| claims.decided(row) > since);
            if claims.bounds.orders_per_minute.is_some_and(|most| before.count() > most) {
                breaches.push(limit(row, "orders in a minute"));
            }
        }
        let unexplained = claims.moved.iter().filter(|moved| !self.explains(moved, claims));
        breaches
            .extend(unexplained.map(|&Moved { at, symbol }| Breach::Unexplained { at, symbol }));
        breaches.extend(unlatched(&claims.words));
        let repeated = self.repeated.iter().filter(|id| claims.names(id));
        let repeated = repeated.filter(|id| !claims.misled.contains(&***id));
        breaches.extend(repeated.map(|id| Breach::Repeated { id: id.to_string() }));
        breaches.extend(self.lost_stops(claims));
        breaches
    }

    /// Whether something had happened that a session cannot know of by its own orders: somebody
    /// else's trade, a split, cash that came or went, an account that was begun anew.
    fn explains(&self, moved: &Moved, claims: &Claims) -> bool {
        let mine = |id| self.orders.iter().any(|row| row.id == id && self.is_of(row, claims));
        // The exchange names the legs of an order.
        let ours = |id| {
            let parent = self.orders.iter().find(|row| row.id == id).and_then(|row| row.parent);
            mine(id) || parent.is_some_and(mine)
        };
        let is_it = |symbol| moved.symbol.is_none_or(|wanted| wanted == symbol);
        self.activities.iter().filter(|activity| activity.time() <= moved.at).any(|activity| {
            match activity {
                Activity::Fill(fill) => is_it(fill.symbol) && !ours(fill.order_id),
                Activity::Split(split) => is_it(split.symbol),
                Activity::Cash(_) => moved.symbol.is_none(),
                Activity::Reset(_) => true,
                Activity::Fee(_) => false,
            }
        })
    }

    fn is_of(&self, row: &OrderRow, claims: &Claims) -> bool {
        claims.names(&row.client_order_id)
    }

    fn check_books(&self, claims: &Claims) -> Vec<Breach> {
        let mut breaches = Vec::new();
        let (claimed, recorded) = (claims.cash, self.account.cash);
        if claimed != recorded {
            breaches.push(Breach::Cash { claimed, recorded });
        }
        if claims.trial_balance != 0 {
            breaches.push(Breach::Unbalanced { by: claims.trial_balance });
        }
        let mut both: BTreeMap<SymbolId, (Quantity, Quantity)> = BTreeMap::new();
        for (symbol, claimed) in &claims.positions {
            both.entry(*symbol).or_default().0 = *claimed;
        }
        for position in &self.positions {
            both.entry(position.symbol).or_default().1 = position.qty;
        }
        let differ = both.into_iter().filter(|(_, (claimed, recorded))| claimed != recorded);
        breaches.extend(differ.map(|(symbol, (claimed, recorded))| Breach::Position {
            symbol,
            claimed,
            recorded,
        }));
        breaches
    }

    /// What an order that opens or grows a position is held to.
    fn check_growth(&self, row: &OrderRow, claims: &Claims) -> Vec<Breach> {
        let mut breaches = Vec::new();
        let at = claims.decided(row);
        let news = |fill: &&FillActivity| {
            fill.symbol == row.symbol && fill.time <= at && fill.time > at.minus(claims.told_within)
        };
        if self.fills().any(|fill| news(&fill)) {
            return breaches;
        }
        // Of words at that very instant each may have come before it.
        let before = claims.words.iter().rfind(|word| word.at < at).map(|word| word.allowed);
        let now = claims.words.iter().filter(|word| word.at == at).map(|word| word.allowed);
        let most = now.fold(before.unwrap_or(Allowed::Everything), Ord::max);
        if most < Allowed::Everything {
            breaches.push(Breach::Grew { id: row.client_order_id.to_string() });
        }
        let bounds = &claims.bounds;
        if bounds.order_qty.is_some_and(|most| row.qty > most) {
            breaches.push(limit(row, "shares in one order"));
        }
        let exceeds = |most| named_notional(row).is_some_and(|named| named > most);
        if bounds.named_notional.is_some_and(exceeds) {
            breaches.push(limit(row, "USD in one order"));
        }
        let Some(price) = lowest_price(row) else { return breaches };
        let value = |qty| price.value(qty, Rounding::Down).unwrap_or(Cash::MAX);
        let held = self.held_before(row);
        if bounds.order_notional.is_some_and(|most| value(row.qty) > most) {
            breaches.push(limit(row, "USD in one order"));
        }
        let whole = held.abs().checked_add(row.qty).unwrap_or(Quantity::MAX);
        if bounds.position_notional.is_some_and(|most| value(whole) > most) {
            breaches.push(limit(row, "USD in one symbol"));
        }
        breaches
    }

    /// What was held when an order arrived, by the executions before that instant.
    fn held_before(&self, row: &OrderRow) -> Quantity {
        let before =
            self.fills().filter(|it| it.symbol == row.symbol && it.time < row.submitted_at);
        before.fold(Quantity::ZERO, |held, fill| {
            held.checked_add(fill.side.signed(fill.qty)).unwrap_or(held)
        })
    }
}

fn check_standing(row: &OrderRow, claims: &Claims) -> Option<Breach> {
    let id = row.client_order_id.to_string();
    if !row.status.is_final() {
        let stands = claims
            .orders
            .get(&*row.client_order_id)
            .is_some_and(|(status, filled)| !status.is_final() && *filled == row.filled_qty);
        return (!claims.leaves_open || !stands).then_some(Breach::Unended { id });
    }
    match claims.orders.get(&*row.client_order_id) {
        None => Some(Breach::Unknown { id }),
        // A leg whose parent was refused never worked; what its end is called differs.
        Some(&(status, filled)) if row.parent.is_some() && status.is_final() => {
            (filled != row.filled_qty).then_some(Breach::Order { id })
        }
        Some(&claimed) if claimed != (row.status, row.filled_qty) => Some(Breach::Order { id }),
        Some(_) => None,
    }
}

/// What an order is worth by itself: its dollars, or its shares at its limit.
fn named_notional(row: &OrderRow) -> Option<Cash> {
    row.notional.or_else(|| row.kind.limit()?.value(row.qty, Rounding::Down))
}

/// The lowest price at which an order can fill when it arrives, so that none is wronged.
fn lowest_price(row: &OrderRow) -> Option<Price> {
    let now = row.arrival_price?;
    Some(match row.side {
        Side::Buy => row.kind.limit().map_or(now, |limit| limit.min(now)),
        Side::Sell => now,
    })
}

fn limit(row: &OrderRow, what: &'static str) -> Breach {
    Breach::Limit { id: row.client_order_id.to_string(), what }
}

fn unlatched(words: &[Word]) -> impl Iterator<Item = Breach> {
    words.windows(2).filter_map(|pair| match pair {
        [before, after] if before.allowed == Allowed::Halted => {
            let frees = after.allowed > Allowed::Halted && !after.by_operator;
            frees.then_some(Breach::Unlatched { at: after.at })
        }
        _ => None,
    })
}

/// Orders of a session that were asked for again although no fault had struck the request before: that one
/// was answered with certainty, whatever the answer was. One that a fault struck may be sent again
/// where it cannot have arrived; of those [`super::Figure::Sent`] says how often.
pub fn asked_again(diary: &[Note], claims: &Claims) -> Vec<Breach> {
    let mut before: BTreeMap<&str, &Asked> = BTreeMap::new();
    let mut breaches = Vec::new();
    for asked in diary.iter().filter_map(Note::asked).filter(|asked| asked.is_new()) {
        let Some(id) = asked.order.as_deref().filter(|id| claims.names(id)) else { continue };
        if before.insert(id, asked).is_some_and(|before| !before.struck) {
            breaches.push(Breach::AskedAgain { id: id.to_owned() });
        }
    }
    breaches
}
