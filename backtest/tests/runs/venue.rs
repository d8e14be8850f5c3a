//! What a look at an order says of it.

use backtest::venue::Venue;
use exchange::{Exchange, ExchangeConfig, OrderRequest};
use kernel::{
    Bar, BasisPoints, Cash, MarketData, Notional, Order, OrderClass, OrderKind, OrderNumber,
    OrderSize, OrderStatus, Origin, Price, Quantity, ReportKind, SCALE, Side, Span, StopLoss,
    Symbols, TimeInForce, Timestamp, TradingHours, Volume,
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

/// A minute at one price from 14:00 on, so many minutes later.
fn bar(symbols: &Symbols, minutes: i64, price: i64, shares: u64) -> Bar {
    let at = Price::from_nanos(price * SCALE);
    let opens: Timestamp = "2024-06-03T14:00:00Z".parse().unwrap();
    Bar {
        symbol: symbols.id("AAA").unwrap(),
        open_time: opens.plus(Span::from_secs(minutes * 60)),
        length: Span::from_secs(60),
        open: at,
        high: at,
        low: at,
        close: at,
        volume: Volume::from_nanos(u128::from(shares) * 1_000_000_000),
    }
}

fn request(ours: &Order) -> OrderRequest {
    OrderRequest {
        symbol: ours.symbol,
        side: ours.side,
        size: ours.size,
        kind: ours.kind,
        time_in_force: ours.time_in_force,
        class: ours.class,
        client_order_id: Some(format!("tw-01234567-{}", ours.number)),
        extended_hours: false,
    }
}

/// What a look at an order says, and whether it tells of an execution.
fn kinds(venue: &Venue, ours: &Order) -> Vec<(ReportKind, bool)> {
    let reports = venue.read(ours, false).into_iter();
    reports.map(|report| (report.kind, report.execution.is_some())).collect()
}

fn open_exchange(symbols: &Symbols, config: ExchangeConfig) -> Exchange {
    let date = Date::constant(2024, 6, 3);
    let mut exchange = Exchange::new(config, symbols.clone(), calendar::trading_days(date, date));
    exchange.step(&[MarketData::Bar(bar(symbols, 0, 100, 1000))]);
    exchange
}

/// Of an order in dollars only the broker knows when it has filled: a part is told as a part.
#[test]
fn a_part_of_an_order_in_dollars_is_not_told_as_its_end() {
    let symbols = Symbols::new(["AAA"]).unwrap();
    let ours = order(&bar(&symbols, 0, 100, 1000));
    let mut exchange = open_exchange(&symbols, ExchangeConfig::default());
    let row = exchange.submit(request(&ours)).unwrap();
    exchange.fill_by_hand(row.id, 40).unwrap();
    let mut venue = Venue::new(exchange, "01234567", TradingHours::Regular);
    assert_eq!(kinds(&venue, &ours), [(ReportKind::PartialFill, true)]);
    venue.exchange.cancel(row.id).unwrap();
    let ended = [(ReportKind::PartialFill, true), (ReportKind::Canceled, false)];
    assert_eq!(kinds(&venue, &ours), ended);
    let row = venue.exchange.order(row.id).unwrap();
    assert!(row.filled_qty < row.qty);
}

/// The stop of an OCO fills four, its limit order the other six: that this was the end of the limit order is
/// told, since the stop may have been what filled last.
#[test]
fn the_end_of_an_exit_that_the_other_left_a_part_to_is_told() {
    let symbols = Symbols::new(["AAA"]).unwrap();
    let mut config = ExchangeConfig::default();
    config.fills.participation = Some(BasisPoints::new(10_000));
    let mut exchange = open_exchange(&symbols, config);
    let ten = Quantity::from_whole(10).unwrap();
    let entry = order(&bar(&symbols, 0, 100, 1000));
    let entry = Order { size: ten.into(), quantity: ten, ..entry };
    let row = exchange.submit(request(&entry)).unwrap();
    exchange.fill_by_hand(row.id, 100).unwrap();
    let price = |whole| Price::from_nanos(whole * SCALE);
    let class = OrderClass::Oco { stop_loss: StopLoss::at(price(95)) };
    let (number, kind) = (OrderNumber(2), OrderKind::Limit { limit: price(105) });
    let exit = Order { number, side: Side::Sell, kind, class, grows: false, ..entry };
    let row = exchange.submit(request(&exit)).unwrap();
    exchange.step(&[MarketData::Bar(bar(&symbols, 1, 95, 4))]);
    let six = Quantity::from_whole(6).unwrap();
    assert_eq!(exchange.order(row.id).unwrap().qty, six, "the stop has filled four");
    exchange.fill_by_hand(row.id, 100).unwrap();
    let venue = Venue::new(exchange, "01234567", TradingHours::Regular);
    let exit = Order { quantity: six, ..exit };
    let told = [(ReportKind::PartialFill, true), (ReportKind::Fill, false)];
    assert_eq!(kinds(&venue, &exit), told);
}
