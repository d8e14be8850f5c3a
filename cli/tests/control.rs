//! A running session, spoken to from another terminal.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::User;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// A session of a user, running until it is told to end.
struct Session {
    child: Child,
}

impl Session {
    /// Starts one on synthetic data and waits until it trades.
    fn start(user: &User) -> Self {
        Self::start_with(user, &[])
    }

    fn start_with(user: &User, more: &[&str]) -> Self {
        let args = ["paper", "--json", "--set", "exchange.speed=60"];
        let mut command = user.command(&[&args, more].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let up = lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.contains("market data stream is up"));
        assert!(up, "the session ended before its data came");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child }
    }

    /// Sends SIGINT and waits for the end: exit code and standard output.
    fn interrupt(self) -> (i32, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let output = self.child.wait_with_output().unwrap();
        (output.status.code().unwrap_or(-1), String::from_utf8(output.stdout).unwrap())
    }
}

#[test]
fn it_is_watched_halted_resumed_and_ended_in_order() {
    let user = User::new();
    let session = Session::start(&user);
    let shown = user.run(&["status"]).out;
    for words in ["SYNTHETIC", "the embedded exchange", "active", "USD", "orders up"] {
        assert!(shown.contains(words), "{words} is not in\n{shown}");
    }
    assert_eq!(user.json(&["halt", "lunch", "--json"])["trading"], "halted");
    let halted = user.json(&["status", "--json"]);
    assert_eq!(halted["trading"], "halted");
    let last = halted["recent"].as_array().unwrap().last().unwrap();
    assert_eq!(last["text"], "trading is halted: lunch");
    assert!(user.run(&["resume", "lunch is over"]).out.contains("active"));
    assert_eq!(user.run(&["cancel-all", "tidy up"]).code, 0);
    let limit = |user: &User, key: &str| {
        let limits = user.json(&["risk", "--json"])["limits"].as_array().unwrap().clone();
        limits.into_iter().find(|limit| limit["key"] == key).unwrap()
    };
    assert_eq!(limit(&user, "max_orders_per_day")["limit"], "off");
    let set = user.run(&["risk", "set", "max_orders_per_day", "30", "too many of them"]);
    assert!(set.out.contains("max_orders_per_day is 30 from now on"), "{}{}", set.out, set.err);
    assert_eq!(limit(&user, "max_orders_per_day")["limit"], "30");
    assert!(user.run(&["risk"]).out.contains("max_orders_per_day"));
    for (key, value, words) in [
        ("max_orders_per_day", "-1", "expected a number from 1 to 1000000, or \"off\", found -1"),
        ("max_orders_per_dya", "30", "no limit is called max_orders_per_dya"),
        ("symbols.NOSUCH.min_price_usd", "30", "does not trade NOSUCH"),
        ("restricted_symbols", "NOSUCH", "does not trade NOSUCH"),
        ("long_only", "yes", "long_only: expected \"true\" or \"false\", found \"yes\""),
    ] {
        let refused = user.run(&["risk", "set", key, value, "a test"]);
        assert!(refused.code != 0 && refused.err.contains(words), "{}", refused.err);
    }
    let symbols = halted["symbols"].as_array().unwrap();
    let symbol = symbols.first().unwrap().as_str().unwrap();
    let closed = user.run(&["flatten", symbol, "too much of it"]).out;
    assert!(closed.contains(&format!("Orders in {symbol} are cancelled")), "{closed}");
    let unknown = user.run(&["flatten", "NOSUCH"]);
    assert!(unknown.sentence().contains("does not trade NOSUCH"), "{}", unknown.err);
    assert_eq!(user.json(&["status", "--json"])["trading"], "active", "the rest goes on");
    let (code, out) = session.interrupt();
    assert_eq!(code, 0, "{out}");
    let summary: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(summary["data"], "synthetic");
    assert_eq!(user.run(&["status"]).code, 6, "nobody answers any more");
}

