//! Runs small enough to do the sums by hand.

use crate::common::*;
use kernel::{Cash, Span, TradingHours};

fn cash(text: &str) -> Cash {
    text.parse().unwrap()
}

#[test]
fn an_entry_fills_at_the_next_open_and_is_marked_at_the_close() {
    let feed = minutes(&[(
        "SPY",
        vec![[100_00, 100_00, 100_00, 100_00], [101_00, 103_00, 101_00, 102_00], [105_00; 4]],
    )]);
    let config = without_fees(&feed);
    let report = run(&config, &feed, chosen("buy-and-hold", &[], &feed));
    assert_eq!(report.cash, cash("98990"), "10 shares at the open of the second bar, 101");
    assert_eq!(report.equity, cash("100040"), "and 10 shares at the last close, 105");
    assert_eq!(report.total_return, Some(0.0004));
    assert_eq!(report.metrics.get("max_drawdown_by_step"), Some(0.0));
    assert_eq!((report.orders.sent, report.orders.filled, report.fills), (1, 1, 1));
    assert_eq!(report.positions["SPY"].qty.to_string(), "10");
    assert!(report.trades.is_empty());
    assert_eq!(report.metrics.get("win_rate"), None);
    assert_eq!(report.metrics.reason("win_rate"), Some("no trade was closed"));
    let equity: Vec<String> =
        report.equity_points.iter().map(|point| point.equity.to_string()).collect();
    assert_eq!(equity, ["100000", "100010", "100040"]);
}

#[test]
fn a_round_trip_is_a_trade() {
    // The average of one close is above that of two after a rise, below it after a fall.
    let closes = [100_00, 101_00, 102_00, 103_00, 101_00, 100_00, 100_00];
    let feed = minutes(&[("SPY", flat(&closes))]);
    let params = [("fast", "1"), ("slow", "2"), ("quantity", "3")];
    let report = run(&without_fees(&feed), &feed, chosen("sma-crossover", &params, &feed));
    let [trade] = &report.trades[..] else { panic!("{:?}", report.trades) };
    assert_eq!((trade.symbol.as_str(), trade.side.as_str()), ("SPY", "buy"));
    assert_eq!(trade.qty.to_string(), "3");
    assert_eq!(trade.entry_time, time("2024-01-03T15:02:00Z"), "the bar after the rise was seen");
    assert_eq!(trade.entry_price.to_string(), "102");
    assert_eq!(trade.exit_time, time("2024-01-03T15:05:00Z"), "the bar after the fall was seen");
    assert_eq!(trade.exit_price.to_string(), "100");
    assert_eq!((trade.pnl, trade.fees), (cash("-6"), Cash::ZERO));
    assert_eq!(report.cash, cash("99994"));
    assert_eq!(
        (report.metrics.get("trades"), report.metrics.get("win_rate")),
        (Some(1.0), Some(0.0))
    );
    assert_eq!(report.metrics.get("max_drawdown_by_step"), Some(9.0 / 100_003.0));
}

#[test]
fn short_trades_are_entered_by_selling() {
    let closes = [103_00, 102_00, 101_00, 100_00, 102_00, 102_00, 102_00];
    let feed = minutes(&[("SPY", flat(&closes))]);
    let params = [("fast", "1"), ("slow", "2"), ("direction", "both"), ("quantity", "1")];
    let report = run(&without_fees(&feed), &feed, chosen("sma-crossover", &params, &feed));
    let trade = &report.trades[0];
    assert_eq!((trade.side.as_str(), trade.pnl), ("sell", cash("-1")));
    assert_eq!(trade.entry_price.to_string(), "101");
    assert_eq!(trade.exit_price.to_string(), "102");
}

