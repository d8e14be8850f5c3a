//! The kill switch under faults, pulled by the command, by a signal and on the socket, judged by the
//! exchange's own record: what is open is cancelled, what is held is closed, the broker confirms it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::User;
use exchange::server::{FaultScript, Running, ServerConfig, Source, Speed, Synthetic};
use runtime::control::{Request, ask};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Stdio};
use std::time::Duration;

const SYMBOLS: [&str; 3] = ["AAA", "BBB", "CCC"];
/// A session that takes longer than this is stuck.
const PATIENCE: Duration = Duration::from_secs(120);

/// What goes wrong while it is pulled. The first three orders enter, three stops protect them: cancels
/// are refused, reset and lost, closing orders fail, hang and are refused for their rate, the order
/// stream is dropped, and the account cannot be read.
const EVERYTHING_FAILS: &str = r#"
    [[fault]]
    on = "cancel"
    times = 2
    inject = "answer"
    status = 503
    [[fault]]
    on = "cancel"
    nth = 3
    inject = "reset"
    carried_out = true
    [[fault]]
    on = "submit"
    nth = 7
    inject = "answer"
    status = 500
    [[fault]]
    on = "submit"
    nth = 8
    inject = "answer"
    status = 504
    carried_out = true
    [[fault]]
    on = "submit"
    nth = 9
    inject = "answer"
    status = 429
    retry_after = 1
    [[fault]]
    on = "update"
    event = "canceled"
    nth = 2
    inject = "drop"
    [[fault]]
    on = "positions"
    nth = 4
    times = 2
    inject = "answer"
    status = 500
"#;

/// No order arrives any more once the stops rest.
const NOTHING_PASSES: &str = r#"
    [[fault]]
    on = "submit"
    nth = 7
    times = "all"
    inject = "answer"
    status = 500
"#;

async fn exchange(faults: &str) -> Running {
    let source = Source::Synthetic(Synthetic::new(5, SYMBOLS.map(str::to_owned).to_vec()));
    let mut config = ServerConfig::new(source, Speed::Times(60.0));
    config.faults = FaultScript::parse(faults).unwrap();
    exchange::server::start(config).await.unwrap()
}

/// A paper session that holds three symbols, each under a stop at the broker.
struct Session {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Session {
    fn start(user: &User, exchange: &Running) -> Self {
        let address = exchange.addr();
        let text = format!(
            "[session]\nvenue = \"alpaca-paper\"\nsymbols = [\"AAA\", \"BBB\", \"CCC\"]\n\
             [strategy]\nname = \"buy-and-hold\"\n[strategy.params]\nquantity = 10\n\
             [risk]\nplace_stops = true\n\
             [alpaca]\ntrading_url = \"http://{address}\"\ndata_url = \"http://{address}\"\n\
             stream_url = \"ws://{address}\"\n"
        );
        std::fs::write(user.path("paper.toml"), text).unwrap();
        let mut command = user.command(&["paper", "--config", "paper.toml", "--json"]);
        let keys = exchange.keys();
        command.env("APCA_API_KEY_ID", &keys.key).env("APCA_API_SECRET_KEY", &keys.secret);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        // What never comes ends the log, and with it the test.
        let pid = Pid::from_child(&child);
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            let _ = kill_process(pid, Signal::KILL);
        });
        let mut session = Self { child, log };
        let rests = || {
            let snapshot = exchange.snapshot();
            let open = snapshot.orders.iter().filter(|order| !order.status.is_final());
            snapshot.positions.len() == 3 && open.count() == 3
        };
        while !rests() {
            assert!(session.child.try_wait().unwrap().is_none(), "the session has ended");
            std::thread::yield_now();
        }
        session
    }

    /// Reads its log up to a line with these words.
    fn until(&mut self, words: &str) {
        let mut read = Vec::new();
        for line in self.log.by_ref().map_while(Result::ok) {
            let found = line.contains(words);
            read.push(line);
            if found {
                return;
            }
        }
        panic!("{words:?} never came:\n{}", read.join("\n"));
    }

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the exchange says: nothing is open, nothing is held, and nothing entered afterwards.
fn assert_flat(user: &User, exchange: &Running) {
    let snapshot = exchange.snapshot();
    assert!(snapshot.positions.is_empty(), "{:?}", snapshot.positions);
    assert!(snapshot.orders.iter().all(|order| order.status.is_final()), "{:?}", snapshot.orders);
    assert_eq!(snapshot.orders.iter().filter(|order| order.opens).count(), 3);
    assert_eq!(exchange.record().findings(), []);
    // The status is published a moment after the log has it.
    let shown = (0..100).map(|_| user.json(&["status", "--json"]));
    let mut shown = shown.skip_while(|status| status["confirms_flat"] == true);
    let status = shown.next().expect("the status never says that it is confirmed");
    assert_eq!((&status["trading"], &status["flattening"]), (&"halted".into(), &false.into()));
}

