//! When quotes and trades came: pauses, days without any, clocks that are off.

use super::super::gaps::{self, SHIFTS};
use super::super::{counted, days_between};
use super::{Finding, Sessions, finding};
use crate::calendar::{self, Date};
use jiff::civil::Weekday;
use kernel::{Span, Timestamp, TradingDay};

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// Part of a day of New York, and how many a day of clock change has at most.
const BIN: i64 = HOUR / 2;
const BINS: usize = 50;
/// The regular session in parts of a day: half past nine to four.
const SESSION: std::ops::Range<i64> = 19..32;
/// A pause is told when so many rows as a rule come in its time, and none did,
const RARE: f64 = 60.0;
/// when it is no shorter than this,
const LEAST_PAUSE: Span = Span::from_secs(60);
/// and when the day has rows enough to speak of a rule.
const ENOUGH: u32 = 30;
/// Of a day that lies beside its session, the share of rows that a shifted session must hold.
const HELD: f64 = 0.95;
/// And by how much more than the session itself.
const BETTER: f64 = 0.05;
/// Of all rows, the share at times at which New York is closed that says another market.
const ELSEWHERE: f64 = 0.02;

pub(super) struct Tape {
    what: &'static str,
    sessions: Sessions,
    days: Vec<Day>,
    /// Long enough to be told, if the pace of their days makes it so.
    pauses: Vec<Pause>,
    last: Option<Timestamp>,
    rows: u64,
    closed: u64,
}

/// The rows of one date in New York.
struct Day {
    date: Date,
    midnight: Timestamp,
    end: Timestamp,
    row: u64,
    first: Timestamp,
    bins: [u32; BINS],
}

/// Nothing came between two rows, the second of which is named.
#[derive(Clone, Copy)]
struct Pause {
    from: Timestamp,
    to: Timestamp,
    row: u64,
}

impl Tape {
    pub(super) fn new(what: &'static str, sessions: Sessions) -> Self {
        let (days, pauses) = (Vec::new(), Vec::new());
        Self { what, sessions, days, pauses, last: None, rows: 0, closed: 0 }
    }

    pub(super) fn push(&mut self, row: u64, time: Timestamp) {
        self.rows += 1;
        if let Some(from) = self.last.filter(|from| time.since(*from) >= LEAST_PAUSE) {
            self.pauses.push(Pause { from, to: time, row });
        }
        self.last = Some(time);
        if self.days.last().is_none_or(|day| time >= day.end) {
            self.days.push(Day::of(row, time));
        }
        if let Some(day) = self.days.last_mut() {
            self.closed += u64::from(day.count(time));
        }
    }

    pub(super) fn finish(self) -> Vec<Finding> {
        let around_the_clock = match self.sessions {
            Sessions::Unknown => return Vec::new(),
            Sessions::Always => true,
            Sessions::NewYork => false,
            Sessions::Auto => {
                let shifted = self.days.iter().filter(|day| day.shift().is_some()).count();
                self.closed as f64 > ELSEWHERE * self.rows as f64 && shifted * 2 < self.days.len()
            }
        };
        if around_the_clock { self.around_the_clock() } else { self.in_sessions() }
    }

    fn in_sessions(&self) -> Vec<Finding> {
        let (Some(first), Some(last)) = (self.days.first(), self.last) else { return Vec::new() };
        let sessions = days_between(first.first, last);
        let mut found = self.missing(&sessions);
        let mut shifted: Vec<(i64, &Day)> = Vec::new();
        for day in &self.days {
            let number = calendar::number_of(day.date);
            let session = sessions.iter().find(|session| session.date == number);
            match (session, day.shift()) {
                (None, _) => found.push(day.off_session(self.what)),
                (Some(_), Some(hours)) => shifted.push((hours, day)),
                (Some(session), None) => {
                    let begin = self.pauses.partition_point(|pause| pause.to <= session.open);
                    let end = self.pauses.partition_point(|pause| pause.from < session.close);
                    let pauses = self.pauses.get(begin..end).unwrap_or_default();
                    let within = pauses.iter().map(|pause| pause.within(session)).collect();
                    let lasts = session.close.since(session.open);
                    found.extend(self.longest(within, lasts, day.rows(SESSION)));
                }
            }
        }
        found.extend(shifted.chunk_by(|one, next| one.0 == next.0).filter_map(tell_shift));
        found
    }

    /// Sessions without a row, those behind each other in one.
    fn missing(&self, sessions: &[TradingDay]) -> Vec<Finding> {
        let has = |session: &TradingDay| {
            self.days.binary_search_by_key(&session.date, |day| calendar::number_of(day.date))
        };
        let runs = sessions.chunk_by(|one, next| has(one).is_err() == has(next).is_err());
        let told = runs.filter_map(|run| {
            let (first, last) = (run.first()?, run.last()?);
            let next = self.days.get(has(first).err()?)?;
            let text = gaps::missing_sessions(run.len(), first, last);
            Some(finding("missing_sessions", next.row, first.open, text))
        });
        told.collect()
    }

