//! Running the built binary as a user would, in a home of its own.
#![allow(dead_code, reason = "each test file uses its own part of the bench")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A user with an empty home and no keys.
pub struct User {
    home: tempfile::TempDir,
}

/// How a command ended.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl User {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// The binary with arguments, nothing of this machine's environment that could matter.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
        command.args(args).current_dir(self.home.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars() {
            if ["APCA_", "ALPHA_VANTAGE_", "TRADEWIND_"].iter().any(|ours| name.starts_with(ours)) {
                command.env_remove(name);
            }
        }
        command.env("HOME", self.home.path()).env_remove("XDG_DATA_HOME");
        command.env_remove("XDG_RUNTIME_DIR");
        command
    }

    pub fn run(&self, args: &[&str]) -> Ended {
        Ended::of(self.command(args).output().unwrap())
    }

    /// Runs a command that must succeed with one JSON object.
    pub fn json(&self, args: &[&str]) -> Value {
        let ended = self.run(args);
        assert_eq!(ended.code, 0, "{args:?}: {}", ended.err);
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {}", ended.out))
    }
}

impl Ended {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The last line on standard error: what a user is told of a failure.
    pub fn sentence(&self) -> &str {
        self.err.trim_end().lines().last().unwrap_or("")
    }
}

/// The real market data, or a loud word that tests on it were skipped.
pub fn market_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TRADEWIND_TEST_DATA").map(PathBuf::from);
    let folder = folder.filter(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("SKIPPED: {test}: TRADEWIND_TEST_DATA does not name the folder of market data");
    }
    folder
}

pub fn bars(folder: &Path, name: &str) -> String {
    folder.join("bars/1Min").join(name).display().to_string()
}

/// Minute bars that rise and fall, so that crossovers happen, from Monday 2024-02-05 on: 390 a day
/// in regular hours, five days a week, at most two weeks. Gives the file's name.
pub fn write_bars(user: &User, symbol: &str, count: u32) -> String {
    let mut text = String::from("timestamp,open,high,low,close,volume\n");
    for index in 0..count {
        let (day, minute) = (index / 390, 14 * 60 + 30 + index % 390);
        let date = 5 + day / 5 * 7 + day % 5;
        let swing = f64::from(index) / 17.0;
        let cents = 10_000 + (swing.sin() * 150.0) as i64 + i64::from(symbol.len() as u32);
        let (open, close) = (cents, cents + i64::from(index % 5) - 2);
        let (high, low) = (open.max(close) + 3, open.min(close) - 3);
        let usd = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
        text.push_str(&format!(
            "2024-02-{date:02}T{:02}:{:02}:00Z,{},{},{},{},{}\n",
            minute / 60,
            minute % 60,
            usd(open),
            usd(high),
            usd(low),
            usd(close),
            10_000 + index
        ));
    }
    let path = user.path(&format!("{symbol}_2024-02.csv"));
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// `tradewind exchange` with the keys KEY and SECRET, until it is dropped.
pub struct RunningExchange {
    child: std::process::Child,
    pub url: String,
}

impl Drop for RunningExchange {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn exchange(user: &User, more: &[&str]) -> RunningExchange {
    exchange_with(user, "KEY", "SECRET", more)
}

/// The same with keys of its own.
pub fn exchange_with(user: &User, key: &str, secret: &str, more: &[&str]) -> RunningExchange {
    use std::io::{BufRead, BufReader};
    let mut args = vec!["exchange", "--listen", "127.0.0.1:0", "--key", key, "--secret", secret];
    args.extend(more);
    let mut child = user.command(&args).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().rsplit(' ').next().unwrap().to_owned();
    RunningExchange { child, url }
}
