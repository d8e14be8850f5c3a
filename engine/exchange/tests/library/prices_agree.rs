//! Which prices of an order and its group the venue takes, and which the kernel lets pass, are two
//! readings of the same pages. They agree on each of a few prices around the last one.

use crate::bench::{self, Bench};
use crate::support::*;
use exchange::{Exchange, OrderRequest, Replacement};
use kernel::{
    BasisPoints, Intent, Leg, Limits, NewOrder, OrderClass, OrderKind, OrderNumber, Origin, Price,
    ReportKind, Side, StopLoss, risk,
};
use proptest::prelude::*;

/// Around 100, the last price; under a USD, where the tick is finer; and none at all.
const PRICES: [&str; 11] =
    ["99.98", "99.99", "100", "100.005", "100.01", "100.02", "0.5", "0.505", "0.51", "0", "-1"];

fn any_price() -> impl Strategy<Value = Price> {
    let near = prop::sample::select(PRICES[..6].to_vec());
    let any = prop::sample::select(PRICES.to_vec());
    prop_oneof![4 => near, 1 => any].prop_map(price)
}

fn any_kind() -> impl Strategy<Value = OrderKind> {
    prop_oneof![
        Just(OrderKind::Market),
        any_price().prop_map(|limit| OrderKind::Limit { limit }),
        any_price().prop_map(|stop| OrderKind::Stop { stop }),
        (any_price(), any_price()).prop_map(|(stop, limit)| OrderKind::StopLimit { stop, limit }),
    ]
}

fn any_loss() -> impl Strategy<Value = StopLoss> {
    let limit = prop::option::of(any_price());
    (any_price(), limit).prop_map(|(stop, limit)| StopLoss { stop, limit })
}

/// The class of an entry.
fn any_class() -> impl Strategy<Value = OrderClass> {
    let bracket = (any_price(), any_loss());
    let profit = any_price().prop_map(|limit| Leg::TakeProfit { limit });
    let leg = prop_oneof![profit, any_loss().prop_map(Leg::StopLoss)];
    prop_oneof![
        1 => Just(OrderClass::Simple),
        4 => bracket
            .prop_map(|(take_profit, stop_loss)| OrderClass::Bracket { take_profit, stop_loss }),
        2 => leg.prop_map(|leg| OrderClass::Oto { leg }),
    ]
}

fn any_side() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![Side::Buy, Side::Sell])
}

/// A kernel that holds so many shares at 100, the last price, without any limit.
fn kernel_holding(held: i64) -> Bench {
    let limits = Limits { max_leverage: 4, market_slip: BasisPoints::new(250), ..Limits::OFF };
    Bench::cold(limits).held(held)
}

/// Whether the kernel lets the prices pass. What it says of anything else is no word on them.
fn passes(bench: &Bench, order: NewOrder) -> bool {
    let verdict = risk::would_pass(bench.kernel.state(), Origin::Operator, order);
    let said = verdict.map_err(|denial| denial.code());
    let is_of_prices = matches!(said, Ok(()) | Err("malformed_price" | "wrong_side"));
    assert!(is_of_prices, "{said:?}: {order:?}");
    said.is_ok()
}

/// Whether the venue takes them.
fn takes(exchange: &Exchange, order: &NewOrder) -> Result<(), String> {
    let request = OrderRequest {
        class: order.class,
        ..OrderRequest::new(spy(), order.side, order.size, order.kind)
    };
    let answer = exchange.clone().submit(request);
    answer.map(|_| ()).map_err(|refusal| refusal.to_string())
}

fn agree(bench: &Bench, exchange: &Exchange, order: NewOrder) -> Result<(), TestCaseError> {
    let (passes, takes) = (passes(bench, order), takes(exchange, &order));
    prop_assert_eq!(passes, takes.is_ok(), "{:?}\nthe venue: {:?}", order, takes);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn the_venue_takes_the_prices_of_an_entry_that_the_kernel_lets_pass(
        side in any_side(),
        kind in any_kind(),
        class in any_class(),
    ) {
        let (bench, exchange) = (kernel_holding(0), open_exchange(free()));
        let order = NewOrder::new(bench.symbol("AAA"), side, shares(1), kind);
        agree(&bench, &exchange, order.grouped(class))?;
    }

    #[test]
    fn so_it_is_with_the_two_exits_of_a_position(
        is_long in any::<bool>(),
        limit in any_price(),
        stop_loss in any_loss(),
    ) {
        let held = if is_long { 10 } else { -10 };
        let (bench, exchange) = (kernel_holding(held), holding(free(), held));
        let side = if is_long { Side::Sell } else { Side::Buy };
        let order =
            NewOrder::new(bench.symbol("AAA"), side, shares(1), OrderKind::Limit { limit });
        agree(&bench, &exchange, order.grouped(OrderClass::Oco { stop_loss }))?;
    }
}

/// A bracket around an entry at 100, which has filled: the kernel's orders 1 to 3, and those of the venue.
fn protected(side: Side) -> (Bench, Exchange, [exchange::OrderId; 2]) {
    let (profit, loss) = if side == Side::Buy { ("100.01", "99.99") } else { ("99.99", "100.01") };
    let stop_loss = StopLoss::at(price(loss));
    let class = OrderClass::Bracket { take_profit: price(profit), stop_loss };
    let mut bench = kernel_holding(0);
    let order = NewOrder::new(bench.symbol("AAA"), side, shares(1), limit("100")).grouped(class);
    bench.approve(order);
    for number in 1..=3 {
        let kind = if number == 3 { ReportKind::Held } else { ReportKind::New };
        bench.report(number, kind);
    }
    bench.fill(1, "entry", 1, "100");
    let mut exchange = open_exchange(free());
    let request = OrderRequest { class, ..OrderRequest::new(spy(), side, shares(1), order.kind) };
    let parent = exchange.submit(request).unwrap();
    exchange.step(&[bar(0, ["100", "100", "100", "100"])]);
    (bench, exchange, parent.legs.map(Option::unwrap))
}

/// Each exit is moved to each price, beside the other one.
#[test]
fn so_it_is_with_an_exit_that_is_moved() {
    let mut taken = [0, 0];
    for side in [Side::Buy, Side::Sell] {
        let venue = protected(side);
        for (number, text) in [2, 3].into_iter().flat_map(|leg| PRICES.map(|at| (leg, at))) {
            let (mut bench, _, _) = protected(side);
            let at = price(text);
            let (kind, change) = if number == 2 {
                let change = Replacement { limit_price: Some(at), ..Replacement::default() };
                (OrderKind::Limit { limit: at }, change)
            } else {
                let change = Replacement { stop_price: Some(at), ..Replacement::default() };
                (OrderKind::Stop { stop: at }, change)
            };
            let (order, quantity) = (OrderNumber(number), shares(1));
            let events = bench.propose([Intent::Replace { order, quantity, kind }]);
            let said = bench::denial(&events);
            let mut exchange = venue.1.clone();
            let answer = exchange.replace(venue.2[usize::from(number == 3)], change);
            assert_eq!(
                said.is_none(),
                answer.is_ok(),
                "{side:?} {kind:?}: {said:?}\nthe venue: {answer:?}"
            );
            taken[usize::from(answer.is_ok())] += 1;
        }
    }
    assert!(taken.iter().all(|count| *count > 8), "both answers were given: {taken:?}");
}