    /// A market without sessions, but perhaps with weekends.
    fn around_the_clock(&self) -> Vec<Finding> {
        let closes = self.days.iter().all(|day| day.date.weekday() != Weekday::Saturday);
        let is_pause = |pause: &&Pause| !closes || !gaps::spans_weekend(pause.from, pause.to);
        let pauses: Vec<Pause> = self.pauses.iter().filter(is_pause).copied().collect();
        let told = self.days.iter().filter_map(|day| {
            let begin = pauses.partition_point(|pause| pause.from < day.midnight);
            let end = pauses.partition_point(|pause| pause.from < day.end);
            let lasts = day.end.since(day.midnight);
            self.longest(pauses.get(begin..end)?.to_vec(), lasts, day.rows(0..BINS as i64))
        });
        told.collect()
    }

    /// Tells of a day's pauses that its pace does not explain. The pace leaves the longest one out:
    /// a source that was silent for most of the day would look slow.
    fn longest(&self, pauses: Vec<Pause>, lasts: Span, rows: u32) -> Option<Finding> {
        let longest = *pauses.iter().max_by_key(|pause| pause.lasts())?;
        let lively = lasts.nanos().saturating_sub(longest.lasts().nanos()).max(SECOND);
        let pace = lively as f64 / f64::from(rows.max(1));
        let is_told = |pause: &&Pause| {
            pause.lasts() >= LEAST_PAUSE && pause.lasts().nanos() as f64 > RARE * pace
        };
        let told = pauses.iter().filter(is_told).count();
        if rows < ENOUGH || told == 0 {
            return None;
        }
        let more = if told > 1 { format!("; {} more that day", told - 1) } else { String::new() };
        let text = format!(
            "no {} for {} from {} on, where one comes every {}: a halt, or the source lost them{more}",
            self.what,
            words(longest.lasts().nanos() as f64),
            gaps::clock(longest.from),
            words(pace),
        );
        Some(finding("gap", longest.row, longest.from, text))
    }
}

impl Pause {
    fn lasts(&self) -> Span {
        self.to.since(self.from)
    }

    /// What of it lies within a session.
    fn within(self, session: &TradingDay) -> Self {
        let clip = |at: Timestamp| at.max(session.open).min(session.close);
        Self { from: clip(self.from), to: clip(self.to), ..self }
    }
}

impl Day {
    fn of(row: u64, first: Timestamp) -> Self {
        let date = calendar::date_of(first);
        let midnight = calendar::midnight(date);
        let end = date.tomorrow().map_or(Timestamp::MAX, calendar::midnight);
        Self { date, midnight, end, row, first, bins: [0; BINS] }
    }

    /// Counts a row, and says whether New York is closed at its time, extended hours included.
    fn count(&mut self, time: Timestamp) -> bool {
        let bin = time.since(self.midnight).nanos() / BIN;
        if let Some(count) = usize::try_from(bin).ok().and_then(|bin| self.bins.get_mut(bin)) {
            *count += 1;
        }
        !(8..40).contains(&bin) || gaps::is_weekend(self.midnight)
    }

    /// The rows in some parts of the day.
    fn rows(&self, bins: std::ops::Range<i64>) -> u32 {
        let counts = (0..).zip(&self.bins).filter(|(bin, _)| bins.contains(bin));
        counts.map(|(_, count)| count).sum()
    }

    /// By how many hours the rows lie beside the session, when they fill one but for that.
    fn shift(&self) -> Option<i64> {
        let shifted = |hours: i64| SESSION.start + 2 * hours..SESSION.end + 2 * hours;
        let held = |hours: i64| self.rows(shifted(hours));
        let all = self.rows(0..BINS as i64);
        let best = SHIFTS.max_by_key(|hours| (held(*hours), -hours.abs()))?;
        let window = shifted(best);
        let is_filled = self.rows(window.start..window.start + 1) > 0
            && self.rows(window.end - 1..window.end) > 0;
        let share = |hours| f64::from(held(hours)) / f64::from(all.max(1));
        let is_better = share(best) >= HELD && share(best) - share(0) >= BETTER;
        (best != 0 && all >= ENOUGH && is_filled && is_better).then_some(best)
    }

    fn off_session(&self, what: &str) -> Finding {
        let count = counted(self.rows(0..BINS as i64) as usize, what);
        let text = format!("{count} on {}, a day without a session", self.date);
        finding("off_session", self.row, self.first, text)
    }
}

fn tell_shift(run: &[(i64, &Day)]) -> Option<Finding> {
    let ((hours, first), (_, last)) = (run.first()?, run.last()?);
    let text = gaps::shifted_sessions(run.len(), first.date, last.date, *hours);
    Some(finding("time_zone", first.row, first.first, text))
}

/// A length of time, as one says it.
fn words(nanos: f64) -> String {
    let seconds = nanos / SECOND as f64;
    match seconds {
        ..0.01 => format!("{:.1} ms", seconds * 1e3),
        ..10.0 => format!("{seconds:.2} s"),
        ..120.0 => format!("{seconds:.0} s"),
        ..7_200.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3_600.0),
    }
}
