//! The markets in which messages are met: each has those that the others have not.

use crate::support::{exchange_with, generated, shares};
use exchange::AssetRules;
use exchange::server::{FaultScript, Point, Running, ServerConfig, Speed};
use kernel::{
    Intents, MarketData, NewOrder, OrderClass, OrderKind, Price, Quantity, Quote, Rounding, Side,
    Span, StopLoss, Strategy, TimeInForce, Trade, View,
};
use marketdata::{Feed, NewsItem};
use std::path::Path;
use std::time::Duration;

/// A market, what happens at its venue, and who trades there.
#[derive(Clone, Copy)]
pub struct World {
    feed: fn() -> Feed,
    /// How fast it is replayed to a session.
    pub pace: Speed,
    /// Steps that whoever records its messages takes.
    pub steps: usize,
    /// What happens at the venue, as a fault script.
    venue: &'static str,
    /// Who trades.
    pub script: fn(&MarketData, &View<'_>, &mut Intents),
    /// Whether there are quotes and trades.
    pub ticks: bool,
    /// Whether the books are compared with the exchange's at each step.
    compares: bool,
    /// Steps that were taken before the session begins, and bars of them that its strategy has seen.
    pub before: usize,
    /// What the exchange's rules are beside the ordinary ones.
    rules: fn(&mut ServerConfig),
    /// Whether it refuses so much that its messages are recorded in an ordinary half hour.
    pub refuses: bool,
    /// Under which rules the books must follow the broker's without a reason that the exchange's
    /// record has: what was missed can never be read, or a position has another name.
    pub follows: fn(&str) -> bool,
    /// Whether news keep entries away.
    pub news: bool,
    /// Which fields of which messages are tried there.
    pub tries: fn(Point, &str) -> bool,
}

/// Minutes of data of each session.
const MINUTES: usize = 24;

/// An ordinary half hour.
pub const MINUTES_OF_BARS: World = World {
    feed: || generated(&["SPY"], MINUTES),
    pace: Speed::Max,
    steps: 6,
    venue: "",
    script: by_turns,
    ticks: false,
    compares: false,
    before: 0,
    rules: |_| {},
    refuses: false,
    follows: |_| false,
    news: false,
    tries: |point, path| {
        let is_elsewhere = TICKS_HAVE.contains(&point)
            || NIGHT_HAS.contains(&point)
            || ERRORS.contains(&point)
            || matches!(point, Point::Request | Point::History | Point::News);
        !is_elsewhere && !path.contains("legs")
    },
};

/// Errors, which an ordinary half hour has none of.
const ERRORS: [Point; 2] = [Point::Refusal, Point::StreamError];

/// The same with errors of every kind: an order for parts of a share in an asset that has none, though
/// the exchange calls it divisible; one that is told to come again though it was taken; one that is
/// lost, so that it is asked for and not there; and a cancel that comes too late.
pub const REFUSING: World = World {
    venue: "[[fault]]\non='assets'\ninject='set'\nfield='fractionable'\nvalue=true\ntimes='all'\n\
            [[fault]]\non='submit'\nnth=3\ninject='answer'\nstatus=429\ncarried_out=true\n\
            [[fault]]\non='submit'\nnth=6\ninject='answer'\nstatus=500\n\
            [[fault]]\non='cancel'\ninject='fill'\n",
    script: by_turns_and_parts,
    rules: |config| {
        let rules = AssetRules { fractionable: false, ..AssetRules::default() };
        config.exchange.assets.insert("SPY".into(), rules);
    },
    refuses: true,
    tries: |point, _| point == Point::Refusal,
    ..MINUTES_OF_BARS
};

/// The same with errors of the market data stream: as it is set up, later, and at its end.
pub const STREAM_REFUSING: World = World {
    venue: "[[fault]]\non='authenticated'\ninject='error'\ncode=406\n\
            [[fault]]\non='bar'\nstep=4\ninject='error'\ncode=403\n\
            [[fault]]\non='bar'\nstep=8\ninject='error'\ncode=407\n",
    refuses: true,
    tries: |point, _| point == Point::StreamError,
    ..MINUTES_OF_BARS
};

/// Keys that the order stream does not take.
pub const UNAUTHORISED: World = World {
    venue: "[[fault]]\non='authorization'\ninject='set'\nfield='data.status'\nvalue='unauthorized'\ntimes='all'\n",
    refuses: true,
    tries: |point, _| point == Point::Authorization,
    ..MINUTES_OF_BARS
};

/// What only a market with quotes and trades tells.
const TICKS_HAVE: [Point; 6] = [
    Point::Quote,
    Point::Trade,
    Point::UpdatedBar,
    Point::Correction,
    Point::CancelError,
    Point::Luld,
];

/// What is read again and again where the books are compared.
const NIGHT_HAS: [Point; 4] =
    [Point::Positions, Point::ListOrders, Point::ReadOrder, Point::Activities];

/// The same with quotes and trades, some of which are put right, and with price bands.
pub const TICKS: World = World {
    feed: ticking,
    steps: 12,
    venue: "[[fault]]\non='bar'\ninject='update_bar'\nbps=1\nnth=2\nevery=3\ntimes='all'\n\
            [[fault]]\non='trade'\ninject='correct'\nbps=5\nnth=2\nevery=3\ntimes='all'\n\
            [[fault]]\non='trade'\ninject='cancel_error'\nbps=5\nnth=3\nevery=3\ntimes='all'\n\
            [[fault]]\non='step'\nstep=4\ninject='luld'\nsymbol='SPY'\nbps=300\nsteps=2\n",
    ticks: true,
    tries: |point, _| TICKS_HAVE.contains(&point),
    ..MINUTES_OF_BARS
};

/// A market that has been open for some minutes, and a strategy that wants to have seen them.
pub const BEGUN: World =
    World { before: 6, tries: |point, _| point == Point::History, ..MINUTES_OF_BARS };

/// The same with quotes and trades, and a stream that is away for some minutes: what it has missed is read.
/// In lock step nothing is missed.
pub const GAP: World = World {
    pace: Speed::Times(200.0),
    venue: "[[fault]]\non='bar'\nnth=6\ninject='drop'\nsteps=9\n",
    tries: |point, path| {
        let is_listed = path.starts_with("trades") || path == "next_page_token";
        point == Point::History && is_listed
    },
    ..TICKS
};

/// The same with news, which come over a stream and are read beside it.
pub const IN_THE_NEWS: World = World {
    venue: "[[fault]]\non='step'\nstep=2\ninject='news'\nsymbol='SPY'\n\
            [[fault]]\non='step'\nstep=9\ninject='news'\nsymbol='SPY'\n",
    rules: |config| {
        let time = "2026-01-05T14:29:00Z".parse().unwrap();
        let (symbol, headline) = ("SPY".into(), "Before the open".into());
        config.news = vec![NewsItem { time, symbol, headline }];
    },
    news: true,
    tries: |point, path| {
        let is_listed = path.starts_with("news") || path == "next_page_token";
        point == Point::News || (point == Point::History && is_listed)
    },
    ..MINUTES_OF_BARS
};

/// The end of a day and the beginning of the next: fees are posted, cash comes, shares are split,
/// and a bracket's legs stand over night.
pub const OVER_NIGHT: World = World {
    feed: over_night,
    pace: Speed::Max,
    steps: 2 * MINUTES / 2 - 2,
    // An execution that nobody tells of is read.
    venue: "[[fault]]\non='update'\nevent='fill'\nnth=2\ninject='missing'\n\
            [[fault]]\non='step'\nstep=4\ninject='move_cash'\nkind='deposit'\nusd=1000\n\
            [[fault]]\non='step'\nstep=1\ninject='split'\nsymbol='SPY'\nnew=2\nold=1\ndate='2026-01-06'\n",
    script: guarded,
    ticks: false,
    // What is not understood over night is found by comparing.
    compares: true,
    before: 0,
    rules: |_| {},
    refuses: false,
    news: false,
    follows: |rule| ["read_order id", "read_order status", "read_order filled_qty"].contains(&rule),
    tries: |point, path| match point {
        Point::Request => path.starts_with("corporate_actions"),
        Point::Submit | Point::Update => path.contains("legs"),
        // Legs come with the list of what is open.
        Point::ReadOrder => !path.starts_with("legs."),
        point => NIGHT_HAS.contains(&point),
    },
};

/// The same night with a reverse split.
pub const REVERSED: World = World {
    venue: "[[fault]]\non='step'\nstep=1\ninject='split'\nsymbol='SPY'\nnew=1\nold=2\ndate='2026-01-06'\n",
    follows: |_| false,
    tries: |point, path| {
        point == Point::Request && path.starts_with("corporate_actions.reverse_splits")
    },
    ..OVER_NIGHT
};

/// The same night with a new name.
pub const RENAMED: World = World {
    venue: "[[fault]]\non='step'\nstep=1\ninject='rename'\nsymbol='SPY'\nto='SPX'\ndate='2026-01-06'\n",
    // The exchange's record knows its symbols by their places alone.
    follows: |_| true,
    tries: |point, path| {
        point == Point::Request && path.starts_with("corporate_actions.name_changes")
    },
    ..OVER_NIGHT
};

impl World {
    /// The same in lock step.
    pub fn in_lock_step(self) -> Self {
        Self { pace: Speed::Max, ..self }
    }

