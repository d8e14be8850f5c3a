//! The equity after each step, by the session, and how far it fell from its highest.

use crate::sessions::Sessions;
use kernel::{Cash, Timestamp, TradingDay};

/// Points of the curve that are kept at most when not all are; half of them at least.
const SAMPLES: usize = 2048;

/// The equity at one instant: cash and positions at the last prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EquityPoint {
    /// When.
    pub time: Timestamp,
    /// How much.
    pub equity: Cash,
}

/// The equity at the end of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyPoint {
    /// The session's date as `yyyymmdd`.
    pub date: u32,
    /// The last instant with data.
    pub time: Timestamp,
    /// Cash and positions at the last prices.
    pub equity: Cash,
    /// Long and short positions together at the last prices.
    pub gross: Cash,
}

/// What is remembered of the equity.
pub(crate) struct Equity {
    start: Cash,
    last: EquityPoint,
    highest: Cash,
    worst_fall: f64,
    /// No equity from here on up is a worse fall. The highest until the first fall from it.
    floor: Cash,
    points: Option<Vec<EquityPoint>>,
    steps: u64,
    /// Every point whose number has none of these bits is a sample.
    mask: u64,
    samples: Vec<EquityPoint>,
    sessions: Sessions,
    session: u32,
    session_ends: Timestamp,
    days: Vec<DailyPoint>,
}

impl Equity {
    /// From the equity before the first step; each point is kept if wanted.
    pub(crate) fn new(start: Cash, keep: bool, calendar: &[TradingDay]) -> Self {
        Self {
            start,
            last: EquityPoint { time: Timestamp::MIN, equity: start },
            highest: start,
            worst_fall: 0.0,
            floor: start,
            points: keep.then(Vec::new),
            steps: 0,
            mask: 0,
            samples: Vec::with_capacity(SAMPLES),
            sessions: Sessions::new(calendar),
            session: 0,
            session_ends: Timestamp::MIN,
            days: Vec::with_capacity(calendar.len()),
        }
    }

    /// Whether the session of the last mark is over at an instant.
    #[inline]
    pub(crate) fn session_is_over(&self, time: Timestamp) -> bool {
        time > self.session_ends
    }

    /// The last instant of the session of the last mark.
    #[inline]
    pub(crate) const fn session_ends(&self) -> Timestamp {
        self.session_ends
    }

    /// Closes the session of the last mark, if there was one, and opens that of an instant. What
    /// was booked since the mark counts.
    pub(crate) fn next_session(&mut self, time: Timestamp, equity: Cash, gross: Cash) {
        if self.steps > 0 {
            let (date, time) = (self.session, self.last.time);
            self.days.push(DailyPoint { date, time, equity, gross });
        }
        (self.session, self.session_ends) = self.sessions.of(time);
    }

    /// Takes the last point back and marks the instant anew, as fees of the end came after it, and
    /// closes the session.
    pub(crate) fn finish(&mut self, time: Timestamp, equity: Cash, gross: Cash) {
        if let Some(points) = &mut self.points {
            points.pop();
        }
        self.mark(time, equity);
        self.steps -= 1;
        let last = self.last;
        if self.samples.last().is_none_or(|sample| sample.time < last.time) {
            self.samples.push(last);
        }
        self.next_session(time, equity, gross);
    }

    #[inline]
    pub(crate) fn mark(&mut self, time: Timestamp, equity: Cash) {
        self.last = EquityPoint { time, equity };
        if self.steps & self.mask == 0 {
            self.sample();
        }
        self.steps += 1;
        if self.points.is_some() {
            self.keep();
        }
        if equity >= self.highest {
            (self.highest, self.floor) = (equity, equity);
        } else if equity < self.floor {
            self.fall_to(equity);
        }
    }

    /// Notes a fall, and how deep the next one must be to be the worst from the same height.
    #[cold]
    fn fall_to(&mut self, equity: Cash) {
        let highest = self.highest.nanos();
        let fall = (highest - equity.nanos()) as f64 / highest as f64;
        self.worst_fall = self.worst_fall.max(fall);
        let deepest = (self.worst_fall * highest as f64) as i64;
        self.floor = Cash::from_nanos(highest.saturating_sub(deepest));
    }

    #[inline(never)]
    fn keep(&mut self) {
        if let Some(points) = &mut self.points {
            points.push(self.last);
        }
    }

