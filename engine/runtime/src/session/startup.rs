//! From a data directory and keys to a session that may trade: who and where we are, what the
//! account holds, what happened while we were away, and what the market did before.

use super::core::Core;
use super::courier::{BarsWanted, Courier, Errand, Patience};
use super::desk::{Desk, next_order_message};
use super::venue::Venue;
use super::{
    Phase, SessionConfig, SessionError, Status, StopReceiver, StopSignal, VenueClock, VenueKind,
    data_dir, machine_time,
};
use crate::alpaca::{
    Client, ClientConfig, Clock, MarketStream, MarketStreamConfig, Names, OrderStream,
    OrderStreamConfig, OrderStreamMessage, Overflow, Pace, market_stream, order_stream,
};
use crate::control;
use crate::readers::Readers;
use crate::readers::tail::Source;
use crate::telemetry::Live;
use journal::{EventsHash, Journal, JournalError, Reader};
use kernel::{
    Bar, Command, Input, Kernel, Link, MarketData, Report, ReportKind, SessionStart, Span, State,
    Strategy, Timestamp, TradingDay,
};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use tokio::sync::{mpsc, watch};

const DAY: Span = Span::from_secs(86_400);
/// A regular session of New York.
const SESSION: Span = Span::from_secs(6 * 3600 + 1800);
/// So many days of the calendar are known ahead in the world's time.
const CALENDAR_AHEAD: i64 = 370;
/// As far ahead as a replay may ever go: the venue lists what it has.
const REPLAY_AHEAD: i64 = 40 * 366;
/// Symbols that are looked up one by one; more would take minutes under the broker's limit.
const SYMBOLS_CHECKED: usize = 100;
/// The start record keeps the venue's time at which the account was taken over under this name.
const OPENED: &str = "session.venue_time_at_start";
/// Messages that may wait for the session.
const ORDER_MESSAGES: usize = 4096;
const MARKET_MESSAGES: usize = 8192;
/// Commands that may wait for the session.
const COMMANDS: usize = 16;

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
    strategies: Vec<Box<dyn Strategy>>,
    stop: StopReceiver,
    status: watch::Sender<Status>,
) -> Result<Ready, SessionError> {
    let mut interrupted = stop.clone();
    tokio::select! {
        ready = prepare(config, strategies, stop, status) => ready,
        () = interrupted.wait_for(StopSignal::Orderly) => Err(SessionError::Interrupted),
    }
}

async fn prepare(
    config: SessionConfig,
    strategies: Vec<Box<dyn Strategy>>,
    stop: StopReceiver,
    status: watch::Sender<Status>,
) -> Result<Ready, SessionError> {
    let (journal, state) = data_dir::open(&config)?;
    let (orders_out, control_orders) = mpsc::channel(COMMANDS);
    let control = control::serve(&config.data_dir, orders_out, status.subscribe())?;
    let (durable, readable) = watch::channel(journal.durable_seq());
    let source = Source::live(data_dir::journal_dir(&config.data_dir), readable);
    let live = Arc::new(Live::default());
    let readers = Readers::start(config.readers.clone(), source, Arc::clone(&live)).await;
    status.send_modify(|status| status.metrics = readers.metrics_address());
    let venue = Connected::new(&config).await?;
    let is_new = state.session().is_none();
    let start = match state.session() {
        Some(held) => {
            data_dir::check_same(held, &config)?;
            held.clone()
        }
        None => venue.start_record(&config, &strategies).await?,
    };
    let names = Names::new(config.symbols.clone(), &start.session);
    let client: Arc<dyn Venue> = Arc::new(venue.client.named(names.clone()));
    let hash = hash_so_far(&config, &journal)?;
    let opened = start.config.get(OPENED).and_then(|text| text.parse().ok());
    let kernel = Kernel::recovered(state, strategies);
    let opened = opened.unwrap_or(venue.clock.timestamp);
    let core = Core::new(kernel, journal, hash, opened, durable);
    let patience = config.timing.patience.unwrap_or(venue.patience());
    let orders = open_orders(&config, &names, venue.is_lock_step());
    let now = Instant::now();
    let mut desk = Desk {
        core,
        courier: Courier::new(Arc::clone(&client), patience),
        venue: client,
        clock: venue.venue_clock(),
        stop,
        control: control_orders,
        status,
        orders,
        market_open: Arc::new(AtomicBool::new(false)),
        live,
        bar_length: venue.bar_length(&config),
        warmed: vec![Timestamp::MIN; config.symbols.len()],
        phase: Phase::Starting,
        message: None,
        published: now,
        synced: now,
        config,
    };
    let first = if is_new {
        Input::Start(Box::new(start))
    } else {
        Input::Restart { build: desk.config.build.as_str().into() }
    };
    desk.feed_in_turn(first).await?;
    desk.await_orders().await?;
    let errands = desk.take_stock(venue.is_lock_step()).await?;
    desk.warm_up().await?;
    let market = open_market(&desk, &names, &venue);
    desk.message = venue.closed_message(&desk.config);
    Ok(Ready { desk, market, errands, is_lock_step: venue.is_lock_step(), control, readers })
}

