//! The session's side of the socket.

use super::{Answer, NOTICE, Request, path, transfer};
use crate::session::{Phase, Status, StopReceiver};
use kernel::{Command, Input, Limits, Notice, SymbolId, Symbols};
use serde::Deserialize;
use serde_json::json;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// The longest line that is read: a command with its reason is a fraction of it.
const LONGEST_LINE: u64 = 64 * 1024;

/// The socket could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("the control socket in {} cannot be opened: {source}", dir.display())]
pub struct ControlError {
    /// The data directory.
    pub dir: PathBuf,
    /// What went wrong.
    pub source: io::Error,
}

/// What a client has for the session's task, with the way back for its answer.
#[derive(Debug)]
pub struct Order {
    /// A command, or what the session is to know.
    pub input: Input,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Answer>,
}

/// The listening socket; dropping it closes and removes it.
#[derive(Debug)]
pub struct ControlServer {
    path: PathBuf,
    tasks: [JoinHandle<()>; 2],
}

impl ControlServer {
    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        // A file that is left behind is found dead by the next client and replaced by the next
        // session.
        let _ = path::remove_if_there(&self.path);
    }
}

/// Opens the socket of a data directory. The caller holds that directory's journal, so a socket
/// found there belongs to nobody alive and is replaced.
///
/// # Errors
/// When the socket cannot be made.
pub fn serve(
    dir: &Path,
    orders: mpsc::Sender<Order>,
    status: watch::Receiver<Status>,
    stop: StopReceiver,
) -> Result<ControlServer, ControlError> {
    let failed = |source| ControlError { dir: dir.into(), source };
    let path = path::prepare(dir).map_err(failed)?;
    path::remove_if_there(&path).map_err(failed)?;
    let listener = UnixListener::bind(&path).map_err(failed)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    let tasks = [
        tokio::spawn(pass_kills(stop, orders.clone())),
        tokio::spawn(accept(listener, orders, status)),
    ];
    Ok(ControlServer { path, tasks })
}

/// Hands the kill switch of a signal over as an operator's word; one that comes while the session
/// starts is obeyed as soon as it has.
async fn pass_kills(mut stop: StopReceiver, orders: mpsc::Sender<Order>) {
    loop {
        stop.killed().await;
        tracing::warn!("SIGUSR1: the session halts, cancels everything and closes every position");
        let (answer, answered) = oneshot::channel();
        let input = Input::Command(Command::Flatten { reason: "SIGUSR1".into() });
        let is_taken = orders.send(Order { input, answer }).await.is_ok();
        if !is_taken || answered.await.is_err() {
            tracing::error!(
                "SIGUSR1 came too late: the session is ending, and what is open stays open"
            );
        }
    }
}

async fn accept(
    listener: UnixListener,
    orders: mpsc::Sender<Order>,
    status: watch::Receiver<Status>,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(converse(stream, orders.clone(), status.clone()));
            }
            Err(error) => {
                tracing::warn!("the control socket failed to accept: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

/// Answers line after line until the client leaves.
async fn converse(
    stream: UnixStream,
    orders: mpsc::Sender<Order>,
    status: watch::Receiver<Status>,
) {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = Vec::new();
        match (&mut read).take(LONGEST_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let answer = reply(&line, &orders, &status).await;
        let Ok(mut text) = serde_json::to_vec(&answer) else {
            return;
        };
        text.push(b'\n');
        if write.write_all(&text).await.is_err() || line.last() != Some(&b'\n') {
            return;
        }
    }
}

async fn reply(
    line: &[u8],
    orders: &mpsc::Sender<Order>,
    status: &watch::Receiver<Status>,
) -> Answer {
    let request: Request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return Answer::refused(format!(
                "not a request of the form {{\"cmd\":…,\"reason\":…}}: {error}"
            ));
        }
    };
    if request.cmd == "status" {
        return Answer::done(&*status.borrow());
    }
    if request.cmd == "risk" {
        let status = status.borrow();
        return Answer::done(&json!({ "trading": status.trading, "limits": status.limits }));
    }
    if request.cmd == "accounts" {
        let status = status.borrow();
        return Answer::done(&json!({ "accounts": status.accounts, "total": status.total }));
    }
    if status.borrow().phase == Phase::Starting {
        return while_starting(&request, orders, &status.borrow());
    }
    let input = match input(&request, &status.borrow()) {
        Ok(input) => input,
        Err(refusal) => return Answer::refused(refusal),
    };
    let (answer, answered) = oneshot::channel();
    if orders.send(Order { input, answer }).await.is_err() {
        return Answer::refused("the session is ending");
    }
    answered.await.unwrap_or_else(|_| Answer::refused("the session ended before it answered"))
}

