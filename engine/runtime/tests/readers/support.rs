//! A session run through the kernel, in a journal on disk.

use journal::{Durability, Journal, Options};
use kernel::*;
use runtime::readers::tail::Source;
use std::path::{Path, PathBuf};
use tokio::sync::watch;

pub const SESSION: &str = "00112233445566778899aabbccddeeff";
pub const SYMBOLS: [&str; 3] = ["AAPL", "MSFT", "BRK.B"];

/// Buys ten shares of whatever is flat, sells what is held; now and then more than risk allows.
struct Turns {
    bars: u64,
}

impl Strategy for Turns {
    fn observe(&mut self, _: &MarketData) {
        self.bars += 1;
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let held = view.position(data.symbol()).quantity;
        let shares = if self.bars.is_multiple_of(7) { 1_000_000 } else { 10 };
        match (view.has_open_order(data.symbol()), held.is_zero()) {
            (true, _) => {}
            (false, true) => {
                let quantity = Quantity::from_whole(shares).unwrap();
                intents.market(data.symbol(), Side::Buy, quantity);
            }
            (false, false) => intents.market(data.symbol(), Side::Sell, held),
        }
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}

    fn reset(&mut self) {}
}

/// A session in the making.
pub struct Script {
    kernel: Kernel,
    output: Output,
    now: Timestamp,
    pub records: Vec<Record>,
}

impl Script {
    /// A session that has started, is connected and reconciled.
    pub fn new(session: &str) -> Self {
        let kernel = Kernel::new(vec![Box::new(Turns { bars: 0 })]);
        let now: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
        let mut script = Self { kernel, output: Output::default(), now, records: Vec::new() };
        script.feed(Input::Start(Box::new(start(session))));
        script.feed(Input::Link { link: Link::MarketData, up: true });
        script.feed(Input::Link { link: Link::Orders, up: true });
        script.feed(Input::Broker(Box::new(broker())));
        script
    }

    /// The state after the last record.
    pub fn state(&self) -> &State {
        self.kernel.state()
    }

    /// Feeds an input; its events are answered by a broker that fills everything at once.
    pub fn feed(&mut self, input: Input) {
        self.now = self.now.max(input.own_time().unwrap_or(self.now));
        let stamped = Stamped { at: self.now, seen: self.now.plus(Span::from_millis(5)), input };
        self.kernel.decide(&stamped, &mut self.output).unwrap();
        let sends: Vec<_> = self.output.sends.drain(..).collect();
        self.records.extend(self.output.records(stamped));
        for send in sends {
            if let Send::Submit(approved) = send {
                self.fill(approved.order());
            }
        }
    }

    fn fill(&mut self, order: &Order) {
        let time = self.now.plus(Span::from_millis(1));
        let report = |kind, execution: Option<Execution>| {
            Input::Report(Report {
                order: Some(order.number),
                broker_id: Some(BrokerOrderId(format!("broker-{}", order.number).into())),
                kind,
                time,
                cumulative: execution.as_ref().map(|_| order.quantity),
                execution,
                text: None,
            })
        };
        self.feed(report(ReportKind::New, None));
        let id = ExecutionId(format!("execution-{}", order.number).into());
        let price = self.kernel.state().last_price(order.symbol).unwrap();
        let execution = Execution { id, quantity: order.quantity, price };
        self.feed(report(ReportKind::Fill, Some(execution)));
    }

    /// So many minutes, with a bar of each symbol in each.
    pub fn minutes(&mut self, minutes: i64) -> &mut Self {
        let open: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
        let first = self.state().now().since(open).nanos() / 60_000_000_000;
        for minute in first..first + minutes {
            let symbols: Vec<_> = self.state().symbols().ids().collect();
            for symbol in symbols {
                let cents = 10_000 + (minute * 37 + symbol.index() as i64 * 11) % 400;
                let price = Price::from_nanos(cents * 10_000_000);
                self.feed(Input::Market(MarketData::Bar(Bar {
                    symbol,
                    open_time: open.plus(Span::from_secs(minute * 60)),
                    length: Span::from_secs(60),
                    open: price,
                    high: price,
                    low: price,
                    close: price,
                    volume: Volume::from_nanos(1_000_000_000_000),
                })));
            }
        }
        self
    }

    /// What a model says now, what a challenger does, and that it fails.
    pub fn predictions(&mut self) -> &mut Self {
        let (symbol, time) = (self.kernel.state().symbols().ids().next().unwrap(), self.now);
        let said = Prediction {
            symbol,
            model: "5b1e".into(),
            time,
            trend: Trend::Up,
            confidence: Probability::from_millionths(612_500).unwrap(),
            shadow: false,
            stands_in_for: None,
            latency: Span::from_millis(2),
        };
        let missed = MissedPrediction {
            symbol,
            model: said.model.clone(),
            time,
            reason: "a feature is no number".into(),
        };
        self.feed(Input::Prediction(said.clone()));
        self.feed(Input::Prediction(Prediction { model: "77aa".into(), shadow: true, ..said }));
        self.feed(Input::MissedPrediction(missed));
        self
    }