/// A broker that has accepted the keys, and what its clock says.
struct Connected {
    client: Client,
    clock: Clock,
    /// The machine's clock before and after the venue's was read.
    read: (Timestamp, Timestamp),
}

impl Connected {
    /// Reads the clock and the account: wrong keys and blocked accounts end here.
    async fn new(config: &SessionConfig) -> Result<Self, SessionError> {
        let client = Client::new(client_config(config, Pace::default()))
            .map_err(SessionError::broker("set up the client"))?;
        let before = machine_time();
        let clock = client.clock().await.map_err(SessionError::broker("read the clock"))?;
        let read = (before, machine_time());
        let pace = match clock.tradewind {
            Some(replay) if replay.lockstep => Pace::Unlimited,
            Some(replay) => Pace::Limited {
                per_minute: config.requests_per_minute,
                speed: replay.speed.unwrap_or(1.0),
            },
            None => Pace::Limited { per_minute: config.requests_per_minute, speed: 1.0 },
        };
        let client = Client::new(client_config(config, pace))
            .map_err(SessionError::broker("set up the client"))?;
        let account = client.account().await.map_err(SessionError::broker("read the account"))?;
        if let Some(reason) = account.blocked {
            let host = config.endpoints.trading_host().to_owned();
            return Err(SessionError::AccountBlocked { host, reason: reason.into() });
        }
        Ok(Self { client, clock, read })
    }

    fn is_lock_step(&self) -> bool {
        self.clock.tradewind.is_some_and(|replay| replay.lockstep)
    }

    fn venue_clock(&self) -> VenueClock {
        match self.clock.tradewind {
            Some(replay) if replay.lockstep => VenueClock::Data,
            Some(replay) => VenueClock::Paced {
                read: self.clock.timestamp,
                since: None,
                speed: replay.speed.unwrap_or(1.0),
            },
            None => VenueClock::measured(self.clock.timestamp, self.read.0, self.read.1),
        }
    }

    fn patience(&self) -> Patience {
        if self.clock.tradewind.is_some() { Patience::EXCHANGE } else { Patience::BROKER }
    }

    fn bar_length(&self, config: &SessionConfig) -> Span {
        let replayed = self.clock.tradewind.and_then(|replay| replay.bar_length);
        replayed.unwrap_or(config.bar_length)
    }

    /// What a new session is.
    async fn start_record(
        &self,
        config: &SessionConfig,
        strategies: &[Box<dyn Strategy>],
    ) -> Result<SessionStart, SessionError> {
        self.check_symbols(config).await?;
        let bars = strategies.iter().map(|strategy| strategy.warmup_bars()).max().unwrap_or(0);
        let calendar = self.calendar(reach(bars, self.bar_length(config))).await?;
        let mut settings = config.settings.clone();
        settings.insert(OPENED.into(), self.clock.timestamp.to_string().into());
        Ok(SessionStart {
            session: uuid::Uuid::new_v4().simple().to_string().into(),
            venue: config.venue.as_str().into(),
            build: config.build.as_str().into(),
            symbols: config.symbols.clone(),
            strategies: config.strategies.clone(),
            limits: config.limits.clone(),
            calendar,
            hours: config.hours,
            config: settings,
        })
    }

