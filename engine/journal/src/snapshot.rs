//! The state at the start of a segment, so that recovery need not fold the whole history.

use crate::format::{FileKind, HEADER_BYTES, Header};
use crate::frame::{self, FRAME_HEADER, Kind, Parsed};
use crate::storage::{Storage, read_all, write_atomically};
use crate::{JournalError, codec};
use kernel::State;

/// Writes the snapshot that stands before the record `header.first_seq`; gives its size.
pub(crate) fn write(
    storage: &dyn Storage,
    header: &Header,
    state: &State,
) -> Result<u64, JournalError> {
    let mut bytes = header.encode(FileKind::Snapshot);
    frame::append(&mut bytes, Kind::Record, |bytes| codec::write(state, bytes)).map_err(
        |error| JournalError::Unwritable { seq: header.first_seq, what: error.to_string() },
    )?;
    write_atomically(storage, &FileKind::Snapshot.name(header.first_seq), &bytes)?;
    Ok(bytes.len() as u64)
}

/// Reads the snapshot that stands before a record.
///
/// # Errors
/// When it is absent, damaged or of a later version.
pub(crate) fn read(storage: &dyn Storage, first_seq: u64) -> Result<State, JournalError> {
    let name = FileKind::Snapshot.name(first_seq);
    let path = storage.locate(&name);
    let bytes = read_all(storage, &name).map_err(JournalError::io("read", path.clone()))?;
    let header = Header::decode(FileKind::Snapshot, &bytes, first_seq, &path)?;
    let offset = HEADER_BYTES as u64;
    let body = bytes.get(HEADER_BYTES..).unwrap_or(&[]);
    let whole = Parsed::Whole { kind: Kind::Record, bytes: body.len() };
    if frame::parse(body) != whole {
        return Err(JournalError::damaged(&path, offset, "the checksum does not match"));
    }
    body.get(FRAME_HEADER..)
        .and_then(|payload| codec::decode_state(header.version, payload))
        .filter(|state| state.next_seq() == first_seq)
        .ok_or(JournalError::Unreadable { file: path, offset })
}
