//! Which kills there are, and how they went.

use crate::judge::{self, Books, judge, outline, record};
use crate::life::{COMMANDS, Hit, Life, Venue};
use std::collections::BTreeMap;
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

/// Runs at once; a session at a pace mostly waits.
const WORKERS: usize = 2;
const WORKERS_AT_A_PACE: usize = 6;

/// A place and a kind of order.
pub struct Cell {
    pub kind: &'static str,
    pub place: &'static str,
    pub kills: usize,
    pub problems: Vec<String>,
}

impl Cell {
    fn of<'a>(
        kind: &'static str,
        place: &'static str,
        struck: impl Iterator<Item = &'a Struck>,
    ) -> Self {
        let mut cell = Self { kind, place, kills: 0, problems: Vec::new() };
        for struck in struck.filter(|struck| !matches!(struck, Struck::Missed)) {
            cell.kills += 1;
            if let Struck::Wrong(problem) = struck {
                cell.problems.push(problem.clone());
            }
        }
        cell
    }
}

/// A session that is to be killed.
struct Victim {
    venue: Venue,
    kind: &'static str,
    /// Where it was killed once before, when what is struck is its way back.
    before: Option<(&'static str, u64)>,
    /// The counts of the hits at which to kill it, by place.
    hits: BTreeMap<&'static str, Vec<u64>>,
    /// What it comes to.
    outcome: Vec<String>,
}

impl Victim {
    /// Of a session that nobody disturbs: the hits about the chosen order.
    fn trading(venue: Venue, kind: &'static str) -> Self {
        let mut life = Life::new(venue, kind);
        let trace = life.traced().unwrap_or_else(|error| panic!("{kind}: {error}"));
        let books = Books::read(&life).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let outcome = outline(&books, &record(&mut life).unwrap());
        judge(&mut life, &outcome).unwrap_or_else(|wrong| panic!("{kind}, undisturbed: {wrong}"));
        let hits = during(&books.trading, &trace);
        Self { venue, kind, before: None, hits, outcome }
    }

    /// The same session on its way back after a kill between its order and the answer.
    fn coming_back(self) -> Self {
        let before = ("send.after", self.hits["send.after"][0]);
        let life = Life::new(self.venue, self.kind);
        life.kill_at(before.0, before.1).unwrap();
        let trace = life.traced().unwrap_or_else(|error| panic!("{}: {error}", self.kind));
        let books = Books::read(&life).unwrap();
        Self { before: Some(before), hits: during(&books.recovery, &trace), ..self }
    }

