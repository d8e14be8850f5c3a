//! Prices that cannot be, or can hardly be.

use super::{Finding, counted, finding};
use crate::actions::{Action, CorporateActions};
use crate::calendar;
use kernel::{Bar, Timestamp};
use std::collections::VecDeque;

/// Bars that say what is usual.
const WINDOW: usize = 60;
/// A high or low that stands out from the bar and its neighbours by so many usual ranges, daily and
/// within a day, is no trade that anybody made.
const WICK: [f64; 2] = [4.0, 15.0];
/// A jump that is to be a split is so many usual ranges wide: in a crisis prices double and halve.
const SPLIT: f64 = 8.0;
/// And by at least this part of the price, daily and within a day.
const LEAST_WICK: [f64; 2] = [0.18, 0.03];
/// A move between two bars that companies' actions or news must explain, daily and within a day.
const JUMP: [f64; 2] = [0.30, 0.15];
/// How near a jump must be to the ratio of a split, which the market moves on the same day.
const NEAR: f64 = 0.05;
/// Ratios of splits, new shares to old.
const RATIOS: [(u32, u32); 13] = [
    (2, 1),
    (3, 1),
    (4, 1),
    (5, 1),
    (7, 1),
    (8, 1),
    (10, 1),
    (20, 1),
    (3, 2),
    (4, 3),
    (5, 4),
    (5, 2),
    (7, 2),
];

pub(super) struct Prices {
    symbol: Box<str>,
    actions: Option<CorporateActions>,
    is_adjusted: bool,
    is_daily: bool,
    /// Ranges of the last bars, as parts of their prices.
    usual: VecDeque<f64>,
    /// The bar before the last, and the last with its row: it is judged when the next is known.
    before: Option<Bar>,
    last: Option<(u64, Bar)>,
    without_volume: Option<(u64, Timestamp)>,
    silent: usize,
    all: usize,
    found: Vec<Finding>,
}

impl Prices {
    pub(super) fn new(
        symbol: &str,
        actions: Option<CorporateActions>,
        is_adjusted: bool,
        is_daily: bool,
    ) -> Self {
        Self {
            symbol: symbol.into(),
            actions,
            is_adjusted,
            is_daily,
            usual: VecDeque::with_capacity(WINDOW),
            before: None,
            last: None,
            without_volume: None,
            silent: 0,
            all: 0,
            found: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, row: u64, bar: &Bar) {
        self.all += 1;
        if bar.volume.nanos() == 0 {
            self.silent += 1;
            self.without_volume = self.without_volume.or(Some((row, bar.open_time)));
        }
        if let Some((_, last)) = self.last {
            self.jump(row, &last, bar);
        }
        self.judge(Some(bar));
        self.before = self.last.map(|(_, last)| last);
        self.last = Some((row, *bar));
    }

    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.judge(None);
        // When no bar, or many, have a volume, the source does not know it.
        if let Some((row, time)) = self.without_volume
            && self.silent * 100 < self.all
        {
            let text = format!("{} without volume, the first here", counted(self.silent, "bar"));
            self.found.push(finding("zero_volume", row, time, text));
        }
        self.found
    }

    /// Judges the last bar between its neighbours.
    fn judge(&mut self, next: Option<&Bar>) {
        let Some((row, bar)) = self.last else { return };
        let price = bar.close.to_f64();
        let usual = self.median();
        if let Some(usual) = usual.filter(|_| self.usual.len() >= WINDOW / 3) {
            let limit = (self.of(WICK) * usual).max(self.of(LEAST_WICK));
            let mut around = vec![bar.open, bar.close];
            around.extend(self.before.map(|before| before.close));
            around.extend(next.map(|next| next.open));
            let top = around.iter().copied().fold(bar.open, Ord::max).to_f64();
            let bottom = around.iter().copied().fold(bar.open, Ord::min).to_f64();
            let above = bar.high.to_f64() / top - 1.0;
            let below = 1.0 - bar.low.to_f64() / bottom;
            for (name, value, wick) in [("high", bar.high, above), ("low", bar.low, below)] {
                if wick > limit {
                    let text = format!(
                        "the {name} {value} is {:.0} % beyond the open, the close and the bars \
                         beside it, where {:.1} % from high to low is usual: a bad tick",
                        wick * 100.0,
                        usual * 100.0
                    );
                    self.found.push(finding("bad_tick", row, bar.open_time, text));
                }
            }
        }
        if self.usual.len() == WINDOW {
            self.usual.pop_front();
        }
        self.usual.push_back((bar.high.to_f64() - bar.low.to_f64()) / price);
    }