    /// A broker that holds what the books say.
    fn agreeing_broker(&self) -> BrokerState {
        let mut broker = broker();
        let ledger = self.state().ledger();
        broker.account.cash = ledger.cash();
        let held = self.state().symbols().ids().map(|symbol| (symbol, ledger.position(symbol)));
        let held = held.filter_map(|(symbol, position)| {
            let (quantity, average_price) = (position.quantity, position.average_price()?);
            Some(BrokerPosition { symbol, quantity, average_price })
        });
        broker.positions = held.collect();
        broker
    }

    /// A refusal in so many words, which also raises an alert.
    pub fn refusal(&mut self, words: &str) -> &mut Self {
        let symbol = self.state().symbols().id("AAPL").unwrap();
        let approved = Order {
            number: OrderNumber(self.state().tally().sent + 1),
            origin: Origin::Operator,
            symbol,
            side: Side::Buy,
            size: Quantity::from_whole(1).unwrap().into(),
            quantity: Quantity::from_whole(1).unwrap(),
            kind: OrderKind::Limit { limit: Price::from_whole(99).unwrap() },
            time_in_force: TimeInForce::Day,
            extended_hours: false,
            class: OrderClass::Simple,
            parent: None,
            grows: true,
            status: OrderStatus::Approved,
            approved_at: self.now,
            expires_at: None,
            broker_id: None,
            replaces: None,
            filled: Quantity::ZERO,
            filled_value: Notional::ZERO,
            executions: Vec::new(),
            reserved: Cash::ZERO,
            cancel_requested: false,
        };
        // The kernel is rebuilt on a state that has this order, as after a restart.
        let number = approved.number;
        let at = self.now;
        let record = Record {
            seq: self.state().next_seq(),
            body: RecordBody::Event { at, event: Event::OrderApproved(Box::new(approved)) },
        };
        let mut state = self.state().clone();
        state.evolve(&record).unwrap();
        self.records.push(record);
        self.kernel = Kernel::recovered(state, vec![Box::new(Turns { bars: 0 })]);
        self.feed(Input::Restart { build: "test".into() });
        self.feed(Input::Link { link: Link::MarketData, up: true });
        self.feed(Input::Link { link: Link::Orders, up: true });
        self.feed(Input::Broker(Box::new(self.agreeing_broker())));
        self.feed(Input::Report(Report {
            order: Some(number),
            broker_id: None,
            kind: ReportKind::Refused,
            time: self.now,
            execution: None,
            cumulative: None,
            text: Some(words.into()),
        }));
        self
    }

    /// The end of the session.
    pub fn stop(&mut self) -> &mut Self {
        self.feed(Input::Stop(ShutdownPolicy::Leave));
        self
    }
}

pub fn start(session: &str) -> SessionStart {
    let params = [("shares".into(), "10".into())].into();
    SessionStart {
        session: session.into(),
        venue: "embedded".into(),
        build: "test".into(),
        symbols: Symbols::new(SYMBOLS).unwrap(),
        strategies: vec![StrategySpec { name: "turns".into(), params }],
        limits: Limits { max_orders_per_minute: None, ..Limits::default() },
        calendar: Vec::new(),
        hours: TradingHours::Always,
        rules: Default::default(),
        fees: Default::default(),
        trading: Default::default(),
        carried_over: None,
        config: Default::default(),
    }
}

pub fn broker() -> BrokerState {
    let cash = Cash::from_whole(100_000).unwrap();
    let account = AccountSnapshot {
        id: "".into(),
        cash,
        equity: cash,
        buying_power: cash,
        multiplier: 1,
        shorting_enabled: false,
        blocked: None,
    };
    let (positions, foreign_positions) = (Vec::new(), Vec::new());
    BrokerState { account, positions, foreign_positions, open_orders: Vec::new() }
}

/// A journal on disk that is written as a session writes it.
pub struct Written {
    pub dir: PathBuf,
    journal: Journal,
    state: State,
    durable: watch::Sender<u64>,
}

impl Written {
    /// An empty journal with small segments, so that every test crosses some.
    pub fn new(dir: &Path) -> Self {
        Self::with_segments(dir, 16 << 10)
    }

    /// An empty journal with segments of so many bytes.
    pub fn with_segments(dir: &Path, segment_bytes: u64) -> Self {
        let options = Options { segment_bytes, reserve_bytes: 0, ..Options::default() };
        let (journal, recovered) = Journal::open(dir, options).unwrap();
        let durable = watch::Sender::new(recovered.last_seq);
        Self { dir: dir.into(), journal, state: recovered.state, durable }
    }

    /// Where readers read it.
    pub fn source(&self) -> Source {
        Source::live(self.dir.clone(), self.durable.subscribe())
    }

    /// Writes records and lets readers read them.
    pub fn write(&mut self, records: &[Record]) {
        for record in records {
            self.state.evolve(record).unwrap();
            self.journal.append(record).unwrap();
            self.journal.commit(&self.state, Durability::Buffered).unwrap();
        }
        self.journal.commit(&self.state, Durability::Synced).unwrap();
        self.durable.send_replace(self.journal.durable_seq());
    }

    /// Ends the session: readers that reach the end are done.
    pub fn end(self) -> Journal {
        self.journal
    }
}
