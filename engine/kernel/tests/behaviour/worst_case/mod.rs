//! Whatever strategies ask for: what was approved and grows, with every open order filled at its
//! worst price, passes no limit at the prices that were known; and nothing that reduces is stopped
//! by a limit on growth.
//!
//! Sessions of one strategy or two, on one account or on accounts of their own, are generated step by
//! step; a book that is kept beside the kernel's counts what they come to.

mod book;
mod exits;
mod figures;
mod steps;

use crate::common::*;
use book::{Book, NAMES, Sharing, UNIT};
use exits::STOPS_EXITS;
use figures::{FIGURES, Figures};
use kernel::*;
use proptest::prelude::*;
use steps::{Step, any_step, away};

/// USD that the account begins with, and what the strategies have of it.
const CASH: [&str; 3] = ["20000", "6000", "8000"];

struct Session {
    bench: Bench,
    book: Book,
    figures: Figures,
    executions: u64,
}

fn raw(usd: &str) -> i128 {
    i128::from(cash(usd).nanos()) * UNIT
}

impl Session {
    fn new(sharing: Sharing, alone: Option<usize>) -> Self {
        let figures = Figures::chosen(alone);
        let [all, first, second] = CASH;
        let capital = |usd| Some(Capital::Usd(cash(usd)));
        let (capital, books) = match sharing {
            Sharing::Alone => (vec![None], [raw(all), 0, 0]),
            Sharing::Together => (vec![None, None], [raw(all), 0, 0]),
            Sharing::Apart => {
                let left = raw(all) - raw(first) - raw(second);
                (vec![capital(first), capital(second)], [left, raw(first), raw(second)])
            }
            Sharing::Mixed => (vec![capital(first), None], [raw(all) - raw(first), raw(first), 0]),
        };
        let mut start = start_shared(&capital, figures.limits());
        start.symbols = Symbols::new(NAMES).unwrap();
        let bench = Bench::trading(start, broker(all));
        Self { bench, book: Book::new(sharing, books), figures, executions: 0 }
    }

    fn picked(&self, pick: usize) -> Option<Order> {
        let live: Vec<&Order> = self.bench.kernel.state().live_orders().collect();
        (!live.is_empty()).then(|| live[pick % live.len()].clone())
    }

    fn is_being_replaced(&self, number: OrderNumber) -> bool {
        self.bench.kernel.state().live_orders().any(|order| order.replaces == Some(number))
    }

    /// A bar at the last price lets a strategy ask.
    fn ask(&mut self, by: usize, symbol: usize, intent: Intent) -> Vec<Event> {
        let by = if self.book.sharing == Sharing::Alone { 0 } else { by };
        self.bench.scripts[by].0.lock().unwrap().push(intent);
        let last = away(self.book.last[symbol], 0).to_string();
        let events = self.bench.bar(NAMES[symbol], &last);
        self.note(&events);
        events
    }

    /// Books what was approved, and holds it against the limits.
    fn note(&mut self, events: &[Event]) {
        for event in events {
            let Event::OrderApproved(order) = event else { continue };
            self.book.approve(order, self.bench.now);
        }
        let approved = events.iter().find_map(|event| match event {
            Event::OrderApproved(order) if order.grows => Some(order),
            _ => None,
        });
        if let Some(order) = approved {
            self.figures.hold(&self.book, order, self.bench.now);
        }
    }

    fn report(&mut self, number: OrderNumber, kind: ReportKind) {
        self.bench.report(number.0, kind);
        // The kernel is asked only whether an order has ended.
        let state = self.bench.kernel.state();
        let is_live = |number: u64| {
            state.order(OrderNumber(number)).is_some_and(|order| !order.status.is_final())
        };
        self.book.open.retain(|number, _| is_live(*number));
    }

    fn submit(&mut self, by: usize, asked: &steps::Asked) {
        let by = if self.book.sharing == Sharing::Alone { 0 } else { by };
        let symbol = self.bench.symbol(NAMES[asked.symbol]);
        let request = asked.order(symbol, self.book.last[asked.symbol]);
        let owner = self.book.sharing.owner(by);
        let closable = self.book.closable(owner, asked.symbol, book::sign(asked.side));
        let account = self.book.account(asked.symbol).abs();
        let reduces = request
            .size
            .shares()
            .is_some_and(|shares| i128::from(shares.nanos()) <= closable.min(account));
        let events = self.ask(by, asked.symbol, Intent::Submit(request));
        if let Some(denial) = denial(&events).filter(|_| reduces) {
            assert!(STOPS_EXITS.contains(&denial.code()), "{request:?}: {denial}");
        }
    }

    fn replace(&mut self, by: usize, order: &Order, cents: i64, whole: i64) {
        let at = away(self.book.last[order.symbol.index()], cents);
        let kind = match order.kind {
            OrderKind::Limit { .. } => OrderKind::Limit { limit: at },
            OrderKind::Stop { .. } => OrderKind::Stop { stop: at },
            kind => kind,
        };
        let quantity = if order.is_grouped() { order.quantity } else { shares(whole) };
        let intent = Intent::Replace { order: order.number, quantity, kind };
        self.ask(by, order.symbol.index(), intent);
    }

    fn cancel(&mut self, by: usize, order: &Order) {
        let events = self.ask(by, order.symbol.index(), Intent::Cancel { order: order.number });
        if let Some(denial) = denial(&events) {
            assert_eq!(denial.code(), "order_not_working");
        }
    }

