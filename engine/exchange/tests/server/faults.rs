//! What a client sees of each injected fault, and what the venue has done meanwhile.

use crate::support::{
    KEY, SECRET, Venue, at, config, events, limit_order, market_order, minutes, quiet,
};
use exchange::server::{FaultScript, ServerConfig, Speed};
use kernel::{MarketData, OrderStatus, Quantity};
use reqwest::Method;
use serde_json::{Value, json};

fn script(text: &str) -> FaultScript {
    FaultScript::parse(text).unwrap()
}

fn faulty(text: &str) -> ServerConfig {
    let mut config = config(quiet(&["AAA", "BBB"]));
    config.faults = script(text);
    config
}

async fn venue(text: &str) -> Venue {
    Venue::new(faulty(text)).await
}

fn named(id: &str) -> Value {
    let mut order = limit_order("AAA", 2, "buy", "50");
    order["client_order_id"] = json!(id);
    order
}

/// Sends an order without expecting an answer that can be used.
async fn send(venue: &Venue, order: &Value) -> Result<reqwest::Response, reqwest::Error> {
    let request = venue.request(Method::POST, "/v2/orders").basic_auth(KEY, Some(SECRET));
    request.json(order).send().await
}

async fn is_there(venue: &Venue, id: &str) -> bool {
    let path = format!("/v2/orders:by_client_order_id?client_order_id={id}");
    venue.get(&path).await.status == 200
}

/// Conformance 20.
#[tokio::test]
async fn an_order_can_be_answered_with_an_error_carried_out_or_not() {
    let rule = |status: u16, carried_out: bool| {
        format!(
            "[[fault]]\non='submit'\nnth=2\ninject='answer'\nstatus={status}\ncarried_out={carried_out}"
        )
    };
    for status in [500, 503, 504] {
        for carried_out in [true, false] {
            let venue = venue(&rule(status, carried_out)).await;
            venue.order(limit_order("AAA", 1, "buy", "50")).await;
            assert_eq!(send(&venue, &named("mine")).await.unwrap().status(), status);
            assert_eq!(is_there(&venue, "mine").await, carried_out);
            assert_eq!(venue.running.snapshot().faults, [1]);
        }
    }
}

/// Conformance 20.
#[tokio::test]
async fn an_answer_can_stay_away() {
    let venue = venue("[[fault]]\non='submit'\ninject='hang'\ncarried_out=true").await;
    let mut listener = venue.listener().await;
    let request = venue.request(Method::POST, "/v2/orders").basic_auth(KEY, Some(SECRET));
    let post = tokio::spawn(request.json(&named("mine")).send());
    let update = listener.json().await;
    assert_eq!(update["data"]["order"]["client_order_id"], "mine");
    assert!(!post.is_finished());
    post.abort();
}

/// Conformance 14, 15, 16.
#[tokio::test]
async fn a_429_comes_with_headers_or_bare() {
    for bare in [false, true] {
        let rule = format!(
            "[[fault]]\non='clock'\ninject='answer'\nstatus=429\nretry_after=3\nbare={bare}"
        );
        let venue = venue(&rule).await;
        let refused = venue.get("/v2/clock").await;
        assert_eq!((refused.status, &refused.body["code"]), (429, &json!(42_910_000)));
        assert_eq!(refused.headers["retry-after"], "3");
        assert_eq!(refused.headers.contains_key("x-ratelimit-reset"), !bare);
        assert_eq!(venue.get("/v2/clock").await.status, 200);
    }
}

#[tokio::test]
async fn a_connection_is_reset_before_or_after_the_order_is_taken() {
    for carried_out in [false, true] {
        let rule = format!("[[fault]]\non='submit'\ninject='reset'\ncarried_out={carried_out}");
        let venue = venue(&rule).await;
        let error = send(&venue, &named("mine")).await.unwrap_err();
        assert!(!error.is_timeout() && !error.is_connect(), "{error:?}");
        assert_eq!(is_there(&venue, "mine").await, carried_out);
    }
}

#[tokio::test]
async fn answers_lose_gain_and_change_fields_and_are_cut_and_swollen() {
    let rule = |more: &str| format!("[[fault]]\non='account'\n{more}");
    let account = async |more: &str| venue(&rule(more)).await.get("/v2/account").await.body;
    assert_eq!(account("inject='remove'\nfield='cash'").await.get("cash"), None);
    assert!(account("inject='add'").await["surprise"].is_object());
    assert_eq!(account("inject='set'\nfield='cash'\nvalue='x'").await["cash"], "x");
    let huge = account("inject='huge'\nbytes=2000000").await;
    assert_eq!(huge["padding"].as_str().unwrap().len(), 2_000_000);
    let venue = venue(&rule("inject='malformed'")).await;
    let request = venue.request(Method::GET, "/v2/account").basic_auth(KEY, Some(SECRET));
    let text = request.send().await.unwrap().text().await.unwrap();
    assert!(text.starts_with('{') && serde_json::from_str::<Value>(&text).is_err(), "{text}");
}

