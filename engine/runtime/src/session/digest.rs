//! The digest of a session's events, from its first on.
//!
//! A process that goes on with a session did not decide the first of them itself and must read them.
//! That is as long as the journal is, so a thread of its own does it while the session trades; when
//! it has come to the end that it knew, the session reads what it journalled meanwhile and goes on
//! by itself.

use journal::{EventsHash, JournalError, Reader};
use kernel::{Event, RecordBody, Timestamp};
use std::path::{Path, PathBuf};
use tokio::sync::oneshot;

/// The digest so far.
pub(super) struct Digest {
    journal: PathBuf,
    stand: Stand,
}

/// How far the digest is.
enum Stand {
    /// It has every event so far.
    Whole(EventsHash),
    /// Those of earlier processes are being read.
    Reading(oneshot::Receiver<Part>),
    /// There is none: the journal no longer holds the first events, or they cannot be read.
    Lost,
}

/// The digest of the events up to a record.
struct Part {
    hash: EventsHash,
    /// The record that comes next.
    next: u64,
}

impl Digest {
    /// Of a journal that ends with this record.
    pub fn of(journal: &Path, last_seq: u64) -> Self {
        let journal = journal.to_owned();
        if last_seq == 0 {
            return Self { journal, stand: Stand::Whole(EventsHash::new()) };
        }
        let (tell, told) = oneshot::channel();
        let dir = journal.clone();
        std::thread::spawn(move || {
            match read(&dir, Part::nothing(), last_seq, &|| tell.is_closed()) {
                // A session that has ended wants none.
                Ok(part) => drop(tell.send(part)),
                Err(error) => say(&error),
            }
        });
        Self { journal, stand: Stand::Reading(told) }
    }

    /// Takes in an event that was just journalled.
    pub fn add(&mut self, at: Timestamp, event: &Event) {
        if let Stand::Whole(hash) = &mut self.stand {
            hash.add(at, event);
        }
    }

    /// Takes over what has been read, if it has been. The journal ends with this record.
    pub fn keep(&mut self, last_seq: u64) {
        if let Stand::Reading(told) = &mut self.stand {
            match told.try_recv() {
                Ok(part) => self.take_over(part, last_seq),
                Err(oneshot::error::TryRecvError::Empty) => {}
                Err(oneshot::error::TryRecvError::Closed) => self.stand = Stand::Lost,
            }
        }
    }

    /// Waits until it has every event. The journal ends with this record.
    pub async fn complete(&mut self, last_seq: u64) {
        if let Stand::Reading(told) = &mut self.stand {
            match told.await {
                Ok(part) => self.take_over(part, last_seq),
                Err(_) => self.stand = Stand::Lost,
            }
        }
    }

    /// In hexadecimal digits; `None` when it has not every event.
    pub fn hex(&self) -> Option<String> {
        match &self.stand {
            Stand::Whole(hash) => Some(hash.finish_hex()),
            Stand::Reading(_) | Stand::Lost => None,
        }
    }

    /// Reads what was journalled since the thread set out.
    fn take_over(&mut self, part: Part, last_seq: u64) {
        self.stand = match read(&self.journal, part, last_seq, &|| false) {
            Ok(part) => Stand::Whole(part.hash),
            Err(error) => {
                say(&error);
                Stand::Lost
            }
        };
    }
}

impl Part {
    fn nothing() -> Self {
        Self { hash: EventsHash::new(), next: 1 }
    }
}

/// Reads on to a record, unless nobody wants it any more.
fn read(
    journal: &Path,
    mut part: Part,
    last_seq: u64,
    is_over: &dyn Fn() -> bool,
) -> Result<Part, JournalError> {
    let mut records = Reader::open(journal, part.next)?;
    while records.next_seq() <= last_seq && !is_over() {
        let Some(record) = records.next()? else { break };
        if let RecordBody::Event { at, event } = &record.body {
            part.hash.add(*at, event);
        }
    }
    part.next = records.next_seq();
    Ok(part)
}

fn say(error: &JournalError) {
    match error {
        JournalError::Missing { .. } => {
            tracing::info!("the session's first events are gone, so it has no digest: {error}");
        }
        error => tracing::error!("the session's earlier events cannot be read: {error}"),
    }
}
