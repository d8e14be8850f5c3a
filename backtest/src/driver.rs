//! The loop: market data in, orders to the exchange, its answers back.
//!
//! The order of inputs is that of a session in lock step, to the letter:
//!
//! 1. start: `Start`, both links up, the broker's state;
//! 2. each step: the exchange takes the step's data, and what it reports of orders comes first, the
//!    data after it;
//! 3. before an input, a `Timer` for each deadline of the kernel that has passed by then;
//! 4. after an input, each of its sends is carried out and answered, one after the other; then the
//!    fees are read, if they are due;
//! 5. what the exchange reports because of those requests waits for the next step;
//! 6. end: what is left of reports, `Stop`, and the reports that it leads to.
//!
//! An input happens at its own time or at the kernel's now, whichever is later.

mod bars;
mod calm;
mod chunk;
mod corporate;
mod detail;
mod models;
mod postings;
mod session;

pub(crate) use corporate::digest;

use crate::config::{BacktestConfig, Chosen, Observer};
use crate::equity::Equity;
use crate::forecast::{Forecasters, Models};
use crate::live::Circumstances;
use crate::result::{self, Finished};
use crate::said::Said;
use crate::shared::Shared;
use crate::trades::Trades;
use crate::venue::{Answer, Venue};
use crate::{BacktestError, BacktestReport};
use bars::{bar_of, bar_time};
use chunk::Pace;
use corporate::Corporate;
use detail::Meeting;
use exchange::{Exchange, Update};
use journal::{Durability, EventsHash, Journal};
use kernel::{
    Bar, Cash, DecideError, Event, Input, Kernel, Link, MarketData, Notice, OrderNumber, Output,
    SessionStart, ShutdownPolicy, Span, Stamped, SymbolId, Timestamp,
};
use marketdata::{Facts, Feed, FeedSource, Source};
use std::collections::BTreeMap;
use std::time::Instant;

/// Records between two commits. A run that breaks off is run again, so nothing waits for a disk.
const COMMIT_EVERY: u64 = 1 << 12;

/// Runs strategies over a feed in memory.
///
/// # Errors
/// As [`run_source`].
pub fn run(
    config: &BacktestConfig,
    feed: &Feed,
    strategies: Vec<Chosen>,
    observer: &mut dyn Observer,
) -> Result<BacktestReport, BacktestError> {
    run_source(config, &mut FeedSource::new(feed), strategies, observer)
}

/// Runs strategies over a source that nothing was read from yet. No more of it is in memory than
/// one chunk.
///
/// # Errors
/// When there is nothing to run, the data or the journal fails on the way, or the program
/// contradicts itself; in the last case no result is given, because none could be believed.
pub fn run_source(
    config: &BacktestConfig,
    source: &mut dyn Source,
    strategies: Vec<Chosen>,
    observer: &mut dyn Observer,
) -> Result<BacktestReport, BacktestError> {
    run_with_models(config, source, strategies, Models::default(), observer)
}

/// The same with models beside the strategies.
///
/// # Errors
/// As [`run_source`].
pub fn run_with_models(
    config: &BacktestConfig,
    source: &mut dyn Source,
    strategies: Vec<Chosen>,
    models: Models,
    observer: &mut dyn Observer,
) -> Result<BacktestReport, BacktestError> {
    result::report(complete_under(config, source, strategies, models, observer, None)?)
}

/// Runs strategies to the last input, and judges nothing yet.
pub(crate) fn complete(
    config: &BacktestConfig,
    source: &mut dyn Source,
    strategies: Vec<Chosen>,
    models: Models,
    observer: &mut dyn Observer,
) -> Result<Finished, BacktestError> {
    complete_under(config, source, strategies, models, observer, None)
}

