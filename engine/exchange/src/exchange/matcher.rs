//! Holds market data against the orders that work in its market.

use super::Exchange;
use crate::UpdateEvent;
use crate::book::Entry;
use crate::matching::trail::Trailing;
use crate::matching::{Outcome, Stance, at_once, bar, quote, trade};
use crate::sessions::Phase;
use kernel::{
    Bar, MarketData, Price, Quantity, Quote, SCALE, Side, SymbolId, TimeInForce, Timestamp, Trade,
    Volume,
};

/// What one datum does to one order. An order acts once for each datum.
#[derive(Debug, Clone)]
pub(super) struct Action {
    rank: Rank,
    place: usize,
    side: Side,
    outcome: Outcome,
}

/// Which orders act first inside a bar; within a rank those that arrived first do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Open,
    Stop,
    Limit,
}

/// Shares that are left to take from one datum; `None` is no bound.
#[derive(Debug, Clone, Copy)]
enum Supply {
    /// What both sides take from, as a traded volume.
    Shared(Option<Quantity>),
    /// What each side takes from, as a quote's sizes.
    Sides { asked: Option<Quantity>, bid: Option<Quantity> },
}

impl Exchange {
    /// Matches the orders of one symbol against one datum.
    #[inline(never)]
    pub(super) fn match_orders(&mut self, datum: &MarketData) {
        let at = match datum {
            MarketData::Bar(bar) => self.sessions.first_trade(bar),
            MarketData::Quote(_) | MarketData::Trade(_) => datum.time(),
        };
        if self.wake <= at {
            self.advance(at);
        }
        let Some(market) = self.markets.get(datum.symbol().index()) else {
            return;
        };
        if market.working.is_empty() || datum.check().is_err() {
            return;
        }
        let (fills, has_trades) = (market.fills_from(datum), market.has_trades);
        self.now = self.now.max(at);
        match datum {
            MarketData::Bar(bar) if fills => self.match_bar(bar, at),
            MarketData::Bar(_) => {}
            MarketData::Quote(quote) => self.match_quote(quote, !has_trades),
            MarketData::Trade(trade) => self.match_trade(trade, fills),
        }
    }

    fn match_bar(&mut self, data: &Bar, at: Timestamp) {
        let mut actions = self.actions(data.symbol, at, |entry| entry.meet_bar(data));
        actions.sort_by_key(|action| action.rank);
        self.depth = [data.volume; 2];
        let mut supply = Supply::Shared(self.share_of(data.volume));
        for action in &actions {
            self.carry_out_one(action, supply.left(action.side));
            self.exits_meet(action, data, &mut supply);
        }
        actions.clear();
        self.scratch = actions;
    }

    /// Exits whose entry has just filled meet the rest of the bar: all of it after its first
    /// trade, else the stop alone, as if the bar's extremes came after the entry.
    fn exits_meet(&mut self, entry: &Action, data: &Bar, supply: &mut Supply) {
        let Outcome::Fills { price, first, .. } = entry.outcome else {
            return;
        };
        let Some(group) = self.book.group_of(entry.place) else {
            return;
        };
        if group.entry != Some(entry.place) || !group.started {
            return;
        }
        let rest = Bar { open: if first { data.open } else { price }, ..*data };
        let met = group.exits.map(|exit| {
            let exit = exit.filter(|&exit| self.is_open(exit))?;
            let entry = self.book.get_mut(exit)?;
            let outcome = entry.meet_bar(&rest);
            let rank = Rank::of(entry.stance, outcome);
            let sees = first || matches!(entry.stance, Stance::Stop { .. });
            sees.then_some(Action { rank, place: exit, side: entry.row.side, outcome })
        });
        let mut actions: Vec<Action> = met.into_iter().flatten().collect();
        actions.sort_by_key(|action| action.rank);
        for action in &actions {
            self.carry_out_one(action, supply.left(action.side));
        }
    }

    fn match_quote(&mut self, data: &Quote, triggers: bool) {
        let actions =
            self.actions(data.symbol, data.time, |entry| entry.meet_quote(data, triggers));
        let shown = |size: Quantity| self.config.fills.displayed_size.then_some(size);
        self.depth = [data.ask_size, data.bid_size].map(volume_of);
        let supply = Supply::Sides { asked: shown(data.ask_size), bid: shown(data.bid_size) };
        self.carry_out(actions, supply);
    }

    /// A trade fills orders, or only triggers stops where quotes do the filling.
    fn match_trade(&mut self, data: &Trade, fills: bool) {
        let actions = self.actions(data.symbol, data.time, |entry| entry.meet_trade(data, fills));
        let volume = volume_of(data.size);
        self.depth = [volume; 2];
        self.carry_out(actions, Supply::Shared(self.share_of(volume)));
    }

