//! The process that trains.

use kernel::{Timestamp, TradingHours};
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// How it is started.
pub struct Training {
    /// This program.
    pub program: PathBuf,
    /// What is trained; `None` for what the program trains by itself.
    pub config: Option<PathBuf>,
    /// The files of bars, read anew each time.
    pub data: Vec<PathBuf>,
    /// The session's hours: it learns from the bars that the session shows.
    pub hours: TradingHours,
    /// The folder of models.
    pub models: PathBuf,
    /// Where the process tells what it has made.
    pub made: PathBuf,
    /// What it logs.
    pub log: PathBuf,
}

/// A process that trains. It is killed when this is dropped; its checkpoint stays.
pub struct Running {
    child: Child,
    due: Timestamp,
    made: PathBuf,
    log: PathBuf,
}

/// What a process has left.
pub struct Ended {
    /// When the training was due.
    pub due: Timestamp,
    /// The name of the model, or why there is none.
    pub made: Result<String, String>,
}

impl Training {
    /// Starts it. A champion is judged on the same samples as the new model.
    ///
    /// # Errors
    /// When it cannot be started, or its files cannot be made.
    pub fn start(&self, due: Timestamp, champion: &str) -> std::io::Result<Running> {
        let mut options = File::options();
        let options = options.create(true).write(true).mode(0o600);
        let log = options.clone().append(true).open(&self.log)?;
        let made = options.clone().truncate(true).open(&self.made)?;
        let mut command = Command::new(&self.program);
        command.args(["train", "--json", "--background", "--models"]).arg(&self.models);
        command.arg("--data").args(&self.data);
        command.args(["--session", self.hours.as_str()]);
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
        command.args(["--parent", champion]);
        // It trades nothing, so that no key is its business.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["APCA_", "ALPHA_VANTAGE_", "TRADEWIND__"].iter().any(|ours| text.starts_with(ours))
            {
                command.env_remove(&name);
            }
        }
        command.stdin(Stdio::piped()).stdout(made).stderr(log);
        // A key pressed on the terminal ends the session, and the session ends this one.
        command.process_group(0);
        let (made, log) = (self.made.clone(), self.log.clone());
        Ok(Running { child: command.spawn()?, due, made, log })
    }
}

impl Running {
    /// What it has left, once it has ended.
    pub fn ended(&mut self) -> Option<Ended> {
        let made = match self.child.try_wait() {
            Ok(None) => return None,
            Ok(Some(status)) if status.success() => self.made(),
            Ok(Some(status)) => Err(format!("{status}: see {}", self.log.display())),
            Err(error) => Err(error.to_string()),
        };
        Some(Ended { due: self.due, made })
    }

    fn made(&self) -> Result<String, String> {
        let told = std::fs::read(&self.made).ok();
        let told = told.and_then(|told| serde_json::from_slice::<serde_json::Value>(&told).ok());
        let id = told.as_ref().and_then(|told| told.get("model")?.as_str());
        let unreadable = || format!("{} does not name a model", self.made.display());
        id.map(str::to_owned).ok_or_else(unreadable)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and needs not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
