//! The stretches of a walk forward: samples in which the best is chosen, and tests that follow.

use crate::sessions::Sessions;
use kernel::{MarketData, TradingDay};
use marketdata::Feed;
use std::ops::Range;
use std::str::FromStr;

/// Tests at most.
const MOST: usize = 10_000;

/// A walk that cannot be laid out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// Not a length.
    #[error("`{text}` is no length: expected sessions such as 252, or bars such as 2000b")]
    Length {
        /// What was given.
        text: String,
    },
    /// Sessions and bars side by side.
    #[error("--train, --test, --purge and --embargo must all be sessions, or all bars")]
    Mixed,
    /// Nothing to choose in, or nothing to test.
    #[error("--train must be longer than --purge, and --test above zero")]
    Empty,
    /// Too little data.
    #[error(
        "the data has {units} {noun}, and one sample with its test takes {needed}: shorten --train or \
         --test, or give more data"
    )]
    TooShort {
        /// How much there is.
        units: usize,
        /// Of what.
        noun: &'static str,
        /// How much it takes.
        needed: usize,
    },
    /// Too many tests.
    #[error("the walk has more than {MOST} tests: take longer ones")]
    TooMany,
}

/// A length of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Sessions with data.
    Sessions(usize),
    /// Instants at which data becomes known.
    Bars(usize),
}

impl FromStr for Length {
    type Err = WalkError;

    fn from_str(text: &str) -> Result<Self, WalkError> {
        let wrong = |_| WalkError::Length { text: text.into() };
        match text.strip_suffix('b') {
            Some(digits) => digits.parse().map(Self::Bars).map_err(wrong),
            None => {
                text.strip_suffix('d').unwrap_or(text).parse().map(Self::Sessions).map_err(wrong)
            }
        }
    }
}

/// How a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkPlan {
    /// How long each sample is.
    pub train: Length,
    /// How long each test is.
    pub test: Length,
    /// Whether every sample begins with the data.
    pub anchored: bool,
    /// What is left away at the end of each sample.
    pub purge: Length,
    /// What is left away after each test in every later sample.
    pub embargo: Length,
}

impl WalkPlan {
    /// The lengths in one unit, and whether that is bars.
    fn lengths(&self) -> Result<([usize; 4], bool), WalkError> {
        let all = [self.train, self.test, self.purge, self.embargo];
        let counts = all.map(|length| match length {
            Length::Sessions(count) | Length::Bars(count) => count,
        });
        let is = |bars: bool| {
            let named = |length: &Length| match length {
                // Zero is zero of either.
                Length::Sessions(0) | Length::Bars(0) => true,
                Length::Sessions(_) => !bars,
                Length::Bars(_) => bars,
            };
            all.iter().all(named)
        };
        let bars = matches!(self.train, Length::Bars(_));
        if is(bars) { Ok((counts, bars)) } else { Err(WalkError::Mixed) }
    }
}

/// A sample and the test after it, as rows of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The sample: rows without what is left away, in order.
    pub train: Vec<Range<usize>>,
    /// The test.
    pub test: Range<usize>,
}

/// Lays a walk out over some data.
///
/// # Errors
/// When the plan does not go together, or there is too little data.
pub fn windows(
    plan: &WalkPlan,
    feed: &Feed,
    calendar: &[TradingDay],
) -> Result<Vec<Window>, WalkError> {
    let ([train, test, purge, embargo], bars) = plan.lengths()?;
    if test == 0 || purge >= train {
        return Err(WalkError::Empty);
    }
    // The first row of each unit, and the end.
    let starts = if bars { steps(&feed.data) } else { sessions(&feed.data, calendar) };
    let units = starts.len() - 1;
    if units < train + test {
        let noun = if bars { "bars" } else { "sessions" };
        return Err(WalkError::TooShort { units, noun, needed: train + test });
    }
    let tests = (train..units).step_by(test).filter(|begin| begin + test <= units);
    let tests: Vec<Range<usize>> = tests.map(|begin| begin..begin + test).collect();
    if tests.len() > MOST {
        return Err(WalkError::TooMany);
    }
    let row = |unit: usize| starts.get(unit).copied().unwrap_or(feed.data.len());
    let window = |place: usize, tested: &Range<usize>| {
        let begin = if plan.anchored { 0 } else { tested.start - train };
        let sample = begin..tested.start - purge;
        let mut kept: Vec<_> = std::iter::once(sample).collect();
        for earlier in tests.iter().take(place) {
            cut_out(&mut kept, earlier.end..earlier.end + embargo);
        }
        let rows = |units: Range<usize>| row(units.start)..row(units.end);
        Window { train: kept.into_iter().map(rows).collect(), test: rows(tested.clone()) }
    };
    Ok(tests.iter().enumerate().map(|(place, tested)| window(place, tested)).collect())
}

/// Takes a stretch out of others.
fn cut_out(kept: &mut Vec<Range<usize>>, gone: Range<usize>) {
    let around =
        |one: &Range<usize>| [one.start..one.end.min(gone.start), one.start.max(gone.end)..one.end];
    if !gone.is_empty() {
        *kept = kept.iter().flat_map(around).filter(|range| !range.is_empty()).collect();
    }
}

/// The first row of each instant, and the end.
fn steps(data: &[MarketData]) -> Vec<usize> {
    let lengths = data.chunk_by(|one, next| one.time() == next.time()).map(<[_]>::len);
    starts(lengths)
}

/// The first row of each session with data, and the end.
fn sessions(data: &[MarketData], calendar: &[TradingDay]) -> Vec<usize> {
    let sessions = Sessions::new(calendar);
    let mut dates = Vec::with_capacity(data.len());
    let (mut date, mut ends) = (0, kernel::Timestamp::MIN);
    for datum in data {
        if datum.time() > ends {
            (date, ends) = sessions.of(datum.time());
        }
        dates.push(date);
    }
    starts(dates.chunk_by(|one, next| one == next).map(<[_]>::len))
}

fn starts(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut starts = vec![0];
    let mut row = 0;
    starts.extend(lengths.map(|length| {
        row += length;
        row
    }));
    starts
}
