//! The publisher against librdkafka's mock cluster.

use crate::support::{SESSION, Script, Written};
use kernel::{Record, State, Timestamp};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use runtime::envelope::{Envelope, Topic};
use runtime::publish::{KafkaConfig, PublishError, publish};
use runtime::readers::tail::Source;
use runtime::readers::{Readers, ReadersConfig};
use runtime::telemetry::{Metrics, ReaderFigures};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tempfile::TempDir;

const PARTITIONS: i32 = 3;
/// Far more than anything here takes.
const WAIT: Duration = Duration::from_secs(30);

type Cluster = MockCluster<'static, DefaultProducerContext>;

/// A cluster with every topic, and a publisher's means.
struct Stage {
    cluster: Cluster,
    config: KafkaConfig,
    metrics: Metrics,
    figures: ReaderFigures,
    dir: TempDir,
}

/// One message as a consumer sees it.
#[derive(Debug)]
struct Arrived {
    topic: String,
    partition: i32,
    key: String,
    body: Value,
}

impl Arrived {
    fn seq(&self) -> u64 {
        self.body["seq"].as_u64().unwrap()
    }
}

impl Stage {
    fn new() -> Self {
        let cluster = MockCluster::new(2).unwrap();
        for topic in Topic::ALL {
            let name = format!("tradewind.{}", topic.as_str());
            cluster.create_topic(&name, PARTITIONS, 1).unwrap();
        }
        let config = KafkaConfig::new(cluster.bootstrap_servers());
        let metrics = Metrics::new().unwrap();
        let figures = metrics.reader("kafka");
        Self { cluster, config, metrics, figures, dir: tempfile::tempdir().unwrap() }
    }

    async fn publish(&self, source: &Source) -> Result<(), PublishError> {
        publish(&self.config, source, &self.figures, &self.metrics.dead_letters).await
    }

    fn stored_cursor(&self) -> u64 {
        journal::Cursor::open(self.dir.path(), "kafka").unwrap().load().unwrap()
    }

    /// Reads until so many different records have arrived, and what else is there then.
    async fn consume(&self, records: usize) -> Vec<Arrived> {
        let servers = self.cluster.bootstrap_servers();
        tokio::task::spawn_blocking(move || consume(&servers, records)).await.unwrap()
    }
}

fn consume(servers: &str, records: usize) -> Vec<Arrived> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("group.id", "test")
        .set("fetch.wait.max.ms", "20")
        .create()
        .unwrap();
    let names = Topic::ALL.map(|topic| format!("tradewind.{}", topic.as_str()));
    let places = || names.iter().flat_map(|name| (0..PARTITIONS).map(move |part| (name, part)));
    let mut list = TopicPartitionList::new();
    for (name, partition) in places() {
        list.add_partition_offset(name, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&list).unwrap();
    let (mut arrived, mut seen, mut all) = (Vec::new(), BTreeSet::new(), None);
    while all.is_none_or(|all| (arrived.len() as i64) < all) {
        let message = consumer.poll(WAIT).expect("something in time").unwrap();
        let body: Value = serde_json::from_slice(message.payload().unwrap()).unwrap();
        let key = String::from_utf8(message.key().unwrap().to_vec()).unwrap();
        let (topic, partition) = (message.topic().to_owned(), message.partition());
        let one = Arrived { topic, partition, key, body };
        seen.insert(one.seq());
        arrived.push(one);
        if all.is_none() && seen.len() >= records {
            let held = |(name, partition): (&String, i32)| {
                let (low, high) = consumer.fetch_watermarks(name, partition, WAIT).unwrap();
                assert_eq!(low, 0, "the mock forgets what is beyond 5 MB");
                high
            };
            all = Some(places().map(held).sum());
        }
    }
    arrived
}

/// What must arrive: topic and key of each record that is published.
fn expected(records: &[Record]) -> BTreeMap<u64, (String, String)> {
    let mut state = State::default();
    let mut expected = BTreeMap::new();
    for record in records {
        state.evolve(record).unwrap();
        if let Some(envelope) = Envelope::of(record, &state, Timestamp::MIN) {
            let topic = format!("tradewind.{}", envelope.topic().as_str());
            expected.insert(record.seq, (topic, envelope.key().to_owned()));
        }
    }
    expected
}

