//! librdkafka's producer, with its acknowledgements as a channel.

use super::PublishError;
use super::config::KafkaConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, ProducerContext, ThreadedProducer};
use tokio::sync::mpsc;

/// How much of a record that was refused is shown on the dead-letter topic, in bytes.
const EXCERPT: usize = 1024;

/// What became of a message.
#[derive(Debug)]
pub(super) struct Delivery {
    /// The record's number.
    pub seq: u64,
    /// Why the broker does not have it, when it does not.
    pub refused: Option<Box<Refused>>,
}

/// A message that the broker does not have.
#[derive(Debug)]
pub(super) struct Refused {
    pub code: RDKafkaErrorCode,
    pub topic: String,
    pub bytes: usize,
    pub excerpt: String,
}

/// What became of an attempt to hand a message over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is on its way.
    Queued,
    /// librdkafka's queue is full: wait for a delivery, then try again.
    Full,
    /// This message can never be taken.
    Refused(RDKafkaErrorCode),
}

/// A producer whose deliveries come out of a channel.
pub(super) struct Producer(ThreadedProducer<Context>);

struct Context(mpsc::UnboundedSender<Delivery>);

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => tracing::warn!(facility, "kafka: {message}"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                tracing::debug!(facility, "kafka: {message}");
            }
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, "kafka: {reason}; nothing is lost, the journal holds it");
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, seq: usize) {
        let refused = match result {
            Ok(_) => None,
            Err((error, message)) => Some(Box::new(Refused::new(error, message))),
        };
        // A publisher that has gone away reads the record again from its cursor.
        let _ = self.0.send(Delivery { seq: seq as u64, refused });
    }
}

impl Refused {
    fn new(error: &KafkaError, message: &impl Message) -> Self {
        let payload = message.payload().unwrap_or_default();
        Self {
            code: error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown),
            topic: message.topic().into(),
            bytes: payload.len(),
            excerpt: excerpt(payload),
        }
    }
}

/// The beginning of a record, for people.
pub(super) fn excerpt(payload: &[u8]) -> String {
    String::from_utf8_lossy(payload.get(..EXCERPT).unwrap_or(payload)).into_owned()
}

/// Whether an error lies in the message itself, so that it would come again for ever.
pub(super) const fn is_about_the_message(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::InvalidMessageSize
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::InvalidTimestamp
            | RDKafkaErrorCode::PolicyViolation
    )
}

impl Producer {
    /// Connects in the background; a broker that is down is no error.
    pub(super) fn new(
        config: &KafkaConfig,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Delivery>), PublishError> {
        // Unbounded, but never longer than the window, which is bounded.
        let (deliveries, incoming) = mpsc::unbounded_channel();
        let made = config.client().create_with_context(Context(deliveries));
        Ok((Self(made.map_err(PublishError::Settings)?), incoming))
    }

    /// Hands a message over without waiting.
    pub(super) fn send(
        &self,
        seq: u64,
        topic: &str,
        key: &str,
        payload: &[u8],
    ) -> Result<Sent, PublishError> {
        // usize is 64 bits wide wherever librdkafka is built for this program.
        let record = BaseRecord::with_opaque_to(topic, seq as usize).key(key).payload(payload);
        match self.0.send(record) {
            Ok(()) => Ok(Sent::Queued),
            Err((error, _)) => match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::QueueFull) => Ok(Sent::Full),
                Some(code) if is_about_the_message(code) => Ok(Sent::Refused(code)),
                _ => Err(PublishError::Send { seq, source: error }),
            },
        }
    }
}
