//! Several strategies in one account, by hand.

use crate::common::*;
use kernel::Side;

/// Long buys 10 on bar 1, filled at 101; short sells 10 on bar 2, filled at 103: they are long's.
/// On bar 4 both want something, and what comes second would meet the first's order.
#[test]
fn they_share_the_position_and_may_not_trade_with_each_other() {
    let feed = minutes(&[("AAA", flat(&[10_000, 10_100, 10_300, 10_400, 10_400, 10_500]))]);
    let mut config = without_fees(&feed);
    config.labels = vec!["long".into(), "short".into()];
    let long = wishes("one", &[(1, Side::Buy, 10), (4, Side::Buy, 5)]);
    let short = wishes("other", &[(2, Side::Sell, 10), (4, Side::Sell, 5)]);
    let report = run(&config, &feed, vec![long, short]);
    let [long, short] = report.strategies.as_slice() else { unreachable!("two were named") };
    assert_eq!((long.orders, long.denied, long.fills), (2, 0, 2));
    assert_eq!((short.orders, short.denied, short.fills), (1, 1, 1), "a wash trade is denied");
    assert_eq!((long.trades, long.shared, long.pnl.to_string()), (1, 1, "20".into()));
    assert_eq!((short.trades, short.shared, short.pnl.to_string()), (0, 0, "0".into()));
    assert_eq!((long.traded.to_string(), short.traded.to_string()), ("1530".into(), "1030".into()));
    assert_eq!(report.trades[0].strategy.as_deref(), Some("long"));
    assert_eq!(report.positions["AAA"].qty.to_string(), "5");
    let mut csv = Vec::new();
    backtest::write_trades(&report, &mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.lines().next().unwrap().ends_with(",strategy"), "{csv}");
    assert!(csv.lines().nth(1).unwrap().ends_with(",long"), "{csv}");
}

/// The order of the strategies is part of the run: what comes first is judged first.
#[test]
fn what_is_asked_first_has_its_order_first() {
    let feed = minutes(&[("AAA", flat(&[10_000; 4]))]);
    let config = without_fees(&feed);
    let buys = || wishes("buys", &[(1, Side::Buy, 5)]);
    let sells = || wishes("sells", &[(1, Side::Sell, 5)]);
    let held = |chosen| run(&config, &feed, chosen).positions["AAA"].qty.to_string();
    assert_eq!(held(vec![buys(), sells()]), "5");
    assert_eq!(held(vec![sells(), buys()]), "-5");
}
