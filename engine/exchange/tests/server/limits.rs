//! Who gets in, how often, and what an injected fault looks like.

use crate::support::{Answer, KEY, SECRET, TOKEN, Venue, config, limit_order, quiet};
use exchange::server::{OrderAnswerFault, Speed};
use reqwest::Method;
use serde_json::json;

/// Conformance 5.
#[tokio::test]
async fn without_the_right_keys_nothing_is_answered() {
    let venue = Venue::quiet().await;
    let anonymous = venue.request(Method::GET, "/v2/account").send().await.unwrap();
    let wrong = venue.request(Method::GET, "/v2/nowhere");
    let wrong = wrong.header("APCA-API-KEY-ID", KEY).header("APCA-API-SECRET-KEY", "x");
    for response in [anonymous, wrong.send().await.unwrap()] {
        let answer = Answer::of(response).await;
        assert_eq!((answer.status, answer.body), (401, json!({"message": "unauthorized."})));
    }
    let cased = venue.request(Method::GET, "/v2/account");
    let cased = cased.header("Apca-Api-Key-Id", KEY).header("aPCA-aPI-sECRET-kEY", SECRET);
    assert_eq!(cased.send().await.unwrap().status(), 200);
}

/// Conformance 6.
#[tokio::test]
async fn a_bearer_token_or_basic_credentials_are_as_good_as_the_pair() {
    let venue = Venue::quiet().await;
    let account = || venue.request(Method::GET, "/v2/account");
    assert_eq!(account().bearer_auth(TOKEN).send().await.unwrap().status(), 200);
    assert_eq!(account().bearer_auth("x").send().await.unwrap().status(), 401);
    assert_eq!(account().basic_auth(KEY, Some(SECRET)).send().await.unwrap().status(), 200);
    assert_eq!(account().basic_auth(KEY, Some("x")).send().await.unwrap().status(), 401);
}

/// Conformance 14, 15.
#[tokio::test]
async fn requests_over_the_limit_get_429_with_the_limits_headers() {
    let mut paced = config(quiet(&["AAA"]));
    (paced.speed, paced.requests_per_minute) = (Speed::Times(1.0), Some(2));
    let venue = Venue::new(paced.clone()).await;
    for remaining in ["1", "0"] {
        let answer = venue.get("/v2/clock").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["x-ratelimit-limit"], "2");
        assert_eq!(answer.headers["x-ratelimit-remaining"], remaining);
    }
    let refused = venue.get("/v2/clock").await;
    let expected = json!({"code": 42_910_000, "message": "rate limit exceeded"});
    assert_eq!((refused.status, refused.body), (429, expected));
    // The venue's clock waits for a subscriber at 09:30 New York, so its minute ends at 09:31.
    assert_eq!(refused.headers["x-ratelimit-reset"], "1767709860");
    paced.faults.bare_rate_limit = true;
    paced.requests_per_minute = Some(0);
    let refused = Venue::new(paced).await.get("/v2/clock").await;
    assert_eq!(refused.status, 429);
    assert!(!refused.headers.contains_key("x-ratelimit-reset"));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_as_such() {
    let venue = Venue::quiet().await;
    let expected = json!({"code": 40_410_000, "message": "endpoint not found"});
    for answer in [
        venue.get("/v2/short_locates").await,
        venue.get("/v3/clock").await,
        venue.post("/v2/account", json!({})).await,
        venue.get("/v2/iex").await,
    ] {
        assert_eq!((answer.status, &answer.body), (404, &expected));
    }
}

/// Conformance 20.
#[tokio::test]
async fn an_accepted_order_can_be_answered_with_504_or_not_at_all() {
    let mut faulty = config(quiet(&["AAA"]));
    faulty.faults.order_answers = Some(OrderAnswerFault { every: 2, gateway_timeout: true });
    let venue = Venue::new(faulty.clone()).await;
    venue.order(limit_order("AAA", 1, "buy", "50")).await;
    let mut second = limit_order("AAA", 2, "buy", "50");
    second["client_order_id"] = json!("mine");
    let request = venue.request(Method::POST, "/v2/orders").basic_auth(KEY, Some(SECRET));
    assert_eq!(request.json(&second).send().await.unwrap().status(), 504);
    let found = venue.get("/v2/orders:by_client_order_id?client_order_id=mine").await;
    assert_eq!((found.status, &found.body["qty"]), (200, &json!("2")));

    faulty.faults.order_answers = Some(OrderAnswerFault { every: 1, gateway_timeout: false });
    let venue = Venue::new(faulty).await;
    let mut listener = venue.listener().await;
    let request = venue.request(Method::POST, "/v2/orders").basic_auth(KEY, Some(SECRET));
    let post = tokio::spawn(request.json(&second).send());
    let update = listener.json().await;
    assert_eq!(update["data"]["order"]["client_order_id"], "mine");
    assert!(!post.is_finished());
    post.abort();
}
