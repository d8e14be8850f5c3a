//! The search for look-ahead: what is decided before an instant must not depend on what comes after.
//!
//! The strategy is run over the data, and then again and again with the data changed after an instant
//! (every price drawn anew around its own) or cut off there. A strategy, or features made from the
//! data beforehand, that looks ahead decides otherwise before the instant. What models say counts as
//! a decision of their own, so that features that peek are found also where nothing is traded on them.
//! The instants are those of its own decisions, because only there a look at the very next bar shows,
//! and some between. A finding is narrowed down by bisection to one step of the data that the decision
//! depends on.

use crate::driver::complete;
use crate::overheard::overheard;
use crate::{BacktestConfig, BacktestError, Chosen, Models, Progress, Quiet};
use kernel::{
    Input, Intent, Intents, MarketData, Prediction, Price, Quantity, Ratio, Strategy, SymbolId,
    Symbols, Timestamp, View,
};
use marketdata::{Feed, FeedSource};
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Makes the strategy, the models that it listens to, and whatever features they read, from the data
/// of a run.
pub type Rebuild<'a> = &'a dyn Fn(&Feed) -> Result<(Chosen, Models), String>;

/// Cuts beside those after decisions, for one that follows after them.
const BETWEEN: usize = 2;

/// Why the search ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum LookaheadError {
    /// The strategy could not be made.
    #[error("{0}")]
    Strategy(String),
    /// A run failed.
    #[error(transparent)]
    Run(#[from] BacktestError),
}

/// How the future is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Other prices and volumes.
    Perturbed,
    /// Nothing comes any more.
    Truncated,
}

/// A decision that depends on what came after it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CounterExample {
    /// When it was made.
    pub decided_at: Timestamp,
    /// What was wanted.
    pub decided: String,
    /// What was wanted at that time with the other future.
    pub otherwise: String,
    /// How the future was changed.
    pub change: Change,
    /// When what it depends on is known.
    pub known_at: Timestamp,
    /// So many steps of data after the decision.
    pub steps_ahead: usize,
    /// What it depends on.
    pub datum: String,
    /// What that was changed to; `None` when it was cut off.
    pub became: Option<String>,
}

/// What the search found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LookaheadReport {
    /// The strategy.
    pub strategy: String,
    /// The digest of the data.
    pub data_hash: String,
    /// How many bars, quotes and trades.
    pub rows: u64,
    /// Decisions in the unchanged run.
    pub decisions: usize,
    /// What models said in it.
    pub words: usize,
    /// Instants at which the future was changed.
    pub cuts: usize,
    /// Runs that it took.
    pub runs: u64,
    /// Whether every decision was the same; `None` when there was none to compare.
    pub passed: Option<bool>,
    /// The smallest change that shows it.
    pub counter_example: Option<CounterExample>,
    /// One plain sentence.
    pub verdict: String,
}

/// What was wanted or said on a row of data.
#[derive(Debug, Clone, PartialEq)]
struct Decision {
    at: Timestamp,
    what: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    /// What a strategy would like done.
    Intents(Vec<Intent>),
    /// What a model said.
    Word(Box<Input>),
}

/// Every decision of a run, in order.
type Written = Arc<Mutex<Vec<Decision>>>;

fn write(said: &Written, at: Timestamp, what: What) {
    said.lock().unwrap_or_else(PoisonError::into_inner).push(Decision { at, what });
}

/// A strategy whose intents are written down.
struct Recorded {
    inner: Box<dyn Strategy>,
    said: Written,
}

impl Recorded {
    fn note(&self, at: Timestamp, before: usize, intents: &Intents) {
        let new = intents.as_slice().get(before..).unwrap_or_default();
        if !new.is_empty() {
            write(&self.said, at, What::Intents(new.to_vec()));
        }
    }
}

impl Strategy for Recorded {
    fn observe(&mut self, data: &MarketData) {
        self.inner.observe(data);
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let before = intents.as_slice().len();
        self.inner.propose(data, view, intents);
        self.note(data.time(), before, intents);
    }

