//! A small session, run through the kernel, whose records the tests journal.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

pub mod denials;

use journal::storage::{MemoryStorage, Storage};
use journal::{Durability, Journal, Options, Reader};
use kernel::risk::{Measure, SizeModel, SizedEntry};
use kernel::*;
use std::sync::Arc;

pub const SESSION: &str = "00112233445566778899aabbccddeeff";

/// Buys and sells one share in turn, every third bar.
#[derive(Default)]
struct Turns {
    bars: u64,
}

impl Strategy for Turns {
    fn observe(&mut self, _: &MarketData) {
        self.bars += 1;
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        if self.bars.is_multiple_of(3) && !view.has_open_order(data.symbol()) {
            let flat = view.position(data.symbol()).quantity.is_zero();
            let side = if flat { Side::Buy } else { Side::Sell };
            intents.market(data.symbol(), side, Quantity::from_whole(1).unwrap());
        }
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}

    fn reset(&mut self) {
        self.bars = 0;
    }
}

/// What differs between two runs that decide the same.
#[derive(Clone, Copy)]
pub struct Names {
    pub session: &'static str,
    pub broker: &'static str,
    pub seen: i64,
}

impl Default for Names {
    fn default() -> Self {
        Self { session: SESSION, broker: "b", seen: 7 }
    }
}

struct Run {
    kernel: Kernel,
    names: Names,
    now: i64,
    output: Output,
    records: Vec<Record>,
}

impl Run {
    fn feed(&mut self, input: Input) {
        let own = input.own_time().map_or(self.now, Timestamp::nanos);
        self.now = self.now.max(own);
        let (at, seen) = (Timestamp::from_nanos(self.now), Timestamp::from_nanos(self.names.seen));
        let stamped = Stamped { at, seen, input };
        self.kernel.decide(&stamped, &mut self.output).unwrap();
        self.records.extend(self.output.records(stamped));
    }

    fn report(&mut self, number: u64, kind: ReportKind, execution: Option<Execution>) {
        let broker = self.names.broker;
        self.feed(Input::Report(Report {
            order: Some(OrderNumber(number)),
            broker_id: Some(BrokerOrderId(format!("{broker}-{number}").into())),
            kind,
            time: Timestamp::from_nanos(self.now + 1_000_000),
            execution,
            cumulative: None,
            text: None,
        }));
    }
}

pub fn start(session: &str) -> SessionStart {
    let params = [("fast".into(), "3".into())].into();
    SessionStart {
        session: session.into(),
        venue: "embedded".into(),
        build: "test".into(),
        symbols: Symbols::new(["AAPL"]).unwrap(),
        strategies: vec![StrategySpec { name: "turns".into(), params }],
        limits: Limits { duplicate_window: None, ..Limits::default() },
        calendar: vec![],
        hours: TradingHours::Always,
        rules: Default::default(),
        fees: Default::default(),
        trading: Default::default(),
        carried_over: None,
        config: [("seed".into(), "1".into())].into(),
    }
}

pub fn bar(index: i64) -> MarketData {
    let price = |cents: i64| Price::from_nanos(cents * 10_000_000);
    let close = 10_000 + (index * 37) % 101;
    MarketData::Bar(Bar {
        symbol: Symbols::new(["AAPL"]).unwrap().id("AAPL").unwrap(),
        open_time: Timestamp::from_secs(1_700_000_000 + index * 60),
        length: Span::from_secs(60),
        open: price(10_050),
        high: price(10_200),
        low: price(9_900),
        close: price(close),
        volume: Volume::from_nanos(1_000_000_000_000),
    })
}

/// The records of a session of so many bars, with orders, fills and a fee.
pub fn records(bars: i64) -> Vec<Record> {
    records_of(bars, Names::default())
}

