//! Servers that do as a test says.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::{SinkExt, StreamExt};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// One answer of the HTTP stub.
pub(super) enum Reply {
    /// A status, headers and a body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// None at all; the connection stays open.
    Never,
}

pub(super) fn ok(body: impl Into<String>) -> Reply {
    Reply::Answer(200, Vec::new(), body.into())
}

pub(super) fn status(status: u16, body: &str) -> Reply {
    Reply::Answer(status, Vec::new(), body.into())
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Method, path and query.
    pub line: String,
    pub key: String,
    pub secret: String,
    pub authorization: String,
    pub body: String,
}

/// An HTTP server that gives its replies in turn.
pub(super) struct HttpStub {
    pub address: SocketAddr,
    script: Arc<Script>,
}

struct Script {
    replies: Mutex<VecDeque<Reply>>,
    seen: Mutex<Vec<Seen>>,
}

impl HttpStub {
    pub async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Mutex::default();
        let script = Arc::new(Script { replies: Mutex::new(replies.into()), seen });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, script }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

async fn answer(State(script): State<Arc<Script>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let header = |name: &str| {
        parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    script.seen.lock().unwrap().push(Seen {
        line: format!("{} {}", parts.method, parts.uri),
        key: header("APCA-API-KEY-ID"),
        secret: header("APCA-API-SECRET-KEY"),
        authorization: header("Authorization"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    let reply = script.replies.lock().unwrap().pop_front();
    match reply.unwrap_or(status(599, "the script is at its end")) {
        Reply::Never => std::future::pending().await,
        Reply::Answer(status, headers, body) => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
    }
}

/// A websocket server whose connections the test holds itself.
pub(super) struct SocketStub {
    pub address: String,
    listener: TcpListener,
}

/// One connection of it.
pub(super) struct Peer(WebSocketStream<TcpStream>);

impl SocketStub {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { address: format!("ws://{}/stream", listener.local_addr().unwrap()), listener }
    }

    /// The next connection, before the handshake.
    pub async fn connection(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }

    pub async fn accept(&self) -> Peer {
        Peer(tokio_tungstenite::accept_async(self.connection().await).await.unwrap())
    }
}

impl Peer {
    pub async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub async fn binary(&mut self, text: &str) {
        self.0.send(Message::binary(text.as_bytes().to_vec())).await.unwrap();
    }

    /// What the client says next; pings are passed over.
    pub async fn hear(&mut self) -> serde_json::Value {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Any frame at all, pings included.
    pub async fn frame(&mut self) -> Option<Message> {
        self.0.next().await.and_then(Result::ok)
    }

    /// Goes away without a word.
    pub fn drop_connection(self) {}
}
