//! A session under test: inputs as short calls, everything it decides kept.
#![allow(dead_code, reason = "each test file uses its own part of the bench")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

pub mod every_limit;

use kernel::*;
use std::collections::BTreeMap;

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub fn cash(text: &str) -> Cash {
    text.parse().unwrap()
}

pub fn shares(count: i64) -> Quantity {
    Quantity::from_whole(count).unwrap()
}

/// A strategy that proposes what the test has put there.
#[derive(Default, Clone)]
pub struct Scripted(pub std::sync::Arc<std::sync::Mutex<Vec<Intent>>>);

impl Scripted {
    fn put(&self, intents: &mut Intents) {
        self.0.lock().unwrap().drain(..).for_each(|intent| intents.push(intent));
    }
}

impl Strategy for Scripted {
    fn observe(&mut self, _: &MarketData) {}
    fn propose(&self, _: &MarketData, _: &View<'_>, intents: &mut Intents) {
        self.put(intents);
    }
    fn propose_on(&self, _: &Prediction, _: &View<'_>, intents: &mut Intents) {
        self.put(intents);
    }
    fn warmup_bars(&self) -> usize {
        0
    }
    fn rebase(&mut self, _: SymbolId, _: Ratio) {}

    fn reset(&mut self) {}
}

pub struct Bench {
    pub kernel: Kernel,
    /// The first strategy's.
    pub script: Scripted,
    /// Those of all strategies.
    pub scripts: Vec<Scripted>,
    pub now: Timestamp,
    pub records: Vec<Record>,
    pub sends: Vec<Send>,
}

/// 2024-06-03, a Monday: 09:30 to 16:00 in New York.
pub fn monday() -> TradingDay {
    TradingDay {
        date: 20_240_603,
        open: time("2024-06-03T13:30:00Z"),
        close: time("2024-06-03T20:00:00Z"),
        extended_open: time("2024-06-03T08:00:00Z"),
        extended_close: time("2024-06-04T00:00:00Z"),
    }
}

/// Seven days that look alike.
pub fn week() -> Vec<TradingDay> {
    let day = |number: u32| {
        let later = Span::from_secs(i64::from(number) * 86_400);
        let monday = monday();
        TradingDay {
            date: monday.date + number,
            open: monday.open.plus(later),
            close: monday.close.plus(later),
            extended_open: monday.extended_open.plus(later),
            extended_close: monday.extended_close.plus(later),
        }
    };
    (0..7).map(day).collect()
}

/// The strategies of scripts, ready for a kernel.
pub fn built(scripts: &[Scripted]) -> Vec<Box<dyn Strategy>> {
    scripts.iter().map(|script| Box::new(script.clone()) as Box<dyn Strategy>).collect()
}

pub fn start(limits: Limits) -> SessionStart {
    SessionStart {
        session: "0123456789abcdef0123456789abcdef".into(),
        venue: "embedded".into(),
        build: "test".into(),
        symbols: Symbols::new(["AAA", "BBB"]).unwrap(),
        strategies: vec![StrategySpec { name: "scripted".into(), params: BTreeMap::new() }],
        limits,
        calendar: vec![monday()],
        hours: TradingHours::Regular,
        rules: Default::default(),
        fees: Default::default(),
        trading: Default::default(),
        carried_over: None,
        config: BTreeMap::new(),
    }
}

/// That of a session with a strategy for each capital.
pub fn start_shared(capital: &[Option<Capital>], mut limits: Limits) -> SessionStart {
    let names = ('a'..='z').map(|name| Box::from(name.to_string())).take(capital.len());
    limits.scopes.labels = names.collect();
    if capital.iter().any(Option::is_some) {
        limits.scopes.capital = capital.to_vec();
    }
    let mut start = start(limits);
    start.strategies = vec![start.strategies[0].clone(); capital.len()];
    start.calendar = week();
    start
}

