//! From the journal into the producer, as far as the window allows.

use super::PublishError;
use super::producer::{Producer, Refused, Sent, excerpt, is_about_the_message};
use super::window::Window;
use crate::envelope::{DeadLetter, Envelope, Topic};
use crate::readers::tail::Tail;
use kernel::Record;
use prometheus::IntCounter;
use std::collections::VecDeque;

/// Records read before deliveries are looked at again.
const BUDGET: usize = 4096;

/// Why the pump came to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// It has done its share; there may be more.
    Budget,
    /// Everything that may be read was handed over.
    CaughtUp,
    /// As much is on its way as may be: something must arrive first.
    WindowFull,
    /// librdkafka takes no more for now. It counts a message until a moment after it has told of
    /// its arrival, so there may be nothing left to wait for but that moment.
    QueueFull,
}

/// A message ready to be sent.
#[derive(Default)]
struct Message {
    seq: u64,
    topic: String,
    key: String,
    payload: Vec<u8>,
}

/// The publisher's working parts; used on one thread at a time.
pub(super) struct Pump {
    tail: Tail,
    window: Window,
    producer: Producer,
    prefix: String,
    most: usize,
    /// Messages that wait for room: one that found the queue full, and dead letters.
    waiting: VecDeque<Message>,
    /// Memory that is used again.
    spare: Message,
    dead_letters: IntCounter,
}

impl Pump {
    /// A pump that goes on where `tail` stands, with at most `most` records on their way.
    pub(super) fn new(
        tail: Tail,
        producer: Producer,
        prefix: String,
        most: usize,
        dead_letters: IntCounter,
    ) -> Self {
        let window = Window::new(tail.seq());
        let (waiting, spare) = (VecDeque::new(), Message::default());
        Self { tail, window, producer, prefix, most: most.max(1), waiting, spare, dead_letters }
    }

    /// Where it stands in the journal.
    pub(super) const fn tail(&mut self) -> &mut Tail {
        &mut self.tail
    }

    /// What is on its way.
    pub(super) const fn window(&mut self) -> &mut Window {
        &mut self.window
    }

    /// Whether a message waits to be handed over.
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands over what may be handed over.
    pub(super) fn run(&mut self) -> Result<Rest, PublishError> {
        while let Some(message) = self.waiting.pop_front() {
            if !self.offer(message)? {
                return Ok(Rest::QueueFull);
            }
        }
        for _ in 0..BUDGET {
            if self.window.in_flight() >= self.most {
                return Ok(Rest::WindowFull);
            }
            let Some(record) = self.tail.read()? else {
                return Ok(Rest::CaughtUp);
            };
            self.tail.fold(&record)?;
            let Some(message) = self.message(&record)? else {
                self.window.skipped();
                continue;
            };
            self.window.sent();
            if !self.offer(message)? {
                return Ok(Rest::QueueFull);
            }
        }
        Ok(Rest::Budget)
    }

    /// Sets aside a record that the broker has refused, unless the refusal is not about the record:
    /// then everything is read again from the cursor, later.
    pub(super) fn refused(&mut self, seq: u64, refused: &Refused) -> Result<(), PublishError> {
        let Refused { code, topic, bytes, excerpt } = refused;
        if !is_about_the_message(*code) {
            return Err(PublishError::Delivery { seq, code: *code });
        }
        let error = code.to_string();
        let letter = DeadLetter { topic, error: &error, bytes: *bytes, excerpt };
        let message = self.letter(seq, letter)?;
        self.waiting.push_front(message);
        Ok(())
    }

    /// The message of a record, if it is published.
    fn message(&mut self, record: &Record) -> Result<Option<Message>, PublishError> {
        let mut message = std::mem::take(&mut self.spare);
        let state = self.tail.state();
        let Some(envelope) = Envelope::of(record, state, self.tail.seen()) else {
            self.spare = message;
            return Ok(None);
        };
        message.seq = record.seq;
        message.topic.clear();
        message.topic.push_str(&self.prefix);
        message.topic.push('.');
        message.topic.push_str(envelope.topic().as_str());
        message.key.clear();
        message.key.push_str(envelope.key());
        message.payload.clear();
        if let Err(error) = envelope.write(&mut message.payload) {
            let (error, topic) = (error.to_string(), message.topic.as_str());
            let letter = DeadLetter { topic, error: &error, bytes: 0, excerpt: "" };
            return self.letter(record.seq, letter).map(Some);
        }
        Ok(Some(message))
    }

    /// Sends a message, or its dead letter when it can never be taken. `false` when there is no
    /// room; it then waits.
    fn offer(&mut self, mut message: Message) -> Result<bool, PublishError> {
        loop {
            let Message { seq, topic, key, payload } = &message;
            match self.producer.send(*seq, topic, key, payload)? {
                Sent::Queued => {
                    self.spare = message;
                    return Ok(true);
                }
                Sent::Full => {
                    self.waiting.push_front(message);
                    return Ok(false);
                }
                Sent::Refused(code) => {
                    let (error, excerpt) = (code.to_string(), excerpt(payload));
                    let bytes = payload.len();
                    let letter = DeadLetter { topic, error: &error, bytes, excerpt: &excerpt };
                    message = self.letter(*seq, letter)?;
                }
            }
        }
    }

    /// The message that tells of a record which could not be published.
    fn letter(&self, seq: u64, letter: DeadLetter<'_>) -> Result<Message, PublishError> {
        let topic = format!("{}.{}", self.prefix, Topic::DeadLetter.as_str());
        if letter.topic == topic {
            return Err(PublishError::DeadLetter { seq, reason: letter.error.into() });
        }
        tracing::error!(seq, topic = letter.topic, error = letter.error, "record set aside");
        self.dead_letters.inc();
        let envelope = Envelope::dead_letter(seq, self.tail.state(), self.tail.seen(), letter);
        let key = envelope.key().to_owned();
        let mut payload = Vec::new();
        envelope
            .write(&mut payload)
            .map_err(|error| PublishError::DeadLetter { seq, reason: error.to_string() })?;
        Ok(Message { seq, topic, key, payload })
    }
}
