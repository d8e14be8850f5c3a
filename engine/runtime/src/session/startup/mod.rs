//! From a data directory and keys to a session that may trade: who and where we are, what the
//! account holds, what happened while we were away, and what the market did before.

pub(super) mod connect;
mod stock;
mod taken_up;
mod warm_up;

use super::core::{Core, FEES_BACK};
use super::courier::{Courier, Errand, Patience};
use super::data_dir::{Difference, Opened};
use super::desk::Desk;
use super::digest::Digest;
use super::lease::{DataPlace, Lease};
use super::models::Models;
use super::news::NewsDesk;
use super::venue::Venue;
use super::{Phase, SessionConfig, SessionError, Status, StopReceiver, StopSignal, data_dir};
use crate::alpaca::{
    MarketStream, MarketStreamConfig, Names, OrderStream, OrderStreamConfig, Overflow,
    StreamTiming, market_stream, order_stream,
};
use crate::control;
use crate::readers::Readers;
use crate::readers::tail::Source;
use crate::telemetry::Live;
use connect::{Connected, OPENED};
use kernel::{Command, Forecaster, Input, Kernel, SessionStart, Strategy, Timestamp};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use tokio::sync::{mpsc, watch};

/// Messages that may wait for the session.
const ORDER_MESSAGES: usize = 4096;
const MARKET_MESSAGES: usize = 8192;
/// Commands that may wait for the session.
const COMMANDS: usize = 16;

/// Who decides on what is traded, and who is listened to.
type Minds = (Vec<Box<dyn Strategy>>, Vec<Box<dyn Forecaster>>);

/// A session that is ready to trade.
pub(super) struct Ready {
    pub desk: Desk,
    pub market: MarketStream,
    /// What is still to be found out in the background.
    pub errands: Vec<Errand>,
    pub is_lock_step: bool,
    /// Closes the control socket when the session ends.
    pub control: control::ControlServer,
    pub readers: Readers,
}

/// Begins or continues the session of a data directory.
pub(super) async fn begin(
    config: SessionConfig,
    minds: Minds,
    stop: StopReceiver,
    status: watch::Sender<Status>,
) -> Result<Ready, SessionError> {
    let mut interrupted = stop.clone();
    tokio::select! {
        biased;
        () = interrupted.wait_for(StopSignal::Orderly) => Err(SessionError::Interrupted),
        ready = prepare(config, minds, stop, status) => ready,
    }
}

async fn prepare(
    mut config: SessionConfig,
    (strategies, models): Minds,
    stop: StopReceiver,
    status: watch::Sender<Status>,
) -> Result<Ready, SessionError> {
    let opened = data_dir::open(&config)?;
    let (orders, commands) = mpsc::channel(COMMANDS);
    let control = control::serve(&config.data_dir, orders, status.subscribe(), stop.clone())?;
    let venue = Connected::new(&config).await?;
    if venue.is_lock_step() && config.polled.is_some() {
        return Err(SessionError::PolledInLockStep);
    }
    let Opened { journal, state, left } = taken_up::or_put_aside(opened, &venue, &config)?;
    let (durable, readable) = watch::channel(journal.durable_seq());
    let path = data_dir::journal_dir(&config.data_dir);
    let live = Arc::new(Live::default());
    let source = Source::live(path.clone(), readable);
    let readers = Readers::start(config.readers.clone(), source, Arc::clone(&live)).await;
    status.send_modify(|status| status.metrics = readers.metrics_address());
    config.data = venue.data(&config);
    status.send_modify(|status| status.call_data(config.data));
    let is_new = state.session().is_none();
    let (start, opening) = match state.session() {
        Some(held) => (held.clone(), going_on(held, &mut config)?),
        None => {
            let bars = bars_wanted(&strategies, &models, &config);
            let start = venue.start_record(&config, bars, left).await?;
            (start.clone(), vec![Input::Start(Box::new(start))])
        }
    };
    let digest = Digest::of(&path, journal.last_seq());
    let began = start.config.get(OPENED).and_then(|text| text.parse().ok());
    let began = began.unwrap_or(venue.clock.timestamp);
    let before = start.carried_over.as_ref().and_then(|carried| carried.postings_from(FEES_BACK));
    let began = before.map_or(began, |before| began.min(before));
    let kernel = Kernel::recovered(state, strategies);
    let mut core = Core::new(kernel, journal, digest, began, durable);
    core.keep_calendar(config.timing.calendar_ahead);
    let names = Names::new(config.symbols.clone(), &start.session);
    let lease = Lease::new(names.clone(), &config, venue.clock.timestamp)?;
    lease.check(&venue.client).await?;
    let models = Models::new(models, venue.is_lock_step())?;
    let ends = Ends { stop, commands, status, live, models };
    let mut desk = desk(core, config, &venue, &names, lease, ends);
    for input in opening {
        desk.feed_in_turn(input).await?;
    }
    desk.core.sync()?;
    data_dir::forget_left(&desk.config.data_dir)?;
    let is_lock_step = venue.is_lock_step();
    // They would keep a restart from its entries for as long as the broker's limit on requests has it;
    // what is known of them stands meanwhile.
    let assets = desk.assets_wanted();
    match is_new || is_lock_step {
        true => desk.run_in_turn(assets).await?,
        false => desk.when_compared = Some(assets),
    }
    desk.tell_without_bars().await?;
    desk.await_orders().await?;
    let errands = desk.take_stock(is_lock_step).await?;
    desk.look_back().await?;
    let market = open_market(&desk, &names, &venue);
    desk.message = venue.closed_message(&desk.config);
    Ok(Ready { desk, market, errands, is_lock_step, control, readers })
}

