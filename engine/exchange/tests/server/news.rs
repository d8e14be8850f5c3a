//! News: the stream, the listing, what a fault script does to both, and what a restart keeps.

use crate::support::{KEY, SECRET, Socket, Venue, at, config, quiet};
use exchange::check::{Happening, Note, Stream};
use exchange::server::{FaultScript, ServerConfig, Source, Speed, Synthetic};
use marketdata::NewsItem;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// So many pieces about AAA a second before the open, ten seconds apart, the last of them in the
/// first minute, and one about BBB.
fn with_news(pieces: i64) -> ServerConfig {
    let mut config = config(quiet(&["AAA", "BBB"]));
    let first = at("2026-01-06T14:30:30Z");
    let item = |symbol: &str, back: i64| NewsItem {
        time: first.minus(kernel::Span::from_secs(10 * back)),
        symbol: symbol.into(),
        headline: format!("{symbol} {back}"),
    };
    config.news = (0..pieces).map(|back| item("AAA", back)).collect();
    config.news.push(item("BBB", 1));
    config.news.push(item("ZZZ", 0));
    config
}

fn headlines(body: &Value) -> Vec<&str> {
    let news = body["news"].as_array().unwrap();
    news.iter().map(|piece| piece["headline"].as_str().unwrap()).collect()
}

/// A news socket that has authenticated and subscribed.
async fn listening(venue: &Venue, symbols: &[&str]) -> Socket {
    let mut socket = venue.socket("/v1beta1/news", &[]).await;
    assert_eq!(socket.json().await, json!([{"T": "success", "msg": "connected"}]));
    socket.send(json!({"action": "auth", "key": KEY, "secret": SECRET})).await;
    assert_eq!(socket.json().await, json!([{"T": "success", "msg": "authenticated"}]));
    socket.send(json!({"action": "subscribe", "news": symbols})).await;
    assert_eq!(socket.json().await, json!([{"T": "subscription", "news": symbols}]));
    socket
}

/// Conformance 142.
#[tokio::test]
async fn a_piece_comes_before_the_data_of_its_step_to_whoever_asked_for_its_symbol() {
    let venue = Venue::new(with_news(1)).await;
    let mut news = listening(&venue, &["AAA"]).await;
    let mut session = venue.session().await;
    let frame = session.market.json().await;
    let head = &frame[0];
    assert_eq!((&head["news"], &head["news_streams"]), (&json!(1), &json!(1)), "{head}");
    assert_eq!(head["news_away"], false);
    let piece = news.json().await;
    let expected = json!([{
        "T": "n", "id": piece[0]["id"], "headline": "AAA 0", "summary": "", "author": "Tradewind",
        "created_at": "2026-01-06T14:30:30Z", "updated_at": "2026-01-06T14:30:30Z", "url": null,
        "content": "<p>AAA 0</p>", "symbols": ["AAA"], "source": "file",
    }]);
    assert_eq!(piece, expected);
    assert!(piece[0]["id"].is_u64());
}

/// A session that has no news stream is told of none.
#[tokio::test]
async fn without_a_news_stream_the_head_of_a_step_says_nothing_of_news() {
    let venue = Venue::new(with_news(1)).await;
    let mut session = venue.session().await;
    let frame = session.market.json().await;
    assert!(frame[0].as_object().unwrap().keys().all(|key| !key.contains("news")), "{frame}");
}

#[tokio::test]
async fn the_stream_has_one_channel_and_its_own_place() {
    let venue = Venue::new(with_news(1)).await;
    let mut news = listening(&venue, &["*"]).await;
    news.send(json!({"action": "subscribe", "bars": ["AAA"]})).await;
    assert_eq!(news.json().await[0]["code"], 410);
    news.send(json!({"action": "unsubscribe", "news": ["*"]})).await;
    assert_eq!(news.json().await, json!([{"T": "subscription", "news": []}]));
    // Market data have another place, and news are none of their channels.
    let mut market = venue.market().await;
    market.send(json!({"action": "subscribe", "news": ["AAA"]})).await;
    assert_eq!(market.json().await[0]["code"], 410);
    let mut second = venue.socket("/v1beta1/news", &[]).await;
    second.json().await;
    second.send(json!({"action": "auth", "key": KEY, "secret": "no"})).await;
    assert_eq!(second.json().await[0]["code"], 402);
    second.send(json!({"action": "auth", "key": KEY, "secret": SECRET})).await;
    assert_eq!(second.json().await[0]["code"], 406);
}

