//! The state log: what was asked of the exchange and how far the data had gone, one JSON object a
//! line. The exchange is deterministic, so the same data with the same requests in the same places
//! give the same account, orders and executions: to restore is to run again.
//!
//! A line is handed to the operating system before its request is answered, so a killed process
//! loses nothing that anyone was told. A line cut short by the kill is dropped: it was never
//! answered.

use super::faults::Act;
use crate::{ExchangeConfig, OrderId, OrderRequest, Part, Replacement};
use kernel::{SymbolId, Symbols, Timestamp};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "exchange.jsonl";
/// The version of the log's lines.
pub const STATE_VERSION: u32 = 2;

/// Why the state log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The directory or its file cannot be made, read or written.
    #[error("the exchange's state in {}: {source}; {}", path.display(), what_to_do(source))]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another server uses the directory.
    #[error("the exchange's state in {} is in use by another server: end it, or choose another directory", path.display())]
    Locked {
        /// The file that is locked.
        path: PathBuf,
    },
    /// The log was written for another venue.
    #[error("the exchange's state in {} is of other {what}: start with the same as before, or choose another directory", path.display())]
    OtherVenue {
        /// The log.
        path: PathBuf,
        /// What differs: `market data`, `symbols`, `configuration`, …
        what: &'static str,
    },
    /// A line in the middle cannot be read.
    #[error("line {line} of the exchange's state in {} is damaged: {reason}", path.display())]
    Damaged {
        /// The log.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

fn what_to_do(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free space on that disk",
        _ => "check that the directory can be written",
    }
}

/// What the log was written for: it can only be replayed over the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    /// A hash of the files, or the seed and start of generated data.
    pub(super) data: String,
    pub(super) symbols: Symbols,
    pub(super) config: ExchangeConfig,
    /// First and last trading day as `yyyymmdd`, and how many there are.
    pub(super) calendar: (u32, u32, usize),
}

impl Header {
    pub(super) fn new(
        data: String,
        symbols: Symbols,
        config: ExchangeConfig,
        calendar: (u32, u32, usize),
    ) -> Self {
        Self { version: STATE_VERSION, data, symbols, config, calendar }
    }

    /// What this header says otherwise than `other`.
    fn difference(&self, other: &Self) -> Option<&'static str> {
        let cases = [
            (self.version != other.version, "format"),
            (self.data != other.data, "market data"),
            (self.symbols != other.symbols, "symbols"),
            (self.config != other.config, "configuration"),
            (self.calendar != other.calendar, "trading days"),
        ];
        cases.iter().find(|(differs, _)| *differs).map(|(_, what)| *what)
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    /// The first line.
    Header(Box<Header>),
    /// The data have gone on to this step, counted from 1, when the clock stood here.
    Step { number: u64, at: Timestamp },
    /// Time has passed without data, and something fell due.
    Clock(Timestamp),
    /// Something was asked at a time of the venue.
    Ask { at: Timestamp, request: Request },
}

/// What can be asked of the exchange that changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    Submit(OrderRequest),
    Cancel(OrderId),
    Replace(OrderId, Replacement),
    CancelAll,
    Close(SymbolId, Part),
    CloseAll {
        cancel_orders: bool,
    },
    /// Done by a fault script.
    Act(Act),
}

/// The open log. Its file is locked as long as this lives.
#[derive(Debug)]
pub(super) struct StateLog {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines.
    length: u64,
}

