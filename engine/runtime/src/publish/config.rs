//! What can be set of the publisher, and what librdkafka is told.

use rdkafka::ClientConfig;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where to publish, and how.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaConfig {
    /// `host:port,host:port`.
    pub brokers: String,
    /// The first word of every topic.
    #[serde(default = "tradewind")]
    pub topic_prefix: String,
    /// Most records on their way at once; memory is this many envelopes of some 500 bytes.
    #[serde(default = "fifty_thousand")]
    pub max_in_flight: usize,
    /// Further librdkafka settings, such as `security.protocol`; they win over the ones made here.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

fn tradewind() -> String {
    "tradewind".into()
}

const fn fifty_thousand() -> usize {
    50_000
}

/// Settings hold passwords, so only their names are shown.
impl std::fmt::Debug for KafkaConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("KafkaConfig")
            .field("brokers", &self.brokers)
            .field("topic_prefix", &self.topic_prefix)
            .field("max_in_flight", &self.max_in_flight)
            .field("settings", &self.settings.keys())
            .finish()
    }
}

impl KafkaConfig {
    /// A publisher to these brokers with everything else at its default.
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            topic_prefix: tradewind(),
            max_in_flight: fifty_thousand(),
            settings: BTreeMap::new(),
        }
    }

    /// What librdkafka is told.
    ///
    /// A message never times out on its own: the window is bounded and the journal holds what is
    /// behind it, so a broker that is down makes the publisher wait, in order and without loss.
    pub fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "tradewind")
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .set("compression.type", "lz4")
            .set("message.timeout.ms", "0")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("queue.buffering.max.messages", "200000")
            // The partitioner of the Java client, so that a symbol is in one partition for all.
            .set("partitioner", "murmur2_random");
        for (key, value) in &self.settings {
            client.set(key, value);
        }
        client
    }
}
