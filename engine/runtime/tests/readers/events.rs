//! Events of every kind: one fixed sample of each, and arbitrary ones.

use kernel::risk::{Denial, Measure, SizeModel, SizedEntry};
use kernel::*;
use proptest::prelude::*;
use proptest::strategy::Strategy;

/// One sample of each kind, with nothing left out of it. The chain has no wildcard, so a new kind
/// of event does not compile until it has a sample.
pub fn samples(symbols: &Symbols) -> Vec<Event> {
    let mut all = vec![Event::SessionStarted];
    while let Some(next) = after(all.last().unwrap(), symbols) {
        all.push(next);
    }
    all
}

fn after(event: &Event, symbols: &Symbols) -> Option<Event> {
    let symbol = symbols.id("MSFT").unwrap();
    let order = OrderNumber(1);
    let cash = Cash::from_nanos(99_000_500_000_000);
    let (report, reason) = (ReportKind::Fill, IgnoreReason::DuplicateExecution);
    let held = (symbol, Quantity::from_nanos(1), Price::from_nanos(1));
    Some(match event {
        Event::SessionStarted => Event::SessionResumed,
        Event::SessionResumed => Event::OrderApproved(Box::new(sample_order(symbol))),
        Event::OrderApproved(_) => denied(symbol),
        Event::OrderDenied { .. } => Event::CancelApproved { order, origin: Origin::Operator },
        Event::CancelApproved { .. } => updated(order),
        Event::OrderUpdated { .. } => filled(order, symbol, cash),
        Event::OrderFilled { .. } => Event::ReportIgnored { order: Some(order), report, reason },
        Event::ReportIgnored { .. } => Event::OrderQueryNeeded { order, report, counted: None },
        Event::OrderQueryNeeded { .. } => fee_booked(cash),
        Event::FeeBooked { .. } => Event::FeesAccrued {
            date: 20_260_105,
            fees: vec![(FeeKind::Cat, Cash::from_nanos(35_000))],
            accrued: Cash::from_nanos(70_000),
        },
        Event::FeesAccrued { .. } => Event::AccountOpened { cash, positions: vec![held] },
        Event::AccountOpened { .. } => {
            Event::DifferenceSuspected { differences: vec![difference(symbol)] }
        }
        Event::DifferenceSuspected { .. } => Event::Reconciled { open_orders: 2 },
        Event::Reconciled { .. } => Event::DifferenceFound(difference(symbol)),
        Event::DifferenceFound(_) => Event::TradingStateChanged {
            from: TradingState::Active,
            to: TradingState::Halted,
            origin: Origin::Kernel,
            reason: "why".into(),
        },
        Event::TradingStateChanged { .. } => {
            Event::CommandTaken(Command::Halt { reason: "why".into() })
        }
        Event::CommandTaken(_) => {
            Event::SymbolStatusChanged { symbol, halted: true, reason: "T1".into() }
        }
        Event::SymbolStatusChanged { .. } => Event::LinkChanged { link: Link::Orders, up: false },
        Event::LinkChanged { .. } => Event::DayStarted { date: 20_260_105, equity: cash },
        Event::DayStarted { .. } => Event::DataRefused { symbol, reason: MarketDataError::Crossed },
        Event::DataRefused { .. } => Event::Flattened,
        Event::Flattened => Event::AlertRaised(Alert {
            severity: Severity::Critical,
            code: "code".into(),
            text: "text".into(),
        }),
        Event::AlertRaised(_) => Event::StopRequested { policy: ShutdownPolicy::CancelEntries },
        Event::StopRequested { .. } => mute(),
        Event::ChannelMute { .. } => Event::SymbolClosed { symbol },
        Event::SymbolClosed { .. }
        | Event::CashMoved { .. }
        | Event::DividendReinvested { .. }
        | Event::AccountReset { .. }
        | Event::SharesSplit { .. }
        | Event::SymbolRenamed { .. } => return after_account(event, symbol, cash),
        Event::ExitRenewed { .. }
        | Event::FlatDue { .. }
        | Event::EntrySized { .. }
        | Event::StopMet { .. }
        | Event::IntentWaits { .. }
        | Event::PredictionTaken(_)
        | Event::PredictionMissed(_)
        | Event::PredictionExpired { .. }
        | Event::PriceRevised { .. }
        | Event::CrossedInside(_)
        | Event::FlatConfirmed { .. } => return after_flat(event, symbol),
    })
}

