//! From a kill to entries allowed again, on a journal of 1 GB.

use super::{cargo_command, date, machine, section};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const HEADING: &str = "Back on a journal of 1 GB";
/// Bytes of journal at the first kill.
const BYTES: u64 = 1_000_000_000;
const SYMBOLS: usize = 30;
const KILLS: usize = 5;
/// What a session may take to let entries through again.
const BUDGET: Duration = Duration::from_secs(5);
/// What does not come within this time does not come.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Makes the journal, kills and restarts the session, and writes what it took.
pub fn run(root: &Path) -> Result<(), String> {
    let mut bench = Bench::new(root)?;
    let mut session = bench.session()?;
    wait("the journal does not grow", || Ok((bench.journal_bytes() >= BYTES).then_some(())))?;
    let mut rows = String::new();
    let mut slowest = Duration::ZERO;
    for kill in 1..=KILLS {
        let records = records(&bench.status()?);
        let (killed, status) = bench.kill(&mut session)?;
        let allowed = killed.elapsed();
        let sent = sent(&status);
        wait("nothing is sent", || Ok((self::sent(&bench.status()?) > sent).then_some(())))?;
        let ordered = killed.elapsed();
        slowest = slowest.max(allowed);
        rows += &format!(
            "| {kill}, in lock step | {} | {records} | {} | {} |\n",
            bench.size(),
            seconds(allowed),
            seconds(ordered)
        );
    }
    session.end();
    // At the pace of a real broker, under its limit on requests.
    bench.restart_exchange("1")?;
    session = bench.session()?;
    wait("entries are not allowed", || bench.ready())?;
    for kill in 1..=KILLS {
        let records = records(&bench.status()?);
        let allowed = bench.kill(&mut session)?.0.elapsed();
        slowest = slowest.max(allowed);
        rows += &format!(
            "| {kill}, at a broker's pace | {} | {records} | {} | – |\n",
            bench.size(),
            seconds(allowed)
        );
    }
    drop(session);
    let text = format!(
        "Written by `cargo xtask acceptance recovery` on {}, on {}.\n\n{WHAT}\n\
         | kill | journal | inputs | to entries allowed | to the first new order |\n\
         | --- | --- | --- | --- | --- |\n{rows}\nThe slowest took {:.2} s; it may take {} s.\n",
        date()?,
        machine(),
        slowest.as_secs_f64(),
        BUDGET.as_secs()
    );
    println!("{text}");
    if slowest > BUDGET {
        return Err("that is too slow, so the document stays as it is".into());
    }
    section::replace(&root.join("docs/CRASHES.md"), HEADING, &text)
}

const WHAT: &str = "\
A session trades 30 generated symbols against `tradewind exchange` at the highest speed until its journal has 1 GB; then
its parent kills it with SIGKILL and starts it again, several times. Entries are allowed when `tradewind status` says that
both streams are up, that the books agree with the broker's, and that trading is `active`; asking is part of the time.
At a broker's pace the exchange has the time of the day and the session keeps to 180 requests a minute; bars come once a
minute, so that no order is waited for. Against a real broker, a restart that books a fill of the time it was away finds an account that has it
too, and goes on; where the account differs it may only lag behind its executions, and entries wait up to 10 seconds
more before that counts as a difference. Exits and cancels do not wait.
";

/// A folder, an exchange, and the program.
struct Bench {
    folder: PathBuf,
    program: PathBuf,
    exchange: Running,
    url: String,
}

/// What the exchange listens on before it has a port.
const ANY_PORT: &str = "127.0.0.1:0";

/// A process that is killed where this is dropped.
struct Running(Child);

