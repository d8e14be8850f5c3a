//! SIGKILL at seeded moments, from the parent: nothing is accepted twice, no fill is lost.
//!
//! A moment is a number of lines in the exchange's own log, so it depends on no clock. In some
//! rounds the exchange keeps back the answer to an order that it has accepted, and the kill comes
//! between the two.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{User, write_bars};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const KILLS: u32 = 50;
/// Minutes of data: two weeks.
const MINUTES: u32 = 10 * 390;
const PATIENCE: Duration = Duration::from_secs(60);

/// SplitMix64: a few numbers from a seed.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// A child that does not outlive the test.
struct Running(Child);

impl Running {
    fn start(mut command: Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The exchange's log: what it has accepted, and how far it is.
fn log_lines(state: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(state).into_iter().flatten().flatten();
    let mut lines = Vec::new();
    for path in entries.map(|entry| entry.path()) {
        if path.extension().is_some_and(|ext| ext == "jsonl") {
            lines.extend(std::fs::read_to_string(path).unwrap().lines().map(str::to_owned));
        }
    }
    lines
}

fn submits(state: &Path) -> usize {
    log_lines(state).iter().filter(|line| line.contains("\"submit\"")).count()
}

/// Waits for a condition of the log, or the end of the process; `false` for the end.
fn reached(running: &mut Running, condition: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while !condition() {
        if running.has_ended() {
            return false;
        }
        assert!(begun.elapsed() < PATIENCE, "the session does not get on");
        std::thread::yield_now();
    }
    true
}

/// Where the session trades, and where the exchange keeps its log.
struct Venue {
    exchange: Option<(Running, String)>,
    state: PathBuf,
    files: Vec<String>,
}

/// Every how many orders the exchange of its own keeps back an answer.
const HELD: usize = 7;

fn session(user: &User, venue: &Venue, hold: bool) -> Command {
    let mut args = vec!["paper", "--json", "--until-end", "--data-dir", "d"];
    args.extend(["--param", "fast=3", "--param", "slow=8"]);
    if let Some((_, url)) = &venue.exchange {
        args.extend(["--symbols", "AAA,BBB"]);
        let mut command = user.command(&args);
        command.env("APCA_API_BASE_URL", url).env("APCA_API_DATA_URL", url);
        command.env("APCA_API_STREAM_URL", url.replace("http", "ws"));
        command.env("APCA_API_KEY_ID", "KEY").env("APCA_API_SECRET_KEY", "SECRET");
        return command;
    }
    args.extend(["--speed", "max"]);
    if hold {
        args.extend(["--set", "exchange.faults=hold_each.toml"]);
    }
    args.push("--data");
    args.extend(venue.files.iter().map(String::as_str));
    user.command(&args)
}

fn exchange(user: &User, files: &[String], hold: bool) -> (Running, String) {
    let mut args = vec!["exchange", "--listen", "127.0.0.1:0", "--speed", "max", "--state", "x"];
    args.extend(["--key", "KEY", "--secret", "SECRET"]);
    if hold {
        args.extend(["--faults", "hold_some.toml"]);
    }
    args.push("--data");
    args.extend(files.iter().map(String::as_str));
    let mut command = user.command(&args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Running(child), line.trim().rsplit(' ').next().unwrap().to_owned())
}

/// One round: starts the session and kills it at a moment; says whether the kill came between the
/// acceptance of an order and its answer.
fn strike(user: &User, venue: &Venue, hold: bool, lines: usize) -> bool {
    let (before, accepted) = (log_lines(&venue.state).len(), submits(&venue.state));
    let between = || {
        let now = submits(&venue.state);
        now > accepted && (hold || venue.exchange.is_some() && now.is_multiple_of(HELD))
    };
    let mut running = Running::start(session(user, venue, hold));
    let struck = reached(&mut running, || {
        between() || !hold && log_lines(&venue.state).len() >= before + lines
    });
    assert!(struck, "the data ended before all kills were struck");
    let was_between = between();
    running.kill();
    was_between
}

/// Scripts that keep back the answer to each new order, and to some.
fn write_faults(user: &User) {
    let hold = "[[fault]]\non = 'submit'\ninject = 'hang'\ncarried_out = true\ntimes = 'all'\n";
    std::fs::write(user.path("hold_each.toml"), hold).unwrap();
    let some = format!("{hold}nth = {HELD}\nevery = {HELD}\n");
    std::fs::write(user.path("hold_some.toml"), some).unwrap();
}

/// Kills the session again and again, lets it end, and compares both sides.
fn prove(user: &User, mut venue: Venue, seed: u64) {
    let mut seeded = Seeded(seed);
    let mut between = 0;
    for round in 0..KILLS {
        let hold = venue.exchange.is_none() && round % 5 == 4;
        let lines = 1 + usize::try_from(seeded.below(24)).unwrap();
        between += u32::from(strike(user, &venue, hold, lines));
    }
    assert!(between > 0, "no kill came between the acceptance of an order and its answer");
    if let Some((running, _)) = venue.exchange.take() {
        // The exchange is killed too, and comes back from its log.
        running.kill();
        venue.exchange = Some(exchange(user, &venue.files, false));
    }
    let ended = common::Ended::of(session(user, &venue, false).output().unwrap());
    assert_eq!(ended.code, 0, "{}", ended.err);
    let summary: Value = serde_json::from_str(&ended.out).unwrap();
    compare(user, &venue, &summary);
}

/// The exchange's record against ours.
fn compare(user: &User, venue: &Venue, summary: &Value) {
    assert_eq!(summary["cash"], summary["broker"]["cash"], "{summary}");
    let quantities = |positions: &Value| -> Vec<(String, Value)> {
        let rows = positions.as_object().unwrap().iter();
        rows.map(|(symbol, row)| (symbol.clone(), row["qty"].clone())).collect()
    };
    assert_eq!(quantities(&summary["positions"]), quantities(&summary["broker"]["positions"]));
    let mut ids = BTreeSet::new();
    for line in log_lines(&venue.state).iter().filter(|line| line.contains("\"submit\"")) {
        let id = line.split("client_order_id\":\"").nth(1).and_then(|rest| rest.split('"').next());
        let id = id.unwrap_or_else(|| panic!("no client order id in {line}"));
        assert!(ids.insert(id.to_owned()), "{id} was accepted twice");
    }
    let sent = summary["orders"]["sent"].as_u64().unwrap();
    assert_eq!(ids.len() as u64 + rejected(summary), sent, "every order sent was accepted once");
    let verified = user.json(&["journal", "verify", "--json", "--data-dir", "d"]);
    assert_eq!(verified["good"], true);
    let replayed = user.json(&["replay", "--verify", "--json", "--data-dir", "d"]);
    assert_eq!(replayed["equal"], true, "{replayed}");
}

fn rejected(summary: &Value) -> u64 {
    summary["orders"]["rejected"].as_u64().unwrap()
}

#[test]
fn with_the_exchange_embedded() {
    let user = User::new();
    write_faults(&user);
    let files = vec![write_bars(&user, "AAA", MINUTES), write_bars(&user, "BBB", MINUTES)];
    let state = user.path("d/exchange");
    prove(&user, Venue { exchange: None, state, files }, 20_240_305);
}

#[test]
fn with_the_exchange_as_a_process_of_its_own() {
    let user = User::new();
    write_faults(&user);
    let files = vec![write_bars(&user, "AAA", MINUTES), write_bars(&user, "BBB", MINUTES)];
    let exchange = Some(exchange(&user, &files, true));
    let state = user.path("x");
    prove(&user, Venue { exchange, state, files }, 7);
}