pub fn account(amount: &str) -> AccountSnapshot {
    AccountSnapshot {
        id: "".into(),
        cash: cash(amount),
        equity: cash(amount),
        buying_power: cash(amount),
        multiplier: 4,
        shorting_enabled: true,
        blocked: None,
    }
}

/// A share that may be traded in every way.
pub fn facts(symbol: SymbolId) -> AssetFacts {
    AssetFacts {
        symbol,
        class: AssetClass::UsEquity,
        tradable: true,
        shortable: true,
        easy_to_borrow: true,
        fractionable: true,
        fractional_extended_hours: true,
    }
}

pub fn broker(amount: &str) -> BrokerState {
    BrokerState {
        account: account(amount),
        positions: Vec::new(),
        foreign_positions: Vec::new(),
        open_orders: Vec::new(),
    }
}

impl Bench {
    /// A session that was only started.
    pub fn cold(limits: Limits) -> Self {
        Self::started(start(limits))
    }

    /// A warm session that trades before and after the regular hours too.
    pub fn extended() -> Self {
        let hours = TradingHours::Extended;
        Self::started(SessionStart { hours, ..start(Limits::default()) }).warmed()
    }

    fn started(start: SessionStart) -> Self {
        Self::started_at("2024-06-03T14:00:00Z", start)
    }

    pub fn started_at(now: &str, start: SessionStart) -> Self {
        let scripts: Vec<Scripted> = start.strategies.iter().map(|_| Scripted::default()).collect();
        let kernel = Kernel::new(built(&scripts));
        let (script, now) = (scripts[0].clone(), time(now));
        let (records, sends) = (Vec::new(), Vec::new());
        let mut bench = Self { kernel, script, scripts, now, records, sends };
        bench.feed(Input::Start(Box::new(start)));
        bench
    }

    /// A session with both streams up, what the broker says, and all its symbols at 100.
    pub fn trading(start: SessionStart, broker: BrokerState) -> Self {
        let names: Vec<String> = start.symbols.names().map(Into::into).collect();
        let mut bench = Self::started(start).warmed_with(broker);
        for name in &names {
            let facts = facts(bench.symbol(name));
            bench.feed(Input::Asset(facts));
            bench.bar(name, "100");
        }
        bench
    }

    /// A session with both streams up, 100,000 USD, and AAA at 100.
    pub fn warm(limits: Limits) -> Self {
        Self::cold(limits).warmed()
    }

    /// The same with a strategy for each capital, called `a`, `b` and so on.
    pub fn shared(capital: &[Option<Capital>], limits: Limits) -> Self {
        Self::cold_shared(capital, limits).warmed()
    }

    /// The same where the regulators charge fees.
    pub fn shared_with(capital: &[Option<Capital>], limits: Limits, fees: FeeRates) -> Self {
        Self::started(SessionStart { fees, ..start_shared(capital, limits) }).warmed()
    }

    /// The same before the account was read.
    pub fn cold_shared(capital: &[Option<Capital>], limits: Limits) -> Self {
        Self::started(start_shared(capital, limits))
    }

    /// The same after a session that ended so.
    pub fn latched(trading: TradingState) -> Self {
        Self::started(SessionStart { trading, ..start(Limits::default()) }).warmed()
    }

    /// The same where the regulators charge fees.
    pub fn priced(limits: Limits, fees: FeeRates) -> Self {
        Self::started(SessionStart { fees, ..start(limits) }).warmed()
    }

    /// The same on a day of its own, in extended hours too.
    pub fn holding_on(day: TradingDay, quantity: i64) -> Self {
        let (calendar, hours) = (vec![day], TradingHours::Extended);
        let start = SessionStart { calendar, hours, ..start(Limits::default()) };
        Self::started_at("2024-06-03T12:00:00Z", start).held(quantity)
    }

    /// A warm session of an account that holds so many AAA.
    pub fn holding(quantity: i64) -> Self {
        Self::cold(Limits::default()).held(quantity)
    }

