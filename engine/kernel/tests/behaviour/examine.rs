//! What is told of the checks is what judges.

use crate::common::*;
use kernel::*;
use risk::{Finding, Limit, Margin, examine};

/// A bench that has asked for an order in this minute, and an order that grows.
fn asked() -> (Bench, NewOrder) {
    let mut bench = Bench::under_every_limit();
    bench.feed(Input::Command(Command::CancelAll { reason: "test".into() }));
    let kind = OrderKind::Limit { limit: price("99") };
    let order = NewOrder::new(bench.symbol("AAA"), Side::Buy, shares(20), kind);
    (bench, order)
}

const ORIGIN: Origin = Origin::Strategy(StrategyId(0));

fn findings(bench: &Bench, order: NewOrder) -> Vec<Finding> {
    examine(bench.kernel.state(), ORIGIN, order, None).unwrap()
}

fn margin<'a>(findings: &'a [Finding], key: &str) -> &'a Margin {
    let mut all = findings.iter().flat_map(|finding| &finding.margins);
    all.find(|margin| margin.key == key).unwrap()
}

#[test]
fn the_figures_are_those_of_the_order() {
    let (bench, order) = asked();
    let findings = findings(&bench, order);
    assert!(findings.iter().all(|finding| finding.denial.is_none()));
    for (key, needs) in [
        ("max_order_quantity", "20"),
        ("max_order_notional_usd", "1980"),
        // 100 are held at 100.
        ("max_position_notional_usd", "11980"),
        // Of 100,000 USD, in hundredths of a percent: the limit's own steps.
        ("max_symbol_concentration_percent", "11.98"),
        ("max_positions", "2"),
        ("max_orders_per_day", "2"),
        ("strategies.scripted.max_orders_per_day", "2"),
        ("symbols.AAA.max_orders_per_day", "1"),
        ("price_collar_percent", "1"),
        ("min_price_usd", "100"),
    ] {
        let margin = margin(&findings, key);
        let told = margin.needs.map(|nanos| Cash::from_nanos(nanos).to_string());
        assert_eq!(told.as_deref(), Some(needs), "{key}");
    }
}

/// The law: with the limit that is told the order passes its check, and with the next tighter one it
/// does not.
#[test]
fn the_limit_that_is_told_is_the_tightest_that_passes() {
    let (bench, order) = asked();
    let mut told = 0;
    for finding in findings(&bench, order) {
        for Margin { key, needs, .. } in finding.margins {
            // Ages are looked at together: one that is young enough is enough.
            let Some(needs) = needs.filter(|_| !key.starts_with("stale_after")) else { continue };
            let limit = Limit::find(key.rsplit('.').next().unwrap()).unwrap();
            let step = match limit.unit {
                "percent" => SCALE / 100,
                "orders" | "symbols" | "round trips" | "stops" => SCALE,
                _ => 1,
            };
            let tighter = match limit.tighter {
                risk::Tighter::Lower => needs - step,
                risk::Tighter::Higher => needs + step,
            };
            for (nanos, passes) in [(needs, true), (tighter, false)] {
                let text = Cash::from_nanos(nanos).to_string();
                if limit.parse(&text).is_err() {
                    continue;
                }
                told += 1;
                let denied = denied_by(finding.check, &key, &text);
                assert_eq!(denied, !passes, "{key} at {text}");
            }
        }
    }
    assert!(told > 30, "only {told} limits were tried");
}

/// Whether a check stops the order when a limit is set so.
fn denied_by(check: &str, key: &str, value: &str) -> bool {
    let (mut bench, order) = asked();
    let (path, value, reason) = (key.into(), value.into(), "test".into());
    bench.feed(Input::Command(Command::SetLimit { path, value, reason }));
    let findings = findings(&bench, order);
    findings.iter().any(|finding| finding.check == check && finding.denial.is_some())
}

#[test]
fn what_an_order_needs_is_told_also_where_it_cannot_be_allowed() {
    let mut limits = Limits::default();
    limits.set("max_symbol_concentration_percent", "25").unwrap();
    let bench = Bench::warm(limits);
    let order = NewOrder::new(bench.symbol("AAA"), Side::Buy, shares(5000), OrderKind::Market);
    let findings = findings(&bench, order);
    // 5000 at 100 and the slip of 2.5 % on 100,000 of equity: more than the 100 percent that the limit can be set to.
    let share = margin(&findings, "max_symbol_concentration_percent");
    assert_eq!((share.used, share.needs), (Some(0), Some(SCALE * 1025 / 2)));
    assert!(share.left().unwrap() < 0);
    // The broker lends nothing, so no leverage is enough; what is used of it is told all the same.
    let leverage = margin(&findings, "max_leverage");
    assert_eq!((leverage.used, leverage.needs), (Some(0), None));
}

#[test]
fn what_is_denied_names_the_same_reason_as_the_door() {
    let bench = Bench::warm(Limits::default());
    let order = NewOrder::new(bench.symbol("AAA"), Side::Buy, shares(5000), OrderKind::Market);
    let first = findings(&bench, order).into_iter().find_map(|finding| finding.denial);
    let door = risk::would_pass(bench.kernel.state(), ORIGIN, order).unwrap_err();
    assert_eq!(first, Some(door));
}

#[test]
fn checks_of_growth_do_not_apply_to_what_reduces() {
    let bench = Bench::holding(100);
    let order = NewOrder::new(bench.symbol("AAA"), Side::Sell, shares(10), OrderKind::Market);
    let findings = findings(&bench, order);
    let applies = |name: &str| findings.iter().find(|found| found.check == name).unwrap().applies;
    assert!(applies("well formed"));
    assert!(!applies("order notional"));
}
