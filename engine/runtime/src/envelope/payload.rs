//! The payload of each kind: flat, in names and units that do not change with the program's types.
//! A field that does not apply is `null`, never missing.

mod account;
mod decided;
mod orders;

use super::DeadLetter;
use super::compared::Compared;
use super::parts::{By, Differing, Grouping, Held, Pricing, Wish};
use decided::Decided;
use kernel::{
    Alert, Bar, Cash, Channel, Command, Difference, Event, ExecutionId, FeeKind, IgnoreReason,
    Intent, Link, MarketData, MovementKind, OrderNumber, Percent, Price, Quantity, Quote,
    ReportKind, SessionStart, Severity, ShutdownPolicy, Span, State, StrategySpec, SymbolId,
    Timestamp, Trade, TradingHours, TradingState, Transferred, Volume,
};
use serde::Serialize;

/// What an envelope holds.
#[derive(Debug, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "it lives for one line of text")]
pub(super) enum Payload<'a> {
    Bar {
        symbol: &'a str,
        open_time: Timestamp,
        end_time: Timestamp,
        open: Price,
        high: Price,
        low: Price,
        close: Price,
        volume: Volume,
    },
    Quote {
        symbol: &'a str,
        time: Timestamp,
        bid: Price,
        bid_size: Quantity,
        ask: Price,
        ask_size: Quantity,
    },
    Trade {
        symbol: &'a str,
        time: Timestamp,
        price: Price,
        size: Quantity,
    },
    Session {
        venue: &'a str,
        build: &'a str,
        hours: Option<TradingHours>,
        symbols: Vec<&'a str>,
        strategies: &'a [StrategySpec],
    },
    OrderApproved {
        order: OrderNumber,
        client_order_id: String,
        #[serde(flatten)]
        by: By<'a>,
        symbol: &'a str,
        side: &'static str,
        quantity: Quantity,
        notional: Option<Cash>,
        equity_percent: Option<Percent>,
        #[serde(flatten)]
        pricing: Pricing,
        time_in_force: &'static str,
        extended_hours: bool,
        #[serde(flatten)]
        grouping: Grouping,
        parent: Option<OrderNumber>,
        grows: bool,
        reserved: Cash,
        expires_at: Option<Timestamp>,
        replaces: Option<OrderNumber>,
    },
    OrderDenied {
        #[serde(flatten)]
        by: By<'a>,
        #[serde(flatten)]
        wish: Box<Wish<'a>>,
        code: &'static str,
        reason: String,
        #[serde(flatten)]
        compared: Compared,
    },
    CancelApproved {
        order: OrderNumber,
        symbol: Option<&'a str>,
        #[serde(flatten)]
        by: By<'a>,
    },
    OrderUpdated {
        order: OrderNumber,
        symbol: Option<&'a str>,
        from: &'static str,
        to: &'static str,
        report: ReportKind,
        broker_id: Option<&'a str>,
        text: Option<&'a str>,
    },
    OrderFilled {
        order: OrderNumber,
        execution: &'a ExecutionId,
        symbol: &'a str,
        side: &'static str,
        quantity: Quantity,
        price: Price,
        status: &'static str,
        realised: Cash,
        position: Quantity,
        cash: Cash,
    },
    ReportIgnored {
        order: Option<OrderNumber>,
        symbol: Option<&'a str>,
        report: ReportKind,
        reason: IgnoreReason,
    },
    OrderQueryNeeded {
        order: OrderNumber,
        symbol: Option<&'a str>,
        report: ReportKind,
        counted: Option<Quantity>,
    },
    FeeBooked {
        fee_id: &'a str,
        fee: FeeKind,
        amount: Cash,
        cash: Cash,
    },
    FeesAccrued {
        date: String,
        sec: Option<Cash>,
        taf: Option<Cash>,
        cat: Option<Cash>,
        accrued: Cash,
    },
    AccountOpened {
        cash: Cash,
        positions: Vec<Held<'a>>,
    },
    AccountReset {
        account: &'a str,
        cash: Cash,
        positions: Vec<Held<'a>>,
    },
    CashMoved {
        movement_id: &'a str,
        movement: MovementKind,
        amount: Cash,
        cash: Cash,
    },
    DividendReinvested {
        movement_id: &'a str,
        symbol: &'a str,
        quantity: Quantity,
        price: Price,
        position: Quantity,
        cash: Cash,
    },
    SharesSplit {
        action_id: &'a str,
        symbol: &'a str,
        new: u64,
        old: u64,
        position: Quantity,
    },
    SymbolRenamed {
        action_id: &'a str,
        symbol: &'a str,
        from: &'a str,
    },
    ExitRenewed {
        order: OrderNumber,
        symbol: Option<&'a str>,
        by: Option<OrderNumber>,
    },
    FlatDue {
        date: String,
    },
    DifferenceSuspected {
        differences: Vec<Differing<'a>>,
    },
    Reconciled {
        open_orders: u32,
    },
    DifferenceFound(Differing<'a>),
    TradingStateChanged {
        from: TradingState,
        to: TradingState,
        #[serde(flatten)]
        by: By<'a>,
        reason: &'a str,
    },
    CommandTaken {
        command: &'static str,
        symbol: Option<&'a str>,
        limit: Option<&'a str>,
        value: Option<&'a str>,
        from: Option<&'a str>,
        to: Option<&'a str>,
        usd: Option<Cash>,
        qty: Option<Quantity>,
        reason: &'a str,
    },
    SymbolClosed {
        symbol: &'a str,
    },
    SymbolStatusChanged {
        symbol: &'a str,
        halted: bool,
        reason: &'a str,
    },
    LinkChanged {
        link: Link,
        up: bool,
    },
    ChannelMute {
        channel: Channel,
        silent_s: i64,
    },
    DayStarted {
        date: String,
        equity: Cash,
    },
    DataRefused {
        symbol: &'a str,
        reason: String,
    },
    PriceRevised {
        symbol: &'a str,
        was: Price,
        is: Option<Price>,
    },
    AlertRaised {
        severity: Severity,
        code: &'a str,
        text: &'a str,
    },
    StopRequested {
        policy: ShutdownPolicy,
    },
    Decided(Box<Decided<'a>>),
    DeadLetter {
        topic: &'a str,
        error: &'a str,
        bytes: usize,
        excerpt: &'a str,
    },
    FlatConfirmed {
        foreign_orders: u32,
        foreign_positions: u32,
    },
    CrossedInside {
        symbol: &'a str,
        from: &'a str,
        to: &'a str,
        quantity: Quantity,
        price: Price,
    },
    Nothing {},
}

/// The symbol an event is about, that of its order included.
pub(super) fn symbol_of(event: &Event, state: &State) -> Option<SymbolId> {
    let of_order = |number: OrderNumber| state.order(number).map(|order| order.symbol);
    event.symbol().or_else(|| order_of(event).and_then(of_order))
}

/// The order an event is about.
fn order_of(event: &Event) -> Option<OrderNumber> {
    match event {
        Event::OrderApproved(order) => Some(order.number),
        Event::OrderDenied { intent, .. } => match intent {
            Intent::Submit(_) => None,
            Intent::Replace { order, .. } | Intent::Cancel { order } => Some(*order),
        },
        Event::ReportIgnored { order, .. } => *order,
        Event::CancelApproved { order, .. }
        | Event::OrderUpdated { order, .. }
        | Event::OrderFilled { order, .. }
        | Event::OrderQueryNeeded { order, .. }
        | Event::ExitRenewed { order, .. }
        | Event::DifferenceFound(
            Difference::OrderMissing { order } | Difference::OrderAlive { order, .. },
        ) => Some(*order),
        _ => None,
    }
}

impl<'a> Payload<'a> {
    /// The payload of market data.
    pub(super) fn of_market(data: &MarketData, state: &'a State) -> Self {
        let symbol = state.symbols().name(data.symbol());
        match *data {
            MarketData::Bar(bar) => {
                let end_time = bar.end_time();
                let Bar { open_time, open, high, low, close, volume, .. } = bar;
                Payload::Bar { symbol, open_time, end_time, open, high, low, close, volume }
            }
            MarketData::Quote(Quote { time, bid, bid_size, ask, ask_size, .. }) => {
                Payload::Quote { symbol, time, bid, bid_size, ask, ask_size }
            }
            MarketData::Trade(Trade { time, price, size, .. }) => {
                Payload::Trade { symbol, time, price, size }
            }
        }
    }

    /// The payload of a record that could not be published.
    pub(super) const fn dead_letter(letter: DeadLetter<'a>) -> Self {
        let DeadLetter { topic, error, bytes, excerpt } = letter;
        Payload::DeadLetter { topic, error, bytes, excerpt }
    }

    /// The payload of an event. `state` has the event folded in.
    pub(super) fn of(event: &'a Event, state: &'a State) -> Self {
        let name = |symbol: SymbolId| state.symbols().name(symbol);
        let symbol = symbol_of(event, state).map(name);
        match event {
            Event::SessionStarted | Event::SessionResumed => Self::session(state.session()),
            Event::OrderApproved(order) => Self::approved(order, state),
            Event::OrderDenied { origin, intent, denial } => {
                Self::denied(*origin, intent, denial, state)
            }
            Event::CancelApproved { order, origin } => {
                Payload::CancelApproved { order: *order, symbol, by: By::of(*origin, state) }
            }
            Event::OrderUpdated { .. } => Self::updated(event, symbol),
            Event::OrderFilled { .. } => Self::filled(event, state),
            Event::ReportIgnored { order, report, reason } => {
                Payload::ReportIgnored { order: *order, symbol, report: *report, reason: *reason }
            }
            Event::OrderQueryNeeded { order, report, counted } => {
                let (order, report, counted) = (*order, *report, *counted);
                Payload::OrderQueryNeeded { order, symbol, report, counted }
            }
            Event::FeeBooked { .. }
            | Event::FeesAccrued { .. }
            | Event::AccountOpened { .. }
            | Event::AccountReset { .. }
            | Event::CashMoved { .. }
            | Event::DividendReinvested { .. }
            | Event::SharesSplit { .. }
            | Event::SymbolRenamed { .. }
            | Event::ExitRenewed { .. }
            | Event::EntrySized { .. }
            | Event::PredictionTaken(_)
            | Event::PredictionMissed(_)
            | Event::PredictionExpired { .. }
            | Event::StopMet { .. }
            | Event::IntentWaits { .. }
            | Event::CrossedInside(_)
            | Event::FlatDue { .. } => Self::of_account(event, state),
            Event::DifferenceSuspected { differences } => Self::suspected(differences, state),
            Event::Reconciled { open_orders } => Payload::Reconciled { open_orders: *open_orders },
            Event::DifferenceFound(one) => Payload::DifferenceFound(Differing::of(one, state)),
            Event::TradingStateChanged { from, to, origin, reason } => {
                let by = By::of(*origin, state);
                Payload::TradingStateChanged { from: *from, to: *to, by, reason }
            }
            Event::CommandTaken(command) => Self::command(command, state),
            Event::SymbolStatusChanged { symbol, halted, reason } => {
                Payload::SymbolStatusChanged { symbol: name(*symbol), halted: *halted, reason }
            }
            Event::LinkChanged { link, up } => Payload::LinkChanged { link: *link, up: *up },
            Event::ChannelMute { channel, silent_for } => Self::mute(*channel, *silent_for),
            Event::DayStarted { date, equity } => {
                Payload::DayStarted { date: iso_date(*date), equity: *equity }
            }
            Event::DataRefused { symbol, reason } => {
                Payload::DataRefused { symbol: name(*symbol), reason: reason.to_string() }
            }
            Event::PriceRevised { symbol, was, is } => {
                Payload::PriceRevised { symbol: name(*symbol), was: *was, is: *is }
            }
            Event::AlertRaised(alert) => Self::alert(alert),
            Event::StopRequested { policy } => Payload::StopRequested { policy: *policy },
            Event::Flattened => Payload::Nothing {},
            Event::FlatConfirmed { foreign_orders, foreign_positions } => Payload::FlatConfirmed {
                foreign_orders: *foreign_orders,
                foreign_positions: *foreign_positions,
            },
            Event::SymbolClosed { symbol } => Payload::SymbolClosed { symbol: name(*symbol) },
        }
    }

    const fn mute(channel: Channel, silent_for: Span) -> Self {
        Payload::ChannelMute { channel, silent_s: silent_for.nanos() / 1_000_000_000 }
    }

    fn alert(alert: &'a Alert) -> Self {
        let Alert { severity, code, text } = alert;
        Payload::AlertRaised { severity: *severity, code, text }
    }

    fn suspected(list: &'a [Difference], state: &'a State) -> Self {
        let differences = list.iter().map(|one| Differing::of(one, state)).collect();
        Payload::DifferenceSuspected { differences }
    }

    fn due(date: u32, fees: &[(FeeKind, Cash)], accrued: Cash) -> Self {
        let of = |kind| fees.iter().find(|(due, _)| *due == kind).map(|(_, amount)| *amount);
        let (sec, taf, cat) = (of(FeeKind::Sec), of(FeeKind::Taf), of(FeeKind::Cat));
        Payload::FeesAccrued { date: iso_date(date), sec, taf, cat, accrued }
    }

    fn session(start: Option<&'a SessionStart>) -> Self {
        Payload::Session {
            venue: start.map_or("", |start| start.venue.as_ref()),
            build: start.map_or("", |start| start.build.as_ref()),
            hours: start.map(|start| start.hours),
            symbols: start.map_or_else(Vec::new, |start| start.symbols.names().collect()),
            strategies: start.map_or(&[], |start| start.strategies.as_slice()),
        }
    }

    fn command(command: &'a Command, state: &'a State) -> Self {
        let name = |symbol: SymbolId| Some(state.symbols().name(symbol));
        let (mut symbol, mut limit, mut value) = (None, None, None);
        let (mut from, mut to, mut usd, mut qty) = (None, None, None, None);
        let reason = command.reason();
        let command = match command {
            Command::Halt { .. } => "halt",
            Command::Resume { .. } => "resume",
            Command::Flatten { .. } => "flatten",
            Command::CancelAll { .. } => "cancel_all",
            Command::Close { symbol: closed, .. } => {
                symbol = name(*closed);
                "close"
            }
            Command::SetLimit { path, value: to, .. }
            | Command::ConfigureLimit { path, value: to } => {
                (limit, value) = (Some(&**path), Some(&**to));
                "set_limit"
            }
            Command::Transfer { transfer, .. } => {
                from = Some(state.account_name(transfer.from));
                to = Some(state.account_name(transfer.to));
                match transfer.what {
                    Transferred::Cash(cash) => usd = Some(cash),
                    Transferred::Shares(of, shares) => (symbol, qty) = (name(of), Some(shares)),
                }
                "transfer"
            }
        };
        Payload::CommandTaken { command, symbol, limit, value, from, to, usd, qty, reason }
    }
}

/// What an account holds.
fn holdings<'a>(positions: &[(SymbolId, Quantity, Price)], state: &'a State) -> Vec<Held<'a>> {
    let held = |&(symbol, quantity, average_price): &(SymbolId, Quantity, Price)| Held {
        symbol: state.symbols().name(symbol),
        quantity,
        average_price,
    };
    positions.iter().map(held).collect()
}

/// `20190204` as `2019-02-04`.
fn iso_date(date: u32) -> String {
    format!("{:04}-{:02}-{:02}", date / 10_000, date / 100 % 100, date % 100)
}