    /// A warm session on a week of days that look alike, which holds 1,000 AAA and owes 50,000 USD.
    pub fn in_deficit(limits: Limits) -> Self {
        let bench = Self::started(SessionStart { calendar: week(), ..start(limits) });
        let (symbol, average_price) = (bench.symbol("AAA"), price("100"));
        let position = BrokerPosition { symbol, quantity: shares(1000), average_price };
        bench.warmed_with(BrokerState { positions: vec![position], ..broker("-50000") })
    }

    /// A warm session that holds so many AAA at 100 beside so much cash.
    pub fn invested(limits: Limits, quantity: i64, cash: &str) -> Self {
        let bench = Self::cold(limits);
        let (symbol, average_price) = (bench.symbol("AAA"), price("100"));
        let position = BrokerPosition { symbol, quantity: shares(quantity), average_price };
        bench.warmed_with(BrokerState { positions: vec![position], ..broker(cash) })
    }

    /// The same at a venue without a broker's rules.
    pub fn plain_rules(limits: Limits, quantity: i64) -> Self {
        let rules = VenueRules::Plain;
        Self::started(SessionStart { rules, ..start(limits) }).held(quantity)
    }

    /// The same on Monday at an hour, where the facts of AAA are as said.
    pub fn holding_parts(at: &str, quantity: &str, known: impl Fn(&mut AssetFacts)) -> Self {
        let start = SessionStart { hours: TradingHours::Extended, ..start(Limits::default()) };
        let bench = Self::started_at(&format!("2024-06-03T{at}Z"), start);
        let mut bench = bench.held_shares(quantity.parse().unwrap());
        let mut facts = facts(bench.symbol("AAA"));
        known(&mut facts);
        bench.feed(Input::Asset(facts));
        bench
    }

    pub fn held(self, quantity: i64) -> Self {
        self.held_shares(shares(quantity))
    }

    fn held_shares(self, quantity: Quantity) -> Self {
        let bench = self;
        let symbol = bench.symbol("AAA");
        let position = BrokerPosition { symbol, quantity, average_price: price("100") };
        let positions = if quantity.is_zero() { Vec::new() } else { vec![position] };
        bench.warmed_with(BrokerState { positions, ..broker("100000") })
    }

    fn warmed(self) -> Self {
        self.warmed_with(broker("100000"))
    }

    fn warmed_with(self, broker: BrokerState) -> Self {
        let mut bench = self;
        bench.feed(Input::Link { link: Link::MarketData, up: true });
        bench.feed(Input::Link { link: Link::Orders, up: true });
        bench.feed(Input::Broker(Box::new(broker)));
        let facts = facts(bench.symbol("AAA"));
        bench.feed(Input::Asset(facts));
        bench.bar("AAA", "100");
        bench
    }

    pub fn symbol(&self, name: &str) -> SymbolId {
        self.kernel.state().symbols().id(name).unwrap()
    }

    /// Feeds an input now; gives the events it led to.
    pub fn feed(&mut self, input: Input) -> Vec<Event> {
        let stamped = Stamped { at: self.now, seen: Timestamp::default(), input };
        let mut out = Output::default();
        self.kernel.decide(&stamped, &mut out).unwrap();
        self.sends.append(&mut out.sends);
        let events = out.events.clone();
        self.records.extend(out.records(stamped));
        assert_eq!(self.kernel.state().ledger().trial_balance(), 0, "the books balance");
        self.accounts_sum();
        events
    }

    /// The virtual accounts, where there are any, balance and sum to the account, and all that hold a
    /// symbol hold it on the same side.
    fn accounts_sum(&self) {
        let (state, accounts) = (self.kernel.state(), self.kernel.state().accounts());
        if !accounts.are_kept() {
            return;
        }
        let cash: i64 = accounts.iter().map(|(_, book)| book.cash().nanos()).sum();
        assert_eq!(cash, state.ledger().cash().nanos(), "cash sums to the account's");
        assert!(accounts.iter().all(|(_, book)| book.trial_balance() == 0), "all books balance");
        for symbol in state.symbols().ids() {
            let held = accounts.iter().map(|(_, book)| book.position(symbol).quantity.nanos());
            let held: Vec<i64> = held.filter(|held| *held != 0).collect();
            let account = state.ledger().position(symbol).quantity.nanos();
            assert_eq!(held.iter().sum::<i64>(), account, "shares sum to the account's");
            assert!(
                held.iter().all(|one| (*one > 0) == (account > 0)),
                "nobody is opposed: {held:?}"
            );
        }
    }

