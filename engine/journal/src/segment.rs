//! Reading a segment, whole or while it is being written. Records come out once their decision is
//! whole in the file, never the first of them without the last.

use crate::format::{FileKind, HEADER_BYTES, Header};
use crate::frame::{self, FRAME_HEADER, Kind, Parsed};
use crate::storage::{Storage, StorageFile, read_fully};
use crate::{JournalError, codec};
use kernel::Record;
use std::io;
use std::path::PathBuf;

/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// The first records of all segments, in order.
pub(crate) fn list(storage: &dyn Storage) -> Result<Vec<u64>, JournalError> {
    let names = storage.list("").map_err(JournalError::io("list", storage.locate("")))?;
    Ok(names.iter().filter_map(|name| FileKind::Segment.parse(name)).collect())
}

/// What comes next in a segment.
#[derive(Debug)]
pub(crate) enum Next {
    /// A record of a whole decision.
    Record(Record),
    /// The segment ends here, for now at least.
    End,
    /// What follows is no whole decision: torn, damaged, or still being written.
    Broken(&'static str),
}

/// A segment being read.
#[derive(Debug)]
pub(crate) struct Segment {
    file: Box<dyn StorageFile>,
    path: PathBuf,
    header: Header,
    /// Where the next frame begins.
    offset: u64,
    /// Where the decision ends that the next frame belongs to, once that is known to be whole.
    decision_end: u64,
    /// What was read ahead lies in `start..end`, and in the file from `offset` on.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Segment {
    /// Opens the segment that begins with a record.
    pub(crate) fn open(storage: &dyn Storage, first_seq: u64) -> Result<Self, JournalError> {
        let name = FileKind::Segment.name(first_seq);
        let path = storage.locate(&name);
        let fault = |error| JournalError::io("read", path.clone())(error);
        let file = storage.read(&name).map_err(fault)?;
        let mut head = [0; HEADER_BYTES];
        let read = read_fully(&*file, 0, &mut head).map_err(fault)?;
        let head = head.get(..read).unwrap_or(&head);
        let header = Header::decode(FileKind::Segment, head, first_seq, &path)?;
        let offset = HEADER_BYTES as u64;
        let (buffer, decision_end) = (Vec::new(), offset);
        Ok(Self { file, path, header, offset, decision_end, buffer, start: 0, end: 0 })
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Where the next frame begins: the end of what has been read, and where a decision begins
    /// whenever there is no next record.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// How long the file is now.
    pub(crate) fn len(&self) -> Result<u64, JournalError> {
        self.file.len().map_err(self.fault())
    }

    /// The next record. After [`Next::End`] and [`Next::Broken`] it may be asked again.
    pub(crate) fn next(&mut self) -> Result<Next, JournalError> {
        let at = self.offset;
        match self.next_payload().map_err(self.fault())? {
            Ok(payload) => match codec::decode(self.header.version, self.payload(payload)) {
                Some(record) => Ok(Next::Record(record)),
                None => Err(JournalError::Unreadable { file: self.path.clone(), offset: at }),
            },
            Err(stop) => Ok(stop),
        }
    }

    /// The number of the next record, which is passed over.
    pub(crate) fn skip(&mut self) -> Result<Option<u64>, JournalError> {
        let at = self.offset;
        let Ok(payload) = self.next_payload().map_err(self.fault())? else {
            return Ok(None);
        };
        let seq = codec::decode_seq(self.header.version, self.payload(payload));
        seq.map(Some)
            .ok_or_else(|| JournalError::Unreadable { file: self.path.clone(), offset: at })
    }

    /// Whether a record of a whole decision comes next. It stays next.
    pub(crate) fn peek(&mut self) -> Result<bool, JournalError> {
        let offset = self.offset;
        let found = self.next_payload().map_err(self.fault())?.is_ok();
        self.offset = offset;
        (self.start, self.end) = (0, 0);
        Ok(found)
    }

    /// Whether bytes at or after the place reached were durable once, so that what is broken there
    /// is damage.
    pub(crate) fn was_durable_here(&self) -> Result<bool, JournalError> {
        let rest = self.len()?.saturating_sub(self.offset);
        let mut bytes = vec![0; usize::try_from(rest).unwrap_or(usize::MAX)];
        let read = read_fully(&*self.file, self.offset, &mut bytes).map_err(self.fault())?;
        Ok(frame::proves_durable(bytes.get(..read).unwrap_or(&bytes), self.offset))
    }

    fn fault(&self) -> impl FnOnce(io::Error) -> JournalError + use<> {
        JournalError::io("read", self.path.clone())
    }

    fn payload(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or(&[])
    }

    /// Passes over the next record and says where in the buffer its payload lies.
    fn next_payload(&mut self) -> io::Result<Result<std::ops::Range<usize>, Next>> {
        loop {
            let ahead = self.buffer.get(self.start..self.end).unwrap_or(&[]);
            match frame::parse(ahead) {
                Parsed::Whole { kind: Kind::Part, .. } if self.offset >= self.decision_end => {
                    if let Some(stop) = self.find_decision_end()? {
                        return Ok(Err(stop));
                    }
                }
                Parsed::Whole { kind, bytes } => {
                    let payload = self.start + FRAME_HEADER..self.start + bytes;
                    self.start += bytes;
                    self.offset += bytes as u64;
                    match kind {
                        Kind::Record | Kind::Part => return Ok(Ok(payload)),
                        Kind::Mark => {}
                    }
                }
                Parsed::Short { need } => {
                    if !self.fill(need)? {
                        return Ok(Err(self.stop("the last record is cut short")));
                    }
                }
                Parsed::Bad(what) => return Ok(Err(self.stop(what))),
            }
        }
    }

    /// Reads ahead to the end of the decision that comes next; gives why it is not whole, if it is
    /// not.
    fn find_decision_end(&mut self) -> io::Result<Option<Next>> {
        loop {
            let ahead = self.buffer.get(self.start..self.end).unwrap_or(&[]);
            match frame::parse_decision(ahead) {
                Parsed::Whole { bytes, .. } => {
                    self.decision_end = self.offset + bytes as u64;
                    return Ok(None);
                }
                Parsed::Short { need } => {
                    if !self.fill(need)? {
                        return Ok(Some(self.stop("the last decision is cut short")));
                    }
                }
                Parsed::Bad(what) => return Ok(Some(self.stop(what))),
            }
        }
    }

    /// Reads on until `need` bytes are ahead; `false` when the file ends before.
    fn fill(&mut self, need: usize) -> io::Result<bool> {
        if self.buffer.len() < need.max(CHUNK) {
            let ahead = self.buffer.get(self.start..self.end).unwrap_or(&[]);
            // Doubled, so that a long decision is not looked through again for each of its frames.
            let mut larger = vec![0; need.next_power_of_two().max(CHUNK)];
            larger.splice(..ahead.len(), ahead.iter().copied());
            self.buffer = larger;
        } else {
            self.buffer.copy_within(self.start..self.end, 0);
        }
        let held = self.end - self.start;
        (self.start, self.end) = (0, held);
        let free = self.buffer.get_mut(held..).unwrap_or(&mut []);
        self.end += read_fully(&*self.file, self.offset + held as u64, free)?;
        Ok(self.end >= need)
    }

    /// Forgets what was read ahead, because a writer may still change it.
    fn stop(&mut self, what: &'static str) -> Next {
        let nothing_ahead = self.start == self.end;
        (self.start, self.end) = (0, 0);
        if nothing_ahead { Next::End } else { Next::Broken(what) }
    }
}