    fn answer(&mut self, order: &Order, agrees: bool) {
        let replaces = order.replaces.and_then(|number| self.bench.kernel.state().order(number));
        if replaces.is_some_and(Order::is_live) || order.parent.is_some() {
            return;
        }
        let kind = match (self.is_being_replaced(order.number), agrees) {
            (true, true) => ReportKind::Replaced,
            (true, false) => ReportKind::ReplaceRejected,
            (false, _) if order.cancel_requested => ReportKind::Canceled,
            (false, _) => ReportKind::New,
        };
        self.report(order.number, kind);
        let waiting = self.bench.kernel.state().live_orders();
        let loser = waiting.filter(|other| other.replaces == Some(order.number));
        let loser = loser.map(|other| other.number).next();
        if let (ReportKind::ReplaceRejected, Some(loser)) = (kind, loser) {
            self.report(loser, ReportKind::Rejected);
        }
    }

    fn fill(&mut self, order: &Order, part: bool) {
        let state = self.bench.kernel.state();
        let is_live = |number: Option<OrderNumber>| {
            number.and_then(|number| state.order(number)).is_some_and(Order::is_live)
        };
        let waits = is_live(order.replaces) || is_live(order.parent);
        if waits || self.is_being_replaced(order.number) {
            return;
        }
        let last = away(self.book.last[order.symbol.index()], 0);
        let price = order.kind.limit().unwrap_or(last);
        let left = match order.size.notional() {
            // What the rest of the dollars pays for.
            Some(_) => {
                let usd = self.book.open[&order.number.0].value();
                order
                    .remaining()
                    .nanos()
                    .min(i64::try_from(usd / i128::from(price.nanos())).unwrap())
            }
            None => order.remaining().nanos(),
        };
        let nanos = if part { left / 2 } else { left }.max(1);
        self.executions += 1;
        let is_all = !part || nanos == order.remaining().nanos();
        let kind = if is_all { ReportKind::Fill } else { ReportKind::PartialFill };
        let mut report = self.bench.plain(order.number.0, kind);
        let id = ExecutionId(format!("x-{}", self.executions).into());
        report.execution = Some(Execution { id, quantity: Quantity::from_nanos(nanos), price });
        self.book.fill(order.number.0, nanos.into(), price.nanos().into());
        self.bench.feed(Input::Report(report));
        if is_all {
            self.book.open.remove(&order.number.0);
        }
        let others = self.bench.kernel.state().live_orders();
        let others = others.filter(|other| order.parent.is_some() && other.parent == order.parent);
        let others: Vec<OrderNumber> = others.map(|other| other.number).collect();
        others.into_iter().for_each(|other| self.report(other, ReportKind::Canceled));
    }

    fn step(&mut self, step: &Step) {
        self.bench.wait(7);
        match *step {
            Step::Order { by, ref asked } => self.submit(by, asked),
            Step::Price { symbol, cents } => {
                let at = away(100 * UNIT, cents);
                self.book.last[symbol] = at.nanos().into();
                self.bench.bar(NAMES[symbol], &at.to_string());
            }
            Step::Wait { seconds } => {
                self.bench.wait(seconds);
            }
            Step::Replace { pick, .. }
            | Step::Cancel { pick, .. }
            | Step::Answer { pick, .. }
            | Step::Fill { pick, .. } => {
                let Some(order) = self.picked(pick) else { return };
                match *step {
                    Step::Replace { by, cents, shares, .. } => {
                        self.replace(by, &order, cents, shares)
                    }
                    Step::Cancel { by, .. } => self.cancel(by, &order),
                    Step::Answer { agrees, .. } => self.answer(&order, agrees),
                    Step::Fill { part, .. } => self.fill(&order, part),
                    _ => {}
                }
            }
        }
        self.agree();
    }

    /// Both books are the same, and the kernel keeps at least what an open order takes at its worst.
    fn agree(&self) {
        let state = self.bench.kernel.state();
        for (symbol, id) in state.symbols().ids().enumerate() {
            let held = state.ledger().position(id).quantity.nanos();
            assert_eq!(self.book.account(symbol), i128::from(held));
        }
        let cash = i128::from(state.ledger().cash().nanos()) * UNIT;
        assert!((self.book.cash() - cash).abs() <= i128::from(self.executions) * UNIT);
        for order in state.live_orders().filter(|order| order.grows) {
            let worst = self.book.open[&order.number.0].value();
            let kept = i128::from(order.reserved.nanos()) * UNIT;
            assert!(kept >= worst, "{kept} is kept, {worst} at worst: {order:?}");
        }
    }
}

fn any_sharing() -> impl proptest::strategy::Strategy<Value = Sharing> {
    prop_oneof![
        Just(Sharing::Alone),
        Just(Sharing::Together),
        Just(Sharing::Apart),
        Just(Sharing::Mixed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_grows_stays_within_every_limit_at_its_worst(
        sharing in any_sharing(),
        alone in 0..FIGURES.len() + 2,
        steps in proptest::collection::vec(any_step(), 1..60),
    ) {
        // Beyond the figures, all of them hold together.
        let mut session = Session::new(sharing, (alone < FIGURES.len()).then_some(alone));
        steps.iter().for_each(|step| session.step(step));
    }
}