/// What stops trading is obeyed as soon as the session has begun, whether or not its sender waits for that;
/// anything else is asked again then.
fn while_starting(request: &Request, orders: &mpsc::Sender<Order>, status: &Status) -> Answer {
    let stops = matches!(request.cmd.as_str(), "halt" | "flatten" | "cancel-all");
    let (true, Ok(input)) = (stops && request.args.is_null(), input(request, status)) else {
        return Answer::refused("the session is still starting: ask again in a moment");
    };
    let (answer, answered) = oneshot::channel();
    if orders.try_send(Order { input, answer }).is_err() {
        return Answer::refused(
            "the session is still starting, with as many commands before this one as can wait: ask again in a moment, or send it SIGUSR1, which closes everything",
        );
    }
    let cmd = request.cmd.clone();
    tokio::spawn(async move {
        if answered.await.is_err() {
            tracing::error!("{cmd} came while the session started, and it ended before it began");
        }
    });
    Answer::done(&json!({ "trading": status.trading, "starting": true }))
}

/// What the session makes of a request, or why it cannot be.
fn input(request: &Request, status: &Status) -> Result<Input, String> {
    if request.cmd != NOTICE {
        return command(request, status).map(Input::Command);
    }
    let notice = Notice::deserialize(&request.args);
    notice.map(Input::Notice).map_err(|error| format!("args are no notice: {error}"))
}

/// What a request asks for, or why it cannot be.
fn command(request: &Request, status: &Status) -> Result<Command, String> {
    let reason = match request.reason.trim() {
        "" => "no reason given".into(),
        reason => reason.into(),
    };
    match request.cmd.as_str() {
        "halt" => Ok(Command::Halt { reason }),
        "resume" if request.reason.trim().is_empty() => {
            Err("resume needs a reason: why may trading go on?".into())
        }
        "resume" => Ok(Command::Resume { reason }),
        "flatten" => {
            let else_all = |error| format!("{error}; without a symbol everything is closed");
            match symbol(request, &status.symbols).map_err(else_all)? {
                Some(symbol) => Ok(Command::Close { symbol, reason }),
                None => Ok(Command::Flatten { reason }),
            }
        }
        "cancel-all" => Ok(Command::CancelAll { reason }),
        "risk-set" => set_limit(request, status, reason),
        "accounts-move" => transfer::read(request, status),
        other => Err(format!(
            "no command {other:?}: status, halt, resume, flatten, cancel-all, risk, risk-set, accounts or accounts-move"
        )),
    }
}

/// A text in `args`.
pub(super) fn text<'a>(request: &'a Request, name: &str) -> Result<&'a str, String> {
    match request.args.get(name) {
        Some(serde_json::Value::String(text)) => Ok(text.as_str()),
        _ => Err(format!("args.{name} must be a text")),
    }
}

/// A limit and its value, in `args.key` and `args.value`.
fn set_limit(request: &Request, status: &Status, reason: Box<str>) -> Result<Command, String> {
    let (key, value) = (text(request, "key")?, text(request, "value")?);
    let path = key.strip_prefix("risk.").unwrap_or(key);
    let mut limits = Limits::default();
    if status.limits.iter().any(|limit| limit.key == "breaker_failures" && limit.limit == "off") {
        limits.breaker = None;
    }
    limits.set(path, value).map_err(|error| error.to_string())?;
    // A name that is misspelt would leave the one that was meant as it is.
    let foreign = limits.scopes.named().find(|name| status.symbols.id(name).is_none());
    let is_run =
        |name: &str| status.labels.iter().chain(&status.strategies).any(|held| *held == *name);
    let mut strategies = limits.scopes.strategies.keys().map(|name| &**name);
    if let Some(name) = foreign.or_else(|| strategies.find(|name| !is_run(name))) {
        return Err(format!("the session does not trade {name}"));
    }
    Ok(Command::SetLimit { path: path.into(), value: value.into(), reason })
}