    /// An unknown symbol would only ever be silent: the broker's data interfaces do not complain.
    async fn check_symbols(&self, config: &SessionConfig) -> Result<(), SessionError> {
        for symbol in config.symbols.names().take(SYMBOLS_CHECKED) {
            let asset = self.client.asset(symbol).await;
            let asset = asset.map_err(SessionError::broker("look up a symbol"))?;
            let why = match asset {
                None => "the broker knows no such symbol",
                Some(asset) if !asset.tradable => "the broker does not trade it",
                Some(_) => continue,
            };
            let host = config.endpoints.trading_host().to_owned();
            return Err(SessionError::Symbol { symbol: symbol.into(), host, why });
        }
        Ok(())
    }

    async fn calendar(&self, back: Span) -> Result<Vec<TradingDay>, SessionError> {
        let ahead = if self.clock.tradewind.is_some() { REPLAY_AHEAD } else { CALENDAR_AHEAD };
        let from = date(self.clock.timestamp.minus(back).minus(DAY));
        let to = date(self.clock.timestamp.plus(Span::from_secs(ahead * 86_400)));
        let days = self.client.calendar(from, to).await;
        days.map_err(SessionError::broker("read the trading calendar"))
    }

    /// What a person is told when a real market is closed.
    fn closed_message(&self, config: &SessionConfig) -> Option<String> {
        if self.clock.is_open || self.clock.tradewind.is_some() {
            return None;
        }
        let opens = match self.clock.next_open {
            Some(at) => format!("it opens at {at}"),
            None => "the broker does not say when it opens".into(),
        };
        let command = match config.venue {
            VenueKind::AlpacaLive => "`tradewind paper --data FILE`",
            VenueKind::Embedded | VenueKind::AlpacaPaper => "`--data FILE`",
        };
        let message = format!(
            "the market is closed; {opens}, and the session waits. Meanwhile {command} would \
             replay recorded market data on the bundled exchange, which needs no open market"
        );
        tracing::info!("{message}");
        Some(message)
    }
}

impl Desk {
    /// Waits until the order stream is up: without it nothing may be sent.
    async fn await_orders(&mut self) -> Result<(), SessionError> {
        loop {
            match next_order_message(&mut self.orders).await? {
                OrderStreamMessage::Up => break,
                OrderStreamMessage::Down { reason } => {
                    self.message = Some(format!("waiting for the order stream: {reason}"));
                    self.publish();
                }
                OrderStreamMessage::Report { .. }
                | OrderStreamMessage::Unreadable { .. }
                | OrderStreamMessage::Fatal(_) => {}
            }
        }
        self.message = None;
        self.feed_in_turn(Desk::link(Link::Orders, true)).await
    }

    /// Finds out what the account holds and what became of every order; gives what must still be
    /// found out in the background.
    async fn take_stock(&mut self, in_turn: bool) -> Result<Vec<Errand>, SessionError> {
        for order in self.core.unanswered_orders() {
            // It may have been sent or not: the journal is written before the request.
            let report = answer_lost(order.number(), self.core.state().now());
            self.feed_in_turn(Input::Report(report)).await?;
        }
        self.reconcile_in_turn().await?;
        let mut later = Vec::new();
        for target in self.core.unanswered_orders() {
            if in_turn {
                self.run_in_turn(Errand::Find(target)).await?;
            } else {
                later.push(Errand::Find(target));
            }
        }
        self.renew_cancels().await?;
        Ok(later)
    }

    /// A cancel that was under way when the session went down may never have been sent.
    async fn renew_cancels(&mut self) -> Result<(), SessionError> {
        let canceling = self.core.state().live_orders().filter(|order| order.cancel_requested);
        let canceling: Vec<_> = canceling.map(|order| order.number).collect();
        for order in canceling {
            let text = "the session was restarted, and the cancel may not have been sent";
            if let Some(report) = self.core.cancel_failed(order, text.into()) {
                self.feed_in_turn(Input::Report(report)).await?;
            }
        }
        if self.core.state().is_flattening() {
            let reason = "goes on after a restart".into();
            self.feed_in_turn(Input::Command(Command::Flatten { reason })).await?;
        }
        Ok(())
    }

