//! What protects positions: the stop that rests at the broker, what is watched here, and what waits
//! until a resting stop has ended.
//!
//! The stop follows from the position alone: so far from its mean entry price, and so far from the
//! best price since it was opened. The one that lies nearer at the entry rests at the broker, when
//! the broker can hold it and no other order of the symbol is open; the other is watched, and so is
//! whatever no resting stop covers.

use super::{Last, State};
use crate::risk::Denial;
use crate::{
    AssetClass, Bar, BasisPoints, Command, Event, Intent, MarketData, NewOrder, Order, OrderClass,
    OrderKind, OrderNumber, Origin, Percent, Price, Quantity, Ratio, Rounding, SCALE, Side,
    SymbolId, TimeInForce, Timestamp, TradingHours, Trail,
};
use serde::{Deserialize, Serialize};

/// What is kept of each symbol; of none where no stops are placed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Stops {
    symbols: Vec<Watched>,
}

/// What is kept of one symbol.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Watched {
    /// The best price since its position was opened.
    best: Option<Best>,
    /// The same before the newest datum.
    before: Option<Best>,
    /// Whether a stop has triggered here, and its position is being closed.
    triggered: bool,
    /// Whether an operator has cancelled everything, and nothing was wanted here since.
    withdrawn: bool,
    /// What strategies want done once the resting stop has ended, oldest first.
    waiting: Vec<Waiting>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Best {
    price: Price,
    at: Timestamp,
}

/// What a strategy wants done once a resting stop has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// Whose wish it is.
    pub origin: Origin,
    /// What.
    pub intent: Intent,
    /// The stop.
    pub behind: OrderNumber,
}

/// A stop that was met here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Met {
    /// Whether it is the one that follows the best price.
    pub trailing: bool,
    /// Where it lies.
    pub level: Price,
    /// The price that met it.
    pub price: Price,
}

/// The side of a position, and what is nearer or farther seen from it.
#[derive(Debug, Clone, Copy)]
struct Way {
    is_long: bool,
}

impl Way {
    const fn of(held: Quantity) -> Self {
        Self { is_long: held.is_positive() }
    }

    fn best(self, one: Price, other: Price) -> Price {
        if self.is_long { one.max(other) } else { one.min(other) }
    }

    /// Whether a stop is met by a price.
    fn meets(self, level: Price, price: Price) -> bool {
        if self.is_long { price <= level } else { price >= level }
    }

    /// Whether a stop loses no more than another.
    fn is_as_near(self, level: Price, other: Price) -> bool {
        if self.is_long { level >= other } else { level <= other }
    }

    /// So far on the losing side of a price, on the tick that is nearer to it.
    fn away(self, from: Price, by: BasisPoints) -> Option<Price> {
        let (by, rounding) =
            if self.is_long { (by.negated(), Rounding::Up) } else { (by, Rounding::Down) };
        Some(from.shifted(by, rounding)?.to_tick(rounding)).filter(|level| level.is_positive())
    }

    /// The worst and the best price of a datum.
    fn extremes(self, data: &MarketData) -> (Price, Price) {
        match data {
            MarketData::Bar(Bar { low, high, .. }) if self.is_long => (*low, *high),
            MarketData::Bar(Bar { low, high, .. }) => (*high, *low),
            MarketData::Quote(_) | MarketData::Trade(_) => (data.price(), data.price()),
        }
    }

    const fn exit(self) -> Side {
        if self.is_long { Side::Sell } else { Side::Buy }
    }
}

impl Stops {
    pub fn new(symbols: usize) -> Self {
        Self { symbols: vec![Watched::default(); symbols] }
    }

