//! Strategies in the kernel, with the plainest of venues: market orders fill at the next open.

#![allow(dead_code, reason = "each test file uses its own part of the bench")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use kernel::{
    AccountSnapshot, AssetClass, AssetFacts, Bar, BrokerOrderId, BrokerState, Cash, Event,
    Execution, ExecutionId, Input, Intents, Kernel, Limits, Link, MarketData, Notice, Order,
    OrderNumber, Output, Prediction, Price, Probability, Report, ReportKind, Send, SessionStart,
    Span, Stamped, State, Strategy, StrategySpec, SymbolId, Symbols, Timestamp, TradingHours,
    Trend, View, Volume,
};
use std::collections::BTreeMap;

const MINUTE: Span = Span::from_secs(60);

pub fn symbols(names: &[&str]) -> Symbols {
    Symbols::new(names).unwrap()
}

pub fn params(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

/// A bar around a close in cents, `index` minutes after a fixed beginning.
pub fn bar(symbol: SymbolId, index: usize, cents: i64) -> MarketData {
    let close = Price::from_nanos(cents * 10_000_000);
    let open_time = Timestamp::from_secs(1_700_000_000 + 60 * index as i64);
    MarketData::Bar(Bar {
        symbol,
        open_time,
        length: MINUTE,
        open: close,
        high: close,
        low: close,
        close,
        volume: Volume::ZERO,
    })
}

/// Closes that swing slowly and widely enough for every strategy to trade, in cents.
pub fn swings(bars: usize) -> Vec<i64> {
    let wave = |index: usize, length: f64| (index as f64 / length * std::f64::consts::TAU).sin();
    (0..bars).map(|i| 10_000 + (wave(i, 180.0) * 600.0 + wave(i, 23.0) * 90.0) as i64).collect()
}

/// What a strategy proposes on a flat account that nothing is known of.
pub fn proposals(strategy: &dyn Strategy, data: &MarketData) -> Vec<kernel::Intent> {
    let (state, mut intents) = (State::default(), Intents::default());
    strategy.propose(data, &View::new(&state), &mut intents);
    intents.as_slice().to_vec()
}

pub struct Session {
    pub kernel: Kernel,
    out: Output,
    now: Timestamp,
    working: Vec<Order>,
    pub approved: Vec<Order>,
    pub fills: Vec<(SymbolId, i64)>,
}

impl Session {
    pub fn new(strategy: Box<dyn Strategy>, spec: StrategySpec, symbols: &Symbols) -> Self {
        let mut session = Self {
            kernel: Kernel::new(vec![strategy]),
            out: Output::default(),
            now: Timestamp::from_secs(1_700_000_000),
            working: Vec::new(),
            approved: Vec::new(),
            fills: Vec::new(),
        };
        session.feed(Input::Start(Box::new(SessionStart {
            session: "0".repeat(32).into(),
            venue: "backtest".into(),
            build: "test".into(),
            symbols: symbols.clone(),
            strategies: vec![spec],
            limits: Limits::default(),
            calendar: Vec::new(),
            hours: TradingHours::Always,
            rules: Default::default(),
            fees: Default::default(),
            trading: Default::default(),
            carried_over: None,
            config: BTreeMap::new(),
        })));
        session.feed(Input::Link { link: Link::MarketData, up: true });
        session.feed(Input::Link { link: Link::Orders, up: true });
        let symbols: Vec<SymbolId> = session.kernel.state().symbols().ids().collect();
        for symbol in symbols {
            session.feed(Input::Asset(AssetFacts {
                symbol,
                class: AssetClass::UsEquity,
                tradable: true,
                shortable: true,
                easy_to_borrow: true,
                fractionable: false,
                fractional_extended_hours: false,
            }));
        }
        let cash = Cash::from_whole(100_000).unwrap();
        session.feed(Input::Broker(Box::new(BrokerState {
            account: AccountSnapshot {
                id: "".into(),
                cash,
                equity: cash,
                buying_power: cash,
                multiplier: 1,
                shorting_enabled: true,
                blocked: None,
            },
            positions: Vec::new(),
            foreign_positions: Vec::new(),
            open_orders: Vec::new(),
        })));
        session
    }

    /// Fills what was ordered before at the bar's open, then shows the bar.
    pub fn bar(&mut self, data: MarketData) {
        let MarketData::Bar(bar) = data else { panic!("a bar") };
        self.now = bar.open_time;
        let (due, rest) = self.working.drain(..).partition(|order| order.symbol == bar.symbol);
        self.working = rest;
        for order in due {
            self.fill(&order, bar.open);
        }
        self.now = bar.end_time();
        self.feed(Input::Market(data));
    }

    /// A model is sure of a symbol.
    pub fn say(&mut self, symbol: SymbolId, trend: Trend) {
        self.feed(Input::Prediction(Prediction {
            symbol,
            model: "model".into(),
            time: self.now,
            trend,
            confidence: Probability::ONE,
            shadow: false,
            stands_in_for: None,
            latency: Span::ZERO,
        }));
    }

    /// Half a minute goes by, after which no word stands any more.
    pub fn wait(&mut self) {
        self.now = self.now.plus(Span::from_secs(30));
        self.feed(Input::Timer);
    }

    /// It turns out that the model has drifted.
    pub fn drift(&mut self) {
        let (model, reason) = ("model".into(), "rsi".into());
        self.feed(Input::Notice(Notice::ModelDrifted { model, reason }));
    }

    fn fill(&mut self, order: &Order, price: Price) {
        let id = ExecutionId(format!("execution-{}", order.number).into());
        let execution = Execution { id, quantity: order.quantity, price };
        let signed = order.side.signed(order.quantity);
        self.fills.push((order.symbol, signed.nanos() / kernel::SCALE));
        self.report(order.number, ReportKind::Fill, Some(execution));
    }

    fn report(&mut self, number: OrderNumber, kind: ReportKind, execution: Option<Execution>) {
        self.feed(Input::Report(Report {
            order: Some(number),
            broker_id: Some(BrokerOrderId(format!("broker-{number}").into())),
            kind,
            time: self.now,
            execution,
            cumulative: None,
            text: None,
        }));
    }

    fn feed(&mut self, input: Input) {
        let stamped = Stamped { at: self.now, seen: self.now, input };
        let mut out = std::mem::take(&mut self.out);
        self.kernel.decide(&stamped, &mut out).unwrap();
        for event in &out.events {
            assert!(!matches!(event, Event::OrderDenied { .. }), "{event:?}");
        }
        let sends: Vec<Send> = out.sends.drain(..).collect();
        self.out = out;
        for send in sends {
            let Send::Submit(approved) = send else { panic!("{send:?}") };
            self.approved.push(approved.order().clone());
            self.working.push(approved.order().clone());
            self.report(approved.order().number, ReportKind::New, None);
        }
    }
}