#[test]
fn its_virtual_accounts_are_shown() {
    let user = User::new();
    let session = Session::start(&user);
    let alone = user.json(&["accounts", "--json"]);
    assert_eq!(alone["accounts"], serde_json::json!([]));
    assert_eq!(alone["total"]["capital"], "100000");
    session.interrupt();

    let user = User::new();
    let two = ["--strategy", "a=sma-crossover", "--strategy", "b=macd-trend"];
    let capital = ["--set", "strategies.a.capital_percent=25"];
    let session = Session::start_with(&user, &[&two[..], &capital].concat());
    let shown = user.json(&["accounts", "--json"]);
    let names = shown["accounts"].as_array().unwrap().iter().map(|one| one["account"].clone());
    assert_eq!(names.collect::<Vec<_>>(), ["house", "a", "b"]);
    assert_eq!(shown["accounts"][1]["capital"], "25000");
    assert_eq!(shown["accounts"][2]["capital"], serde_json::Value::Null);
    let table = user.run(&["accounts"]).out;
    for words in ["account", "house", "total", "25,000.00"] {
        assert!(table.contains(words), "{words} is not in\n{table}");
    }
    let status = user.json(&["status", "--json"]);
    assert_eq!(status["accounts"].as_array().unwrap().len(), 3);
    let to = |to: &'static str| ["accounts", "move", "--from", "house", "--to", to];
    let moved = user.run(&[&to("a")[..], &["--usd", "1500", "more for it"]].concat());
    assert!(moved.out.starts_with("moved 1500 USD from house to a\n"), "{}", moved.out);
    let capital = &user.json(&["accounts", "--json"])["accounts"][1]["capital"];
    assert_eq!(*capital, "26500");
    for (more, code, words) in [
        (vec!["--usd", "much", "why"], 1, "args.usd"),
        (vec!["--usd", "900000", "why"], 1, "house can spare"),
        (vec!["--qty", "5", "--symbol", "SYNA", "why"], 1, "house holds 0 shares, not 5"),
        (vec!["--usd", "5"], 2, "with a reason"),
        (vec!["--qty", "5", "why"], 2, "--symbol"),
        (vec!["why"], 2, "--usd"),
    ] {
        let refused = user.run(&[&to("a")[..], &more].concat());
        assert_eq!(refused.code, code, "{more:?}: {}", refused.err);
        assert!(refused.err.contains(words), "{more:?}: {}", refused.err);
    }
    // Limits and dry runs know the strategies by the same names.
    let set = ["risk", "set", "strategies.a.max_order_quantity", "4", "less of it"];
    assert_eq!(user.run(&set).code, 0);
    let of = |name: &'static str| {
        user.run(&["risk", "check", "--order", "buy 10 SYNA", "--strategy", name])
    };
    let table = of("a").out;
    assert!(table.contains("strategies.a.max_order_quantity"), "{table}");
    assert!(!of("b").out.contains("strategies.a.max_order_quantity"));
    assert!(of("sma-crossover").err.contains("does not run sma-crossover, but a, b"));
    let refused = user.run(&[&to("b")[..], &["--usd", "5", "why"]].concat());
    assert!(refused.err.contains("b has no capital of its own"), "{}", refused.err);
    let refused = user.run(&[&to("c")[..], &["--usd", "5", "why"]].concat());
    assert!(refused.err.contains("there is no account c, but house, a, b"), "{}", refused.err);
    session.interrupt();
    assert_eq!(user.run(&["accounts"]).code, 6, "nobody answers any more");
}

#[test]
fn a_second_session_on_its_folder_is_refused_and_a_flattened_one_ends_halted() {
    let user = User::new();
    let session = Session::start(&user);
    let second = user.run(&["paper", "--for", "5s"]);
    assert_eq!(second.code, 2, "{}", second.err);
    assert!(second.sentence().contains("in use by process"), "{}", second.err);
    assert_eq!(user.json(&["flatten", "done for today", "--json"])["trading"], "halted");
    let (code, out) = session.interrupt();
    assert_eq!(code, 4, "{out}");
    let shown = user.run(&["journal", "show"]).out;
    assert!(shown.contains("trading is halted: done for today"), "{shown}");
}

/// Asks for the status until it says something.
fn until(user: &User, says: impl Fn(&serde_json::Value) -> bool) {
    let begun = std::time::Instant::now();
    while !says(&user.json(&["status", "--json"])) {
        assert!(begun.elapsed().as_secs() < 120, "it has not come to that");
    }
}

#[test]
fn what_stops_trading_again_is_told_by_resume() {
    let user = User::new();
    // A percent down in every minute.
    let mut bars = String::from("timestamp,open,high,low,close,volume\n");
    let mut cents = 100_000;
    for minute in 0..300 {
        let (hour, minute) = (15 + minute / 60, minute % 60);
        let (open, close) = (cents, cents * 99 / 100);
        let usd = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
        bars += &format!(
            "2024-02-05T{hour:02}:{minute:02}:00Z,{},{},{},{},100000\n",
            usd(open),
            usd(open),
            usd(close),
            usd(close)
        );
        cents = close;
    }
    std::fs::write(user.path("FALL.csv"), bars).unwrap();
    let more = ["--data", "FALL.csv", "--strategy", "buy-and-hold"];
    let limits = ["--set", "risk.max_daily_loss_usd=1", "--set", "risk.place_stops=false"];
    let session = Session::start_with(&user, &[&more[..], &limits].concat());
    until(&user, |status| status["trading"] == "halted");
    let resumed = user.run(&["resume", "all is well"]);
    assert_eq!(resumed.code, 5, "{}{}", resumed.out, resumed.err);
    for words in ["trading is halted again (by the kernel", "the day has lost", "risk set"] {
        assert!(resumed.err.contains(words), "{words}: {}", resumed.err);
    }
    session.interrupt();
}

#[test]
fn what_stops_trading_is_taken_while_a_session_starts() {
    let user = User::new();
    // A broker that takes connections and never answers.
    let broker = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("alpaca.trading_url=http://{}", broker.local_addr().unwrap());
    let keys = ["--set", "alpaca.key_id=KEY", "--set", "alpaca.secret_key=SECRET"];
    let venue = ["paper", "--set", "session.venue=alpaca-paper", "--symbols", "SPY", "--set", &url];
    let mut command = user.command(&[&venue[..], &keys].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = std::time::Instant::now();
    let mut taken = user.run(&["flatten", "--wait", "0s", "fire"]);
    while taken.code == 6 && begun.elapsed().as_secs() < 60 {
        taken = user.run(&["flatten", "--wait", "0s", "fire"]);
    }
    assert_eq!(taken.code, 0, "{}", taken.err);
    assert!(taken.out.contains("taken: the session is still starting"), "{}", taken.out);
    let waited = user.run(&["cancel-all", "--wait", "1s"]);
    assert_eq!(waited.code, 5, "{}{}", waited.out, waited.err);
    assert!(waited.err.contains("has not begun in 1 s"), "{}", waited.err);
    assert!(user.run(&["halt"]).out.contains("still starting"));
    let resumed = user.run(&["resume", "why not"]);
    assert!(resumed.code != 0 && resumed.err.contains("ask again"), "{}", resumed.err);
    child.kill().unwrap();
    child.wait().unwrap();
}