/// The events that a listener sees in the first steps after one order to buy.
async fn heard(rule: &str) -> Vec<Vec<String>> {
    let venue = venue(rule).await;
    let mut session = venue.session().await;
    let mut heard = Vec::new();
    for turn in 0..4 {
        let step = session.step().await;
        heard.push(events(&step.updates).into_iter().map(str::to_owned).collect());
        if turn == 0 {
            venue.order(market_order("AAA", 4, "buy")).await;
        }
        session.acknowledge(step.number).await;
    }
    heard
}

/// Conformance 106.
#[tokio::test]
async fn updates_come_twice_late_in_another_order_or_not_at_all() {
    let rule = |more: &str| format!("[[fault]]\non='update'\n{more}");
    let twice = heard(&rule("event='fill'\ninject='duplicate'")).await;
    assert_eq!(twice[1], ["pending_new", "new", "fill", "fill"]);
    let missing = heard(&rule("event='new'\ninject='missing'")).await;
    assert_eq!(missing[1], ["pending_new", "fill"]);
    let late = heard(&rule("event='new'\ninject='late'\nsteps=2")).await;
    assert_eq!(
        (&late[1][..], &late[2][..]),
        (&["pending_new", "fill"].map(String::from)[..], &["new".to_owned()][..])
    );
    let reordered = heard(&rule("event='new'\ninject='reorder'")).await;
    assert_eq!(reordered[1], ["pending_new", "fill", "new"]);
}

#[tokio::test]
async fn an_order_fills_before_its_answer_and_a_part_fills_before_a_cancel() {
    let rules =
        "[[fault]]\non='submit'\ninject='fill'\n[[fault]]\non='cancel'\ninject='fill'\npercent=50";
    let venue = venue(rules).await;
    let mut session = venue.session().await;
    let step = session.step().await;
    let answer = venue.order(market_order("AAA", 4, "buy")).await;
    assert_eq!(answer["status"], "pending_new", "the answer was written before the fill");
    let row = |place: usize| venue.running.snapshot().orders[place].clone();
    assert_eq!(row(0).status, OrderStatus::Filled);
    let resting = venue.order(limit_order("AAA", 4, "buy", "50")).await;
    let path = format!("/v2/orders/{}", resting["id"].as_str().unwrap());
    assert_eq!(venue.delete(&path).await.status, 204);
    let two = Quantity::from_whole(2).unwrap();
    assert_eq!((row(1).status, row(1).filled_qty), (OrderStatus::Canceled, two));
    session.acknowledge(step.number).await;
    let seen = session.step().await.updates;
    let expected = ["pending_new", "new", "fill", "pending_new", "new", "partial_fill", "canceled"];
    assert_eq!(events(&seen), expected);
    assert_eq!(venue.running.record().findings(), []);
}

#[tokio::test]
async fn an_order_that_was_taken_is_rejected_afterwards() {
    let venue = venue("[[fault]]\non='submit'\ninject='reject'").await;
    assert_eq!(venue.order(limit_order("AAA", 1, "buy", "50")).await["status"], "pending_new");
    let row = venue.running.snapshot().orders[0].clone();
    assert_eq!(row.status, OrderStatus::Rejected);
    assert_eq!(venue.running.record().findings(), []);
}

#[tokio::test]
async fn a_position_is_closed_by_hand_and_shares_are_split() {
    let rules = "[[fault]]\non='step'\nstep=3\ninject='split'\nsymbol='AAA'\nnew=2\nold=1\n\
                 [[fault]]\non='step'\nstep=4\ninject='close_by_hand'\nsymbol='AAA'";
    let venue = venue(rules).await;
    let mut session = venue.session().await;
    let first = session.step().await;
    venue.order(market_order("AAA", 3, "buy")).await;
    session.acknowledge(first.number).await;
    session.pass().await;
    let split = session.step().await;
    assert_eq!(split.data[0]["c"], 50.25, "prices halve");
    assert_eq!(venue.get("/v2/positions/AAA").await.body["qty"], "6");
    let activities = venue.get("/v2/account/activities/SPLIT").await.body;
    assert_eq!((&activities[0]["symbol"], &activities[0]["qty"]), (&json!("AAA"), &json!("3")));
    session.acknowledge(split.number).await;
    let closed = session.step().await;
    assert_eq!(events(&closed.updates), ["pending_new", "new", "fill"]);
    assert_eq!(closed.updates[0]["order"]["client_order_id"], "by-hand-1");
    assert!(venue.running.snapshot().positions.is_empty());
    assert_eq!(venue.running.record().findings(), []);
}

