//! The account as somebody outside counts it: from executions, prices and what was approved, exactly,
//! and with no measure of the kernel's.
//!
//! Prices and shares are in billionths, USD in billionths of billionths, so nothing is rounded.

use kernel::*;
use std::collections::BTreeMap;

pub const UNIT: i128 = 1_000_000_000;
pub const NAMES: [&str; 4] = ["AAA", "BBB", "CCC", "DDD"];
/// The assumed slip of a market order, in basis points.
pub const SLIP: i128 = 250;
/// The house, and the two strategies.
const OWNERS: usize = 3;
/// Those whose books together are the account's.
pub const ALL: &[usize] = &[0, 1, 2];

/// How two strategies share the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// There is one strategy.
    Alone,
    /// Each closes what the account holds.
    Together,
    /// Each has capital of its own.
    Apart,
    /// The second one spends the cash of the house.
    Mixed,
}

impl Sharing {
    pub const fn is_apart(self) -> bool {
        matches!(self, Sharing::Apart | Sharing::Mixed)
    }

    /// Who holds what a strategy buys.
    pub const fn owner(self, strategy: usize) -> usize {
        if self.is_apart() { strategy + 1 } else { 0 }
    }

    /// Whose books a strategy's own part of the account is; `None` where one may close what the other
    /// opened, so that who holds what depends on how that is crossed.
    pub const fn part(self, strategy: usize) -> Option<&'static [usize]> {
        match (self, strategy) {
            (Sharing::Alone, _) => Some(ALL),
            (Sharing::Together, _) => None,
            (Sharing::Apart | Sharing::Mixed, 0) => Some(&[1]),
            (Sharing::Apart | Sharing::Mixed, _) => Some(&[2]),
        }
    }

    /// Whose equity the percentages of a strategy's limits are of: its own where it has capital.
    pub const fn measure(self, strategy: usize) -> &'static [usize] {
        match (self, strategy) {
            (Sharing::Apart | Sharing::Mixed, 0) => &[1],
            (Sharing::Apart, _) => &[2],
            _ => ALL,
        }
    }

    /// Those who spend the same cash as one.
    pub fn purse(self, owner: usize) -> &'static [usize] {
        match (self, owner) {
            (Sharing::Alone | Sharing::Together, _) => &[0],
            (Sharing::Mixed, 0 | 2) => &[0, 2],
            (_, 0) => &[0],
            (_, 1) => &[1],
            _ => &[2],
        }
    }
}

/// An order that has not ended.
#[derive(Debug, Clone)]
pub struct Open {
    pub owner: usize,
    pub symbol: usize,
    pub sign: i128,
    pub left: i128,
    /// What is left of an order in dollars.
    usd: Option<i128>,
    /// The worst price as it was known when the order was approved.
    worst: i128,
    pub grows: bool,
    replaces: Option<u64>,
}

impl Open {
    /// USD that it takes at its worst.
    pub fn value(&self) -> i128 {
        self.usd.unwrap_or(self.worst * self.left)
    }
}

/// An order that grew, for what is counted in time.
#[derive(Debug)]
pub struct Grown {
    pub at: Timestamp,
    pub strategy: usize,
    pub symbol: usize,
    pub usd: i128,
}

#[derive(Debug)]
pub struct Book {
    pub sharing: Sharing,
    cash: [i128; OWNERS],
    held: [[i128; NAMES.len()]; OWNERS],
    pub last: [i128; NAMES.len()],
    pub open: BTreeMap<u64, Open>,
    pub grown: Vec<Grown>,
    /// Positions that were opened from flat.
    pub opened: i128,
}

pub const fn sign(side: Side) -> i128 {
    match side {
        Side::Buy => 1,
        Side::Sell => -1,
    }
}

/// A price moved by the assumed slip, up or down.
pub const fn slipped(price: i128, sign: i128) -> i128 {
    let moved = price * (10_000 + sign * SLIP);
    if sign > 0 { (moved + 9_999) / 10_000 } else { moved / 10_000 }
}

/// Where a stop or a trailing stop triggers.
pub fn trigger(kind: OrderKind, side: Side, last: i128) -> Option<i128> {
    match kind {
        OrderKind::Stop { stop } | OrderKind::StopLimit { stop, .. } => Some(stop.nanos().into()),
        OrderKind::TrailingStop { trail: Trail::Price(usd) } => {
            Some(last + sign(side) * i128::from(usd.nanos()))
        }
        _ => None,
    }
}

/// The worst price for the exposure of an order: a buy pays it, a short sale owes it.
fn worst(order: &Order, last: i128) -> i128 {
    let limit = order.kind.limit().map(|limit| i128::from(limit.nanos()));
    match (order.side, limit) {
        (Side::Buy, Some(limit)) => limit,
        (Side::Buy, None) => {
            slipped(trigger(order.kind, Side::Buy, last).map_or(last, |stop| stop.max(last)), 1)
        }
        (Side::Sell, limit) => limit.map_or(slipped(last, 1), |limit| limit.max(slipped(last, 1))),
    }
}

impl Book {
    pub fn new(sharing: Sharing, cash: [i128; OWNERS]) -> Self {
        Self {
            sharing,
            cash,
            held: Default::default(),
            last: [100 * UNIT; NAMES.len()],
            open: BTreeMap::new(),
            grown: Vec::new(),
            opened: 0,
        }
    }