/// Every record, under its topic and key, at least once.
fn check_complete(arrived: &[Arrived], records: &[Record]) {
    let mut missing = expected(records);
    let mut known = missing.clone();
    for one in arrived {
        assert_eq!(one.body["session"], SESSION);
        assert_eq!(one.body["id"], format!("{SESSION}:{}", one.seq()));
        let (topic, key) = known.entry(one.seq()).or_default();
        assert_eq!((&one.topic, &one.key), (&*topic, &*key), "record {}", one.seq());
        missing.remove(&one.seq());
    }
    assert_eq!(missing, BTreeMap::new(), "never arrived");
}

/// A key is in one partition of a topic, and its records are in order there.
fn check_order(arrived: &[Arrived]) {
    let mut last = BTreeMap::new();
    for one in arrived {
        let (partition, seq) = (one.partition, one.seq());
        if let Some((held, before)) = last.insert((&one.topic, &one.key), (partition, seq)) {
            assert_eq!(held, partition, "{} {}", one.topic, one.key);
            assert!(before < seq, "{} {}: {before} before {seq}", one.topic, one.key);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_arrives_once_in_order_under_its_key() {
    let stage = Stage::new();
    let mut script = Script::new(SESSION);
    script.minutes(60).stop();
    let mut written = Written::new(stage.dir.path());
    let source = written.source();
    written.write(&script.records);
    written.end();
    stage.publish(&source).await.unwrap();

    let wanted = expected(&script.records).len();
    let arrived = stage.consume(wanted).await;
    check_complete(&arrived, &script.records);
    check_order(&arrived);
    assert_eq!(arrived.len(), wanted, "an orderly run repeats nothing");
    assert_eq!(stage.stored_cursor(), script.records.len() as u64);
    let keys: BTreeSet<_> = arrived.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, BTreeSet::from([SESSION, "AAPL", "BRK.B", "MSFT"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_on_from_its_cursor_after_a_restart() {
    let stage = Stage::new();
    let mut script = Script::new(SESSION);
    script.minutes(20);
    let half = script.records.len();
    let mut written = Written::new(stage.dir.path());
    let source = written.source();
    written.write(&script.records);
    drop(written.end());
    stage.publish(&source).await.unwrap();
    assert_eq!(stage.stored_cursor(), half as u64);

    script.minutes(20).stop();
    let mut written = Written::new(stage.dir.path());
    let source = written.source();
    written.write(&script.records[half..]);
    written.end();
    stage.publish(&source).await.unwrap();

    let wanted = expected(&script.records).len();
    let arrived = stage.consume(wanted).await;
    check_complete(&arrived, &script.records);
    check_order(&arrived);
    assert_eq!(arrived.len(), wanted, "nothing before the cursor is sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_down_makes_it_wait_and_loses_nothing() {
    let stage = Stage::new();
    let mut script = Script::new(SESSION);
    script.minutes(20);
    let half = script.records.len();
    script.minutes(20).stop();
    let mut written = Written::new(stage.dir.path());
    let source = written.source();
    let publishing = async {
        stage.publish(&source).await.unwrap();
    };
    let session = async {
        written.write(&script.records[..half]);
        stage.consume(expected(&script.records[..half]).len()).await;
        stage.cluster.broker_down(-1).unwrap();
        // The session writes on as if nothing were wrong.
        written.write(&script.records[half..]);
        assert!(stage.figures.seq.get() < script.records.len() as i64, "the lag shows");
        stage.cluster.broker_up(-1).unwrap();
        written.end();
    };
    tokio::join!(publishing, session);

    let arrived = stage.consume(expected(&script.records).len()).await;
    check_complete(&arrived, &script.records);
    assert_eq!(stage.stored_cursor(), script.records.len() as u64);
    assert_eq!(stage.figures.seq.get(), script.records.len() as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_makes_it_wait() {
    let mut stage = Stage::new();
    stage.config.settings.insert("queue.buffering.max.messages".into(), "5".into());
    let mut script = Script::new(SESSION);
    script.minutes(20).stop();
    let mut written = Written::new(stage.dir.path());
    let source = written.source();
    written.write(&script.records);
    written.end();
    stage.publish(&source).await.unwrap();

    let wanted = expected(&script.records).len();
    let arrived = stage.consume(wanted).await;
    check_complete(&arrived, &script.records);
    check_order(&arrived);
    assert_eq!(arrived.len(), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_goes_to_the_dead_letter_topic() {
    let mut stage = Stage::new();
    stage.config.settings.insert("message.max.bytes".into(), "4000".into());
    let mut script = Script::new(SESSION);
    script.minutes(2).refusal(&"no ".repeat(2000)).minutes(2).stop();
    let mut written = Written::new(stage.dir.path());
    let source = written.source();
    written.write(&script.records);
    written.end();
    stage.publish(&source).await.unwrap();

    let wanted = expected(&script.records);
    let arrived = stage.consume(wanted.len()).await;
    let dead: Vec<_> = arrived.iter().filter(|one| one.topic == "tradewind.dead-letter").collect();
    let meant: Vec<_> = dead.iter().map(|one| &one.body["payload"]["topic"]).collect();
    assert_eq!(meant, ["tradewind.orders", "tradewind.alerts"], "the update and its alert");
    assert!(dead[0].body["payload"]["bytes"].as_u64().unwrap() > 6000);
    assert!(dead[0].body["payload"]["excerpt"].as_str().unwrap().contains("order_updated"));
    assert_eq!(stage.metrics.dead_letters.get(), 2);
    assert_eq!(arrived.len(), wanted.len());
    assert_eq!(stage.stored_cursor(), script.records.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_finds_invalid_goes_to_the_dead_letter_topic() {
    let mut stage = Stage::new();
    stage.config.max_in_flight = 1;
    let invalid = RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_RECORD;
    stage.cluster.request_errors(RDKafkaApiKey::Produce, &[invalid]);
    let mut script = Script::new(SESSION);
    script.minutes(3).stop();
    let mut written = Written::new(stage.dir.path());
    let source = written.source();
    written.write(&script.records);
    written.end();
    stage.publish(&source).await.unwrap();

    let wanted = expected(&script.records);
    let arrived = stage.consume(wanted.len()).await;
    assert_eq!(stage.metrics.dead_letters.get(), 1);
    assert_eq!(arrived.len(), wanted.len());
    assert_eq!(stage.stored_cursor(), script.records.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_may_pass_is_tried_again_from_the_cursor() {
    let stage = Stage::new();
    let forbidden = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    stage.cluster.request_errors(RDKafkaApiKey::Produce, &[forbidden]);
    let mut script = Script::new(SESSION);
    script.minutes(10).stop();
    let mut written = Written::new(stage.dir.path());
    let source = written.source();
    written.write(&script.records);
    written.end();
    let refused = stage.publish(&source).await;
    assert!(matches!(refused, Err(PublishError::Delivery { .. })), "{refused:?}");
    stage.publish(&source).await.unwrap();

    let arrived = stage.consume(expected(&script.records).len()).await;
    check_complete(&arrived, &script.records);
    assert_eq!(stage.metrics.dead_letters.get(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_takes_too_long_is_cut_and_made_good_by_the_next_session() {
    let stage = Stage::new();
    stage.cluster.broker_down(-1).unwrap();
    let mut script = Script::new(SESSION);
    script.minutes(10).stop();
    let mut written = Written::new(stage.dir.path());
    let config = || ReadersConfig { kafka: Some(stage.config.clone()), ..Default::default() };
    let readers = Readers::start(config(), written.source(), Default::default()).await;
    written.write(&script.records);
    let journal = written.end();
    let standings = readers.finish(Duration::from_millis(50)).await;
    assert_eq!((standings[0].name, standings[0].seq, standings[0].ended), ("kafka", 0, false));

    journal.retire().unwrap();
    stage.cluster.broker_up(-1).unwrap();
    let written = Written::new(stage.dir.path());
    let readers = Readers::start(config(), written.source(), Default::default()).await;
    written.end();
    let standings = readers.finish(Duration::from_secs(60)).await;
    assert!(standings[0].ended);
    let arrived = stage.consume(expected(&script.records).len()).await;
    check_complete(&arrived, &script.records);
    check_order(&arrived);
}