#[tokio::test]
async fn a_halted_symbol_says_so_and_does_not_trade() {
    let rule = "[[fault]]\non='step'\nstep=2\ninject='halt'\nsymbol='AAA'\nsteps=2";
    let venue = venue(rule).await;
    let mut session = venue.session().await;
    session.market.send(json!({"action": "subscribe", "statuses": ["*"]})).await;
    let first = session.step().await;
    let subscribed = session.market.json().await;
    assert_eq!(subscribed[0]["T"], "subscription");
    venue.order(market_order("AAA", 3, "buy")).await;
    session.acknowledge(first.number).await;
    let halted = session.pass().await;
    let kinds = |data: &[Value]| -> Vec<String> {
        data.iter()
            .map(|item| format!("{}{}", item["T"].as_str().unwrap(), item["S"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(kinds(&halted.data), ["sAAA", "bBBB"]);
    assert_eq!(halted.data[0]["sc"], "H");
    assert_eq!(kinds(&session.pass().await.data), ["bBBB"]);
    let resumed = session.step().await;
    assert_eq!(kinds(&resumed.data), ["sAAA", "bAAA", "bBBB"]);
    assert_eq!(events(&resumed.updates), ["fill"]);
}

#[tokio::test]
async fn market_data_go_missing_come_late_and_lie() {
    let rules = "\
[[fault]]
on = 'bar'
symbol = 'AAA'
step = 2
inject = 'missing'
[[fault]]
on = 'bar'
symbol = 'BBB'
step = 2
inject = 'late'
steps = 2
[[fault]]
on = 'bar'
symbol = 'AAA'
step = 3
inject = 'shift'
seconds = -3600
[[fault]]
on = 'bar'
symbol = 'AAA'
step = 3
inject = 'price'
as = 'crossed'
";
    let venue = venue(rules).await;
    let mut session = venue.session().await;
    session.pass().await;
    assert!(session.pass().await.data.is_empty());
    let third = session.pass().await.data;
    assert_eq!(third[0]["t"], "2026-01-06T13:32:00Z");
    assert!(third[0]["l"].as_f64() > third[0]["h"].as_f64());
    let fourth = session.pass().await.data;
    assert_eq!(fourth.len(), 3);
    assert_eq!((&fourth[2]["S"], &fourth[2]["t"]), (&json!("BBB"), &json!("2026-01-06T14:31:00Z")));
}

#[tokio::test]
async fn quotes_can_be_no_numbers() {
    let mut feed = minutes(&["AAA"], &[["100", "101", "99", "100"]]);
    let MarketData::Bar(bar) = feed.data[0] else { unreachable!() };
    let size = Quantity::from_whole(1).unwrap();
    let (bid, ask, time) = (bar.low, bar.high, at("2026-01-06T14:31:00Z"));
    let quote =
        kernel::Quote { symbol: bar.symbol, time, bid, bid_size: size, ask, ask_size: size };
    feed.data = vec![MarketData::Quote(quote)];
    feed.bar_length = None;
    let mut config = config(feed);
    config.faults = script("[[fault]]\non='quote'\ninject='price'\nas='nan'");
    let venue = Venue::new(config).await;
    let _orders = venue.listener().await;
    let mut market = venue.market().await;
    market.send(json!({"action": "subscribe", "quotes": ["AAA"]})).await;
    market.json().await;
    let frame = market.json().await;
    assert_eq!((&frame[1]["bp"], &frame[1]["T"]), (&json!("NaN"), &json!("q")));
}

#[tokio::test]
async fn a_frame_is_cut_while_the_head_of_its_step_is_whole() {
    let venue = venue("[[fault]]\non='market_data'\nstep=2\ninject='malformed'").await;
    let mut session = venue.session().await;
    session.pass().await;
    let torn = session.market.frame().await.unwrap().into_data();
    assert!(serde_json::from_slice::<Value>(&torn).is_err());
    let step = session.pass().await;
    assert_eq!((step.number, step.data.len()), (2, 0));
}

#[tokio::test]
async fn sockets_are_dropped_and_the_step_waits_for_the_next() {
    for point in ["update", "bar"] {
        let venue = venue(&format!("[[fault]]\non='{point}'\ninject='drop'")).await;
        let mut session = venue.session().await;
        if point == "update" {
            let step = session.step().await;
            venue.order(market_order("AAA", 1, "buy")).await;
            session.acknowledge(step.number).await;
            assert_eq!(session.orders.frame().await, None, "no close frame either");
            let mut orders = venue.listener().await;
            let next = session.market.json().await;
            assert_eq!(next[0]["trade_updates"], 1, "counted anew");
            assert_eq!(orders.json().await["data"]["event"], "fill");
        } else {
            assert_eq!(session.market.frame().await, None);
            drop(session);
            assert_eq!(venue.session_when_free().await.step().await.number, 2);
        }
    }
}

#[tokio::test]
async fn the_market_goes_on_for_so_many_steps_without_a_stream_that_is_dropped() {
    let venue = venue("[[fault]]\non='update'\ninject='drop'\nsteps=2").await;
    let mut session = venue.session().await;
    let step = session.step().await;
    venue.order(market_order("AAA", 1, "buy")).await;
    session.acknowledge(step.number).await;
    assert_eq!(session.orders.frame().await, None);
    let (mut orders, ()) = tokio::join!(venue.listener(), async {
        for number in [2, 3] {
            let head = session.market.json().await;
            assert_eq!((&head[0]["step"], &head[0]["orders_away"]), (&json!(number), &json!(true)));
            assert_eq!(head[0]["order_streams"], 1, "nobody is let in meanwhile");
            session.acknowledge(number).await;
        }
    });
    let head = session.market.json().await;
    assert_eq!((&head[0]["step"], &head[0]["orders_away"]), (&json!(4), &json!(false)));
    assert_eq!(head[0]["order_streams"], 2);
    venue.order(market_order("AAA", 1, "buy")).await;
    assert!(orders.json().await["data"]["event"].is_string());
}

#[tokio::test]
async fn the_market_goes_on_for_so_many_steps_without_anybody_who_hears_of_it() {
    let venue = venue("[[fault]]\non='bar'\ninject='drop'\nsteps=2").await;
    let mut session = venue.session().await;
    assert_eq!(session.market.frame().await, None);
    drop(session);
    assert_eq!(venue.session_when_free().await.step().await.number, 4);
}

#[tokio::test]
async fn sockets_fall_silent_and_stay_open() {
    let rules = "[[fault]]\non='update'\ninject='mute'\n[[fault]]\non='bar'\nstep=3\ninject='mute'";
    let venue = venue(rules).await;
    let mut session = venue.session().await;
    let step = session.step().await;
    venue.order(market_order("AAA", 1, "buy")).await;
    session.acknowledge(step.number).await;
    let second = session.pass().await;
    assert!(second.updates.is_empty(), "what is not sent is not counted");
    use futures_util::SinkExt;
    use tokio_tungstenite::tungstenite::Message;
    for socket in [&mut session.market, &mut session.orders] {
        socket.0.send(Message::Ping(Default::default())).await.unwrap();
        assert!(matches!(socket.frame().await, Some(Message::Pong(_))), "it answers pings");
    }
    assert_eq!(venue.running.snapshot().step, 3, "the third step was taken and not told");
}

#[tokio::test]
async fn the_market_data_stream_refuses_with_its_codes() {
    let word = |code: u16| format!("[[fault]]\non='authenticated'\ninject='error'\ncode={code}");
    for (code, closes) in [(406, false), (404, true)] {
        let venue = venue(&word(code)).await;
        let mut socket = venue.socket("/v2/iex", &[]).await;
        socket.json().await;
        let auth = json!({"action": "auth", "key": KEY, "secret": SECRET});
        socket.send(auth.clone()).await;
        assert_eq!(socket.json().await[0]["code"], code);
        if closes {
            assert_eq!(socket.frame().await, None);
        } else {
            socket.send(auth).await;
            assert_eq!(socket.json().await[0]["msg"], "authenticated");
        }
    }
    let venue = venue("[[fault]]\non='bar'\nstep=2\ninject='error'\ncode=407").await;
    let mut session = venue.session().await;
    session.pass().await;
    let slow = session.market.json().await;
    assert_eq!(slow[0], json!({"T": "error", "code": 407, "msg": "slow client"}));
    assert_eq!(session.market.frame().await, None);
}

#[tokio::test]
async fn errors_lose_gain_and_change_fields_and_are_cut_whoever_gives_them() {
    let rule = |more: &str| format!("[[fault]]\non='refusal'\ntimes='all'\n{more}");
    let words = "order not found for x";
    let said = async |more: &str| {
        let venue = venue(&rule(more)).await;
        assert_eq!(venue.get("/v2/clock").await.status, 200, "what is no error stays as it is");
        let refused = venue.get("/v2/orders/x").await;
        assert_eq!((refused.status, venue.running.snapshot().faults), (404, vec![1]));
        refused.body
    };
    assert_eq!(said("inject='remove'\nfield='code'").await, json!({"message": words}));
    assert_eq!(said("inject='remove'\nfield='message'").await, json!({"code": 40_410_000}));
    assert_eq!(said("inject='set'\nfield='code'\nvalue=7").await["code"], 7);
    assert!(said("inject='add'").await["surprise"].is_object());
    let cut = venue(&rule("inject='malformed'")).await;
    let cut = cut.request(Method::GET, "/v2/orders/x").basic_auth(KEY, Some(SECRET)).send().await;
    let bytes = cut.unwrap().bytes().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&bytes).is_err(), "{bytes:?}");
    let faults = "[[fault]]\non='clock'\ninject='answer'\nstatus=429\n";
    let venue = venue(&format!("{faults}{}", rule("inject='remove'\nfield='code'"))).await;
    let limited = venue.get("/v2/clock").await;
    assert_eq!((limited.status, limited.body), (429, json!({"message": "rate limit exceeded"})));
}

#[tokio::test]
async fn errors_of_the_streams_lose_fields_while_one_is_set_up_and_later() {
    for (rule, left) in [
        ("inject='remove'\nfield='code'", json!({"T": "error", "msg": "slow client"})),
        ("inject='remove'\nfield='T'", json!({"code": 407, "msg": "slow client"})),
        (
            "inject='add'\nfield='T'",
            json!({"T": {"new": [1, null, "x"]}, "code": 407, "msg": "slow client"}),
        ),
    ] {
        let faults = "[[fault]]\non='bar'\nstep=2\ninject='error'\ncode=407\n";
        let venue = venue(&format!("{faults}[[fault]]\non='stream_error'\n{rule}")).await;
        let mut session = venue.session().await;
        session.pass().await;
        assert_eq!(session.market.json().await[0], left);
        assert_eq!(session.market.frame().await, None, "it is the end all the same");
        assert_eq!(venue.running.snapshot().faults, [1, 1]);
    }
    let faulty = venue("[[fault]]\non='stream_error'\ninject='remove'\nfield='msg'").await;
    let mut socket = faulty.socket("/v2/iex", &[]).await;
    socket.json().await;
    socket.send(json!({"action": "auth", "key": "no", "secret": "no"})).await;
    assert_eq!(socket.json().await[0], json!({"T": "error", "code": 402}));
    let faulty = venue("[[fault]]\non='authorization'\ninject='remove'\nfield='data.status'").await;
    let mut socket = faulty.socket("/stream", &[]).await;
    socket.send(json!({"action": "auth", "key": "no", "secret": "no"})).await;
    let told = json!({"stream": "authorization", "data": {"action": "authenticate"}});
    assert_eq!(socket.json().await, told);
}

#[tokio::test]
async fn an_answer_is_kept_back_until_the_replay_has_gone_on() {
    let mut config = faulty("[[fault]]\non='submit'\ninject='hold'\nsteps=2");
    config.speed = Speed::Times(6000.0);
    let venue = Venue::new(config).await;
    let mut session = venue.listener().await;
    let mut market = venue.market().await;
    market.send(json!({"action": "subscribe", "bars": ["*"]})).await;
    assert_eq!(market.json().await[0]["T"], "subscription");
    market.json().await;
    let before = venue.running.snapshot().step;
    venue.order(market_order("AAA", 1, "buy")).await;
    assert!(venue.running.snapshot().step >= before + 2);
    assert_eq!(session.json().await["data"]["event"], "pending_new");
}

#[tokio::test]
async fn what_was_done_at_the_venue_is_restored() {
    let dir = tempfile::tempdir().unwrap();
    let rules = "[[fault]]\non='submit'\ninject='fill'\n\
                 [[fault]]\non='step'\nstep=2\ninject='split'\nsymbol='AAA'\nnew=3\nold=1\n\
                 [[fault]]\non='step'\nstep=3\ninject='halt'\nsymbol='BBB'\nsteps=9";
    let mut config = faulty(rules);
    config.state_dir = Some(dir.path().into());
    let venue = Venue::new(config.clone()).await;
    let mut session = venue.session().await;
    let step = session.step().await;
    venue.order(market_order("AAA", 3, "buy")).await;
    session.acknowledge(step.number).await;
    session.pass().await;
    session.step().await;
    let mut before = venue.running.snapshot();
    drop(session);
    venue.running.shutdown().await;
    let again = Venue::new(config).await.running.snapshot();
    before.faults = again.faults.clone();
    assert_eq!(again, before);
}
