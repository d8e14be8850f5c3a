//! A strategy's limits on what is held measure its own part of the account, and the account's hold beside
//! them: each row lets both strategies hold something, and asks what one of them may still buy.

use crate::common::*;
use kernel::risk::{Denial, Scopes};
use kernel::*;

/// Two strategies with 40,000 and 30,000 of 100,000 USD, `a` with 50 AAA at 100 and `b` with 100.
fn two(path: &str, figure: &str) -> Bench {
    with_capital(&["40000", "30000"].map(|usd| Some(Capital::Usd(cash(usd)))), path, figure)
}

fn with_capital(capital: &[Option<Capital>], path: &str, figure: &str) -> Bench {
    let group = || [("one".into(), vec!["AAA".into()])].into();
    let scopes = Scopes { sectors: group(), correlated: group(), ..Scopes::NONE };
    let mut limits = Limits { scopes, ..Limits::OFF };
    limits.set("stop_loss_percent", "10").unwrap();
    let mut bench = Bench::shared(capital, limits);
    for (place, order, quantity) in [(0, 1, 50), (1, 2, 100)] {
        let intent = bench.market(Side::Buy, quantity);
        let events = bench.propose_by(place, intent);
        assert_eq!(denial(&events), None);
        bench.fill(order, &format!("x-{order}"), quantity, "100");
        bench.wait(60);
    }
    let (path, value, reason) = (path.into(), figure.into(), "test".into());
    bench.feed(Input::Command(Command::SetLimit { path, value, reason }));
    bench
}

fn denied(bench: &Bench, place: u16, symbol: &str, quantity: i64) -> Option<Denial> {
    let kind = OrderKind::Limit { limit: price("100") };
    let order = NewOrder::new(bench.symbol(symbol), Side::Buy, shares(quantity), kind);
    risk::would_pass(bench.kernel.state(), Origin::Strategy(StrategyId(place)), order).err()
}

/// The most shares of AAA that pass, and the code of the denial of one more.
fn most(bench: &Bench, place: u16) -> (i64, String) {
    let passes = |quantity: &i64| denied(bench, place, "AAA", *quantity).is_none();
    let most = (1..300).take_while(passes).last().unwrap_or(0);
    let denial = denied(bench, place, "AAA", most + 1);
    (most, denial.map_or_else(String::new, |denial| denial.to_string()))
}

#[test]
fn a_strategys_limit_measures_its_own_part() {
    // `a` holds 5,000 USD and `b` 10,000; of 40,000 and 30,000 USD, in an account of 100,000.
    let rows = [
        ("max_gross_exposure_percent", "40", [110, 20], "gross exposure"),
        ("max_net_exposure_percent", "40", [110, 20], "net exposure"),
        ("max_symbol_concentration_percent", "40", [110, 20], "in one symbol"),
        ("max_sector_concentration_percent", "40", [110, 20], "in one sector"),
        ("max_correlated_exposure_percent", "40", [110, 20], "move together"),
        ("max_position_notional_usd", "12000", [70, 20], "position notional"),
        // A tenth may be lost: 1,000 of the 40,000 USD are those of 10,000, and 750 those of 7,500.
        ("max_risk_per_trade_percent", "2.5", [100, 75], "lost at the stop"),
    ];
    for (key, figure, own, says) in rows {
        for (place, name) in ["a", "b"].into_iter().enumerate() {
            let bench = two(&format!("strategies.{name}.{key}"), figure);
            let (held, text) = most(&bench, u16::try_from(place).unwrap());
            assert_eq!(held, own[place], "{key} of {name}: {text}");
            let layer = format!("(a limit of strategies.{name})");
            assert!(text.contains(says) && text.ends_with(&layer), "{text}");
            let other = most(&bench, 1 - u16::try_from(place).unwrap()).1;
            assert!(!other.contains("a limit of"), "{key} of {name} binds the other: {other}");
        }
    }
}

#[test]
fn the_accounts_limit_holds_beside_it_and_is_named_first() {
    let mut bench = two("strategies.a.max_gross_exposure_percent", "100");
    let value = "20".into();
    let command = Command::SetLimit {
        path: "max_gross_exposure_percent".into(),
        value,
        reason: "test".into(),
    };
    bench.feed(Input::Command(command));
    // 15,000 of 20,000 USD are held by both.
    for place in [0, 1] {
        let (held, text) = most(&bench, place);
        assert_eq!(held, 50, "{text}");
        assert_eq!(text, "gross exposure 20100 USD would be above 20000 USD");
    }
}

#[test]
fn without_capital_a_part_is_measured_against_the_account() {
    let capital = [None, None];
    let bench = with_capital(&capital, "strategies.b.max_gross_exposure_percent", "14");
    assert_eq!(most(&bench, 1).0, 40, "it holds 10,000 of the 14,000 USD");
    let bench = with_capital(&capital, "strategies.a.max_positions", "1");
    assert_eq!(denied(&bench, 0, "AAA", 1), None);
}

#[test]
fn an_order_of_another_strategy_is_not_counted_and_an_own_one_is() {
    let mut bench = two("strategies.a.max_gross_exposure_percent", "40");
    let kind = OrderKind::Limit { limit: price("99") };
    let intent = bench.submit(Side::Buy, 30, kind);
    bench.propose_by(1, intent);
    assert_eq!(most(&bench, 0).0, 110);
    bench.wait(60);
    let intent = bench.submit(Side::Buy, 100, OrderKind::Limit { limit: price("100") });
    bench.propose_by(0, intent);
    assert_eq!(most(&bench, 0).0, 10);
}

#[test]
fn what_is_used_of_a_strategys_limit_is_its_own() {
    let bench = two("strategies.b.max_gross_exposure_percent", "40");
    let shown = risk::usage(bench.kernel.state());
    let used = |key: &str| shown.iter().find(|row| row.key == key).unwrap().used.clone().unwrap();
    assert_eq!(used("max_gross_exposure_percent"), "15");
    assert!(used("strategies.b.max_gross_exposure_percent").starts_with("33.3"));
}

#[test]
fn a_denial_by_a_layer_names_it_where_the_account_would_let_it_pass() {
    let mut bench = two("strategies.a.max_order_quantity", "20");
    let text = |bench: &Bench, quantity| denied(bench, 0, "AAA", quantity).unwrap().to_string();
    assert_eq!(text(&bench, 21), "order quantity 21 is above 20 (a limit of strategies.a)");
    for (path, value) in [("symbols.AAA.max_order_quantity", "10"), ("max_order_quantity", "30")] {
        let (path, value, reason) = (path.into(), value.into(), "test".into());
        bench.feed(Input::Command(Command::SetLimit { path, value, reason }));
    }
    assert_eq!(text(&bench, 11), "order quantity 11 is above 10 (a limit of symbols.AAA)");
    assert_eq!(text(&bench, 31), "order quantity 31 is above 30");
}