/// The same under the circumstances of a session.
pub(crate) fn complete_under(
    config: &BacktestConfig,
    source: &mut dyn Source,
    strategies: Vec<Chosen>,
    models: Models,
    observer: &mut dyn Observer,
    circumstances: Option<&mut Circumstances>,
) -> Result<Finished, BacktestError> {
    let facts = source.facts().clone();
    let span = facts.span.ok_or(BacktestError::NoData)?;
    if strategies.is_empty() {
        return Err(BacktestError::NoStrategy);
    }
    let (strategies, specs): (Vec<_>, Vec<_>) = strategies.into_iter().unzip();
    let said = Said::new(&models.facts);
    let manifest = result::manifest(config, &facts, specs, models.facts);
    let run = result::run_id(&manifest)?;
    let started = Instant::now();
    let exchange =
        Exchange::new(config.exchange.clone(), facts.symbols.clone(), config.calendar.clone());
    let mut driver = Driver {
        kernel: Kernel::new(strategies),
        out: Output::default(),
        venue: Venue::new(exchange, &run, config.hours),
        updates: Vec::new(),
        step: &[],
        meeting: Meeting::new(config, &facts)?,
        last_bars: config.close_at_last_open.then(BTreeMap::new),
        corporate: Corporate::new(config, &facts)?,
        fees_read: 0,
        hash: EventsHash::new(),
        journal: config.journal.as_deref().map(open_journal).transpose()?,
        committed: 0,
        trades: Trades::new(facts.symbols.len()),
        shared: Shared::new(&config.labels, &manifest.strategies),
        equity: Equity::new(config.exchange.starting_cash, config.keep_equity, &config.calendar),
        models: models.forecasters,
        said,
        observer,
        latency: config.exchange.fills.latency,
        circumstances,
    };
    let start = SessionStart {
        session: run.as_str().into(),
        symbols: facts.symbols.clone(),
        strategies: manifest.strategies.clone(),
        ..session::start(config, driver.circumstances.as_deref())
    };
    driver.start(start, &config.warm_up, &facts)?;
    let mut driver = driver.data(source, Pace { done: 0, told: 0, total: facts.rows, started })?;
    driver.end(config.shutdown)?;
    let Driver { kernel, venue, hash, trades, shared, equity, corporate, said, .. } = driver;
    Ok(Finished {
        run,
        manifest,
        facts,
        span,
        kernel,
        exchange: venue.exchange,
        trades,
        shared,
        equity,
        models: said.into_lines(),
        dividends: corporate.received(),
        events_hash: hash.finish_hex(),
        calendar: config.calendar.clone(),
        elapsed: started.elapsed(),
    })
}

fn open_journal(dir: &std::path::Path) -> Result<Journal, BacktestError> {
    let (journal, recovered) = Journal::open(dir, journal::Options::default())?;
    match recovered.last_seq {
        0 => Ok(journal),
        records => Err(BacktestError::JournalNotEmpty { records }),
    }
}

/// A run in progress, in a chunk of data.
struct Driver<'a, 'o> {
    kernel: Kernel,
    out: Output,
    venue: Venue,
    /// What the exchange has said of orders; its memory is used again.
    updates: Vec<Update>,
    /// The data of the step that the exchange has taken.
    step: &'a [MarketData],
    /// The finer data that orders are filled on, when there is any.
    meeting: Option<Meeting>,
    /// The last bar of each symbol, where what is left is closed at its open.
    last_bars: Option<BTreeMap<SymbolId, Bar>>,
    /// What happens to shares.
    corporate: Corporate,
    /// Entries of the account's history that were looked at for fees.
    fees_read: usize,
    hash: EventsHash,
    journal: Option<Journal>,
    /// The last record that was committed.
    committed: u64,
    trades: Trades,
    /// Who did what, where there are several strategies.
    shared: Option<Shared>,
    equity: Equity,
    /// What says something of each bar.
    models: Forecasters,
    /// What they have said.
    said: Said,
    observer: &'o mut dyn Observer,
    /// How long a request takes to the venue.
    latency: Span,
    /// What is otherwise than in a backtest.
    circumstances: Option<&'o mut Circumstances>,
}

impl<'a, 'o> Driver<'a, 'o> {
    fn start(
        &mut self,
        start: SessionStart,
        before: &[MarketData],
        facts: &Facts,
    ) -> Result<(), BacktestError> {
        let has_news = start.limits.longest_news_blackout().is_some();
        self.feed(Input::Start(Box::new(start)))?;
        self.feed(Input::Link { link: Link::MarketData, up: true })?;
        self.feed(Input::Link { link: Link::Orders, up: true })?;
        if has_news {
            self.feed(Input::Link { link: Link::News, up: true })?;
        }
        for facts in self.venue.assets() {
            self.feed(Input::Asset(facts))?;
        }
        self.take_over(before);
        let broker = self.venue.state();
        self.feed(Input::Broker(Box::new(broker)))?;
        self.warm_up(before)?;
        self.tell_without_bars(facts)?;
        self.announce_splits()
    }

