//! How fast the readers of the journal are: Kafka next to librdkafka alone with the same settings and
//! the same messages, and rows into SQLite. Mock cluster, journal and program share this machine.
//!
//! `cargo bench -p tradewind-runtime --bench readers`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on stops")]
#![allow(missing_docs, reason = "a benchmark has no interface")]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/readers/support.rs"]
mod support;

use kernel::{Record, State, Timestamp};
use rdkafka::ClientContext;
use rdkafka::message::DeliveryResult;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, ProducerContext, ThreadedProducer};
use runtime::envelope::{Envelope, Topic};
use runtime::publish::{KafkaConfig, publish};
use runtime::readers::tail::{Source, Tail};
use runtime::store::{Store, keep};
use runtime::telemetry::{Metrics, ReaderFigures};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{SESSION, Script, Written};
use tokio::sync::watch;

/// Minutes of the session; each has three bars and what they lead to.
const MINUTES: i64 = 20_000;
const ROUNDS: usize = 6;

type Message = (String, String, Vec<u8>);

/// The Kafka messages of a session, made beforehand.
fn messages(records: &[Record]) -> Vec<Message> {
    let mut state = State::default();
    let mut all = Vec::new();
    for record in records {
        state.evolve(record).unwrap();
        if let Some(envelope) = Envelope::of(record, &state, Timestamp::MIN) {
            let mut payload = Vec::new();
            envelope.write(&mut payload).unwrap();
            let topic = format!("tradewind.{}", envelope.topic().as_str());
            all.push((topic, envelope.key().to_owned(), payload));
        }
    }
    all
}

fn cluster() -> MockCluster<'static, DefaultProducerContext> {
    let cluster = MockCluster::new(1).unwrap();
    for topic in Topic::ALL {
        cluster.create_topic(&format!("tradewind.{}", topic.as_str()), 4, 1).unwrap();
    }
    cluster
}

struct Counting(Arc<AtomicUsize>);

impl ClientContext for Counting {}

impl ProducerContext for Counting {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, _: usize) {
        result.as_ref().expect("everything arrives");
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// librdkafka with the publisher's settings, as much on its way at once, and nothing else to do.
fn alone(messages: &[Message]) -> Duration {
    let cluster = cluster();
    let config = KafkaConfig::new(cluster.bootstrap_servers());
    let arrived = Arc::new(AtomicUsize::new(0));
    let counting = Counting(Arc::clone(&arrived));
    let producer: ThreadedProducer<_> = config.client().create_with_context(counting).unwrap();
    // Waiting must not take the processor from librdkafka's own threads.
    let wait_until_at_most = |left: usize, sent: usize| {
        while sent - arrived.load(Ordering::Relaxed) > left {
            std::thread::park_timeout(Duration::from_micros(200));
        }
    };
    let mut start = Instant::now();
    for (seq, (topic, key, payload)) in messages.iter().enumerate() {
        if seq == 1 {
            // Connected, with a producer id: from here on it counts.
            wait_until_at_most(0, seq);
            start = Instant::now();
        }
        if seq - arrived.load(Ordering::Relaxed) >= config.max_in_flight {
            wait_until_at_most(config.max_in_flight / 2, seq);
        }
        let record = BaseRecord::with_opaque_to(topic, seq).key(key).payload(payload);
        producer.send(record).map_err(|(error, _)| error).expect("the queue holds the window");
    }
    wait_until_at_most(0, messages.len());
    start.elapsed()
}

/// The publisher, from the journal to the stored cursor, once its first record has arrived.
async fn published(dir: &Path, records: u64) -> Duration {
    let cluster = cluster();
    let config = KafkaConfig::new(cluster.bootstrap_servers());
    let metrics = Metrics::new().unwrap();
    let figures = metrics.reader("kafka");
    journal::Cursor::open(dir, "kafka").unwrap().store(0).unwrap();
    let durable = watch::Sender::new(4);
    let source = Source::live(dir.into(), durable.subscribe());
    let publishing = publish(&config, &source, &figures, &metrics.dead_letters);
    let session = async {
        reach(&figures, 4).await;
        let start = Instant::now();
        durable.send_replace(records);
        reach(&figures, records).await;
        drop(durable);
        start.elapsed()
    };
    let (published, took) = tokio::join!(publishing, session);
    published.unwrap();
    took
}

/// Looks now and then, so that looking takes nothing from what is measured.
async fn reach(figures: &ReaderFigures, seq: u64) {
    while figures.seq.get() < i64::try_from(seq).unwrap() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What the publisher does beside handing messages over, on one thread.
async fn made(source: &Source) -> Duration {
    let start = Instant::now();
    let mut tail = Tail::open(source, 0).await.unwrap();
    let mut payload = Vec::new();
    while let Some(record) = tail.read().unwrap() {
        tail.fold(&record).unwrap();
        if let Some(envelope) = Envelope::of(&record, tail.state(), tail.seen()) {
            payload.clear();
            envelope.write(&mut payload).unwrap();
        }
    }
    start.elapsed()
}

fn per_second(what: usize, took: Duration) -> f64 {
    what as f64 / took.as_secs_f64()
}

async fn kafka(records: &[Record], source: &Source) {
    let messages = messages(records);
    let bytes: usize = messages.iter().map(|(_, _, payload)| payload.len()).sum();
    println!("Kafka: {} messages of {} bytes on average", messages.len(), bytes / messages.len());
    let (mut best_alone, mut best) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        best_alone = best_alone.min(alone(&messages));
        best = best.min(published(&source.journal, records.len() as u64).await);
    }
    let (alone, published) =
        (per_second(messages.len(), best_alone), per_second(messages.len(), best));
    let made = per_second(messages.len(), made(source).await);
    println!("  read, folded and encoded, not sent           {made:>12.0} /s");
    println!("  librdkafka alone, messages made beforehand   {alone:>12.0} /s");
    println!("  publisher, from journal to stored cursor     {published:>12.0} /s");
    println!("  share {:.0} %; budget: at least 80 %", 100.0 * published / alone);
}

async fn sqlite(source: &Source) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tradewind.db");
    let metrics = Metrics::new().unwrap();
    let start = Instant::now();
    keep(&file, source, &metrics.reader("sqlite")).await.unwrap();
    let took = start.elapsed();
    let store = Store::open(&file).await.unwrap();
    let orders = store.orders(SESSION).await.unwrap().len();
    let fills = store.fills(SESSION).await.unwrap().len();
    let equity = store.equity(SESSION).await.unwrap().len();
    let rows = orders + fills + equity;
    println!("SQLite: {rows} rows ({orders} orders, {fills} fills, {equity} minutes of equity)");
    println!(
        "  store, from journal to commit                {:>12.0} rows/s",
        per_second(rows, took)
    );
    let records = usize::try_from(metrics.reader("sqlite").seq.get()).unwrap();
    println!(
        "  that is                                      {:>12.0} records/s",
        per_second(records, took)
    );
}

fn main() {
    let mut script = Script::new(SESSION);
    script.minutes(MINUTES).stop();
    let dir = tempfile::tempdir().unwrap();
    let mut written = Written::with_segments(dir.path(), 64 << 20);
    let source = written.source();
    let start = Instant::now();
    written.write(&script.records);
    written.end();
    println!("journal: {} records, written in {:.1?}", script.records.len(), start.elapsed());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        kafka(&script.records, &source).await;
        sqlite(&source).await;
    });
}