    /// Kills a session at a hit and lets it come to its end.
    fn strike(&self, place: &str, count: u64) -> Struck {
        let mut life = Life::new(self.venue, self.kind);
        let first = self.before.map_or(Ok(()), |(place, count)| life.kill_at(place, count));
        let struck = first.and_then(|()| life.kill_at(place, count));
        let had_ended = || Books::read(&life).is_ok_and(|books| books.trading.until.is_some());
        if self.venue == Venue::Paced && (struck.is_err() || had_ended()) {
            return Struck::Missed;
        }
        let ended = struck.and_then(|()| life.finish());
        let Err(wrong) = ended.and_then(|()| judge(&mut life, &self.outcome)) else {
            return Struck::Survived;
        };
        let again = if self.before.is_some() { " on its way back" } else { "" };
        let (venue, kind, kept) = (self.venue, self.kind, life.keep());
        Struck::Wrong(format!(
            "{kind}, {venue:?}, killed at {place}:{count}{again}, see {kept}\n  {wrong}"
        ))
    }
}

/// How a kill went.
enum Struck {
    /// Nothing was wrong afterwards.
    Survived,
    /// At a pace no two sessions pass the same places: this one did not come there so often, or only
    /// after its end.
    Missed,
    /// What was wrong.
    Wrong(String),
}

/// The hits that belong to a part of a session. One about an order belongs to the part of that order; any
/// other, from when a record of the part was taken in until one that is none of it was: at a pace
/// an answer comes when other things have happened since its request.
fn during(part: &judge::Part, trace: &[Hit]) -> BTreeMap<&'static str, Vec<u64>> {
    let mut hits: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    let (mut is_during, mut has_begun, mut has_ended) = (false, false, false);
    for hit in trace {
        if hit.place == "append.before" {
            is_during = part.records.contains(&hit.number);
            has_begun |= hit.number >= part.from;
            has_ended |= part.until.is_some_and(|until| hit.number >= until);
        }
        let is_of_order = ["send", "answer", "report"].iter().any(|at| hit.place.starts_with(at));
        let belongs = match is_of_order && hit.number > 0 && !part.orders.is_empty() {
            true => has_begun && !has_ended && part.orders.contains(&hit.number),
            false => is_during,
        };
        if belongs && let Some(place) = PLACES.iter().find(|place| **place == hit.place) {
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
    let victim = Victim::trading(venue, kind);
    let counts = &victim.hits[place];
    let count = counts[percent * (counts.len() - 1) / 100];
    Cell::of(kind, place, [&victim.strike(place, count)].into_iter())
}

/// What of a session is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The order's life.
    Trading,
    /// Its way back after a kill between an order and its answer.
    ComingBack,
}

/// Every place of every kind, at these venues; so many kills of each at most.
pub fn whole(part: Part, kinds: &[&'static str], venues: &[Venue], kills: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    for kind in kinds {
        let all = venues.iter().map(|venue| {
            let trading = Victim::trading(*venue, kind);
            if part == Part::Trading { trading } else { trading.coming_back() }
        });
        let all: Vec<Victim> = all.collect();
        all[0].outcome.iter().for_each(|order| eprintln!("{kind}: {order}"));
        let mut row = Vec::new();
        for victim in &all {
            for place in PLACES {
                let counts = victim.hits.get(place).map_or(&[][..], Vec::as_slice);
                row.extend(spread(counts, kills).into_iter().map(|at| (victim, place, at)));
            }
        }
        let struck = strike_all(&row);
        for place in PLACES {
            let mine = struck.iter().filter(|(struck, _)| *struck == place);
            cells.push(Cell::of(kind, place, mine.map(|(_, struck)| struck)));
        }
        eprintln!("{kind}: {} kills", row.len());
    }
    cells
}

type Kill<'a> = (&'a Victim, &'static str, u64);

/// Strikes them all, a few at a time.
fn strike_all(kills: &[Kill<'_>]) -> Vec<(&'static str, Struck)> {
    let is_paced = kills.iter().any(|(victim, ..)| victim.venue == Venue::Paced);
    let workers = if is_paced { WORKERS_AT_A_PACE } else { WORKERS };
    let left = Mutex::new(kills.iter());
    let struck = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some((victim, place, count)) = next else { return };
                    let went = victim.strike(place, *count);
                    struck.lock().unwrap().push((*place, went));
                }
            });
        }
    });
    struck.into_inner().unwrap()
}

/// Kinds down, places across; how many kills each cell had, and after how many something was wrong.
/// A dash is a place that is not passed.
pub fn table(cells: &[Cell]) -> String {
    let mut text = format!("| order | {} |\n", PLACES.join(" | "));
    text += &format!("| --- |{}\n", " --- |".repeat(PLACES.len()));
    let rows = KINDS.iter().chain(&COMMANDS);
    for kind in rows.filter(|kind| cells.iter().any(|cell| cell.kind == **kind)) {
        let _ = write!(text, "| {kind} |");
        for place in PLACES {
            let mine = cells.iter().filter(|cell| cell.kind == *kind && cell.place == place);
            let kills: usize = mine.clone().map(|cell| cell.kills).sum();
            match mine.map(|cell| cell.problems.len()).sum::<usize>() {
                0 if kills == 0 => write!(text, " – |"),
                0 => write!(text, " {kills} |"),
                wrong => write!(text, " {wrong} of {kills} WRONG |"),
            }
            .unwrap();
        }
        text.push('\n');
    }
    text
}
