//! The markets in which messages are met: each has those that the others have not.

use crate::support::{exchange_with, generated, shares};
use exchange::server::{FaultScript, Point, Running, Speed};
use kernel::{
    Intents, MarketData, NewOrder, OrderClass, OrderKind, Price, Quantity, Quote, Rounding, Side,
    Span, StopLoss, TimeInForce, Trade, View,
};
use marketdata::Feed;
use std::path::Path;

/// A market, what happens at its venue, and who trades there.
pub struct World {
    feed: fn() -> Feed,
    /// Steps that whoever records its messages takes.
    pub steps: usize,
    /// What happens at the venue, as a fault script.
    venue: &'static str,
    /// Who trades.
    pub script: fn(&MarketData, &View<'_>, &mut Intents),
    /// Whether there are quotes and trades.
    pub ticks: bool,
    /// Which fields of which messages are tried there.
    pub tries: fn(Point, &str) -> bool,
}

/// Minutes of data of each session.
const MINUTES: usize = 24;

/// An ordinary half hour.
pub const MINUTES_OF_BARS: World = World {
    feed: || generated(&["SPY"], MINUTES),
    steps: 6,
    venue: "",
    script: by_turns,
    ticks: false,
    tries: |point, path| {
        let is_elsewhere = matches!(point, Point::Quote | Point::Trade | Point::Request);
        !is_elsewhere && !path.contains("legs")
    },
};

/// The same with quotes and trades.
pub const TICKS: World = World {
    feed: ticking,
    steps: 12,
    ticks: true,
    tries: |point, _| matches!(point, Point::Quote | Point::Trade),
    ..MINUTES_OF_BARS
};

/// The end of a day and the beginning of the next: fees are posted, cash comes, shares are split,
/// and a bracket's legs stand over night.
pub const OVER_NIGHT: World = World {
    feed: over_night,
    steps: 2 * MINUTES / 2 - 2,
    venue: "[[fault]]\non='step'\nstep=4\ninject='move_cash'\nkind='deposit'\nusd=1000\n\
            [[fault]]\non='step'\nstep=1\ninject='split'\nsymbol='SPY'\nnew=2\nold=1\ndate='2026-01-06'\n",
    script: guarded,
    ticks: false,
    tries: |point, path| match point {
        Point::Activities => true,
        Point::Request => path.starts_with("corporate_actions"),
        Point::Submit | Point::ReadOrder | Point::ListOrders | Point::Update => {
            path.contains("legs")
        }
        _ => false,
    },
};

impl World {
    /// Its exchange, with a rule more.
    pub async fn exchange(&self, rule: &str) -> Running {
        let faults = FaultScript::parse(&format!("{}{rule}", self.venue)).unwrap();
        exchange_with((self.feed)(), Speed::Max, |config| config.faults = faults).await
    }

    /// A session there.
    pub fn plan(&self, dir: &Path, exchange: &Running) -> crate::support::Plan {
        let mut plan = crate::support::Plan::scripted(dir, exchange, &["SPY"], self.script);
        plan.config.fees = marketdata::fee_rates();
        // What is not understood over night is found by comparing.
        plan.config.timing.compare_each_step = !self.venue.is_empty();
        plan.config.channels.quotes = self.ticks;
        plan.config.channels.trades = self.ticks;
        plan
    }
}

fn over_night() -> Feed {
    let mut feed = generated(&["SPY"], 390 + MINUTES / 2);
    feed.data.drain(..390 - MINUTES / 2);
    feed
}

/// A quote and a trade within each minute.
fn ticking() -> Feed {
    let mut feed = generated(&["SPY"], MINUTES);
    let size = Quantity::from_whole(100).unwrap();
    let ticks = feed.data.iter().flat_map(|data| {
        let MarketData::Bar(bar) = data else { panic!("bars alone are generated") };
        let (symbol, at) = (bar.symbol, |seconds| bar.open_time.plus(Span::from_secs(seconds)));
        let ask = Price::from_nanos(bar.open.nanos() + 10_000_000);
        let (bid, time) = (bar.open, at(20));
        let quote = Quote { symbol, time, bid, bid_size: size, ask, ask_size: size };
        let trade = Trade { symbol, time: at(40), price: bar.open, size };
        [MarketData::Quote(quote), MarketData::Trade(trade), *data]
    });
    feed.data = ticks.collect();
    feed
}

/// Buys, protects, sells, by turns. The entry that is to rest and be replaced is never reached: something is
/// held then.
fn by_turns(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let MarketData::Bar(_) = data else { return };
    let symbol = data.symbol();
    let held = view.position(symbol).quantity;
    let below = |points| {
        let shifted = data.price().shifted(kernel::BasisPoints::new(points), Rounding::Down);
        shifted.unwrap().to_tick(Rounding::Down)
    };
    let minute = data.time().nanos() / 60_000_000_000 % 6;
    let mut open = view.open_orders(symbol);
    match (minute, open.next()) {
        (0, None) if held.is_zero() => intents.limit(symbol, Side::Buy, shares(3), below(-100)),
        (1, Some(order)) if matches!(order.kind, OrderKind::Limit { .. }) => {
            intents.push(kernel::Intent::Replace {
                order: order.number,
                quantity: order.quantity,
                kind: OrderKind::Limit { limit: below(-150) },
            });
        }
        (2 | 5, Some(order)) if !order.cancel_requested => intents.cancel(order.number),
        (3, None) if held.is_zero() => intents.market(symbol, Side::Buy, shares(4)),
        (4, None) if held.is_positive() => {
            intents.submit(symbol, Side::Sell, held, OrderKind::Stop { stop: below(-300) });
        }
        (0 | 5, None) if held.is_positive() => intents.market(symbol, Side::Sell, held),
        _ => {}
    }
}

/// By turns for the first minutes, so that fees are due; then a bracket that stands.
fn guarded(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    let minute = data.time().nanos() / 60_000_000_000 % 60;
    if (48..56).contains(&minute) {
        return by_turns(data, view, intents);
    }
    if view.has_open_order(symbol) || !view.position(symbol).quantity.is_zero() {
        return;
    }
    let times = |numerator: i64| {
        Price::from_nanos(data.price().nanos() / 10 * numerator).to_tick(Rounding::Down)
    };
    let class = OrderClass::Bracket { take_profit: times(12), stop_loss: StopLoss::at(times(8)) };
    let entry = NewOrder::new(symbol, Side::Buy, shares(4), OrderKind::Market);
    intents.order(entry.lasting(TimeInForce::Gtc).grouped(class));
}