#[test]
fn posted_fees_are_shared_among_the_trades_they_are_for() {
    // Two sessions, because fees of the first are posted at its close.
    let feed = walk(&["SPY"], 3);
    let config = backtest::BacktestConfig::for_feed(&feed);
    let report = run(&config, &feed, chosen("sma-crossover", &[("slow", "20")], &feed));
    let sum = |amounts: Vec<Cash>| -> i64 { amounts.iter().map(|cash| cash.nanos()).sum() };
    let fees = sum(report.trades.iter().map(|trade| trade.fees).collect());
    assert!(fees > 0 && fees <= report.fees.nanos(), "{fees} of {}", report.fees);
    if report.positions.is_empty() {
        let pnl = sum(report.trades.iter().map(|trade| trade.pnl).collect());
        assert_eq!(report.cash.nanos(), 100_000 * kernel::SCALE + pnl - report.fees.nanos());
    }
}

#[test]
fn daily_bars_are_traded_at_the_next_open_over_a_weekend() {
    let friday = time("2024-01-05T05:00:00Z");
    let day = Span::from_secs(86_400);
    let mut feed = bars(&[("GE", flat(&[100_00, 101_00, 102_00, 103_00]))], friday, day);
    // Saturday and Sunday have no bars.
    feed.data.remove(1);
    feed.data.remove(1);
    let config = without_fees(&feed);
    assert_eq!(config.hours, TradingHours::Always);
    let report = run(&config, &feed, chosen("buy-and-hold", &[("quantity", "1")], &feed));
    assert_eq!(report.cash, cash("99897"), "Monday's open");
    assert_eq!((report.orders.filled, report.orders.canceled), (1, 0));
}

#[test]
fn open_entries_are_cancelled_at_the_end() {
    let feed = minutes(&[("SPY", flat(&[100_00]))]);
    let report = run(&without_fees(&feed), &feed, chosen("buy-and-hold", &[], &feed));
    assert_eq!((report.orders.sent, report.orders.canceled, report.fills), (1, 1, 0));
    assert_eq!(report.cash, cash("100000"));
}

#[test]
fn nothing_to_run_is_said_in_a_sentence() {
    let feed = minutes(&[("SPY", flat(&[100_00]))]);
    let empty = minutes(&[("SPY", Vec::new())]);
    let config = without_fees(&feed);
    let error = |feed, strategies| {
        backtest::run(&config, feed, strategies, &mut backtest::Quiet).unwrap_err().to_string()
    };
    assert!(error(&empty, chosen("buy-and-hold", &[], &feed)).contains("no rows"));
    assert!(error(&feed, Vec::new()).contains("no strategy"));
}

#[test]
fn tables_have_the_columns_of_the_summary() {
    let closes = [100_00, 101_00, 102_00, 103_00, 101_00, 100_00, 100_00];
    let feed = minutes(&[("SPY", flat(&closes))]);
    let params = [("fast", "1"), ("slow", "2")];
    let report = run(&without_fees(&feed), &feed, chosen("sma-crossover", &params, &feed));
    let (mut trades, mut equity) = (Vec::new(), Vec::new());
    backtest::write_trades(&report, &mut trades).unwrap();
    backtest::write_equity(&report.equity_points, &mut equity).unwrap();
    assert_eq!(
        String::from_utf8(trades).unwrap(),
        "symbol,side,qty,entry_time,entry_price,exit_time,exit_price,pnl,fees,mae,mfe\n\
         SPY,buy,10,2024-01-03T15:02:00.000000000Z,102,2024-01-03T15:05:00.000000000Z,100,-20,0,-20,10\n"
    );
    let equity = String::from_utf8(equity).unwrap();
    assert_eq!(equity.lines().count(), 1 + closes.len());
    assert_eq!(equity.lines().nth(4), Some("2024-01-03T15:04:00.000000000Z,100010"));
}

