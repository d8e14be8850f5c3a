//! Requests counted in a file, so that a limit holds over restarts and for everybody who asks.
//!
//! The times of the requests of a while stand in it, one in a line; whoever asks holds a lock beside it.

use kernel::{Span, Timestamp};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A file in which requests are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestCount {
    /// The file.
    pub path: PathBuf,
    /// How long a request is remembered: the longest window that is limited.
    pub window: Span,
}

/// Why requests cannot be counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}, where requests are counted, cannot be used: {reason}", path.display())]
pub(crate) struct CountError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub reason: String,
}

impl RequestCount {
    /// Shows the requests of the window, oldest first, to who judges whether one more may go, and
    /// counts it when it may.
    ///
    /// # Errors
    /// When the file cannot be used. What `judge` says when the request may not go comes back within.
    pub fn ask<R>(
        &self,
        now: Timestamp,
        judge: impl FnOnce(&[Timestamp]) -> Result<(), R>,
    ) -> Result<Result<(), R>, CountError> {
        let _lock = self.lock()?;
        let mut gone = self.read(now)?;
        if let Err(refusal) = judge(&gone) {
            return Ok(Err(refusal));
        }
        gone.push(now);
        self.write(&gone)?;
        Ok(Ok(()))
    }

    fn lock(&self) -> Result<File, CountError> {
        let path = self.path.with_extension("lock");
        let parent = path.parent().unwrap_or(Path::new("."));
        let lock = fs::create_dir_all(parent)
            .and_then(|()| File::options().create(true).truncate(false).write(true).open(&path));
        lock.and_then(|lock| lock.lock().map(|()| lock)).map_err(|error| self.unusable(error))
    }

    fn read(&self, now: Timestamp) -> Result<Vec<Timestamp>, CountError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(self.unusable(error)),
        };
        let time = |line: &str| {
            line.parse::<Timestamp>().map_err(|_| {
                self.unusable(format!("`{line}` is no time; remove the file to count from zero"))
            })
        };
        let mut gone = text.lines().map(time).collect::<Result<Vec<_>, _>>()?;
        // Of a clock that was wrong: they went, and not in the future.
        gone.iter_mut().for_each(|at| *at = (*at).min(now));
        gone.retain(|at| now.since(*at) < self.window);
        gone.sort_unstable();
        Ok(gone)
    }

    fn write(&self, gone: &[Timestamp]) -> Result<(), CountError> {
        let text: String = gone.iter().map(|at| format!("{at}\n")).collect();
        let beside = self.path.with_extension("part");
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &self.path));
        written.map_err(|error| self.unusable(error))
    }

    fn unusable(&self, reason: impl ToString) -> CountError {
        CountError { path: self.path.clone(), reason: reason.to_string() }
    }
}

/// When the next request may go, when the last window holds as many as may.
pub(crate) fn frees(
    gone: &[Timestamp],
    limit: u32,
    now: Timestamp,
    window: Span,
) -> Option<Timestamp> {
    let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
    let oldest = gone.len().checked_sub(limit).and_then(|place| gone.get(place))?;
    let next = oldest.plus(window);
    (next > now).then_some(next)
}
