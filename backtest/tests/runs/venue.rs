//! What a look at an order says of it.

use backtest::venue::Venue;
use exchange::{Exchange, ExchangeConfig, OrderRequest};
use kernel::{
    Bar, Cash, MarketData, Notional, Order, OrderClass, OrderKind, OrderNumber, OrderSize,
    OrderStatus, Origin, Price, Quantity, ReportKind, SCALE, Side, Span, Symbols, TimeInForce,
    Timestamp, TradingHours, Volume,
};
use marketdata::calendar::{self, Date};

fn order(bar: &Bar) -> Order {
    Order {
        number: OrderNumber(1),
        origin: Origin::Operator,
        symbol: bar.symbol,
        side: Side::Buy,
        size: OrderSize::Notional(Cash::from_nanos(1000 * SCALE)),
        quantity: Quantity::from_whole(11).unwrap(),
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        extended_hours: false,
        class: OrderClass::Simple,
        parent: None,
        grows: true,
        status: OrderStatus::New,
        approved_at: bar.open_time,
        expires_at: None,
        broker_id: None,
        replaces: None,
        filled: Quantity::ZERO,
        filled_value: Notional::ZERO,
        executions: Vec::new(),
        reserved: Cash::ZERO,
        cancel_requested: false,
    }
}

/// Of an order in dollars only the broker knows when it has filled: a part is told as a part.
#[test]
fn a_part_of_an_order_in_dollars_is_not_told_as_its_end() {
    let symbols = Symbols::new(["AAA"]).unwrap();
    let date = Date::constant(2024, 6, 3);
    let days = calendar::trading_days(date, date);
    let hundred = Price::from_nanos(100 * SCALE);
    let bar = Bar {
        symbol: symbols.id("AAA").unwrap(),
        open_time: "2024-06-03T14:00:00Z".parse::<Timestamp>().unwrap(),
        length: Span::from_secs(60),
        open: hundred,
        high: hundred,
        low: hundred,
        close: hundred,
        volume: Volume::from_nanos(1_000_000_000_000),
    };
    let ours = order(&bar);
    let mut exchange = Exchange::new(ExchangeConfig::default(), symbols, days);
    exchange.step(&[MarketData::Bar(bar)]);
    let row = exchange.submit(OrderRequest {
        symbol: ours.symbol,
        side: ours.side,
        size: ours.size,
        kind: ours.kind,
        time_in_force: ours.time_in_force,
        class: ours.class,
        client_order_id: Some("tw-01234567-1".into()),
        extended_hours: false,
    });
    let row = row.unwrap();
    exchange.fill_by_hand(row.id, 40).unwrap();
    let mut venue = Venue::new(exchange, "01234567", TradingHours::Regular);
    let kinds = |venue: &Venue| {
        let reports = venue.read(&ours, false).into_iter();
        reports.map(|report| (report.kind, report.execution.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&venue), [(ReportKind::PartialFill, true)]);
    venue.exchange.cancel(row.id).unwrap();
    assert_eq!(kinds(&venue), [(ReportKind::PartialFill, true), (ReportKind::Canceled, false)]);
    let row = venue.exchange.order(row.id).unwrap();
    assert!(row.filled_qty < row.qty);
}
