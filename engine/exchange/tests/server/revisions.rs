//! What is put right on the market data stream after it was told, and price bands.

use crate::support::{Socket, Venue, at, config, quiet};
use exchange::server::FaultScript;
use kernel::{MarketData, Quantity, Span, Trade};
use serde_json::{Value, json};

/// Quiet minutes with a trade in each, under a fault script.
async fn venue(rules: &str) -> Venue {
    let mut feed = quiet(&["AAA"]);
    let traded = feed.data.iter().flat_map(|data| {
        let MarketData::Bar(bar) = data else { unreachable!() };
        let time = bar.open_time.plus(Span::from_secs(40));
        let size = Quantity::from_whole(7).unwrap();
        let trade = Trade { symbol: bar.symbol, time, price: bar.open, size };
        [MarketData::Trade(trade), *data]
    });
    feed.data = traded.collect();
    let mut config = config(feed);
    config.faults = FaultScript::parse(rules).unwrap();
    Venue::new(config).await
}

/// A client that wants the named channels, with the order stream that the lock step waits for.
async fn client(venue: &Venue, channels: &[&str]) -> (Socket, Socket) {
    let orders = venue.listener().await;
    let mut market = venue.market().await;
    let mut words = json!({"action": "subscribe"});
    for channel in channels {
        words[channel] = json!(["AAA"]);
    }
    market.send(words).await;
    assert_eq!(market.json().await[0]["T"], "subscription");
    (orders, market)
}

/// The data of a step, which is then acknowledged.
async fn pass(market: &mut Socket) -> Vec<Value> {
    let frame = market.json().await;
    let (head, data) = frame.as_array().unwrap().split_first().unwrap();
    market.send(json!({"action": "tradewind_ack", "step": head["step"]})).await;
    data.to_vec()
}

fn kinds(data: &[Value]) -> Vec<&str> {
    data.iter().map(|item| item["T"].as_str().unwrap()).collect()
}

/// Source: Alpaca, "Real-time Stock Data", trade corrections and trade cancels/errors.
#[tokio::test]
async fn a_trade_is_corrected_or_taken_back_before_what_comes_next() {
    let venue = venue(
        "[[fault]]\non='trade'\ninject='correct'\nbps=100\n\
         [[fault]]\non='trade'\nnth=2\ninject='cancel_error'\nbps=-100\nsteps=2",
    )
    .await;
    let (_orders, mut market) = client(&venue, &["trades", "bars"]).await;
    let told = pass(&mut market).await.remove(0);
    assert_eq!((&told["T"], &told["p"]), (&json!("t"), &json!(101.0)));
    let right = pass(&mut market).await;
    assert_eq!(kinds(&right), ["c", "b"]);
    let correction = json!({
        "T": "c", "S": "AAA", "x": "V", "oi": told["i"], "op": 101.0, "os": 7, "oc": ["@"],
        "ci": told["i"], "cp": 100.0, "cs": 7, "cc": ["@"], "t": "2026-01-06T14:31:00Z", "z": "A",
    });
    assert_eq!(right[0], correction);
    let told = pass(&mut market).await.remove(0);
    assert_eq!(told["p"], 99.0);
    assert_eq!(kinds(&pass(&mut market).await), ["b"]);
    let gone = pass(&mut market).await;
    assert_eq!(kinds(&gone), ["x", "t"]);
    let cancel = json!({
        "T": "x", "S": "AAA", "i": told["i"], "x": "V", "p": 99.0, "s": 7, "a": "E",
        "t": "2026-01-06T14:32:40Z", "z": "A",
    });
    assert_eq!(gone[0], cancel);
    assert_eq!(venue.running.snapshot().faults, [1, 1]);
    let trades = venue.get("/v2/stocks/trades?symbols=AAA&start=2026-01-06").await.body;
    assert_eq!(trades["trades"]["AAA"][0]["p"], 100.0, "the history has what is right");
}

/// Conformance 132.
#[tokio::test]
async fn a_bar_is_counted_again() {
    let venue = venue("[[fault]]\non='bar'\ninject='update_bar'\nbps=100").await;
    let (_orders, mut market) = client(&venue, &["bars", "updatedBars"]).await;
    assert_eq!(kinds(&pass(&mut market).await), [""; 0]);
    let told = pass(&mut market).await.remove(0);
    assert_eq!((&told["c"], &told["h"], &told["l"]), (&json!(101.5), &json!(101.5), &json!(99.0)));
    let again = pass(&mut market).await.remove(0);
    assert_eq!((&again["T"], &again["t"]), (&json!("u"), &told["t"]));
    assert_eq!((&again["c"], &again["h"]), (&json!(100.5), &json!(101.0)));
}

/// What is drawn close stays so for some steps, and is ordinary then.
#[tokio::test]
async fn bands_are_drawn_around_the_last_price() {
    let rule = "[[fault]]\non='step'\nstep=2\ninject='luld'\nsymbol='AAA'\nbps=100\nsteps=2";
    let venue = venue(rule).await;
    let (_orders, mut market) = client(&venue, &["lulds", "bars"]).await;
    assert_eq!(kinds(&pass(&mut market).await), [""; 0]);
    let close = pass(&mut market).await;
    assert_eq!(kinds(&close), ["l", "b"]);
    let bands = json!({
        "T": "l", "S": "AAA", "d": 99.0, "u": 101.0, "i": "B", "t": "2026-01-06T14:30:40Z", "z": "C",
    });
    assert_eq!(close[0], bands);
    assert!(at(close[0]["t"].as_str().unwrap()) < at("2026-01-06T14:31:00Z"));
    assert_eq!(kinds(&pass(&mut market).await), [""; 0]);
    let wide = pass(&mut market).await;
    assert_eq!((&wide[0]["d"], &wide[0]["u"]), (&json!(95.0), &json!(105.0)));
}

/// Corrections and cancels come with the trades; the rest is asked for.
#[tokio::test]
async fn nobody_gets_what_they_did_not_ask_for() {
    let rules = "[[fault]]\non='trade'\ninject='correct'\nbps=100\ntimes='all'\n\
                 [[fault]]\non='bar'\ninject='update_bar'\nbps=100\ntimes='all'\n\
                 [[fault]]\non='step'\nstep=2\ninject='luld'\nsymbol='AAA'\nbps=100";
    let all = [("bars", "b"), ("trades", "ct"), ("updatedBars", "u"), ("lulds", "l")];
    for (channel, expected) in all {
        let venue = venue(rules).await;
        let (_orders, mut market) = client(&venue, &[channel]).await;
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..6 {
            seen.extend(pass(&mut market).await.iter().map(|it| it["T"].to_string()));
        }
        let expected = expected.chars().map(|kind| format!("\"{kind}\"")).collect();
        assert_eq!(seen, expected, "{channel}");
    }
}

#[test]
fn what_means_nothing_is_refused() {
    for (rule, says) in [
        ("on='bar'\ninject='correct'\nbps=1", "can be injected on \"trade\""),
        ("on='quote'\ninject='cancel_error'\nbps=1", "can be injected on \"trade\""),
        ("on='trade'\ninject='update_bar'\nbps=1", "can be injected on \"bar\""),
        ("on='trade'\ninject='correct'", "`bps` is missing"),
        ("on='step'\ninject='luld'\nbps=1", "needs `symbol`"),
        ("on='step'\ninject='luld'\nsymbol='A'\nbps=0", "`bps` must be"),
    ] {
        let error = FaultScript::parse(&format!("[[fault]]\n{rule}")).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
