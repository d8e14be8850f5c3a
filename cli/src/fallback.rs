//! A paper session in the place of a live one whose broker's API fails.
//!
//! When the breaker has stopped a live session's entries, `tradewind paper` is started beside it:
//! a process of its own with a folder, a ledger, an account and order ids of its own, so that no
//! order can cross over. The live session keeps its stops, exits and reconciliation. When trading is
//! resumed, or the live session ends, the paper session is told to end in order: its standard input
//! is closed, which is also what it sees when this process dies.

use crate::config::Settings;
use crate::exit::Failure;
use kernel::{Notice, TradingState};
use runtime::control;
use runtime::session::{Phase, Status};
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The mark in the live session's folder that entries are another session's: it outlives the process.
const MARK: &str = "fallback.active";
/// What the paper session logs.
const LOG: &str = "fallback.log";
/// How long after its end a paper session that should run is started again.
const START_AGAIN: Duration = Duration::from_secs(30);
/// How long its orderly end may take beyond what a session is given.
const GRACE: Duration = Duration::from_secs(10);
/// How often its end is looked for.
const LOOK: Duration = Duration::from_millis(50);

/// How a paper session is started in the place of this one.
pub struct Fallback {
    program: PathBuf,
    config: PathBuf,
    data_dir: PathBuf,
    keys: Option<(String, String)>,
    patience: Duration,
    live_dir: PathBuf,
    mark: PathBuf,
    log: PathBuf,
}

impl Fallback {
    /// As configured; `None` when it is off.
    ///
    /// # Errors
    /// When the configuration cannot be what was meant.
    pub fn of(settings: &Settings) -> Result<Option<Self>, Failure> {
        let config = PathBuf::from(settings.text("fallback.config"));
        if config.as_os_str().is_empty() {
            return Ok(None);
        }
        if !config.is_file() {
            return Err(Failure::usage(format!(
                "fallback.config: {} is no file; name the configuration of the paper session",
                config.display()
            )));
        }
        let reduces = settings.limits().breaker.map(|breaker| breaker.then);
        if reduces != Some(TradingState::Reducing) {
            return Err(Failure::usage(
                "fallback.config is set, so risk.breaker_then must be \"reduce\": a halted session would not even exit by its strategy",
            ));
        }
        let data_dir = match settings.text("fallback.data_dir") {
            "" => settings.data_dir().join("fallback"),
            dir => PathBuf::from(dir),
        };
        if data_dir == settings.data_dir() {
            return Err(Failure::usage(
                "fallback.data_dir is the folder of the live session: the paper session needs one of its own",
            ));
        }
        let (key, secret) =
            (settings.text("fallback.key_id"), settings.text("fallback.secret_key"));
        if key.is_empty() != secret.is_empty() {
            return Err(Failure::usage("fallback: one key of two is set: set both, or neither"));
        }
        let program = std::env::current_exe().map_err(Failure::other)?;
        Ok(Some(Self {
            program,
            config,
            data_dir,
            keys: (!key.is_empty()).then(|| (key.to_owned(), secret.to_owned())),
            patience: settings.shutdown_deadline() + GRACE,
            live_dir: settings.data_dir(),
            mark: settings.data_dir().join(MARK),
            log: settings.data_dir().join(LOG),
        }))
    }

    /// Starts and ends the paper session as the live one's status says, until that is over.
    pub async fn stand_by(self, mut status: watch::Receiver<Status>) {
        let mut stand_in: Option<Child> = None;
        let mut not_before = Instant::now();
        loop {
            let wanted = self.is_wanted(&status.borrow_and_update());
            match (wanted, stand_in.take()) {
                (Some(false), Some(running)) => {
                    let ended = self.end(running).await;
                    self.tell(false, ended).await;
                }
                (Some(true), None) if not_before <= Instant::now() => {
                    stand_in = self.start();
                    if stand_in.is_some() {
                        self.tell(true, format!("in {}", self.data_dir.display())).await;
                    }
                    not_before = Instant::now() + START_AGAIN;
                }
                (_, running) => stand_in = running,
            }
            // A running session publishes its status ten times a second.
            if status.changed().await.is_err() {
                break;
            }
            if let Some(ended) = stand_in.as_mut().and_then(has_ended) {
                let text = format!("by itself ({ended}): see {}", self.log.display());
                tracing::error!("the paper session has ended {text}");
                self.tell(false, text).await;
                stand_in = None;
            }
        }
        if let Some(running) = stand_in {
            self.end(running).await;
        }
    }

    /// Has the live session note it, so that its journal and its alerts have it.
    async fn tell(&self, begun: bool, text: String) {
        control::tell(&self.live_dir, Notice::StandIn { begun, text: text.into() }).await;
    }

    /// Whether entries are to go to the paper session; `None` while the session cannot say. The mark
    /// keeps it so over a restart, until trading is resumed.
    fn is_wanted(&self, status: &Status) -> Option<bool> {
        if status.phase != Phase::Running {
            return None;
        }
        if status.trading == TradingState::Active {
            match std::fs::remove_file(&self.mark) {
                Ok(()) => tracing::info!("trading was resumed: entries are this session's again"),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => tracing::error!("{} stays: {error}", self.mark.display()),
            }
            return Some(false);
        }
        if status.breaker && !self.mark.exists() {
            if let Err(error) = File::create(&self.mark) {
                tracing::error!("{} cannot be made: {error}", self.mark.display());
            }
            return Some(true);
        }
        Some(status.breaker || self.mark.exists())
    }

    fn start(&self) -> Option<Child> {
        let place = self.data_dir.display();
        match self.command().and_then(|mut command| command.spawn()) {
            Ok(process) => {
                tracing::warn!(
                    "the broker's API fails: positions are only reduced here, and a paper session in {place} takes new entries until `tradewind resume`"
                );
                Some(process)
            }
            Err(error) => {
                tracing::error!("the paper session in {place} cannot be started: {error}");
                None
            }
        }
    }

    /// `tradewind paper` with its own configuration and nothing of this session's environment.
    fn command(&self) -> std::io::Result<Command> {
        let log = File::options().create(true).append(true).mode(0o600).open(&self.log)?;
        let mut command = Command::new(&self.program);
        command.arg("paper").arg("--config").arg(&self.config);
        command.arg("--data-dir").arg(&self.data_dir);
        command.args(["--json", "--no-view", "--while-stdin-is-open"]);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("APCA_") || text.starts_with("TRADEWIND__") {
                command.env_remove(&name);
            }
        }
        if let Some((key, secret)) = &self.keys {
            command.env("APCA_API_KEY_ID", key).env("APCA_API_SECRET_KEY", secret);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        // A key pressed on the terminal ends this session, and this session ends that one.
        command.process_group(0);
        Ok(command)
    }

    /// Ends a paper session in order; says how it ended.
    async fn end(&self, mut stand_in: Child) -> String {
        drop(stand_in.stdin.take());
        let deadline = Instant::now() + self.patience;
        while Instant::now() < deadline {
            if let Some(ended) = has_ended(&mut stand_in) {
                tracing::info!("the paper session has ended: {ended}");
                return ended;
            }
            tokio::time::sleep(LOOK).await;
        }
        tracing::error!("the paper session does not end, and is killed");
        let _ = stand_in.kill();
        let _ = stand_in.wait();
        "it did not, and was killed".into()
    }
}

/// How a process ended, once it has.
fn has_ended(process: &mut Child) -> Option<String> {
    match process.try_wait() {
        Ok(status) => status.map(|status| status.to_string()),
        Err(error) => Some(error.to_string()),
    }
}
