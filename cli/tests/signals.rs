//! SIGINT and SIGTERM at moments before a session trades: each is an orderly end.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{Ended, RunningExchange, User, exchange};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// Starts a command; `reached` waits until it stands at the moment that is meant, and keeps it there.
fn signalled<T>(mut command: Command, signal: Signal, reached: impl FnOnce() -> T) -> Ended {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let held = reached();
    send(&child, signal);
    let ended = Ended::of(child.wait_with_output().unwrap());
    drop(held);
    ended
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// A pipe in place of a file of market data: opening it for writing returns when somebody reads it.
fn pipe(user: &User) -> std::path::PathBuf {
    let path = user.path("AAA.csv");
    let status = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(status.success());
    path
}

fn ended_in_order(ended: &Ended) {
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.sentence().contains("asked to end"), "{}", ended.err);
}

#[test]
fn while_files_are_read() {
    for (args, signal) in [
        (&["paper", "--data", "AAA.csv", "--until-end"][..], Signal::INT),
        (&["paper", "--data", "AAA.csv", "--json"], Signal::TERM),
        (&["exchange", "--data", "AAA.csv", "--listen", "127.0.0.1:0"], Signal::INT),
    ] {
        let user = User::new();
        let path = pipe(&user);
        let open = || -> File { OpenOptions::new().write(true).open(&path).unwrap() };
        ended_in_order(&signalled(user.command(args), signal, open));
    }
}

/// A command with the keys of the bundled exchange and a broker at some address.
fn at_broker(user: &User, args: &[&str], url: &str) -> Command {
    let mut command = user.command(args);
    command.env("APCA_API_KEY_ID", "KEY").env("APCA_API_SECRET_KEY", "SECRET");
    command.env("APCA_API_BASE_URL", url).env("APCA_API_DATA_URL", url);
    command.env("APCA_API_STREAM_URL", url.replace("http", "ws"));
    command
}

#[test]
fn while_a_broker_does_not_answer() {
    let live = ["live", "--i-understand-this-trades-real-money"];
    for (args, signal) in
        [(&["paper", "--symbols", "SYNA"][..], Signal::TERM), (&live[..], Signal::INT)]
    {
        let user = User::new();
        let mute = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", mute.local_addr().unwrap());
        let connected = || mute.accept().unwrap();
        ended_in_order(&signalled(at_broker(&user, args, &url), signal, connected));
        // The folder is free, and nothing in it is in the way of another session.
        let next = user.run(&["paper", "--for", "1s"]);
        assert_eq!(next.code, 0, "{}", next.err);
    }
}

#[test]
fn while_the_order_stream_is_waited_for() {
    let user = User::new();
    let exchange: RunningExchange = exchange(&user, &["--symbols", "SYNA"]);
    let args = ["paper", "--symbols", "SYNA", "--for", "1s"];
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = at_broker(&user, &args, &exchange.url);
    let stream = format!("ws://{}/stream", mute.local_addr().unwrap());
    command.env("TRADEWIND__ALPACA__TRADING_STREAM_URL", stream);
    ended_in_order(&signalled(command, Signal::TERM, || mute.accept().unwrap()));

    // The session had begun: its journal is good, and it goes on.
    let verified = user.run(&["journal", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.err);
    let before = user.json(&["journal", "show", "--json"]);
    let next = Ended::of(at_broker(&user, &args, &exchange.url).output().unwrap());
    assert_eq!(next.code, 0, "{}", next.err);
    let after = user.json(&["journal", "show", "--json"]);
    assert_eq!(after["session"]["id"], before["session"]["id"]);
    assert_eq!((&before["stopped"], &after["stopped"]), (&false.into(), &true.into()));
}
