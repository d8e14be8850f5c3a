//! Fill frame to ledger event, over loopback: the broker writes a fill into the order stream; it is
//! read and decoded on the stream's task, handed to the session's, decided on, booked and
//! journalled. Run by `cargo bench --profile release --workspace --bench fill_path`; prints the figures
//! beside their budget.
//!
//! The clock starts before the broker writes, and stops when the journal has the event.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]

use futures_util::{SinkExt, StreamExt};
use journal::{Durability, Journal, Options};
use kernel::*;
use runtime::alpaca::{
    Credentials, Names, OrderStreamConfig, OrderStreamMessage, Overflow, StreamTiming, order_stream,
};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

/// From the design's table of budgets, for 99 of 100.
const BUDGET: Duration = Duration::from_millis(1);
const SAMPLES: u64 = 10_000;
/// Fills of each order, which is filled by the last.
const FILLS: u64 = 5;
const SESSION: &str = "00112233445566778899aabbccddeeff";
/// 2026-01-06 10:00 in New York.
const FIRST: Timestamp = Timestamp::from_secs(1_767_711_600);

/// Buys as many shares on every bar as there are fills.
struct Buyer;

impl Strategy for Buyer {
    fn observe(&mut self, _: &MarketData) {}

    fn propose(&self, data: &MarketData, _: &View<'_>, intents: &mut Intents) {
        let quantity = Quantity::from_whole(FILLS as i64).unwrap();
        intents.market(data.symbol(), Side::Buy, quantity);
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}

    fn reset(&mut self) {}
}

/// A broker that sends each text it is given, and says when.
async fn broker(mut texts: mpsc::Receiver<String>, sent: mpsc::Sender<Instant>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        let mut socket = tokio_tungstenite::accept_async(socket).await.unwrap();
        for answer in [
            r#"{"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}"#,
            r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#,
        ] {
            socket.next().await.unwrap().unwrap();
            socket.send(Message::text(answer)).await.unwrap();
        }
        while let Some(text) = texts.recv().await {
            sent.send(Instant::now()).await.unwrap();
            socket.send(Message::binary(text.into_bytes())).await.unwrap();
        }
    });
    address
}

fn fill(order: u64, filled: u64) -> String {
    let status = if filled == FILLS { "filled" } else { "partially_filled" };
    let event = if filled == FILLS { "fill" } else { "partial_fill" };
    format!(
        r#"{{"stream":"trade_updates","data":{{"event":"{event}","execution_id":"e-{order}-{filled}","order":{{"id":"b-{order}","client_order_id":"tw-00112233-{order}","created_at":"2026-01-06T15:00:00.123456Z","updated_at":"2026-01-06T15:00:01.123456Z","submitted_at":"2026-01-06T15:00:00.123456Z","filled_at":null,"expired_at":null,"canceled_at":null,"failed_at":null,"replaced_at":null,"replaced_by":null,"replaces":null,"asset_id":"b0b6dd9d-8b9b-48a9-ba46-b9d54906e415","symbol":"SPY","asset_class":"us_equity","notional":null,"qty":"{FILLS}","filled_qty":"{filled}","filled_avg_price":"689.12","order_class":"","order_type":"market","type":"market","side":"buy","time_in_force":"day","limit_price":null,"stop_price":null,"status":"{status}","extended_hours":false,"legs":null,"trail_percent":null,"trail_price":null,"hwm":null}},"position_qty":"{filled}","price":"689.12","qty":"1","timestamp":"2026-01-06T15:00:01.123456Z"}}}}"#
    )
}

/// The books of a session.
struct Books {
    kernel: Kernel,
    journal: Journal,
    out: Output,
}

impl Books {
    /// Decides and journals; whether the ledger booked a fill.
    fn take(&mut self, at: Timestamp, input: Input) -> bool {
        let stamped = Stamped { at, seen: at, input };
        self.kernel.decide(&stamped, &mut self.out).unwrap();
        let mut is_booked = false;
        for record in self.out.records(stamped) {
            is_booked |=
                matches!(record.body, RecordBody::Event { event: Event::OrderFilled { .. }, .. });
            self.journal.append(&record).unwrap();
        }
        self.journal.commit(self.kernel.state(), Durability::Buffered).unwrap();
        is_booked
    }