impl StateLog {
    /// Opens or begins the log of a directory; gives the entries behind the header.
    pub(super) fn open(dir: &Path, header: &Header) -> Result<(Self, Vec<Entry>), StateError> {
        let io = |source| StateError::Io { path: dir.into(), source };
        fs::create_dir_all(dir).map_err(io)?;
        let path = dir.join(FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file =
            options.open(&path).map_err(|source| StateError::Io { path: path.clone(), source })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::Locked { path }),
            Err(TryLockError::Error(source)) => return Err(StateError::Io { path, source }),
        }
        let mut log = Self { file, path, length: 0 };
        let mut entries = log.read_whole_lines()?.into_iter();
        match entries.next() {
            None => log.append(&Entry::Header(Box::new(header.clone())))?,
            Some(Entry::Header(written)) => {
                if let Some(what) = written.difference(header) {
                    return Err(StateError::OtherVenue { path: log.path, what });
                }
            }
            Some(_) => return Err(log.damaged(1, "the header is missing")),
        }
        Ok((log, entries.collect()))
    }

    /// Writes one line and hands it to the operating system.
    pub(super) fn append(&mut self, entry: &Entry) -> Result<(), StateError> {
        let mut line =
            serde_json::to_vec(entry).map_err(|error| self.io(io::Error::other(error)))?;
        line.push(b'\n');
        if let Err(source) = self.file.write_all(&line) {
            // A half-written line must not spoil the next one; what cannot be cut off either is
            // cut off by the next start.
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
            return Err(self.io(source));
        }
        self.length += line.len() as u64;
        Ok(())
    }

    /// Reads every line that has its end, and cuts off what follows the last one.
    fn read_whole_lines(&mut self) -> Result<Vec<Entry>, StateError> {
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes).map_err(|source| self.io(source))?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        bytes.truncate(whole);
        self.length = whole as u64;
        self.file.set_len(self.length).map_err(|source| self.io(source))?;
        self.file.seek(SeekFrom::End(0)).map_err(|source| self.io(source))?;
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let read = |(place, line)| {
            serde_json::from_slice(line)
                .map_err(|error: serde_json::Error| self.damaged(place + 1, &error.to_string()))
        };
        lines.enumerate().map(read).collect()
    }

    fn io(&self, source: io::Error) -> StateError {
        StateError::Io { path: self.path.clone(), source }
    }

    pub(super) fn damaged(&self, line: usize, reason: &str) -> StateError {
        StateError::Damaged { path: self.path.clone(), line, reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(data: &str) -> Header {
        let symbols = Symbols::new(["SPY"]).unwrap();
        Header::new(data.into(), symbols, ExchangeConfig::default(), (20_260_102, 20_261_231, 250))
    }

    fn open(dir: &Path) -> Result<(StateLog, Vec<Entry>), StateError> {
        StateLog::open(dir, &header("one"))
    }

    #[test]
    fn entries_come_back_and_a_torn_tail_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let entries = [
            Entry::Step { number: 1, at: Timestamp::from_secs(4) },
            Entry::Ask {
                at: Timestamp::from_secs(5),
                request: Request::Cancel(OrderId::from_u128(7)),
            },
        ];
        let (mut log, found) = open(dir.path()).unwrap();
        assert!(found.is_empty());
        entries.iter().for_each(|entry| log.append(entry).unwrap());
        drop(log);
        let path = dir.path().join(FILE);
        let whole = fs::read(&path).unwrap();
        for cut in 1..20 {
            fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            let (mut log, found) = open(dir.path()).unwrap();
            assert_eq!(found, entries[..1]);
            log.append(&entries[1]).unwrap();
            drop(log);
            assert_eq!(open(dir.path()).unwrap().1, entries);
        }
    }

    #[test]
    fn a_second_server_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let _first = open(dir.path()).unwrap();
        assert!(matches!(open(dir.path()), Err(StateError::Locked { .. })));
    }

    #[test]
    fn another_venue_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path()).unwrap());
        let refused = StateLog::open(dir.path(), &header("two")).unwrap_err().to_string();
        assert!(refused.contains("is of other market data"), "{refused}");
    }

    #[test]
    fn damage_in_the_middle_is_named_by_line() {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path()).unwrap());
        let path = dir.path().join(FILE);
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"step\":}\n{\"step\":2}\n");
        fs::write(&path, bytes).unwrap();
        assert!(matches!(open(dir.path()), Err(StateError::Damaged { line: 2, .. })));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_file_is_read(bytes: Vec<u8>) {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(FILE), bytes).unwrap();
            let _ = open(dir.path());
        }
    }
}