    /// Whether no stops are placed.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    fn of(&self, symbol: SymbolId) -> Option<&Watched> {
        self.symbols.get(symbol.index())
    }

    /// A position was opened, turned, changed or closed by an execution.
    pub fn note_fill(
        &mut self,
        symbol: SymbolId,
        before: Quantity,
        after: Quantity,
        price: Price,
        at: Timestamp,
    ) {
        let Some(watched) = self.symbols.get_mut(symbol.index()) else { return };
        let opens = before.is_zero() || before.is_negative() != after.is_negative();
        if after.is_zero() {
            (watched.best, watched.before) = (None, None);
        } else if opens {
            watched.best = Some(Best { price, at });
            watched.before = watched.best;
        }
    }

    fn note_price(&mut self, data: &MarketData, held: Quantity) {
        let Some(watched) = self.symbols.get_mut(data.symbol().index()) else { return };
        let way = Way::of(held);
        let (_, best) = way.extremes(data);
        watched.before = watched.best;
        let held = watched.best.map(|held| held.price);
        if held.is_none_or(|held| held != best && way.best(held, best) == best) {
            watched.best = Some(Best { price: best, at: data.time() });
        }
    }

    /// The newest trade was never at the price at which it was told. Where it made the best price, the
    /// best of those before it and of those that are known to be right does.
    pub fn amend(
        &mut self,
        symbol: SymbolId,
        held: Quantity,
        told: &Last,
        known: impl Iterator<Item = Price>,
    ) {
        let Some(watched) = self.symbols.get_mut(symbol.index()) else { return };
        let is_wrong = |best: &Best| best.price == told.price && best.at == told.time;
        watched.before = watched.before.filter(|best| !is_wrong(best));
        let Some(wrong) = watched.best.filter(is_wrong) else { return };
        let known = known.map(|price| Best { price, at: wrong.at });
        let way = Way::of(held);
        let better = |one: Best, other: Best| match way.best(one.price, other.price) == one.price {
            true => one,
            false => other,
        };
        watched.best = watched.before.into_iter().chain(known).reduce(better);
    }

    pub fn split(&mut self, symbol: SymbolId, ratio: Ratio) {
        let Some(watched) = self.symbols.get_mut(symbol.index()) else { return };
        for best in [&mut watched.best, &mut watched.before].into_iter().flatten() {
            best.price = ratio.price(best.price).unwrap_or(best.price);
        }
    }

    /// Folds what happens to stops and to what waits for them.
    pub fn take(&mut self, event: &Event) {
        if let Event::CommandTaken(command) = event {
            return self.obey(command);
        }
        let symbol = event.symbol();
        let Some(watched) = symbol.and_then(|symbol| self.symbols.get_mut(symbol.index())) else {
            return;
        };
        match event {
            Event::StopMet { .. } => {
                watched.triggered = true;
                watched.waiting.clear();
            }
            Event::SymbolClosed { .. } => watched.triggered = false,
            Event::IntentWaits { origin, intent, behind, .. } => {
                let (origin, intent, behind) = (*origin, intent.clone(), *behind);
                watched.waiting.push(Waiting { origin, intent, behind });
            }
            Event::OrderApproved(order) if order.parent.is_none() => {
                watched.withdrawn &= !matches!(order.origin, Origin::Strategy(_));
                watched.answer(order.origin);
            }
            // What was refused because it waits already changes nothing.
            Event::OrderDenied { denial: Denial::OppositeOrder { order }, .. }
                if watched.waiting.iter().any(|waiting| waiting.behind == *order) => {}
            Event::OrderDenied { origin, .. } => watched.answer(*origin),
            _ => {}
        }
    }

    /// An operator who cancels everything means stops too: none is placed until a strategy orders
    /// something in the symbol, or trading is resumed. What waits for the end of a stop is dropped
    /// with it, and where everything is closed.
    fn obey(&mut self, command: &Command) {
        let only = match command {
            Command::Close { symbol, .. } => Some(symbol.index()),
            Command::CancelAll { .. } | Command::Flatten { .. } | Command::Resume { .. } => None,
            Command::Halt { .. }
            | Command::SetLimit { .. }
            | Command::ConfigureLimit { .. }
            | Command::Transfer { .. } => return,
        };
        let meant = |place: &usize| only.is_none_or(|only| only == *place);
        let watched = self.symbols.iter_mut().enumerate().filter(|(place, _)| meant(place));
        for (_, watched) in watched {
            match command {
                Command::Resume { .. } => watched.withdrawn = false,
                Command::CancelAll { .. } => watched.withdrawn = true,
                _ => {}
            }
            if !matches!(command, Command::Resume { .. }) {
                watched.waiting.clear();
            }
        }
    }

    /// Nothing is being closed any more.
    pub fn stand_down(&mut self) {
        for watched in &mut self.symbols {
            watched.triggered = false;
        }
    }
}

