//! The local control socket: how `tradewind status|halt|resume|flatten|cancel-all` reach a running
//! session.
//!
//! A Unix socket that only its owner can open carries JSON lines: `{cmd, args, reason}` in,
//! `{ok, …}` out. It never touches the session's state: a command is handed over and answered by
//! the session's own task, and `status` is read from what that task publishes.

mod ask;
mod path;
mod server;
mod transfer;

pub use ask::{AskError, ask, tell};
pub use server::{ControlError, ControlServer, Order, serve};

use kernel::Notice;
use serde::{Deserialize, Serialize};

/// The word by which what works beside a session has it note something, for its journal and its
/// alerts: `args` are the notice.
const NOTICE: &str = "notice";

/// One line from the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// `status`, `halt`, `resume`, `flatten`, `cancel-all`, `risk`, `risk-set`, `accounts` or
    /// `accounts-move`.
    pub cmd: String,
    /// Arguments: `flatten` takes `symbol`, and without it closes everything; `risk-set` takes `key`
    /// and `value`; `accounts-move` takes `from` and `to`, and either `usd`, or `qty` and `symbol`.
    #[serde(default)]
    pub args: serde_json::Value,
    /// Why; journalled with the command.
    #[serde(default)]
    pub reason: String,
}

/// One line back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Whether it was done.
    pub ok: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What belongs to the command: the fields of the status, or where trading stands now.
    #[serde(flatten)]
    pub body: serde_json::Map<String, serde_json::Value>,
}

impl Request {
    /// A request without arguments.
    pub fn new(cmd: &str, reason: &str) -> Self {
        Self { cmd: cmd.into(), args: serde_json::Value::Null, reason: reason.into() }
    }

    /// Has a session note something.
    pub fn notice(notice: &Notice) -> Self {
        Self { args: serde_json::json!(notice), ..Self::new(NOTICE, "") }
    }
}

impl Answer {
    /// Done, with the fields of a value that serialises to an object.
    pub fn done(body: &impl Serialize) -> Self {
        match serde_json::to_value(body) {
            Ok(serde_json::Value::Object(body)) => Self { ok: true, error: None, body },
            Ok(_) => Self { ok: true, error: None, body: serde_json::Map::new() },
            Err(error) => Self::refused(format!("the answer cannot be written: {error}")),
        }
    }

    /// Not done, and why.
    pub fn refused(error: impl Into<String>) -> Self {
        Self { ok: false, error: Some(error.into()), body: serde_json::Map::new() }
    }
}