    /// An order was approved.
    pub fn approve(&mut self, order: &Order, at: Timestamp) {
        let Origin::Strategy(StrategyId(strategy)) = order.origin else { panic!("{order:?}") };
        let (strategy, symbol) = (usize::from(strategy), order.symbol.index());
        let usd = order.size.notional().filter(|_| order.parent.is_none());
        let open = Open {
            owner: self.sharing.owner(strategy),
            symbol,
            sign: sign(order.side),
            left: order.quantity.nanos().into(),
            usd: usd.map(|usd| i128::from(usd.nanos()) * UNIT),
            worst: worst(order, self.last[symbol]),
            grows: order.grows,
            replaces: order.replaces.map(|number| number.0),
        };
        if open.grows {
            self.grown.push(Grown { at, strategy, symbol, usd: open.value() });
        }
        self.open.insert(order.number.0, open);
    }

    /// An order was filled in part; says whether that is all of it.
    pub fn fill(&mut self, number: u64, shares: i128, price: i128) {
        let open = self.open.get_mut(&number).unwrap();
        open.left -= shares;
        open.usd = open.usd.map(|usd| (usd - shares * price).max(0));
        let (owner, symbol, signed) = (open.owner, open.symbol, open.sign * shares);
        let was_flat = self.account(symbol) == 0;
        self.cash[owner] -= signed * price;
        self.held[owner][symbol] += signed;
        self.opened += i128::from(was_flat);
    }

    /// Shares of the whole account.
    pub fn account(&self, symbol: usize) -> i128 {
        self.of(ALL, symbol)
    }

    /// Shares that some hold together.
    fn of(&self, owners: &[usize], symbol: usize) -> i128 {
        owners.iter().map(|owner| self.held[*owner][symbol]).sum()
    }

    pub fn held(&self, owner: usize, symbol: usize) -> i128 {
        self.held[owner][symbol]
    }

    pub fn cash(&self) -> i128 {
        self.cash.iter().sum()
    }

    pub fn equity_of(&self, owners: &[usize]) -> i128 {
        let worth = |owner: usize| {
            let values = self.held[owner].iter().zip(self.last).map(|(held, last)| held * last);
            self.cash[owner] + values.sum::<i128>()
        };
        owners.iter().map(|owner| worth(*owner)).sum()
    }

    pub fn equity(&self) -> i128 {
        self.equity_of(ALL)
    }

    /// USD that open orders that grow take at their worst, where one is being judged: of an order and
    /// the one that is to take its place either may fill, unless that is the one that is judged.
    fn pending(&self, judged: u64, counts: impl Fn(&Open) -> bool) -> i128 {
        let replaced = |number: u64| {
            self.open.values().any(|open| counts(open) && open.replaces == Some(number))
        };
        let open = self
            .open
            .iter()
            .filter(|(number, open)| open.grows && counts(open) && !replaced(**number));
        open.map(|(number, open)| {
            let before = open.replaces.filter(|_| *number != judged);
            let before = before.and_then(|before| self.open.get(&before));
            let before = before.filter(|before| counts(before));
            open.value().max(before.map_or(0, Open::value))
        })
        .sum()
    }

    /// Long plus short of some in some symbols when all that is open has filled.
    pub fn gross(&self, whose: &[usize], judged: u64, counts: impl Fn(usize) -> bool) -> i128 {
        let held = (0..NAMES.len()).filter(|symbol| counts(*symbol));
        held.map(|symbol| self.of(whose, symbol).abs() * self.last[symbol]).sum::<i128>()
            + self.pending(judged, |open| whose.contains(&open.owner) && counts(open.symbol))
    }

    /// The most that some may hold in one direction when any of what is open has filled.
    pub fn net(
        &self,
        whose: &[usize],
        judged: u64,
        sign: i128,
        counts: impl Fn(usize) -> bool,
    ) -> i128 {
        let is_along = |open: &Open| whose.contains(&open.owner) && open.sign == sign;
        let held = (0..NAMES.len()).filter(|symbol| counts(*symbol)).map(|symbol| {
            let along = sign * self.of(whose, symbol);
            let open = self.open.values().filter(|open| is_along(open));
            let exits = open.filter(|open| !open.grows && open.symbol == symbol);
            let closed = exits.map(|open| open.left).sum::<i128>().min(-along).max(0);
            (along + closed) * self.last[symbol]
        });
        held.sum::<i128>() + self.pending(judged, |open| is_along(open) && counts(open.symbol))
    }

    /// What those who spend an owner's cash have left when all that is open has filled.
    pub fn free(&self, judged: u64, owner: usize) -> i128 {
        let purse = self.sharing.purse(owner);
        let holds = |owner: &usize| {
            let values =
                self.held[*owner].iter().zip(self.last).map(|(held, last)| held.abs() * last);
            values.sum::<i128>()
        };
        self.equity_of(purse)
            - purse.iter().map(holds).sum::<i128>()
            - self.pending(judged, |open| purse.contains(&open.owner))
    }

    /// Symbols that some hold or are entering; of the latter alone those that are flat.
    pub fn entered(&self, whose: &[usize], flat_alone: bool) -> i128 {
        let is_entered = |symbol: &usize| {
            let mut open = self.open.values().filter(|open| whose.contains(&open.owner));
            let is_held = self.of(whose, *symbol) != 0;
            let enters = open.any(|open| open.grows && open.symbol == *symbol);
            if flat_alone { !is_held && enters } else { is_held || enters }
        };
        i128::try_from((0..NAMES.len()).filter(is_entered).count()).unwrap()
    }

    /// Shares that exits on one side may still close of a symbol, at least.
    pub fn closable(&self, owner: usize, symbol: usize, sign: i128) -> i128 {
        let exits = self
            .open
            .values()
            .filter(|open| !open.grows && open.symbol == symbol && open.sign == sign);
        -sign * self.held(owner, symbol) - exits.map(|open| open.left).sum::<i128>()
    }
}
