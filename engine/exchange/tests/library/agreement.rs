//! What this venue takes together and what the kernel's table allows are two readings of the same
//! pages, by two hands. They agree on every combination.

use crate::support::*;
use exchange::{Exchange, OrderRequest, Refusal};
use kernel::risk::compatibility::{Combination, Group, Kind, Size, Way};
use kernel::{
    AssetClass, Leg, OrderClass, OrderKind, OrderSize, Side, StopLoss, Trail, VenueRules,
};

/// A venue at which the way of an order is what it says: with a long or a short position, or flat.
fn venue(rules: VenueRules, way: Way) -> Exchange {
    let mut config = free();
    config.rules = rules;
    config.assets.entry("SPY".into()).or_default().fractional_extended_hours = true;
    match way {
        Way::Buy | Way::Short => open_exchange(config),
        Way::Sell => holding(config, 100),
        Way::Cover => holding(config, -100),
    }
}

/// An order of a combination, with prices that are right for it: exits above and below the market.
fn request(of: &Combination) -> OrderRequest {
    let side = match of.way {
        Way::Buy | Way::Cover => Side::Buy,
        Way::Sell | Way::Short => Side::Sell,
    };
    let kind = match of.kind {
        Kind::Market => OrderKind::Market,
        Kind::Limit => limit("100"),
        Kind::Stop => stop("100"),
        Kind::StopLimit => stop_limit("100", "100"),
        Kind::TrailingStop => OrderKind::TrailingStop { trail: Trail::Price(price("1")) },
    };
    let buys = side == Side::Buy;
    let (good, bad) = if buys { ("110", "90") } else { ("90", "110") };
    let loss = |at| StopLoss { stop: price(at), limit: None };
    let class = match of.group {
        Group::Simple => OrderClass::Simple,
        Group::Bracket => OrderClass::Bracket { take_profit: price(good), stop_loss: loss(bad) },
        // Its order is the exit that takes the profit.
        Group::Oco => OrderClass::Oco { stop_loss: loss(good) },
        Group::Oto => OrderClass::Oto { leg: Leg::StopLoss(loss(bad)) },
    };
    let size = match of.size {
        Size::Whole => OrderSize::Shares(shares(2)),
        Size::Fractional => OrderSize::Shares("1.5".parse().unwrap()),
        Size::Notional => OrderSize::Notional(cash("150")),
        Size::EquityShare => OrderSize::EquityShare("50".parse().unwrap()),
    };
    OrderRequest {
        time_in_force: of.time_in_force,
        extended_hours: of.extended_hours,
        class,
        ..OrderRequest::new(spy(), side, size, kind)
    }
}

fn stocks(rules: VenueRules) -> impl Iterator<Item = Combination> {
    Combination::all(rules).into_iter().filter(|of| of.asset == AssetClass::UsEquity)
}

/// Refused for what it is, and not for the hour, the money or the market.
fn is_refused(answer: &Result<exchange::OrderRow, Refusal>) -> bool {
    match answer {
        Ok(_) => false,
        Err(refusal) => !refusal.message.contains("must be submitted after 7:00pm"),
    }
}

/// Conformance 34, 37, 39, 41.
#[test]
fn the_venue_takes_what_the_kernel_allows_and_nothing_else() {
    agree(VenueRules::Alpaca);
}

#[test]
fn so_it_is_under_plain_rules() {
    agree(VenueRules::Plain);
}

fn agree(rules: VenueRules) {
    let mut venues = Way::ALL.map(|way| (way, venue(rules, way)));
    let mut seen = (0, 0);
    for combination in stocks(rules) {
        let (_, exchange) =
            venues.iter_mut().find(|(way, _)| *way == combination.way).expect("every way");
        let mut exchange = exchange.clone();
        let answer = exchange.submit(request(&combination));
        let refused = is_refused(&answer);
        let row = combination.refused_by();
        assert_eq!(
            refused,
            row.is_some(),
            "{combination:?}\nthe venue: {answer:?}\nthe kernel: {:?}",
            row.map(|row| row.reason)
        );
        let count = if refused { &mut seen.1 } else { &mut seen.0 };
        *count += 1;
        assert_sound(&exchange);
    }
    assert!(seen.0 > 100 && seen.1 > 1_000, "both answers were given: {seen:?}");
}

#[test]
fn refusals_of_a_combination_say_why() {
    let mut exchange = venue(VenueRules::Alpaca, Way::Buy);
    for combination in stocks(VenueRules::Alpaca) {
        if combination.way != Way::Buy || combination.refused_by().is_none() {
            continue;
        }
        let refusal = exchange.submit(request(&combination)).unwrap_err();
        assert!(matches!(refusal.status, 403 | 422) && refusal.code > 0, "{refusal}");
        assert!(!refusal.message.is_empty());
    }
    assert_eq!(exchange.orders().len(), 0);
}