    /// Lets strategies observe the last bars, so that they need not wait for their windows to fill.
    async fn warm_up(&mut self) -> Result<(), SessionError> {
        let length = self.bar_length;
        let count = self.core.kernel().warmup_bars();
        if count == 0 {
            return Ok(());
        }
        let now = self.clock.now(self.core.state().now());
        // In lock step the books' time begins with the data; the venue's clock is ahead of it.
        let end = match self.venue.clock().await {
            Ok(clock) => clock.timestamp.max(now),
            Err(_) => now,
        };
        let wanted = BarsWanted {
            symbols: self.core.state().symbols().ids().collect(),
            length,
            start: end.minus(reach(count, length)),
            end,
        };
        let bars = match self.venue.bars(&wanted.query()).await {
            Ok(bars) => bars,
            Err(error) => {
                tracing::warn!("no bars to warm up with, strategies begin cold: {error}");
                return Ok(());
            }
        };
        let bars = last_of_each(bars, count, end, self.core.state());
        tracing::info!("warming up with {} bars", bars.len());
        for bar in bars {
            if let Some(warmed) = self.warmed.get_mut(bar.symbol.index()) {
                *warmed = bar.end_time();
            }
            self.feed_in_turn(Input::Warmup(MarketData::Bar(bar))).await?;
        }
        Ok(())
    }
}

fn client_config(config: &SessionConfig, pace: Pace) -> ClientConfig {
    ClientConfig {
        endpoints: config.endpoints.clone(),
        credentials: config.credentials.clone(),
        feed: config.feed.clone(),
        timing: crate::alpaca::Timing { pace, ..Default::default() },
        extended_hours: config.hours == kernel::TradingHours::Extended,
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
    let is_real = venue.clock.tradewind.is_none();
    market_stream(MarketStreamConfig {
        address: config.endpoints.market_stream(&config.feed),
        credentials: config.credentials.clone(),
        names: names.clone(),
        channels: config.channels,
        bar_length: venue.bar_length(config),
        timing: config.timing.stream,
        silence: is_real.then_some(config.timing.silence),
        market_open: Arc::clone(&desk.market_open),
        overflow: if venue.is_lock_step() { Overflow::Wait } else { Overflow::Drop },
        capacity: MARKET_MESSAGES,
    })
}

/// The digest of the events that a continued session has in its journal.
fn hash_so_far(config: &SessionConfig, journal: &Journal) -> Result<EventsHash, JournalError> {
    let mut hash = EventsHash::new();
    if journal.last_seq() == 0 {
        return Ok(hash);
    }
    let mut records = Reader::open(&data_dir::journal_dir(&config.data_dir), 1)?;
    while let Some(record) = records.next()? {
        if let kernel::RecordBody::Event { at, event } = &record.body {
            hash.add(*at, event);
        }
    }
    Ok(hash)
}

/// How far back so many bars reach, weekends and holidays allowed for.
fn reach(bars: usize, length: Span) -> Span {
    let bars = i64::try_from(bars).unwrap_or(i64::MAX);
    let length = length.nanos().max(1);
    let per_day = if length >= DAY.nanos() { 1 } else { (SESSION.nanos() / length).max(1) };
    let days = bars / per_day + 1;
    // Seven days of the week have five of trading, and a run of holidays is short.
    Span::from_nanos((days * 7 / 5 + 7).saturating_mul(DAY.nanos()))
}

/// The last so many bars of each symbol that strategies see, in the order of time.
fn last_of_each(mut bars: Vec<Bar>, count: usize, end: Timestamp, state: &State) -> Vec<Bar> {
    bars.retain(|bar| bar.end_time() <= end && state.bar_counts(bar));
    let mut left = vec![count; state.symbols().len()];
    let mut kept: Vec<Bar> = Vec::new();
    for bar in bars.into_iter().rev() {
        if let Some(left) = left.get_mut(bar.symbol.index()).filter(|left| **left > 0) {
            *left -= 1;
            kept.push(bar);
        }
    }
    kept.reverse();
    kept
}

fn answer_lost(order: kernel::OrderNumber, time: Timestamp) -> Report {
    Report {
        order: Some(order),
        broker_id: None,
        kind: ReportKind::AnswerLost,
        time,
        execution: None,
        cumulative: None,
        text: None,
    }
}

/// The date in New York, whose calendar it is.
fn date(at: Timestamp) -> jiff::civil::Date {
    let zone = jiff::tz::TimeZone::get("America/New_York").unwrap_or(jiff::tz::TimeZone::UTC);
    let instant = jiff::Timestamp::from_nanosecond(i128::from(at.nanos())).unwrap_or_default();
    instant.to_zoned(zone).date()
}
