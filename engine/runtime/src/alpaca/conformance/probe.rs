//! A kernel for a handful of orders: also an order of a check reaches the venue through risk alone.

use crate::alpaca::names::Names;
use kernel::{
    Bar, BrokerState, Command, Input, Intent, Intents, Kernel, Limits, Link, MarketData, Output,
    Report, Send, SessionStart, Stamped, Strategy, StrategySpec, Timestamp, TradingHours, View,
};

/// A strategy that asks for a list of things whenever it sees a bar.
struct Asks(Vec<Intent>);

impl Strategy for Asks {
    fn observe(&mut self, _: &MarketData) {}

    fn propose(&self, _: &MarketData, _: &View<'_>, intents: &mut Intents) {
        for intent in &self.0 {
            intents.push(intent.clone());
        }
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn rebase(&mut self, _: kernel::SymbolId, _: kernel::Ratio) {}

    fn reset(&mut self) {}
}

/// A kernel that is ready to judge.
pub(super) struct Probe {
    kernel: Kernel,
    out: Output,
    now: Timestamp,
}

/// The limits of a probe: the order is meant to lie far from the market, at any hour. Everything
/// else is checked as always.
fn limits() -> Limits {
    Limits {
        stale_after: None,
        stale_after_quotes: None,
        stale_after_trades: None,
        price_collar: None,
        entry_time_to_live: None,
        ..Limits::default()
    }
}

impl Probe {
    pub(super) fn new(
        names: &Names,
        broker: BrokerState,
        intents: Vec<Intent>,
    ) -> Result<Self, &'static str> {
        let spec = StrategySpec { name: "conformance".into(), params: Default::default() };
        let start = SessionStart {
            session: "conformance".into(),
            venue: "alpaca-paper".into(),
            build: env!("CARGO_PKG_VERSION").into(),
            symbols: (*names.symbols()).clone(),
            strategies: vec![spec],
            limits: limits(),
            calendar: Vec::new(),
            hours: TradingHours::Always,
            rules: Default::default(),
            fees: Default::default(),
            trading: Default::default(),
            carried_over: None,
            config: Default::default(),
        };
        let kernel = Kernel::new(vec![Box::new(Asks(intents))]);
        let mut probe = Self { kernel, out: Output::default(), now: Timestamp::MIN };
        for input in [
            Input::Start(Box::new(start)),
            Input::Link { link: Link::MarketData, up: true },
            Input::Link { link: Link::Orders, up: true },
            Input::Broker(Box::new(broker)),
        ] {
            probe.decide(input).map_err(|_| "the kernel did not start")?;
        }
        Ok(probe)
    }

    /// What risk lets pass of the list, on a bar that tells the price.
    pub(super) fn propose(&mut self, bar: Bar) -> Result<Vec<Send>, String> {
        let sends = self.decide(Input::Market(MarketData::Bar(bar)))?;
        if !sends.is_empty() {
            return Ok(sends);
        }
        let denial = self.out.events.iter().find_map(|event| match event {
            kernel::Event::OrderDenied { denial, .. } => Some(denial.to_string()),
            _ => None,
        });
        Err(denial.map_or("nothing came of the bar".into(), |why| format!("denied by risk: {why}")))
    }

    pub(super) fn report(&mut self, report: Report) -> Result<(), String> {
        self.decide(Input::Report(report)).map(|_| ())
    }

    pub(super) fn cancel_all(&mut self) -> Result<Vec<Send>, String> {
        self.decide(Input::Command(Command::CancelAll { reason: "conformance".into() }))
    }

    fn decide(&mut self, input: Input) -> Result<Vec<Send>, String> {
        self.now = self.now.max(input.own_time().unwrap_or(self.now));
        let stamped = Stamped { at: self.now, seen: self.now, input };
        self.kernel.decide(&stamped, &mut self.out).map_err(|error| error.to_string())?;
        Ok(std::mem::take(&mut self.out.sends))
    }
}

#[cfg(test)]
pub(in crate::alpaca) mod for_tests {
    //! Sends for tests of requests, for an account with a million and nothing held, at 100 USD.

    use super::{Input, Probe, Send};
    use crate::alpaca::names::Names;
    use kernel::{
        AccountSnapshot, AssetClass, AssetFacts, Bar, BrokerOrderId, BrokerPosition, BrokerState,
        Cash, Intent, OrderNumber, Price, Quantity, Report, ReportKind, Span, Timestamp, Volume,
    };

    fn probe(names: &Names, held: i64, intents: Vec<Intent>) -> Probe {
        let symbol = names.symbols().ids().next().unwrap();
        let million = Cash::from_whole(1_000_000).unwrap();
        let account = AccountSnapshot {
            id: "".into(),
            cash: million,
            equity: million,
            buying_power: million,
            multiplier: 2,
            shorting_enabled: true,
            blocked: None,
        };
        let broker = BrokerState {
            account,
            positions: vec![BrokerPosition {
                symbol,
                quantity: Quantity::from_whole(held).unwrap(),
                average_price: Price::from_whole(100).unwrap(),
            }],
            foreign_positions: Vec::new(),
            open_orders: Vec::new(),
        };
        let mut probe = Probe::new(names, broker, intents).unwrap();
        let facts = AssetFacts {
            symbol,
            class: AssetClass::UsEquity,
            tradable: true,
            shortable: true,
            easy_to_borrow: true,
            fractionable: true,
            fractional_extended_hours: true,
        };
        probe.decide(Input::Asset(facts)).unwrap();
        probe
    }

    fn bar(names: &Names, second: i64) -> Bar {
        let price = Price::from_whole(100).unwrap();
        Bar {
            symbol: names.symbols().ids().next().unwrap(),
            open_time: Timestamp::from_secs(1_767_711_600 + second),
            length: Span::from_secs(60),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Volume::ZERO,
        }
    }

    /// What risk makes of intents.
    pub(in crate::alpaca) fn sends(names: &Names, intents: Vec<Intent>) -> Vec<Send> {
        sends_holding(names, 0, intents)
    }

    /// The same for an account that holds so many shares.
    pub(in crate::alpaca) fn sends_holding(
        names: &Names,
        held: i64,
        intents: Vec<Intent>,
    ) -> Vec<Send> {
        probe(names, held, intents).propose(bar(names, 0)).unwrap()
    }

    /// A replacement and a cancel, of an order that works as `broker-1`, or is not answered yet. The
    /// second bar comes so soon that the first intent is a duplicate, and denied.
    pub(in crate::alpaca) fn changes(
        names: &Names,
        intents: Vec<Intent>,
        works: bool,
    ) -> Vec<Send> {
        let mut probe = probe(names, 0, intents);
        probe.propose(bar(names, 0)).unwrap();
        if works {
            let report = Report {
                order: Some(OrderNumber(1)),
                broker_id: Some(BrokerOrderId("broker-1".into())),
                kind: ReportKind::New,
                time: Timestamp::MIN,
                execution: None,
                cumulative: None,
                text: None,
            };
            probe.report(report).unwrap();
        }
        let mut sends = probe.propose(bar(names, 1)).unwrap_or_default();
        sends.extend(probe.cancel_all().unwrap());
        sends
    }
}