/// The symbol that a request names in `args.symbol`, if it names one.
pub(super) fn symbol(request: &Request, symbols: &Symbols) -> Result<Option<SymbolId>, String> {
    let name = match request.args.get("symbol") {
        None | Some(serde_json::Value::Null) => return Ok(None),
        Some(serde_json::Value::String(name)) => name,
        Some(other) => return Err(format!("the symbol must be text, not {other}")),
    };
    symbols.id(name).map(Some).ok_or_else(|| {
        let traded = symbols.names().collect::<Vec<_>>().join(", ");
        format!("the session does not trade {name}, but {traded}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{AskError, ask};
    use proptest::prelude::*;

    async fn ask_off_thread(dir: &Path, request: Request) -> Result<Answer, AskError> {
        let dir = dir.to_owned();
        tokio::task::spawn_blocking(move || ask(&dir, &request)).await.unwrap()
    }

    #[tokio::test]
    async fn status_is_read_and_a_command_is_handed_over() {
        let dir = tempfile::tempdir().unwrap();
        let (orders, mut taken) = mpsc::channel(4);
        let (publish, status) = watch::channel(Status::starting("embedded", "synthetic"));
        let (_stopper, stop) = crate::session::stop_signal();
        let server = serve(dir.path(), orders, status, stop).unwrap();
        let mode = std::fs::metadata(server.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        let shown = ask_off_thread(dir.path(), Request::new("status", "")).await.unwrap();
        assert!(shown.ok);
        assert_eq!(shown.body["synthetic"], true);

        let early = ask_off_thread(dir.path(), Request::new("resume", "lunch")).await.unwrap();
        assert!(!early.ok && early.error.unwrap().contains("still starting"));
        let early = ask_off_thread(dir.path(), Request::new("flatten", "fire")).await.unwrap();
        assert!(early.ok && early.body["starting"] == true);
        let latched = taken.recv().await.unwrap();
        assert_eq!(latched.input, Input::Command(Command::Flatten { reason: "fire".into() }));

        publish.send_modify(|status| {
            status.phase = Phase::Running;
            status.symbols = Symbols::new(["AAPL", "MSFT"]).unwrap();
        });
        let session = tokio::spawn(async move {
            let order = taken.recv().await.unwrap();
            order.answer.send(Answer::done(&serde_json::json!({"trading": "halted"}))).unwrap();
            order.input
        });
        let halted = ask_off_thread(dir.path(), Request::new("halt", "lunch")).await.unwrap();
        assert_eq!(halted.body["trading"], "halted");
        let halt = Command::Halt { reason: "lunch".into() };
        assert_eq!(session.await.unwrap(), Input::Command(halt));

        let close = |symbol: &str| Request {
            args: serde_json::json!({ "symbol": symbol }),
            ..Request::new("flatten", "")
        };
        let other = ask_off_thread(dir.path(), close("TSLA")).await.unwrap();
        assert!(other.error.unwrap().contains("does not trade TSLA, but AAPL, MSFT"));

        let noise = Request { args: serde_json::json!("rain"), ..Request::new("notice", "") };
        let noise = ask_off_thread(dir.path(), noise).await.unwrap();
        assert!(!noise.ok && noise.error.unwrap().contains("no notice"));

        let unknown = ask_off_thread(dir.path(), Request::new("dance", "")).await.unwrap();
        assert!(!unknown.ok && unknown.error.unwrap().contains("dance"));

        drop(server);
        let gone = ask_off_thread(dir.path(), Request::new("status", "")).await;
        assert!(matches!(gone, Err(AskError::NoSession { .. })));
    }

    proptest! {
        #[test]
        fn any_line_is_answered(line in any_line()) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (orders, closed) = mpsc::channel(1);
            drop(closed);
            let (_publish, status) = watch::channel(Status::starting("embedded", "synthetic"));
            let answer = runtime.block_on(reply(&line, &orders, &status));
            prop_assert_eq!(answer.ok, answer.error.is_none());
            let text = serde_json::to_string(&answer).unwrap();
            prop_assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), answer);
        }

        #[test]
        fn any_answer_is_read_or_told_of(answer in any_line()) {
            let dir = tempfile::tempdir().unwrap();
            let socket = path::prepare(dir.path()).unwrap();
            let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
            let server = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                // The asker may have left already, when the answer was no answer.
                let _ = io::Write::write_all(&mut stream, &answer);
            });
            if let Err(error) = ask(dir.path(), &Request::new("status", "")) {
                prop_assert!(error.to_string().contains("does not answer"), "{}", error);
            }
            server.join().unwrap();
        }
    }

    /// Bytes, or JSON with the fields of a request or an answer in any kind.
    fn any_line() -> impl Strategy<Value = Vec<u8>> {
        let value = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
            "status|halt|resume|flatten|cancel-all".prop_map(Into::into),
            any::<String>().prop_map(|text| serde_json::json!([{ "a": text }])),
        ];
        let key = "cmd|args|reason|ok|error|trading|[a-z]{0,3}";
        let object = prop::collection::btree_map(key, value, 0..5);
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            object.prop_map(|map| (serde_json::json!(map).to_string() + "\n").into_bytes()),
        ]
    }
}