    fn listens_to_models(&self) -> bool {
        self.inner.listens_to_models()
    }

    fn hear(&mut self, said: &Prediction) {
        self.inner.hear(said);
    }

    fn propose_on(&self, said: &Prediction, view: &View<'_>, intents: &mut Intents) {
        let before = intents.as_slice().len();
        self.inner.propose_on(said, view, intents);
        self.note(said.time, before, intents);
    }

    fn warmup_bars(&self) -> usize {
        self.inner.warmup_bars()
    }

    fn reset(&mut self) {
        self.inner.reset();
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        self.inner.rebase(symbol, ratio);
    }
}

/// Searches with so many cuts.
///
/// # Errors
/// When the strategy cannot be made or a run fails.
pub fn find_lookahead(
    config: &BacktestConfig,
    feed: &Feed,
    rebuild: Rebuild<'_>,
    cuts: usize,
    observer: &mut dyn FnMut(&Progress),
) -> Result<LookaheadReport, LookaheadError> {
    let mut search = Search { config, feed, rebuild, runs: 0, strategy: String::new() };
    let base = search.run(feed)?;
    let places = search.places(&base, cuts);
    let started = Instant::now();
    let total = places.len() as u64 * 2;
    let mut found = None;
    'all: for (done, cut) in (0_u64..).step_by(2).zip(&places) {
        observer(&Progress { done, total, elapsed: started.elapsed() });
        for change in [Change::Perturbed, Change::Truncated] {
            if let Some(place) = search.differs(&base, change, *cut, None)? {
                found = Some((change, *cut, place));
                break 'all;
            }
        }
    }
    let example = match found {
        Some((change, cut, place)) => Some(search.smallest(&base, change, cut, place)?),
        None => None,
    };
    let decisions = base.iter().filter(|one| matches!(one.what, What::Intents(_))).count();
    let words = base.len() - decisions;
    let passed = (decisions > 0 || example.is_some()).then_some(example.is_none());
    let verdict = verdict((decisions, words), places.len(), example.as_ref());
    Ok(LookaheadReport {
        strategy: search.strategy,
        data_hash: feed.content_hash(),
        rows: feed.data.len() as u64,
        decisions,
        words,
        cuts: places.len(),
        runs: search.runs,
        passed,
        counter_example: example,
        verdict,
    })
}

struct Search<'a> {
    config: &'a BacktestConfig,
    feed: &'a Feed,
    rebuild: Rebuild<'a>,
    runs: u64,
    strategy: String,
}