impl Watched {
    /// What somebody wanted was judged: the oldest of it waits no more.
    fn answer(&mut self, origin: Origin) {
        let first = self.waiting.iter().position(|waiting| waiting.origin == origin);
        if let Some(first) = first {
            self.waiting.remove(first);
        }
    }
}

impl State {
    /// Whether positions get stops.
    #[inline]
    pub(crate) const fn places_stops(&self) -> bool {
        !self.stops.is_empty()
    }

    /// The stop of the kernel's own that rests for a symbol, or is on its way.
    pub(crate) fn resting_stop(&self, symbol: SymbolId) -> Option<&Order> {
        if !self.places_stops() {
            return None;
        }
        self.live_orders().find(|order| order.symbol == symbol && is_own_stop(order))
    }

    /// Whether an order is a stop of the kernel's own, which strategies need not mind.
    pub(crate) fn is_own_stop(&self, order: &Order) -> bool {
        self.places_stops() && is_own_stop(order)
    }

    /// What waits until a stop of a symbol has ended.
    pub(crate) fn waits_for_stop(&self, symbol: SymbolId) -> &[Waiting] {
        self.stops.of(symbol).map_or(&[], |watched| &watched.waiting)
    }

    /// Whether a stop was met in a symbol, and its position is being closed.
    pub(crate) fn stop_was_met(&self, symbol: SymbolId) -> bool {
        self.stops.of(symbol).is_some_and(|watched| watched.triggered)
    }

    /// Takes a price into the best one since its position was opened.
    pub(super) fn watch(&mut self, data: &MarketData) {
        let held = self.ledger.position(data.symbol()).quantity;
        if self.counts(data) && !held.is_zero() {
            self.stops.note_price(data, held);
        }
    }

    /// The stops of a symbol's position: the one below its mean entry price, and the one below a
    /// best price.
    fn levels(&self, symbol: SymbolId, best: Option<Best>) -> [Option<(bool, Price)>; 2] {
        let position = self.ledger.position(symbol);
        let way = Way::of(position.quantity);
        let limits = &self.limits;
        let entry = position.average_price();
        let fixed = entry.zip(limits.stop_loss).and_then(|(entry, by)| way.away(entry, by));
        let best = best.map(|best| best.price).or(entry);
        let trailing = best.zip(limits.trailing_stop).and_then(|(best, by)| way.away(best, by));
        [fixed.map(|level| (false, level)), trailing.map(|level| (true, level))]
    }

    /// The stop that a datum has met and that no resting stop of the broker's covers.
    ///
    /// In which order the prices of a bar were made nobody knows: its worst price is held against
    /// the best one before it.
    pub(crate) fn met_stop(&self, data: &MarketData) -> Option<Met> {
        let symbol = data.symbol();
        let held = self.ledger.position(symbol).quantity;
        let watched = self.stops.of(symbol)?;
        if held.is_zero() || self.is_closing(symbol) {
            return None;
        }
        let way = Way::of(held);
        let (worst, _) = way.extremes(data);
        let met = |best, price| {
            let levels = self.levels(symbol, best).into_iter().flatten();
            levels
                .filter(move |(_, level)| way.meets(*level, price))
                .map(move |(trailing, level)| Met { trailing, level, price })
        };
        let mut all = met(watched.before, worst).chain(met(watched.best, data.price()));
        all.find(|met| !self.is_covered(symbol, met.level))
    }