    /// What an instant's trades do to each order that they may fill, in order of arrival.
    fn actions(
        &mut self,
        symbol: SymbolId,
        at: Timestamp,
        outcome: impl Fn(&mut Entry) -> Outcome,
    ) -> Vec<Action> {
        let mut actions = std::mem::take(&mut self.scratch);
        let phase = self.sessions.phase();
        let working = self.markets.get(symbol.index()).map_or(&[][..], |market| &market.working);
        for &place in working {
            let Some(entry) = self.book.get_mut(place).filter(|entry| entry.trades_in(phase, at))
            else {
                continue;
            };
            let outcome = outcome(entry);
            entry.fresh = false;
            if outcome != Outcome::Rests {
                let rank = Rank::of(entry.stance, outcome);
                actions.push(Action { rank, place, side: entry.row.side, outcome });
            }
        }
        actions
    }

    fn carry_out(&mut self, mut actions: Vec<Action>, mut supply: Supply) {
        for action in &actions {
            self.carry_out_one(action, supply.left(action.side));
        }
        actions.clear();
        self.scratch = actions;
    }

    fn carry_out_one(&mut self, action: &Action, supply: &mut Option<Quantity>) {
        let place = action.place;
        let (price, taker) = match action.outcome {
            Outcome::Rests => return,
            Outcome::Misses => return self.miss(place),
            Outcome::Triggers => return self.trigger(place),
            Outcome::Fills { price, taker, triggered, .. } => {
                if triggered {
                    self.trigger(place);
                }
                (price, taker)
            }
        };
        let Some(entry) = self.book.get(place).filter(|entry| !entry.row.status.is_final()) else {
            return;
        };
        let (limit, time_in_force) = (entry.stance.limit(), entry.row.time_in_force);
        let (symbol, side) = (entry.row.symbol, entry.row.side);
        let price = if taker { self.slipped(symbol, side, price, limit) } else { price };
        let qty = match time_in_force {
            TimeInForce::Fok => self.all_of(place, price, *supply),
            // An auction takes any size.
            TimeInForce::Opg => self.wanted(place, price),
            _ => self.part_of(place, price, *supply),
        };
        let (price, qty) = match taker {
            true => self.with_impact(place, price, qty),
            false => (price, qty),
        };
        if qty.is_positive() {
            if let Some(left) = supply {
                *left = left.checked_sub(qty).unwrap_or(Quantity::ZERO);
            }
            self.execute(place, price, qty);
        } else if self.buys_nothing(place) {
            self.finish(place, UpdateEvent::Rejected);
        }
        if has_one_chance(time_in_force) {
            self.miss(place);
        }
    }

    /// The price and the size of a taker after what the size does to the price: an order in USD gets
    /// less for it.
    fn with_impact(&self, place: usize, price: Price, qty: Quantity) -> (Price, Quantity) {
        let Some(entry) = self.book.get(place).filter(|_| qty.is_positive()) else {
            return (price, qty);
        };
        let (symbol, side) = (entry.row.symbol, entry.row.side);
        let [asked, bid] = self.depth;
        let depth = if side == Side::Buy { asked } else { bid };
        let worse = self.impacted((symbol, side), price, entry.stance.limit(), (qty, depth));
        if worse == price { (price, qty) } else { (worse, qty.min(self.wanted(place, worse))) }
    }

    /// Whether an order for a share of equity has met a price at which that is not one share,
    /// although nothing stands in its way.
    fn buys_nothing(&self, place: usize) -> bool {
        let row = self.book.get(place).map(|entry| &entry.row);
        row.is_some_and(|row| {
            let is_new = row.equity_share.is_some() && row.filled_qty.is_zero();
            is_new && !self.waits_for_close(row.symbol, row.side)
        })
    }

    /// All that an order wants, or nothing when there is less.
    fn all_of(&self, place: usize, price: Price, supply: Option<Quantity>) -> Quantity {
        let wanted = self.wanted(place, price);
        if supply.is_none_or(|left| wanted <= left) { wanted } else { Quantity::ZERO }
    }

    /// What an order gets of what there is: whole shares, unless it gets all that it wants.
    fn part_of(&mut self, place: usize, price: Price, supply: Option<Quantity>) -> Quantity {
        let wanted = self.wanted(place, price);
        let got = wanted.min(supply.unwrap_or(Quantity::MAX));
        self.part(if got == wanted { got } else { got.whole() })
    }

    /// An order's one chance has passed: what has not filled ends.
    fn miss(&mut self, place: usize) {
        let time_in_force = self.book.get(place).map(|entry| entry.row.time_in_force);
        let at_once = matches!(time_in_force, Some(TimeInForce::Ioc | TimeInForce::Fok));
        self.finish(place, if at_once { UpdateEvent::Canceled } else { UpdateEvent::Expired });
    }

