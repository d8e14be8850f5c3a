//! Whether a soak came out as it must, with its figures.

use crate::evidence::{Journalled, STREAMS};
use crate::plan::{Plan, SYMBOLS};
use crate::processes::Sample;
use runtime::session::Summary;
use std::fmt::Write;

/// A session's resident memory must stay under this.
const MOST_RESIDENT: u64 = 100_000_000;
/// And may grow by this much in a trading day at most, once it is warm.
const MOST_GROWTH: f64 = 2_000_000.0;
/// The books are compared every thirty seconds of the market, and a quarter as often while requests are
/// short; or nobody has looked for differences.
const LONGEST_PAUSE: u64 = 120;
/// Seconds of a trading day.
const DAY: f64 = 390.0 * 60.0;

/// Everything that was found out.
pub struct Verdict {
    /// What was run.
    pub plan: &'static Plan,
    /// Rows of market data.
    pub rows: usize,
    /// What cannot be in the exchange's record.
    pub findings: Vec<String>,
    /// What the session did wrong by it, or says that is not so.
    pub breaches: Vec<String>,
    /// Whether every checksum of the journal holds.
    pub is_whole: bool,
    /// Whether the journal decides the same again.
    pub is_equal: bool,
    /// The session's own summary.
    pub summary: Summary,
    /// What its journal holds.
    pub journalled: Journalled,
    /// Its memory.
    pub samples: Vec<Sample>,
}

struct Line {
    what: String,
    found: String,
    holds: bool,
}

impl Verdict {
    /// Whether everything is as it must be.
    pub fn holds(&self) -> bool {
        self.lines().iter().all(|line| line.holds)
    }

    /// What must hold, what was found, and the other figures.
    pub fn table(&self) -> String {
        let mut text = String::from("| what must hold | found | |\n| --- | --- | --- |\n");
        for Line { what, found, holds } in self.lines() {
            let word = if holds { "yes" } else { "NO" };
            let _ = writeln!(text, "| {what} | {found} | {word} |");
        }
        text.push('\n');
        for line in self.facts() {
            let _ = writeln!(text, "- {line}");
        }
        for problem in self.findings.iter().chain(&self.breaches) {
            let _ = writeln!(text, "- WRONG: {problem}");
        }
        text
    }

    fn lines(&self) -> Vec<Line> {
        let times = |kind| self.journalled.events.get(kind).copied().unwrap_or(0);
        let back = &self.journalled.back;
        let came_back =
            |stream| back.get(stream).is_some_and(|times| *times >= self.plan.reconnects);
        let (closes, wanted) = (self.closes(), self.plan.closes as u64);
        // A look itself has a second of the machine's time, which is many of the market's here.
        let pause = LONGEST_PAUSE + u64::from(self.plan.speed);
        let looks = self.plan.minutes as u64 * 60 / pause;
        let mebi = |bytes: f64| format!("{:.1} MB", bytes / 1e6);
        let line = |what: String, found: String, holds| Line { what, found, holds };
        vec![
            line(
                format!("resident memory below {}", mebi(MOST_RESIDENT as f64)),
                mebi(self.most_resident() as f64),
                (1..MOST_RESIDENT).contains(&self.most_resident()),
            ),
            line(
                format!("growth once warm below {} a trading day", mebi(MOST_GROWTH)),
                mebi(self.growth()),
                // A soak of minutes is never warm.
                self.plan.closes < 3 || self.growth() < MOST_GROWTH,
            ),
            line(
                format!("each stream reconnected {} times or more", self.plan.reconnects),
                back.iter()
                    .map(|(of, times)| format!("{of} {times}"))
                    .collect::<Vec<_>>()
                    .join(", "),
                STREAMS.into_iter().all(came_back),
            ),
            line(
                format!("{wanted} ends of a session or more"),
                closes.to_string(),
                closes >= wanted,
            ),
            line(
                format!("books compared {looks} times or more, once in {pause} s of the market"),
                times("reconciled").to_string(),
                times("reconciled") >= looks,
            ),
            line(
                "no difference".into(),
                times("difference_found").to_string(),
                times("difference_found") == 0,
            ),
            line(
                "the exchange's record is sound".into(),
                format!("{} findings", self.findings.len()),
                self.findings.is_empty(),
            ),
            line(
                "every order and the books are as the exchange has them".into(),
                format!("{} breaches", self.breaches.len()),
                self.breaches.is_empty(),
            ),
            line(
                "the session ends flat, and traded".into(),
                format!("{} held, {} fills", self.summary.positions.len(), self.summary.fills),
                self.summary.positions.is_empty() && self.summary.fills > 0,
            ),
            line("`journal verify`".into(), self.is_whole.to_string(), self.is_whole),
            line("`replay --verify`".into(), self.is_equal.to_string(), self.is_equal),
        ]
    }

    fn facts(&self) -> Vec<String> {
        let orders = &self.summary.orders;
        let seconds = self.samples.last().map_or(0.0, |sample| sample.at);
        let mut facts = vec![
            format!(
                "{SYMBOLS} symbols, {} bars and quotes from a seed, {} times as fast as they happened, {seconds:.0} s",
                self.rows, self.plan.speed
            ),
            format!(
                "{} orders sent, {} fills, {} denied by risk, {} inputs, {:.1} MB of journal",
                orders.sent,
                self.summary.fills,
                orders.denied,
                self.summary.inputs,
                self.summary.journal_bytes as f64 / 1e6
            ),
        ];
        let alerts = self.journalled.alerts.iter();
        let alerts: Vec<String> = alerts.map(|(code, times)| format!("{code} {times}")).collect();
        facts.push(format!(
            "alerts: {}",
            if alerts.is_empty() { "none".into() } else { alerts.join(", ") }
        ));
        facts.push(format!("resident memory in tenths of the time: {}", self.course()));
        facts
    }

    /// Trading days that began after the first.
    fn closes(&self) -> u64 {
        self.journalled.events.get("day_started").copied().unwrap_or(0).saturating_sub(1)
    }

    fn most_resident(&self) -> u64 {
        self.samples.iter().map(|sample| sample.resident).max().unwrap_or(0)
    }

    /// The slope of memory by least squares, in bytes a trading day, once it is warm.
    fn growth(&self) -> f64 {
        let skipped = self.samples.len() * self.plan.warm_up / 100;
        let warm: Vec<(f64, f64)> = self
            .samples
            .iter()
            .skip(skipped)
            .map(|sample| (sample.at * f64::from(self.plan.speed) / DAY, sample.resident as f64))
            .collect();
        let count = warm.len() as f64;
        let (x, y) = warm.iter().fold((0.0, 0.0), |(x, y), (at, bytes)| (x + at, y + bytes));
        let (x, y) = (x / count, y / count);
        let (mut above, mut below) = (0.0, 0.0);
        for (at, bytes) in &warm {
            above += (at - x) * (bytes - y);
            below += (at - x) * (at - x);
        }
        if below > 0.0 { above / below } else { 0.0 }
    }

    /// The highest memory of each tenth of the time.
    fn course(&self) -> String {
        let tenth = self.samples.len().div_ceil(10).max(1);
        let most = self
            .samples
            .chunks(tenth)
            .filter_map(|part| part.iter().map(|sample| sample.resident).max());
        let texts: Vec<String> = most.map(|bytes| format!("{:.1}", bytes as f64 / 1e6)).collect();
        format!("{} MB", texts.join(", "))
    }
}
