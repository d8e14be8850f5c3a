//! Holds market data against the orders that work in its market.

use super::Exchange;
use crate::book::Entry;
use crate::matching::{Outcome, Stance, bar, quote, trade};
use crate::sessions::Phase;
use kernel::{Bar, MarketData, Quantity, Quote, SCALE, Side, SymbolId, Timestamp, Trade, Volume};

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
        let mut actions =
            self.actions(data.symbol, at, |entry| bar::outcome(entry.stance, entry.row.side, data));
        actions.sort_by_key(|action| action.rank);
        self.carry_out(actions, Supply::Shared(self.share_of(data.volume)));
    }

    fn match_quote(&mut self, data: &Quote, triggers: bool) {
        let actions = self.actions(data.symbol, data.time, |entry| {
            quote::outcome(entry.stance, entry.row.side, data, triggers)
        });
        let shown = |size: Quantity| self.config.fills.displayed_size.then_some(size);
        let supply = Supply::Sides { asked: shown(data.ask_size), bid: shown(data.bid_size) };
        self.carry_out(actions, supply);
    }

    /// A trade fills orders, or only triggers stops where quotes do the filling.
    fn match_trade(&mut self, data: &Trade, fills: bool) {
        let actions = self.actions(data.symbol, data.time, |entry| {
            let (stance, side) = (entry.stance, entry.row.side);
            match stance {
                _ if fills => trade::outcome(stance, side, data, entry.fresh),
                Stance::Stop { stop, .. } if trade::triggers(stop, side, data) => Outcome::Triggers,
                Stance::Stop { .. } | Stance::Market | Stance::Limit(_) => Outcome::Rests,
            }
        });
        let volume = Volume::from_nanos(data.size.nanos().unsigned_abs().into());
        self.carry_out(actions, Supply::Shared(self.share_of(volume)));
    }

    /// What an instant's trades do to each order that they may fill, in order of arrival.
    fn actions(
        &mut self,
        symbol: SymbolId,
        at: Timestamp,
        outcome: impl Fn(&Entry) -> Outcome,
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
            Outcome::Triggers => return self.trigger(place),
            Outcome::Fills { price, taker, triggered, .. } => {
                if triggered {
                    self.trigger(place);
                }
                (price, taker)
            }
        };
        let Some(entry) = self.book.get(place) else {
            return;
        };
        let (wanted, limit) = (entry.row.leaves(), entry.stance.limit());
        let (symbol, side) = (entry.row.symbol, entry.row.side);
        let qty = self.part(wanted.min(supply.unwrap_or(Quantity::MAX)).whole());
        if !qty.is_positive() {
            return;
        }
        if let Some(left) = supply {
            *left = left.checked_sub(qty).unwrap_or(Quantity::ZERO);
        }
        let price = if taker { self.slipped(symbol, side, price, limit) } else { price };
        self.execute(place, price, qty);
    }

    fn trigger(&mut self, place: usize) {
        if let Some(entry) = self.book.get_mut(place) {
            entry.stance = entry.stance.triggered();
        }
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

impl Entry {
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
