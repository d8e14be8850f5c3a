//! Reducing orders and cancels pass whatever stops growth.

use crate::common::*;
use kernel::risk::{CHECKS, Class, Limit, Tighter};
use kernel::*;
use proptest::prelude::*;

/// All that may stop an order that reduces: what is malformed, what the broker does not take, and an
/// order of our own on the other side.
pub const STOPS_EXITS: [&str; 5] =
    ["malformed_price", "malformed_trail", "wrong_side", "not_allowed", "opposite_order"];

/// Every limit as tight as it can be set, lists and hours that keep everything out.
fn tightest() -> Limits {
    let mut limits = Limits::OFF;
    for limit in Limit::all() {
        let tightest = match limit.tighter {
            Tighter::Lower => limit.low,
            Tighter::Higher => limit.high,
        };
        limits.set(limit.key, tightest).unwrap();
    }
    // A limit on whatever is sent, and those that send orders of their own.
    for key in ["duplicate_window_s", "flat_before_close_min", "entry_time_to_live_s"] {
        limits.set(key, "off").unwrap();
    }
    limits.scopes.restricted = vec!["AAA".into()];
    limits.scopes.allowed = vec!["BBB".into()];
    limits.scopes.windows = vec![risk::Window { from: Span::ZERO, until: Span::from_secs(1) }];
    limits.long_only = true;
    limits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_reduces_passes_every_limit_at_its_tightest(
        is_long in any::<bool>(),
        held in 1..200_i64,
        part in 1..=100_i64,
        cents in prop::option::of(-2000..2000_i64),
        [is_halted, is_stale, is_deaf, is_restarted] in any::<[bool; 4]>(),
    ) {
        let (held, side) = if is_long { (held, Side::Sell) } else { (-held, Side::Buy) };
        let mut bench = Bench::invested(tightest(), held, "50000");
        let kind = match cents {
            Some(cents) => OrderKind::Limit { limit: price("100").checked_add(Price::from_nanos(cents * 10_000_000)).unwrap() },
            None => OrderKind::Market,
        };
        let whole = NewOrder::new(bench.symbol("AAA"), side, shares(held.abs()), kind);
        if is_halted {
            bench.feed(Input::Command(Command::Halt { reason: "test".into() }));
        }
        if is_stale {
            bench.wait(3600);
        }
        if is_deaf {
            bench.feed(Input::Link { link: Link::MarketData, up: false });
        }
        if is_restarted {
            bench.feed(Input::Link { link: Link::Orders, up: false });
        }
        let state = bench.kernel.state();
        let origin = Origin::Strategy(StrategyId(0));
        // Growth is stopped, so that the exit passes for what it is.
        let growth = NewOrder { side: side.opposite(), ..whole };
        prop_assert!(risk::would_pass(state, origin, growth).is_err());
        let size = OrderSize::Shares(Quantity::from_nanos((held.abs() * part * SCALE / 100).max(1)));
        let exit = NewOrder { size, ..whole };
        prop_assert_eq!(risk::would_pass(state, origin, exit), Ok(()));
        prop_assert_eq!(risk::would_pass(state, Origin::Operator, exit), Ok(()));
    }
}

#[test]
fn cancels_are_judged_by_no_check() {
    // A cancel names an order that works; the checks are of new orders and replacements.
    assert!(CHECKS.iter().any(|check| check.class == Class::Growth));
    let mut bench = Bench::warm(Limits::default());
    let entry = bench.submit(Side::Buy, 1, OrderKind::Limit { limit: price("99") });
    bench.propose([entry]);
    bench.report(1, ReportKind::New);
    bench.feed(Input::Command(Command::Halt { reason: "test".into() }));
    bench.feed(Input::Link { link: Link::Orders, up: false });
    let events = bench.feed(Input::Command(Command::CancelAll { reason: "test".into() }));
    assert!(events.iter().any(|event| matches!(event, Event::CancelApproved { .. })));
}