    /// Keeps a point; when there are too many, every other one goes, and half as many come.
    #[cold]
    fn sample(&mut self) {
        if self.samples.len() == SAMPLES {
            let mut place = 0;
            self.samples.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.mask = self.mask << 1 | 1;
            if self.steps & self.mask != 0 {
                return;
            }
        }
        self.samples.push(self.last);
    }

    /// Equity at the end.
    pub(crate) const fn last(&self) -> Cash {
        self.last.equity
    }

    /// Equity before the first step.
    pub(crate) const fn start(&self) -> Cash {
        self.start
    }

    /// Steps that were marked.
    pub(crate) const fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether trading never ends.
    pub(crate) fn is_endless(&self) -> bool {
        self.sessions.is_endless()
    }

    /// The deepest fall from a highest equity before it, as a share of that; `None` when the
    /// account held nothing.
    pub(crate) fn max_drawdown(&self) -> Option<f64> {
        self.highest.is_positive().then_some(self.worst_fall)
    }

    /// What the equity grew by, as a share of what it was; `None` when it was nothing.
    pub(crate) fn total_return(&self) -> Option<f64> {
        let grown = self.last.equity.checked_sub(self.start)?;
        self.start.is_positive().then(|| grown.to_f64() / self.start.to_f64())
    }

    /// Every point when all were kept, the samples, and the sessions.
    pub(crate) fn into_points(self) -> (Vec<EquityPoint>, Vec<EquityPoint>, Vec<DailyPoint>) {
        (self.points.unwrap_or_default(), self.samples, self.days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(whole: i64) -> Cash {
        Cash::from_whole(whole).unwrap()
    }

    fn equity(points: &[i64]) -> Equity {
        let mut equity = Equity::new(usd(points[0]), true, &[]);
        for (second, point) in (0..).zip(points) {
            equity.mark(Timestamp::from_secs(second), usd(*point));
        }
        equity
    }

    #[test]
    fn the_deepest_fall_counts_from_the_highest_before_it() {
        assert_eq!(equity(&[100, 120, 90, 200, 160]).max_drawdown(), Some(0.25));
        assert_eq!(equity(&[100, 101, 102]).max_drawdown(), Some(0.0));
        assert_eq!(equity(&[0, 0]).max_drawdown(), None);
    }

    #[test]
    fn the_return_is_a_share_of_the_start() {
        assert_eq!(equity(&[100, 50, 150]).total_return(), Some(0.5));
        assert_eq!(equity(&[0, 10]).total_return(), None);
        assert_eq!(equity(&[100, 50, 150]).into_points().0.len(), 3);
    }

    #[test]
    fn samples_stay_few_and_evenly_spread() {
        let mut equity = Equity::new(usd(1), false, &[]);
        for second in 0..100_000 {
            equity.mark(Timestamp::from_secs(second), usd(second));
        }
        equity.finish(Timestamp::from_secs(99_999), usd(7), usd(0));
        assert_eq!(equity.steps(), 100_000);
        let (_, samples, days) = equity.into_points();
        assert!((SAMPLES / 2..=SAMPLES + 1).contains(&samples.len()), "{}", samples.len());
        let gaps = samples.windows(2).map(|pair| pair[1].time.since(pair[0].time));
        let gaps: Vec<i64> = gaps.map(|gap| gap.nanos() / 1_000_000_000).collect();
        assert!(gaps.iter().rev().skip(1).all(|gap| *gap == 64), "{gaps:?}");
        assert_eq!(samples.last().unwrap().equity, usd(7));
        assert_eq!((days.len(), days[0].equity), (1, usd(7)));
    }

    #[test]
    fn a_session_is_closed_with_what_was_booked_after_its_last_mark() {
        let mut equity = Equity::new(usd(100), false, &[]);
        let day = 86_400;
        for (second, value) in [(10, 100), (20, 110), (day + 10, 105)] {
            let time = Timestamp::from_secs(second);
            if equity.session_is_over(time) {
                equity.next_session(time, usd(109), usd(50));
            }
            equity.mark(time, usd(value));
        }
        equity.finish(Timestamp::from_secs(day + 10), usd(104), usd(0));
        let (.., days) = equity.into_points();
        let told: Vec<_> = days.iter().map(|day| (day.date, day.equity, day.gross)).collect();
        assert_eq!(told, [(19_700_101, usd(109), usd(50)), (19_700_102, usd(104), usd(0))]);
        assert_eq!(days[0].time, Timestamp::from_secs(20));
    }
}