/// What a session that goes on is told first: that it does, and which limits are configured otherwise now.
fn going_on(held: &SessionStart, config: &mut SessionConfig) -> Result<Vec<Input>, SessionError> {
    config.symbols = data_dir::as_called_now(held, config)?;
    if let Some(difference) = Difference::between(held, &config.symbols, config) {
        return Err(difference.refusal(held, config));
    }
    let restart = Input::Restart { build: config.build.as_str().into() };
    let changes = held.limits.changes_to(&config.limits).unwrap_or_default();
    let configure = |(path, value)| Input::Command(Command::ConfigureLimit { path, value });
    Ok(std::iter::once(restart).chain(changes.into_iter().map(configure)).collect())
}

/// Bars that must be known before the first decision: of strategies, models and sizing.
fn bars_wanted(
    strategies: &[Box<dyn Strategy>],
    models: &[Box<dyn Forecaster>],
    config: &SessionConfig,
) -> usize {
    let of_strategies = strategies.iter().map(|strategy| strategy.warmup_bars());
    let of_models = models.iter().map(|model| model.warmup_bars());
    let bars = of_strategies.chain(of_models).max();
    bars.unwrap_or(0).max(config.limits.scopes.measured_bars())
}

/// The session's ends of what its caller and its operators hold, and its models.
struct Ends {
    stop: StopReceiver,
    commands: mpsc::Receiver<control::Order>,
    status: watch::Sender<Status>,
    live: Arc<Live>,
    models: Models,
}

fn desk(
    core: Core,
    config: SessionConfig,
    venue: &Connected,
    names: &Names,
    lease: Lease,
    ends: Ends,
) -> Desk {
    let client: Arc<dyn Venue> = Arc::new(venue.client.named(names.clone()));
    let patience =
        Patience { seed: names.seed(), ..config.timing.patience.unwrap_or(venue.patience()) };
    let now = Instant::now();
    Desk {
        core,
        courier: Courier::new(Arc::clone(&client), patience),
        patience,
        venue: client,
        clock: venue.venue_clock(),
        names: names.clone(),
        renamed: false,
        not_compared: false,
        when_compared: None,
        step_time: Timestamp::MAX,
        stop: ends.stop,
        control: ends.commands,
        status: ends.status,
        lease: Arc::new(lease),
        data_place: DataPlace::default(),
        news: NewsDesk::new(venue.clock.timestamp),
        orders: open_orders(&config, names, venue.is_lock_step()),
        market_open: Arc::new(AtomicBool::new(false)),
        live: ends.live,
        models: ends.models,
        bar_length: venue.bar_length(&config),
        warmed: vec![Timestamp::MIN; config.symbols.len()],
        phase: Phase::Starting,
        message: None,
        published: now,
        synced: now,
        config,
    }
}

fn open_orders(config: &SessionConfig, names: &Names, is_lock_step: bool) -> OrderStream {
    order_stream(OrderStreamConfig {
        address: config.endpoints.trading_stream.clone(),
        credentials: config.credentials.clone(),
        names: names.clone(),
        timing: config.timing.stream,
        overflow: if is_lock_step { Overflow::Wait } else { Overflow::Reconnect },
        capacity: ORDER_MESSAGES,
    })
}

fn open_market(desk: &Desk, names: &Names, venue: &Connected) -> MarketStream {
    let config = &desk.config;
    if let Some(polled) = config.polled.clone() {
        return polled.start(names.clone(), Arc::clone(&desk.market_open), MARKET_MESSAGES);
    }
    let speed = venue.clock.tradewind.and_then(|replay| replay.speed).unwrap_or(1.0);
    let silence = config.timing.silence.at_speed(speed);
    let ping = config.timing.stream.ping.min(silence.bars);
    market_stream(MarketStreamConfig {
        address: config.endpoints.market_stream(&config.feed),
        credentials: config.credentials.clone(),
        names: names.clone(),
        channels: config.channels,
        bar_length: venue.bar_length(config),
        timing: StreamTiming { ping, ..config.timing.stream },
        silence: Some(silence),
        market_open: Arc::clone(&desk.market_open),
        overflow: if venue.is_lock_step() { Overflow::Wait } else { Overflow::Drop },
        capacity: MARKET_MESSAGES,
    })
}
