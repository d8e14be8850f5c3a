//! Bearer tokens: carried, refused, renewed.

use super::fixtures::{CLOCK, ORDER};
use super::rest::{approved, client_with};
use super::streams::{market_config, order_config};
use super::stub::{HttpStub, Reply, SocketStub, ok, status};
use crate::alpaca::{
    Credentials, Endpoints, ErrorClass, MarketStreamConfig, MarketStreamMessage, OAuth,
    OrderStreamConfig, OrderStreamMessage, Refresh, Secret, StreamError, market_stream,
    order_stream,
};
use kernel::OrderKind;
use serde_json::{Value, json};

const REFUSED: &str = r#"{"message":"request is not authorized"}"#;
const RENEWED: &str =
    r#"{"access_token":"t0ken-2","token_type":"bearer","scope":"trading","refresh_token":"r-2"}"#;

/// A token that an authorisation server at the address renews.
fn bearer(server: Option<&HttpStub>) -> Credentials {
    let refresh = server.map(|server| Refresh {
        token_url: format!("http://{}/oauth/token", server.address),
        client_id: "app&1".into(),
        client_secret: Secret::new("cl1ent/secret"),
        refresh_token: Secret::new("r-1"),
    });
    Credentials::bearer(OAuth { access_token: Secret::new("t0ken-1"), refresh }).unwrap()
}

fn carried(stub: &HttpStub) -> Vec<String> {
    stub.seen().into_iter().map(|seen| seen.authorization).collect()
}

