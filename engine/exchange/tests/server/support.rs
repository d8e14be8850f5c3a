//! A server with a client beside it.

use exchange::server::{Keys, Running, ServerConfig, Source, Speed, start};
use futures_util::{SinkExt, StreamExt};
use kernel::{Bar, MarketData, Span, Symbols, Timestamp};
use marketdata::Feed;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use std::sync::Once;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) const KEY: &str = "PKTEST";
pub(crate) const SECRET: &str = "SECRET";
pub(crate) const TOKEN: &str = "TOKEN";

/// Tuesday 2026-01-06, 09:30 New York.
pub(crate) const OPEN: &str = "2026-01-06T14:30:00Z";

/// A started server.
pub(crate) struct Venue {
    pub(crate) running: Running,
    http: Client,
}

/// A JSON answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: reqwest::header::HeaderMap,
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Minute bars from the open on, a row `open high low close` for each, in each symbol.
pub(crate) fn minutes(symbols: &[&str], rows: &[[&str; 4]]) -> Feed {
    let symbols = Symbols::new(symbols).unwrap();
    let mut data = Vec::new();
    for (minute, prices) in rows.iter().enumerate() {
        let [open, high, low, close] = prices.map(|price| price.parse().unwrap());
        for symbol in symbols.ids() {
            let open_time = at(OPEN).plus(Span::from_secs(60 * minute as i64));
            let (length, volume) = (Span::from_secs(60), "10000".parse().unwrap());
            let bar = Bar { symbol, open_time, length, open, high, low, close, volume };
            data.push(MarketData::Bar(bar));
        }
    }
    Feed { symbols, data, bar_length: Some(Span::from_secs(60)) }
}

/// Five quiet minutes around 100.
pub(crate) fn quiet(symbols: &[&str]) -> Feed {
    minutes(symbols, &[["100", "101", "99", "100.5"]; 5])
}

/// A configuration with known keys, in lock step.
pub(crate) fn config(feed: Feed) -> ServerConfig {
    let mut config = ServerConfig::new(Source::Files(feed), Speed::Max);
    config.keys = Keys { key: KEY.into(), secret: SECRET.into(), token: Some(TOKEN.into()) };
    config
}

