//! The Kafka publisher: every event and every piece of market data, at least once, in order.
//!
//! It reads the journal from a stored cursor, and the cursor moves only over records that the
//! broker has acknowledged. A broker that is down makes it wait; an error makes it start again at
//! the cursor, so that what was on its way may arrive twice and is dropped by its number. What can
//! never be published goes to the dead-letter topic, so that one record does not stop the rest.

mod config;
mod producer;
mod pump;
mod window;

pub use config::KafkaConfig;

use crate::readers::tail::{Source, Tail, TailError, off_thread};
use crate::telemetry::ReaderFigures;
use futures_util::future::BoxFuture;
use journal::{Cursor, JournalError};
use producer::{Delivery, Producer};
use prometheus::IntCounter;
use pump::{Pump, Rest};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, timeout_at};

/// The name of the publisher's cursor and of its figures.
pub const NAME: &str = "kafka";

/// How often the cursor is stored while much is on its way; each store is a file replaced.
const STORE_EVERY: Duration = Duration::from_millis(250);

/// How long a full queue is left alone when nothing arrives.
const QUEUE_MOMENT: Duration = Duration::from_millis(10);

/// Why publishing stopped. It starts again at its cursor.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// librdkafka does not take the settings.
    #[error("Kafka settings: {0}; correct [kafka] in the configuration")]
    Settings(#[source] KafkaError),
    /// The journal cannot be followed.
    #[error(transparent)]
    Tail(#[from] TailError),
    /// The cursor cannot be read or stored.
    #[error(transparent)]
    Cursor(#[from] JournalError),
    /// A message cannot be handed over.
    #[error("record {seq} cannot be handed to Kafka: {source}")]
    Send {
        /// The record.
        seq: u64,
        /// Why not.
        source: KafkaError,
    },
    /// The broker does not have a message, for a reason that may pass.
    #[error("record {seq} did not arrive at Kafka: {code}; check topics, permissions and brokers")]
    Delivery {
        /// The record.
        seq: u64,
        /// Why not.
        code: RDKafkaErrorCode,
    },
    /// Not even the dead letter of a record can be published.
    #[error("record {seq} cannot be set aside on the dead-letter topic: {reason}")]
    DeadLetter {
        /// The record.
        seq: u64,
        /// Why not.
        reason: String,
    },
}

/// Publishes until the journal is complete and everything in it has arrived. Dropping the future
/// stops at once; the cursor then stands where it was last stored.
///
/// # Errors
/// When publishing cannot go on from here; call again to go on from the cursor.
pub fn publish<'a>(
    config: &'a KafkaConfig,
    source: &'a Source,
    figures: &'a ReaderFigures,
    dead_letters: &'a IntCounter,
) -> BoxFuture<'a, Result<(), PublishError>> {
    // Boxed, so that the producer is compiled with this crate and not again with each caller.
    Box::pin(publish_all(config, source, figures, dead_letters))
}

async fn publish_all(
    config: &KafkaConfig,
    source: &Source,
    figures: &ReaderFigures,
    dead_letters: &IntCounter,
) -> Result<(), PublishError> {
    let journal = source.journal.clone();
    let (cursor, after) = off_thread(move || {
        let cursor = Cursor::open(&journal, NAME)?;
        let after = cursor.load()?;
        Ok::<_, JournalError>((cursor, after))
    })
    .await?;
    let tail = Tail::open(source, after).await?;
    let (producer, deliveries) = Producer::new(config)?;
    let (prefix, most) = (config.topic_prefix.clone(), config.max_in_flight);
    let place = Place { stored: tail.seq(), at: Instant::now(), cursor, figures: figures.clone() };
    place.figures.seq.set(i64::try_from(place.stored).unwrap_or(i64::MAX));
    let pump = Pump::new(tail, producer, prefix, most, dead_letters.clone());
    Publisher { pump, deliveries, place, most }.run().await
}

struct Publisher {
    pump: Pump,
    deliveries: UnboundedReceiver<Delivery>,
    place: Place,
    most: usize,
}

impl Publisher {
    async fn run(mut self) -> Result<(), PublishError> {
        loop {
            while let Ok(delivery) = self.deliveries.try_recv() {
                self.take(&delivery)?;
            }
            let (rest, stored);
            (self, rest, stored) = off_thread(move || {
                let rest = self.pump.run();
                let stored = self.place.reach(&mut self.pump);
                (self, rest, stored)
            })
            .await;
            stored?;
            let idle = self.pump.window().in_flight() == 0;
            match rest? {
                Rest::Budget => {}
                // Half the window at a time, so that little work is not done often.
                Rest::WindowFull => self.settle(self.most / 2, STORE_EVERY).await?,
                Rest::QueueFull => _ = self.delivery(Instant::now() + QUEUE_MOMENT).await?,
                Rest::CaughtUp if idle => {
                    if !self.pump.tail().growth().more().await? {
                        // The end of a producer waits for its thread.
                        off_thread(move || drop(self)).await;
                        return Ok(());
                    }
                }
                Rest::CaughtUp => {
                    let mut growth = self.pump.tail().growth();
                    tokio::select! {
                        settled = self.settle(0, STORE_EVERY) => settled?,
                        more = growth.more() => if !more? { self.settle(0, STORE_EVERY).await? },
                    }
                }
            }
        }
    }

    /// Takes deliveries until no more than `left` records are on their way, or something else is
    /// to be done: a dead letter to be sent, or the cursor to be stored after `limit`.
    async fn settle(&mut self, left: usize, limit: Duration) -> Result<(), PublishError> {
        let until = Instant::now() + limit;
        while self.pump.window().in_flight() > left && !self.pump.has_waiting() {
            if !self.delivery(until).await? {
                break;
            }
        }
        Ok(())
    }

    /// Takes the next delivery; `false` when none comes in time.
    async fn delivery(&mut self, until: Instant) -> Result<bool, PublishError> {
        let Ok(Some(delivery)) = timeout_at(until, self.deliveries.recv()).await else {
            return Ok(false);
        };
        self.take(&delivery)?;
        Ok(true)
    }

    fn take(&mut self, delivery: &Delivery) -> Result<(), PublishError> {
        match &delivery.refused {
            None => self.pump.window().acknowledged(delivery.seq),
            Some(refused) => self.pump.refused(delivery.seq, refused)?,
        }
        Ok(())
    }
}

/// How far the publisher has come, as stored.
struct Place {
    cursor: Cursor,
    stored: u64,
    at: Instant,
    figures: ReaderFigures,
}

impl Place {
    /// Stores how far everything has arrived: at once when nothing is on its way, else now and
    /// then.
    fn reach(&mut self, pump: &mut Pump) -> Result<(), PublishError> {
        let (done, idle) = (pump.window().done(), pump.window().in_flight() == 0);
        if done == self.stored || !(idle || self.at.elapsed() >= STORE_EVERY) {
            return Ok(());
        }
        self.cursor.store(done)?;
        self.figures.seq.set(i64::try_from(done).unwrap_or(i64::MAX));
        (self.stored, self.at) = (done, Instant::now());
        Ok(())
    }
}
