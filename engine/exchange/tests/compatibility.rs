//! The venue's own judge against the table that orders are held against before they are sent: they
//! were written apart and must come to the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use exchange::{Exchange, OrderRequest};
use kernel::risk::compatibility::{Combination, Group, Kind, Size, Way};
use kernel::{
    AssetClass, Leg, OrderClass, OrderKind, OrderSize, Side, StopLoss, TimeInForce, Trail,
};
use support::*;

/// The same order that the table was asked about, and nothing else wrong with it, at 100.
fn request(wanted: &Combination) -> OrderRequest {
    let buys = matches!(wanted.way, Way::Buy | Way::Cover);
    let (near, profit, loss) = if buys { ("101", "102", "98") } else { ("99", "98", "102") };
    let kind = match wanted.kind {
        Kind::Market => market(),
        Kind::Limit => limit(near),
        Kind::Stop => stop(near),
        Kind::StopLimit => stop_limit(near, near),
        Kind::TrailingStop => OrderKind::TrailingStop { trail: Trail::Price(price("1")) },
    };
    let stop_loss = StopLoss::at(price(loss));
    let class = match wanted.group {
        Group::Simple => OrderClass::Simple,
        Group::Bracket => OrderClass::Bracket { take_profit: price(profit), stop_loss },
        Group::Oco => {
            let behind = if buys { "103" } else { "97" };
            OrderClass::Oco { stop_loss: StopLoss::at(price(behind)) }
        }
        Group::Oto => OrderClass::Oto { leg: Leg::StopLoss(stop_loss) },
    };
    let size = match wanted.size {
        Size::Whole => OrderSize::Shares(shares(1)),
        Size::Fractional => OrderSize::Shares("0.5".parse().unwrap()),
        Size::Notional => OrderSize::Notional(cash("50")),
    };
    let side = if buys { Side::Buy } else { Side::Sell };
    let mut request = OrderRequest::new(spy(), side, size, kind);
    request.time_in_force = wanted.time_in_force;
    request.extended_hours = wanted.extended_hours;
    request.class = class;
    request
}

fn venue(way: Way) -> Exchange {
    let mut config = free();
    config.assets.entry("SPY".into()).or_default().fractionable = true;
    config.assets.entry("SPY".into()).or_default().fractional_extended_hours = true;
    match way {
        Way::Buy | Way::Short => open_exchange(config),
        Way::Sell => holding(config, 10),
        Way::Cover => holding(config, -10),
    }
}

/// The exchange lists shares alone, and at this hour it takes no order for the open.
#[test]
fn the_exchange_takes_what_the_table_allows_and_nothing_else() {
    let wanted = Combination::all().into_iter().filter(|wanted| {
        wanted.asset == AssetClass::UsEquity && wanted.time_in_force != TimeInForce::Opg
    });
    for wanted in wanted {
        let answer = venue(wanted.way).submit(request(&wanted));
        let row = wanted.refused_by();
        assert_eq!(answer.is_err(), row.is_some(), "{wanted:?}: {answer:?}, table {row:?}");
    }
}
