//! The report as HTML: whole, well formed, alone.

use crate::common::*;
use backtest::sweep::{Bench, Ledger, Objective, Search, Space, Subject, judge_sweep, try_all};
use backtest::walk::{Length, Walk, WalkPlan, judge_walk, windows};
use backtest::{
    BacktestConfig, Benchmark, Quiet, Sketch, Yardstick, html_report, sweep_html, walk_html,
};
use marketdata::{Feed, FeedSource};

fn html(config: &BacktestConfig, feed: &Feed, strategies: Vec<backtest::Chosen>) -> String {
    let mut source = FeedSource::new(feed);
    let mut sketch = Sketch::new(&mut source, &config.calendar);
    let mut report = backtest::run_source(config, &mut sketch, strategies, &mut Quiet).unwrap();
    let prices = sketch.finish();
    let dates: Vec<u32> = report.daily.iter().map(|day| day.date).collect();
    let benchmark = Benchmark::buy_and_hold(&prices, &dates, &config.actions);
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

#[test]
fn the_pages_of_a_sweep_and_a_walk_are_whole() {
    let feed = walk(&["QQQ", "SPY"], 40);
    let (facts, config) = (feed.facts(), without_fees(&feed));
    let axes =
        ["fast=5..20:5", "slow=15..45:15", "quantity=10,20"].map(|text| text.parse().unwrap());
    let space = Space::new(axes.into(), Search::Grid).unwrap();
    let build = |params: &std::collections::BTreeMap<String, String>| {
        strategies::build("sma-crossover", params, &feed.symbols).map_err(|error| error.to_string())
    };
    let subject = || Subject {
        strategy: "sma-crossover".into(),
        symbols: vec!["QQQ".into(), "SPY".into()],
        data_hash: facts.content_hash.clone(),
        span: facts.span.unwrap(),
        rows: facts.rows,
        models: Vec::new(),
    };
    let (data, program) = (&feed.data[..], "one");
    let bench = Bench { config: &config, data, facts: &facts, program, by: "sweep", words: None };
    let mut ledger = Ledger::unkept();
    let tried = try_all(bench, &build, &space, &mut ledger, 2, &mut |_| {}).unwrap();
    let by = Objective::Sharpe;
    let page = sweep_html(&judge_sweep(subject(), &space, &tried, &ledger, by));
    let (train, test) = (Length::Sessions(20), Length::Sessions(10));
    let none = Length::Sessions(0);
    let plan = WalkPlan { train, test, anchored: true, purge: none, embargo: none };
    let walker = Walk {
        config: &config,
        feed: &feed,
        space: &space,
        build: &build,
        by,
        threads: 2,
        program,
        words: None,
    };
    let laid = windows(&plan, &feed, &config.calendar).unwrap();
    let walked = walker.run(&laid, &mut ledger, &mut |_| {}).unwrap();
    let walked = walk_html(&judge_walk(subject(), &plan, by, 100_000.0, &walked, &ledger));
    for (page, parts) in
        [(page, &["map", "luck", "trials", "ledger"][..]), (walked, &["outside", "windows"][..])]
    {
        check_tags(&page);
        check_numbers(&page);
        for part in parts {
            assert!(page.contains(&format!("<section id=\"{part}\">")), "{part}");
        }
        assert!(!page.contains("http") && !page.contains("<script"));
    }
}
