//! Bars that should be there and are not, and those that are there and should not.

use super::{DAY, Finding, Sessions, counted, days_between, finding};
use crate::calendar::{self, DayKind, day_kind};
use kernel::{Bar, Span, Timestamp, TradingDay};

const HOUR: i64 = 3_600_000_000_000;
/// Of a file's bars, the share at times at which New York is closed that says another market.
const ELSEWHERE: f64 = 0.02;
/// Hours by which a clock can be wrong and a session still lie on its day.
pub(super) const SHIFTS: std::ops::RangeInclusive<i64> = -9..=9;
/// Days that must be shifted alike before a clock is suspected.
const SHIFTED_DAYS: usize = 1;

/// The opens of a series: eight bytes and a row for each bar.
pub(super) struct Gaps {
    length: Span,
    sessions: Sessions,
    opens: Vec<Timestamp>,
    first_row: u64,
}

impl Gaps {
    pub(super) fn new(length: Span, sessions: Sessions) -> Self {
        Self { length, sessions, opens: Vec::new(), first_row: 0 }
    }

    pub(super) fn push(&mut self, row: u64, bar: &Bar) {
        if self.opens.is_empty() {
            self.first_row = row;
        }
        self.opens.push(bar.open_time);
    }

    pub(super) fn finish(self) -> Vec<Finding> {
        let (Some(&first), Some(&last)) = (self.opens.first(), self.opens.last()) else {
            return Vec::new();
        };
        let days = days_between(first, last);
        match self.sessions(&days) {
            Sessions::Unknown | Sessions::Auto => Vec::new(),
            Sessions::Always => self.around_the_clock(),
            Sessions::NewYork if self.length >= DAY => self.daily(&days),
            Sessions::NewYork => self.intraday(&days),
        }
    }

    /// The row of a place: files have one line for each row.
    fn row(&self, place: usize) -> u64 {
        self.first_row + place as u64
    }

    /// Whose sessions to expect.
    fn sessions(&self, days: &[TradingDay]) -> Sessions {
        if self.sessions != Sessions::Auto {
            return self.sessions;
        }
        if self.length >= DAY {
            let weekend = |open: &&Timestamp| {
                is_weekend(**open) && is_weekend(open.plus(Span::from_nanos(6 * HOUR)))
            };
            let closed = self.opens.iter().filter(weekend).count();
            let share = closed as f64 / self.opens.len() as f64;
            return if share > 0.15 { Sessions::Always } else { Sessions::NewYork };
        }
        let night = self.opens.iter().filter(|open| is_night(**open)).count();
        let share = night as f64 / self.opens.len() as f64;
        if share > ELSEWHERE && !self.is_shifted(days) {
            Sessions::Always
        } else {
            Sessions::NewYork
        }
    }

    /// Whether the data is that of New York by a wrong clock: each day within some hours.
    fn is_shifted(&self, days: &[TradingDay]) -> bool {
        let by_day = self.opens.chunk_by(|one, next| next.since(*one).nanos() < 4 * HOUR);
        let (mut fits, mut all) = (0, 0);
        for day in by_day {
            all += 1;
            let (Some(first), Some(last)) = (day.first(), day.last()) else { continue };
            let lasts = last.since(*first).nanos() + self.length.nanos();
            fits += usize::from(lasts <= 13 * HOUR / 2 + HOUR);
        }
        !days.is_empty() && fits * 10 >= all * 9
    }

    fn daily(&self, days: &[TradingDay]) -> Vec<Finding> {
        let mut found = self.off_days();
        let dates: Vec<u32> =
            self.opens.iter().map(|open| calendar::number_of(calendar::date_of(*open))).collect();
        let mut missing: Vec<&TradingDay> = Vec::new();
        let mut place = 0;
        for day in days {
            while dates.get(place).is_some_and(|date| *date < day.date) {
                place += 1;
            }
            if dates.get(place) == Some(&day.date) {
                self.tell_sessions(&mut missing, place, &mut found);
            } else {
                missing.push(day);
            }
        }
        self.tell_sessions(&mut missing, self.opens.len(), &mut found);
        found
    }

    /// Tells of whole sessions that are missing before a place.
    fn tell_sessions(
        &self,
        missing: &mut Vec<&TradingDay>,
        place: usize,
        found: &mut Vec<Finding>,
    ) {
        if let (Some(first), Some(last)) = (missing.first(), missing.last()) {
            let text = missing_sessions(missing.len(), first, last);
            found.push(finding("missing_sessions", self.row(place), first.open, text));
        }
        missing.clear();
    }

