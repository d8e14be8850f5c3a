//! Trailing stops: the stop follows the market at a distance, and never goes back.
//!
//! A quote or trade first meets the stop as it was; only one that does not reach it moves it. What
//! a bar does, for buying (selling is the mirror image): its low is good, for the stop follows it
//! down.
//!
//! | bar | fills | at |
//! | --- | --- | --- |
//! | open at or above the stop (a gap) | with the first trade | the open, however far away |
//! | high at or above the stop as the open has left it | inside | that stop |
//! | close at or above the stop as the low has left it | inside | that stop |
//! | else | not; the stop stays where the low has left it | |
//!
//! The second row takes the high to come before the low, which gives the worse price; in the last
//! two the low must have come before the close, and the high may have come before the low.

use super::bar::Path;
use super::{Outcome, mirror};
use kernel::{Bar, Price, Rounding, Side, Trail};

/// A trailing stop that has not triggered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trailing {
    trail: Trail,
    side: Side,
    /// The best price since it was received, as buying sees it; `None` before the first.
    best: Option<Price>,
}

impl Trailing {
    /// A stop that starts from a price, or from the first that it meets.
    pub(crate) fn new(trail: Trail, side: Side, from: Option<Price>) -> Self {
        Self { trail, side, best: from.map(|price| mirror(side, price)) }
    }

    /// The same distance or another, from where this one has got to.
    pub(crate) fn at_distance(self, trail: Trail) -> Self {
        Self { trail, ..self }
    }

    /// The best price so far.
    pub(crate) fn extreme(&self) -> Option<Price> {
        self.best.map(|best| mirror(self.side, best))
    }

    /// The trigger now: on the tick, rounded away from the market.
    pub(crate) fn stop(&self) -> Option<Price> {
        self.trigger().map(|stop| mirror(self.side, stop))
    }

    /// What a trade or the far side of a quote does.
    pub(crate) fn meet(&mut self, price: Price) -> Outcome {
        let seen = mirror(self.side, price);
        if self.reached_by(seen) {
            return Outcome::taken(price, true, true);
        }
        self.follow(seen);
        Outcome::Rests
    }

    /// What a bar does.
    pub(crate) fn meet_bar(&mut self, bar: &Bar) -> Outcome {
        let path = Path::of(bar, self.side);
        if self.reached_by(path.open) {
            return Outcome::taken(bar.open, true, true);
        }
        self.follow(path.open);
        if self.reached_by(path.high) {
            return self.taken_inside();
        }
        self.follow(path.low);
        if self.reached_by(path.close) { self.taken_inside() } else { Outcome::Rests }
    }

    fn taken_inside(&self) -> Outcome {
        self.stop().map_or(Outcome::Rests, |stop| Outcome::taken(stop, true, false))
    }

    fn reached_by(&self, seen: Price) -> bool {
        self.trigger().is_some_and(|stop| seen >= stop)
    }

    fn follow(&mut self, seen: Price) {
        self.best = Some(self.best.map_or(seen, |best| best.min(seen)));
    }

    /// The trigger as buying sees it.
    fn trigger(&self) -> Option<Price> {
        let best = self.best?;
        let distance = match self.trail {
            Trail::Price(distance) => distance,
            Trail::Percent(percent) => best.abs().percent(percent, Rounding::Up)?,
        };
        let stop = mirror(self.side, best.checked_add(distance)?);
        let away = match self.side {
            Side::Buy => Rounding::Up,
            Side::Sell => Rounding::Down,
        };
        Some(mirror(self.side, stop.to_tick(away)))
    }
}
