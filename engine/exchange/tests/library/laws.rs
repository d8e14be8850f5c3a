//! Laws that hold for every session: any orders, any bars, any fill model.

use crate::support::*;
use exchange::check::SessionRecord;
use exchange::{
    Exchange, ExchangeConfig, OrderRequest, OrderRow, Replacement, Update, UpdateEvent,
};
use kernel::{
    Bar, BasisPoints, Cash, Leg, MarketData, OrderClass, OrderKind, OrderSize, Percent, Price,
    Quantity, SCALE, Side, Span, StopLoss, SymbolId, TimeInForce, Timestamp, Trail, Volume,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One thing that happens to the exchange. Numbers are reduced to what exists when it happens.
#[derive(Debug, Clone)]
enum Step {
    Submit(OrderRequest),
    Cancel(usize),
    Replace(usize, Replacement),
    Bars([[i64; 4]; 2], u64),
    Advance(i64),
}

fn symbol() -> impl Strategy<Value = SymbolId> {
    prop_oneof![Just(spy()), Just(ford())]
}

/// Prices between 8 and 12 USD, in cents, so that orders meet the market often.
fn cents() -> impl Strategy<Value = i64> {
    800_i64..1_200
}

fn usd(cents: i64) -> Price {
    Price::from_nanos(cents * (SCALE / 100))
}

fn kind() -> impl Strategy<Value = OrderKind> {
    let two = (cents(), cents());
    prop_oneof![
        Just(OrderKind::Market),
        cents().prop_map(|at| OrderKind::Limit { limit: usd(at) }),
        cents().prop_map(|at| OrderKind::Stop { stop: usd(at) }),
        two.prop_map(|(stop, limit)| OrderKind::StopLimit { stop: usd(stop), limit: usd(limit) }),
        (1_i64..200).prop_map(|by| OrderKind::TrailingStop { trail: Trail::Price(usd(by)) }),
        (1_i64..200).prop_map(|tenths| OrderKind::TrailingStop {
            trail: Trail::Percent(Percent::from_nanos(tenths * (SCALE / 10))),
        }),
    ]
}

fn size() -> impl Strategy<Value = OrderSize> {
    prop_oneof![
        6 => (1_i64..400).prop_map(|qty| OrderSize::Shares(shares(qty))),
        1 => (1_i64..400 * SCALE).prop_map(|nanos| OrderSize::Shares(Quantity::from_nanos(nanos))),
        1 => (100_i64..400_000).prop_map(|cents| {
            OrderSize::Notional(Cash::from_nanos(cents * (SCALE / 100)))
        }),
    ]
}

fn class() -> impl Strategy<Value = OrderClass> {
    let stop_loss = || {
        (cents(), prop::option::of(cents()))
            .prop_map(|(stop, limit)| StopLoss { stop: usd(stop), limit: limit.map(usd) })
    };
    prop_oneof![
        4 => Just(OrderClass::Simple),
        2 => (cents(), stop_loss()).prop_map(|(profit, stop_loss)| OrderClass::Bracket {
            take_profit: usd(profit),
            stop_loss,
        }),
        1 => stop_loss().prop_map(|stop_loss| OrderClass::Oco { stop_loss }),
        1 => stop_loss().prop_map(|stop| OrderClass::Oto { leg: Leg::StopLoss(stop) }),
        1 => cents().prop_map(|at| OrderClass::Oto { leg: Leg::TakeProfit { limit: usd(at) } }),
    ]
}

fn request() -> impl Strategy<Value = OrderRequest> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let rare = prop::sample::select(TimeInForce::ALL.to_vec());
    let time_in_force =
        prop_oneof![3 => Just(TimeInForce::Day), 1 => Just(TimeInForce::Gtc), 2 => rare];
    (symbol(), side, size(), kind(), time_in_force, any::<bool>(), class()).prop_map(
        |(symbol, side, size, kind, time_in_force, extended_hours, class)| OrderRequest {
            time_in_force,
            extended_hours: extended_hours && matches!(kind, OrderKind::Limit { .. }),
            class,
            ..OrderRequest::new(symbol, side, size, kind)
        },
    )
}

fn replacement() -> impl Strategy<Value = Replacement> {
    (prop::option::of(1_i64..400), prop::option::of(cents())).prop_map(|(qty, limit)| Replacement {
        qty: qty.map(shares),
        limit_price: limit.map(usd),
        ..Replacement::default()
    })
}

fn step() -> impl Strategy<Value = Step> {
    let prices = || prop::array::uniform4(cents());
    prop_oneof![
        4 => request().prop_map(Step::Submit),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => (any::<usize>(), replacement()).prop_map(|(of, change)| Step::Replace(of, change)),
        6 => ([prices(), prices()], 0_u64..500).prop_map(|(prices, size)| Step::Bars(prices, size)),
        1 => (0_i64..600).prop_map(Step::Advance),
    ]
}