    /// Whether stops that work at the broker, and that lose no more than this one, are for all
    /// that is held. Outside of the regular session the broker's stops sleep.
    fn is_covered(&self, symbol: SymbolId, level: Price) -> bool {
        let held = self.ledger.position(symbol).quantity;
        let way = Way::of(held);
        let covers = |order: &&Order| {
            order.symbol == symbol
                && !order.grows
                && order.side == way.exit()
                && order.broker_id.is_some()
                && !order.cancel_requested
                && self.exit_is_on(order)
                && self.level_of(order).is_some_and(|of| way.is_as_near(of, level))
        };
        let covered = self.live_orders().filter(covers);
        let nanos = covered.fold(0_i64, |sum, order| sum.saturating_add(order.remaining().nanos()));
        nanos >= held.abs().nanos() && self.is_regular_session()
    }

    /// Where a stop at the broker triggers; of one that follows the best price that is known once
    /// that was made while it rested.
    fn level_of(&self, order: &Order) -> Option<Price> {
        match order.kind {
            OrderKind::Stop { stop } => Some(stop),
            OrderKind::TrailingStop { trail: Trail::Percent(by) } => {
                let best = self.stops.of(order.symbol)?.best?;
                let way = Way { is_long: order.side == Side::Sell };
                let by = BasisPoints::new(i32::try_from(by.nanos() / (SCALE / 100)).ok()?);
                way.away(best.price, by).filter(|_| order.approved_at < best.at)
            }
            OrderKind::TrailingStop { trail: Trail::Price(_) }
            | OrderKind::Market
            | OrderKind::Limit { .. }
            | OrderKind::StopLimit { .. } => None,
        }
    }

    /// Whether the broker's stops are awake: in the regular session, at a venue that has one.
    pub(crate) fn is_regular_session(&self) -> bool {
        let now = self.now;
        match (&self.start, self.trading_day_at(now)) {
            (Some(start), _) if start.hours == TradingHours::Always => true,
            (Some(_), Some(day)) => day.open <= now && now < day.close,
            _ => false,
        }
    }

    /// The stop that should rest at the broker for a symbol; `None` where there is nothing to
    /// protect, or it cannot hold any: parts of a share, crypto, a price that has met it already.
    pub(crate) fn wanted_stop(&self, symbol: SymbolId) -> Option<NewOrder> {
        let held = self.ledger.position(symbol).quantity;
        let whole = held.abs().whole();
        let is_crypto = self.asset(symbol).is_some_and(|facts| facts.class == AssetClass::Crypto);
        if !whole.is_positive() || is_crypto {
            return None;
        }
        let way = Way::of(held);
        let last = self.last_price(symbol)?;
        let watched = self.stops.of(symbol).filter(|watched| !watched.withdrawn)?;
        let [fixed, trailing] = self.levels(symbol, watched.best);
        let is_met =
            |level: Option<(bool, Price)>| level.is_some_and(|(_, level)| way.meets(level, last));
        if is_met(fixed) || is_met(trailing) {
            return None;
        }
        let trail = self.limits.trailing_stop;
        let follows = match (self.limits.stop_loss, trail) {
            (Some(fixed), Some(trailing)) => trailing <= fixed,
            (fixed, _) => fixed.is_none(),
        };
        let kind = if follows {
            let by = Percent::from_nanos(trail?.get() * (SCALE / 100));
            OrderKind::TrailingStop { trail: Trail::Percent(by) }
        } else {
            OrderKind::Stop { stop: fixed?.1 }
        };
        Some(NewOrder::new(symbol, way.exit(), whole, kind).lasting(TimeInForce::Gtc))
    }
}

fn is_own_stop(order: &Order) -> bool {
    order.origin == Origin::Kernel
        && !order.grows
        && order.parent.is_none()
        && order.class == OrderClass::Simple
        && matches!(order.kind, OrderKind::Stop { .. } | OrderKind::TrailingStop { .. })
}
