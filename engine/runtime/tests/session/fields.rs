//! Each field of each message of the exchange is taken away in turn, and unknown ones are put in.
//!
//! Which fields there are is not written down here: a client records one message of each kind, and
//! every path in it is tried. A session in lock step then meets every such message without that
//! field. It may refuse to begin, with a sentence that names what it lacks; else it trades to the
//! end of the data, and the exchange's record says that no order was lost and none doubled.

use crate::support::{Plan, assert_sent_once, data_dir, exchange_with, generated, shares};
use exchange::server::{FaultScript, Point, Running, Speed};
use futures_util::{SinkExt, StreamExt};
use journal::Reader;
use kernel::{Intents, MarketData, OrderKind, OrderStatus, RecordBody, Rounding, Side, View};
use runtime::session::{SessionError, journal_dir};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Minutes of data of each session.
const MINUTES: usize = 24;
/// No session takes longer, whatever is missing.
const PATIENCE: Duration = Duration::from_secs(20);

/// Rests an entry, takes it back, buys, protects, sells: each kind of request is sent.
fn script(data: &MarketData, view: &View<'_>, intents: &mut Intents) {
    let symbol = data.symbol();
    let held = view.position(symbol).quantity;
    let below = |points| {
        let shifted = data.price().shifted(kernel::BasisPoints::new(points), Rounding::Down);
        shifted.unwrap().to_tick(Rounding::Down)
    };
    let minute = data.time().nanos() / 60_000_000_000 % 6;
    let mut open = view.open_orders(symbol);
    match (minute, open.next()) {
        (0, None) if held.is_zero() => intents.limit(symbol, Side::Buy, shares(3), below(-100)),
        (1, Some(order)) if matches!(order.kind, OrderKind::Limit { .. }) => {
            intents.push(kernel::Intent::Replace {
                order: order.number,
                quantity: order.quantity,
                kind: OrderKind::Limit { limit: below(-150) },
            });
        }
        (2 | 5, Some(order)) if !order.cancel_requested => intents.cancel(order.number),
        (3, None) if held.is_zero() => intents.market(symbol, Side::Buy, shares(4)),
        (4, None) if held.is_positive() => {
            intents.submit(symbol, Side::Sell, held, OrderKind::Stop { stop: below(-300) });
        }
        (0 | 5, None) if held.is_positive() => intents.market(symbol, Side::Sell, held),
        _ => {}
    }
}

async fn an_exchange(rules: &str) -> Running {
    let faults = FaultScript::parse(rules).unwrap();
    exchange_with(generated(&["SPY"], MINUTES), Speed::Max, |config| config.faults = faults).await
}

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
struct Recorder {
    exchange: Running,
    fields: BTreeMap<Point, BTreeSet<String>>,
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

impl Recorder {
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
        let wanted = json!({"action": "subscribe", "bars": ["SPY"], "statuses": ["SPY"]});
        say(&mut market, wanted).await;
        let word = hear(&mut market).await;
        self.note(Point::Subscription, &word);
        market
    }

    /// Takes in a step and notes its data.
    async fn step(&mut self, market: &mut Socket) -> u64 {
        let frame = hear(market).await;
        let (head, data) = frame.as_array().unwrap().split_first().unwrap();
        for item in data {
            let point = if item["T"] == "s" { Point::Status } else { Point::Bar };
            self.note(point, item);
        }
        head["step"].as_u64().unwrap()
    }

    async fn record(&mut self) {
        let mut orders = self.orders().await;
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
        for _ in 0..4 {
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
        self.get(Point::ReadOrder, &path).await;
        self.get(Point::ListOrders, "/v2/orders?status=all").await;
        self.get(Point::Account, "/v2/account").await;
        self.get(Point::Positions, "/v2/positions").await;
        self.get(Point::Activities, "/v2/account/activities").await;
        self.get(Point::Clock, "/v2/clock").await;
        self.get(Point::Calendar, "/v2/calendar?start=2026-01-05&end=2026-01-06").await;
        self.get(Point::Assets, "/v2/assets/SPY").await;
        let bars = "/v2/stocks/bars?symbols=SPY&timeframe=1Min&start=2026-01-05&limit=2";
        self.get(Point::History, bars).await;
    }
}

/// The fields of each kind of message.
async fn fields() -> BTreeMap<Point, BTreeSet<String>> {
    let halt = "[[fault]]\non='step'\nstep=3\ninject='halt'\nsymbol='SPY'";
    runtime::alpaca::tls::install();
    let exchange = an_exchange(halt).await;
    let mut recorder = Recorder { exchange, fields: BTreeMap::new() };
    recorder.record().await;
    recorder.fields
}

/// What came of one session.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    /// It traded, and no order was lost; with what it told of messages that it could not use.
    Through(Vec<String>),
    /// It said why it cannot begin or go on.
    Refused(String),
    /// Something went wrong.
    Wrong(String),
}

