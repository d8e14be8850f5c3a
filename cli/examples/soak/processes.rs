//! The two programs of a soak, from outside: started, watched, told to end.

use crate::market;
use crate::plan::Plan;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often memory is looked at.
const SAMPLE: Duration = Duration::from_millis(500);
/// Longer than the end of a session takes.
const ENDING: Duration = Duration::from_secs(60);

/// A program that does not outlive the soak.
pub struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where a soak has its files.
pub struct Folder(pub PathBuf);

impl Folder {
    /// The exchange's log.
    pub fn state(&self) -> PathBuf {
        self.0.join("exchange")
    }

    /// The session's data directory.
    pub fn session(&self) -> PathBuf {
        self.0.join("session")
    }

    fn log(&self, name: &str) -> Result<File, String> {
        let path = self.0.join(name);
        File::create(&path).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// The resident memory of the session at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Seconds since the session began.
    pub at: f64,
    /// Bytes.
    pub resident: u64,
}

/// Starts the exchange; gives its address as well.
pub fn exchange(
    program: &Path,
    plan: &Plan,
    folder: &Folder,
    files: &[PathBuf],
) -> Result<(Program, String), String> {
    let faults = folder.0.join("faults.toml");
    fs::write(&faults, plan.faults).map_err(|error| format!("{}: {error}", faults.display()))?;
    let mut command = command(program, folder);
    command
        .args(["exchange", "--listen", "127.0.0.1:0", "--key", "KEY", "--secret", "SECRET"])
        .args(["--speed", &plan.speed.to_string(), "--set", "exchange.starting_cash_usd=1000000"])
        .arg("--state")
        .arg(folder.state())
        .arg("--faults")
        .arg(&faults)
        .arg("--data")
        .args(files)
        .stdout(Stdio::piped())
        .stderr(folder.log("exchange.log")?);
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
    let out = child.stdout.take().ok_or("the exchange has no output")?;
    let program = Program(child);
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line).map_err(|error| error.to_string())?;
    let url = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
    if !url.starts_with("http://") {
        return Err(format!("the exchange has not begun: see {}", folder.0.display()));
    }
    Ok((program, url))
}

/// Starts the session.
pub fn session(program: &Path, folder: &Folder, url: &str) -> Result<Program, String> {
    let mut command = command(program, folder);
    command
        .args(["paper", "--json", "--no-view", "--strategy", "sma-crossover"])
        .args(["--param", "fast=2", "--param", "slow=5", "--param", "quantity=20"])
        .args(["--set", "session.channels=bars,quotes", "--shutdown", "flatten"])
        .args(["--set", "risk.max_orders_per_minute=200"])
        .args(["--symbols", &market::names().join(",")])
        .arg("--data-dir")
        .arg(folder.session())
        .env("APCA_API_BASE_URL", url)
        .env("APCA_API_DATA_URL", url)
        .env("APCA_API_STREAM_URL", url.replace("http", "ws"))
        .env("APCA_API_KEY_ID", "KEY")
        .env("APCA_API_SECRET_KEY", "SECRET")
        .stdout(folder.log("summary.json")?)
        .stderr(folder.log("session.log")?);
    command.spawn().map(Program).map_err(|error| format!("{}: {error}", program.display()))
}

/// The program with nothing of this machine's settings.
pub fn command(program: &Path, folder: &Folder) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", &folder.0).current_dir(&folder.0).stdin(Stdio::null());
    command
}

/// Watches the session until the market has come to a step; then has it end, and waits for that.
pub fn watch(
    session: &mut Program,
    folder: &Folder,
    end_at: u64,
    patience: Duration,
) -> Result<Vec<Sample>, String> {
    let begun = Instant::now();
    let mut samples = Vec::new();
    while steps_taken(&folder.state()) < end_at {
        if session.has_ended()? {
            return Err("the session has ended by itself: see session.log".into());
        }
        if begun.elapsed() > patience {
            return Err("the market does not go on".into());
        }
        let at = begun.elapsed().as_secs_f64();
        samples.extend(resident(&session.0).map(|resident| Sample { at, resident }));
        std::thread::sleep(SAMPLE);
    }
    kill_process(Pid::from_child(&session.0), Signal::TERM).map_err(|error| error.to_string())?;
    let asked = Instant::now();
    while !session.has_ended()? {
        if asked.elapsed() > ENDING {
            return Err("the session does not end".into());
        }
        std::thread::sleep(SAMPLE);
    }
    Ok(samples)
}

impl Program {
    fn has_ended(&mut self) -> Result<bool, String> {
        self.0.try_wait().map(|code| code.is_some()).map_err(|error| error.to_string())
    }

    /// Has it end in order.
    pub fn end(mut self) -> Result<(), String> {
        let told = kill_process(Pid::from_child(&self.0), Signal::TERM);
        told.map_err(|error| error.to_string())?;
        self.0.wait().map(drop).map_err(|error| error.to_string())
    }
}

/// The resident memory of a process, by the system's count.
fn resident(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// The last step in the exchange's log; 0 when there is none yet.
fn steps_taken(state: &Path) -> u64 {
    const TAIL: i64 = 64 * 1024;
    let Ok(mut file) = File::open(state.join("exchange.jsonl")) else { return 0 };
    let from = file.metadata().map_or(0, |data| data.len().saturating_sub(TAIL as u64));
    let mut tail = Vec::new();
    if file.seek(SeekFrom::Start(from)).and_then(|_| file.read_to_end(&mut tail)).is_err() {
        return 0;
    }
    let text = String::from_utf8_lossy(&tail);
    let mark = "{\"step\":{\"number\":";
    let last = text.lines().rev().find_map(|line| line.strip_prefix(mark));
    let digits = last.and_then(|rest| rest.split(',').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
