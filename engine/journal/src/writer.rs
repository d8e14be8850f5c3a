//! Writing: records are collected by `append` and leave together by `commit`.
//!
//! A decision, that is an input and its events, is kept or lost as one. `append` makes it so: an
//! event joins the record before it, whose frame says from then on that the decision goes on. A
//! commit ends the decision: commit between two of them. A kernel has no state to commit with in
//! the middle of one, for its own is the one after all events.
//!
//! Losing a whole decision is harmless where losing its events alone is not. Nothing of it has
//! left the process: requests, answers to operators and what readers may tell others wait for the
//! commit. What the broker had reported is learnt again at the next start, from its orders,
//! executions and positions, and is then decided with all that follows. An input that was kept
//! without its events would never be decided again: the fill would be booked and its fee not, the
//! loss be counted and the halt forgotten.

use crate::failpoint::hit;
use crate::format::{FileKind, HEADER_BYTES, Header};
use crate::frame::Kind;
use crate::recover::{Recovered, Tail, recover, tidy};
use crate::reserve::Reserve;
use crate::storage::{DiskStorage, Lock, LockError, Storage, StorageFile, write_atomically};
use crate::{Durability, JournalError, Options, Usage, codec, frame, retire, snapshot};
use kernel::{Record, RecordBody, State};
use std::path::Path;
use std::sync::Arc;

/// The one writer of a journal.
#[derive(Debug)]
pub struct Journal {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) reserve: Reserve,
    options: Options,
    segment: Option<Open>,
    /// Frames that are not in a file yet.
    buffer: Vec<u8>,
    /// Where in the buffer the last record of the decision begins that is being appended.
    joinable: Option<usize>,
    last_seq: u64,
    durable_seq: u64,
    /// Bytes of the segments before the open one, and of all snapshots.
    pub(crate) closed_bytes: u64,
    is_failed: bool,
    _lock: Box<dyn Lock>,
}

/// The segment that is being written.
#[derive(Debug)]
struct Open {
    file: Box<dyn StorageFile>,
    name: String,
    session: Box<str>,
    len: u64,
    /// How much of it is on disk.
    durable: u64,
    /// How much of it the last sync mark says is on disk.
    marked: u64,
    /// The size at which the next segment is begun.
    roll_at: u64,
}

impl Journal {
    /// Opens the journal in a directory, or begins one there: takes the lock, folds what is there
    /// and cuts off what a crash tore.
    ///
    /// # Errors
    /// When another process has it, when it is damaged, or when the disk fails.
    pub fn open(dir: &Path, options: Options) -> Result<(Self, Recovered), JournalError> {
        Self::open_on(Arc::new(DiskStorage::new(dir)), options)
    }

