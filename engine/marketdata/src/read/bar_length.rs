//! How long a file's bars last, which no column says.

use crate::resolution;
use kernel::Span;
use std::path::Path;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The length that the folder names when the bars do not overlap with it, else what their
/// smallest distance says.
pub(super) fn of_file(file: &Path, smallest_gap: Option<Span>) -> Option<Span> {
    // The smallest day is an hour short of a whole one.
    let fits = |length: &Span| {
        smallest_gap.is_none_or(|gap| gap.nanos() >= length.nanos() - length.nanos() / 24)
    };
    of_folder(file).filter(fits).or_else(|| of_gap(smallest_gap?))
}

/// The length that the file's folder names: `1Min`, `5Min`, `1Hour`, `1Day`, `1Day_adj`.
fn of_folder(file: &Path) -> Option<Span> {
    let folder = file.parent()?.file_name()?.to_str()?;
    let name = folder.split('_').next()?;
    resolution::parse(name)
}

/// The length that the smallest distance between two bars of a symbol says: itself, or a day when
/// it is one give or take the hour of a clock change.
///
/// A file with many gaps can make bars seem longer than they are, never shorter, so nothing is
/// known before its time. Longer distances say nothing and give `None`.
fn of_gap(gap: Span) -> Option<Span> {
    let gap = gap.nanos();
    let hours = |count: i64| Span::from_secs(count * HOUR).nanos();
    if gap < hours(23) {
        Some(Span::from_nanos(gap))
    } else if gap <= hours(25) {
        Some(Span::from_secs(DAY))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;

    #[test]
    fn folders_name_lengths() {
        let length = |path: &str| of_folder(path.as_ref()).map(|span| span.nanos() / 1_000_000_000);
        assert_eq!(length("bars/1Min/SPY.csv"), Some(60));
        assert_eq!(length("bars/15Min/SPY.csv"), Some(900));
        assert_eq!(length("/data/1Day_adj/F.csv.gz"), Some(86_400));
        assert_eq!(length("downloads/F.csv"), None);
        assert_eq!(length("2011/F.csv"), None);
        assert_eq!(length("F.csv"), None);
    }

    #[test]
    fn a_folder_that_cannot_be_right_is_passed_over() {
        let minute = Some(Span::from_secs(MINUTE));
        assert_eq!(of_file("1Day/SPY.csv".as_ref(), minute), minute);
        assert_eq!(of_file("1Min/SPY.csv".as_ref(), Some(Span::from_secs(120))), minute);
        assert_eq!(of_file("1Min/SPY.csv".as_ref(), None), minute);
        assert_eq!(of_file("SPY.csv".as_ref(), None), None);
    }

    #[test]
    fn a_day_may_have_23_or_25_hours() {
        for hours in [23, 24, 25] {
            assert_eq!(of_gap(Span::from_secs(hours * HOUR)), Some(Span::from_secs(DAY)));
        }
        assert_eq!(of_gap(Span::from_secs(4 * HOUR)), Some(Span::from_secs(4 * HOUR)));
        assert_eq!(of_gap(Span::from_secs(7 * DAY)), None);
    }
}
