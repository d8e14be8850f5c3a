//! Frame in to order request on the wire, over loopback: the bytes of a market data frame are
//! decoded, a strategy decides, the order passes risk, input and events are journalled, and the
//! request reaches the other end of a socket. Run by `cargo bench -p tradewind-runtime --bench
//! order_path`; the figures that have a budget are printed beside it at the end.
//!
//! The clock stops when the venue has read the request, so its answer costs nothing here. What a
//! running session adds is one hop from the stream's task to the session's and one to the
//! request's.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]
#![allow(missing_docs, reason = "criterion's macros make functions without any")]

use criterion::{Criterion, criterion_group};
use journal::{Durability, Journal, Options};
use kernel::*;
use runtime::alpaca::{
    Client, ClientConfig, Credentials, Endpoints, MarketDecoder, Names, Pace, Timing,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Median from frame to request without fsync, and from frame to decision, from the design's table
/// of budgets.
const BUDGET: Duration = Duration::from_micros(50);
const DECISION_BUDGET: Duration = Duration::from_micros(5);
const SAMPLES: usize = 2_000;
const SESSION: &str = "00112233445566778899aabbccddeeff";
const MINUTE: Span = Span::from_secs(60);
/// 2026-01-06 10:00 in New York.
const FIRST: Timestamp = Timestamp::from_secs(1_767_711_600);

/// Buys one share on every bar.
struct Buyer;

impl Strategy for Buyer {
    fn observe(&mut self, _: &MarketData) {}

    fn propose(&self, data: &MarketData, _: &View<'_>, intents: &mut Intents) {
        intents.market(data.symbol(), Side::Buy, Quantity::from_whole(1).unwrap());
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}

    fn reset(&mut self) {}
}

/// A venue that reads requests, says when, and accepts everything.
fn venue() -> (SocketAddr, mpsc::Receiver<Instant>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (arrivals, arrived) = mpsc::channel();
    std::thread::spawn(move || {
        let body = r#"{"id":"b","client_order_id":"c","symbol":"SPY","side":"buy","qty":"1","filled_qty":"0","status":"accepted"}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_nodelay(true).unwrap();
        let mut buffer = [0_u8; 4096];
        // A request of some four hundred bytes arrives whole on loopback.
        while socket.read(&mut buffer).unwrap_or(0) > 0 {
            let now = Instant::now();
            if arrivals.send(now).is_err() || socket.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    });
    (address, arrived)
}

fn start(symbols: Symbols) -> Input {
    // Every order is refused to keep the books as they were, which is no failure here.
    let limits = Limits {
        breaker: None,
        max_orders_per_minute: None,
        duplicate_window: None,
        max_position_notional: None,
        max_gross_exposure: None,
        entry_time_to_live: None,
        ..Limits::default()
    };
    Input::Start(Box::new(SessionStart {
        session: SESSION.into(),
        venue: "embedded".into(),
        build: "bench".into(),
        symbols,
        strategies: vec![StrategySpec { name: "buyer".into(), params: [].into() }],
        limits,
        calendar: vec![],
        hours: TradingHours::Always,
        rules: Default::default(),
        fees: Default::default(),
        trading: Default::default(),
        carried_over: None,
        config: [].into(),
    }))
}

fn account() -> Input {
    let cash = Cash::from_whole(1_000_000).unwrap();
    let account = AccountSnapshot {
        id: "".into(),
        cash,
        equity: cash,
        buying_power: cash,
        multiplier: 1,
        shorting_enabled: false,
        blocked: None,
    };
    Input::Broker(Box::new(BrokerState {
        account,
        positions: vec![],
        foreign_positions: vec![],
        open_orders: vec![],
    }))
}

/// Everything between the two sockets.
struct Path {
    _dir: TempDir,
    runtime: Runtime,
    client: Client,
    arrived: mpsc::Receiver<Instant>,
    decoder: MarketDecoder,
    kernel: Kernel,
    journal: Journal,
    out: Output,
    bars: i64,
}

/// When what was done, from the frame on.
struct Sample {
    decided: Duration,
    journalled: Duration,
    requested: Duration,
}

impl Path {
    fn new() -> Self {
        let (address, arrived) = venue();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let symbols = Symbols::new(["SPY"]).unwrap();
        let names = Names::new(symbols.clone(), SESSION);
        let config = ClientConfig {
            endpoints: Endpoints::server(address),
            credentials: Credentials::new("PKBENCH", "secret").unwrap(),
            feed: "iex".into(),
            timing: Timing { pace: Pace::Unlimited, ..Timing::default() },
            counted_in: None,
        };
        // Beside the build, not in `/tmp`, which is often memory.
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let (journal, _) = Journal::open(dir.path(), Options::default()).unwrap();
        let mut path = Self {
            _dir: dir,
            runtime,
            client: Client::new(config).unwrap().named(names.clone()),
            arrived,
            decoder: MarketDecoder::new(&names, MINUTE),
            kernel: Kernel::new(vec![Box::new(Buyer)]),
            journal,
            out: Output::default(),
            bars: 0,
        };
        path.take(start(symbols), Durability::Buffered);
        path.take(Input::Link { link: Link::Orders, up: true }, Durability::Buffered);
        path.take(account(), Durability::Buffered);
        path
    }

    /// Decides and journals; gives how long deciding took.
    fn take(&mut self, input: Input, durability: Durability) -> Instant {
        let at = FIRST.plus(Span::from_secs(60 * self.bars));
        let stamped = Stamped { at, seen: at, input };
        self.kernel.decide(&stamped, &mut self.out).unwrap();
        let decided = Instant::now();
        for record in self.out.records(stamped) {
            self.journal.append(&record).unwrap();
        }
        self.journal.commit(self.kernel.state(), durability).unwrap();
        decided
    }

    fn sample(&mut self, durability: Durability) -> Sample {
        self.bars += 1;
        let time = FIRST.plus(Span::from_secs(60 * (self.bars - 1)));
        let frame = format!(
            r#"[{{"T":"b","S":"SPY","o":688.985,"h":689.13,"l":688.975,"c":689.12,"v":49378,"n":461,"vw":689.062639,"t":"{time}"}}]"#
        );
        let began = Instant::now();
        let data = self.decoder.decode(frame.as_bytes()).data.pop().unwrap();
        let decided = self.take(Input::Market(data), durability);
        let journalled = Instant::now();
        let send = self.out.sends.pop().unwrap();
        let Send::Submit(approved) = &send else { unreachable!("the strategy only buys") };
        self.runtime.block_on(self.client.submit(approved)).unwrap();
        let arrived = self.arrived.recv().unwrap();
        let number = approved.order().number;
        self.take(refused(number), Durability::Buffered);
        Sample {
            decided: decided - began,
            journalled: journalled - began,
            requested: arrived - began,
        }
    }
}

/// Takes the order out of the books again, so that every bar finds the same.
fn refused(order: OrderNumber) -> Input {
    Input::Report(Report {
        order: Some(order),
        broker_id: None,
        kind: ReportKind::Refused,
        time: FIRST,
        execution: None,
        cumulative: None,
        text: None,
    })
}

fn order_path(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame to request");
    for (name, durability) in
        [("without fsync", Durability::Buffered), ("with fsync", Durability::Synced)]
    {
        let mut path = Path::new();
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                (0..times).map(|_| path.sample(durability).requested).sum::<Duration>()
            });
        });
    }
    group.finish();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn beside_the_budget() {
    for (name, durability, budget) in [
        ("without fsync", Durability::Buffered, Some(BUDGET)),
        ("with fsync", Durability::Synced, None),
    ] {
        let mut path = Path::new();
        let samples: Vec<Sample> = (0..SAMPLES).map(|_| path.sample(durability)).collect();
        let of = |part: fn(&Sample) -> Duration| median(samples.iter().map(part).collect());
        let (decided, journalled) = (of(|sample| sample.decided), of(|sample| sample.journalled));
        let requested = of(|sample| sample.requested);
        let budget = budget.map_or("no budget".into(), |budget| format!("budget {budget:?}"));
        println!(
            "frame to request {name}: median {requested:?} ({budget}); decided after {decided:?} \
             (budget {DECISION_BUDGET:?}), journalled after {journalled:?}"
        );
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(3));
    targets = order_path
}

fn main() {
    benches();
    // Tests of all targets come here too, and want no figures.
    if std::env::args().any(|argument| argument == "--bench") {
        beside_the_budget();
    }
}
