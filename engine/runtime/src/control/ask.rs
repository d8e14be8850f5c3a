//! The client's side: one question, one answer.

use super::{Answer, Request, path};
use kernel::Notice;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A running session answers in milliseconds; one that does not is stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nothing listens there.
    #[error("no session is running in {0}: start one with `tradewind paper --data-dir {0}`", dir.display())]
    NoSession {
        /// The data directory that was asked.
        dir: PathBuf,
    },
    /// It was told, and has not answered.
    #[error("the session in {} was told, and has not answered in {} s: whether it obeys is not known, and it still may; watch with `tradewind status`, or stop all trading with `kill -USR1` and its process id", dir.display(), PATIENCE.as_secs())]
    Unanswered {
        /// The data directory that was asked.
        dir: PathBuf,
    },
    /// Something listens and cannot be talked to.
    #[error("the session in {} does not answer: {source}", dir.display())]
    Io {
        /// The data directory that was asked.
        dir: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

/// Asks the session of a data directory.
///
/// # Errors
/// When none is running there, or it does not answer within ten seconds.
pub fn ask(dir: &Path, request: &Request) -> Result<Answer, AskError> {
    let failed = |source| AskError::Io { dir: dir.into(), source };
    let socket = path::find(dir).map_err(failed)?;
    let stream = match UnixStream::connect(&socket) {
        Ok(stream) => stream,
        Err(error) if is_absence(&error) => return Err(AskError::NoSession { dir: dir.into() }),
        Err(error) => return Err(failed(error)),
    };
    exchange(stream, request).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            AskError::Unanswered { dir: dir.into() }
        }
        _ => failed(error),
    })
}

/// Has the session of a data directory note something, off the thread that asks. Where it cannot be
/// noted, that is logged: nothing else can be done about it.
pub async fn tell(dir: &Path, notice: Notice) {
    let dir = dir.to_owned();
    let told = tokio::task::spawn_blocking(move || {
        let why = match ask(&dir, &Request::notice(&notice)) {
            Ok(answer) if answer.ok => return,
            Ok(answer) => answer.error.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        tracing::warn!("the journal does not have {notice:?}: {why}");
    });
    if let Err(error) = told.await {
        tracing::warn!("the session could not be told: {error}");
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn exchange(mut stream: UnixStream, request: &Request) -> io::Result<Answer> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    if answer.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ended before it answered"));
    }
    Ok(serde_json::from_str(&answer)?)
}
