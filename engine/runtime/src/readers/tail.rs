//! Following a journal while it grows, with the state folded alongside.

use journal::{JournalError, Reader};
use kernel::{EvolveError, Record, RecordBody, State, Timestamp};
use std::path::{Path, PathBuf};
use tokio::sync::watch;

/// Where a reader finds the records of a session.
#[derive(Debug, Clone)]
pub struct Source {
    /// The journal's directory.
    pub journal: PathBuf,
    growth: Growth,
}

/// Whether more is to come.
#[derive(Debug, Clone)]
enum Growth {
    /// Up to the record that the watch shows, until its sender is dropped.
    Live(watch::Receiver<u64>),
    /// Nothing: the session has finished.
    Complete,
}

impl Source {
    /// The journal of a running session. `durable` is the number of the newest record that readers
    /// may read: the session moves it once a record is on disk, so that nothing is told which a
    /// crash could take back, and drops the sender when the journal is complete.
    pub const fn live(journal: PathBuf, durable: watch::Receiver<u64>) -> Self {
        Self { journal, growth: Growth::Live(durable) }
    }

    /// The journal of a finished session.
    pub const fn complete(journal: PathBuf) -> Self {
        Self { journal, growth: Growth::Complete }
    }

    /// The newest record that may be read now; 0 for a complete journal, where it is not known
    /// before the end is read.
    pub fn durable(&self) -> u64 {
        match &self.growth {
            Growth::Live(durable) => *durable.borrow(),
            Growth::Complete => 0,
        }
    }

    /// The journals of finished sessions beside this one in which the reader of a name was left
    /// behind, oldest name first, as sources.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn left_behind(&self, name: &str) -> Result<Vec<Source>, JournalError> {
        let mut left = Vec::new();
        for dir in journal::finished(&self.journal)? {
            if is_behind(&dir, name)? {
                left.push(Self::complete(dir));
            }
        }
        Ok(left)
    }
}

/// Whether a finished journal has a cursor of a name, and records after it. Without the cursor its
/// session had no such reader, and owes it nothing.
fn is_behind(dir: &Path, name: &str) -> Result<bool, JournalError> {
    if !dir.join("cursors").join(name).exists() {
        return Ok(false);
    }
    let after = journal::Cursor::open(dir, name)?.load()?;
    Ok(Reader::open(dir, after + 1)?.next()?.is_some())
}

/// Why a journal cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record does not follow from those before it.
    #[error("the journal does not fold: {0}; run `tradewind journal verify`")]
    Evolve(#[from] EvolveError),
    /// The journal is shorter than its session said.
    #[error(
        "the journal ends at record {found} and its session wrote {wanted}; run `tradewind journal verify`"
    )]
    Short {
        /// The last record that could be read.
        found: u64,
        /// The last that was written.
        wanted: u64,
    },
}

/// A place in a journal, and everything known there.
#[derive(Debug)]
pub struct Tail {
    reader: Reader,
    growth: Growth,
    state: State,
    seen: Timestamp,
    ended: bool,
}

impl Tail {
    /// The place after record `after`; 0 is the beginning.
    ///
    /// # Errors
    /// When the journal cannot be read up to there.
    pub async fn open(source: &Source, after: u64) -> Result<Self, TailError> {
        let Source { journal, growth } = source.clone();
        let opened = off_thread(move || Reader::open_with_state(&journal, after)).await;
        let (reader, state) = opened?;
        // Until the next input says otherwise: events are written with the input before them.
        let seen = state.now();
        Ok(Self { reader, growth, state, seen, ended: false })
    }

    /// The last record that was folded.
    pub const fn seq(&self) -> u64 {
        self.state.next_seq() - 1
    }

    /// The state after it.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// When the input arrived that the last record is, or that led to it.
    pub const fn seen(&self) -> Timestamp {
        self.seen
    }

    /// The next record, unless it may not be read yet. It is folded by [`Tail::fold`].
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn read(&mut self) -> Result<Option<Record>, TailError> {
        let next = match &self.growth {
            Growth::Live(durable) => {
                let durable = *durable.borrow();
                self.reader.next_durable(durable)?
            }
            Growth::Complete => self.reader.next()?,
        };
        self.ended = next.is_none();
        Ok(next)
    }

    /// Folds the record that [`Tail::read`] has given.
    ///
    /// # Errors
    /// When it does not follow from those before it.
    pub fn fold(&mut self, record: &Record) -> Result<(), TailError> {
        if let RecordBody::Input(stamped) = &record.body {
            self.seen = stamped.seen;
        }
        Ok(self.state.evolve(record)?)
    }

    /// What waits for there to be more to read.
    pub fn growth(&self) -> Waiter {
        Waiter { growth: self.growth.clone(), found: self.seq(), ended: self.ended }
    }
}

/// Waits for a journal to grow beyond a place.
#[derive(Debug)]
pub struct Waiter {
    growth: Growth,
    found: u64,
    ended: bool,
}

impl Waiter {
    /// Waits until there is more to read. `false` when the journal is complete and read to its end.
    ///
    /// # Errors
    /// When the journal is complete and its end cannot be read.
    pub async fn more(&mut self) -> Result<bool, TailError> {
        let found = self.found;
        match &mut self.growth {
            Growth::Complete => Ok(!self.ended),
            Growth::Live(durable) => {
                if durable.wait_for(|durable| *durable > found).await.is_ok() {
                    return Ok(true);
                }
                let wanted = *durable.borrow();
                if found < wanted { Err(TailError::Short { found, wanted }) } else { Ok(false) }
            }
        }
    }
}

/// Runs work that reads files or computes for long on a thread where that disturbs nobody.
pub(crate) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that is shutting down drops blocking work, and this with it.
            Err(_) => std::future::pending().await,
        },
    }
}
