//! One strategy under the rules of two venues, on real daily bars. The table in `docs/BACKTESTS.md`
//! is written by `UPDATE_EXPECT=1 cargo test -p tradewind-backtest --test runs venue_rules`.

use crate::common::*;
use backtest::{BacktestConfig, BacktestReport};
use kernel::{Cash, Limits, VenueRules};
use marketdata::Feed;
use std::fmt::Write;

const DOC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/BACKTESTS.md");
const BEGIN: &str = "<!-- written by the test venue_rules -->\n";
const END: &str = "<!-- end -->\n";

/// 10,000 USD without fees, and no limit but what can be paid for.
fn config(feed: &Feed, rules: VenueRules) -> BacktestConfig {
    let mut config = BacktestConfig::for_feed(feed);
    config.exchange.rules = rules;
    config.exchange.starting_cash = "10000".parse().unwrap();
    config.exchange.account.multiplier = if rules == VenueRules::Plain { 1 } else { 2 };
    config.exchange.fees.regulatory = false;
    config.close_at_last_open = rules == VenueRules::Plain;
    config.limits = Limits {
        max_order_quantity: None,
        max_order_notional: None,
        max_position_notional: None,
        max_gross_exposure: None,
        max_risk_per_trade: None,
        daily_drawdown: None,
        ..config.limits
    };
    config
}

fn crossover(
    feed: &Feed,
    rules: VenueRules,
    (signal, size): (&str, (&str, &str)),
) -> BacktestReport {
    let params = [("signal", signal), ("direction", "both"), size];
    run(&config(feed, rules), feed, chosen("sma-crossover", &params, feed))
}

fn percent(report: &BacktestReport) -> String {
    let start: Cash = "10000".parse().unwrap();
    format!("{:.4} %", (report.equity.to_f64() / start.to_f64() - 1.0) * 100.0)
}

fn row(table: &mut String, words: &str, report: &BacktestReport) {
    let (trades, denied) = (report.trades.len(), report.orders.denied);
    writeln!(table, "| {words} | {trades} | {} | {denied} |", percent(report)).unwrap();
}

/// The figures of backtesting.py for its SMA crossover 10/30 on its own daily bars of GOOG.
#[test]
fn plain_rules_give_the_figures_of_backtesting_py_and_alpacas_do_not() {
    let name = "plain_rules_give_the_figures_of_backtesting_py_and_alpacas_do_not";
    let Some(folder) = real_data(name) else { return };
    let feed = marketdata::read_files(&[folder.join("bars/1Day/GOOG.csv")]).unwrap();
    let by_equity = ("crossing", ("equity_percent", "100"));
    let plain = crossover(&feed, VenueRules::Plain, by_equity);
    assert_eq!((plain.trades.len(), percent(&plain).as_str()), (66, "414.2299 %"));
    assert!(plain.positions.is_empty());
    for words in ["no broker's rules", "an open that had passed"] {
        assert!(plain.notes.iter().any(|note| note.contains(words)), "{:?}", plain.notes);
    }
    let refused = crossover(&feed, VenueRules::Alpaca, by_equity);
    assert_eq!((refused.trades.len(), refused.fills), (0, 0));
    assert!(refused.orders.denied > 60);
    let in_dollars = crossover(&feed, VenueRules::Alpaca, ("level", ("notional_usd", "5000")));
    assert!(in_dollars.fills > 60 && in_dollars.orders.denied == 0);

    let mut table = String::from(
        "| rules | size of an entry | trades | return | denied |\n| --- | --- | --- | --- | --- |\n",
    );
    row(&mut table, "`plain` | 100 % of equity at the fill, together with the close", &plain);
    row(&mut table, "`alpaca` | the same: refused, for the broker takes no such order", &refused);
    row(
        &mut table,
        "`alpaca` | `signal=level`, 5,000 USD at the last close: an entry follows a bar after the close",
        &in_dollars,
    );
    expect_in_doc(&table);
}

fn expect_in_doc(table: &str) {
    let doc = std::fs::read_to_string(DOC).unwrap();
    let (before, rest) = doc.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(DOC, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(found, table, "docs/BACKTESTS.md has other figures");
    }
}
