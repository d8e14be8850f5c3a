//! The script of the crash matrix: one order of a chosen kind from its first to its last step,
//! while a bracket and a stop stand in two other symbols.
//!
//! A script is a row of steps. Where it stands follows from the orders of the account alone, and
//! each step is taken until it has happened: so it goes on after a restart where it was, takes up
//! an order again that never reached the broker, and asks for nothing twice. Its prices are
//! absolute, for data that are made for it.

use crate::{Entry, Mistake, ParamSpec, Params};
use kernel::{
    Cash, Intents, Leg, MarketData, NewOrder, Order, OrderClass, OrderKind, OrderSize, OrderStatus,
    Percent, Price, Quantity, Ratio, SCALE, Side, StopLoss, Strategy, SymbolId, Symbols,
    TimeInForce, Trail, View,
};

/// Every kind of order that has a script.
const KINDS: [&str; 20] = [
    "market",
    "limit",
    "stop",
    "stop-limit",
    "trail-price",
    "trail-percent",
    "bracket",
    "oco",
    "oto",
    "opg",
    "cls",
    "ioc",
    "fok",
    "notional",
    "fractional",
    "extended",
    "short",
    "replace",
    "cancel",
    "operated",
];

pub(crate) const ENTRY: Entry = Entry {
    name: "every-kind",
    summary: "The script of the crash matrix: not for trading.",
    params: &[ParamSpec::choice("kind", "market", &KINDS, "The kind of order.")],
    build,
};

/// One step of a script.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// This order is sent.
    Send(NewOrder),
    /// This order is sent once so many shares are held.
    SendWhenHeld(NewOrder),
    /// The working order of so many shares gets another size and other prices.
    Replace { shares: Quantity, with: Quantity, kind: OrderKind },
    /// The working order of so many shares is cancelled.
    Cancel { shares: Quantity },
}

/// The steps in one symbol.
struct Script {
    steps: Vec<Step>,
    /// Whether what is still held after the last step is sold or bought back at the market.
    closes: bool,
}

/// The scripts by symbol: of the bracket, of the stop, of the chosen kind.
struct EveryKind {
    scripts: Vec<Script>,
}

fn build(params: &Params, symbols: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let kind = params.choice("kind")?;
    let script = |(place, symbol)| match place {
        0 => Script { steps: vec![around(symbol)], closes: false },
        1 => Script { steps: stopped(symbol), closes: false },
        // What stands is left to the operator.
        _ => Script { steps: steps(kind, symbol), closes: kind != "operated" },
    };
    Ok(Box::new(EveryKind { scripts: symbols.ids().enumerate().map(script).collect() }))
}

/// A bracket around ten shares bought near 50.
fn around(symbol: SymbolId) -> Step {
    let class = OrderClass::Bracket { take_profit: usd(55), stop_loss: StopLoss::at(usd(45)) };
    let entry = NewOrder::new(symbol, Side::Buy, shares(10), OrderKind::Market);
    Step::Send(entry.lasting(TimeInForce::Gtc).grouped(class))
}

/// Ten shares bought near 50, and a stop under them.
fn stopped(symbol: SymbolId) -> Vec<Step> {
    let stop = NewOrder::new(symbol, Side::Sell, shares(10), OrderKind::Stop { stop: usd(45) });
    vec![
        Step::Send(NewOrder::new(symbol, Side::Buy, shares(10), OrderKind::Market)),
        Step::SendWhenHeld(stop.lasting(TimeInForce::Gtc)),
    ]
}

/// The steps of a kind, for a price that stands at 100, falls to 94, to 92 after the close, and
/// begins the next day at 100.
fn steps(kind: &str, symbol: SymbolId) -> Vec<Step> {
    let new = |side, size: OrderSize, kind| NewOrder::new(symbol, side, size, kind);
    let buy = |kind| new(Side::Buy, shares(7).into(), kind);
    let market = buy(OrderKind::Market);
    let at = |limit| buy(OrderKind::Limit { limit: usd(limit) });
    let exit = |kind| {
        let order = new(Side::Sell, shares(7).into(), kind).lasting(TimeInForce::Gtc);
        vec![Step::Send(market), Step::SendWhenHeld(order)]
    };
    let stop_loss = StopLoss::at(usd(95));
    let grouped = |class| vec![Step::Send(market.lasting(TimeInForce::Gtc).grouped(class))];
    match kind {
        "limit" => vec![Step::Send(at(97))],
        "stop" | "operated" => exit(OrderKind::Stop { stop: usd(95) }),
        "stop-limit" => exit(OrderKind::StopLimit { stop: usd(95), limit: usd(93) }),
        "trail-price" => exit(OrderKind::TrailingStop { trail: Trail::Price(usd(3)) }),
        "trail-percent" => exit(OrderKind::TrailingStop { trail: Trail::Percent(percent(3)) }),
        "bracket" => grouped(OrderClass::Bracket { take_profit: usd(110), stop_loss }),
        "oto" => grouped(OrderClass::Oto { leg: Leg::StopLoss(stop_loss) }),
        "oco" => {
            let profit = new(Side::Sell, shares(7).into(), OrderKind::Limit { limit: usd(110) });
            let profit = profit.lasting(TimeInForce::Gtc);
            let both = profit.grouped(OrderClass::Oco { stop_loss });
            vec![Step::Send(market), Step::SendWhenHeld(both)]
        }
        "opg" => vec![Step::Send(market.lasting(TimeInForce::Opg))],
        "cls" => vec![Step::Send(market.lasting(TimeInForce::Cls))],
        "ioc" => at_once(TimeInForce::Ioc, at(101), at(96)),
        "fok" => at_once(TimeInForce::Fok, at(101), at(96)),
        "notional" => {
            let usd = OrderSize::Notional(Cash::from_nanos(710 * SCALE));
            vec![Step::Send(new(Side::Buy, usd, OrderKind::Market))]
        }
        "fractional" => {
            let parts = Quantity::from_nanos(7 * SCALE / 2);
            vec![Step::Send(new(Side::Buy, parts.into(), OrderKind::Market))]
        }
        "extended" => vec![Step::Send(at(93).in_extended_hours())],
        "short" => vec![Step::Send(new(Side::Sell, shares(7).into(), OrderKind::Market))],
        "replace" => replaced_twice(at(95)),
        "cancel" => vec![Step::Send(at(96)), Step::Cancel { shares: shares(7) }],
        _ => vec![Step::Send(market)],
    }
}