#[test]
fn the_report_survives_json() {
    let feed = walk(&["QQQ", "SPY"], 1);
    let report = run(&without_fees(&feed), &feed, chosen("macd-trend", &[], &feed));
    let json = serde_json::to_value(&report).unwrap();
    for key in ["run", "strategy", "params", "symbols", "data", "rules", "trades", "orders", "cash"]
    {
        assert!(!json[key].is_null(), "{key}");
    }
    assert!(json["return"].is_f64() && json["cash"].is_string());
    let mut again: backtest::BacktestReport = serde_json::from_value(json).unwrap();
    again.equity_points.clone_from(&report.equity_points);
    again.daily.clone_from(&report.daily);
    again.samples.clone_from(&report.samples);
    for (name, value) in report.metrics.iter() {
        assert_eq!(again.metrics.get(name).is_some(), value.is_some(), "{name}");
        let close = |(a, b): (f64, f64)| (a - b).abs() <= 1e-12 * b.abs();
        assert!(again.metrics.get(name).zip(value).is_none_or(close), "{name}");
        assert_eq!(again.metrics.reason(name), report.metrics.reason(name));
    }
    again.metrics.clone_from(&report.metrics);
    assert_eq!(again, report);
}

#[test]
fn an_entry_that_fills_before_its_cancel_arrives_is_booked_once() {
    // Nothing trades for twenty minutes. The entry's time to live ends after fifteen, but by the
    // time anybody hears of it the exchange has filled it at the open of the next bar.
    let mut feed = minutes(&[("SPY", flat(&[100_00; 30]))]);
    feed.data.drain(1..21);
    let report = run(&without_fees(&feed), &feed, chosen("buy-and-hold", &[], &feed));
    assert_eq!((report.orders.sent, report.orders.filled, report.fills), (1, 1, 1));
    assert_eq!((report.orders.canceled, report.cash), (0, cash("99000")));
}

#[test]
fn excursions_are_those_while_the_trade_was_open() {
    // Entered at the open of 102, left at the open of 101 after prices from 99 to 108.
    let mut bars = flat(&[100_00, 101_00, 102_00, 103_00, 101_00, 100_00, 101_00, 50_00]);
    bars[3] = [102_00, 108_00, 101_00, 103_00];
    bars[4] = [103_00, 104_00, 99_00, 101_00];
    let feed = minutes(&[("SPY", bars)]);
    let params = [("fast", "1"), ("slow", "2"), ("quantity", "3")];
    let report = run(&without_fees(&feed), &feed, chosen("sma-crossover", &params, &feed));
    let trade = &report.trades[0];
    assert_eq!(
        (trade.entry_price.to_string(), trade.exit_price.to_string()),
        ("102".into(), "100".into())
    );
    assert_eq!((trade.mae, trade.mfe), (cash("-9"), cash("18")));
    assert_eq!((report.activity.steps, report.activity.steps_held), (8, 4), "the next one is open");
    assert_eq!(report.activity.traded, cash("756"));
}

#[test]
fn equity_is_marked_once_a_session_whatever_the_bars() {
    let feed = walk(&["SPY"], 4);
    let report = run(&without_fees(&feed), &feed, chosen("buy-and-hold", &[], &feed));
    let dates: Vec<u32> = report.daily.iter().map(|day| day.date).collect();
    assert_eq!(dates, [20_240_102, 20_240_103, 20_240_104, 20_240_105]);
    let closes: Vec<_> =
        report.daily.iter().map(|day| day.time.to_string()[11..16].to_owned()).collect();
    assert_eq!(closes, ["21:00"; 4], "the close in New York");
    for (day, close) in report.daily.iter().zip([390, 780, 1170, 1560]) {
        assert_eq!(day.equity, report.equity_points[close - 1].equity);
    }
    assert_eq!(report.daily.last().unwrap().equity, report.equity);
    assert!(report.daily.iter().all(|day| day.gross.is_positive()));
    assert_eq!((report.activity.sessions_open, report.activity.is_endless), (4, false));
    assert_eq!(report.convention.periods_per_year, 252.0);
    assert_eq!(report.metrics.get("sessions"), Some(4.0));
}