/// A session while one rule holds.
async fn meets(rule: &str) -> Came {
    let exchange = an_exchange(rule).await;
    let dir = data_dir();
    let mut plan = Plan::scripted(dir.path(), &exchange, &["SPY"], script);
    plan.config.timing.answer = Duration::from_millis(500);
    plan.config.timing.settle = Duration::from_secs(2);
    plan.config.timing.stream.answer = Duration::from_millis(500);
    let mut session = plan.start();
    let ended = tokio::time::timeout(PATIENCE, &mut session.task).await;
    let summary = match ended {
        Err(_) => {
            session.task.abort();
            return Came::Wrong("it hangs".into());
        }
        Ok(Err(panic)) => return Came::Wrong(format!("it panicked: {panic}")),
        Ok(Ok(Err(
            error @ (SessionError::Broker { .. }
            | SessionError::Symbol { .. }
            | SessionError::AccountBlocked { .. }
            | SessionError::Stream { .. }
            | SessionError::Unauthorized(_)),
        ))) => {
            return Came::Refused(error.to_string());
        }
        Ok(Ok(Err(error))) => return Came::Wrong(error.to_string()),
        Ok(Ok(Ok(summary))) => summary,
    };
    let findings = exchange.record().findings();
    if !findings.is_empty() {
        return Came::Wrong(format!("{findings:?}"));
    }
    let snapshot = exchange.snapshot();
    // Exits stay at the end of a session; what would grow does not.
    let open = snapshot.orders.iter().filter(|order| !order.status.is_final());
    let entries = open.filter(|order| order.side == Side::Buy).count();
    let held: BTreeMap<&str, _> =
        summary.positions.iter().map(|(name, held)| (name.as_str(), held.qty)).collect();
    let theirs: BTreeMap<&str, _> = snapshot.positions.iter().map(|row| ("SPY", row.qty)).collect();
    let lost = lost_orders(dir.path(), &exchange);
    if summary.cash != snapshot.account.cash || held != theirs || entries > 0 || !lost.is_empty() {
        return Came::Wrong(format!(
            "cash {} is {}, {held:?} is {theirs:?}, {entries} entries open, lost {lost:?}",
            summary.cash, snapshot.account.cash
        ));
    }
    assert_sent_once(&summary, &exchange);
    Came::Through(unusable(dir.path()))
}

/// What the journal says of messages that could not be used.
fn unusable(dir: &Path) -> Vec<String> {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    let mut told = Vec::new();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Event { event: kernel::Event::AlertRaised(alert), .. } = record.body
            && &*alert.code == "message_unusable"
        {
            told.push(alert.text.into());
        }
    }
    told
}

/// Orders that the journal holds as never received, and the exchange has.
fn lost_orders(dir: &Path, exchange: &Running) -> Vec<u64> {
    let mut records = Reader::open(&journal_dir(dir), 1).unwrap();
    let mut gone = Vec::new();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Event { event: kernel::Event::OrderUpdated { order, to, .. }, .. } =
            &record.body
            && *to == OrderStatus::NotReceived
        {
            gone.push(order.0);
        }
    }
    let orders = exchange.snapshot().orders;
    let has = |number: &u64| {
        orders.iter().any(|order| order.client_order_id.ends_with(&format!("-{number}")))
    };
    gone.into_iter().filter(has).collect()
}