    /// Daily bars on days without a session: usually stamped in another zone.
    fn off_days(&self) -> Vec<Finding> {
        let off = |open: &Timestamp| day_kind(calendar::date_of(*open)) == DayKind::Closed;
        let places: Vec<usize> =
            (0..self.opens.len()).filter(|place| self.opens.get(*place).is_some_and(off)).collect();
        let Some(first) = places.first().and_then(|place| Some((*place, *self.opens.get(*place)?)))
        else {
            return Vec::new();
        };
        let utc = self.opens.iter().all(|open| open.nanos().rem_euclid(24 * HOUR) == 0);
        if utc {
            let text = format!(
                "{} stamped with midnight of UTC, which is the evening before in New York; import \
                 them with their dates alone, or with midnight in New York",
                counted(self.opens.len(), "daily bar")
            );
            return vec![finding("time_zone", self.row(0), first.1, text)];
        }
        let text = format!(
            "{} on days without a session, the first on {}",
            counted(places.len(), "bar"),
            calendar::date_of(first.1)
        );
        vec![finding("off_session", self.row(first.0), first.1, text)]
    }

    fn intraday(&self, days: &[TradingDay]) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut missing = Vec::new();
        let mut shifts: Vec<(i64, usize, TradingDay)> = Vec::new();
        let mut place = 0;
        for (index, day) in days.iter().enumerate() {
            let until = days.get(index + 1).map_or(Timestamp::MAX, |next| {
                let middle = next.open.since(day.close).nanos() / 2;
                day.close.plus(Span::from_nanos(middle))
            });
            let begin = place;
            while self.opens.get(place).is_some_and(|open| *open < until) {
                place += 1;
            }
            let bars = self.opens.get(begin..place).unwrap_or_default();
            if bars.is_empty() {
                missing.push(day);
                continue;
            }
            self.tell_sessions(&mut missing, begin, &mut found);
            match self.shift(day, bars) {
                Some(hours) => shifts.push((hours, begin, *day)),
                None => found.extend(self.gaps_of_day(day, bars, begin)),
            }
        }
        found.extend(self.tell_shifts(&shifts));
        found
    }

    /// By how many hours the bars of a day lie beside its session, when they fill it but for that.
    fn shift(&self, day: &TradingDay, bars: &[Timestamp]) -> Option<i64> {
        let inside = |hours: i64| {
            let by = Span::from_nanos(hours * HOUR);
            let (open, close) = (day.open.plus(by), day.close.plus(by));
            bars.iter().filter(|bar| open <= **bar && **bar < close).count()
        };
        let right = inside(0);
        // Bars of extended hours do not tell.
        let lasts = bars.last()?.since(*bars.first()?).nanos() + self.length.nanos();
        let session = day.close.since(day.open).nanos();
        if lasts > session || bars.len() < 5 {
            return None;
        }
        let best = SHIFTS.max_by_key(|hours| (inside(*hours), -hours.abs()))?;
        (best != 0 && inside(best) > right).then_some(best)
    }

    fn tell_shifts(&self, shifts: &[(i64, usize, TradingDay)]) -> Vec<Finding> {
        let same =
            |one: &(i64, usize, TradingDay), next: &(i64, usize, TradingDay)| one.0 == next.0;
        let runs = shifts.chunk_by(same).filter(|run| run.len() >= SHIFTED_DAYS);
        let told = runs.filter_map(|run| {
            let ((hours, place, first), (.., last)) = (run.first()?, run.last()?);
            let text = shifted_sessions(run.len(), date(first), date(last), *hours);
            let time = *self.opens.get(*place)?;
            Some(finding("time_zone", self.row(*place), time, text))
        });
        told.collect()
    }

    /// The bars of the regular session that a day lacks.
    fn gaps_of_day(&self, day: &TradingDay, bars: &[Timestamp], begin: usize) -> Option<Finding> {
        let (mut lacking, mut first, mut row) = (0_usize, None, 0);
        let mut expected = day.open;
        let within = bars.partition_point(|bar| *bar < day.open);
        // Hourly bars may be counted from the full hour or from the open.
        if let Some(bar) = bars.get(within) {
            let off = bar.since(day.open).nanos().rem_euclid(self.length.nanos());
            expected = expected.plus(Span::from_nanos(off));
        }
        let mut place = within;
        // What lies before the first and behind the last bar is not part of the data.
        let (start, end) = (self.opens.first()?, self.opens.last()?);
        while expected < *start {
            expected = expected.plus(self.length);
        }
        while expected < day.close && expected <= *end {
            if bars.get(place) == Some(&expected) {
                place += 1;
            } else if bars.get(place).is_some_and(|bar| *bar < expected) {
                place += 1;
                continue;
            } else {
                lacking += 1;
                if first.is_none() {
                    (first, row) = (Some(expected), self.row(begin + place));
                }
            }
            expected = expected.plus(self.length);
        }
        let first = first?;
        let text = format!(
            "{} of the regular session of {} missing, the first at {}; nothing was traded, or the \
             source lost them",
            counted(lacking, "bar"),
            date(day),
            clock(first)
        );
        Some(finding("gap", row, first, text))
    }

    /// A market without sessions: what is missing, but for weekends, by day.
    fn around_the_clock(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = Vec::new();
        let has_weekends = self.opens.iter().any(|open| is_weekend(*open));
        let never_closes = has_weekends
            && self.opens.windows(2).all(|pair| match pair {
                [one, next] => !spans_weekend(*one, *next),
                _ => true,
            });
        let mut today: Option<(i64, usize, usize, Timestamp)> = None;
        for (place, pair) in self.opens.windows(2).enumerate() {
            let [one, next] = pair else { continue };
            let lacking = next.since(*one).nanos() / self.length.nanos().max(1) - 1;
            if lacking < 1 || (!never_closes && spans_weekend(*one, *next)) {
                continue;
            }
            let (day, lacking) = (one.nanos().div_euclid(24 * HOUR), lacking as usize);
            let begins = one.plus(self.length);
            today = match today {
                Some((date, count, at, first)) if date == day => {
                    Some((date, count + lacking, at, first))
                }
                other => {
                    found.extend(other.map(|other| self.lacking(other)));
                    Some((day, lacking, place + 1, begins))
                }
            };
        }
        found.extend(today.map(|today| self.lacking(today)));
        found
    }

    fn lacking(&self, (_, count, place, first): (i64, usize, usize, Timestamp)) -> Finding {
        let text = format!(
            "{} missing, the first at {}; nothing was traded, or the source lost them",
            counted(count, "bar"),
            clock(first)
        );
        finding("gap", self.row(place), first, text)
    }
}