/// Conformance 120.
#[tokio::test]
async fn the_listing_gives_ten_newest_first_and_pages_lose_nothing() {
    let venue = Venue::new(with_news(130)).await;
    // What comes in the first minute cannot be asked for before.
    let before = venue.get("/v1beta1/news").await.body;
    assert_eq!(headlines(&before)[0], "AAA 3");
    let mut session = venue.session().await;
    session.step().await;
    let first = venue.get("/v1beta1/news").await.body;
    let shown = headlines(&first);
    assert_eq!((shown.len(), shown[0]), (10, "AAA 0"));
    assert!(first["next_page_token"].is_string());
    let piece = &first["news"][0];
    assert_eq!((&piece["content"], &piece["images"]), (&json!(""), &json!([])));
    assert!(piece.get("T").is_none());
    for (order, newest_first) in [("asc", false), ("desc", true)] {
        let mut seen: Vec<String> = Vec::new();
        let mut token = String::new();
        loop {
            let path = format!("/v1beta1/news?symbols=AAA&sort={order}&limit=50{token}");
            let page = venue.get(&path).await.body;
            seen.extend(headlines(&page).into_iter().map(str::to_owned));
            let Some(next) = page["next_page_token"].as_str() else { break };
            token = format!("&page_token={}", next.replace('=', "%3D").replace('+', "%2B"));
        }
        let mut expected: Vec<String> = (0..130).map(|back| format!("AAA {back}")).collect();
        if !newest_first {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{order}");
    }
}

#[tokio::test]
async fn the_listing_is_bounded_and_refuses_what_it_does_not_understand() {
    let venue = Venue::new(with_news(5)).await;
    let mut session = venue.session().await;
    session.step().await;
    let range = "start=2026-01-06T14:30:00Z&end=2026-01-06T14:30:20Z&sort=asc";
    let inside = venue.get(&format!("/v1beta1/news?{range}")).await.body;
    assert_eq!(headlines(&inside), ["AAA 3", "AAA 2", "AAA 1", "BBB 1"]);
    let content = venue.get("/v1beta1/news?symbols=BBB&include_content=true").await.body;
    assert_eq!(content["news"][0]["content"], "<p>BBB 1</p>");
    assert_eq!(venue.get("/v1beta1/news?limit=50").await.status, 200);
    for wrong in ["limit=51", "limit=0", "limit=x", "sort=up", "start=x", "page_token=x"] {
        assert_eq!(venue.get(&format!("/v1beta1/news?{wrong}")).await.status, 400, "{wrong}");
    }
    let anonymous = venue.request(reqwest::Method::GET, "/v1beta1/news").send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    let upgrade = venue.request(reqwest::Method::GET, "/v1beta1/news");
    let upgrade = upgrade.header("upgrade", "websocket").send().await.unwrap();
    assert_eq!(upgrade.status(), 401, "half a handshake opens nothing");
}

/// A script has a piece come, and come again; the listing has it once, as it was last told.
#[tokio::test]
async fn a_script_publishes_a_piece_and_updates_it() {
    let mut config = config(quiet(&["AAA", "BBB"]));
    config.faults = FaultScript::parse(
        "[[fault]]\non='step'\nstep=2\ninject='news'\nsymbol='AAA'\n\
         [[fault]]\non='step'\nstep=3\ninject='news'\nsymbol='AAA'\nupdate=true\n",
    )
    .unwrap();
    config.keeps_diary = true;
    let venue = Venue::new(config).await;
    let mut news = listening(&venue, &["AAA"]).await;
    let mut session = venue.session().await;
    for _ in 0..2 {
        session.pass().await;
    }
    session.step().await;
    let (first, second) = (news.json().await, news.json().await);
    assert_eq!(first[0]["updated_at"], "2026-01-06T14:31:00Z");
    assert_eq!(second[0]["updated_at"], "2026-01-06T14:32:00Z");
    assert_eq!(second[0]["created_at"], first[0]["created_at"]);
    assert_eq!(second[0]["id"], first[0]["id"]);
    let listed = venue.get("/v1beta1/news").await.body;
    assert_eq!(listed["news"].as_array().unwrap().len(), 1);
    assert_eq!(listed["news"][0]["updated_at"], second[0]["updated_at"]);
    let diary = venue.running.diary();
    let told = diary.iter().filter(|note| matches!(note.what, Happening::News { .. }));
    assert_eq!(told.count(), 2);
}

/// The market waits for a stream that a fault dropped, or takes the steps that it was told to.
#[tokio::test]
async fn a_dropped_stream_is_waited_for() {
    let mut config = with_news(1);
    config.faults = FaultScript::parse("[[fault]]\non='news'\ninject='drop'").unwrap();
    let venue = Venue::new(config).await;
    let mut news = listening(&venue, &["*"]).await;
    let mut session = venue.session().await;
    let frame = session.market.json().await;
    assert_eq!(frame[0]["news_away"], true);
    assert!(news.frame().await.is_none(), "nothing was said");
    session.acknowledge(1).await;
    // The next step waits until someone listens to the news again.
    let early = tokio::time::timeout(Duration::from_millis(50), session.market.json()).await;
    assert!(early.is_err(), "{early:?}");
    let _news = listening(&venue, &["*"]).await;
    let frame = session.market.json().await;
    assert_eq!((&frame[0]["step"], &frame[0]["news_streams"]), (&json!(2), &json!(2)));
    assert_eq!(headlines(&venue.get("/v1beta1/news").await.body)[0], "AAA 0", "it can be read");
}

#[tokio::test]
async fn pieces_come_twice_late_changed_cut_or_not_at_all() {
    let mut config = with_news(1);
    config.news = (0..5)
        .map(|minute| NewsItem {
            time: at("2026-01-06T14:30:30Z").plus(kernel::Span::from_secs(60 * minute)),
            symbol: "AAA".into(),
            headline: format!("AAA {minute}"),
        })
        .collect();
    config.faults = FaultScript::parse(
        "[[fault]]\non='news'\nnth=1\ninject='duplicate'\n\
         [[fault]]\non='news'\nnth=2\ninject='late'\nsteps=2\n\
         [[fault]]\non='news'\nnth=3\ninject='missing'\n\
         [[fault]]\non='news'\nnth=4\ninject='shift'\nseconds=-3600\n\
         [[fault]]\non='news'\nnth=5\ninject='malformed'\n",
    )
    .unwrap();
    config.keeps_diary = true;
    let venue = Venue::new(config).await;
    let mut news = listening(&venue, &["AAA"]).await;
    let mut session = venue.session().await;
    for _ in 0..4 {
        session.pass().await;
    }
    let frame = session.market.json().await;
    assert_eq!(
        frame[0]["news"], 5,
        "two, none, none, the late one with the shifted one, half of one"
    );
    let mut told = Vec::new();
    for _ in 0..4 {
        let piece = news.json().await;
        told.push(piece[0]["headline"].as_str().unwrap().to_owned());
        if told.len() == 4 {
            assert_eq!(piece[0]["created_at"], "2026-01-06T13:33:30Z");
        }
    }
    assert_eq!(told, ["AAA 0", "AAA 0", "AAA 1", "AAA 3"]);
    let half = news.frame().await.unwrap().into_data();
    assert!(serde_json::from_slice::<Value>(&half).is_err());
    let diary = venue.running.diary();
    let is_struck =
        |note: &&Note| matches!(note.what, Happening::Struck { stream: Stream::News, .. });
    let struck = diary.iter().filter(is_struck);
    assert_eq!(struck.count(), 5);
}

#[tokio::test]
async fn a_mute_stream_brings_nothing_and_is_not_counted() {
    let mut config = with_news(1);
    config.faults = FaultScript::parse("[[fault]]\non='news'\ninject='mute'").unwrap();
    let venue = Venue::new(config).await;
    let _news = listening(&venue, &["*"]).await;
    let mut session = venue.session().await;
    let frame = session.market.json().await;
    assert_eq!((&frame[0]["news"], &frame[0]["news_away"]), (&json!(0), &json!(false)));
    session.acknowledge(1).await;
    assert_eq!(session.step().await.number, 2, "nobody is waited for");
}

/// Generated market data have news beside them: the same for the same seed, called synthetic, and
/// there are some from before the start.
#[tokio::test]
async fn generated_data_have_news_of_their_own() {
    let listed = async |seed| {
        let source = Source::Synthetic(Synthetic::new(seed, ["SPY", "QQQ"]));
        let config = ServerConfig {
            keys: config(quiet(&["A"])).keys,
            ..ServerConfig::new(source, Speed::Max)
        };
        let venue = Venue::new(config).await;
        venue.get("/v1beta1/news?limit=50&sort=asc").await.body
    };
    let (one, same, other) = (listed(1).await, listed(1).await, listed(2).await);
    assert_eq!(one, same);
    assert_ne!(one, other);
    assert!(headlines(&one).iter().all(|headline| headline.starts_with("SYNTHETIC")));
    let symbols: BTreeSet<&str> = one["news"]
        .as_array()
        .unwrap()
        .iter()
        .map(|piece| piece["symbols"][0].as_str().unwrap())
        .collect();
    assert_eq!(symbols, BTreeSet::from(["QQQ", "SPY"]));
}

/// What had come before the server was killed is there again, under the same numbers.
#[tokio::test]
async fn a_restored_venue_has_told_what_it_told() {
    let dir = tempfile::tempdir().unwrap();
    let set_up = || {
        let mut config = with_news(3);
        config.state_dir = Some(dir.path().into());
        config.faults =
            FaultScript::parse("[[fault]]\non='step'\nstep=2\ninject='news'\nsymbol='BBB'")
                .unwrap();
        config
    };
    let venue = Venue::new(set_up()).await;
    let mut session = venue.session().await;
    session.pass().await;
    session.step().await;
    let before = venue.get("/v1beta1/news").await.body;
    assert_eq!(headlines(&before)[0], "BBB is in the news");
    venue.running.shutdown().await;
    let again = Venue::new(set_up()).await;
    assert_eq!(again.get("/v1beta1/news").await.body, before);
}
