//! Who gets in, and how often.

use crate::support::{Answer, KEY, SECRET, TOKEN, Venue, config, quiet};
use exchange::server::Speed;
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
    let venue = Venue::new(paced).await;
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
