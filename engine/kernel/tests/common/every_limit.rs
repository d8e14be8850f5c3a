//! Sessions in which every limit is on and as loose as it can be, so that each is compared with and
//! none is met.

use super::*;
use kernel::risk::{Expected, Limit, SizeModel, Sizing, Tighter, Window};

/// Eight symbols of three sectors, and the groups that move together.
const DESK: [&str; 8] = ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH"];
const SECTORS: [(&str, &[&str]); 3] =
    [("one", &["AAA", "BBB", "CCC"]), ("two", &["DDD", "EEE"]), ("three", &["FFF", "GGG"])];
const GROUPS: [(&str, &[&str]); 3] = [
    ("near", &["AAA", "BBB", "CCC", "DDD"]),
    ("far", &["CCC", "DDD", "EEE", "FFF"]),
    ("all", &DESK),
];

fn loosest() -> Limits {
    let mut limits = Limits::OFF;
    for limit in Limit::all() {
        let loosest = match limit.tighter {
            Tighter::Lower => limit.high,
            Tighter::Higher => limit.low,
        };
        limits.set(limit.key, loosest).unwrap();
    }
    let until = Span::from_secs(86_400);
    limits.scopes.windows = vec![Window { from: Span::ZERO, until }];
    limits
}

fn names(names: &[&str]) -> Vec<Box<str>> {
    names.iter().map(|name| Box::from(*name)).collect()
}

/// How each of the desk's strategies sizes its entries.
pub fn desk_sizing() -> [Sizing; 2] {
    let percent = |text: &str| text.parse().unwrap();
    let (risk, multiple, bars) = (percent("0.05"), percent("200"), 14);
    [
        Sizing { model: SizeModel::Atr { risk, multiple, bars }, fractional: false },
        Sizing { model: SizeModel::Volatility { yearly: percent("10"), bars }, fractional: false },
    ]
}

/// Every limit on, with lists, sectors, groups, and layers of strategies and symbols.
fn of_desk() -> Limits {
    let mut limits = loosest();
    limits.set("market_slip_percent", "2.5").unwrap();
    limits.set("stop_loss_percent", "1.5").unwrap();
    limits.long_only = true;
    for layer in ["strategies.a", "strategies.b"]
        .map(String::from)
        .into_iter()
        .chain(DESK.iter().map(|name| format!("symbols.{name}")))
    {
        for (key, value) in [
            ("max_order_notional_usd", "1000000"),
            ("max_orders_per_minute", "1000"),
            ("max_orders_per_day", "1000"),
            ("max_notional_per_day_usd", "1000000"),
        ] {
            limits.set(&format!("{layer}.{key}"), value).unwrap();
        }
    }
    let scopes = &mut limits.scopes;
    scopes.allowed = names(&DESK);
    scopes.restricted = names(&["ZZZ"]);
    scopes.sectors = SECTORS.iter().map(|(name, list)| ((*name).into(), names(list))).collect();
    scopes.correlated = GROUPS.iter().map(|(name, list)| ((*name).into(), names(list))).collect();
    scopes.sizing = desk_sizing().map(Some).to_vec();
    let [lost, won] = [-9000, 9000].map(|points| Some(BasisPoints::new(points)));
    scopes.expected = vec![Expected { reduce_below: lost, halt_below: lost, tell_above: won }];
    limits
}

impl Bench {
    /// A warm session in which every limit is on, which holds AAA and has an order open in BBB.
    pub fn under_every_limit() -> Self {
        let mut limits = loosest();
        limits.set("duplicate_window_s", "off").unwrap();
        limits.scopes.allowed = names(&["AAA", "BBB"]);
        limits.scopes.sectors = [("all".into(), names(&["AAA", "BBB"]))].into();
        limits.scopes.correlated = [("all".into(), names(&["AAA", "BBB"]))].into();
        limits.set("symbols.AAA.max_orders_per_day", "1000").unwrap();
        limits.set("strategies.scripted.max_orders_per_day", "1000").unwrap();
        let mut bench = Self::invested(limits, 100, "90000");
        bench.feed(Input::Link { link: Link::News, up: true });
        bench.bar("BBB", "50");
        for name in ["AAA", "BBB"] {
            let at = bench.kernel.state().last_price(bench.symbol(name)).unwrap();
            bench.quote(name, at, at);
        }
        let kind = OrderKind::Limit { limit: price("49") };
        bench.approve(NewOrder::new(bench.symbol("BBB"), Side::Buy, shares(10), kind));
        bench
    }

    /// A desk at work under every limit: two strategies with capital of their own, which size their
    /// entries by what they have measured; eight symbols, all held, with two orders open in each;
    /// quotes with a spread, and price bands.
    pub fn desk() -> Self {
        let capital = ["60000", "50000"].map(|usd| Some(Capital::Usd(cash(usd))));
        let mut start = start_shared(&capital, of_desk());
        start.symbols = Symbols::new(DESK).unwrap();
        let mut bench = Self::trading(start, broker("200000"));
        bench.feed(Input::Link { link: Link::News, up: true });
        for minute in 0..16 {
            bench.wait(60);
            let at = if minute % 2 == 0 { "100" } else { "100.5" };
            DESK.iter().for_each(|name| drop(bench.bar(name, at)));
        }
        for name in DESK {
            bench.quote(name, price("100.48"), price("100.52"));
            let (symbol, time) = (bench.symbol(name), bench.now);
            let (lower, upper) = (price("90"), price("110"));
            bench.feed(Input::Luld(Luld { symbol, time, lower, upper }));
        }
        for (place, name) in DESK.iter().enumerate() {
            bench.enter(place % 2, name);
        }
        bench.is_full();
        bench
    }

    /// A strategy buys at the market, and leaves two orders below it.
    fn enter(&mut self, by: usize, name: &str) {
        let limit = |text| OrderKind::Limit { limit: price(text) };
        for kind in [OrderKind::Market, limit("99"), limit("98")] {
            let order = NewOrder::new(self.symbol(name), Side::Buy, shares(1), kind);
            self.scripts[by].0.lock().unwrap().push(Intent::Submit(order));
            let events = self.bar(name, "100.5");
            let approved = events.iter().find_map(|event| match event {
                Event::OrderApproved(order) => Some((order.number.0, order.quantity)),
                _ => None,
            });
            let (number, quantity) = approved.unwrap_or_else(|| panic!("{events:?}"));
            if kind == OrderKind::Market {
                self.fill(number, &format!("x-{number}"), quantity.nanos() / SCALE, "100.5");
            }
        }
    }

    fn quote(&mut self, name: &str, bid: Price, ask: Price) {
        let (symbol, time, size) = (self.symbol(name), self.now, shares(1));
        let quote = Quote { symbol, time, bid, bid_size: size, ask, ask_size: size };
        self.feed(Input::Market(MarketData::Quote(quote)));
    }

    /// Nothing is off and nothing is empty.
    fn is_full(&self) {
        let state = self.kernel.state();
        let limits = state.limits();
        let off: Vec<&str> =
            Limit::all().filter(|it| it.get(limits).is_none()).map(|it| it.key).collect();
        assert_eq!(off, [""; 0], "these are off");
        let scopes = &limits.scopes;
        assert!(limits.long_only && !scopes.windows.is_empty() && !scopes.restricted.is_empty());
        assert!(!scopes.expected.is_empty() && scopes.capital.iter().all(Option::is_some));
        assert_eq!(state.live_orders().count(), 2 * DESK.len());
        assert!(state.ledger().positions().iter().all(|held| held.quantity.is_positive()));
    }
}
