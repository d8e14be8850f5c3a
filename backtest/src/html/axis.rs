//! The axis of time: by the order of marks, so that nights and weekends take no room.

use super::svg::WIDTH;
use crate::{BacktestReport, EquityPoint};
use kernel::{Span, Timestamp};
use marketdata::calendar;

/// From how many sessions on a curve is drawn by the session.
const BY_SESSION: usize = 120;
/// Labels at most.
const LABELS: usize = 9;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Marks of the equity that is drawn, with its value at each.
pub(super) struct Axis {
    pub times: Vec<Timestamp>,
    pub equity: Vec<f64>,
    /// Whether there is one mark for each session, the first one being the start.
    pub is_daily: bool,
}

/// Whether the curve has a mark for each session.
fn is_daily(report: &BacktestReport) -> bool {
    report.daily.len() >= BY_SESSION || report.samples.is_empty()
}

/// The equity that is drawn, the start first: by the session, or by some two thousand steps of a run
/// of few sessions.
pub(crate) fn curve(report: &BacktestReport) -> Vec<EquityPoint> {
    let first = report.data.first.minus(Span::from_nanos(1));
    let start = EquityPoint { time: first, equity: report.start };
    let days = report.daily.iter().map(|day| EquityPoint { time: day.time, equity: day.equity });
    let marks: Vec<EquityPoint> =
        if is_daily(report) { days.collect() } else { report.samples.clone() };
    std::iter::once(start).chain(marks).collect()
}

impl Axis {
    pub(super) fn of(report: &BacktestReport) -> Self {
        let marks = curve(report).into_iter().map(|mark| (mark.time, mark.equity.to_f64()));
        let (times, equity) = marks.unzip();
        let is_daily = is_daily(report);
        Self { times, equity, is_daily }
    }

    /// The place of a mark.
    pub(super) fn at(&self, mark: usize) -> f64 {
        mark as f64 / self.times.len().saturating_sub(1).max(1) as f64 * WIDTH
    }

    /// The place of an instant.
    pub(super) fn x(&self, time: Timestamp) -> f64 {
        let after = self.times.partition_point(|mark| *mark < time);
        let (Some(before), Some(next)) =
            (after.checked_sub(1).and_then(|b| self.times.get(b)), self.times.get(after))
        else {
            return if after == 0 { 0.0 } else { WIDTH };
        };
        let nanos = |later: &Timestamp, earlier: &Timestamp| later.since(*earlier).nanos() as f64;
        let share = nanos(&time, before) / nanos(next, before).max(1.0);
        ((after - 1) as f64 + share) / self.times.len().saturating_sub(1).max(1) as f64 * WIDTH
    }

    /// Labels with their places as shares: years, months, days or hours, whichever are few enough.
    pub(super) fn labels(&self) -> Vec<(f64, String)> {
        let stamps: Vec<Stamp> = self.times.iter().map(|time| Stamp::of(*time)).collect();
        let kinds: [Labelled; 4] = [Stamp::hour, Stamp::day, Stamp::month, Stamp::year];
        let mut labels = Vec::new();
        for kind in kinds {
            let found = changes(&stamps, kind);
            // The finest that is few enough, or the years, thinned out.
            if found.len() >= 2 || labels.is_empty() {
                labels = found;
            }
            if (2..=LABELS).contains(&labels.len()) {
                break;
            }
        }
        let every = labels.len().div_ceil(LABELS).max(1);
        let kept = labels.into_iter().step_by(every);
        kept.map(|(mark, label)| (self.at(mark) / WIDTH, label)).collect()
    }
}

/// What changes with a label, and the label.
type Labelled = fn(&Stamp) -> (i32, String);

/// The marks at which a label changes.
fn changes(stamps: &[Stamp], kind: Labelled) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut last = stamps.first().map(|stamp| kind(stamp).0);
    for (mark, stamp) in stamps.iter().enumerate() {
        let (key, label) = kind(stamp);
        if Some(key) != last {
            last = Some(key);
            found.push((mark, label));
        }
    }
    found
}

/// Date and hour in New York.
struct Stamp {
    date: u32,
    hour: i32,
}

impl Stamp {
    fn of(time: Timestamp) -> Self {
        let before = time.minus(Span::from_nanos(1));
        let date = calendar::date_of(before);
        let since = before.since(calendar::midnight(date)).nanos() / 3_600_000_000_000;
        Self { date: calendar::number_of(date), hour: i32::try_from(since).unwrap_or(0) }
    }

    fn key(&self, part: u32) -> i32 {
        i32::try_from(self.date / part).unwrap_or(0)
    }

    fn month_name(&self) -> &'static str {
        let month = (self.date / 100 % 100).saturating_sub(1);
        MONTHS.get(month as usize).copied().unwrap_or("")
    }

    fn hour(&self) -> (i32, String) {
        (self.key(1) % 10_000 * 24 + self.hour, format!("{:02}:00", self.hour))
    }

    fn day(&self) -> (i32, String) {
        (self.key(1), format!("{} {}", self.date % 100, self.month_name()))
    }

    fn month(&self) -> (i32, String) {
        (self.key(100), format!("{} {}", self.month_name(), self.date / 10_000))
    }

    fn year(&self) -> (i32, String) {
        (self.key(10_000), (self.date / 10_000).to_string())
    }
}
