//! What a running session shows of itself: to the terminal and to the control socket.

use super::DataKind;
use kernel::risk::{Usage, usage};
use kernel::{
    AccountLine, Cash, Event, OrderNumber, OrderStatus, Origin, Price, Quantity, Severity, State,
    Symbols, Tally, Timestamp, TradingSet, TradingState,
};
use serde::Serialize;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many of the last events are shown.
const RECENT: usize = 20;

/// One look at a running session. Money and quantities print as decimal strings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// The session's id.
    pub session: String,
    /// `embedded`, `alpaca-paper` or `alpaca-live`.
    pub venue: String,
    /// The trading address, when the venue is not inside the session's process.
    pub address: Option<String>,
    /// `synthetic`, `file` or `alpaca`.
    pub data: String,
    /// Whether the prices are made up.
    pub synthetic: bool,
    /// What trades.
    pub strategies: Vec<String>,
    /// What they are called, in the same order: their labels, where they have some.
    pub labels: Vec<String>,
    /// What is traded.
    pub symbols: Symbols,
    /// What it is doing.
    pub phase: Phase,
    /// What a person should know right now, such as when the market opens.
    pub message: Option<String>,
    /// The venue's time as of the last input; `null` before there is one.
    pub venue_time: Option<Timestamp>,
    /// How far trading is allowed to go.
    pub trading: TradingState,
    /// Who or what set it so, when and why; `null` while it is as the session began.
    pub trading_set: Option<TradingSetLine>,
    /// Whether that is so because orders failed one after the other.
    pub breaker: bool,
    /// Whether everything is being cancelled and closed.
    pub flattening: bool,
    /// Whether the broker has yet to confirm that everything an operator had closed is.
    pub confirms_flat: bool,
    /// Orders up to this one were cancelled by `cancel-all`, and the broker has yet to confirm that it
    /// lists none of them; `null` else.
    pub cancels_until: Option<OrderNumber>,
    /// Since when everything, or some symbol, is to be cancelled and closed that is not, once that took so
    /// long that an alert told of it; `null` else.
    pub not_flat_since: Option<Timestamp>,
    /// Whether the books agree with the broker's since the last connect.
    pub reconciled: bool,
    /// The connections.
    pub links: Links,
    /// Cash and positions at the last prices.
    pub equity: Cash,
    /// Cash.
    pub cash: Cash,
    /// Fees that are due for executions and that the broker has not posted; not in the cash yet.
    pub accrued_fees: Cash,
    /// Equity less what it was when the trading day began; `null` before the first day.
    pub day_profit: Option<Cash>,
    /// The highest equity so far, moved by what was paid in and out; `null` before the account was
    /// read.
    pub high_water: Option<Cash>,
    /// Every position that is not flat.
    pub positions: Vec<PositionLine>,
    /// Each virtual account, the house's first; none where one strategy has the account to itself.
    pub accounts: Vec<AccountLine>,
    /// The whole account, as `accounts` shows it.
    #[serde(skip)]
    pub total: Option<AccountLine>,
    /// Every live order, oldest first.
    pub open_orders: Vec<OrderLine>,
    /// Every limit with its use; `risk` shows them.
    #[serde(skip)]
    pub limits: Vec<Usage>,
    /// The last events, oldest first.
    pub recent: Vec<Note>,
    /// The session's counts.
    pub tally: Tally,
    /// Inputs a second over the last moment.
    pub inputs_per_second: f64,
    /// Seconds since the last market data arrived, by the machine's clock; `null` before any.
    pub feed_age_seconds: Option<f64>,
    /// Bytes of journal on disk.
    pub journal_bytes: u64,
    /// Where `/metrics` is served; `null` when it is not.
    pub metrics: Option<SocketAddr>,
}

/// What a session is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Connecting, reading the account, warming up.
    #[default]
    Starting,
    /// Trading, or ready to.
    Running,
    /// Carrying out its shutdown policy.
    Stopping,
    /// Over.
    Ended,
}

/// Who or what set how far trading goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TradingSetLine {
    /// When, by the venue's time.
    pub at: Option<Timestamp>,
    /// `operator`, `kernel` or `strategy`.
    pub by: &'static str,
    /// An operator's words, or the limit, breaker or difference that was met.
    pub reason: String,
}

/// The connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Links {
    /// The stream of market data.
    pub market_data: bool,
    /// The stream of order updates.
    pub orders: bool,
    /// Whether news are known as they come; `null` where no news blackout is set and nothing brings
    /// them.
    pub news: Option<bool>,
}

