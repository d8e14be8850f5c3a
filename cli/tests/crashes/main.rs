//! The crash matrix: the release binary is killed by its parent at named places of a scripted
//! session, for each kind of order, and must come back with nothing doubled and nothing lost.
//!
//! Without arguments it strikes a few kills, as a test. `--whole` strikes at every place of every
//! kind and prints the table: `--coming-back` on the way back after a first kill, `--venue paced` at
//! a pace instead of in lock step, `--operator` at what an operator's commands lead to, `--kind KIND` for
//! one kind, `--kills N` so many in a cell.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

#[path = "../common/mod.rs"]
mod common;
mod data;
mod judge;
mod life;
mod matrix;

use life::{COMMANDS, Venue};
use matrix::{Cell, KINDS, Part};

/// The kills of the test: a kind, a place, and how far into the life of the order, in percent.
const FEW: [(&str, &str, usize); 8] = [
    ("market", "send.before", 0),
    ("bracket", "send.after", 0),
    ("oco", "fsync.before", 50),
    ("oto", "report.before", 100),
    ("stop", "append.after", 50),
    ("replace", "answer.before", 50),
    ("notional", "write.before", 100),
    ("cancel", "send.after", 100),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let told = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let is_whole = arguments.iter().any(|argument| argument == "--whole");
    let is_operated = arguments.iter().any(|argument| argument == "--operator");
    let all = if is_operated { &COMMANDS[..] } else { &KINDS };
    let wanted = told("--kind");
    let is_wanted = |kind: &&&str| wanted.as_ref().is_none_or(|wanted| wanted == **kind);
    let kinds: Vec<&str> = all.iter().filter(is_wanted).copied().collect();
    // The most kills in a cell, spread over the order's life.
    let kills = told("--kills").map_or(usize::MAX, |text| text.parse().unwrap());
    let venues = match told("--venue").as_deref() {
        // An operator is there at a pace alone.
        _ if is_operated => vec![Venue::Paced],
        Some("embedded") => vec![Venue::Embedded],
        Some("process") => vec![Venue::Process],
        Some("paced") => vec![Venue::Paced],
        _ => vec![Venue::Embedded, Venue::Process],
    };
    let part = match arguments.iter().any(|argument| argument == "--coming-back") {
        true => Part::ComingBack,
        false => Part::Trading,
    };
    let cells = if is_whole { matrix::whole(part, &kinds, &venues, kills) } else { few() };
    print!("{}", matrix::table(&cells));
    let broken: Vec<String> = cells.iter().flat_map(|cell| cell.problems.clone()).collect();
    broken.iter().for_each(|problem| eprintln!("{problem}"));
    let kills: usize = cells.iter().map(|cell| cell.kills).sum();
    println!("\n{kills} kills, {} after which something was wrong", broken.len());
    if !broken.is_empty() || kills == 0 {
        std::process::exit(1);
    }
}

fn few() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (number, (kind, place, percent)) in FEW.into_iter().enumerate() {
        let venue = if number % 2 == 0 { Venue::Embedded } else { Venue::Process };
        cells.push(matrix::one(venue, kind, place, percent));
    }
    cells.push(matrix::one(Venue::Paced, "flatten", "send.after", 50));
    cells
}