    fn trigger(&mut self, place: usize) {
        if let Some(entry) = self.book.get_mut(place) {
            entry.stance = entry.stance.triggered();
            entry.trailing = None;
        }
        self.show_working(place);
    }

    /// All of a quantity, or by chance a random part of it.
    fn part(&mut self, qty: Quantity) -> Quantity {
        let percent = u64::from(self.config.fills.random_partial_percent);
        let shares = qty.nanos() / SCALE;
        if percent == 0 || shares < 2 || self.parts.below(100) >= percent {
            return qty;
        }
        let less = self.parts.below(shares.unsigned_abs() - 1) as i64;
        Quantity::from_whole(1 + less).unwrap_or(qty)
    }

    /// The whole shares of a volume that orders may take.
    fn share_of(&self, volume: Volume) -> Option<Quantity> {
        let share = u128::try_from(self.config.fills.participation?.get()).unwrap_or(0);
        let nanos = volume.nanos().saturating_mul(share) / 10_000;
        Some(Quantity::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)).whole())
    }
}

impl Supply {
    fn left(&mut self, side: Side) -> &mut Option<Quantity> {
        match (self, side) {
            (Supply::Shared(left), Side::Buy | Side::Sell) => left,
            (Supply::Sides { asked, .. }, Side::Buy) => asked,
            (Supply::Sides { bid, .. }, Side::Sell) => bid,
        }
    }
}

impl Rank {
    fn of(stance: Stance, outcome: Outcome) -> Self {
        match (outcome, stance) {
            (Outcome::Fills { first: true, .. }, _) => Rank::Open,
            (_, Stance::Stop { .. }) => Rank::Stop,
            (_, Stance::Market | Stance::Limit(_)) => Rank::Limit,
        }
    }
}

fn volume_of(size: Quantity) -> Volume {
    Volume::from_nanos(size.nanos().unsigned_abs().into())
}

/// Whether an order ends with the first data that it meets.
const fn has_one_chance(time_in_force: TimeInForce) -> bool {
    match time_in_force {
        TimeInForce::Opg | TimeInForce::Ioc | TimeInForce::Fok => true,
        TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Cls => false,
    }
}

impl Entry {
    fn meet_bar(&mut self, data: &Bar) -> Outcome {
        let side = self.row.side;
        if let Some(outcome) = self.meet_in_its_way(data.open, |it| it.meet_bar(data)) {
            return outcome;
        }
        bar::outcome(self.stance, side, data)
    }

    fn meet_quote(&mut self, data: &Quote, triggers: bool) -> Outcome {
        let side = self.row.side;
        let far = match side {
            Side::Buy => data.ask,
            Side::Sell => data.bid,
        };
        let trail = |trailing: &mut Trailing| match far.is_positive() && triggers {
            true => trailing.meet(far),
            false => Outcome::Rests,
        };
        if let Some(outcome) = self.meet_in_its_way(far, trail) {
            return outcome;
        }
        quote::outcome(self.stance, side, data, triggers)
    }

    /// A trade fills orders, or only triggers stops where quotes do the filling.
    fn meet_trade(&mut self, data: &Trade, fills: bool) -> Outcome {
        let (stance, side) = (self.stance, self.row.side);
        let has_chance = fills || self.trailing.is_some();
        if has_chance
            && let Some(outcome) = self.meet_in_its_way(data.price, |it| it.meet(data.price))
        {
            let fires = matches!(outcome, Outcome::Fills { .. });
            return if fires && !fills { Outcome::Triggers } else { outcome };
        }
        match stance {
            _ if fills => trade::outcome(stance, side, data, self.fresh),
            Stance::Stop { stop, .. } if trade::triggers(stop, side, data) => Outcome::Triggers,
            Stance::Stop { .. } | Stance::Market | Stance::Limit(_) => Outcome::Rests,
        }
    }

    /// What orders do that do not just rest in the market: those for an auction or at once, and
    /// trailing stops.
    fn meet_in_its_way(
        &mut self,
        price: Price,
        trail: impl FnOnce(&mut Trailing) -> Outcome,
    ) -> Option<Outcome> {
        if self.row.time_in_force == TimeInForce::Cls {
            return Some(Outcome::Rests);
        }
        if has_one_chance(self.row.time_in_force) {
            return Some(at_once(self.stance, self.row.side, price));
        }
        let outcome = trail(self.trailing.as_mut()?);
        self.show_trailing();
        Some(outcome)
    }

    /// Whether the market's trades of an instant may fill it.
    fn trades_in(&self, phase: Phase, at: Timestamp) -> bool {
        let in_session = match phase {
            Phase::Regular => true,
            Phase::Extended => self.row.extended_hours,
            Phase::Closed => false,
        };
        in_session && self.eligible_at.is_some_and(|from| from <= at)
    }
}
