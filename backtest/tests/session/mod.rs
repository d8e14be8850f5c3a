//! A session by hand: a kernel, an exchange and a journal, with no driver in between.

use backtest::venue::{Answer, Venue};
use backtest::{BacktestConfig, Chosen};
use exchange::{Activity, Exchange, ExchangeConfig};
use journal::{Durability, Journal};
use kernel::{
    FeeCharge, Input, Kernel, Link, MarketData, OrderNumber, Output, Price, Quantity, Report,
    ReportKind, Send, SessionStart, ShutdownPolicy, Stamped, SymbolId, Timestamp,
};
use marketdata::Feed;
use std::collections::BTreeMap;
use tempfile::TempDir;

/// What happens in a session, by the number of its step.
pub struct Session<'a> {
    pub feed: &'a Feed,
    venue: ExchangeConfig,
    shown: BTreeMap<usize, Option<MarketData>>,
    inputs: Vec<(usize, Input)>,
    /// What strategies are shown before the first step.
    pub warm_up: Vec<MarketData>,
    /// What the account holds at first.
    pub positions: Vec<(SymbolId, Quantity, Price)>,
    /// The order that the venue refuses.
    pub refuses: Option<u64>,
    /// The order that it never gets.
    pub loses: Option<u64>,
}

/// The strategy of every session here.
pub fn strategies(feed: &Feed) -> Vec<Chosen> {
    crate::common::chosen("sma-crossover", &[("fast", "3"), ("slow", "8")], feed)
}

impl<'a> Session<'a> {
    pub fn over(feed: &'a Feed, venue: ExchangeConfig) -> Self {
        let (shown, inputs, warm_up, positions) = Default::default();
        Self { feed, venue, shown, inputs, warm_up, positions, refuses: None, loses: None }
    }

    /// Shows strategies something else in place of a step's datum, or nothing.
    pub fn shows(&mut self, step: usize, data: Option<MarketData>) {
        self.shown.insert(step, data);
    }

    /// Feeds an input before the data of a step.
    pub fn between(&mut self, step: usize, input: Input) {
        self.inputs.push((step, input));
    }

    /// Runs it to its end and gives the folder of its journal.
    pub fn run(self) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        let (boxes, specs): (Vec<_>, Vec<_>) = strategies(self.feed).into_iter().unzip();
        let config = BacktestConfig::for_feed(self.feed);
        let calendar = config.calendar.clone();
        let exchange =
            Exchange::new(self.venue.clone(), self.feed.symbols.clone(), calendar.clone());
        let mut desk = Desk {
            kernel: Kernel::new(boxes),
            venue: Venue::new(exchange, "5e5510", config.hours),
            journal: Journal::open(dir.path(), Default::default()).unwrap().0,
            refuses: self.refuses.map(OrderNumber),
            loses: self.loses.map(OrderNumber),
            lost: Vec::new(),
            fees_read: 0,
        };
        for (symbol, quantity, average) in &self.positions {
            desk.venue.exchange.hold_by_hand(*symbol, *quantity, *average);
        }
        desk.feed(Input::Start(Box::new(SessionStart {
            session: "5e5510".into(),
            venue: "embedded".into(),
            build: "test".into(),
            symbols: self.feed.symbols.clone(),
            strategies: specs,
            limits: config.limits,
            calendar,
            hours: config.hours,
            rules: self.venue.rules,
            fees: Default::default(),
            trading: Default::default(),
            carried_over: None,
            config: Default::default(),
        })));
        self.trade(&mut desk);
        desk.feed(Input::Stop(ShutdownPolicy::CancelEntries));
        desk.hear();
        desk.journal.commit(desk.kernel.state(), Durability::Synced).unwrap();
        dir
    }

    fn trade(&self, desk: &mut Desk) {
        desk.feed(Input::Link { link: Link::MarketData, up: true });
        desk.feed(Input::Link { link: Link::Orders, up: true });
        for facts in desk.venue.assets() {
            desk.feed(Input::Asset(facts));
        }
        let broker = desk.venue.state();
        desk.feed(Input::Broker(Box::new(broker)));
        if let Some(last) = self.warm_up.last() {
            desk.venue.exchange.observe(&self.warm_up);
            let warm_up = self.warm_up.iter().map(|datum| Input::Warmup(*datum));
            warm_up.for_each(|input| desk.feed_at(last.time(), input));
        }
        for (number, step) in self.feed.data.iter().enumerate() {
            desk.give_up();
            for (_, input) in self.inputs.iter().filter(|(before, _)| *before == number) {
                desk.feed_at(desk.venue.exchange.now(), input.clone());
            }
            desk.venue.exchange.step(&[*step]);
            desk.hear();
            if let Some(data) = self.shown.get(&number).copied().unwrap_or(Some(*step)) {
                desk.feed(Input::Market(data));
            }
        }
    }
}