    fn start(&mut self, symbols: &Symbols) {
        let limits = Limits {
            max_orders_per_minute: None,
            max_order_notional: None,
            max_position_notional: None,
            max_gross_exposure: None,
            duplicate_window: None,
            ..Limits::default()
        };
        let start = SessionStart {
            session: SESSION.into(),
            venue: "embedded".into(),
            build: "bench".into(),
            symbols: symbols.clone(),
            strategies: vec![StrategySpec { name: "buyer".into(), params: [].into() }],
            limits,
            calendar: vec![],
            trading: TradingState::Active,
            carried_over: None,
            fees: FeeRates::default(),
            hours: TradingHours::Always,
            rules: Default::default(),
            config: [].into(),
        };
        let cash = Cash::from_whole(1_000_000_000).unwrap();
        let account = AccountSnapshot {
            id: "".into(),
            cash,
            equity: cash,
            buying_power: cash,
            multiplier: 1,
            shorting_enabled: false,
            blocked: None,
        };
        let holdings = BrokerState {
            account,
            positions: vec![],
            foreign_positions: vec![],
            open_orders: vec![],
        };
        self.take(FIRST, Input::Start(Box::new(start)));
        self.take(FIRST, Input::Link { link: Link::Orders, up: true });
        self.take(FIRST, Input::Broker(Box::new(holdings)));
    }

    /// Sends the next order, as far as the books go.
    fn order(&mut self, number: u64, symbol: SymbolId) {
        let length = Span::from_secs(60);
        let price: Price = "689.12".parse().unwrap();
        let open_time = FIRST.plus(length.times(number as i64));
        let volume = Volume::ZERO;
        let (open, high, low, close) = (price, price, price, price);
        let bar = Bar { symbol, open_time, length, open, high, low, close, volume };
        self.take(bar.end_time(), Input::Market(MarketData::Bar(bar)));
        assert_eq!(self.out.sends.len(), 1, "one order a bar");
    }
}

async fn samples() -> Vec<Duration> {
    let (texts, to_send) = mpsc::channel(1);
    let (sent, mut when_sent) = mpsc::channel(1);
    let address = broker(to_send, sent).await;
    let symbols = Symbols::new(["SPY"]).unwrap();
    let mut stream = order_stream(OrderStreamConfig {
        address: format!("ws://{address}/stream"),
        credentials: Credentials::new("PKBENCH", "secret").unwrap(),
        names: Names::new(symbols.clone(), SESSION),
        timing: StreamTiming::default(),
        overflow: Overflow::Reconnect,
        capacity: 4096,
    });
    // Beside the build, not in `/tmp`, which is often memory.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (journal, _) = Journal::open(dir.path(), Options::default()).unwrap();
    let kernel = Kernel::new(vec![Box::new(Buyer)]);
    let mut books = Books { kernel, journal, out: Output::default() };
    books.start(&symbols);
    let symbol = symbols.id("SPY").unwrap();
    assert_eq!(stream.messages.recv().await, Some(OrderStreamMessage::Up));
    let mut samples = Vec::new();
    for order in 1..=SAMPLES / FILLS {
        books.order(order, symbol);
        let at = FIRST.plus(Span::from_secs(60).times(order as i64 + 1));
        for filled in 1..=FILLS {
            texts.send(fill(order, filled)).await.unwrap();
            let began = when_sent.recv().await.unwrap();
            let Some(OrderStreamMessage::Report { report, .. }) = stream.messages.recv().await
            else {
                unreachable!("the broker sends fills alone")
            };
            assert!(books.take(at, Input::Report(report)), "every fill is booked");
            samples.push(began.elapsed());
        }
    }
    samples
}

fn main() {
    // Tests of all targets come here too, and want no figures.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // As a session does: the books are kept on the thread that blocks, streams run beside it.
    let mut samples = runtime.block_on(samples());
    samples.sort_unstable();
    let at =
        |of_1000: usize| samples.get(samples.len() * of_1000 / 1000).copied().unwrap_or_default();
    let (median, most) = (at(500), at(990));
    println!(
        "fill frame to ledger event: 99 % within {most:?} (budget {BUDGET:?}); median {median:?}, \
         99.9 % {:?}, {} fills",
        at(999),
        samples.len()
    );
}
