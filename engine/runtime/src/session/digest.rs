//! The digest of a session's events, from its first on.
//!
//! A process that goes on with a session did not decide the first of them itself and must read them.
//! That is as long as the journal is, so a thread of its own does it while the session trades; when
//! it has come to the end that it knew, the session reads what it journalled meanwhile and goes on
//! by itself. Damage that is found on the way is the session's to tell.

use journal::{EventsHash, JournalError, Reader};
use kernel::{Event, Notice, RecordBody, Timestamp};
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
    Reading(oneshot::Receiver<Result<Part, JournalError>>),
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
            let part = read(&dir, Part::nothing(), last_seq, &|| tell.is_closed());
            // A session that has ended wants none.
            drop(tell.send(part));
        });
        Self { journal, stand: Stand::Reading(told) }
    }

    /// Takes in an event that was just journalled.
    pub fn add(&mut self, at: Timestamp, event: &Event) {
        if let Stand::Whole(hash) = &mut self.stand {
            hash.add(at, event);
        }
    }

    /// Takes over what has been read, if it has been; gives what is to be told of it. The journal
    /// ends with this record.
    pub fn keep(&mut self, last_seq: u64) -> Option<Notice> {
        let Stand::Reading(told) = &mut self.stand else { return None };
        match told.try_recv() {
            Ok(part) => self.take_over(part, last_seq),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => self.lose(),
        }
    }

    /// Waits until it has every event; gives what is to be told of it. The journal ends with this
    /// record.
    pub async fn complete(&mut self, last_seq: u64) -> Option<Notice> {
        let Stand::Reading(told) = &mut self.stand else { return None };
        match told.await {
            Ok(part) => self.take_over(part, last_seq),
            Err(_) => self.lose(),
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
    fn take_over(&mut self, part: Result<Part, JournalError>, last_seq: u64) -> Option<Notice> {
        match part.and_then(|part| read(&self.journal, part, last_seq, &|| false)) {
            Ok(part) => {
                self.stand = Stand::Whole(part.hash);
                None
            }
            Err(error) => {
                self.stand = Stand::Lost;
                self.notice(&error)
            }
        }
    }

    /// The thread is gone without a word.
    fn lose(&mut self) -> Option<Notice> {
        self.stand = Stand::Lost;
        Some(Notice::JournalDamaged { what: "reading it came to no end".into() })
    }

    /// What an error means: the first segments may have been deleted to make room, and anything
    /// else is damage.
    fn notice(&self, error: &JournalError) -> Option<Notice> {
        if let JournalError::Missing { next, .. } = error
            && self.begins_with(*next)
        {
            tracing::info!("the session's first events are gone, so it has no digest: {error}");
            return None;
        }
        tracing::error!("the session's earlier events cannot be read: {error}");
        Some(Notice::JournalDamaged { what: error.to_string().into() })
    }

    /// Whether the journal's first record is this one.
    fn begins_with(&self, first: u64) -> bool {
        let error = Reader::open(&self.journal, 1).err();
        matches!(error, Some(JournalError::Missing { next, .. }) if next == first)
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
