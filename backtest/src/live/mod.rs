//! A paper or live session against its simulation: where each cent of the difference is from.
//!
//! The journal of the session is replayed through the backtest driver, first as a backtest over the
//! data as it is known in the end, then under more and more of the session's circumstances:
//!
//! 1. the simulation: what a backtest over the day comes to;
//! 2. with the data as the session saw it: the venue has what is known in the end, strategies are
//!    shown what came, when it came;
//! 3. with the orders that the venue refused or never got, and with the halts, outages and words of
//!    an operator that kept orders from being made;
//! 4. with the time that each order took to reach the market;
//! 5. the session itself.
//!
//! What one run changes is the part of its cause; the last step is shared by what fees were booked,
//! by what the account was changed without an order, and by the fills of each order. So the parts
//! add up to the difference in integers, and each is told order by order.

mod attribution;
mod circumstances;
mod data;
mod diary;
mod recorded;
mod tape;

pub use attribution::{Cause, LiveComparison, OrderAccount, OrderParts, Parts, SideOfOrder};
pub(crate) use circumstances::Circumstances;
pub use data::RecordedData;
pub use recorded::Recorded;

use crate::config::{BacktestConfig, Chosen, Quiet};
use crate::driver::complete_under;
use crate::forecast::Models;
use crate::result::Finished;
use crate::{BacktestError, result};
use diary::{Diary, OrderKey, Outcome};
use exchange::{AssetRules, ExchangeConfig};
use journal::JournalError;
use kernel::{Cash, EvolveError, Price, ShutdownPolicy, Span, Timestamp};
use marketdata::{Feed, FeedSource};
use std::collections::BTreeMap;

/// Why a session cannot be compared with its simulation.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// There is no session in it.
    #[error("there is no session in the journal: run one first")]
    NoSession,
    /// It ended before the account was known.
    #[error("the session never learned what its account holds: there is nothing to compare")]
    NoAccount,
    /// It ended before any market data came.
    #[error("the session saw no market data: there is nothing to replay")]
    NoData,
    /// A record does not follow from those before it.
    #[error(
        "record {seq} does not follow from those before it ({source}): run `tradewind journal verify`"
    )]
    Damaged {
        /// The record.
        seq: u64,
        /// Why not.
        source: Box<EvolveError>,
    },
    /// Nothing of before can be compared with what came after.
    #[error("the account was begun anew at {at}: a session is compared within one account")]
    AccountReset {
        /// When.
        at: Timestamp,
    },
    /// Prices of before and after are not of the same share.
    #[error(
        "{symbol} was split or renamed at {at}: a session is compared within days on which shares \
         stay what they are"
    )]
    SharesChange {
        /// Of what.
        symbol: String,
        /// When.
        at: Timestamp,
    },
    /// The books do not follow from the events: a fault of the program.
    #[error("the books hold {theirs} USD and the events lead to {ours}: please report this")]
    Unaccounted {
        /// By the events.
        ours: Cash,
        /// By the books.
        theirs: Cash,
    },
    /// The books do not follow from the events: a fault of the program.
    #[error("the position in {symbol} does not follow from the events: please report this")]
    UnaccountedShares {
        /// Of what.
        symbol: String,
    },
    /// The strategies cannot be built.
    #[error("the strategies of the session cannot be built: {0}")]
    Strategies(String),
    /// A simulation failed.
    #[error(transparent)]
    Run(#[from] BacktestError),
}

/// Replays a session through the simulator and attributes what it came to otherwise. `exchange` is
/// the venue of the simulation; account and assets are those of the session. `build` makes the
/// session's strategies anew for each run.
///
/// # Errors
/// When the strategies cannot be built or a run fails.
pub fn compare_live(
    session: &Recorded,
    exchange: &ExchangeConfig,
    build: &dyn Fn() -> Result<Vec<Chosen>, String>,
) -> Result<LiveComparison, LiveError> {
    let runs = Runs { session, config: config(session, exchange), build };
    let simulated = runs.run(Under::default())?;
    let as_seen = match runs.session.tape.as_seen() {
        Some(_) => runs.run(Under { data: true, ..Under::default() })?,
        None => simulated.clone(),
    };
    let fates = session.fates();
    let is_undisturbed = fates.is_empty()
        && session.conduct.is_empty()
        && session.start.trading == Default::default();
    let disturbed = match is_undisturbed {
        true => as_seen.clone(),
        false => runs.run(Under { data: true, orders: true, ..Under::default() })?,
    };
    let delays = delays(session);
    let delayed = match delays.is_empty() {
        true => disturbed.clone(),
        false => runs.run(Under { data: true, orders: true, delays })?,
    };
    let stages = attribution::Stages {
        simulated: &simulated,
        as_seen: &as_seen,
        disturbed: &disturbed,
        delayed: &delayed,
    };
    Ok(attribution::attribute(session, &stages))
}

