//! What can be set, how durable a commit is, and how much is used.

/// What can be set of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// A segment that has grown to so many bytes is closed and the next one begun.
    pub segment_bytes: u64,
    /// Most bytes that segments and snapshots may take together. The journal goes on beyond it,
    /// because exits must; [`Usage::is_full`] tells the session to stop entries.
    pub limit_bytes: Option<u64>,
    /// Bytes kept back for the time when the disk is full; 0 keeps none.
    pub reserve_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            limit_bytes: Some(32 << 30),
            // A cancel, an exit or a report takes some 200 bytes: this is twenty thousand.
            reserve_bytes: 4 << 20,
        }
    }
}

/// How far a commit goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Handed to the operating system: survives the end of the process, not of the machine.
    Buffered,
    /// On disk: survives both. An order is committed so before it is sent.
    Synced,
}

/// How much of its space a journal uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Bytes in segments and snapshots.
    pub bytes: u64,
    /// How many there may be, when there is a limit.
    pub limit: Option<u64>,
    /// Whether the reserve is still kept back; when it was wanted and is not, the disk is full.
    pub reserve_held: bool,
}

impl Usage {
    /// Whether four fifths of the limit are used: somebody should look.
    pub fn is_high(&self) -> bool {
        let four_fifths = self.limit.map(|limit| limit - limit / 5);
        self.is_full() || four_fifths.is_some_and(|most| self.bytes >= most)
    }

    /// Whether the limit is reached or the disk is full: no more entries.
    pub fn is_full(&self) -> bool {
        !self.reserve_held || self.limit.is_some_and(|limit| self.bytes >= limit)
    }
}