#[tokio::test]
async fn a_token_is_carried_and_no_key() {
    let stub = HttpStub::start(vec![ok(CLOCK)]).await;
    let client = client_with(Endpoints::server(stub.address), bearer(None));
    client.clock().await.unwrap();
    let seen = &stub.seen()[0];
    assert_eq!((seen.authorization.as_str(), seen.key.as_str()), ("Bearer t0ken-1", ""));
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_what_changes_nothing_asked_again() {
    let issuer = HttpStub::start(vec![ok(RENEWED)]).await;
    let stub = HttpStub::start(vec![status(401, REFUSED), ok(CLOCK), ok(CLOCK)]).await;
    let client = client_with(Endpoints::server(stub.address), bearer(Some(&issuer)));
    client.clock().await.unwrap();
    client.clock().await.unwrap();
    assert_eq!(carried(&stub), ["Bearer t0ken-1", "Bearer t0ken-2", "Bearer t0ken-2"]);
    let [asked] = &issuer.seen()[..] else { panic!("asked more than once") };
    assert_eq!(asked.line, "POST /oauth/token");
    assert_eq!(
        asked.body,
        "grant_type=refresh_token&refresh_token=r-1&client_id=app%261&client_secret=cl1ent%2Fsecret"
    );
}

#[tokio::test]
async fn a_token_that_is_refused_again_is_an_error_and_the_grant_that_came_with_it_is_kept() {
    let issuer = HttpStub::start(vec![ok(RENEWED), ok(RENEWED)]).await;
    let stub = HttpStub::start((0..4).map(|_| status(401, REFUSED)).collect()).await;
    let client = client_with(Endpoints::server(stub.address), bearer(Some(&issuer)));
    assert_eq!(client.clock().await.unwrap_err().class, ErrorClass::Unauthorized);
    assert_eq!((stub.lines().len(), issuer.lines().len()), (2, 1));
    assert_eq!(client.clock().await.unwrap_err().class, ErrorClass::Unauthorized);
    assert!(issuer.seen()[1].body.contains("refresh_token=r-2"));
}

#[tokio::test]
async fn an_order_that_met_a_token_which_had_ended_is_not_sent_again_but_unknown() {
    let issuer = HttpStub::start(vec![ok(RENEWED)]).await;
    let stub = HttpStub::start(vec![status(401, REFUSED), ok(ORDER)]).await;
    let client = client_with(Endpoints::server(stub.address), bearer(Some(&issuer)));
    let error = client.submit(&approved(OrderKind::Market)).await.unwrap_err();
    assert_eq!((error.class, stub.lines().len()), (ErrorClass::Unknown, 1));
    assert!(!error.was_not_carried_out());
    client.order_by_client_id("tw-1-1").await.unwrap();
    assert_eq!(carried(&stub)[1], "Bearer t0ken-2", "it is looked up with the new one");
}

#[tokio::test]
async fn without_a_way_to_renew_it_a_refused_token_is_final() {
    for answer in [None, Some(status(400, r#"{"error":"invalid_grant"}"#)), Some(ok("{}"))] {
        let issuer = match answer {
            Some(answer) => Some(HttpStub::start(vec![answer]).await),
            None => None,
        };
        let stub = HttpStub::start(vec![status(401, REFUSED), ok(CLOCK)]).await;
        let client = client_with(Endpoints::server(stub.address), bearer(issuer.as_ref()));
        assert_eq!(client.clock().await.unwrap_err().class, ErrorClass::Unauthorized);
        assert_eq!(stub.lines().len(), 1);
    }
}

#[tokio::test]
async fn many_that_meet_the_same_end_ask_for_one_token() {
    let issuer = HttpStub::start(vec![ok(RENEWED)]).await;
    let replies = (0..8).map(|_| status(401, REFUSED)).chain((0..8).map(|_| ok(CLOCK)));
    let stub = HttpStub::start(replies.collect::<Vec<Reply>>()).await;
    let client = client_with(Endpoints::server(stub.address), bearer(Some(&issuer)));
    let asked = (0..8).map(|_| client.clock());
    let answers = futures_util::future::join_all(asked).await;
    // A request that was sent after the renewal may have met one of the refusals left over.
    assert!(answers.iter().any(Result::is_ok));
    assert_eq!(issuer.lines().len(), 1);
}

/// A token that says when it ends is renewed before, so that no order meets the end.
#[tokio::test]
async fn a_token_that_is_about_to_end_is_renewed_before_it_is_carried() {
    let soon = r#"{"access_token":"t0ken-2","expires_in":30}"#;
    let issuer = HttpStub::start(vec![ok(soon), ok(r#"{"access_token":"t0ken-3"}"#)]).await;
    let stub = HttpStub::start(vec![status(401, REFUSED), ok(CLOCK), ok(ORDER)]).await;
    let client = client_with(Endpoints::server(stub.address), bearer(Some(&issuer)));
    client.clock().await.unwrap();
    client.submit(&approved(OrderKind::Market)).await.unwrap();
    assert_eq!(carried(&stub)[1..], ["Bearer t0ken-3", "Bearer t0ken-3"]);
}

#[tokio::test]
async fn neither_errors_nor_descriptions_show_a_secret() {
    let answer = r#"{"message":"token t0ken-1 has expired"}"#;
    let stub = HttpStub::start(vec![status(403, answer)]).await;
    let credentials = bearer(None);
    assert_eq!(credentials.hint(), "an OAuth token");
    let client = client_with(Endpoints::server(stub.address), credentials);
    let error = client.clock().await.unwrap_err().to_string();
    assert!(error.contains("token … has expired"), "{error}");
}

#[test]
fn a_token_is_not_renewed_over_an_open_connection() {
    let with = |token_url: &str| {
        let (client_secret, refresh_token) = (Secret::new("s"), Secret::new("r"));
        let (token_url, client_id) = (token_url.into(), "app".into());
        let refresh = Some(Refresh { token_url, client_id, client_secret, refresh_token });
        Credentials::bearer(OAuth { access_token: Secret::new("t"), refresh })
    };
    assert!(with("https://api.alpaca.markets/oauth/token").is_ok());
    assert!(with("http://localhost:8080/token").is_ok());
    let refused = with("http://api.alpaca.markets/oauth/token").err().unwrap().to_string();
    assert!(refused.contains("https://"), "{refused}");
    for strange in ["", "token", "https://user:pass@host/token"] {
        assert!(with(strange).is_err(), "{strange}");
    }
    let spaced = OAuth { access_token: Secret::new("to ken"), refresh: None };
    assert!(Credentials::bearer(spaced).is_err());
}

/// What an order stream is opened with, and the same again after it was refused.
#[tokio::test]
async fn an_order_stream_is_opened_with_the_token_and_after_a_refusal_with_the_next() {
    let issuer = HttpStub::start(vec![ok(RENEWED)]).await;
    let stub = SocketStub::start().await;
    let credentials = bearer(Some(&issuer));
    let config = OrderStreamConfig { credentials, ..order_config(&stub.address) };
    let mut stream = order_stream(config);
    let opening = |token: &str| json!({"action": "authenticate", "data": {"oauth_token": token}});
    let refused = r#"{"stream":"authorization","data":{"status":"unauthorized"}}"#;
    let mut peer = stub.accept().await;
    assert_eq!(peer.hear().await, opening("t0ken-1"));
    peer.binary(refused).await;
    let down = stream.messages.recv().await.unwrap();
    assert!(matches!(down, OrderStreamMessage::Down { .. }), "{down:?}");
    let mut peer = stub.accept().await;
    assert_eq!(peer.hear().await, opening("t0ken-2"));
    peer.binary(refused).await;
    let end = stream.messages.recv().await.unwrap();
    let is_final = matches!(end, OrderStreamMessage::Fatal(StreamError::Unauthorized { .. }));
    assert!(is_final, "renewed once: {end:?}");
}

#[tokio::test]
async fn a_data_stream_is_opened_with_the_token() {
    let stub = SocketStub::start().await;
    let config = MarketStreamConfig { credentials: bearer(None), ..market_config(&stub.address) };
    let mut stream = market_stream(config);
    let mut peer = stub.accept().await;
    peer.text(r#"[{"T":"success","msg":"connected"}]"#).await;
    let expected: Value = json!({"action": "auth", "key": "oauth", "secret": "t0ken-1"});
    assert_eq!(peer.hear().await, expected);
    peer.text(r#"[{"T":"error","code":402,"msg":"auth failed"}]"#).await;
    let end = stream.messages.recv().await.unwrap();
    assert!(matches!(end, MarketStreamMessage::Fatal(StreamError::Unauthorized { .. })));
}