fn config() -> impl Strategy<Value = ExchangeConfig> {
    let share = prop::option::of(100_i32..=10_000);
    let latency = prop_oneof![Just(0_i64), Just(30), Just(60), Just(90)];
    let slippage = prop_oneof![3 => Just(0), 1 => 1..200];
    let multiplier = prop_oneof![Just(1_u8), Just(2), Just(4)];
    (any::<u64>(), share, latency, slippage, multiplier, 0_u8..=40, any::<bool>()).prop_map(
        |(seed, share, latency, slippage, multiplier, partial, regulatory)| {
            let mut config = ExchangeConfig { seed, ..ExchangeConfig::default() };
            config.account.multiplier = multiplier;
            config.fills.participation = share.map(BasisPoints::new);
            config.fills.latency = Span::from_secs(latency);
            config.fills.slippage = BasisPoints::new(slippage);
            config.fills.random_partial_percent = partial;
            config.fees.regulatory = regulatory;
            config.fees.commission.per_share = Cash::from_nanos(SCALE / 1_000);
            config
        },
    )
}

fn bar_from(symbol: SymbolId, open_time: Timestamp, cents: [i64; 4], size: u64) -> Bar {
    let [open, close, one, other] = cents.map(usd);
    let high = open.max(close).max(one).max(other);
    let low = open.min(close).min(one).min(other);
    let volume = Volume::from_nanos(u128::from(size) * SCALE as u128);
    Bar { symbol, open_time, length: MINUTE, open, high, low, close, volume }
}

/// A session that watches the exchange while it runs.
struct Session {
    exchange: Exchange,
    updates: Vec<Update>,
    held: BTreeMap<SymbolId, Quantity>,
}

impl Session {
    fn run(config: ExchangeConfig, steps: &[Step]) -> Self {
        let mut exchange = open_exchange(config);
        exchange.observe(&[bar_of(spy(), minute(3, -1), ["10"; 4], 1)]);
        let mut session = Self { exchange, updates: Vec::new(), held: BTreeMap::new() };
        for step in steps {
            session.take(step);
        }
        session
    }

    fn take(&mut self, step: &Step) {
        let id_of = |exchange: &Exchange, number: usize| {
            let count = exchange.orders().len();
            exchange.orders().nth(number % count.max(1)).map(|order| order.id)
        };
        let mut bars = Vec::new();
        match step {
            Step::Submit(request) => drop(self.exchange.submit(request.clone())),
            Step::Cancel(number) => {
                if let Some(id) = id_of(&self.exchange, *number) {
                    drop(self.exchange.cancel(id));
                }
            }
            Step::Replace(number, change) => {
                if let Some(id) = id_of(&self.exchange, *number) {
                    drop(self.exchange.replace(id, change.clone()));
                }
            }
            Step::Bars(prices, size) => {
                let now = self.exchange.now();
                let [first, second] = *prices;
                bars.push(bar_from(spy(), now, first, *size));
                bars.push(bar_from(ford(), now, second, *size));
                let data: Vec<_> = bars.iter().copied().map(MarketData::Bar).collect();
                self.exchange.step(&data);
            }
            Step::Advance(minutes) => {
                let to = self.exchange.now().plus(Span::from_secs(minutes * 60));
                self.exchange.advance(to);
            }
        }
        self.watch(&bars);
    }

    /// What must hold of everything that one step has brought.
    fn watch(&mut self, bars: &[Bar]) {
        let latency = self.exchange.config().fills.latency;
        let slips = self.exchange.config().fills.slippage != BasisPoints::new(0);
        for update in self.exchange.drain_updates() {
            let order = &update.order;
            if let Some(fill) = &update.execution {
                // Legs are with the venue already, and so is what replaces a held one.
                let arrived = update.time >= order.submitted_at.plus(latency);
                assert!(arrived || order.parent.is_some(), "after it arrived");
                if order.time_in_force != TimeInForce::Cls {
                    let bar = bars.iter().find(|bar| bar.symbol == order.symbol);
                    let bar = bar.expect("only bars fill, but for the auction at the close");
                    let inside = bar.low <= fill.price && fill.price <= bar.high;
                    assert!(slips || inside, "in the bar");
                    assert!(bar.open_time <= update.time && update.time < bar.end_time());
                }
                self.follow(&update, fill.qty);
            }
            if let Some(last) = self.updates.last() {
                assert!(last.time <= update.time, "updates are in order of time");
            }
            self.updates.push(update);
        }
        let account = self.exchange.account();
        let equity = account.cash.nanos()
            + account.long_market_value.nanos()
            + account.short_market_value.nanos();
        assert_eq!(account.equity.nanos(), equity);
        for position in self.exchange.positions() {
            let (free, all) = (position.qty_available.abs(), position.qty.abs());
            assert!(free <= all, "no more is available than is held");
        }
    }