/// An order that fills at once, and one that does not and ends.
fn at_once(time_in_force: TimeInForce, fills: NewOrder, misses: NewOrder) -> Vec<Step> {
    let misses = NewOrder { size: shares(8).into(), ..misses };
    vec![
        Step::Send(fills.lasting(time_in_force)),
        Step::SendWhenHeld(misses.lasting(time_in_force)),
    ]
}

/// An order of seven shares, one of eight in its place, one of nine in that one's, and its end.
fn replaced_twice(first: NewOrder) -> Vec<Step> {
    let limit = |limit| OrderKind::Limit { limit: usd(limit) };
    vec![
        Step::Send(first),
        Step::Replace { shares: shares(7), with: shares(8), kind: limit(96) },
        Step::Replace { shares: shares(8), with: shares(9), kind: limit(97) },
        Step::Cancel { shares: shares(9) },
    ]
}

impl Strategy for EveryKind {
    fn observe(&mut self, _: &MarketData) {}

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let symbol = data.symbol();
        let Some(script) = self.scripts.get(symbol.index()) else { return };
        let orders: Vec<&Order> = view.orders(symbol).filter(|order| reached(order)).collect();
        let held = view.position(symbol).quantity;
        if let Some(step) = script.steps.iter().find(|step| !step.is_done(&orders)) {
            step.take(&orders, held, intents);
        } else if script.closes && !held.is_zero() && !view.has_open_order(symbol) {
            let side = if held.is_positive() { Side::Sell } else { Side::Buy };
            intents.market(symbol, side, held.abs());
        }
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn reset(&mut self) {}

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}
}

impl Step {
    /// Whether it has happened, or is on its way.
    fn is_done(&self, orders: &[&Order]) -> bool {
        match self {
            Step::Send(wanted) | Step::SendWhenHeld(wanted) => orders.iter().any(|order| {
                order.side == wanted.side && order.size == wanted.size && order.kind == wanted.kind
            }),
            Step::Replace { with, .. } => orders.iter().any(|order| order.quantity == *with),
            Step::Cancel { shares } => {
                let mut cancelled = orders.iter().filter(|order| order.quantity == *shares);
                cancelled.any(|order| order.status.is_final())
            }
        }
    }

    /// Asks for it, when the orders before it stand so that it can be.
    fn take(&self, orders: &[&Order], held: Quantity, intents: &mut Intents) {
        match *self {
            Step::Send(wanted) => intents.order(wanted),
            Step::SendWhenHeld(_) if held.is_zero() => {}
            Step::SendWhenHeld(wanted) => intents.order(wanted),
            Step::Replace { shares, with, kind } => {
                if let Some(order) = working(orders, shares) {
                    intents.replace(order.number, with, kind);
                }
            }
            Step::Cancel { shares } => {
                if let Some(order) = working(orders, shares) {
                    intents.cancel(order.number);
                }
            }
        }
    }
}

/// Whether an order of the script's own reached the broker, or may have.
fn reached(order: &Order) -> bool {
    let failed = matches!(order.status, OrderStatus::NotReceived | OrderStatus::Rejected);
    !failed && order.parent.is_none()
}

/// The order of so many shares that the broker has and nothing is asked of.
fn working<'a>(orders: &[&'a Order], shares: Quantity) -> Option<&'a Order> {
    let works = |order: &&&Order| {
        let taken = matches!(order.status, OrderStatus::New | OrderStatus::Accepted);
        order.quantity == shares && taken && !order.cancel_requested
    };
    orders.iter().find(works).copied()
}

fn shares(whole: i64) -> Quantity {
    Quantity::from_nanos(whole * SCALE)
}

fn usd(whole: i64) -> Price {
    Price::from_nanos(whole * SCALE)
}

fn percent(whole: i64) -> Percent {
    Percent::from_nanos(whole * SCALE)
}
