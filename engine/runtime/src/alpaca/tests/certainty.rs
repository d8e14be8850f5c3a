//! Which failures prove that a request was not carried out: real sockets, real errors.

use crate::alpaca::ErrorClass;
use crate::alpaca::error::ApiError;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a request that ended with this error is taken for.
async fn class_of(http: reqwest::ClientBuilder, url: &str) -> (ErrorClass, bool) {
    crate::alpaca::tls::install();
    let http = http
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(5))
        .retry(reqwest::retry::never())
        .build()
        .unwrap();
    let error = http.post(url).body("{}").send().await.unwrap_err();
    let error = ApiError::from_transport("POST /v2/orders", "host", &error);
    (error.class, error.was_not_carried_out())
}

/// A server that treats each connection as the test says; gives its port.
async fn server<F>(treat: impl Fn(TcpStream) -> F + Send + 'static) -> u16
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            treat(socket).await;
        }
    });
    port
}

const CERTAIN: (ErrorClass, bool) = (ErrorClass::NotSent, true);
const UNKNOWN: (ErrorClass, bool) = (ErrorClass::Unknown, false);

#[tokio::test]
async fn without_a_connection_nothing_arrives() {
    let http = reqwest::Client::builder;
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    assert_eq!(class_of(http(), &format!("http://127.0.0.1:{port}/")).await, CERTAIN);
    assert_eq!(class_of(http(), "http://nowhere.invalid/").await, CERTAIN);
    let no_tls = server(|mut socket| async move {
        let _ = socket.write_all(b"220 this is no TLS\r\n").await;
    })
    .await;
    assert_eq!(class_of(http(), &format!("https://127.0.0.1:{no_tls}/")).await, CERTAIN);
}

#[tokio::test]
async fn a_connection_that_is_lost_says_nothing() {
    let http = reqwest::Client::builder;
    let deaf = server(|socket| async move { drop(socket) }).await;
    assert_eq!(class_of(http(), &format!("http://127.0.0.1:{deaf}/")).await, UNKNOWN);
    let rude = server(|mut socket| async move {
        let mut request = [0; 1024];
        let _ = socket.read(&mut request).await;
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n").await;
    })
    .await;
    assert_eq!(class_of(http(), &format!("http://127.0.0.1:{rude}/")).await, UNKNOWN);
}

/// An HTTP/2 server that ends every stream so.
async fn http2_server(reason: h2::Reason) -> u16 {
    server(move |socket| async move {
        let mut connection = h2::server::handshake(socket).await.unwrap();
        while let Some(Ok((_request, mut answer))) = connection.accept().await {
            answer.send_reset(reason);
        }
    })
    .await
}

#[tokio::test]
async fn of_http2_resets_only_a_refused_stream_is_certain() {
    let http = || reqwest::Client::builder().http2_prior_knowledge();
    for (reason, expected) in [
        (h2::Reason::REFUSED_STREAM, CERTAIN),
        (h2::Reason::INTERNAL_ERROR, UNKNOWN),
        (h2::Reason::CANCEL, UNKNOWN),
        (h2::Reason::NO_ERROR, UNKNOWN),
    ] {
        let port = http2_server(reason).await;
        let class = class_of(http(), &format!("http://127.0.0.1:{port}/")).await;
        assert_eq!(class, expected, "{reason:?}");
    }
}

/// The server may have done its work before it went: not even with `NO_ERROR` is it certain.
#[tokio::test]
async fn a_server_that_goes_away_says_nothing() {
    let port = server(|socket| async move {
        let mut connection = h2::server::handshake(socket).await.unwrap();
        let request = connection.accept().await;
        assert!(request.is_some());
        connection.abrupt_shutdown(h2::Reason::NO_ERROR);
        let _ = std::future::poll_fn(|context| connection.poll_closed(context)).await;
    })
    .await;
    let http = reqwest::Client::builder().http2_prior_knowledge();
    assert_eq!(class_of(http, &format!("http://127.0.0.1:{port}/")).await, UNKNOWN);
}
