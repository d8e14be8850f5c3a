//! Prices that stand alone, and jumps from one day to the next.

use super::super::prices::Prices;
use super::Finding;
use super::by_day::ByDay;
use crate::actions::CorporateActions;
use kernel::{Bar, Price, Span, SymbolId, Timestamp, Volume};
use std::collections::VecDeque;

/// Prices around one, itself included, whose median it is held against: up to five wrong ones
/// behind each other stand out, and a market that moves to another price and stays does not.
const AROUND: usize = 11;
const MIDDLE: usize = AROUND / 2;
/// Moves from price to price that say what is usual.
const MOVES: usize = 60;
/// A price stands alone when it is off by so many usual moves and by this part of the price.
const OFF: f64 = 15.0;
const LEAST_OFF: f64 = 0.03;
const DAY: i64 = 86_400_000_000_000;

/// One price and where it was seen.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub row: u64,
    pub symbol: SymbolId,
    pub time: Timestamp,
    pub price: Price,
}

pub(super) struct Outliers {
    what: &'static str,
    around: VecDeque<Seen>,
    moves: VecDeque<f64>,
    bad: ByDay,
    days: Days,
}

impl Outliers {
    pub(super) fn new(
        what: &'static str,
        symbol: &str,
        actions: Option<&CorporateActions>,
    ) -> Self {
        Self {
            what,
            around: VecDeque::with_capacity(AROUND + 1),
            moves: VecDeque::with_capacity(MOVES + 1),
            bad: ByDay::new("bad_tick"),
            days: Days::new(symbol, actions),
        }
    }

    pub(super) fn push(&mut self, seen: Seen) {
        if let Some(last) = self.around.back() {
            self.moves.push_back(off(seen.price, last.price));
        }
        if self.moves.len() > MOVES {
            self.moves.pop_front();
        }
        self.around.push_back(seen);
        if self.around.len() > AROUND {
            self.around.pop_front();
        } else if self.around.len() == AROUND {
            // The first ones have fewer before them.
            (0..MIDDLE).for_each(|place| self.judge(place));
        }
        if self.around.len() == AROUND {
            self.judge(MIDDLE);
        }
    }

    pub(super) fn finish(mut self) -> Vec<Finding> {
        let judged = if self.around.len() == AROUND { MIDDLE + 1 } else { 0 };
        (judged..self.around.len()).for_each(|place| self.judge(place));
        let mut found = self.bad.finish();
        found.extend(self.days.finish());
        found
    }

    /// Holds one price against those around it.
    fn judge(&mut self, place: usize) {
        let Some(&seen) = self.around.get(place) else { return };
        let mut prices = [Price::ZERO; AROUND];
        let mut count = 0;
        for (slot, other) in prices.iter_mut().zip(&self.around) {
            *slot = other.price;
            count += 1;
        }
        let Some(known) = prices.get_mut(..count) else { return };
        let (_, median, _) = known.select_nth_unstable(count / 2);
        let (median, off) = (*median, off(seen.price, *median));
        if off <= LEAST_OFF {
            return self.days.push(seen);
        }
        let usual = self.moves.iter().sum::<f64>() / self.moves.len().max(1) as f64;
        if off <= OFF * usual {
            return self.days.push(seen);
        }
        let (what, price) = (self.what, seen.price);
        self.bad.push(seen.row, seen.time, || {
            format!("a {what} at {price} stands alone among those at {median}: a bad tick")
        });
    }
}

/// How far two prices are from each other, as a part of the higher: a tenth is as far as ten times.
fn off(price: Price, other: Price) -> f64 {
    let (price, other) = (price.to_f64(), other.to_f64());
    (price - other).abs() / price.max(other)
}

/// The days' first and last prices, for what happens between them.
struct Days {
    day: i64,
    bar: Option<(u64, Bar)>,
    prices: Prices,
}

impl Days {
    fn new(symbol: &str, actions: Option<&CorporateActions>) -> Self {
        let prices = Prices::new(symbol, actions.cloned(), false, true);
        Self { day: i64::MIN, bar: None, prices }
    }

    fn push(&mut self, seen: Seen) {
        let (day, price) = (seen.time.nanos().div_euclid(DAY), seen.price);
        match &mut self.bar {
            Some((_, bar)) if self.day == day => {
                bar.high = bar.high.max(price);
                bar.low = bar.low.min(price);
                bar.close = price;
            }
            _ => self.begin(seen, day),
        }
    }

    fn begin(&mut self, seen: Seen, day: i64) {
        let Seen { row, symbol, time, price } = seen;
        if let Some((row, bar)) = self.bar.take() {
            self.prices.push(row, &bar);
        }
        self.day = day;
        let bar = Bar {
            symbol,
            open_time: time,
            length: Span::from_nanos(DAY),
            open: price,
            high: price,
            low: price,
            close: price,
            // Quotes have none, and it is not what is looked at here.
            volume: Volume::from_nanos(1),
        };
        self.bar = Some((row, bar));
    }

    fn finish(mut self) -> Vec<Finding> {
        if let Some((row, bar)) = self.bar.take() {
            self.prices.push(row, &bar);
        }
        self.prices.finish()
    }
}