impl Venue {
    pub(crate) async fn new(config: ServerConfig) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            rustls::crypto::ring::default_provider().install_default().unwrap();
        });
        Self { running: start(config).await.unwrap(), http: Client::new() }
    }

    /// The quiet venue in two symbols.
    pub(crate) async fn quiet() -> Self {
        Self::new(config(quiet(&["AAA", "BBB"]))).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.running.url()))
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path);
        let request = request.header("APCA-API-KEY-ID", KEY).header("apca-api-secret-key", SECRET);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Submits an order that must be taken, and gives it.
    pub(crate) async fn order(&self, body: Value) -> Value {
        let answer = self.post("/v2/orders", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// A websocket, with extra headers in its handshake.
    pub(crate) async fn socket(&self, path: &str, headers: &[(&'static str, &str)]) -> Socket {
        let url = format!("ws://{}{path}", self.running.addr());
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Socket(connect_async(request).await.unwrap().0)
    }

    /// A market data socket that has authenticated.
    pub(crate) async fn market(&self) -> Socket {
        let mut socket = self.socket("/v2/iex", &[]).await;
        assert_eq!(socket.json().await, json!([{"T": "success", "msg": "connected"}]));
        socket.send(json!({"action": "auth", "key": KEY, "secret": SECRET})).await;
        assert_eq!(socket.json().await, json!([{"T": "success", "msg": "authenticated"}]));
        socket
    }

    /// An order stream that listens.
    pub(crate) async fn listener(&self) -> Socket {
        let mut socket = self.socket("/stream", &[]).await;
        socket.send(json!({"action": "auth", "key": KEY, "secret": SECRET})).await;
        assert_eq!(socket.json().await["data"]["status"], "authorized");
        let listen = json!({"action": "listen", "data": {"streams": ["trade_updates"]}});
        socket.send(listen).await;
        assert_eq!(socket.json().await["stream"], "listening");
        socket
    }

    /// A session after another has gone without a word: its place is free once the server has
    /// seen that, which the limit of one connection tells.
    pub(crate) async fn session_when_free(&self) -> Session {
        let orders = self.listener().await;
        let mut market = self.socket("/v2/iex", &[]).await;
        market.json().await;
        loop {
            market.send(json!({"action": "auth", "key": KEY, "secret": SECRET})).await;
            let reply = market.json().await;
            match reply[0]["T"].as_str() {
                Some("success") => break,
                _ => assert_eq!(reply[0]["code"], 406),
            }
        }
        market.send(json!({"action": "subscribe", "bars": ["*"]})).await;
        assert_eq!(market.json().await[0]["T"], "subscription");
        Session { market, orders, updates: 0 }
    }

    /// Both sockets of a session: every bar, and its order updates.
    pub(crate) async fn session(&self) -> Session {
        let orders = self.listener().await;
        let mut market = self.market().await;
        market.send(json!({"action": "subscribe", "bars": ["*"]})).await;
        assert_eq!(market.json().await[0]["T"], "subscription");
        Session { market, orders, updates: 0 }
    }
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Self { status, body, headers }
    }
}

/// A websocket of a client.
pub(crate) struct Socket(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next frame; `None` when the server has closed.
    pub(crate) async fn frame(&mut self) -> Option<Message> {
        match self.0.next().await {
            Some(Ok(Message::Close(_)) | Err(_)) | None => None,
            Some(Ok(frame)) => Some(frame),
        }
    }

    /// The JSON in the next frame, text or binary.
    pub(crate) async fn json(&mut self) -> Value {
        let frame = self.frame().await.expect("the server has closed");
        serde_json::from_slice(&frame.into_data()).unwrap()
    }
}

/// A session in lock step.
pub(crate) struct Session {
    pub(crate) market: Socket,
    pub(crate) orders: Socket,
    updates: u64,
}

/// One step as a session sees it.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) number: u64,
    pub(crate) end: bool,
    pub(crate) updates: Vec<Value>,
    pub(crate) data: Vec<Value>,
}

impl Session {
    /// Takes in a step: its data frame, and the updates that it counts.
    pub(crate) async fn step(&mut self) -> Step {
        let frame = self.market.json().await;
        let (head, data) = frame.as_array().unwrap().split_first().unwrap();
        assert_eq!(head["T"], "tradewind_step", "{frame}");
        let mut updates = Vec::new();
        while self.updates < head["trade_updates"].as_u64().unwrap() {
            updates.push(self.orders.json().await["data"].clone());
            self.updates += 1;
        }
        Step {
            number: head["step"].as_u64().unwrap(),
            end: head["end"].as_bool().unwrap(),
            updates,
            data: data.to_vec(),
        }
    }

    pub(crate) async fn acknowledge(&mut self, step: u64) {
        self.market.send(json!({"action": "tradewind_ack", "step": step})).await;
    }

    /// Takes in a step and acknowledges it.
    pub(crate) async fn pass(&mut self) -> Step {
        let step = self.step().await;
        self.acknowledge(step.number).await;
        step
    }
}

/// The events of updates, in order.
pub(crate) fn events(updates: &[Value]) -> Vec<&str> {
    updates.iter().map(|update| update["event"].as_str().unwrap()).collect()
}

pub(crate) fn market_order(symbol: &str, qty: u32, side: &str) -> Value {
    json!({
        "symbol": symbol, "qty": qty.to_string(), "side": side, "type": "market",
        "time_in_force": "day",
    })
}

pub(crate) fn limit_order(symbol: &str, qty: u32, side: &str, limit: &str) -> Value {
    json!({
        "symbol": symbol, "qty": qty.to_string(), "side": side, "type": "limit",
        "time_in_force": "day", "limit_price": limit,
    })
}
