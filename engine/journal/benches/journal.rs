//! What the journal costs: a record encoded, a record appended, a group made durable, a record
//! read. Run by `cargo bench -p tradewind-journal`; the figure that has a budget is printed beside
//! it at the end.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]
#![allow(missing_docs, reason = "criterion's macros make functions without any")]

use criterion::{Criterion, Throughput, criterion_group};
use journal::{Durability, Journal, Options, Reader};
use kernel::*;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Market inputs a second, from the design's table of budgets.
const BUDGET: f64 = 1_000_000.0;
/// Records that a session under load commits together.
const GROUP: u64 = 1000;

fn start() -> Record {
    let start = SessionStart {
        session: "00112233445566778899aabbccddeeff".into(),
        venue: "embedded".into(),
        build: "bench".into(),
        symbols: Symbols::new(["SPY"]).unwrap(),
        strategies: vec![],
        limits: Limits::default(),
        calendar: vec![],
        hours: TradingHours::Always,
        rules: Default::default(),
        fees: Default::default(),
        trading: Default::default(),
        carried_over: None,
        config: [].into(),
    };
    let at = Timestamp::from_secs(1_300_000_000);
    let input = Input::Start(Box::new(start));
    Record { seq: 1, body: RecordBody::Input(Stamped { at, seen: at, input }) }
}

fn market(seq: u64) -> Record {
    let price = |cents: i64| Price::from_nanos(cents * 10_000_000);
    let open_time = Timestamp::from_secs(1_300_000_000 + 60 * seq.cast_signed());
    let bar = Bar {
        symbol: Symbols::new(["SPY"]).unwrap().id("SPY").unwrap(),
        open_time,
        length: Span::from_secs(60),
        open: price(13_250),
        high: price(13_275),
        low: price(13_230),
        close: price(13_260),
        volume: Volume::from_nanos(1_234_500_000_000_000),
    };
    let at = bar.end_time();
    let seen = at.plus(Span::from_nanos(123_456_789));
    let input = Input::Market(MarketData::Bar(bar));
    Record { seq, body: RecordBody::Input(Stamped { at, seen, input }) }
}

/// A journal on disk with the state that goes with it.
struct Bench {
    dir: TempDir,
    journal: Journal,
    state: State,
}

impl Bench {
    fn new() -> Self {
        // Beside the build, not in `/tmp`, which is often memory.
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let (journal, recovered) = Journal::open(dir.path(), Options::default()).unwrap();
        let mut bench = Self { dir, journal, state: recovered.state };
        bench.append(&start());
        bench.commit(Durability::Synced);
        bench
    }

    fn append(&mut self, record: &Record) {
        self.state.evolve(record).unwrap();
        self.journal.append(record).unwrap();
    }

    fn commit(&mut self, durable: Durability) {
        self.journal.commit(&self.state, durable).unwrap();
    }

    /// Records that come next, made ahead so that only journalling is measured.
    fn next_records(&self, count: u64) -> Vec<Record> {
        (1..=count).map(|ahead| market(self.journal.last_seq() + ahead)).collect()
    }
}

fn append(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append");
    group.throughput(Throughput::Elements(GROUP)).sample_size(30);
    let mut bench = Bench::new();
    group.bench_function("encode, fold and write 1,000 bars", |bencher| {
        bencher.iter_custom(|rounds| {
            let records = bench.next_records(GROUP * rounds);
            let began = Instant::now();
            for record in records.chunks(GROUP as usize) {
                record.iter().for_each(|record| bench.append(record));
                bench.commit(Durability::Buffered);
            }
            began.elapsed()
        });
    });
    let mut bench = Bench::new();
    group.bench_function("encode 1,000 bars", |bencher| {
        bencher.iter_custom(|rounds| {
            let mut spent = Duration::ZERO;
            for _ in 0..rounds {
                let records = bench.next_records(GROUP);
                let began = Instant::now();
                records.iter().for_each(|record| bench.journal.append(record).unwrap());
                spent += began.elapsed();
                records.iter().for_each(|record| bench.state.evolve(record).unwrap());
                bench.commit(Durability::Buffered);
            }
            spent
        });
    });
    group.finish();
}

fn durable(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("durable");
    group.sample_size(20);
    for count in [1, 10, 100, 1000] {
        group.throughput(Throughput::Elements(count));
        let mut bench = Bench::new();
        group.bench_function(format!("write and fsync {count}"), |bencher| {
            bencher.iter_custom(|rounds| {
                let records = bench.next_records(count * rounds);
                let began = Instant::now();
                for record in records.chunks(count as usize) {
                    record.iter().for_each(|record| bench.append(record));
                    bench.commit(Durability::Synced);
                }
                began.elapsed()
            });
        });
    }
    group.finish();
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    let count = 100_000;
    let mut bench = Bench::new();
    for record in bench.next_records(count) {
        bench.append(&record);
    }
    bench.commit(Durability::Buffered);
    group.throughput(Throughput::Elements(count)).sample_size(20);
    group.bench_function("read 100,000 records", |bencher| {
        bencher.iter(|| {
            let mut reader = Reader::open(bench.dir.path(), 1).unwrap();
            while let Some(record) = reader.next().unwrap() {
                black_box(record);
            }
        });
    });
    group.finish();
}

/// The figure of the design's table: market inputs a second, journalled in groups and handed to
/// the operating system, over enough of them that segments roll.
fn against_the_budget() {
    let count = 3_000_000;
    let mut bench = Bench::new();
    let records = bench.next_records(count);
    let before = bench.journal.bytes();
    // The kernel folds as it decides; here only the state for the commits is needed.
    let states: Vec<State> = records
        .chunks(GROUP as usize)
        .map(|group| {
            group.iter().for_each(|record| bench.state.evolve(record).unwrap());
            bench.state.clone()
        })
        .collect();
    let began = Instant::now();
    for (group, state) in records.chunks(GROUP as usize).zip(&states) {
        group.iter().for_each(|record| bench.journal.append(record).unwrap());
        bench.journal.commit(state, Durability::Buffered).unwrap();
    }
    let seconds = began.elapsed().as_secs_f64();
    let rate = count as f64 / seconds;
    let bytes = (bench.journal.bytes() - before) as f64;
    println!(
        "\njournal appends: {rate:.0} market inputs a second ({:.0} bytes each, {:.0} MB/s); \
         budget {BUDGET:.0}: {}",
        bytes / count as f64,
        bytes / seconds / 1e6,
        if rate >= BUDGET { "held" } else { "MISSED" }
    );
}

criterion_group!(benches, append, durable, read);

fn main() {
    benches();
    against_the_budget();
}
