//! Names, magic numbers and headers of the files, version 1.
//!
//! | bytes | segment header | snapshot header |
//! | --- | --- | --- |
//! | 0..8 | `TWJOURNL` | `TWSNAPSH` |
//! | 8..12 | format version | format version |
//! | 12..20 | number of the first record | number of the record after it |
//! | 20..21 | length of the session id | the same |
//! | 21..85 | session id, then zeros | the same |
//! | 85..89 | CRC-32 of what is before | the same |
//!
//! Integers are little-endian. In a segment frames follow (see [`crate::frame`]); in a snapshot one
//! frame with the state. Magic and version stand in the same place in every version, so that any
//! program can say which one it has met.

use crate::JournalError;
use std::path::Path;

/// The version that is written. Readers take every version up to it.
pub const FORMAT_VERSION: u32 = 1;

/// Longest session id, in bytes.
pub(crate) const SESSION_BYTES: usize = 64;
pub(crate) const HEADER_BYTES: usize = 89;
const BEFORE_CHECKSUM: usize = HEADER_BYTES - 4;

/// Which of the two kinds of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Segment,
    Snapshot,
}

impl FileKind {
    const fn magic(self) -> &'static [u8; 8] {
        match self {
            FileKind::Segment => b"TWJOURNL",
            FileKind::Snapshot => b"TWSNAPSH",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            FileKind::Segment => "seg",
            FileKind::Snapshot => "snap",
        }
    }

    /// The name of the file that begins with, or stands before, a record.
    pub(crate) fn name(self, first_seq: u64) -> String {
        format!("{first_seq:020}.{}", self.extension())
    }

    /// The record that a file of this kind is named for.
    pub(crate) fn parse(self, name: &str) -> Option<u64> {
        let (number, extension) = name.split_once('.')?;
        (extension == self.extension() && number.len() == 20).then(|| number.parse().ok())?
    }
}

/// What stands at the head of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: u32,
    pub(crate) first_seq: u64,
    pub(crate) session: Box<str>,
}

impl Header {
    /// A header of the current version; `None` when the session id is empty or too long.
    pub(crate) fn new(first_seq: u64, session: &str) -> Option<Self> {
        let fits = (1..=SESSION_BYTES).contains(&session.len());
        fits.then(|| Self { version: FORMAT_VERSION, first_seq, session: session.into() })
    }

    pub(crate) fn encode(&self, kind: FileKind) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend_from_slice(kind.magic());
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.first_seq.to_le_bytes());
        out.push(self.session.len() as u8);
        out.extend_from_slice(self.session.as_bytes());
        out.resize(BEFORE_CHECKSUM, 0);
        let checksum = crc32fast::hash(&out);
        out.extend_from_slice(&checksum.to_le_bytes());
        out
    }

    /// Reads the header of a file whose name promises `first_seq`.
    ///
    /// # Errors
    /// When it is damaged, of a later version, or of another file.
    pub(crate) fn decode(
        kind: FileKind,
        bytes: &[u8],
        first_seq: u64,
        file: &Path,
    ) -> Result<Self, JournalError> {
        let damaged = |offset, what| JournalError::damaged(file, offset, what);
        if bytes.get(..8) != Some(kind.magic()) {
            return Err(damaged(0, "it does not begin as a file of this journal does"));
        }
        let version = u32::from_le_bytes(array(bytes, 8).ok_or(damaged(8, "its header is cut"))?);
        if version > FORMAT_VERSION {
            return Err(JournalError::NewerVersion { file: file.into(), found: version });
        }
        let header = Self::fields(bytes, version).ok_or(damaged(12, "its header is damaged"))?;
        if header.first_seq != first_seq {
            return Err(damaged(12, "its name and its header differ"));
        }
        Ok(header)
    }

    fn fields(bytes: &[u8], version: u32) -> Option<Self> {
        let checksum = u32::from_le_bytes(array(bytes, BEFORE_CHECKSUM)?);
        if crc32fast::hash(bytes.get(..BEFORE_CHECKSUM)?) != checksum || version == 0 {
            return None;
        }
        let first_seq = u64::from_le_bytes(array(bytes, 12)?);
        let length = usize::from(*bytes.get(20)?);
        let session = std::str::from_utf8(bytes.get(21..21 + length)?).ok()?.into();
        Some(Self { version, first_seq, session })
    }
}

/// The `N` bytes at a place, when there are so many.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}