    fn median(&self) -> Option<f64> {
        let mut sorted: Vec<f64> = self.usual.iter().copied().collect();
        let middle = sorted.len() / 2;
        if sorted.is_empty() {
            return None;
        }
        let (_, median, _) = sorted.select_nth_unstable_by(middle, f64::total_cmp);
        Some(*median)
    }

    /// Judges the move from one bar to the next by what companies did.
    fn jump(&mut self, row: u64, last: &Bar, bar: &Bar) {
        let day = calendar::date_of(bar.open_time);
        if !self.is_daily && calendar::date_of(last.open_time) == day {
            return self.jump_within_day(row, last, bar);
        }
        let known = self.split_between(last.open_time, bar.open_time);
        let ratio = last.close.to_f64() / bar.open.to_f64();
        let (found, text) = match known {
            Some(known) => match self.known_split(known, ratio, day) {
                Some(text) => ("split", text),
                None => return,
            },
            None => match (self.split_like(ratio), 1.0 / ratio - 1.0) {
                (Some((new, old)), _) => (
                    "split",
                    format!(
                        ", as after a split of {new} new shares for {old} that is not adjusted for; \
                         name the file of splits with --corporate-actions"
                    ),
                ),
                (None, part) if part.abs() > JUMP[0] && !self.is_usual(ratio) => (
                    "jump",
                    format!(", a move of {:.0} % that no known split explains", part * 100.0),
                ),
                (None, _) => return,
            },
        };
        let text = format!("{} follows {}{text}", bar.open, last.close);
        self.found.push(finding(found, row, bar.open_time, text));
    }

    /// What is wrong where a split is known: raw prices jump with it, adjusted ones do not.
    fn known_split(
        &self,
        (new, old): (u64, u64),
        ratio: f64,
        day: calendar::Date,
    ) -> Option<String> {
        let split = new as f64 / old as f64;
        let is_there = (ratio / split - 1.0).abs() < (ratio - 1.0).abs();
        if is_there != self.is_adjusted || (split - 1.0).abs() <= NEAR {
            return None;
        }
        let what = match self.is_adjusted {
            true => "is not adjusted for",
            false => "is adjusted for already, though the prices are called raw",
        };
        Some(format!(": the split of {new} new shares for {old} on {day} {what}"))
    }

    /// Whether a jump is one of those that this market makes.
    fn is_usual(&self, ratio: f64) -> bool {
        self.median().is_some_and(|usual| ratio.ln().abs() < SPLIT * usual)
    }

    /// The split that a ratio of prices looks like.
    fn split_like(&self, ratio: f64) -> Option<(u32, u32)> {
        let near = |new: u32, old: u32| {
            let split = f64::from(new) / f64::from(old);
            (split - 1.0).abs() > 0.30 && (ratio / split - 1.0).abs() < NEAR
        };
        let ratios = RATIOS.iter().flat_map(|(new, old)| [(*new, *old), (*old, *new)]);
        let found = ratios.into_iter().find(|(new, old)| near(*new, *old));
        found.filter(|_| !self.is_usual(ratio))
    }

    /// The limit for daily bars, or for those within a day.
    fn of(&self, [daily, within]: [f64; 2]) -> f64 {
        if self.is_daily { daily } else { within }
    }

    fn jump_within_day(&mut self, row: u64, last: &Bar, bar: &Bar) {
        let part = bar.open.to_f64() / last.close.to_f64() - 1.0;
        if part.abs() > JUMP[1] {
            let text =
                format!("{} follows {}, a move of {:.0} %", bar.open, last.close, part * 100.0);
            self.found.push(finding("jump", row, bar.open_time, text));
        }
    }

    /// The splits after one instant and by another, as one.
    fn split_between(&self, from: Timestamp, to: Timestamp) -> Option<(u64, u64)> {
        let list = self.actions.as_ref()?.of(&self.symbol);
        let (from, to) = (calendar::date_of(from), calendar::date_of(to));
        let splits = list.iter().filter_map(|(date, action)| match action {
            Action::Split { new, old } if from < *date && *date <= to => Some((*new, *old)),
            Action::Split { .. } | Action::Dividend(_) => None,
        });
        splits.reduce(|one, other| (one.0.saturating_mul(other.0), one.1.saturating_mul(other.1)))
    }
}