/// Runs a session for each rule, a few at a time, and gives what was not as it must be, and of which
/// rules it was told, in an alert or as the reason not to begin.
async fn all_meet(rules: Vec<(String, String)>) -> (Vec<String>, BTreeSet<String>) {
    let tried = futures_util::stream::iter(rules.into_iter().map(|(name, rule)| async move {
        let came = meets(&rule).await;
        (name, came)
    }));
    let came: Vec<(String, Came)> = tried.buffer_unordered(8).collect().await;
    let is_told = |came: &Came| match came {
        Came::Through(told) => !told.is_empty(),
        Came::Refused(_) => true,
        Came::Wrong(_) => false,
    };
    let told = came.iter().filter(|(_, came)| is_told(came)).map(|(name, _)| name.clone());
    let told: BTreeSet<String> = told.collect();
    let mut wrong: Vec<String> = came
        .into_iter()
        .filter_map(|(name, came)| match came {
            Came::Through(told) => {
                let unclear = told.iter().find(|sentence| !is_clear(&name, sentence))?;
                Some(format!("{name}: unclear: {unclear}"))
            }
            // A sentence that names the field, or that it is the keys, the symbol or the account.
            Came::Refused(sentence) if is_clear(&name, &sentence) => None,
            Came::Refused(sentence) => Some(format!("{name}: unclear: {sentence}")),
            Came::Wrong(what) => Some(format!("{name}: {what}")),
        })
        .collect();
    wrong.sort();
    (wrong, told)
}

/// Whether a refusal says what is wrong: it names the field by its last part.
fn is_clear(name: &str, sentence: &str) -> bool {
    let field = name.rsplit(['.', ' ']).next().unwrap_or(name);
    sentence.contains(field)
        || sentence.contains("APCA_API_KEY_ID")
        || sentence.contains("does not trade it")
}

/// The fields without which a message cannot be used: an alert names each that is missing, or the
/// session says that it cannot begin. Without any other a message means what it meant.
const NEEDED: &[(&str, &str)] = &[
    ("account", "buying_power cash equity status"),
    ("assets", "tradable"),
    ("authenticated", "T msg"),
    ("authorization", "data data.status stream"),
    ("bar", "S T c h l o t"),
    ("calendar", "close date open"),
    ("clock", "timestamp"),
    ("connected", "T msg"),
    ("listening", "data data.streams stream"),
    ("status", "S T t"),
    ("submit", "id"),
    ("subscription", "T bars lulds statuses updatedBars"),
    ("update", "data.event data.order data.order.id data.price data.qty"),
];

/// Fields of the lock step itself, which no broker has: without them there is no lock step, and a
/// session that cannot count the updates waits for those that it has been promised.
fn belongs_to_lock_step(point: &str, path: &str) -> bool {
    (point == "clock" && path.starts_with("tradewind"))
        || (point == "update" && (path == "stream" || path == "data"))
}

/// How often a field is missing: always, but in the words of a stream's beginning, which is tried
/// again until they come whole.
fn times(point: &str) -> &'static str {
    match point {
        "authorization" | "listening" | "connected" | "authenticated" | "subscription" => "2",
        _ => "'all'",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_field_of_any_message_may_be_missing() {
    let mut rules = Vec::new();
    for (point, paths) in fields().await {
        for path in paths {
            let point = point.as_str();
            if belongs_to_lock_step(point, &path) {
                continue;
            }
            let times = times(point);
            let halt = if point == "status" {
                "[[fault]]\non='step'\nstep=3\ninject='halt'\nsymbol='SPY'\n"
            } else {
                ""
            };
            let rule = format!(
                "{halt}[[fault]]\non='{point}'\ninject='remove'\nfield='{path}'\ntimes={times}"
            );
            rules.push((format!("{point} {path}"), rule));
        }
    }
    assert!(rules.len() > 200, "{} fields were recorded", rules.len());
    let (wrong, told) = all_meet(rules).await;
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    let needed: BTreeSet<String> = NEEDED
        .iter()
        .flat_map(|(point, paths)| {
            paths.split_whitespace().map(move |path| format!("{point} {path}"))
        })
        .collect();
    assert_eq!(told, needed);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_message_may_have_fields_that_nobody_knows() {
    let mut rules = Vec::new();
    for (point, paths) in fields().await {
        let parents =
            paths.iter().filter_map(|path| path.rsplit_once('.').map(|(parent, _)| parent));
        // A key of a map of symbols would be a symbol, not a field.
        let parents = parents.filter(|parent| *parent != "bars").map(|parent| format!("{parent}."));
        let parents: BTreeSet<String> = parents.chain([String::new()]).collect();
        for parent in parents {
            let point = point.as_str();
            let rule = format!(
                "[[fault]]\non='{point}'\ninject='add'\nfield='{parent}surprise'\ntimes='all'"
            );
            rules.push((format!("{point} {parent}surprise"), rule));
        }
    }
    let (wrong, told) = all_meet(rules).await;
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    assert!(told.is_empty(), "a field more is nothing to tell: {told:?}");
}
