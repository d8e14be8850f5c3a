//! Which fields the messages of an exchange have: a client notes one message of each kind.

use super::worlds::{MINUTES_OF_BARS, World};
use exchange::server::{Point, Running};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Paths by the kind of message.
pub type Fields = BTreeMap<Point, BTreeSet<String>>;

/// The paths of the fields of a message: `*` for the keys of a map of symbols.
fn paths(message: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    match message {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = if name == "SPY" { "*" } else { name };
                let path = if prefix.is_empty() { name.into() } else { format!("{prefix}.{name}") };
                paths(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(elements) => {
            elements.iter().for_each(|element| paths(element, prefix, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A client that notes one message of each kind.
struct Recorder<'a> {
    exchange: &'a Running,
    fields: Fields,
    /// How far it walks.
    steps: usize,
    /// Whether there are news to be noted.
    news: bool,
    /// Whether there are trades to be read.
    trades: bool,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

async fn hear(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.next().await.unwrap().unwrap();
        if let Message::Text(_) | Message::Binary(_) = frame {
            return serde_json::from_slice(&frame.into_data()).unwrap();
        }
    }
}

impl Recorder<'_> {
    fn note(&mut self, point: Point, message: &Value) {
        paths(message, "", self.fields.entry(point).or_default());
    }

    async fn request(&mut self, method: &str, path: &str, body: Option<Value>) -> Value {
        let keys = self.exchange.keys();
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{path}", self.exchange.url());
        let request = reqwest::Client::new().request(method, url);
        let request = request
            .header("apca-api-key-id", &keys.key)
            .header("apca-api-secret-key", &keys.secret);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let bytes = request.send().await.unwrap().bytes().await.unwrap();
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    async fn get(&mut self, point: Point, path: &str) {
        let answer = self.request("GET", path, None).await;
        self.note(point, &answer);
    }

    async fn socket(&self, path: &str) -> Socket {
        connect_async(format!("ws://{}{path}", self.exchange.addr())).await.unwrap().0
    }

    /// Notes what the order stream says.
    async fn orders(&mut self) -> Socket {
        let (key, secret) = (self.exchange.keys().key.clone(), self.exchange.keys().secret.clone());
        let mut orders = self.socket("/stream").await;
        say(&mut orders, json!({"action": "auth", "key": key, "secret": secret})).await;
        let word = hear(&mut orders).await;
        self.note(Point::Authorization, &word);
        say(&mut orders, json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
        let word = hear(&mut orders).await;
        self.note(Point::Listening, &word);
        orders
    }

    /// Notes what the market data stream says while it is set up.
    async fn market(&mut self) -> Socket {
        let (key, secret) = (self.exchange.keys().key.clone(), self.exchange.keys().secret.clone());
        let mut market = self.socket("/v2/iex").await;
        let word = hear(&mut market).await;
        self.note(Point::Connected, &word);
        say(&mut market, json!({"action": "auth", "key": key, "secret": secret})).await;
        let word = hear(&mut market).await;
        self.note(Point::Authenticated, &word);
        let symbols = ["SPY"];
        let wanted = json!({
            "action": "subscribe", "bars": symbols, "statuses": symbols, "quotes": symbols,
            "trades": symbols, "updatedBars": symbols, "lulds": symbols,
        });
        say(&mut market, wanted).await;
        let word = hear(&mut market).await;
        self.note(Point::Subscription, &word);
        market
    }

    /// A news stream that has subscribed.
    async fn news(&mut self) -> Socket {
        let (key, secret) = (self.exchange.keys().key.clone(), self.exchange.keys().secret.clone());
        let mut news = self.socket("/v1beta1/news").await;
        hear(&mut news).await;
        say(&mut news, json!({"action": "auth", "key": key, "secret": secret})).await;
        hear(&mut news).await;
        say(&mut news, json!({"action": "subscribe", "news": ["SPY"]})).await;
        hear(&mut news).await;
        news
    }

    /// Takes in a step and notes its data.
    async fn step(&mut self, market: &mut Socket) -> u64 {
        let frame = hear(market).await;
        let (head, data) = frame.as_array().unwrap().split_first().unwrap();
        for item in data {
            let point = match item["T"].as_str() {
                Some("s") => Point::Status,
                Some("q") => Point::Quote,
                Some("t") => Point::Trade,
                Some("u") => Point::UpdatedBar,
                Some("c") => Point::Correction,
                Some("x") => Point::CancelError,
                Some("l") => Point::Luld,
                _ => Point::Bar,
            };
            self.note(point, item);
        }
        head["step"].as_u64().unwrap()
    }

    /// Walks through the market to its end, with an order of each kind on the way.
    async fn record(&mut self) {
        let mut orders = self.orders().await;
        let mut news = if self.news { Some(self.news().await) } else { None };
        let mut market = self.market().await;
        let mut step = self.step(&mut market).await;
        let buy = |kind: Value| {
            let mut order = json!({
                "symbol": "SPY", "side": "buy", "qty": "3", "time_in_force": "day",
            });
            order.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
            order
        };
        let market_order = buy(json!({"type": "market"}));
        let taken = self.request("POST", "/v2/orders", Some(market_order)).await;
        self.note(Point::Submit, &taken);
        let limit = buy(json!({"type": "limit", "limit_price": "1"}));
        let resting = self.request("POST", "/v2/orders", Some(limit)).await;
        let path = format!("/v2/orders/{}", resting["id"].as_str().unwrap());
        let change = json!({"qty": "2"});
        let replaced = self.request("PATCH", &path, Some(change)).await;
        self.note(Point::Replace, &replaced);
        let bracket = buy(json!({
            "type": "market", "time_in_force": "gtc", "order_class": "bracket",
            "take_profit": {"limit_price": "100000"}, "stop_loss": {"stop_price": "1"},
        }));
        let bracket = self.request("POST", "/v2/orders", Some(bracket)).await;
        self.note(Point::Submit, &bracket);
        let parent = bracket["id"].as_str().unwrap().to_owned();
        let sale = json!({
            "symbol": "SPY", "side": "sell", "qty": "3", "type": "market", "time_in_force": "day",
        });
        for walked in 0..self.steps {
            if walked == 4 {
                self.request("POST", "/v2/orders", Some(sale.clone())).await;
            }
            let ack = json!({"action": "tradewind_ack", "step": step});
            say(&mut market, ack).await;
            step = self.step(&mut market).await;
        }
        // The fill comes last: it is of a step, and the requests were answered before that.
        let mut is_filled = false;
        while !is_filled {
            let update = hear(&mut orders).await;
            is_filled = update["data"]["event"] == "fill";
            self.note(Point::Update, &update);
        }
        if let Some(news) = &mut news {
            let piece = hear(news).await;
            self.note(Point::News, &piece[0]);
            self.get(Point::History, "/v1beta1/news?symbols=SPY").await;
        }
        self.errors().await;
        self.get(Point::ReadOrder, &path).await;
        self.get(Point::ReadOrder, &format!("/v2/orders/{parent}?nested=true")).await;
        self.get(Point::ListOrders, "/v2/orders?status=all").await;
        self.get(Point::ListOrders, "/v2/orders?status=all&nested=true").await;
        self.get(Point::Account, "/v2/account").await;
        self.get(Point::Positions, "/v2/positions").await;
        self.get(Point::Activities, "/v2/account/activities").await;
        self.get(Point::Clock, "/v2/clock").await;
        self.get(Point::Calendar, "/v2/calendar?start=2026-01-05&end=2026-01-06").await;
        self.get(Point::Assets, "/v2/assets/SPY").await;
        self.past().await;
    }

    /// Notes what is read of the past.
    async fn past(&mut self) {
        let bars = "/v2/stocks/bars?symbols=SPY&timeframe=1Min&start=2026-01-05&limit=2";
        self.get(Point::History, bars).await;
        if self.trades {
            let trades = "/v2/stocks/trades?symbols=SPY&start=2026-01-05&limit=2";
            self.get(Point::History, trades).await;
        }
        let actions = "/v1/corporate-actions?symbols=SPY&start=2026-01-01&end=2026-12-31";
        self.get(Point::Request, actions).await;
    }

    /// Notes what is said of requests and words that are refused.
    async fn errors(&mut self) {
        self.get(Point::Refusal, "/v2/orders/nobody").await;
        let mut market = self.socket("/v2/iex").await;
        hear(&mut market).await;
        say(&mut market, json!({"action": "auth", "key": "no", "secret": "no"})).await;
        let word = hear(&mut market).await;
        self.note(Point::StreamError, &word[0]);
    }
}

/// The fields of each kind of message in a world.
pub async fn fields(world: &World) -> Fields {
    runtime::alpaca::tls::install();
    let world = if world.refuses { &MINUTES_OF_BARS } else { world };
    // Whoever records has time.
    let world = world.in_lock_step();
    let exchange =
        world.exchange("[[fault]]\non='step'\nstep=3\ninject='halt'\nsymbol='SPY'").await;
    let World { steps, news, ticks: trades, .. } = world;
    let fields = Fields::new();
    let mut recorder = Recorder { exchange: &exchange, fields, steps, news, trades };
    recorder.record().await;
    recorder.fields
}

/// Has an exchange take some steps and leaves it.
pub async fn walk(exchange: &Running, steps: usize) {
    runtime::alpaca::tls::install();
    let fields = Fields::new();
    let mut walker = Recorder { exchange, fields, steps, news: false, trades: false };
    let mut orders = walker.orders().await;
    let mut market = walker.market().await;
    for _ in 0..steps {
        let step = walker.step(&mut market).await;
        say(&mut market, json!({"action": "tradewind_ack", "step": step})).await;
    }
    for socket in [&mut market, &mut orders] {
        socket.close(None).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    }
}
