//! Splits and dividends on raw prices: by hand, and against real series that were adjusted for them.

use crate::common::*;
use backtest::{BacktestConfig, BacktestReport, Dividends, Quiet};
use kernel::{Cash, Limits, MarketData, Span, VenueRules};
use marketdata::{CorporateActions, Feed};

const DAY: Span = Span::from_secs(86_400);

fn actions(rows: &str) -> CorporateActions {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("symbol,ex_date,type,ratio_or_cash\n{rows}")).unwrap();
    CorporateActions::from_csv(file.path()).unwrap()
}

/// Daily bars from Tuesday 2024-01-02, midnight in New York.
fn daily(closes: &[i64]) -> Feed {
    bars(&[("AAA", flat(closes))], time("2024-01-02T05:00:00Z"), DAY)
}

fn unlimited(feed: &Feed, dividends: Dividends) -> BacktestConfig {
    let mut config = without_fees(feed);
    config.dividends = dividends;
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

fn hold(config: &BacktestConfig, feed: &Feed, shares: &str) -> BacktestReport {
    run(config, feed, chosen("buy-and-hold", &[("quantity", shares)], feed))
}

/// Decided on the first bar, bought at 100 on the second. Split 2 for 1 before the third, 1 USD of
/// dividend before the fourth.
#[test]
fn a_split_and_a_dividend_by_hand() {
    let feed = daily(&[10_000, 10_000, 5_000, 4_900]);
    let rows = "AAA,2024-01-04,split,2\nAAA,2024-01-05,dividend,1\nBBB,2024-01-05,dividend,7\n";
    let mut config = unlimited(&feed, Dividends::Cash);
    config.actions = actions(rows);
    let cash = hold(&config, &feed, "10");
    assert_eq!(cash.positions["AAA"].qty.to_string(), "20");
    assert_eq!(cash.positions["AAA"].avg_price.unwrap().to_string(), "50");
    assert_eq!((cash.dividends.to_string(), cash.cash.to_string()), ("20".into(), "99020".into()));
    assert_eq!(cash.equity.to_string(), "100000", "20 shares at 49, and 20 USD");

    config.dividends = Dividends::Reinvest;
    let bought = hold(&config, &feed, "10");
    // 20 USD at 49 are 0.408163265 shares.
    assert_eq!(bought.positions["AAA"].qty.to_string(), "20.408163265");
    assert!(bought.equity.nanos() - cash.equity.nanos() <= 0, "rounded against the account");
    assert!(cash.equity.nanos() - bought.equity.nanos() < 100);
    assert_ne!(cash.run, bought.run, "another result has another id");

    let none = hold(&unlimited(&feed, Dividends::Cash), &feed, "10");
    assert_eq!(none.equity.to_string(), "99490");
}

/// A day's drop by a dividend is no loss on that day, and no gain on the day before.
#[test]
fn the_dividend_belongs_to_its_ex_day() {
    let feed = daily(&[10_000, 10_000, 10_000, 9_900]);
    let mut config = unlimited(&feed, Dividends::Cash);
    config.actions = actions("AAA,2024-01-05,dividend,1\n");
    let report = hold(&config, &feed, "10");
    let flat: Cash = "100000".parse().unwrap();
    assert!(report.daily.iter().all(|day| day.equity == flat), "{:?}", report.daily);
}

#[test]
fn who_is_short_pays() {
    let closes: Vec<i64> =
        (0..60).map(|day| if day < 40 { 10_000 + day * 10 } else { 9_000 }).collect();
    let feed = daily(&closes);
    let mut config = unlimited(&feed, Dividends::Reinvest);
    let params = [("direction", "both"), ("fast", "2"), ("slow", "5")];
    let ex_day = MarketData::time(feed.data.last().unwrap()).to_string();
    config.actions = actions(&format!("AAA,{},dividend,0.5\n", "2024-03-01"));
    assert!(ex_day.as_str() > "2024-03-01");
    let report = run(&config, &feed, chosen("sma-crossover", &params, &feed));
    assert_eq!(report.dividends.to_string(), "-5");
}

/// Entered at 120 on a Monday and split two days later, sold at 40 on Friday: an open trade is told
/// in the shares of its end.
#[test]
fn a_trade_over_a_split_is_in_new_shares() {
    let mut feed = daily(&[10_000, 10_000, 10_000, 11_000]);
    let week = [("AAA", flat(&[12_000, 13_000, 6_600, 5_000, 4_000]))];
    feed.data.extend(bars(&week, time("2024-01-08T05:00:00Z"), DAY).data);
    let mut config = unlimited(&feed, Dividends::Cash);
    config.actions = actions("AAA,2024-01-10,split,2\n");
    let params = [("fast", "1"), ("slow", "3")];
    let report = run(&config, &feed, chosen("sma-crossover", &params, &feed));
    let trade = &report.trades[0];
    assert_eq!(trade.qty.to_string(), "20");
    assert_eq!(trade.entry_price.to_string(), "60");
    assert_eq!(trade.exit_price.to_string(), "40");
    assert_eq!(trade.pnl.to_string(), "-400");
    assert_eq!((trade.mae.to_string(), trade.mfe.to_string()), ("-400".into(), "120".into()));
}

#[test]
fn without_trading_days_there_are_no_ex_days() {
    let feed = daily(&[10_000, 10_000]);
    let mut config = unlimited(&feed, Dividends::Cash);
    config.actions = actions("AAA,2024-01-03,dividend,1\n");
    config.calendar.clear();
    let strategies = chosen("buy-and-hold", &[], &feed);
    let error = backtest::run(&config, &feed, strategies, &mut Quiet).unwrap_err();
    assert!(error.to_string().contains("trading days"), "{error}");
}

/// Raw prices, splits and reinvested dividends against the same series adjusted for both by its
/// source, over 34 years: what 100,000 USD became from the first fill to the last close.
#[test]
fn reinvested_dividends_are_the_total_return() {
    let Some(folder) = real_data("reinvested_dividends_are_the_total_return") else { return };
    let actions = CorporateActions::from_csv(&folder.join("corporate_actions.csv")).unwrap();
    for symbol in ["GE", "F", "CAT"] {
        let read = |kind: &str| {
            let file = folder.join(format!("bars/{kind}/{symbol}.csv"));
            marketdata::read_files(&[file]).unwrap()
        };
        let (raw, adjusted) = (read("1Day"), read("1Day_adj"));
        let mut config = unlimited(&raw, Dividends::Reinvest);
        config.exchange.rules = VenueRules::Plain;
        config.exchange.account.multiplier = 1;
        config.actions = actions.clone();
        let params = [("equity_percent", "100")];
        let report = run(&config, &raw, chosen("buy-and-hold", &params, &raw));
        let bar = |feed: &Feed, place: usize| match feed.data[place] {
            MarketData::Bar(bar) => (bar.open.to_f64(), bar.close.to_f64()),
            _ => panic!("bars alone"),
        };
        let last = adjusted.data.len() - 1;
        let expected = bar(&adjusted, last).1 / bar(&adjusted, 1).0;
        let shares = (100_000.0 / bar(&raw, 1).0).floor();
        let spent = shares * bar(&raw, 1).0;
        let found = (report.equity.to_f64() - (100_000.0 - spent)) / spent;
        let apart = (found / expected - 1.0).abs();
        println!("{symbol}: {found:.4} of {expected:.4}, apart by {:.4} %", apart * 100.0);
        assert!(apart < 0.001, "{symbol}: {found} of {expected}");
        config.dividends = Dividends::Cash;
        let cash = run(&config, &raw, chosen("buy-and-hold", &params, &raw));
        assert!(cash.equity < report.equity && cash.dividends > Cash::ZERO, "{symbol}");
    }
}
