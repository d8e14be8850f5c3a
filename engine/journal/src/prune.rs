//! Deleting what every reader is done with.

use crate::format::FileKind;
use crate::{Journal, JournalError, cursor, segment};

/// What was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Segments, each with its snapshot.
    pub segments: u64,
    /// Bytes that they took.
    pub bytes: u64,
}

impl Journal {
    /// Deletes the segments that lie wholly behind every cursor, oldest first, and takes back the
    /// reserve if the disk has room again. Without any cursor nothing is deleted. The last two
    /// segments stay: a damaged snapshot can then be made up for by the records before it.
    ///
    /// A pruned journal recovers as before; what it can no longer do is replay the session from
    /// its start.
    ///
    /// # Errors
    /// When a cursor is damaged or the disk fails.
    pub fn prune(&mut self) -> Result<Pruned, JournalError> {
        let mut pruned = Pruned::default();
        if let Some(passed) = cursor::slowest(&self.storage)? {
            let segments = segment::list(&*self.storage)?;
            for window in segments.windows(3) {
                let [first_seq, next, _] = window else { break };
                if *next > passed.saturating_add(1) {
                    break;
                }
                pruned.bytes += self.delete(*first_seq)?;
                pruned.segments += 1;
            }
        }
        self.closed_bytes = self.closed_bytes.saturating_sub(pruned.bytes);
        self.reserve.hold(&*self.storage)?;
        Ok(pruned)
    }

    /// Deletes a segment, then its snapshot: a snapshot left over by a crash is removed on opening.
    fn delete(&self, first_seq: u64) -> Result<u64, JournalError> {
        let mut bytes = 0;
        for kind in [FileKind::Segment, FileKind::Snapshot] {
            let name = kind.name(first_seq);
            let path = self.storage.locate(&name);
            let removed = self.storage.read(&name).and_then(|file| file.len()).and_then(|len| {
                self.storage.remove(&name)?;
                self.storage.sync_folder("")?;
                Ok(len)
            });
            match removed {
                Ok(len) => bytes += len,
                // The first segment of a session has no snapshot.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(JournalError::io("remove", path)(error)),
            }
        }
        Ok(bytes)
    }
}
