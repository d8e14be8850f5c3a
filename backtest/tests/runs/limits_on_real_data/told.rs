//! A session of the kernel alone over real data: it is asked for one order after the other, the broker
//! refuses each, and what a broker, a venue, a news desk or a model would have said is put between.

use super::Seen;
use crate::common::time;
use backtest::Observer;
use kernel::*;
use marketdata::Feed;
use std::collections::BTreeMap;

/// What is asked for, and on what.
#[derive(Debug, Clone, Copy)]
pub struct Asks {
    pub symbol: &'static str,
    /// On whose bars; on the quotes or the trades where there are no bars.
    pub on: On,
    pub side: Side,
    /// A limit at the last price; else at the market.
    pub limit: bool,
    /// How many orders at most.
    pub most: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Bar(&'static str),
    Quote,
    Trade,
}

struct Asking {
    asks: Asks,
    symbol: SymbolId,
    on: Option<SymbolId>,
    seen: usize,
}

impl Asking {
    fn asked_by(&self, data: &MarketData) -> bool {
        match data {
            MarketData::Bar(bar) => self.on == Some(bar.symbol),
            MarketData::Quote(_) => self.asks.on == On::Quote,
            MarketData::Trade(_) => self.asks.on == On::Trade,
        }
    }
}

impl Strategy for Asking {
    fn observe(&mut self, data: &MarketData) {
        self.seen += usize::from(self.asked_by(data));
    }

    fn propose(&self, data: &MarketData, _: &View<'_>, intents: &mut Intents) {
        if !self.asked_by(data) || self.seen > self.asks.most {
            return;
        }
        let limit = data.price().to_tick(Rounding::Down);
        let kind = if self.asks.limit { OrderKind::Limit { limit } } else { OrderKind::Market };
        let one = Quantity::from_whole(1).unwrap();
        intents.order(NewOrder::new(self.symbol, self.asks.side, one, kind));
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn reset(&mut self) {
        self.seen = 0;
    }

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}
}

/// What is said between the data, and when.
pub type Told = Vec<(Timestamp, Input)>;

struct Session<'a> {
    kernel: Kernel,
    seen: &'a mut Seen,
}

impl Session<'_> {
    /// Feeds an input; every order that is sent is refused.
    fn feed(&mut self, at: Timestamp, input: Input) {
        let stamped = Stamped { at, seen: Timestamp::default(), input };
        let mut out = Output::default();
        self.kernel.decide(&stamped, &mut out).unwrap();
        out.events.iter().for_each(|event| self.seen.event(at, event));
        for event in &out.events {
            let Event::OrderApproved(order) = event else { continue };
            self.feed(at, Input::Report(refused(order.number, at)));
        }
    }

    /// Feeds what is due until an instant, each at its time.
    fn wait_until(&mut self, until: Timestamp) {
        let mut last = None;
        while let Some(due) = self.kernel.next_deadline().filter(|due| *due <= until) {
            if last == Some(due) {
                return;
            }
            last = Some(due);
            self.feed(due, Input::Timer);
        }
    }
}

fn refused(order: OrderNumber, time: Timestamp) -> Report {
    Report {
        order: Some(order),
        broker_id: None,
        kind: ReportKind::Refused,
        time,
        execution: None,
        cumulative: None,
        text: None,
    }
}

pub fn broker() -> Input {
    let amount: Cash = "100000".parse().unwrap();
    let account = AccountSnapshot {
        id: "".into(),
        cash: amount,
        equity: amount,
        buying_power: amount,
        multiplier: 4,
        shorting_enabled: true,
        blocked: None,
    };
    let (positions, foreign_positions, open_orders) = Default::default();
    Input::Broker(Box::new(BrokerState { account, positions, foreign_positions, open_orders }))
}

pub fn facts(symbol: SymbolId, easy_to_borrow: bool) -> Input {
    Input::Asset(AssetFacts {
        symbol,
        class: AssetClass::UsEquity,
        tradable: true,
        shortable: true,
        easy_to_borrow,
        fractionable: true,
        fractional_extended_hours: true,
    })
}

fn start(limits: Limits, feed: &Feed) -> SessionStart {
    SessionStart {
        session: "0123456789abcdef0123456789abcdef".into(),
        venue: "embedded".into(),
        build: "test".into(),
        symbols: feed.symbols.clone(),
        strategies: vec![StrategySpec { name: "asks".into(), params: BTreeMap::new() }],
        limits,
        calendar: feed.trading_days(),
        hours: TradingHours::Regular,
        rules: VenueRules::default(),
        fees: FeeRates::default(),
        trading: TradingState::default(),
        carried_over: None,
        config: BTreeMap::new(),
    }
}

/// The data of a feed, what is said before data of the same instant.
pub fn run(limits: Limits, asks: Asks, feed: &Feed, told: Told, seen: &mut Seen) {
    let id = |name| feed.symbols.id(name);
    let on = if let On::Bar(name) = asks.on { id(name) } else { None };
    let asking = Asking { asks, symbol: id(asks.symbol).unwrap(), on, seen: 0 };
    let mut session = Session { kernel: Kernel::new(vec![Box::new(asking)]), seen };
    let began = feed.span().unwrap().0.minus(Span::from_secs(60));
    session.feed(began, Input::Start(Box::new(start(limits, feed))));
    for link in [Link::MarketData, Link::Orders, Link::News] {
        session.feed(began, Input::Link { link, up: true });
    }
    session.feed(began, broker());
    for symbol in feed.symbols.ids() {
        session.feed(began, facts(symbol, true));
    }
    let data = feed.data.iter().map(|datum| (datum.time(), Input::Market(*datum)));
    let mut inputs: Told = told.into_iter().chain(data).collect();
    inputs.sort_by_key(|(at, _)| *at);
    for (at, input) in inputs {
        session.wait_until(at);
        session.feed(at, input);
    }
}

/// A piece of news of a symbol.
pub fn news(symbol: SymbolId, at: &str) -> (Timestamp, Input) {
    let (id, headline) = ("1".into(), "A headline".into());
    (time(at), Input::News(News { id, symbol, time: time(at), headline }))
}

/// A model's word on each of some minutes.
pub fn words(symbol: SymbolId, from: &str, count: i64) -> Told {
    let word = |minute: i64| {
        let time = time(from).plus(Span::from_secs(60 * minute));
        let said = Prediction {
            symbol,
            model: "m1".into(),
            time,
            trend: Trend::Up,
            confidence: Probability::from_millionths(600_000).unwrap(),
            shadow: false,
            stands_in_for: None,
            latency: Span::ZERO,
        };
        (time, Input::Prediction(said))
    };
    (0..count).map(word).collect()
}