    /// Its exchange, with a rule more.
    pub async fn exchange(&self, rule: &str) -> Running {
        let faults = FaultScript::parse(&format!("{}{rule}", self.venue)).unwrap();
        exchange_with((self.feed)(), self.pace, |config| {
            config.faults = faults;
            (self.rules)(config);
        })
        .await
    }

    /// A session there.
    pub fn plan(&self, dir: &Path, exchange: &Running) -> crate::support::Plan {
        let mut plan = crate::support::Plan::scripted(dir, exchange, &["SPY"], self.script);
        plan.strategies = vec![Box::new(Seasoned { script: self.script, bars: self.before })];
        plan.config.fees = marketdata::fee_rates();
        // At a pace an answer that comes late says nothing of fields.
        let is_paced = self.pace != Speed::Max;
        let answer = if is_paced { Duration::from_secs(10) } else { Duration::from_millis(500) };
        plan.config.timing.answer = answer;
        plan.config.timing.settle = answer * 4;
        plan.config.timing.stream.answer = answer;
        plan.config.timing.compare_each_step = self.compares;
        plan.config.channels.quotes = self.ticks;
        plan.config.channels.trades = self.ticks;
        plan.config.limits.news_blackout = self.news.then_some(Span::from_secs(120));
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

/// A script that wants to have seen some bars.
struct Seasoned {
    script: fn(&MarketData, &View<'_>, &mut Intents),
    bars: usize,
}

impl Strategy for Seasoned {
    fn observe(&mut self, _: &MarketData) {}

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        (self.script)(data, view, intents);
    }

    fn warmup_bars(&self) -> usize {
        self.bars
    }

    fn reset(&mut self) {}

    fn rebase(&mut self, _: kernel::SymbolId, _: kernel::Ratio) {}
}

/// Rests an entry, moves it and takes it back; buys, protects, moves that, takes it away, and sells.
fn by_turns(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let MarketData::Bar(_) = data else { return };
    let symbol = data.symbol();
    let held = view.position(symbol).quantity;
    let below = |points| {
        let shifted = data.price().shifted(kernel::BasisPoints::new(points), Rounding::Down);
        shifted.unwrap().to_tick(Rounding::Down)
    };
    let minute = data.time().nanos() / 60_000_000_000 % 8;
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
        (5, Some(order)) if matches!(order.kind, OrderKind::Stop { .. }) => {
            intents.push(kernel::Intent::Replace {
                order: order.number,
                quantity: order.quantity,
                kind: OrderKind::Stop { stop: below(-350) },
            });
        }
        (2 | 6, Some(order)) if !order.cancel_requested => intents.cancel(order.number),
        (3, None) if held.is_zero() => intents.market(symbol, Side::Buy, shares(4)),
        (4, None) if held.is_positive() => {
            intents.submit(symbol, Side::Sell, held, OrderKind::Stop { stop: below(-300) });
        }
        (0 | 7, None) if held.is_positive() => intents.market(symbol, Side::Sell, held),
        _ => {}
    }
}

/// By turns, with an order for a part of a share now and then.
fn by_turns_and_parts(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    let minute = data.time().nanos() / 60_000_000_000 % 8;
    if minute == 3 && !view.has_open_order(symbol) {
        let part = Quantity::from_nanos(1_500_000_000);
        intents.market(symbol, Side::Buy, part);
    }
    by_turns(data, view, intents);
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
