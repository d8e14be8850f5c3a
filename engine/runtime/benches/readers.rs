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
use rdkafka::message::DeliveryResult;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{
    BaseRecord, DefaultProducerContext, Producer, ProducerContext, ThreadedProducer,
};
use rdkafka::{ClientContext, util::Timeout};
use runtime::envelope::{Envelope, Topic};
use runtime::publish::{KafkaConfig, publish};
use runtime::readers::tail::Source;
use runtime::store::{Store, keep};
use runtime::telemetry::Metrics;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{SESSION, Script, Written};

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

/// librdkafka with the publisher's settings and nothing else to do.
fn alone(messages: &[Message]) -> Duration {
    let cluster = cluster();
    let config = KafkaConfig::new(cluster.bootstrap_servers());
    let arrived = Arc::new(AtomicUsize::new(0));
    let counting = Counting(Arc::clone(&arrived));
    let producer: ThreadedProducer<_> = config.client().create_with_context(counting).unwrap();
    let start = Instant::now();
    for (seq, (topic, key, payload)) in messages.iter().enumerate() {
        let mut record = BaseRecord::with_opaque_to(topic, seq).key(key).payload(payload);
        while let Err((_, back)) = producer.send(record) {
            record = back;
            std::thread::yield_now();
        }
    }
    producer.flush(Timeout::Never).unwrap();
    let took = start.elapsed();
    assert_eq!(arrived.load(Ordering::Relaxed), messages.len());
    took
}

/// The publisher, from the journal to the stored cursor.
async fn published(source: &Source) -> Duration {
    let cluster = cluster();
    let config = KafkaConfig::new(cluster.bootstrap_servers());
    let metrics = Metrics::new().unwrap();
    journal::Cursor::open(&source.journal, "kafka").unwrap().store(0).unwrap();
    let start = Instant::now();
    publish(&config, source, &metrics.reader("kafka"), &metrics.dead_letters).await.unwrap();
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
        best = best.min(published(source).await);
    }
    let (alone, published) =
        (per_second(messages.len(), best_alone), per_second(messages.len(), best));
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