fn fee_booked(cash: Cash) -> Event {
    let amount = Cash::from_nanos(10_000_000);
    Event::FeeBooked { id: "f".into(), kind: FeeKind::Taf, amount, cash }
}

fn mute() -> Event {
    Event::ChannelMute { channel: Channel::Bars, silent_for: Span::from_secs(90) }
}

fn after_flat(event: &Event, symbol: SymbolId) -> Option<Event> {
    let order = OrderNumber(1);
    Some(match event {
        Event::ExitRenewed { .. } => Event::FlatDue { date: 20_260_105 },
        Event::FlatDue { .. } => sized(symbol),
        Event::EntrySized { .. } => {
            let (level, price) =
                (Price::from_nanos(98_500_000_000), Price::from_nanos(98_000_000_000));
            Event::StopMet { symbol, trailing: false, level, price }
        }
        Event::StopMet { .. } => {
            let Event::OrderDenied { origin, intent, .. } = denied(symbol) else { return None };
            Event::IntentWaits { origin, symbol, intent, behind: order }
        }
        Event::IntentWaits { .. } => Event::PredictionTaken(Box::new(Prediction {
            symbol,
            model: "5b1e".into(),
            time: Timestamp::from_secs(1_767_646_800),
            trend: Trend::Up,
            confidence: Probability::from_millionths(612_500)?,
            shadow: false,
            stands_in_for: None,
            latency: Span::from_millis(2),
        })),
        Event::PredictionTaken(said) => Event::PredictionMissed(Box::new(MissedPrediction {
            symbol,
            model: said.model.clone(),
            time: said.time,
            reason: "it came too late".into(),
        })),
        Event::PredictionMissed(missed) => {
            Event::PredictionExpired { symbol, model: missed.model.clone() }
        }
        Event::PredictionExpired { .. } => {
            Event::PriceRevised { symbol, was: Price::from_nanos(98_000_000_000), is: None }
        }
        Event::PriceRevised { .. } => {
            Event::FlatConfirmed { foreign_orders: 1, foreign_positions: 2 }
        }
        Event::FlatConfirmed { .. } => Event::CrossedInside(Crossing {
            symbol,
            from: Owner::Strategy(StrategyId(0)),
            to: Owner::House,
            quantity: Quantity::from_nanos(20_000_000_000),
            price: Price::from_nanos(99_950_000_000),
        }),
        _ => return None,
    })
}

fn after_account(event: &Event, symbol: SymbolId, cash: Cash) -> Option<Event> {
    let held = (symbol, Quantity::from_nanos(1), Price::from_nanos(1));
    let order = OrderNumber(1);
    Some(match event {
        Event::SymbolClosed { .. } => Event::CashMoved {
            id: "c".into(),
            kind: MovementKind::Deposit,
            amount: Cash::from_nanos(10_000_000),
            cash,
        },
        Event::CashMoved { .. } => {
            Event::AccountReset { account: "a".into(), cash, positions: vec![held] }
        }
        Event::AccountReset { .. } => Event::SharesSplit {
            id: "s".into(),
            symbol,
            ratio: Ratio::new(2, 1)?,
            position: Quantity::from_nanos(2),
        },
        Event::SharesSplit { .. } => {
            Event::SymbolRenamed { id: "n".into(), symbol, from: "OLD".into(), to: "NEW".into() }
        }
        Event::SymbolRenamed { .. } => Event::DividendReinvested {
            id: "d".into(),
            symbol,
            quantity: Quantity::from_nanos(1),
            price: Price::from_nanos(1),
            position: Quantity::from_nanos(3),
            cash,
        },
        Event::DividendReinvested { .. } => Event::ExitRenewed { order, by: Some(order) },
        _ => return None,
    })
}

