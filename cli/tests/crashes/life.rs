//! One session, from its first start through a kill to its end.

use crate::common::{RunningExchange, User, exchange};
use crate::data;
use crate::judge::Books;
use runtime::control::{Answer, Request, ask};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What does not come within this time does not come.
const PATIENCE: Duration = Duration::from_secs(120);
/// Venue seconds in a second, at a pace: a quarter of an hour without data is jumped over but for
/// a minute, so a bar lasts a tenth of a second.
const PACE: &str = "600";

/// The commands of an operator that have a row of their own, as they are typed: `halt` is the kill
/// switch, `close` is `flatten` with a symbol.
pub const COMMANDS: [&str; 4] = ["halt", "flatten", "close", "cancel-all"];
/// What stands when an operator comes: three positions, under a bracket's two exits and two stops.
const POSITIONS: usize = 3;
const EXITS: usize = 4;
/// How often an operator looks.
const LOOK: Duration = Duration::from_millis(20);
/// The program's word for a session that ended halted.
const HALTED: i32 = 4;

/// Where the exchange runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Venue {
    /// In the session's process, which takes it along when it is killed.
    Embedded,
    /// In a process of its own, which lives on.
    Process,
    /// In the session's process, at a pace: answers and reports come when they come.
    Paced,
}

/// A data directory, an exchange, and what trades there.
pub struct Life {
    pub user: User,
    pub files: Vec<PathBuf>,
    venue: Venue,
    kind: &'static str,
    exchange: Option<RunningExchange>,
    /// Whether the operator's command was answered: then it need not be given again.
    is_answered: AtomicBool,
    /// Whether a session that was killed has it in its journal.
    was_heard: AtomicBool,
}

/// A hit of a failpoint, as a trace tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub place: String,
    pub count: u64,
    /// Of the record or the order.
    pub number: u64,
}

impl Life {
    pub fn new(venue: Venue, kind: &'static str) -> Self {
        let user = User::new();
        let files = data::write(&user, script(kind));
        let exchange = (venue == Venue::Process).then(|| {
            let mut args = vec!["--speed", "max", "--state", "x", "--data"];
            let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            args.extend(names.iter().map(String::as_str));
            exchange(&user, &args)
        });
        let (is_answered, was_heard) = Default::default();
        Self { user, files, venue, kind, exchange, is_answered, was_heard }
    }