    /// Puts an intent before a strategy, by its place, and lets a bar of AAA at 100 ask all.
    pub fn propose_by(&mut self, place: usize, intent: Intent) -> Vec<Event> {
        self.scripts[place].0.lock().unwrap().push(intent);
        self.bar("AAA", "100")
    }

    /// A minute bar that ends now, all at one price.
    pub fn bar(&mut self, symbol: &str, at: &str) -> Vec<Event> {
        let bar = self.minute(symbol, at);
        self.feed(Input::Market(MarketData::Bar(bar)))
    }

    /// The same before it is fed.
    pub fn minute(&self, symbol: &str, at: &str) -> Bar {
        let (symbol, at, length) = (self.symbol(symbol), price(at), Span::from_secs(60));
        Bar {
            symbol,
            open_time: self.now.minus(length),
            length,
            open: at,
            high: at,
            low: at,
            close: at,
            volume: Volume::from_nanos(1_000_000_000_000),
        }
    }

    pub fn wait(&mut self, seconds: i64) -> &mut Self {
        self.now = self.now.plus(Span::from_secs(seconds));
        self
    }

    /// Puts intents before the strategy and lets a bar of AAA at 100 ask it.
    pub fn propose(&mut self, intents: impl IntoIterator<Item = Intent>) -> Vec<Event> {
        self.script.0.lock().unwrap().extend(intents);
        self.bar("AAA", "100")
    }

    pub fn submit(&self, side: Side, quantity: i64, kind: OrderKind) -> Intent {
        Intent::Submit(NewOrder::new(self.symbol("AAA"), side, shares(quantity), kind))
    }

    /// Approves one new order, as order `number` and its legs.
    pub fn approve(&mut self, order: NewOrder) -> Vec<Event> {
        let events = self.propose([Intent::Submit(order)]);
        assert_eq!(denial(&events), None);
        events
    }

    /// The code with which a new order is refused; `approved` when it passes.
    pub fn verdict(&mut self, order: NewOrder) -> &'static str {
        let events = self.propose([Intent::Submit(order)]);
        denial(&events).map_or("approved", |denial| denial.code())
    }

    pub fn market(&self, side: Side, quantity: i64) -> Intent {
        self.submit(side, quantity, OrderKind::Market)
    }

    pub fn report(&mut self, order: u64, kind: ReportKind) -> Vec<Event> {
        let report = self.plain(order, kind);
        self.feed(Input::Report(report))
    }

    pub fn plain(&self, order: u64, kind: ReportKind) -> Report {
        Report {
            order: Some(OrderNumber(order)),
            broker_id: Some(BrokerOrderId(format!("b-{order}").into())),
            kind,
            time: self.now,
            execution: None,
            cumulative: None,
            text: None,
        }
    }

    pub fn fill(&mut self, order: u64, id: &str, quantity: i64, at: &str) -> Vec<Event> {
        let mut report = self.plain(order, ReportKind::Fill);
        report.execution = Some(Execution {
            id: ExecutionId(id.into()),
            quantity: shares(quantity),
            price: price(at),
        });
        self.feed(Input::Report(report))
    }

    pub fn status(&self, order: u64) -> OrderStatus {
        self.kernel.state().order(OrderNumber(order)).unwrap().status
    }

    pub fn position(&self) -> Position {
        self.kernel.state().ledger().position(self.symbol("AAA"))
    }
}

/// The denial of the only denied intent among some events.
pub fn denial(events: &[Event]) -> Option<&risk::Denial> {
    events.iter().find_map(|event| match event {
        Event::OrderDenied { denial, .. } => Some(denial),
        _ => None,
    })
}