    /// Strategies decide on bars: they will be silent about what has none.
    fn tell_without_bars(&mut self, facts: &Facts) -> Result<(), BacktestError> {
        let symbols = facts.without_bars.join(", ");
        if symbols.is_empty() {
            return Ok(());
        }
        let source = "the data".into();
        self.feed(Input::Notice(Notice::NoBars { symbols: symbols.into(), source }))
    }

    /// The market data of one instant.
    fn step(&mut self, at: Timestamp, data: &'a [MarketData]) -> Result<(), BacktestError> {
        self.enter(at)?;
        self.meet(at, data);
        self.step = data;
        self.updates()?;
        self.at_close(at)?;
        if self.circumstances.is_some() {
            self.show_as_seen(at, data)?;
        } else {
            data.iter().try_for_each(|datum| self.feed_market(at, datum))?;
        }
        if !self.models.is_empty() {
            self.ask_models(data)?;
        }
        if let Some(last) = &mut self.last_bars {
            last.extend(data.iter().filter_map(bar_of).map(|bar| (bar.symbol, *bar)));
        }
        self.look_back(data);
        Ok(())
    }

    /// What is noted of a step once it has been decided on.
    #[inline(always)]
    fn look_back(&mut self, data: &[MarketData]) {
        if self.trades.any_is_open() {
            self.trades.watch(data, 1);
        }
        let state = self.kernel.state();
        self.equity.mark(state.now(), state.equity());
    }

    /// Equity, and long and short positions together, at the last prices.
    fn standing(&self) -> (Cash, Cash) {
        let state = self.kernel.state();
        let values = state.symbols().ids().filter_map(|symbol| state.market_value(symbol));
        let gross = values.fold(0_i64, |sum, value| sum.saturating_add(value.abs().nanos()));
        (state.equity(), Cash::from_nanos(gross))
    }

    /// Feeds what the exchange has to say of orders. What that leads to waits for the next call.
    #[inline]
    fn updates(&mut self) -> Result<(), BacktestError> {
        if self.venue.exchange.has_updates() { self.take_updates() } else { Ok(()) }
    }

    #[inline(never)]
    fn take_updates(&mut self) -> Result<(), BacktestError> {
        let mut updates = std::mem::take(&mut self.updates);
        self.venue.exchange.take_updates(&mut updates);
        for update in &updates {
            let report = self.venue.report(update);
            self.feed(Input::Report(report))?;
        }
        self.updates = updates;
        Ok(())
    }

    fn end(&mut self, policy: ShutdownPolicy) -> Result<(), BacktestError> {
        self.step = &[];
        if let Some(meeting) = &mut self.meeting {
            meeting.finish();
        }
        self.updates()?;
        let last_bars = std::mem::take(&mut self.last_bars);
        let policy = if last_bars.is_some() { ShutdownPolicy::Flatten } else { policy };
        self.feed(Input::Stop(policy))?;
        self.updates()?;
        self.close_at_open(&last_bars.unwrap_or_default())?;
        if self.kernel.state().is_flattening() {
            // Without data nothing can fill any more: what is open stays open.
            self.feed(Input::Stop(ShutdownPolicy::Leave))?;
        }
        let (equity, gross) = self.standing();
        self.equity.finish(self.kernel.state().now(), equity, gross);
        if let Some(journal) = &mut self.journal {
            journal.commit(self.kernel.state(), Durability::Synced)?;
        }
        Ok(())
    }

    /// Fills the orders that close what is held at the open of each symbol's last bar.
    fn close_at_open(&mut self, last: &BTreeMap<SymbolId, Bar>) -> Result<(), BacktestError> {
        for bar in last.values() {
            self.venue.exchange.fill_at_open(bar);
        }
        self.updates()
    }

    /// Feeds one input, after the timers that come before it.
    fn feed(&mut self, input: Input) -> Result<(), BacktestError> {
        let at = self.pass_timers(input.own_time())?;
        self.decide(&Stamped { at, seen: at, input })
    }

    /// Feeds market data. It becomes an input when something has to be recorded, and most of it
    /// leads to nothing.
    #[inline(always)]
    fn feed_market(&mut self, time: Timestamp, data: &MarketData) -> Result<(), BacktestError> {
        let at = self.pass_timers(Some(time))?;
        let decided = self.kernel.decide_on_market(at, data, &mut self.out);
        self.check(decided)?;
        if self.led_to_nothing() {
            return Ok(());
        }
        self.act_on(&Stamped { at, seen: at, input: Input::Market(*data) })
    }