impl Running {
    fn end(&mut self) {
        // One that has ended already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.exchange.end();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Bench {
    fn new(root: &Path) -> Result<Self, String> {
        let built = built(root)?;
        let folder =
            std::env::temp_dir().join(format!("tradewind-recovery-{}", std::process::id()));
        // What is built meanwhile must not take its place.
        let program = folder.join("tradewind");
        fs::create_dir_all(&folder)
            .and_then(|()| fs::copy(&built, &program))
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        let (exchange, url) = serve(&program, &folder, ANY_PORT, "max")?;
        Ok(Self { folder, program, exchange, url })
    }

    /// Ends the exchange and has it go on at another speed.
    fn restart_exchange(&mut self, speed: &str) -> Result<(), String> {
        self.exchange.end();
        let address = self.url.trim_start_matches("http://").to_owned();
        (self.exchange, self.url) = serve(&self.program, &self.folder, &address, speed)?;
        Ok(())
    }

    /// Kills the session and starts it again; when it was killed, and its status once it lets
    /// entries through.
    fn kill(&self, session: &mut Running) -> Result<(Instant, Value), String> {
        let killed = Instant::now();
        session.end();
        *session = self.session()?;
        Ok((killed, wait("entries are not allowed again", || self.ready())?))
    }

    fn size(&self) -> String {
        format!("{:.2} GB", self.journal_bytes() as f64 / 1e9)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).args(["--data-dir", "d"]).current_dir(&self.folder);
        command.env("HOME", &self.folder).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn session(&self) -> Result<Running, String> {
        let symbols = symbols();
        let params = ["--param", "fast=100", "--param", "slow=400", "--param", "quantity=1"];
        let mut command = self.command(&["paper", "--no-view", "--symbols", &symbols]);
        command.args(params).env("APCA_API_BASE_URL", &self.url);
        command.env("APCA_API_DATA_URL", &self.url);
        command.env("APCA_API_STREAM_URL", self.url.replace("http", "ws"));
        command.env("APCA_API_KEY_ID", "KEY").env("APCA_API_SECRET_KEY", "SECRET");
        let log = File::create(self.folder.join("log")).map_err(|error| error.to_string())?;
        command.stderr(log);
        spawn(command).map(Running)
    }

    fn journal_bytes(&self) -> u64 {
        let files = fs::read_dir(self.folder.join("d/journal")).into_iter().flatten().flatten();
        files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
    }

    /// What a running session says of itself.
    fn status(&self) -> Result<Value, String> {
        let output = self.command(&["status", "--json"]).stdout(Stdio::piped()).output();
        let output = output.map_err(|error| format!("tradewind cannot be run: {error}"))?;
        Ok(serde_json::from_slice(&output.stdout).unwrap_or_default())
    }

    /// The status, once it lets entries through.
    fn ready(&self) -> Result<Option<Value>, String> {
        let status = self.status()?;
        let is = |path: &str| status.pointer(path).and_then(Value::as_bool) == Some(true);
        let is_active = status.pointer("/trading").and_then(Value::as_str) == Some("active");
        let is_up = is("/links/market_data") && is("/links/orders") && is("/reconciled");
        let is_running = status.pointer("/phase").and_then(Value::as_str) == Some("running");
        Ok((is_active && is_up && is_running).then_some(status))
    }
}

/// Starts an exchange that keeps what it was asked in the folder; it, and where it answers.
fn serve(
    program: &Path,
    folder: &Path,
    address: &str,
    speed: &str,
) -> Result<(Running, String), String> {
    let arguments = ["--listen", address, "--speed", speed, "--symbols", &symbols()];
    let keys = ["--key", "KEY", "--secret", "SECRET", "--state", "exchange"];
    let mut command = Command::new(program);
    command.arg("exchange").args(arguments).args(keys).current_dir(folder);
    command.env("HOME", folder).stdout(Stdio::piped());
    let mut exchange = Running(spawn(command)?);
    let mut line = String::new();
    if let Some(out) = exchange.0.stdout.take() {
        BufReader::new(out).read_line(&mut line).map_err(|error| error.to_string())?;
    }
    let url = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
    Ok((exchange, url))
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// The release binary, built.
fn built(root: &Path) -> Result<PathBuf, String> {
    let output = cargo_command(root)
        .args(["build", "--release", "--locked", "--workspace", "--bin", "tradewind"])
        .args(["--message-format", "json"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("the program cannot be built: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let messages = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs =
        messages.filter_map(|message| Some(message.get("executable")?.as_str()?.into()));
    programs.next_back().ok_or_else(|| "the program cannot be built".into())
}

fn spawn(mut command: Command) -> Result<Child, String> {
    for (name, _) in std::env::vars() {
        if name.starts_with("TRADEWIND_") {
            command.env_remove(name);
        }
    }
    command.spawn().map_err(|error| format!("tradewind cannot be run: {error}"))
}

fn symbols() -> String {
    (0..SYMBOLS).map(|number| format!("S{number:03}")).collect::<Vec<_>>().join(",")
}

fn tally(status: &Value, name: &str) -> u64 {
    status.pointer(&format!("/tally/{name}")).and_then(Value::as_u64).unwrap_or(0)
}

fn records(status: &Value) -> u64 {
    tally(status, "inputs")
}

fn sent(status: &Value) -> u64 {
    tally(status, "sent")
}

/// Asks until there is an answer.
fn wait<T>(what: &str, ask: impl Fn() -> Result<Option<T>, String>) -> Result<T, String> {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if begun.elapsed() > PATIENCE {
            return Err(what.into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
