//! Which kills there are, and how they went.

use crate::judge::{Books, judge, outline, record};
use crate::life::{Hit, Life, Venue};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Mutex;

/// The kinds of order that have a script, as the strategy names them.
pub const KINDS: [&str; 19] = [
    "market",
    "limit",
    "stop",
    "stop-limit",
    "trail-price",
    "trail-percent",
    "bracket",
    "oco",
    "oto",
    "opg",
    "cls",
    "ioc",
    "fok",
    "notional",
    "fractional",
    "extended",
    "short",
    "replace",
    "cancel",
];

/// The places, in the order of an order's life.
const PLACES: [&str; 12] = [
    "append.before",
    "append.after",
    "write.before",
    "write.after",
    "fsync.before",
    "fsync.after",
    "send.before",
    "send.after",
    "answer.before",
    "answer.after",
    "report.before",
    "report.after",
];

/// Runs at once.
const WORKERS: usize = 2;

/// A place and a kind of order.
pub struct Cell {
    pub kind: &'static str,
    pub place: &'static str,
    pub kills: usize,
    pub problems: Vec<String>,
}

/// A session that nobody disturbs: what it hits, and what it comes to.
struct Undisturbed {
    venue: Venue,
    kind: &'static str,
    /// The counts of the hits about the chosen order, by place.
    hits: BTreeMap<&'static str, Vec<u64>>,
    outcome: Vec<String>,
}

impl Undisturbed {
    fn run(venue: Venue, kind: &'static str) -> Self {
        let mut life = Life::new(venue, kind);
        let trace = life.traced().unwrap_or_else(|error| panic!("{kind}: {error}"));
        let books = Books::read(&life).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let outcome = outline(&record(&mut life).unwrap());
        judge(&mut life, &outcome).unwrap_or_else(|wrong| panic!("{kind}, undisturbed: {wrong}"));
        Self { venue, kind, hits: about_the_order(&trace, &books.concerned), outcome }
    }

    /// Kills a session at a hit, lets it come to its end, and gives what is wrong.
    fn strike(&self, place: &str, count: u64) -> Option<String> {
        let mut life = Life::new(self.venue, self.kind);
        let struck = life.kill_at(place, count);
        let ended = struck.and_then(|()| life.finish());
        let wrong = ended.and_then(|()| judge(&mut life, &self.outcome)).err()?;
        let (venue, kind) = (self.venue, self.kind);
        Some(format!("{kind}, {venue:?}, killed at {place}:{count}\n  {wrong}"))
    }
}

/// The hits in decisions on the chosen order, and in what followed from them.
fn about_the_order(trace: &[Hit], concerned: &BTreeSet<u64>) -> BTreeMap<&'static str, Vec<u64>> {
    let mut hits: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    let mut is_concerned = false;
    for hit in trace {
        if hit.place == "append.before" {
            is_concerned = concerned.contains(&hit.number);
        }
        if is_concerned && let Some(place) = PLACES.iter().find(|place| **place == hit.place) {
            hits.entry(*place).or_default().push(hit.count);
        }
    }
    hits
}

/// So many of them, the first and the last among them.
fn spread(counts: &[u64], kills: usize) -> Vec<u64> {
    if counts.len() <= kills {
        return counts.to_vec();
    }
    (0..kills).map(|number| counts[number * (counts.len() - 1) / (kills - 1).max(1)]).collect()
}

/// One kill, at a hit so far into the order's life.
pub fn one(venue: Venue, kind: &'static str, place: &'static str, percent: usize) -> Cell {
    let undisturbed = Undisturbed::run(venue, kind);
    let counts = &undisturbed.hits[place];
    let count = counts[percent * (counts.len() - 1) / 100];
    let problems = undisturbed.strike(place, count).into_iter().collect();
    Cell { kind, place, kills: 1, problems }
}

/// Every place of every kind, at both venues.
pub fn whole(kinds: &[&'static str], kills: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    for kind in kinds {
        let both = [Venue::Embedded, Venue::Process].map(|venue| Undisturbed::run(venue, kind));
        both[0].outcome.iter().for_each(|order| eprintln!("{kind}: {order}"));
        let mut row = Vec::new();
        for undisturbed in &both {
            for place in PLACES {
                let counts = undisturbed.hits.get(place).map_or(&[][..], Vec::as_slice);
                row.extend(spread(counts, kills).into_iter().map(|at| (undisturbed, place, at)));
            }
        }
        let struck = strike_all(&row);
        for place in PLACES {
            let mine = struck.iter().filter(|(struck, _)| *struck == place);
            let (kills, problems) = (mine.clone().count(), mine.filter_map(|(_, why)| why.clone()));
            cells.push(Cell { kind, place, kills, problems: problems.collect() });
        }
        eprintln!("{kind}: {} kills", row.len());
    }
    cells
}

type Kill<'a> = (&'a Undisturbed, &'static str, u64);

/// Strikes them all, two at a time.
fn strike_all(kills: &[Kill<'_>]) -> Vec<(&'static str, Option<String>)> {
    let left = Mutex::new(kills.iter());
    let struck = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some((undisturbed, place, count)) = next else { return };
                    let wrong = undisturbed.strike(place, *count);
                    struck.lock().unwrap().push((*place, wrong));
                }
            });
        }
    });
    struck.into_inner().unwrap()
}

/// Kinds down, places across; how many kills each cell had, and after how many something was wrong.
pub fn table(cells: &[Cell]) -> String {
    let mut text = format!("| order | {} |\n", PLACES.join(" | "));
    text += &format!("| --- |{}\n", " --- |".repeat(PLACES.len()));
    for kind in KINDS.iter().filter(|kind| cells.iter().any(|cell| cell.kind == **kind)) {
        let _ = write!(text, "| {kind} |");
        for place in PLACES {
            let mine = cells.iter().filter(|cell| cell.kind == *kind && cell.place == place);
            let kills: usize = mine.clone().map(|cell| cell.kills).sum();
            match mine.map(|cell| cell.problems.len()).sum::<usize>() {
                0 => write!(text, " {kills} |"),
                wrong => write!(text, " {wrong} of {kills} WRONG |"),
            }
            .unwrap();
        }
        text.push('\n');
    }
    text
}