    /// The same on any storage.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_on(
        storage: Arc<dyn Storage>,
        options: Options,
    ) -> Result<(Self, Recovered), JournalError> {
        let lock = storage.lock().map_err(|error| match error {
            LockError::Held { pid } => JournalError::Locked { dir: storage.locate(""), pid },
            LockError::Io(error) => JournalError::io("lock", storage.locate("lock"))(error),
        })?;
        retire::finish(&*storage)?;
        tidy(&*storage)?;
        let (recovered, tail) = recover(&*storage)?;
        let segment = tail.map(|tail| Open::recovered(&*storage, tail, options)).transpose()?;
        let mut journal = Self {
            reserve: Reserve::new(options.reserve_bytes),
            options,
            buffer: Vec::new(),
            joinable: None,
            last_seq: recovered.last_seq,
            durable_seq: recovered.last_seq,
            closed_bytes: 0,
            is_failed: false,
            _lock: lock,
            segment,
            storage,
        };
        journal.closed_bytes = journal.bytes_on_disk()?.saturating_sub(journal.open_bytes());
        journal.reserve.hold(&*journal.storage)?;
        Ok((journal, recovered))
    }

    /// Takes a record in. It reaches the disk with the next commit; an event is kept by a crash
    /// only together with the record before it, back to its input or the last commit.
    ///
    /// # Errors
    /// When it is not the next one, or too large, or an fsync has failed before.
    pub fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        self.check()?;
        let (expected, found) = (self.last_seq + 1, record.seq);
        if found != expected {
            return Err(JournalError::Sequence { expected, found });
        }
        hit("append.before", found);
        if self.buffer.is_empty() {
            self.mark();
        }
        let start = self.buffer.len();
        let encoded = codec::encode(record, &mut self.buffer);
        encoded.map_err(|what| JournalError::Unwritable { seq: found, what })?;
        if matches!(record.body, RecordBody::Event { .. }) {
            self.join(start);
        }
        self.joinable = Some(start);
        self.last_seq = found;
        hit("append.after", found);
        Ok(())
    }

    /// Writes everything appended since the last commit at once, makes it durable if asked, and
    /// begins the next segment when this one is large enough. `state` must be the fold of every
    /// record appended so far: it becomes the snapshot of a new segment. The decision appended
    /// last ends here: what was committed is never taken back for the sake of what follows.
    ///
    /// After [`JournalError::DiskFull`] the records are kept and the commit may be tried again.
    ///
    /// # Errors
    /// When the disk fails or is full, or the state stands elsewhere.
    pub fn commit(&mut self, state: &State, durable: Durability) -> Result<(), JournalError> {
        self.check()?;
        let (state_seq, journal) = (state.next_seq() - 1, self.last_seq);
        if state_seq != journal {
            return Err(JournalError::StateElsewhere { state: state_seq, journal });
        }
        self.joinable = None;
        if self.segment.is_none() && !self.buffer.is_empty() {
            let session = state.session().map_or("", |start| &start.session);
            let header = Header::new(1, session).ok_or(JournalError::NoSession)?;
            self.segment = Some(Open::begin(&*self.storage, &header, self.options)?);
        }
        self.write()?;
        if durable == Durability::Synced {
            self.sync()?;
        }
        let is_large = self.segment.as_ref().is_some_and(|open| open.len >= open.roll_at);
        if is_large { self.roll(state) } else { Ok(()) }
    }

    /// The last record appended; 0 when there is none.
    pub const fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The last record that is surely on disk. A decision ends with it.
    pub const fn durable_seq(&self) -> u64 {
        self.durable_seq
    }

    /// Bytes in segments and snapshots.
    pub fn bytes(&self) -> u64 {
        self.closed_bytes + self.open_bytes()
    }

    /// How much of its space the journal uses. The session alerts when it is high and stops
    /// entries when it is full.
    pub fn usage(&self) -> Usage {
        Usage {
            bytes: self.bytes(),
            limit: self.options.limit_bytes,
            reserve_held: self.reserve.is_held(),
        }
    }

    /// The session whose journal this is, once it has records.
    pub(crate) fn session(&self) -> Option<&str> {
        self.segment.as_ref().map(|open| &*open.session)
    }

    fn check(&self) -> Result<(), JournalError> {
        if self.is_failed { Err(self.not_durable()) } else { Ok(()) }
    }

    fn not_durable(&self) -> JournalError {
        let name = self.segment.as_ref().map_or("", |open| &open.name);
        JournalError::NotDurable { path: self.storage.locate(name) }
    }

    fn open_bytes(&self) -> u64 {
        self.segment.as_ref().map_or(0, |open| open.len)
    }

    fn bytes_on_disk(&self) -> Result<u64, JournalError> {
        let names = self.storage.list("");
        let names = names.map_err(JournalError::io("list", self.storage.locate("")))?;
        let counts = |name: &&String| {
            FileKind::Segment.parse(name).or(FileKind::Snapshot.parse(name)).is_some()
        };
        names.iter().filter(counts).try_fold(0, |sum, name| {
            let len = self.storage.read(name).and_then(|file| file.len());
            Ok(sum + len.map_err(JournalError::io("measure", self.storage.locate(name)))?)
        })
    }

    /// Joins the record that begins at `start` to the one before it, if that is in the buffer and
    /// of the same decision.
    fn join(&mut self, start: usize) {
        let before = self.joinable.and_then(|before| self.buffer.get_mut(before..start));
        if let Some(before) = before {
            frame::seal(before, Kind::Part);
        }
    }

    /// Says in the segment how much of it is on disk, once per sync and only ahead of records.
    fn mark(&mut self) {
        if let Some(open) = self.segment.as_mut().filter(|open| open.durable > open.marked) {
            frame::append_mark(&mut self.buffer, open.len, open.durable);
            open.marked = open.durable;
        }
    }

    fn write(&mut self) -> Result<(), JournalError> {
        let Some(open) = self.segment.as_mut().filter(|_| !self.buffer.is_empty()) else {
            return Ok(());
        };
        hit("write.before", self.last_seq);
        let path = self.storage.locate(&open.name);
        let mut written = open.file.write_at(open.len, &self.buffer);
        if written.as_ref().is_err_and(crate::error::is_full)
            && self.reserve.release(&*self.storage)?
        {
            written = open.file.write_at(open.len, &self.buffer);
        }
        written.map_err(JournalError::io("write", path))?;
        open.len += self.buffer.len() as u64;
        self.buffer.clear();
        hit("write.after", self.last_seq);
        Ok(())
    }

    pub(crate) fn sync(&mut self) -> Result<(), JournalError> {
        let Some(open) = self.segment.as_mut().filter(|open| open.len > open.durable) else {
            return Ok(());
        };
        hit("fsync.before", self.last_seq);
        if open.file.sync().is_err() {
            // After a failed fsync the kernel may have dropped the pages: trying again would
            // succeed and prove nothing.
            self.is_failed = true;
            return Err(self.not_durable());
        }
        open.durable = open.len;
        self.durable_seq = self.last_seq;
        hit("fsync.after", self.last_seq);
        Ok(())
    }

    fn roll(&mut self, state: &State) -> Result<(), JournalError> {
        self.sync()?;
        let Some(open) = &mut self.segment else {
            return Ok(());
        };
        let header = Header { first_seq: self.last_seq + 1, ..open.header() };
        match begin_next(&*self.storage, &header, state, self.options) {
            Ok((next, snapshot_bytes)) => {
                self.closed_bytes += open.len + snapshot_bytes;
                *open = next;
                Ok(())
            }
            // Rolling can wait; what must be journalled while the disk is full goes on here.
            Err(JournalError::DiskFull { .. }) => {
                open.roll_at = open.len + self.options.segment_bytes;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

fn begin_next(
    storage: &dyn Storage,
    header: &Header,
    state: &State,
    options: Options,
) -> Result<(Open, u64), JournalError> {
    let snapshot_bytes = snapshot::write(storage, header, state)?;
    match Open::begin(storage, header, options) {
        Ok(open) => Ok((open, snapshot_bytes)),
        Err(error) => {
            // A snapshot without its segment means nothing; the next opening removes it too.
            let _ = storage.remove(&FileKind::Snapshot.name(header.first_seq));
            Err(error)
        }
    }
}

impl Open {
    /// Begins a segment. It appears with its whole header or not at all.
    fn begin(
        storage: &dyn Storage,
        header: &Header,
        options: Options,
    ) -> Result<Self, JournalError> {
        let name = FileKind::Segment.name(header.first_seq);
        write_atomically(storage, &name, &header.encode(FileKind::Segment))?;
        Self::at(storage, name, header.session.clone(), HEADER_BYTES as u64, options)
    }

    /// Goes on with a segment, without what was torn, and durable as far as it was read.
    fn recovered(
        storage: &dyn Storage,
        tail: Tail,
        options: Options,
    ) -> Result<Self, JournalError> {
        let name = FileKind::Segment.name(tail.first_seq);
        let mut open = Self::at(storage, name, tail.session, tail.len, options)?;
        let path = storage.locate(&open.name);
        let settled = open.file.truncate(tail.len).and_then(|()| open.file.sync());
        settled.map_err(JournalError::io("cut", path))?;
        Ok(open)
    }

    fn at(
        storage: &dyn Storage,
        name: String,
        session: Box<str>,
        len: u64,
        options: Options,
    ) -> Result<Self, JournalError> {
        let file = storage.open(&name).map_err(JournalError::io("open", storage.locate(&name)))?;
        // A segment without a record has nothing to close.
        let roll_at = options.segment_bytes.max(HEADER_BYTES as u64 + 1);
        Ok(Self { file, name, session, len, durable: len, marked: HEADER_BYTES as u64, roll_at })
    }

    fn header(&self) -> Header {
        Header { version: crate::FORMAT_VERSION, first_seq: 0, session: self.session.clone() }
    }
}
