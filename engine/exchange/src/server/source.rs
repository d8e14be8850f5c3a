//! Where the steps come from: files in memory, or the generator.

use super::ServerError;
use super::config::{Source, Synthetic};
use kernel::{MarketData, Span, Symbols, Timestamp, TradingDay};
use marketdata::{Feed, Generator, SyntheticConfig, calendar};

/// Market data step by step, with the next step known so that its time can be waited for.
pub(super) struct Steps {
    rest: Rest,
    next: Option<Vec<MarketData>>,
}

enum Rest {
    Files { feed: Feed, taken: usize },
    Generated(Box<Generator>),
}

/// A source made ready: everything that a venue needs to know of its data.
pub(super) struct Prepared {
    pub(super) steps: Steps,
    pub(super) symbols: Symbols,
    pub(super) calendar: Vec<TradingDay>,
    /// The venue's time before the first step.
    pub(super) start: Timestamp,
    /// Data of before the start.
    pub(super) history: Vec<Vec<MarketData>>,
    /// The bars' length, when there are bars.
    pub(super) bar_length: Option<Span>,
    /// What tells these data from others.
    pub(super) identity: String,
}

impl Steps {
    fn new(rest: Rest) -> Self {
        let mut steps = Self { rest, next: None };
        steps.next = steps.rest.take();
        steps
    }

    /// When the next step is known; `None` when there is none.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.next.as_ref()?.first().map(MarketData::time)
    }

    /// The next step.
    pub(super) fn take(&mut self) -> Option<Vec<MarketData>> {
        let upcoming = self.next.as_ref().and_then(|_| self.rest.take());
        std::mem::replace(&mut self.next, upcoming)
    }
}

impl Rest {
    fn take(&mut self) -> Option<Vec<MarketData>> {
        match self {
            Rest::Files { feed, taken } => {
                let left = feed.data.get(*taken..)?;
                let step = left.chunk_by(|one, next| one.time() == next.time()).next()?.to_vec();
                *taken += step.len();
                Some(step)
            }
            Rest::Generated(generator) => generator.next(),
        }
    }
}

/// Makes a source ready. `days` are the trading days to use instead of New York's by rule.
pub(super) fn prepare(
    source: Source,
    days: Option<Vec<TradingDay>>,
) -> Result<Prepared, ServerError> {
    match source {
        Source::Files(feed) => from_files(feed, days),
        Source::Synthetic(synthetic) => generated(&synthetic, days),
    }
}

fn from_files(feed: Feed, days: Option<Vec<TradingDay>>) -> Result<Prepared, ServerError> {
    let first = feed.data.first().ok_or(ServerError::NoData)?;
    let first_time = first.time();
    let opens = feed.data.iter().take_while(|data| data.time() == first_time).map(begins);
    Ok(Prepared {
        start: opens.min().unwrap_or(first_time),
        symbols: feed.symbols.clone(),
        calendar: days.unwrap_or_else(|| feed.trading_days()),
        history: Vec::new(),
        bar_length: feed.bar_length,
        identity: feed.content_hash(),
        steps: Steps::new(Rest::Files { feed, taken: 0 }),
    })
}

/// When what the data tell began: the open of a bar.
fn begins(data: &MarketData) -> Timestamp {
    match data {
        MarketData::Bar(bar) => bar.open_time,
        MarketData::Quote(_) | MarketData::Trade(_) => data.time(),
    }
}

/// Days of calendar before and after the start of generated data.
const DAYS_BEFORE: i64 = 30;
const DAYS_AFTER: i64 = 3_653;

fn generated(
    synthetic: &Synthetic,
    days: Option<Vec<TradingDay>>,
) -> Result<Prepared, ServerError> {
    let mut names = synthetic.symbols.clone();
    names.sort();
    let symbols = Symbols::new(names)?;
    if symbols.is_empty() {
        return Err(ServerError::NoSymbols);
    }
    let date = |days: i64| calendar::date_of(synthetic.start.plus(Span::from_secs(days * 86_400)));
    let from = date(-DAYS_BEFORE - i64::try_from(synthetic.history_days).unwrap_or(0) * 2);
    let by_rule = || calendar::trading_days(from, date(DAYS_AFTER));
    let calendar = days.unwrap_or_else(by_rule);
    let today = calendar.partition_point(|day| day.extended_close <= synthetic.start);
    let first_day = calendar.get(today.saturating_sub(synthetic.history_days));
    let first_date = first_day.map_or(synthetic.start, |day| day.open);
    let config = SyntheticConfig {
        seed: synthetic.seed,
        symbols: symbols.clone(),
        start: calendar::date_of(first_date),
        extended: false,
    };
    let mut steps = Steps::new(Rest::Generated(Box::new(Generator::new(&config))));
    let mut history = Vec::new();
    while steps.next_time().is_some_and(|time| time <= synthetic.start) {
        history.extend(steps.take());
    }
    Ok(Prepared {
        steps,
        symbols,
        calendar,
        start: synthetic.start,
        history,
        bar_length: Some(Span::from_secs(60)),
        identity: format!(
            "synthetic, seed {}, start {}, {} days before",
            synthetic.seed, synthetic.start, synthetic.history_days
        ),
    })
}