fn sized(symbol: SymbolId) -> Event {
    let usd = Cash::from_nanos(1_000_000_000_000);
    let multiple = Percent::from_nanos(200 * SCALE);
    let model = SizeModel::Atr { risk: Percent::from_nanos(SCALE), multiple, bars: 14 };
    let sized = SizedEntry {
        model,
        equity: Cash::from_nanos(100_000_000_000_000),
        price: Price::from_nanos(102_500_000_000),
        measure: Some(Measure::Range(Price::from_nanos(2_000_000_000))),
        budget: usd,
        per_share: Price::from_nanos(4_000_000_000),
        shares: Quantity::from_nanos(250_000_000_000),
    };
    let asked = OrderSize::Shares(Quantity::from_nanos(10_000_000_000));
    let (origin, side) = (Origin::Strategy(StrategyId(0)), Side::Buy);
    Event::EntrySized { origin, symbol, side, asked, sized }
}

fn denied(symbol: SymbolId) -> Event {
    Event::OrderDenied {
        origin: Origin::Strategy(StrategyId(0)),
        intent: Intent::Submit(NewOrder::new(
            symbol,
            Side::Buy,
            Quantity::from_nanos(10_000_000_000),
            OrderKind::Market,
        )),
        denial: Denial::StaleData { age: Span::from_millis(130_500), limit: Span::from_secs(120) },
    }
}

fn updated(order: OrderNumber) -> Event {
    Event::OrderUpdated {
        order,
        from: OrderStatus::New,
        to: OrderStatus::Rejected,
        report: ReportKind::Rejected,
        broker_id: Some(BrokerOrderId("b".into())),
        text: Some("no".into()),
    }
}

fn filled(order: OrderNumber, symbol: SymbolId, cash: Cash) -> Event {
    Event::OrderFilled {
        order,
        execution: ExecutionId("e".into()),
        symbol,
        side: Side::Buy,
        quantity: Quantity::from_nanos(10_000_000_000),
        price: Price::from_nanos(99_950_000_000),
        status: OrderStatus::Filled,
        realised: Cash::ZERO,
        position: Quantity::from_nanos(10_000_000_000),
        cash,
    }
}

/// One sample of each kind of market data.
pub fn market_samples(symbols: &Symbols) -> [MarketData; 3] {
    let symbol = symbols.id("MSFT").unwrap();
    let time = Timestamp::from_secs(1_767_623_400);
    let (price, size) = (Price::from_nanos(99_950_000_000), Quantity::from_nanos(1_000_000_000));
    [
        MarketData::Bar(Bar {
            symbol,
            open_time: time,
            length: Span::from_secs(60),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Volume::from_nanos(5),
        }),
        MarketData::Quote(Quote {
            symbol,
            time,
            bid: price,
            bid_size: size,
            ask: price,
            ask_size: size,
        }),
        MarketData::Trade(Trade { symbol, time, price, size }),
    ]
}

fn difference(symbol: SymbolId) -> Difference {
    Difference::Position {
        symbol,
        ours: Quantity::from_nanos(1),
        theirs: Quantity::from_nanos(2),
        average_price: Price::from_nanos(3),
    }
}

pub fn sample_order(symbol: SymbolId) -> Order {
    Order {
        number: OrderNumber(1),
        origin: Origin::Strategy(StrategyId(0)),
        symbol,
        side: Side::Buy,
        size: Quantity::from_nanos(10_000_000_000).into(),
        quantity: Quantity::from_nanos(10_000_000_000),
        kind: OrderKind::StopLimit {
            stop: Price::from_nanos(101_000_000_000),
            limit: Price::from_nanos(101_500_000_000),
        },
        time_in_force: TimeInForce::Gtc,
        extended_hours: false,
        class: OrderClass::Simple,
        parent: None,
        grows: true,
        status: OrderStatus::Approved,
        approved_at: Timestamp::from_secs(1_767_623_400),
        expires_at: Some(Timestamp::from_secs(1_767_624_300)),
        broker_id: None,
        replaces: Some(OrderNumber(0)),
        filled: Quantity::ZERO,
        filled_value: Notional::ZERO,
        executions: Vec::new(),
        reserved: Cash::from_nanos(1_015_000_000_000),
        cancel_requested: false,
    }
}