struct Desk {
    kernel: Kernel,
    venue: Venue,
    journal: Journal,
    refuses: Option<OrderNumber>,
    loses: Option<OrderNumber>,
    lost: Vec<OrderNumber>,
    fees_read: usize,
}

impl Desk {
    fn feed(&mut self, input: Input) {
        let now = self.kernel.state().now();
        self.feed_at(input.own_time().unwrap_or(now), input);
    }

    fn feed_at(&mut self, at: Timestamp, input: Input) {
        let at = at.max(self.kernel.state().now());
        while let Some(deadline) = self.kernel.due(at) {
            self.decide(&Stamped { at: deadline, seen: deadline, input: Input::Timer });
        }
        self.decide(&Stamped { at, seen: at, input });
    }

    fn decide(&mut self, stamped: &Stamped) {
        let mut out = Output::default();
        self.kernel.decide(stamped, &mut out).unwrap();
        let (sends, fees_due) = (std::mem::take(&mut out.sends), out.fees_due);
        for record in out.records(stamped.clone()) {
            self.journal.append(&record).unwrap();
        }
        for send in sends {
            self.carry_out(&send);
        }
        if fees_due {
            self.fees();
        }
    }

    fn carry_out(&mut self, send: &Send) {
        let number = match send {
            Send::Submit(approved) => Some(approved.order().number),
            Send::Replace { .. } | Send::Cancel(_) => None,
        };
        if number.is_some() && number == self.refuses {
            return self.tell(number, ReportKind::Refused, Some("not today".into()));
        }
        if number.is_some() && number == self.loses {
            self.lost.extend(number);
            return self.tell(number, ReportKind::AnswerLost, None);
        }
        match self.venue.carry_out(send) {
            Answer::Taken => {}
            Answer::Report(report) => self.feed(Input::Report(report)),
            Answer::CancelRefused(order, text) => {
                self.tell(Some(order), ReportKind::CancelRejected, Some(text));
            }
        }
    }

    fn tell(&mut self, order: Option<OrderNumber>, kind: ReportKind, text: Option<Box<str>>) {
        let time = self.venue.exchange.now();
        let (broker_id, execution, cumulative) = (None, None, None);
        let report = Report { order, broker_id, kind, time, execution, cumulative, text };
        self.feed(Input::Report(report));
    }

    /// A lost order is looked for with the next step.
    fn give_up(&mut self) {
        for order in std::mem::take(&mut self.lost) {
            self.tell(Some(order), ReportKind::NotReceived, None);
        }
    }

    fn hear(&mut self) {
        for update in self.venue.exchange.drain_updates() {
            let report = self.venue.report(&update);
            self.feed(Input::Report(report));
        }
    }

    fn fees(&mut self) {
        let activities = self.venue.exchange.activities();
        let fees: Vec<FeeCharge> = activities
            .iter()
            .skip(self.fees_read)
            .filter_map(|activity| match activity {
                Activity::Fee(fee) => {
                    Some(FeeCharge { id: activity.id().into(), kind: fee.kind, amount: fee.amount })
                }
                _ => None,
            })
            .collect();
        self.fees_read = activities.len();
        for fee in fees {
            self.feed(Input::Fee(fee));
        }
    }
}
