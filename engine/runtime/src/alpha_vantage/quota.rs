//! How many requests may go: so many in a minute, so many in 24 hours.
//!
//! When the service's day begins is not documented, so no 24 hours hold more than the limit. The times
//! of the requests of the last day stand in a file, one in a line; whoever asks holds a lock beside it.

use super::AlphaVantageError;
use kernel::{Span, Timestamp};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const MINUTE: Span = Span::from_secs(60);
const DAY: Span = Span::from_secs(86_400);

/// The limits, and the file in which requests are counted.
#[derive(Debug, Clone)]
pub struct Quota {
    /// The file.
    pub path: PathBuf,
    /// Requests in any minute.
    pub per_minute: u32,
    /// Requests in any 24 hours; `None` is no bound.
    pub per_day: Option<u32>,
}

/// Whether a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// Now, and it is counted.
    Now,
    /// Not before then.
    At(Timestamp),
}

impl Quota {
    /// Asks for one request, and counts it when it may go now.
    ///
    /// # Errors
    /// When the day's are used up, or the file cannot be used.
    pub(super) fn ask(&self, now: Timestamp) -> Result<Leave, AlphaVantageError> {
        let _lock = self.lock()?;
        let mut gone = self.read(now)?;
        if let Some(limit) = self.per_day
            && let Some(next) = frees(&gone, limit, now, DAY)
        {
            return Err(AlphaVantageError::QuotaUsedUp { limit, next });
        }
        if let Some(next) = frees(&gone, self.per_minute, now, MINUTE) {
            return Ok(Leave::At(next));
        }
        gone.push(now);
        self.write(&gone)?;
        Ok(Leave::Now)
    }

    fn lock(&self) -> Result<File, AlphaVantageError> {
        let path = self.path.with_extension("lock");
        let parent = path.parent().unwrap_or(Path::new("."));
        let lock = fs::create_dir_all(parent)
            .and_then(|()| File::options().create(true).truncate(false).write(true).open(&path));
        lock.and_then(|lock| lock.lock().map(|()| lock)).map_err(|error| self.unusable(error))
    }

    /// The requests of the last 24 hours, oldest first.
    fn read(&self, now: Timestamp) -> Result<Vec<Timestamp>, AlphaVantageError> {
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
        gone.retain(|at| now.since(*at) < DAY);
        gone.sort_unstable();
        Ok(gone)
    }

    fn write(&self, gone: &[Timestamp]) -> Result<(), AlphaVantageError> {
        let text: String = gone.iter().map(|at| format!("{at}\n")).collect();
        let beside = self.path.with_extension("part");
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &self.path));
        written.map_err(|error| self.unusable(error))
    }

    fn unusable(&self, reason: impl ToString) -> AlphaVantageError {
        AlphaVantageError::Count { path: self.path.clone(), reason: reason.to_string() }
    }
}

/// When the next request may go, when the last window holds as many as may.
fn frees(gone: &[Timestamp], limit: u32, now: Timestamp, window: Span) -> Option<Timestamp> {
    let limit = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
    let oldest = gone.len().checked_sub(limit).and_then(|place| gone.get(place))?;
    let next = oldest.plus(window);
    (next > now).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + second)
    }

    fn quota(folder: &tempfile::TempDir) -> Quota {
        let path = folder.path().join("deep/requests");
        Quota { path, per_minute: 2, per_day: Some(3) }
    }

    #[test]
    fn both_limits_hold_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let ask = |second| quota(&folder).ask(at(second));
        assert_eq!((ask(0), ask(10)), (Ok(Leave::Now), Ok(Leave::Now)));
        assert_eq!(ask(59), Ok(Leave::At(at(60))));
        assert_eq!(ask(60), Ok(Leave::Now));
        let used_up = AlphaVantageError::QuotaUsedUp { limit: 3, next: at(86_400) };
        assert_eq!((ask(61), ask(86_399)), (Err(used_up.clone()), Err(used_up)));
        assert_eq!(ask(86_400), Ok(Leave::Now));
        assert_eq!(ask(86_401), Err(AlphaVantageError::QuotaUsedUp { limit: 3, next: at(86_410) }));
        let free = Quota { per_day: None, ..quota(&folder) };
        assert_eq!(free.ask(at(86_402)), Ok(Leave::Now));
    }

    #[test]
    fn a_clock_that_was_wrong_stops_nothing_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let ask = |second| quota(&folder).ask(at(second));
        assert_eq!((ask(1_000_000), ask(1_000_001)), (Ok(Leave::Now), Ok(Leave::Now)));
        assert_eq!(ask(0), Ok(Leave::At(at(60))));
    }

    #[test]
    fn a_file_that_is_none_of_ours_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let quota = quota(&folder);
        fs::create_dir_all(quota.path.parent().unwrap()).unwrap();
        fs::write(&quota.path, "yesterday\n").unwrap();
        let error = quota.ask(at(0)).unwrap_err().to_string();
        assert!(error.contains("requests") && error.contains("`yesterday` is no time"), "{error}");
    }
}