    /// Feeds the timers that fall due before an input of such a time, and says when it happens.
    #[inline]
    fn pass_timers(&mut self, own: Option<Timestamp>) -> Result<Timestamp, BacktestError> {
        let now = self.kernel.state().now();
        let at = own.map_or(now, |own| own.max(now));
        if self.kernel.due(at).is_some() {
            self.timers(at)?;
        }
        Ok(at)
    }

    #[cold]
    fn timers(&mut self, until: Timestamp) -> Result<(), BacktestError> {
        while let Some(at) = self.kernel.due(until) {
            self.decide(&Stamped { at, seen: at, input: Input::Timer })?;
        }
        Ok(())
    }

    fn decide(&mut self, stamped: &Stamped) -> Result<(), BacktestError> {
        let decided = self.kernel.decide(stamped, &mut self.out);
        self.check(decided)?;
        if self.led_to_nothing() { Ok(()) } else { self.act_on(stamped) }
    }

    #[inline]
    fn check(&self, decided: Result<(), DecideError>) -> Result<(), BacktestError> {
        decided.map_err(|source| {
            let seq = self.kernel.state().next_seq() - 1;
            BacktestError::Decide { seq, source }
        })
    }

    /// Whether there is nothing to do and nothing to record, as after almost every input.
    #[inline]
    fn led_to_nothing(&self) -> bool {
        self.out.events.is_empty() && self.journal.is_none()
    }

    /// Records what an input led to, and does it.
    #[inline(never)]
    fn act_on(&mut self, stamped: &Stamped) -> Result<(), BacktestError> {
        self.record(stamped)?;
        let fees_due = std::mem::take(&mut self.out.fees_due);
        // What an answer leads to is another output.
        let mut sends = std::mem::take(&mut self.out.sends);
        for send in sends.drain(..) {
            match self.carry_out(&send) {
                Answer::Taken => {}
                Answer::Report(report) => self.feed(Input::Report(report))?,
                Answer::CancelRefused(order, text) => self.cancel_refused(order, text)?,
            }
        }
        self.out.sends = sends;
        if fees_due { self.fees() } else { Ok(()) }
    }

    /// A cancel is refused when its order has filled in the step already: it came for a deadline
    /// between two steps. The order is read, as a session reads it.
    fn cancel_refused(&mut self, order: OrderNumber, text: Box<str>) -> Result<(), BacktestError> {
        let state = self.kernel.state();
        let read = state.order(order).map(|ours| self.venue.read(ours, state.predates_split(ours)));
        for report in read.unwrap_or_default() {
            self.feed(Input::Report(report))?;
        }
        let ours = self.kernel.state().order(order);
        match ours.and_then(|ours| self.venue.works_on(ours, text)) {
            Some(report) => self.feed(Input::Report(report)),
            None => Ok(()),
        }
    }

    /// Hashes what was decided, and stores it if that is wanted.
    fn record(&mut self, stamped: &Stamped) -> Result<(), BacktestError> {
        let at = self.out.at;
        for event in &self.out.events {
            self.hash.add(at, event);
            let state = self.kernel.state();
            let strategy = self.shared.as_mut().and_then(|shared| shared.take(event, state));
            let met = self.meeting.as_ref().map_or(self.step, Meeting::rows);
            self.trades.take(event, at, bar_time(met, event).unwrap_or(at), strategy);
            if let Event::SharesSplit { symbol, ratio, .. } = event {
                self.models.iter_mut().for_each(|model| model.rebase(*symbol, *ratio));
            }
            self.observer.event(at, event);
        }
        if !self.said.is_empty() {
            self.said.take(at, &stamped.input, &self.out.events);
        }
        if let Some(circumstances) = self.circumstances.as_deref_mut() {
            circumstances.note(stamped, &self.out.events);
        }
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        for record in self.out.records(stamped.clone()) {
            journal.append(&record)?;
        }
        if journal.last_seq() >= self.committed + COMMIT_EVERY {
            self.committed = journal.last_seq();
            journal.commit(self.kernel.state(), Durability::Buffered)?;
        }
        Ok(())
    }
}