/// Says that so many sessions have no row.
pub(super) fn missing_sessions(count: usize, first: &TradingDay, last: &TradingDay) -> String {
    let (from, to) = (date(first), date(last));
    let between = if from == to { format!("on {from}") } else { format!("from {from} to {to}") };
    format!("{} missing {between}", counted(count, "session"))
}

/// Says that so many sessions lie beside their hours.
pub(super) fn shifted_sessions(
    count: usize,
    from: calendar::Date,
    to: calendar::Date,
    hours: i64,
) -> String {
    let way = if hours > 0 { "late" } else { "early" };
    format!(
        "{} from {from} to {to} is {} {way}: the clock or the time zone of these rows is wrong",
        counted(count, "session"),
        counted(hours.unsigned_abs() as usize, "hour"),
    )
}

fn date(day: &TradingDay) -> calendar::Date {
    calendar::date_of(day.open)
}

/// Hours and minutes of UTC.
pub(super) fn clock(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}Z", text.get(11..16).unwrap_or_default())
}

/// Between eight in the evening and four in the morning in New York, or on a weekend.
fn is_night(at: Timestamp) -> bool {
    let date = calendar::date_of(at);
    let hour = at.since(calendar::midnight(date)).nanos() / HOUR;
    !(4..20).contains(&hour) || is_weekend(at)
}

pub(super) fn is_weekend(at: Timestamp) -> bool {
    use jiff::civil::Weekday;
    matches!(calendar::date_of(at).weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Whether a gap holds a Saturday's noon in New York.
pub(super) fn spans_weekend(from: Timestamp, to: Timestamp) -> bool {
    if to.since(from) > Span::from_secs(4 * 86_400) {
        return false;
    }
    calendar::days(calendar::date_of(from), calendar::date_of(to)).any(|date| {
        let noon = calendar::midnight(date).plus(Span::from_nanos(12 * HOUR));
        date.weekday() == jiff::civil::Weekday::Saturday && from < noon && noon < to
    })
}