pub fn records_of(bars: i64, names: Names) -> Vec<Record> {
    let now = Timestamp::from_secs(1_700_000_000).nanos();
    let kernel = Kernel::new(vec![Box::new(Turns::default())]);
    let mut run = Run { kernel, names, now, output: Output::default(), records: vec![] };
    run.feed(Input::Start(Box::new(start(names.session))));
    run.feed(Input::Link { link: Link::MarketData, up: true });
    run.feed(Input::Link { link: Link::Orders, up: true });
    run.feed(Input::Broker(Box::new(broker())));
    for index in 0..bars {
        run.feed(Input::Market(bar(index)));
        let sent = run.output.sends.len();
        assert!(sent <= 1);
        if sent == 1 {
            let number = run.kernel.state().tally().sent;
            run.report(number, ReportKind::New, None);
            run.report(number, ReportKind::Fill, Some(execution(number, names)));
        }
        if index == 4 {
            let amount = "0.01".parse().unwrap();
            let id = format!("{}-fee", names.broker).into();
            run.feed(Input::Fee(FeeCharge { id, kind: FeeKind::Taf, amount }));
        }
    }
    run.records
}

pub fn broker() -> BrokerState {
    let cash = Cash::from_whole(100_000).unwrap();
    BrokerState {
        account: AccountSnapshot {
            id: "".into(),
            cash,
            equity: cash,
            buying_power: cash,
            multiplier: 1,
            shorting_enabled: false,
            blocked: None,
        },
        positions: vec![],
        foreign_positions: vec![],
        open_orders: vec![],
    }
}

fn execution(number: u64, names: Names) -> Execution {
    Execution {
        id: ExecutionId(format!("{}-x{number}", names.broker).into()),
        quantity: Quantity::from_whole(1).unwrap(),
        price: "100.5".parse().unwrap(),
    }
}

/// The fold of records from the beginning.
pub fn fold(records: &[Record]) -> State {
    let mut state = State::default();
    for record in records {
        state.evolve(record).unwrap();
    }
    state
}

/// Options with small segments and no reserve.
pub fn small(segment_bytes: u64) -> Options {
    Options { segment_bytes, limit_bytes: None, reserve_bytes: 0 }
}

/// Inputs, each with its events.
pub fn decisions(records: &[Record]) -> Vec<&[Record]> {
    records.chunk_by(|_, next| matches!(next.body, RecordBody::Event { .. })).collect()
}

/// The last records of the decisions.
pub fn decision_ends(records: &[Record]) -> Vec<u64> {
    decisions(records).iter().map(|decision| decision.last().unwrap().seq).collect()
}

/// Journals decisions in batches, each committed, every `sync_every`th durably.
pub fn write(
    storage: &MemoryStorage,
    records: &[Record],
    options: Options,
    batch: usize,
    sync_every: usize,
) -> Journal {
    let (mut journal, recovered) = open(storage, options);
    let mut state = recovered.state;
    let rest = &records[usize::try_from(recovered.last_seq).unwrap()..];
    for (index, batch) in decisions(rest).chunks(batch).enumerate() {
        for record in batch.iter().copied().flatten() {
            state.evolve(record).unwrap();
            journal.append(record).unwrap();
        }
        let synced = (index + 1) % sync_every == 0;
        let durable = if synced { Durability::Synced } else { Durability::Buffered };
        journal.commit(&state, durable).unwrap();
    }
    journal
}

pub fn open(storage: &MemoryStorage, options: Options) -> (Journal, journal::Recovered) {
    Journal::open_on(Arc::new(storage.clone()), options).unwrap()
}

/// Everything a reader gives from a record on.
pub fn read(storage: &MemoryStorage, from_seq: u64) -> Vec<Record> {
    drain(&mut Reader::open_on(Arc::new(storage.clone()), from_seq).unwrap())
}

pub fn drain(reader: &mut Reader) -> Vec<Record> {
    std::iter::from_fn(|| reader.next().unwrap()).collect()
}

pub fn segments(storage: &MemoryStorage) -> Vec<String> {
    let names = storage.list("").unwrap();
    names.into_iter().filter(|name| name.ends_with(".seg")).collect()
}

