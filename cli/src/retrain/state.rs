//! What of the last training is known to the next session.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The last training of a session's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// When it was due.
    pub due: Timestamp,
    /// What came of it; `None` while it runs, or where it was cut short.
    pub outcome: Option<String>,
}

impl State {
    /// From a file; `None` where there is none or it makes no sense, which costs one training at most.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// Into a file that is whole or as it was.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let beside = path.with_extension("json.new");
        std::fs::write(&beside, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(beside, path)
    }
}
