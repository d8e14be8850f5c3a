//! The report as HTML: whole, well formed, alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod common;

use backtest::{BacktestConfig, Benchmark, Quiet, Sketch, Yardstick, html_report};
use common::*;
use marketdata::{Feed, FeedSource};

fn html(config: &BacktestConfig, feed: &Feed, strategies: Vec<backtest::Chosen>) -> String {
    let mut source = FeedSource::new(feed);
    let mut sketch = Sketch::new(&mut source, &config.calendar);
    let mut report = backtest::run_source(config, &mut sketch, strategies, &mut Quiet).unwrap();
    let prices = sketch.finish();
    let dates: Vec<u32> = report.daily.iter().map(|day| day.date).collect();
    let benchmark = Benchmark::buy_and_hold(&prices, &dates);
    let judgement = report.judge(&Yardstick { benchmark, ..Yardstick::default() });
    html_report(&report, &judgement, &prices)
}

/// Panics unless every tag that opens closes, in order, with its attributes in quotation marks.
fn check_tags(page: &str) {
    let body = page.strip_prefix("<!DOCTYPE html>\n").unwrap();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = body;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').unwrap();
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "a tag in a tag: {tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closed at: {}", &rest[..start.min(60)]);
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
}

fn check_numbers(page: &str) {
    for word in ["NaN", "inf ", "infinity", "-0.0 "] {
        assert!(!page.contains(word), "{word}");
    }
}

const SECTIONS: [&str; 7] =
    ["performance", "trades", "returns", "rolling", "metrics", "conventions", "manifest"];

#[test]
fn a_report_is_whole_and_needs_no_network() {
    let feed = walk(&["QQQ", "SPY"], 90);
    let params = [("fast", "5"), ("slow", "20")];
    let page = html(&without_fees(&feed), &feed, chosen("sma-crossover", &params, &feed));
    check_tags(&page);
    check_numbers(&page);
    for section in SECTIONS {
        assert!(page.contains(&format!("<section id=\"{section}\">")), "{section}");
    }
    let drawn = [
        "Equity, USD",
        "Drawdown from the highest",
        "Exposure",
        "QQQ, USD",
        "SPY, USD",
        "Profit by time held",
        "Profit by worst mark",
        "Returns by month",
        "Distribution of returns",
        "Rolling Sharpe",
        "Rolling beta",
        "Deepest drawdowns",
        "prefers-color-scheme:dark",
        "@media print",
    ];
    for text in drawn {
        assert!(page.contains(text), "{text}");
    }
    for reach in ["http:", "https:", "//", "src=", "href=", "@import", "url(", "<script", "<link"] {
        assert!(!page.contains(reach), "{reach}");
    }
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

#[test]
fn a_report_of_next_to_nothing_is_well_formed_too() {
    let one = minutes(&[("SPY", flat(&[10_000]))]);
    let idle = walk(&["SPY"], 1);
    let empty = minutes(&[("SPY", flat(&[10_000, 10_000, 10_000]))]);
    for (feed, strategy) in
        [(&one, "buy-and-hold"), (&idle, "rsi-mean-reversion"), (&empty, "sma-crossover")]
    {
        let page = html(&without_fees(feed), feed, chosen(strategy, &[], feed));
        check_tags(&page);
        check_numbers(&page);
    }
}

#[test]
fn what_comes_from_outside_is_text() {
    let feed = minutes(&[("SPY", flat(&[10_000, 10_100]))]);
    let mut config = without_fees(&feed);
    config.adjustment = "<b>X".into();
    config.config.insert("key".into(), "\"<script>&'".into());
    let page = html(&config, &feed, chosen("buy-and-hold", &[], &feed));
    check_tags(&page);
    assert!(!page.contains("<b>X") && page.contains("&lt;b&gt;X"));
    assert!(!page.contains("<script"));
}