    /// The operator's command that this is about.
    pub fn command(&self) -> Option<&'static str> {
        COMMANDS.into_iter().find(|command| *command == self.kind)
    }

    /// Gives the command once everything stands; after a restart again at once when it was heard and
    /// not answered.
    fn operate(&self, is_over: &AtomicBool) {
        let Some(command) = self.command() else { return };
        let dir = self.user.path("d");
        let mut request = Request::new(command, "the crash matrix");
        if command == "close" {
            request.cmd = "flatten".into();
            request.args = serde_json::json!({ "symbol": data::SYMBOLS[2] });
        }
        let is_due = |status: Answer| {
            let count = |name| status.body.get(name).and_then(|list| list.as_array()).map(Vec::len);
            let stands =
                count("positions") == Some(POSITIONS) && count("open_orders") == Some(EXITS);
            stands || self.was_heard.load(Ordering::SeqCst)
        };
        while !is_over.load(Ordering::SeqCst) && !self.is_answered.load(Ordering::SeqCst) {
            let is_due = ask(&dir, &Request::new("status", "")).is_ok_and(is_due);
            if is_due && ask(&dir, &request).is_ok_and(|answer| answer.ok) {
                self.is_answered.store(true, Ordering::SeqCst);
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Where the exchange keeps its record.
    pub fn record(&self) -> PathBuf {
        match self.venue {
            Venue::Embedded | Venue::Paced => self.user.path("d/exchange"),
            Venue::Process => self.user.path("x"),
        }
    }

    /// Leaves everything where it is, for whoever wants to know what went wrong; says where.
    pub fn keep(mut self) -> String {
        self.close();
        let place = self.user.text("");
        std::mem::forget(self.user);
        place
    }

    /// Ends the exchange, so that its record can be read.
    pub fn close(&mut self) {
        self.exchange = None;
    }

    fn session(&self) -> Command {
        let param = format!("kind={}", script(self.kind));
        let mut args = vec!["paper", "--json", "--until-end", "--data-dir", "d"];
        args.extend(["--strategy", "every-kind", "--param", &param]);
        args.extend(["--set", "risk.entry_time_to_live_s=off", "--set", "store.sqlite=false"]);
        if self.kind == "opg" {
            // An order for the opening auction is sent before the open.
            args.extend(["--session", "extended"]);
        }
        let names = self.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
        let symbols = data::SYMBOLS.join(",");
        match &self.exchange {
            None => {
                let speed = if self.venue == Venue::Paced { PACE } else { "max" };
                args.extend(["--speed", speed, "--data"]);
                args.extend(names.iter().map(String::as_str));
                self.user.command(&args)
            }
            Some(exchange) => {
                args.extend(["--symbols", &symbols]);
                let mut command = self.user.command(&args);
                let url = &exchange.url;
                command.env("APCA_API_BASE_URL", url).env("APCA_API_DATA_URL", url);
                command.env("APCA_API_STREAM_URL", url.replace("http", "ws"));
                command.env("APCA_API_KEY_ID", "KEY").env("APCA_API_SECRET_KEY", "SECRET");
                command
            }
        }
    }

    /// Runs the session to its end, and gives every hit of a failpoint.
    pub fn traced(&self) -> Result<Vec<Hit>, String> {
        let mut command = self.session();
        command.env("TRADEWIND_FAILPOINT", "trace");
        let said = self.to_the_end(command)?;
        Ok(said.lines().filter_map(hit).collect())
    }

    /// Runs the session to its end.
    pub fn finish(&self) -> Result<(), String> {
        self.to_the_end(self.session()).map(drop)
    }

    /// Gives what it wrote on standard error.
    fn to_the_end(&self, mut command: Command) -> Result<String, String> {
        let (out, err) = (self.user.path("out"), self.user.path("err"));
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        let child = Killed(command.spawn().unwrap());
        let status = self.beside_operator(|| ended(child));
        let said = read(&err);
        let halts = matches!(self.command(), Some("halt" | "flatten"));
        match status {
            None => Err(format!("the session does not end:\n{}", tail(&said))),
            Some(status) if status.success() || halts && status.code() == Some(HALTED) => Ok(said),
            Some(status) => Err(format!("{status}:\n{}", tail(&said))),
        }
    }

    /// Starts the session and kills it at a hit of a failpoint.
    pub fn kill_at(&self, place: &str, count: u64) -> Result<(), String> {
        let mut command = self.session();
        command.env("TRADEWIND_FAILPOINT", format!("{place}:{count}"));
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = Killed(command.spawn().unwrap());
        let lines = BufReader::new(child.0.stderr.take().unwrap()).lines();
        let (tell, told) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            let is_there = lines.map_while(Result::ok).any(|line| hit(&line).is_some());
            let _ = tell.send(is_there);
        });
        let is_there = self.beside_operator(|| {
            let is_there = told.recv_timeout(PATIENCE).unwrap_or(false);
            drop(child);
            is_there
        });
        let _ = reader.join();
        let heard = self.command().is_some() && Books::read(self)?.command().is_some();
        self.was_heard.store(heard, Ordering::SeqCst);
        if is_there { Ok(()) } else { Err("it was not reached".into()) }
    }

    /// Does something while an operator watches the session.
    fn beside_operator<T>(&self, work: impl FnOnce() -> T) -> T {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| self.operate(&is_over));
            let done = work();
            is_over.store(true, Ordering::SeqCst);
            done
        })
    }
}

/// The script of a kind.
fn script(kind: &'static str) -> &'static str {
    if COMMANDS.contains(&kind) { data::OPERATED } else { kind }
}

/// How a session ended; `None` for one that does not.
fn ended(mut child: Killed) -> Option<std::process::ExitStatus> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(status) = child.0.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    None
}

/// A child that is killed where this is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn hit(line: &str) -> Option<Hit> {
    let mut words = line.strip_prefix("failpoint ")?.split(' ');
    let place = words.next()?.to_owned();
    let mut number = || words.next()?.parse().ok();
    Some(Hit { place, count: number()?, number: number()? })
}

fn read(path: &std::path::Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
