//! Version 1 stays readable for ever: files written by it lie in `tests/golden/v1`.
//!
//! They hold every kind of input and event. When this fails, the kernel's types have changed, and what
//! they look like on disk. Journals of version 1 exist on other people's machines: give the change a new
//! version (`src/codec.rs` says how) and files of its own. `UPDATE_EXPECT=1` rewrites what is unreleased.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod support;

use journal::storage::{MemoryStorage, Storage};
use journal::{Durability, verify_on};
use kernel::risk::Denial;
use kernel::risk::compatibility::Rule;
use kernel::*;
use std::path::Path;
use support::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/v1");

#[test]
fn version_1_is_read_and_written_byte_for_byte() {
    let records = every_kind();
    let written = journal_of(&records);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        store(&written);
    }
    let golden = load();
    let names: Vec<String> = golden.list("").unwrap();
    assert_eq!(names.len(), 3, "two segments and a snapshot in {FOLDER}");
    assert!(
        read(&golden, 1) == records,
        "the records in {FOLDER} are read as other ones than were written; see {}",
        file!()
    );
    assert_eq!(open(&golden, small(1)).1.state, fold(&records));
    let verified = verify_on(&golden).unwrap();
    assert_eq!((verified.snapshots, verified.records), (1, records.len() as u64));
    for name in names {
        let same = written.bytes(&name) == golden.bytes(&name);
        assert!(same, "{name} is written otherwise than in {FOLDER}; see {}", file!());
    }
}

/// One segment with all records, the snapshot after them and the empty next segment.
fn journal_of(records: &[Record]) -> MemoryStorage {
    let storage = MemoryStorage::new();
    let (mut journal, _) = open(&storage, small(1));
    for record in records {
        journal.append(record).unwrap();
    }
    journal.commit(&fold(records), Durability::Synced).unwrap();
    storage
}

fn store(storage: &MemoryStorage) {
    let _ = std::fs::remove_dir_all(FOLDER);
    std::fs::create_dir_all(FOLDER).unwrap();
    for name in storage.list("").unwrap() {
        std::fs::write(Path::new(FOLDER).join(&name), storage.bytes(&name).unwrap()).unwrap();
    }
}

fn load() -> MemoryStorage {
    let storage = MemoryStorage::new();
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        storage.set_bytes(name, &std::fs::read(&path).unwrap());
    }
    storage
}

/// Every kind of input and of event, with every word they can hold, in an order that folds.
fn every_kind() -> Vec<Record> {
    let mut list = List::default();
    list.inputs(session_inputs());
    list.inputs(tape_inputs());
    list.inputs(broker_inputs());
    list.inputs(operator_inputs(symbol()));
    list.events(account_events());
    list.events(order_events());
    list.events(denials());
    list.events(difference_events());
    list.events(session_events());
    list.records
}

#[derive(Default)]
struct List {
    records: Vec<Record>,
}

impl List {
    fn push(&mut self, body: RecordBody) {
        let seq = self.records.len() as u64 + 1;
        self.records.push(Record { seq, body });
    }

    fn inputs(&mut self, inputs: Vec<Input>) {
        for input in inputs {
            let seen = Timestamp::from_nanos(1_700_000_000_123_456_789);
            self.push(RecordBody::Input(Stamped { at: now(), seen, input }));
        }
    }

