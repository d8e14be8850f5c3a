//! Historical market data.

use crate::support::{OPEN, Venue, at, config, quiet};
use exchange::server::{Plan, ServerConfig, Source, Speed, Synthetic};
use kernel::{MarketData, Quote, Span, Trade};
use serde_json::{Value, json};

/// A venue whose five minutes in two symbols have all been shown.
async fn replayed() -> Venue {
    let venue = Venue::quiet().await;
    let mut session = venue.session().await;
    while !session.pass().await.end {}
    venue
}

async fn bars(venue: &Venue, query: &str) -> Value {
    let answer = venue.get(&format!("/v2/stocks/bars?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Conformance 112.
#[tokio::test]
async fn bars_have_the_shapes_of_one_and_of_many_symbols() {
    let venue = replayed().await;
    let first = json!({
        "t": "2026-01-06T14:30:00Z", "o": 100.0, "h": 101.0, "l": 99.0, "c": 100.5, "v": 10000,
        "n": 0, "vw": 100.166666666,
    });
    let many = bars(&venue, "symbols=BBB,AAA,NONE&timeframe=1Min").await;
    assert_eq!(many["next_page_token"], Value::Null);
    assert_eq!(many["bars"].as_object().unwrap().keys().collect::<Vec<_>>(), ["AAA", "BBB"]);
    assert_eq!(many["bars"]["AAA"].as_array().unwrap().len(), 5);
    assert_eq!(many["bars"]["AAA"][0], first);
    let one = venue.get("/v2/stocks/AAA/bars?timeframe=1Min&limit=1").await.body;
    assert_eq!((&one["symbol"], &one["bars"]), (&json!("AAA"), &json!([first])));
    assert!(one["next_page_token"].is_string());
    let none = venue.get("/v2/stocks/NONE/bars?timeframe=1Min").await.body;
    assert_eq!(none, json!({"bars": null, "symbol": "NONE", "next_page_token": null}));
    let none = bars(&venue, "symbols=NONE&timeframe=1Min").await;
    assert_eq!(none, json!({"bars": {}, "next_page_token": null}));
}

/// Conformance 113.
#[tokio::test]
async fn pages_count_over_all_symbols_and_lose_nothing() {
    let venue = replayed().await;
    for (limit, sort) in [(1, "asc"), (2, "asc"), (3, "desc"), (5, "asc"), (7, "desc"), (10, "asc")]
    {
        let query = format!("symbols=AAA,BBB&timeframe=1Min&sort={sort}&limit={limit}");
        let whole = bars(&venue, &format!("symbols=AAA,BBB&timeframe=1Min&sort={sort}")).await;
        let mut seen: Vec<(String, Value)> = Vec::new();
        let mut token = String::new();
        loop {
            let page = bars(&venue, &format!("{query}{token}")).await;
            let items = page["bars"].as_object().unwrap().iter();
            let items = items.flat_map(|(symbol, bars)| {
                bars.as_array().unwrap().iter().map(move |bar| (symbol.clone(), bar.clone()))
            });
            let items: Vec<_> = items.collect();
            assert!(items.len() <= limit);
            seen.extend(items);
            match page["next_page_token"].as_str() {
                Some(next) => token = format!("&page_token={}", next.replace('=', "%3D")),
                None => break,
            }
        }
        let expected = ["AAA", "BBB"].into_iter().flat_map(|symbol| {
            whole["bars"][symbol]
                .as_array()
                .unwrap()
                .iter()
                .map(|bar| (symbol.to_owned(), bar.clone()))
        });
        assert_eq!(seen, expected.collect::<Vec<_>>(), "limit {limit} {sort}");
    }
    let too_large = venue.get("/v2/stocks/bars?symbols=AAA&timeframe=1Min&limit=10001").await;
    let message = "invalid limit: larger than the allowed maximum of 10000";
    assert_eq!((too_large.status, too_large.body), (400, json!({"message": message})));
    let token = venue.get("/v2/stocks/bars?symbols=AAA&timeframe=1Min&page_token=x").await;
    assert_eq!(token.status, 400);
}

/// Conformance 116.
#[tokio::test]
async fn bounds_are_inclusive_and_timeframes_checked() {
    let venue = replayed().await;
    let range = "start=2026-01-06T09:31:00-05:00&end=2026-01-06T14:33:00Z";
    let inside = bars(&venue, &format!("symbols=AAA&timeframe=1Min&{range}")).await;
    let times: Vec<&Value> =
        inside["bars"]["AAA"].as_array().unwrap().iter().map(|bar| &bar["t"]).collect();
    let minute = |minute: u32| format!("2026-01-06T14:{minute}:00Z");
    assert_eq!(times, [&minute(31), &minute(32), &minute(33)]);
    let day = bars(&venue, "symbols=AAA&timeframe=1Min&start=2026-01-06&end=2026-01-06").await;
    assert_eq!(day["bars"]["AAA"].as_array().unwrap().len(), 5);
    for timeframe in ["60Min", "24Hour", "5Month", "0Min", "2Day", "Min", "", "1.5Min", "999Min"] {
        let answer = venue.get(&format!("/v2/stocks/bars?symbols=AAA&timeframe={timeframe}")).await;
        assert_eq!(answer.status, 400, "{timeframe}");
    }
    assert_eq!(venue.get("/v2/stocks/bars?timeframe=1Min").await.status, 400);
    let wrong = venue.get("/v2/stocks/bars?symbols=AAA&timeframe=1Min&start=soon").await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn longer_bars_are_put_together() {
    let venue = replayed().await;
    let three = bars(&venue, "symbols=AAA&timeframe=3Min").await["bars"]["AAA"].clone();
    let seen: Vec<_> =
        three.as_array().unwrap().iter().map(|bar| (bar["t"].clone(), bar["v"].clone())).collect();
    let expected = [
        (json!("2026-01-06T14:30:00Z"), json!(30000)),
        (json!("2026-01-06T14:33:00Z"), json!(20000)),
    ];
    assert_eq!(seen, expected);
    for (timeframe, start) in [
        ("1Hour", "2026-01-06T14:00:00Z"),
        ("1Day", "2026-01-06T05:00:00Z"),
        ("1Week", "2026-01-05T05:00:00Z"),
        ("3Month", "2026-01-01T05:00:00Z"),
    ] {
        let query = format!("symbols=AAA&timeframe={timeframe}&start=2026-01-01");
        let bar = bars(&venue, &query).await["bars"]["AAA"][0].clone();
        assert_eq!((&bar["t"], &bar["v"]), (&json!(start), &json!(50000)), "{timeframe}");
    }
}

#[tokio::test]
async fn history_never_shows_the_future() {
    let venue = Venue::quiet().await;
    let mut session = venue.session().await;
    for shown in 1..=5 {
        session.pass().await;
        let query = "symbols=AAA&timeframe=1Min&start=2026-01-01&end=2026-12-31";
        // The next step may have come by now, never the one behind it.
        let count = bars(&venue, query).await["bars"]["AAA"].as_array().unwrap().len();
        assert!((shown..=shown + 1).contains(&count), "{shown} {count}");
    }
}

/// Conformance 117.
#[tokio::test]
async fn the_basic_plan_has_no_recent_sip_data() {
    let mut basic = config(quiet(&["AAA"]));
    basic.plan = Plan::Basic;
    let venue = Venue::new(basic).await;
    let path = "/v2/stocks/bars?symbols=AAA&timeframe=1Min&feed=sip";
    let refused = venue.get(path).await;
    let message = "subscription does not permit querying recent SIP data";
    assert_eq!((refused.status, refused.body), (403, json!({"message": message})));
    let old = venue.get(&format!("{path}&start=2026-01-05&end=2026-01-06T14:15:00Z")).await;
    assert_eq!(old.status, 200);
    assert_eq!(venue.get(&path.replace("sip", "iex")).await.status, 200);
}

/// Conformance 112.
#[tokio::test]
async fn latest_and_snapshots_have_their_shapes() {
    let mut feed = quiet(&["AAA", "BBB"]);
    let symbol = feed.symbols.id("AAA").unwrap();
    let (bid, ask) = ("100".parse().unwrap(), "100.02".parse().unwrap());
    let size = "200".parse().unwrap();
    let time = at(OPEN).plus(Span::from_secs(301));
    let quote = Quote { symbol, time, bid, bid_size: size, ask, ask_size: size };
    let later = time.plus(Span::from_millis(1));
    feed.data.push(MarketData::Quote(quote));
    feed.data.push(MarketData::Trade(Trade { symbol, time: later, price: ask, size }));
    let venue = Venue::new(config(feed)).await;
    let mut session = venue.session().await;
    while !session.pass().await.end {}
    let get = async |path: &str| venue.get(&format!("/v2/stocks/{path}")).await.body;
    let bar = get("AAA/bars/latest").await;
    assert_eq!((&bar["symbol"], &bar["bar"]["t"]), (&json!("AAA"), &json!("2026-01-06T14:34:00Z")));
    assert_eq!(get("bars/latest?symbols=AAA").await["bars"]["AAA"], bar["bar"]);
    let quote = get("AAA/quotes/latest").await["quote"].clone();
    assert_eq!((&quote["bp"], &quote["as"]), (&json!(100.0), &json!(200)));
    assert_eq!(get("quotes/latest?symbols=AAA,BBB").await["quotes"], json!({"AAA": quote}));
    let trade = get("AAA/trades/latest").await["trade"].clone();
    assert_eq!((&trade["p"], &trade["s"]), (&json!(100.02), &json!(200)));
    assert_eq!(get("trades/latest?symbols=AAA").await["trades"]["AAA"], trade);
    assert_eq!(get("AAA/trades").await["trades"], json!([trade]));
    assert_eq!(get("quotes?symbols=AAA").await["quotes"]["AAA"], json!([quote]));
    let snapshots = get("snapshots?symbols=AAA,NONE").await;
    assert_eq!(snapshots.as_object().unwrap().len(), 1);
    assert_eq!(snapshots["AAA"]["latestQuote"], quote);
    assert_eq!(snapshots["AAA"]["dailyBar"]["v"], 50000);
    assert_eq!(snapshots["AAA"]["prevDailyBar"], Value::Null);
    assert_eq!(get("AAA/snapshot").await["latestTrade"], trade);
    assert_eq!(venue.get("/v2/stocks/NONE/bars/latest").await.status, 404);
}

#[tokio::test]
async fn generated_data_have_a_history_of_several_days() {
    let source = Source::Synthetic(Synthetic::new(7, ["BBB", "AAA"]));
    let mut config = ServerConfig::new(source, Speed::Max);
    config.keys = crate::support::config(quiet(&["AAA"])).keys;
    let venue = Venue::new(config).await;
    assert_eq!(venue.get("/v2/clock").await.body["timestamp"], "2026-01-06T10:00:00-05:00");
    let query = "symbols=AAA&timeframe=1Day&start=2025-12-01";
    let days = bars(&venue, query).await["bars"]["AAA"].clone();
    let days: Vec<&Value> = days.as_array().unwrap().iter().map(|bar| &bar["t"]).collect();
    let expected = ["31T", "02T", "05T", "06T"];
    assert_eq!(days.len(), expected.len(), "{days:?}");
    for (day, expected) in days.iter().zip(expected) {
        assert!(day.as_str().unwrap().contains(expected), "{days:?}");
    }
    let today = bars(&venue, "symbols=AAA&timeframe=1Min&limit=10000").await;
    assert_eq!(today["bars"]["AAA"].as_array().unwrap().len(), 30);
}