/// Any event: any number, any text, any of the small sets, for symbols that the table holds or not.
pub fn any_event() -> impl Strategy<Value = Event> {
    let orders = any::<u64>().prop_map(OrderNumber);
    prop_oneof![
        (any_order()).prop_map(|order| Event::OrderApproved(Box::new(order))),
        (any_origin(), any_intent(), any_denial())
            .prop_map(|(origin, intent, denial)| Event::OrderDenied { origin, intent, denial }),
        (orders.clone(), any_status(), any_status(), any_report(), any::<Option<String>>())
            .prop_map(|(order, from, to, report, text)| {
                let broker_id = text.as_deref().map(|text| BrokerOrderId(text.into()));
                let text = text.map(String::into_boxed_str);
                Event::OrderUpdated { order, from, to, report, broker_id, text }
            }),
        (
            orders.clone(),
            any_symbol(),
            any_side(),
            any_status(),
            any::<[i64; 5]>(),
            any::<String>()
        )
            .prop_map(|(order, symbol, side, status, n, text)| Event::OrderFilled {
                order,
                execution: ExecutionId(text.into()),
                symbol,
                side,
                quantity: Quantity::from_nanos(n[0]),
                price: Price::from_nanos(n[1]),
                status,
                realised: Cash::from_nanos(n[2]),
                position: Quantity::from_nanos(n[3]),
                cash: Cash::from_nanos(n[4]),
            }),
        (proptest::option::of(orders), any_report()).prop_map(|(order, report)| {
            Event::ReportIgnored { order, report, reason: IgnoreReason::Unusable }
        }),
        (any::<i64>(), any_symbol(), any::<[i64; 2]>()).prop_map(|(cash, symbol, n)| {
            let position = (symbol, Quantity::from_nanos(n[0]), Price::from_nanos(n[1]));
            Event::AccountOpened { cash: Cash::from_nanos(cash), positions: vec![position] }
        }),
        proptest::collection::vec(any_difference(), 0..4)
            .prop_map(|differences| Event::DifferenceSuspected { differences }),
        any_difference().prop_map(Event::DifferenceFound),
        (any_origin(), any::<String>()).prop_map(|(origin, reason)| Event::TradingStateChanged {
            from: TradingState::Active,
            to: TradingState::Reducing,
            origin,
            reason: reason.into(),
        }),
        any::<String>()
            .prop_map(|reason| Event::CommandTaken(Command::Flatten { reason: reason.into() })),
        (any_symbol(), any::<bool>(), any::<String>()).prop_map(|(symbol, halted, reason)| {
            Event::SymbolStatusChanged { symbol, halted, reason: reason.into() }
        }),
        (any::<u32>(), any::<i64>()).prop_map(|(date, equity)| Event::DayStarted {
            date,
            equity: Cash::from_nanos(equity)
        }),
        (any::<String>(), any::<String>()).prop_map(|(code, text)| Event::AlertRaised(Alert {
            severity: Severity::Info,
            code: code.into(),
            text: text.into(),
        })),
        any::<proptest::sample::Index>().prop_map(|pick| {
            let symbols = Symbols::new(crate::support::SYMBOLS).unwrap();
            let mut all = samples(&symbols);
            all.swap_remove(pick.index(all.len()))
        }),
    ]
}

fn any_symbol() -> impl Strategy<Value = SymbolId> {
    let many = Symbols::new((0..8).map(|n| format!("S{n}"))).unwrap();
    proptest::sample::select(many.ids().collect::<Vec<_>>())
}

fn any_side() -> impl Strategy<Value = Side> {
    proptest::sample::select(vec![Side::Buy, Side::Sell])
}

fn any_status() -> impl Strategy<Value = OrderStatus> {
    proptest::sample::select(OrderStatus::ALL.to_vec())
}

fn any_report() -> impl Strategy<Value = ReportKind> {
    proptest::sample::select(ReportKind::ALL.to_vec())
}