/// An event that a person wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The venue's time; `null` before the first data of a session in lock step, whose time they
    /// are.
    pub at: Option<Timestamp>,
    /// How much it matters.
    pub weight: Weight,
    /// What happened, in one sentence.
    pub text: String,
}

/// How much an event matters to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// The course of things.
    Plain,
    /// An execution: the position has changed.
    Fill,
    /// Something was refused, lost or changed by hand.
    Caution,
    /// A critical alert.
    Alarm,
}

impl Weight {
    const fn of(event: &Event) -> Self {
        match event {
            Event::OrderFilled { .. } => Weight::Fill,
            Event::AlertRaised(alert) if matches!(alert.severity, Severity::Critical) => {
                Weight::Alarm
            }
            Event::AlertRaised(_)
            | Event::OrderDenied { .. }
            | Event::TradingStateChanged { .. }
            | Event::SymbolStatusChanged { halted: true, .. }
            | Event::LinkChanged { up: false, .. }
            | Event::DataRefused { .. }
            | Event::PriceRevised { .. }
            | Event::ChannelMute { .. }
            | Event::DifferenceFound(_)
            | Event::DifferenceSuspected { .. } => Weight::Caution,
            _ => Weight::Plain,
        }
    }
}

/// A position in the status view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PositionLine {
    /// Of what.
    pub symbol: String,
    /// Signed shares.
    pub qty: Quantity,
    /// Mean entry price.
    pub avg_price: Option<Price>,
    /// The last price seen.
    pub last_price: Option<Price>,
    /// Signed value at the last price.
    pub market_value: Option<Cash>,
    /// Profit or loss were it closed at the last price.
    pub unrealised: Option<Cash>,
}

/// A live order in the status view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderLine {
    /// Its number in the session.
    pub order: OrderNumber,
    /// Of what.
    pub symbol: String,
    /// `buy` or `sell`.
    pub side: &'static str,
    /// `market`, `limit`, `stop` or `stop_limit`.
    pub kind: &'static str,
    /// Shares asked for.
    pub qty: Quantity,
    /// Shares filled.
    pub filled: Quantity,
    /// The limit or stop price, when it has one.
    pub price: Option<Price>,
    /// Where it stands.
    pub status: OrderStatus,
}

impl Status {
    /// The status of a session that has taken in nothing yet.
    pub fn starting(venue: &str, data: &str) -> Self {
        Self {
            session: String::new(),
            venue: venue.into(),
            address: None,
            data: data.into(),
            synthetic: data == "synthetic",
            strategies: Vec::new(),
            labels: Vec::new(),
            symbols: Symbols::default(),
            phase: Phase::Starting,
            message: None,
            venue_time: None,
            trading: TradingState::Active,
            trading_set: None,
            breaker: false,
            flattening: false,
            confirms_flat: false,
            cancels_until: None,
            not_flat_since: None,
            reconciled: false,
            links: Links::default(),
            equity: Cash::ZERO,
            cash: Cash::ZERO,
            accrued_fees: Cash::ZERO,
            day_profit: None,
            high_water: None,
            positions: Vec::new(),
            accounts: Vec::new(),
            total: None,
            open_orders: Vec::new(),
            limits: Vec::new(),
            recent: Vec::new(),
            tally: Tally::default(),
            inputs_per_second: 0.0,
            feed_age_seconds: None,
            journal_bytes: 0,
            metrics: None,
        }
    }

    /// Says where the market data come from.
    pub(super) fn call_data(&mut self, data: DataKind) {
        self.data = data.as_str().into();
        self.synthetic = data == DataKind::Synthetic;
    }

    /// Takes over what the state says.
    pub(super) fn read(&mut self, state: &State) {
        if let Some(start) = state.session() {
            self.session = start.session.to_string();
            self.strategies = start.strategies.iter().map(|spec| spec.name.to_string()).collect();
            let names = state.strategy_names();
            self.labels = names.into_iter().map(str::to_owned).collect();
            if self.symbols != start.symbols {
                self.symbols = start.symbols.clone();
            }
        }
        self.venue_time = known_time(state);
        self.trading = state.trading_state();
        self.trading_set = state.trading_set().map(set_line);
        self.breaker = state.breaker_has_tripped();
        self.flattening = state.is_flattening();
        self.confirms_flat = state.confirms_flat();
        self.cancels_until = state.cancels_until();
        self.not_flat_since = state.not_flat_since();
        self.reconciled = state.is_reconciled();
        let news_count = state.limits().longest_news_blackout().is_some();
        self.links = Links {
            market_data: state.market_stream_is_up(),
            orders: state.order_stream_is_up(),
            news: news_count.then(|| state.news_are_known()),
        };
        self.equity = state.equity();
        self.cash = state.ledger().cash();
        self.accrued_fees = state.ledger().accrued_fees();
        self.day_profit = state.day().and_then(|day| self.equity.checked_sub(day.starting_equity));
        self.high_water = state.high_water();
        self.positions = positions(state);
        self.accounts = state.account_lines();
        self.total = Some(state.account_total(&self.accounts));
        self.open_orders = open_orders(state);
        self.limits = usage(state);
        self.tally = *state.tally();
    }
}

