//! Real minute bars: every strategy, all symbols, and books that agree with the exchange's.
//! A run whose cash or positions differ from the exchange's by a digit gives an error.

use crate::common::*;
use kernel::Cash;

const WEEK: [&str; 4] = ["AAPL", "GLD", "MSFT", "TSLA"];

fn read(test: &str, files: &[&str]) -> Option<marketdata::Feed> {
    let folder = real_data(test)?.join("bars");
    let paths: Vec<_> = files.iter().map(|file| folder.join(file)).collect();
    Some(marketdata::read_files(&paths).unwrap())
}

/// What was earned and paid, and what is held at cost, is what the cash moved by.
fn check(report: &backtest::BacktestReport) {
    let pnl: i64 = report.trades.iter().map(|trade| trade.pnl.nanos()).sum();
    let moved = report.cash.nanos() - 100_000 * kernel::SCALE;
    if report.positions.is_empty() {
        assert_eq!(moved, pnl - report.fees.nanos(), "{}", report.strategy);
    }
    assert!(report.equity > Cash::ZERO && report.fills > 0, "{}", report.strategy);
    assert_eq!(report.orders.rejected, 0, "{}", report.strategy);
}

#[test]
fn every_strategy_trades_spy() {
    let Some(feed) = read("every_strategy_trades_spy", &["1Min/SPY_2011.csv.gz"]) else { return };
    // Those that look at several symbols at once, or listen to a model, have tests of their own.
    let others = ["ensemble", "lstm", "momentum-rotation", "pairs"];
    for entry in strategies::registry().iter().filter(|entry| !others.contains(&entry.name)) {
        let config = backtest::BacktestConfig::for_feed(&feed);
        let report = run(&config, &feed, chosen(entry.name, &[], &feed));
        check(&report);
        assert!(entry.name == "buy-and-hold" || report.trades.len() > 20, "{}", entry.name);
    }
}

#[test]
fn averages_and_relative_strength_trade_four_symbols_together() {
    let files: Vec<String> = WEEK.iter().map(|name| format!("1Min/{name}_2019-02.csv")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let Some(feed) = read("averages_and_relative_strength_trade_four_symbols_together", &files)
    else {
        return;
    };
    assert_eq!(feed.symbols.names().collect::<Vec<_>>(), WEEK);
    for name in ["sma-crossover", "rsi-mean-reversion"] {
        for direction in ["long", "both"] {
            let config = backtest::BacktestConfig::for_feed(&feed);
            let report = run(&config, &feed, chosen(name, &[("direction", direction)], &feed));
            check(&report);
            for symbol in WEEK {
                let trades = report.trades.iter().filter(|trade| trade.symbol == symbol).count();
                assert!(trades > 0, "{name} {direction}: no trade in {symbol}");
            }
        }
    }
}

#[test]
fn daily_bars_trade() {
    let Some(feed) = read("daily_bars_trade", &["1Day/GE.csv", "1Day/CAT.csv"]) else { return };
    let config = backtest::BacktestConfig::for_feed(&feed);
    let report = run(&config, &feed, chosen("sma-crossover", &[], &feed));
    check(&report);
    assert!(report.trades.len() > 100, "{} trades", report.trades.len());
}