/// Every command and every way to stop.
pub fn operator_inputs(symbol: SymbolId) -> Vec<Input> {
    let reason = || "drill".into();
    let transfer = |what| {
        let (from, to) = (Owner::House, Owner::Strategy(StrategyId(0)));
        Command::Transfer { transfer: Transfer { from, to, what }, reason: reason() }
    };
    let commands = [
        Command::Halt { reason: reason() },
        Command::Resume { reason: reason() },
        Command::Flatten { reason: reason() },
        Command::CancelAll { reason: reason() },
        Command::Close { symbol, reason: reason() },
        Command::SetLimit {
            path: "max_orders_per_minute".into(),
            value: "30".into(),
            reason: reason(),
        },
        transfer(Transferred::Cash(Cash::from_whole(5).unwrap())),
        transfer(Transferred::Shares(symbol, Quantity::from_nanos(7 * SCALE))),
        Command::ConfigureLimit { path: "max_orders_per_minute".into(), value: "20".into() },
    ];
    let policies = [ShutdownPolicy::Leave, ShutdownPolicy::CancelEntries, ShutdownPolicy::Flatten];
    let commands = commands.into_iter().map(Input::Command);
    commands.chain(policies.map(Input::Stop)).collect()
}

/// No limit at all.
pub fn no_limits() -> Limits {
    Limits { max_leverage: 4, market_slip: BasisPoints::new(-1), ..Limits::OFF }
}

/// An entry that a model sized.
pub fn sized() -> Event {
    let model = SizeModel::Risk(Percent::from_nanos(SCALE));
    let sized = SizedEntry {
        model,
        equity: Cash::from_whole(1500).unwrap(),
        price: Price::from_nanos(102_500_000_000),
        measure: Some(Measure::Stop(Price::from_nanos(99_500_000_000))),
        budget: Cash::from_whole(15).unwrap(),
        per_share: Price::from_whole(3).unwrap(),
        shares: Quantity::from_whole(5).unwrap(),
    };
    let symbol = Symbols::new(["AAPL"]).unwrap().id("AAPL").unwrap();
    let origin = Origin::Strategy(StrategyId(0));
    let (side, asked) = (Side::Buy, OrderSize::Shares(Quantity::from_whole(10).unwrap()));
    Event::EntrySized { origin, symbol, side, asked, sized }
}

/// A stop that a price met.
pub fn stop_met() -> Event {
    let symbol = Symbols::new(["AAPL"]).unwrap().id("AAPL").unwrap();
    let (level, price) = (Price::from_whole(98).unwrap(), Price::from_whole(97).unwrap());
    Event::StopMet { symbol, trailing: true, level, price }
}

/// An order that waits for the end of a stop.
pub fn intent_waits() -> Event {
    let symbol = Symbols::new(["AAPL"]).unwrap().id("AAPL").unwrap();
    let one = Quantity::from_whole(1).unwrap();
    let intent = Intent::Submit(NewOrder::new(symbol, Side::Sell, one, OrderKind::Market));
    let (origin, behind) = (Origin::Strategy(StrategyId(0)), OrderNumber(1));
    Event::IntentWaits { origin, symbol, intent, behind }
}

/// A strategy's shares that went to the house.
pub fn crossed() -> Event {
    Event::CrossedInside(Crossing {
        symbol: Symbols::new(["AAPL"]).unwrap().id("AAPL").unwrap(),
        from: Owner::Strategy(StrategyId(1)),
        to: Owner::House,
        quantity: Quantity::from_whole(20).unwrap(),
        price: Price::from_nanos(100_500_000_000),
    })
}

/// What a challenger says, and that it says nothing.
pub fn of_models(symbol: SymbolId, time: Timestamp) -> [Input; 2] {
    let model: Box<str> = "5b1e".into();
    let confidence = Probability::from_millionths(612_500).unwrap();
    let (trend, latency) = (Trend::Up, Span::from_millis(2));
    let reason = "a feature is no number".into();
    let missed = MissedPrediction { symbol, model: model.clone(), time, reason };
    let said = Prediction {
        symbol,
        model,
        time,
        trend,
        confidence,
        shadow: true,
        stands_in_for: None,
        latency,
    };
    [Input::Prediction(said), Input::MissedPrediction(missed)]
}
