//! How many requests may go: so many in a minute, so many in 24 hours.
//!
//! When the service's day begins is not documented, so no 24 hours hold more than the limit.

use super::AlphaVantageError;
use crate::request_count::{CountError, RequestCount, frees};
use kernel::{Span, Timestamp};
use std::path::PathBuf;

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

/// What a request that may not go waits for.
enum Full {
    Day { limit: u32, next: Timestamp },
    Minute(Timestamp),
}

impl Quota {
    /// Asks for one request, and counts it when it may go now.
    ///
    /// # Errors
    /// When the day's are used up, or the file cannot be used.
    pub(super) fn ask(&self, now: Timestamp) -> Result<Leave, AlphaVantageError> {
        let count = RequestCount { path: self.path.clone(), window: DAY };
        match count.ask(now, |gone| self.judge(gone, now))? {
            Ok(()) => Ok(Leave::Now),
            Err(Full::Minute(next)) => Ok(Leave::At(next)),
            Err(Full::Day { limit, next }) => Err(AlphaVantageError::QuotaUsedUp { limit, next }),
        }
    }

    fn judge(&self, gone: &[Timestamp], now: Timestamp) -> Result<(), Full> {
        if let Some(limit) = self.per_day
            && let Some(next) = frees(gone, limit, now, DAY)
        {
            return Err(Full::Day { limit, next });
        }
        frees(gone, self.per_minute, now, MINUTE).map_or(Ok(()), |next| Err(Full::Minute(next)))
    }
}

impl From<CountError> for AlphaVantageError {
    fn from(CountError { path, reason }: CountError) -> Self {
        Self::Count { path, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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
