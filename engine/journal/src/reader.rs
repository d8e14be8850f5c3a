//! Following a journal, from any record on, while it is being written or after.

use crate::JournalError;
use crate::segment::{self, Next, Segment};
use crate::storage::{DiskStorage, Storage};
use kernel::Record;
use std::path::Path;
use std::sync::Arc;

/// A reader of the journal. It holds no lock and never disturbs the writer.
#[derive(Debug)]
pub struct Reader {
    storage: Arc<dyn Storage>,
    segment: Option<Segment>,
    next_seq: u64,
}

impl Reader {
    /// A reader whose first record is `from_seq`; 0 and 1 both mean the first of all. The record
    /// need not be written yet, nor the journal begun.
    ///
    /// # Errors
    /// When the record has been pruned, or the disk fails.
    pub fn open(dir: &Path, from_seq: u64) -> Result<Self, JournalError> {
        Self::open_on(Arc::new(DiskStorage::new(dir)), from_seq)
    }

    /// The same on any storage.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_on(storage: Arc<dyn Storage>, from_seq: u64) -> Result<Self, JournalError> {
        let mut reader = Self { storage, segment: None, next_seq: from_seq.max(1) };
        reader.find()?;
        Ok(reader)
    }

    /// The number of the record that comes next.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// The next record, once its decision is whole in the file; `None` while it is not, and then
    /// again later. What it gives may not be durable yet: a reader that tells others, and so must
    /// never take a record back, asks [`Reader::next_durable`].
    ///
    /// # Errors
    /// When the journal is damaged or of a later version, a segment is missing, or the disk fails.
    #[allow(clippy::should_implement_trait, reason = "an iterator ends; this goes on")]
    pub fn next(&mut self) -> Result<Option<Record>, JournalError> {
        loop {
            let Some(segment) = &mut self.segment else {
                if !self.find()? {
                    return Ok(None);
                }
                continue;
            };
            match segment.next()? {
                Next::Record(record) => {
                    let (wanted, next) = (self.next_seq, record.seq);
                    if next != wanted {
                        let dir = self.storage.locate("");
                        return Err(JournalError::Missing { dir, wanted, next });
                    }
                    self.next_seq += 1;
                    return Ok(Some(record));
                }
                Next::End | Next::Broken(_) if self.advance()? => {}
                Next::End => return Ok(None),
                Next::Broken(what) => return self.unfinished(what),
            }
        }
    }

    /// The next record, if it is not after `durable_seq`: what
    /// [`Journal::durable_seq`](crate::Journal::durable_seq) last was.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn next_durable(&mut self, durable_seq: u64) -> Result<Option<Record>, JournalError> {
        if self.next_seq > durable_seq { Ok(None) } else { self.next() }
    }

    /// Finds the segment that holds the next record, and the place in it; `false` when there is
    /// no segment at all.
    fn find(&mut self) -> Result<bool, JournalError> {
        let segments = segment::list(&*self.storage)?;
        let Some(&first) = segments.first() else {
            return Ok(false);
        };
        let after = segments.partition_point(|first| *first <= self.next_seq);
        let Some(&holds) = after.checked_sub(1).and_then(|place| segments.get(place)) else {
            let (dir, wanted) = (self.storage.locate(""), self.next_seq);
            return Err(JournalError::Missing { dir, wanted, next: first });
        };
        let mut segment = Segment::open(&*self.storage, holds)?;
        let mut passed = holds;
        while passed < self.next_seq && segment.skip()?.is_some() {
            passed += 1;
        }
        if passed == self.next_seq {
            self.segment = Some(segment);
        } else if after < segments.len() {
            let (path, offset) = (segment.path(), segment.offset());
            return Err(JournalError::damaged(path, offset, "records end before they should"));
        }
        Ok(self.segment.is_some())
    }

    /// The last segment holds no whole decision here: one is being written, or was torn and will
    /// be cut, unless it is known to have been durable.
    fn unfinished(&self, what: &'static str) -> Result<Option<Record>, JournalError> {
        match &self.segment {
            Some(segment) if segment.was_durable_here()? => {
                Err(JournalError::damaged(segment.path(), segment.offset(), what))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Goes on to the segment after this one, which ends here or is broken; `false` when there is
    /// none.
    fn advance(&mut self) -> Result<bool, JournalError> {
        let held = self.segment.as_ref().map_or(0, |segment| segment.header().first_seq);
        let segments = segment::list(&*self.storage)?;
        match segments.into_iter().find(|first| *first > held) {
            None => Ok(false),
            Some(next) if next == self.next_seq => {
                self.segment = Some(Segment::open(&*self.storage, next)?);
                Ok(true)
            }
            Some(next) => self.gap(next),
        }
    }

    /// A later segment exists and this one stops short. It may have grown since it was read: only
    /// what is still broken then is damage.
    fn gap(&mut self, next: u64) -> Result<bool, JournalError> {
        let Some(segment) = &mut self.segment else {
            return Ok(false);
        };
        let offset = segment.offset();
        if segment.peek()? {
            return Ok(true);
        }
        if segment.len()? > offset {
            return Err(JournalError::damaged(segment.path(), offset, "a record is damaged"));
        }
        let (dir, wanted) = (self.storage.locate(""), self.next_seq);
        Err(JournalError::Missing { dir, wanted, next })
    }
}