/// The venue's time, once there is any: the state begins at 1970, where no data are.
fn known_time(state: &State) -> Option<Timestamp> {
    Some(state.now()).filter(|now| *now > Timestamp::default())
}

fn set_line(set: &TradingSet) -> TradingSetLine {
    let by = match set.origin {
        Origin::Operator => "operator",
        Origin::Kernel => "kernel",
        Origin::Strategy(_) => "strategy",
    };
    let at = Some(set.at).filter(|at| *at > Timestamp::default());
    TradingSetLine { at, by, reason: set.reason.to_string() }
}

fn positions(state: &State) -> Vec<PositionLine> {
    let held = state.symbols().ids().map(|symbol| (symbol, state.ledger().position(symbol)));
    let held = held.filter(|(_, position)| !position.quantity.is_zero());
    let lines = held.map(|(symbol, position)| {
        let last_price = state.last_price(symbol);
        PositionLine {
            symbol: state.symbols().name(symbol).into(),
            qty: position.quantity,
            avg_price: position.average_price(),
            last_price,
            market_value: state.market_value(symbol),
            unrealised: last_price.and_then(|price| position.unrealised(price)),
        }
    });
    lines.collect()
}

fn open_orders(state: &State) -> Vec<OrderLine> {
    let lines = state.live_orders().map(|order| OrderLine {
        order: order.number,
        symbol: state.symbols().name(order.symbol).into(),
        side: order.side.as_str(),
        kind: order.kind.as_str(),
        qty: order.quantity,
        filled: order.filled,
        price: order.kind.limit().or(order.kind.stop()),
        status: order.status,
    });
    lines.collect()
}

/// What the status shows beside the state: the last events and the rates.
#[derive(Debug)]
pub(super) struct Gauges {
    recent: VecDeque<Note>,
    last_data: Option<Instant>,
    measured: (Instant, u64),
    rate: f64,
}

/// How often a rate is measured afresh.
const MEASURE_EVERY: Duration = Duration::from_millis(500);

impl Gauges {
    pub fn new() -> Self {
        let measured = (Instant::now(), 0);
        Self { recent: VecDeque::new(), last_data: None, measured, rate: 0.0 }
    }

    /// Notes that market data has arrived.
    pub fn data_arrived(&mut self) {
        self.last_data = Some(Instant::now());
    }

    /// How long ago market data last arrived.
    pub fn data_age(&self) -> Option<Duration> {
        self.last_data.map(|last| last.elapsed())
    }

    /// Keeps an event that a person wants to see, and logs it.
    pub fn note(&mut self, event: &Event, state: &State) {
        let Some(sentence) = super::describe::sentence(event, state) else {
            return;
        };
        let at = known_time(state);
        match event {
            Event::AlertRaised(alert) => {
                tracing::warn!(code = %alert.code, severity = alert.severity.as_str(), "{}", alert.text);
            }
            Event::OrderDenied { .. } => tracing::debug!(at = at.map(display), "{sentence}"),
            _ => tracing::info!(at = at.map(display), "{sentence}"),
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        let weight = Weight::of(event);
        self.recent.push_back(Note { at, weight, text: sentence });
    }

    /// Writes what is shown beside the state.
    pub fn write(&mut self, status: &mut Status) {
        let (since, inputs) = self.measured;
        let (elapsed, now) = (since.elapsed(), status.tally.inputs);
        if elapsed >= MEASURE_EVERY {
            self.rate = now.saturating_sub(inputs) as f64 / elapsed.as_secs_f64();
            self.measured = (Instant::now(), now);
        }
        status.inputs_per_second = self.rate;
        status.feed_age_seconds = self.data_age().map(|age| age.as_secs_f64());
        status.recent = self.recent.iter().cloned().collect();
    }
}