impl Search<'_> {
    /// Every decision over some data.
    fn run(&mut self, feed: &Feed) -> Result<Vec<Decision>, LookaheadError> {
        self.runs += 1;
        let built = (self.rebuild)(feed).map_err(LookaheadError::Strategy)?;
        let ((inner, spec), Models { facts, forecasters }) = built;
        self.strategy = spec.name.to_string();
        let said = Written::default();
        let heard = |inner| {
            let said = Arc::clone(&said);
            overheard(inner, move |bar, word| {
                write(&said, bar.end_time(), What::Word(Box::new(word.clone())));
            })
        };
        let models = Models { facts, forecasters: forecasters.into_iter().map(heard).collect() };
        let recorded = Recorded { inner, said: Arc::clone(&said) };
        let strategies: Vec<Chosen> = vec![(Box::new(recorded), spec)];
        let mut source = FeedSource::new(feed);
        complete(self.config, &mut source, strategies, models, &mut Quiet)?;
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut *said))
    }

    /// The rows after which the future is changed: spread over the decisions, over the words of models,
    /// and some between.
    fn places(&self, base: &[Decision], cuts: usize) -> Vec<usize> {
        let rows = self.feed.data.len();
        let (decided, said): (Vec<&Decision>, Vec<&Decision>) =
            base.iter().partition(|one| matches!(one.what, What::Intents(_)));
        let spread = |count: usize, of: usize| {
            (0..count.min(of)).map(move |n| if count < of { n * of / count } else { n })
        };
        let spread_over = |all: Vec<&Decision>| {
            let chosen = spread(cuts, all.len()).filter_map(|n| all.get(n).map(|one| one.at));
            chosen.map(|at| self.rows_until(at)).collect::<Vec<_>>()
        };
        let mut places = spread_over(decided);
        places.extend(spread_over(said));
        let between = cuts.div_ceil(BETWEEN) + 1;
        places.extend((1..between).map(|n| self.step_end(n * rows / between)));
        places.retain(|place| (1..rows).contains(place));
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Rows known at an instant.
    fn rows_until(&self, at: Timestamp) -> usize {
        self.feed.data.partition_point(|datum| datum.time() <= at)
    }

    /// The end of the step in which a row is.
    fn step_end(&self, row: usize) -> usize {
        self.feed.data.get(row).map_or(self.feed.data.len(), |datum| self.rows_until(datum.time()))
    }

    /// The first decision, up to an instant or the cut, that is another one with another future.
    fn differs(
        &mut self,
        base: &[Decision],
        change: Change,
        cut: usize,
        until: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, LookaheadError> {
        let last = cut.checked_sub(1).and_then(|row| self.feed.data.get(row));
        let Some(until) = until.or(last.map(MarketData::time)) else { return Ok(None) };
        let other = self.run(&changed(self.feed, change, cut))?;
        Ok(first_difference(base, &other, until))
    }

    /// Narrows down what a decision depends on to one step of the data.
    fn smallest(
        &mut self,
        base: &[Decision],
        change: Change,
        cut: usize,
        decided_at: Timestamp,
    ) -> Result<CounterExample, LookaheadError> {
        // With the future changed from `low` on it differs, from `high` on it does not.
        let (mut low, mut high) = (cut, self.feed.data.len());
        while self.step_end(low) < high {
            let middle = self.step_end(low + (high - low) / 2).min(high);
            // The step of the middle may be the last one below the upper bound.
            let middle = if middle == high { self.step_end(low) } else { middle };
            match self.differs(base, change, middle, Some(decided_at))? {
                Some(_) => low = middle,
                None => high = middle,
            }
        }
        let other_feed = changed(self.feed, change, low);
        let other = self.run(&other_feed)?;
        let symbols = &self.feed.symbols;
        let at = |decisions: &[Decision]| {
            let same = decisions.iter().filter(|decision| decision.at == decided_at);
            let told: Vec<String> = same.map(|one| one.what.told(symbols)).collect();
            if told.is_empty() { "nothing".into() } else { told.join(", ") }
        };
        let datum = self.feed.data.get(low);
        let between = self.rows_until(decided_at)..low;
        let skipped = self.feed.data.get(between).unwrap_or_default();
        Ok(CounterExample {
            decided_at,
            decided: at(base),
            otherwise: at(&other),
            change,
            known_at: datum.map_or(decided_at, MarketData::time),
            steps_ahead: skipped.chunk_by(|one, next| one.time() == next.time()).count() + 1,
            datum: datum.map_or(String::new(), |datum| written(datum, symbols)),
            became: other_feed.data.get(low).map(|datum| written(datum, symbols)),
        })
    }
}

/// When the first decision up to an instant is made that is another one.
fn first_difference(one: &[Decision], other: &[Decision], until: Timestamp) -> Option<Timestamp> {
    let upto = |all: &[Decision]| all.iter().take_while(|decision| decision.at <= until).count();
    let (ours, theirs) = (upto(one), upto(other));
    let (one, other) = (one.get(..ours)?, other.get(..theirs)?);
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let times = [one.get(same), other.get(same)].into_iter().flatten().map(|decision| decision.at);
    times.min()
}

/// The data with another future from a row on.
fn changed(feed: &Feed, change: Change, cut: usize) -> Feed {
    let mut data = feed.data.clone();
    match change {
        Change::Truncated => data.truncate(cut),
        Change::Perturbed => {
            for (row, datum) in data.iter_mut().enumerate().skip(cut) {
                *datum = perturbed(datum, row as u64);
            }
        }
    }
    Feed { symbols: feed.symbols.clone(), data, bar_length: feed.bar_length }
}

/// Prices and sizes at 60 to 140 % of what they were, the same for a row every time.
fn perturbed(datum: &MarketData, row: u64) -> MarketData {
    let mut mixed = row.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let permille = 600 + i64::try_from((mixed ^ (mixed >> 27)) >> 20).unwrap_or(0) % 801;
    let price = |price: Price| {
        // Whole cents; one factor for the bar, so that high and low stay where they must be.
        let cents = price.nanos() / 10_000_000 * permille / 1000;
        if price.nanos() == 0 { price } else { Price::from_nanos(cents.max(1) * 10_000_000) }
    };
    let size = |size: Quantity| {
        let whole = size.nanos() / 1_000_000_000 * permille / 1000;
        if size.is_zero() { size } else { Quantity::from_nanos(whole.max(1) * 1_000_000_000) }
    };
    match *datum {
        MarketData::Bar(mut bar) => {
            (bar.open, bar.high) = (price(bar.open), price(bar.high));
            (bar.low, bar.close) = (price(bar.low), price(bar.close));
            MarketData::Bar(bar)
        }
        MarketData::Quote(mut quote) => {
            (quote.bid, quote.ask) = (price(quote.bid), price(quote.ask));
            (quote.bid_size, quote.ask_size) = (size(quote.bid_size), size(quote.ask_size));
            MarketData::Quote(quote)
        }
        MarketData::Trade(mut trade) => {
            (trade.price, trade.size) = (price(trade.price), size(trade.size));
            MarketData::Trade(trade)
        }
    }
}

impl What {
    fn told(&self, symbols: &Symbols) -> String {
        match self {
            Self::Intents(intents) => {
                let all: Vec<String> = intents.iter().map(|intent| told(intent, symbols)).collect();
                all.join(", ")
            }
            Self::Word(word) => match word.as_ref() {
                Input::Prediction(Prediction { symbol, model, trend, confidence, .. }) => {
                    let (name, trend) = (symbols.name(*symbol), trend.as_str());
                    format!("model {model} says of {name}: {trend}, {confidence}")
                }
                Input::MissedPrediction(missed) => {
                    let name = symbols.name(missed.symbol);
                    format!("model {} says nothing of {name}: {}", missed.model, missed.reason)
                }
                other => format!("{other:?}"),
            },
        }
    }
}

fn told(intent: &Intent, symbols: &Symbols) -> String {
    let Intent::Submit(order) = intent else { return format!("{intent:?}") };
    let size =
        order.size.shares().map_or_else(|| format!("{:?}", order.size), |size| size.to_string());
    format!("{} {size} {} {}", order.side.as_str(), symbols.name(order.symbol), order.kind.as_str())
}

fn written(datum: &MarketData, symbols: &Symbols) -> String {
    let name = symbols.name(datum.symbol());
    match datum {
        MarketData::Bar(bar) => {
            let (open, high, low, close) = (bar.open, bar.high, bar.low, bar.close);
            format!("bar of {name}: open {open}, high {high}, low {low}, close {close}")
        }
        MarketData::Quote(quote) => {
            format!("quote of {name}: bid {}, ask {}", quote.bid, quote.ask)
        }
        MarketData::Trade(trade) => format!("trade of {name}: {} at {}", trade.size, trade.price),
    }
}

fn verdict(
    (decisions, words): (usize, usize),
    cuts: usize,
    example: Option<&CounterExample>,
) -> String {
    let of_models =
        if words == 0 { String::new() } else { format!(" and {words} words of models") };
    match (decisions, example) {
        (_, Some(example)) => format!(
            "It looks ahead: what was decided at {} depends on data that is known only at {}.",
            example.decided_at, example.known_at
        ),
        (0, None) => "It decided nothing over this data, so nothing is shown: give it more.".into(),
        (count, None) => format!(
            "No look-ahead: {count} decisions{of_models} stayed the same with another future, or none, after each of {cuts} instants."
        ),
    }
}