    fn events(&mut self, events: Vec<Event>) {
        for event in events {
            self.push(RecordBody::Event { at: now(), event });
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from_secs(1_700_000_300)
}

fn symbol() -> SymbolId {
    Symbols::new(["AAPL"]).unwrap().id("AAPL").unwrap()
}

fn shares(count: i64) -> Quantity {
    Quantity::from_whole(count).unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn cash(text: &str) -> Cash {
    text.parse().unwrap()
}

fn broker_id() -> BrokerOrderId {
    BrokerOrderId("61e69015-8549-4bfd-b9c3-01e75843f47d".into())
}

const FIRST: OrderNumber = OrderNumber(1);
const STRATEGY: Origin = Origin::Strategy(StrategyId(0));

fn session_inputs() -> Vec<Input> {
    let day = TradingDay {
        date: 20_231_114,
        open: Timestamp::from_secs(1_699_972_200),
        close: Timestamp::from_secs(1_700_000_100),
        extended_open: Timestamp::from_secs(1_699_952_400),
        extended_close: Timestamp::from_secs(1_700_010_000),
    };
    let start = SessionStart { calendar: vec![day], ..start(SESSION) };
    let quote = Quote {
        symbol: symbol(),
        time: now(),
        bid: price("99.99"),
        bid_size: shares(200),
        ask: price("100.01"),
        ask_size: shares(300),
    };
    let trade = Trade { symbol: symbol(), time: now(), price: price("100"), size: shares(5) };
    let halt = |halted| Input::TradingStatus { symbol: symbol(), halted, reason: "T1".into() };
    let link = |link, up| Input::Link { link, up };
    vec![
        Input::Start(Box::new(start)),
        Input::Start(Box::new(SessionStart {
            hours: TradingHours::Regular,
            rules: Default::default(),
            limits: no_limits(),
            ..support::start(SESSION)
        })),
        Input::Start(Box::new(SessionStart {
            hours: TradingHours::Extended,
            rules: Default::default(),
            calendar: vec![day],
            ..support::start(SESSION)
        })),
        Input::Restart { build: "test".into() },
        Input::Warmup(bar(0)),
        Input::Market(bar(1)),
        Input::Market(MarketData::Quote(quote)),
        Input::Market(MarketData::Trade(trade)),
        halt(true),
        halt(false),
        link(Link::MarketData, true),
        link(Link::Orders, true),
        link(Link::News, true),
        Input::Timer,
    ]
}

fn tape_inputs() -> Vec<Input> {
    let (symbol, time) = (symbol(), now());
    let trade = |id: &str, at| TapeTrade { id: id.into(), price: price(at), size: shares(5) };
    let MarketData::Bar(bar) = bar(1) else { return Vec::new() };
    let (original, corrected) = (trade("17", "100"), trade("18", "100.5"));
    vec![
        Input::Late(MarketData::Bar(bar)),
        Input::UpdatedBar(bar),
        Input::Correction(Correction { symbol, time, original, corrected }),
        Input::CancelError(CancelError { symbol, time, trade: trade("17", "100"), is_error: true }),
        Input::Luld(Luld { symbol, time, lower: price("95"), upper: price("105") }),
        Input::Mute { channel: Channel::Orders, silent_for: Span::from_secs(10) },
    ]
}

fn broker_inputs() -> Vec<Input> {
    let order = |status| BrokerOrder {
        order: Some(FIRST),
        broker_id: broker_id(),
        symbol: Some(symbol()),
        side: Side::Sell,
        quantity: shares(10),
        filled: shares(3),
        status,
    };
    let foreign = BrokerOrder { order: None, symbol: None, ..order(OrderStatus::New) };
    let mut state = broker();
    state.account.blocked = Some("trading_blocked".into());
    state.positions.push(BrokerPosition {
        symbol: symbol(),
        quantity: shares(-2),
        average_price: price("101.25"),
    });
    state.foreign_positions.push(("TSLA".into(), shares(7)));
    state.open_orders.extend(OrderStatus::ALL.map(order));
    state.open_orders.push(foreign);
    let mut inputs = vec![Input::Broker(Box::new(state)), Input::Broker(Box::new(broker()))];
    inputs.extend(ReportKind::ALL.map(|kind| Input::Report(report(kind))));
    let kinds = [FeeKind::Commission, FeeKind::Sec, FeeKind::Taf, FeeKind::Cat, FeeKind::Other];
    inputs.extend(kinds.map(|kind| {
        Input::Fee(FeeCharge { id: "20231114::1".into(), kind, amount: cash("-0.01") })
    }));
    inputs.extend(MovementKind::ALL.map(|kind| {
        Input::Cash(CashMovement { id: "20231114::2".into(), kind, amount: cash("-25") })
    }));
    let bought = Reinvestment {
        id: "20231114::3".into(),
        symbol: symbol(),
        quantity: "0.5".parse().unwrap(),
        price: price("50"),
    };
    inputs.push(Input::Reinvestment(bought));
    inputs.push(Input::News(News {
        id: "20231114::4".into(),
        symbol: symbol(),
        time: now(),
        headline: "Earnings".into(),
    }));
    inputs.extend(of_models(symbol(), now()));
    inputs.extend([false, true].map(|answers| Input::Reach { answers }));
    let changes = [ShareChange::Split(Ratio::new(3, 2).unwrap()), ShareChange::Name("AAPX".into())];
    inputs.extend(["split", "name"].into_iter().zip(changes).map(|(id, change)| {
        let (id, symbol, date) = (id.into(), symbol(), 20_231_115);
        Input::Corporate(CorporateAction { id, symbol, date, change })
    }));
    inputs
}

fn report(kind: ReportKind) -> Report {
    let id = ExecutionId("2f63ea93".into());
    let execution = Execution { id, quantity: shares(1), price: price("100.5") };
    let is_fill = kind == ReportKind::Fill;
    Report {
        order: is_fill.then_some(FIRST),
        broker_id: is_fill.then(broker_id),
        kind,
        time: now(),
        execution: is_fill.then_some(execution),
        cumulative: is_fill.then(|| shares(1)),
        text: (!is_fill).then(|| "insufficient buying power".into()),
    }
}

fn account_events() -> Vec<Event> {
    let positions = vec![(symbol(), shares(2), price("90"))];
    let day = Event::DayStarted { date: 20_231_114, equity: cash("1000") };
    let opened = Event::AccountOpened { cash: cash("1500"), positions: positions.clone() };
    let (id, kind, amount) = ("20231114::2".into(), MovementKind::Deposit, cash("-500"));
    let moved = Event::CashMoved { id, kind, amount, cash: cash("1000") };
    let (id, ratio, position) = ("split".into(), Ratio::new(2, 1).unwrap(), shares(4));
    let split = Event::SharesSplit { id, symbol: symbol(), ratio, position };
    let (from, to) = ("AAPL".into(), "AAPX".into());
    let renamed = Event::SymbolRenamed { id: "name".into(), symbol: symbol(), from, to };
    let (account, cash) = ("61e69015".into(), cash("1000"));
    let reset = Event::AccountReset { account, cash, positions };
    let bought = Event::DividendReinvested {
        id: "20231114::3".into(),
        symbol: symbol(),
        quantity: "0.5".parse().unwrap(),
        price: price("50"),
        position: "4.5".parse().unwrap(),
        cash: price("975").value(shares(1), Rounding::Down).unwrap(),
    };
    vec![Event::SessionStarted, opened, day, moved, split, bought, renamed, reset]
}

fn order(number: u64, kind: OrderKind) -> Order {
    Order {
        number: OrderNumber(number),
        origin: STRATEGY,
        symbol: symbol(),
        side: Side::Buy,
        size: shares(10).into(),
        quantity: shares(10),
        kind,
        time_in_force: TimeInForce::Day,
        extended_hours: false,
        class: OrderClass::Simple,
        parent: None,
        grows: true,
        status: OrderStatus::Approved,
        approved_at: now(),
        expires_at: Some(now().plus(Span::from_secs(900))),
        broker_id: None,
        replaces: None,
        filled: Quantity::ZERO,
        filled_value: Notional::ZERO,
        executions: vec![],
        reserved: cash("1025"),
        cancel_requested: false,
    }
}

fn order_events() -> Vec<Event> {
    let (stop, limit) = (price("99.5"), price("100.5"));
    let stop_limit = Order {
        origin: Origin::Operator,
        side: Side::Sell,
        time_in_force: TimeInForce::Gtc,
        grows: false,
        expires_at: None,
        replaces: Some(FIRST),
        ..order(4, OrderKind::StopLimit { stop, limit })
    };
    let orders = [
        order(1, OrderKind::Market),
        order(2, OrderKind::Limit { limit }),
        order(3, OrderKind::Stop { stop }),
        stop_limit,
    ];
    let mut events: Vec<Event> =
        orders.into_iter().map(|order| Event::OrderApproved(Box::new(order))).collect();
    events.push(Event::ExitRenewed { order: FIRST, by: Some(OrderNumber(2)) });
    events.push(Event::FlatDue { date: 20_231_114 });
    events.extend([sized(), stop_met(), intent_waits(), crossed()]);
    events.push(Event::CancelApproved { order: OrderNumber(2), origin: Origin::Kernel });
    events.extend(OrderStatus::ALL.map(|to| updated(3, to)));
    events.push(Event::OrderFilled {
        order: FIRST,
        execution: ExecutionId("2f63ea93".into()),
        symbol: symbol(),
        side: Side::Buy,
        quantity: shares(1),
        price: price("100.5"),
        status: OrderStatus::PartiallyFilled,
        realised: Cash::ZERO,
        position: shares(3),
        cash: cash("899.5"),
    });
    let reasons = [
        IgnoreReason::DuplicateExecution,
        IgnoreReason::AlreadyCounted,
        IgnoreReason::Foreign,
        IgnoreReason::Unusable,
    ];
    events.extend(reasons.map(|reason| {
        let report = ReportKind::Fill;
        Event::ReportIgnored { order: None, report, reason }
    }));
    events.push(Event::OrderQueryNeeded {
        order: FIRST,
        report: ReportKind::TradeBust,
        counted: None,
    });
    let (id, amount) = ("20231114::1".into(), cash("0.25"));
    events.push(Event::FeeBooked { id, kind: FeeKind::Sec, amount, cash: cash("899.25") });
    events
}

fn updated(number: u64, to: OrderStatus) -> Event {
    Event::OrderUpdated {
        order: OrderNumber(number),
        from: OrderStatus::Approved,
        to,
        report: ReportKind::New,
        broker_id: Some(broker_id()),
        text: Some("words".into()),
    }
}

fn denials() -> Vec<Event> {
    let (quantity, limit) = (shares(-1), shares(5));
    let (notional, needed, available) = (cash("10"), cash("10"), cash("9"));
    let (last, tick) = (price("100"), price("0.01"));
    let (age, window) = (Span::from_secs(1), Span::from_secs(5));
    let list = [
        Denial::MalformedQuantity { quantity },
        Denial::MalformedPrice { price: last, tick },
        Denial::UnknownSymbol,
        Denial::OrderNotWorking { order: FIRST, status: Some(OrderStatus::Filled) },
        Denial::NothingToReplace { order: FIRST },
        Denial::DuplicateIntent { age, window },
        Denial::ReducesTooMuch { quantity, available: limit, held: quantity },
        Denial::SymbolHalted,
        Denial::NotActive { state: TradingState::Reducing },
        Denial::NotReconciled,
        Denial::OrderStreamDown,
        Denial::AccountBlocked,
        Denial::SessionClosed,
        Denial::NoPrice,
        Denial::StaleData { age, limit: window },
        Denial::OutsideCollar { price: tick, last, limit: BasisPoints::new(500) },
        Denial::OrderTooLarge { quantity, limit },
        Denial::OrderNotional { notional, limit: available },
        Denial::PositionNotional { notional, limit: available },
        Denial::GrossExposure { exposure: notional, limit: available },
        Denial::BuyingPower { needed, available },
        Denial::ShortingDisabled,
        Denial::OrderRate { count: 61, limit: 60 },
        Denial::Overflow,
        Denial::Closing,
        Denial::NotAllowed { rule: Rule::StopTimeInForce },
        Denial::OppositeOrder { order: FIRST },
        Denial::NotTradable,
        Denial::HardToBorrow,
        Denial::NotFractionable,
        Denial::MalformedNotional { notional, least: needed },
        Denial::MalformedTrail { percent: "0.05".parse().unwrap(), least: "0.1".parse().unwrap() },
        Denial::WrongSide { price: last, base: tick },
    ];
    let list = list.into_iter().chain(denials::of_limits());
    let intents = [
        Intent::Submit(NewOrder::new(symbol(), Side::Buy, quantity, OrderKind::Market)),
        Intent::Replace { order: FIRST, quantity, kind: OrderKind::Market },
        Intent::Cancel { order: FIRST },
    ];
    let intents = intents.into_iter().cycle();
    let denied = |(denial, intent)| Event::OrderDenied { origin: STRATEGY, intent, denial };
    list.zip(intents).map(denied).collect()
}

fn difference_events() -> Vec<Event> {
    let (symbol, average_price) = (symbol(), price("100.123456789"));
    let differences = vec![
        Difference::Cash { ours: cash("899.25"), theirs: cash("900") },
        Difference::Position { symbol, ours: shares(3), theirs: shares(-4), average_price },
        Difference::OrderMissing { order: FIRST },
        Difference::OrderForeign { broker_id: broker_id() },
        Difference::PositionForeign { symbol: "TSLA".into(), quantity: shares(7) },
        Difference::OrderAlive { order: FIRST, broker_id: broker_id() },
    ];
    let mut events = vec![Event::DifferenceSuspected { differences: differences.clone() }];
    events.extend(differences.into_iter().map(Event::DifferenceFound));
    events.push(Event::Reconciled { open_orders: 3 });
    events
}

fn session_events() -> Vec<Event> {
    let reason = || "drill".into();
    let closed = Event::SymbolClosed { symbol: symbol() };
    let mut events = vec![Event::SessionResumed, Event::Flattened, closed];
    for (from, to) in [
        (TradingState::Active, TradingState::Reducing),
        (TradingState::Reducing, TradingState::Halted),
    ] {
        events.push(Event::TradingStateChanged {
            from,
            to,
            origin: Origin::Operator,
            reason: reason(),
        });
    }
    events.push(Event::CommandTaken(Command::Halt { reason: reason() }));
    events.push(Event::SymbolStatusChanged { symbol: symbol(), halted: true, reason: "T1".into() });
    events.push(Event::LinkChanged { link: Link::Orders, up: false });
    let reasons = [
        MarketDataError::PriceNotPositive,
        MarketDataError::BarBounds,
        MarketDataError::BarLength,
        MarketDataError::Crossed,
        MarketDataError::Size,
        MarketDataError::NoSide,
        MarketDataError::UnknownSymbol,
        MarketDataError::FromTheFuture,
        MarketDataError::OutOfTurn,
    ];
    events.extend(reasons.map(|reason| Event::DataRefused { symbol: symbol(), reason }));
    let revised = |is| Event::PriceRevised { symbol: symbol(), was: price("100"), is };
    events.extend([Some(price("99.5")), None].map(revised));
    for severity in [Severity::Info, Severity::Warning, Severity::Critical] {
        let (code, text) = ("order_rejected".into(), "The broker refused order 1".into());
        events.push(Event::AlertRaised(Alert { severity, code, text }));
    }
    let channels = [Channel::Bars, Channel::Quotes, Channel::Trades, Channel::Orders];
    let silent_for = Span::from_secs(90);
    events.extend(channels.map(|channel| Event::ChannelMute { channel, silent_for }));
    events.push(Event::StopRequested { policy: ShutdownPolicy::CancelEntries });
    events
}