    /// Positions move by fills alone, and none crosses zero.
    fn follow(&mut self, update: &Update, qty: Quantity) {
        let held = self.held.entry(update.order.symbol).or_default();
        let after = held.checked_add(update.order.side.signed(qty)).unwrap();
        assert_eq!(update.position_qty, after);
        assert!(held.nanos().signum() * after.nanos().signum() >= 0, "crosses zero");
        *held = after;
    }

    /// What must hold of the whole.
    fn judge(&self) {
        let findings = SessionRecord::of(&self.exchange).findings();
        assert!(findings.is_empty(), "{findings:#?}");
        let mut last: BTreeMap<exchange::OrderId, &Update> = BTreeMap::new();
        for update in &self.updates {
            if let Some(before) = last.insert(update.order.id, update) {
                let ended = before.order.status.is_final();
                let late = [UpdateEvent::CancelRejected, UpdateEvent::ReplaceRejected];
                assert!(!ended || late.contains(&update.event), "nothing follows an end");
            }
        }
        for order in self.exchange.orders() {
            match last.get(&order.id) {
                Some(update) => {
                    // How far a trailing stop has got is not told, and that a leg was replaced is
                    // told of the leg alone.
                    let (trailed, legs, parent) = (order.trailed, order.legs, order.parent);
                    let told = OrderRow { trailed, legs, parent, ..update.order.clone() };
                    assert_eq!(&told, order, "updates tell the whole state");
                }
                None => assert!(order.replaces.is_some(), "a replacement on its way is not told"),
            }
        }
        let told = self.updates.iter().filter_map(|update| update.execution.as_ref());
        let told: Vec<_> = told.map(|fill| fill.id).collect();
        let booked = self.exchange.activities().iter().map(exchange::Activity::number);
        let booked: Vec<_> = booked.collect();
        assert!(told.iter().all(|id| booked.contains(id)), "each execution is an activity");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 192,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_session_is_sound(config in config(), steps in prop::collection::vec(step(), 1..120)) {
        Session::run(config, &steps).judge();
    }

    /// Conformance 150.
    #[test]
    fn the_same_calls_give_the_same_session(
        config in config(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let (one, two) = (Session::run(config.clone(), &steps), Session::run(config, &steps));
        prop_assert_eq!(&one.updates, &two.updates);
        prop_assert_eq!(one.exchange.activities(), two.exchange.activities());
        prop_assert_eq!(one.exchange.account(), two.exchange.account());
        prop_assert!(one.exchange.orders().eq(two.exchange.orders()));
    }

    #[test]
    fn texts_never_panic_and_are_read_or_refused(
        texts in prop::array::uniform8(prop::option::of("[-0-9.e+a-z_]{0,12}")),
    ) {
        let [symbol, qty, notional, side, kind, time_in_force, limit_price, stop_price] = texts;
        let mut exchange = open_exchange(free());
        let raw = exchange::RawOrder {
            symbol: symbol.or(Some("SPY".into())),
            side: side.or(Some("buy".into())),
            kind: kind.or(Some("market".into())),
            time_in_force: time_in_force.or(Some("day".into())),
            qty, notional, limit_price, stop_price,
            ..exchange::RawOrder::default()
        };
        if let Ok(request) = exchange.read_order(&raw) {
            drop(exchange.submit(request));
            exchange.step(&[bar(0, ["100", "101", "99", "100"])]);
            assert_sound(&exchange);
        }
    }

    /// Whatever numbers a typed order and a bar hold, nothing overflows.
    #[test]
    fn extreme_numbers_never_panic(
        qty in any::<i64>(), limit in any::<i64>(), stop in any::<i64>(),
        prices in prop::array::uniform4(1..i64::MAX), volume in any::<u128>(),
        side in prop_oneof![Just(Side::Buy), Just(Side::Sell)],
    ) {
        let mut config = ExchangeConfig { starting_cash: Cash::MAX, ..ExchangeConfig::default() };
        config.fills.participation = Some(BasisPoints::new(10_000));
        config.fills.slippage = BasisPoints::new(500);
        let mut exchange = open_exchange(config);
        let [open, close, one, other] = prices.map(Price::from_nanos);
        let bar = Bar {
            symbol: spy(), open_time: minute(3, 0), length: MINUTE, open, close,
            high: open.max(close).max(one).max(other), low: open.min(close).min(one).min(other),
            volume: Volume::from_nanos(volume),
        };
        let kind = OrderKind::StopLimit {
            stop: Price::from_nanos(stop), limit: Price::from_nanos(limit),
        };
        for (kind, qty) in [(kind, qty), (OrderKind::Market, qty / SCALE * SCALE)] {
            let request = OrderRequest::new(spy(), side, Quantity::from_nanos(qty), kind);
            drop(exchange.submit(request));
        }
        exchange.step(&[MarketData::Bar(bar)]);
        exchange.advance(minute(4, 0));
        exchange.account();
        exchange.positions();
    }
}