fn any_origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        any::<u16>().prop_map(|id| Origin::Strategy(StrategyId(id))),
        Just(Origin::Operator),
        Just(Origin::Kernel),
    ]
}

fn any_kind() -> impl Strategy<Value = OrderKind> {
    any::<[i64; 2]>().prop_flat_map(|n| {
        let (stop, limit) = (Price::from_nanos(n[0]), Price::from_nanos(n[1]));
        proptest::sample::select(vec![
            OrderKind::Market,
            OrderKind::Limit { limit },
            OrderKind::Stop { stop },
            OrderKind::StopLimit { stop, limit },
        ])
    })
}

fn any_order() -> impl Strategy<Value = Order> {
    (any_symbol(), any_side(), any_origin(), any_kind(), any::<(u64, i64, i64, Option<i64>)>())
        .prop_map(|(symbol, side, origin, kind, (number, quantity, reserved, expires))| Order {
            number: OrderNumber(number),
            origin,
            side,
            kind,
            quantity: Quantity::from_nanos(quantity),
            reserved: Cash::from_nanos(reserved),
            expires_at: expires.map(Timestamp::from_nanos),
            ..sample_order(symbol)
        })
}

fn any_intent() -> impl Strategy<Value = Intent> {
    (any_symbol(), any_side(), any_kind(), any::<(u64, i64)>()).prop_flat_map(
        |(symbol, side, kind, (order, quantity))| {
            let (order, quantity) = (OrderNumber(order), Quantity::from_nanos(quantity));
            proptest::sample::select(vec![
                Intent::Submit(NewOrder::new(symbol, side, quantity, kind)),
                Intent::Replace { order, quantity, kind },
                Intent::Cancel { order },
            ])
        },
    )
}

fn any_denial() -> impl Strategy<Value = Denial> {
    any::<([i64; 3], u32, i32)>().prop_flat_map(|(n, count, points)| {
        let (quantity, available) = (Quantity::from_nanos(n[0]), Quantity::from_nanos(n[1]));
        let (price, last) = (Price::from_nanos(n[0]), Price::from_nanos(n[1]));
        let (cash, more) = (Cash::from_nanos(n[0]), Cash::from_nanos(n[1]));
        let (age, window) = (Span::from_nanos(n[0]), Span::from_nanos(n[1]));
        let limit = BasisPoints::new(points % 10_000);
        proptest::sample::select(vec![
            Denial::MalformedQuantity { quantity },
            Denial::MalformedPrice { price, tick: last },
            Denial::OrderNotWorking { order: OrderNumber(1), status: None },
            Denial::DuplicateIntent { age, window },
            Denial::ReducesTooMuch { quantity, available, held: quantity },
            Denial::OutsideCollar { price, last, limit },
            Denial::OrderTooLarge { quantity, limit: available },
            Denial::GrossExposure { exposure: cash, limit: more },
            Denial::BuyingPower { needed: cash, available: more },
            Denial::OrderRate { count, limit: count },
            Denial::Overflow,
        ])
    })
}

fn any_difference() -> impl Strategy<Value = Difference> {
    (any_symbol(), any::<[i64; 3]>(), any::<String>()).prop_flat_map(|(symbol, n, text)| {
        let (ours, theirs) = (Quantity::from_nanos(n[0]), Quantity::from_nanos(n[1]));
        proptest::sample::select(vec![
            Difference::Cash { ours: Cash::from_nanos(n[0]), theirs: Cash::from_nanos(n[1]) },
            Difference::Position { symbol, ours, theirs, average_price: Price::from_nanos(n[2]) },
            Difference::OrderMissing { order: OrderNumber(n[0].unsigned_abs()) },
            Difference::OrderForeign { broker_id: BrokerOrderId(text.clone().into()) },
            Difference::PositionForeign { symbol: text.clone().into(), quantity: ours },
            Difference::OrderAlive {
                order: OrderNumber(n[0].unsigned_abs()),
                broker_id: BrokerOrderId(text.into()),
            },
        ])
    })
}