/// What a run is put under.
#[derive(Default)]
struct Under {
    /// The data as the session saw it.
    data: bool,
    /// The fate of its orders, and what kept orders from being made.
    orders: bool,
    delays: BTreeMap<OrderKey, Span>,
}

/// A run and what it came to.
#[derive(Debug, Clone)]
struct Simulated {
    diary: Diary,
    outcome: Outcome,
    events_hash: String,
}

struct Runs<'a> {
    session: &'a Recorded,
    config: BacktestConfig,
    build: &'a dyn Fn() -> Result<Vec<Chosen>, String>,
}

impl Runs<'_> {
    fn run(&self, under: Under) -> Result<Simulated, LiveError> {
        let session = self.session;
        let mut inputs = session.everywhere.clone();
        let mut all = Circumstances { opening: session.opening.clone(), ..Default::default() };
        if under.data {
            all.seen = session.tape.as_seen();
            inputs.extend(session.tape.revisions.iter().cloned());
        }
        if under.orders {
            all.trading = session.start.trading;
            all.fates = session.fates();
            inputs.extend(session.conduct.iter().cloned());
        }
        inputs.sort_by_key(|input| (input.before, input.at));
        all.inputs = inputs.into();
        all.delays = under.delays;
        let strategies = (self.build)().map_err(LiveError::Strategies)?;
        let symbols = session.symbols().clone();
        let data = session.tape.known.clone();
        let mut feed = Feed { symbols, data, bar_length: None };
        feed.bar_length = feed.data.iter().filter_map(bar_length).min();
        let mut source = FeedSource::new(&feed);
        let finished = complete_under(
            &self.config,
            &mut source,
            strategies,
            Models::default(),
            &mut Quiet,
            Some(&mut all),
        )?;
        result::compare(finished.kernel.state(), &finished.exchange)?;
        let Finished { kernel, events_hash, .. } = finished;
        let price = |id| kernel.state().last_price(id).unwrap_or_default();
        let marks: Vec<Price> = session.symbols().ids().map(price).collect();
        let outcome = all.diary.outcome(&session.opened, &marks);
        Ok(Simulated { diary: all.diary, outcome, events_hash })
    }
}

fn bar_length(datum: &kernel::MarketData) -> Option<Span> {
    match datum {
        kernel::MarketData::Bar(bar) => Some(bar.length),
        kernel::MarketData::Quote(_) | kernel::MarketData::Trade(_) => None,
    }
}

/// The rules of the runs: those of the session, with the venue of a backtest.
fn config(session: &Recorded, exchange: &ExchangeConfig) -> BacktestConfig {
    let (start, account) = (&session.start, &session.account);
    let mut exchange =
        ExchangeConfig { rules: start.rules, starting_cash: account.cash, ..exchange.clone() };
    exchange.account.multiplier = account.multiplier;
    exchange.account.shorting = account.shorting_enabled;
    for facts in &session.assets {
        let rules = AssetRules {
            tradable: facts.tradable,
            shortable: facts.shortable,
            easy_to_borrow: facts.easy_to_borrow,
            fractionable: facts.fractionable,
            fractional_extended_hours: facts.fractional_extended_hours,
            ..AssetRules::default()
        };
        exchange.assets.insert(session.symbols().name(facts.symbol).into(), rules);
    }
    let charges_regulators = exchange.fees.regulatory;
    let facts = Feed { symbols: session.symbols().clone(), data: Vec::new(), bar_length: None };
    BacktestConfig {
        exchange,
        limits: start.limits.clone(),
        fees: if charges_regulators { marketdata::fee_rates() } else { Default::default() },
        hours: start.hours,
        calendar: session.calendar.clone(),
        shutdown: session.ended.unwrap_or(ShutdownPolicy::Leave),
        warm_up: session.opening.warm_up.clone(),
        feed: "session".into(),
        ..BacktestConfig::for_feed(&facts)
    }
}

/// How long the session's orders took from the data that they were decided on to the market. Where
/// there are only bars, and an order filled in the bar in which it arrived, nobody can say what the
/// time within that bar cost: it is taken to have arrived when the bar opened.
fn delays(session: &Recorded) -> BTreeMap<OrderKey, Span> {
    let orders = session.diary.orders.iter().filter(|(_, line)| !line.waited);
    let delay = |key: &OrderKey, line: &diary::OrderLine| {
        let mut arrived = line.working?;
        let around = session.tape.bar_around(key.symbol, arrived);
        if let (Some((open, end)), Some(filled)) = (around, line.filled_at)
            && filled < end
        {
            arrived = open.max(line.asked);
        }
        let took = arrived.since(line.asked);
        (took > Span::ZERO).then_some(took)
    };
    orders.filter_map(|(key, line)| Some((*key, delay(key, line)?))).collect()
}