const CONFIRMED: &str = "the broker confirms that it is flat";

#[tokio::test(flavor = "multi_thread")]
async fn by_the_command() {
    let (user, exchange) = (User::new(), exchange(EVERYTHING_FAILS).await);
    let _session = Session::start(&user, &exchange);
    let ended = user.run(&["flatten", "enough", "--wait", "100s"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("The broker confirms"), "{}", ended.out);
    assert_flat(&user, &exchange);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_signal() {
    let (user, exchange) = (User::new(), exchange(EVERYTHING_FAILS).await);
    let mut session = Session::start(&user, &exchange);
    session.send(Signal::USR1);
    session.until("SIGUSR1: the session halts");
    session.until(CONFIRMED);
    assert_flat(&user, &exchange);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_socket() {
    let (user, exchange) = (User::new(), exchange(EVERYTHING_FAILS).await);
    let mut session = Session::start(&user, &exchange);
    let dir = user.path(".local/share/tradewind/default");
    let answer = ask(&dir, &Request::new("flatten", "enough")).unwrap();
    assert!(answer.ok && answer.body["trading"] == "halted", "{answer:?}");
    session.until(CONFIRMED);
    assert_flat(&user, &exchange);
}

/// What cannot be closed is named, with a code that a script sees; the session goes on trying.
#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_fail_silently() {
    let (user, exchange) = (User::new(), exchange(NOTHING_PASSES).await);
    let _session = Session::start(&user, &exchange);
    let ended = user.run(&["flatten", "enough", "--wait", "3s"]);
    assert_eq!(ended.code, 5, "{}{}", ended.out, ended.err);
    let sentence = ended.sentence();
    assert!(sentence.contains("not flat after 3 s: ") && sentence.contains("AAA"), "{sentence}");
    let status = user.json(&["status", "--json"]);
    assert_eq!((&status["trading"], &status["flattening"]), (&"halted".into(), &true.into()));
    assert_eq!(exchange.snapshot().positions.len(), 3, "nothing could be closed");
}

/// No cancel arrives.
const NO_CANCEL_PASSES: &str = r#"
    [[fault]]
    on = "cancel"
    times = "all"
    inject = "answer"
    status = 503
"#;

/// Two cancels are refused and one is lost: all three stops are cancelled all the same, the positions
/// stay, and the command ends when the exchange lists no order.
#[tokio::test(flavor = "multi_thread")]
async fn halting_with_a_cancel_waits_for_the_brokers_word() {
    let (user, exchange) = (User::new(), exchange(EVERYTHING_FAILS).await);
    let _session = Session::start(&user, &exchange);
    let ended = user.run(&["halt", "enough", "--cancel", "--wait", "100s"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("The broker lists none"), "{}", ended.out);
    let snapshot = exchange.snapshot();
    assert!(snapshot.orders.iter().all(|order| order.status.is_final()), "{:?}", snapshot.orders);
    assert_eq!(snapshot.positions.len(), 3, "positions stay");
    assert_eq!(exchange.record().findings(), []);
    let status = user.json(&["status", "--json"]);
    assert_eq!(status["cancels_until"], serde_json::Value::Null);
    let set = &status["trading_set"];
    assert_eq!((&status["trading"], &set["by"]), (&"halted".into(), &"operator".into()));
    assert_eq!(set["reason"], "enough");
    assert!(user.run(&["status"]).out.contains("by the operator"));
}

/// What cannot be cancelled is named, with a code that a script sees; the session goes on trying.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_that_never_arrives_is_not_called_done() {
    let (user, exchange) = (User::new(), exchange(NO_CANCEL_PASSES).await);
    let _session = Session::start(&user, &exchange);
    let ended = user.run(&["cancel-all", "tidy up", "--wait", "3s"]);
    assert_eq!(ended.code, 5, "{}{}", ended.out, ended.err);
    let sentence = ended.sentence();
    assert!(sentence.contains("not cancelled after 3 s: order "), "{sentence}");
    let status = user.json(&["status", "--json"]);
    assert!(status["cancels_until"].as_u64() >= Some(3), "{status}");
    let open = exchange.snapshot().orders.into_iter().filter(|order| !order.status.is_final());
    assert_eq!(open.count(), 3, "none could be cancelled");
}
