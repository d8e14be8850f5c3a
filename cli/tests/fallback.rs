//! A live session whose broker's API fails, and the paper session that takes its entries, judged by
//! the records of the two exchanges.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::User;
use exchange::OrderRow;
use exchange::server::{FaultScript, Running, ServerConfig, Source, Speed, Synthetic};
use journal::Reader;
use kernel::{Event, RecordBody, TradingState};
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, Stdio};

const SYMBOLS: [&str; 6] = ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF"];

/// A session that takes longer than this is stuck.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// The third to the sixth order are answered with an error, and do not arrive. Answers to orders that
/// are on their way together come in any order, so that one more fails than it takes.
const API_FAILS: &str = r#"
    [[fault]]
    on = "submit"
    nth = 3
    times = 4
    inject = "answer"
    status = 500
"#;

async fn exchange(faults: &str) -> Running {
    let symbols = SYMBOLS.map(str::to_owned).to_vec();
    let source = Source::Synthetic(Synthetic::new(5, symbols));
    let mut config = ServerConfig::new(source, Speed::Times(60.0));
    config.faults = FaultScript::parse(faults).unwrap();
    exchange::server::start(config).await.unwrap()
}

/// Buys and stays.
const HOLDS: &str = "name = \"buy-and-hold\"\n[strategy.params]\nquantity = 1\n";
/// Buys and sells every few minutes.
const TURNS: &str =
    "name = \"sma-crossover\"\n[strategy.params]\nfast = 2\nslow = 5\nquantity = 1\n";

/// A configuration for a session on an exchange.
fn configuration(
    user: &User,
    name: &str,
    (exchange, strategy): (&Running, &str),
    more: &str,
) -> String {
    let (file, address) = (user.path(name), exchange.addr());
    let symbols = SYMBOLS.map(|symbol| format!("{symbol:?}")).join(", ");
    let text = format!(
        "[session]\nvenue = \"alpaca-{}\"\nsymbols = [{symbols}]\n\
         [strategy]\n{strategy}\
         [alpaca]\ntrading_url = \"http://{address}\"\ndata_url = \"http://{address}\"\n\
         stream_url = \"ws://{address}\"\n{more}",
        name.trim_end_matches(".toml")
    );
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// A live session with a paper session to fall back on.
struct Live {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Live {
    fn start(user: &User, live: &Running, paper: &Running, strategy: &str) -> Self {
        configuration(user, "paper.toml", (paper, strategy), "");
        let keys = paper.keys();
        let fallback = format!(
            "[risk]\nbreaker_failures = 3\nbreaker_then = \"reduce\"\nbreaker_silence_s = 300\n[fallback]\nconfig = {:?}\n\
             key_id = {:?}\nsecret_key = {:?}\n",
            user.text("paper.toml"),
            keys.key,
            keys.secret
        );
        let file = configuration(user, "live.toml", (live, strategy), &fallback);
        let args = ["live", "--config", &file, "--json", "--i-understand-this-trades-real-money"];
        let mut command = user.command(&args);
        let keys = live.keys();
        command.env("APCA_API_KEY_ID", &keys.key).env("APCA_API_SECRET_KEY", &keys.secret);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        // What never comes ends the log, and with it the test.
        let pid = rustix::process::Pid::from_child(&child);
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        });
        Self { child, log }
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

    /// Ends it as a crash does.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn end(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        self.log.by_ref().for_each(drop);
        assert!(self.child.wait().unwrap().success());
    }
}

/// Numbers of orders that grow positions, by what trading was when they were approved.
fn entries_of(user: &User) -> Vec<(u64, TradingState)> {
    let dir = user.path(".local/share/tradewind/default");
    let mut records = Reader::open(&runtime::session::journal_dir(&dir), 1).unwrap();
    let (mut entries, mut trading) = (Vec::new(), TradingState::Active);
    while let Some(record) = records.next().unwrap() {
        match record.body {
            RecordBody::Event { event: Event::TradingStateChanged { to, .. }, .. } => trading = to,
            RecordBody::Event { event: Event::OrderApproved(order), .. } if order.grows => {
                entries.push((order.number.0, trading));
            }
            RecordBody::Event { .. } | RecordBody::Input(_) => {}
        }
    }
    entries
}

/// The alerts of a paper session that took the live one's place, in the live one's journal.
fn stand_ins_of(user: &User) -> Vec<String> {
    let dir = user.path(".local/share/tradewind/default");
    let mut records = Reader::open(&runtime::session::journal_dir(&dir), 1).unwrap();
    let mut codes = Vec::new();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Event { event: Event::AlertRaised(alert), .. } = record.body {
            codes.push(alert.code.to_string());
        }
    }
    codes.retain(|code| code.starts_with("stand_in"));
    codes
}

/// The prefix of an order's id, and its number.
fn name(order: &OrderRow) -> (String, u64) {
    let (prefix, number) = order.client_order_id.rsplit_once('-').unwrap();
    (prefix.to_owned(), number.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_go_to_paper_while_a_live_session_only_reduces() {
    let user = User::new();
    let (at_live, at_paper) = (exchange(API_FAILS).await, exchange("").await);
    let mut live = Live::start(&user, &at_live, &at_paper, HOLDS);
    live.until("code=breaker_tripped");
    live.until("takes new entries until `tradewind resume`");
    live.until("code=stand_in_begun");

    // The paper session trades.
    let paper = user.text(".local/share/tradewind/default/fallback");
    let has_entries = || {
        let shown = user.run(&["status", "--json", "--data-dir", &paper]);
        shown.code == 0 && !at_paper.snapshot().positions.is_empty()
    };
    let mut asked = 0;
    while !has_entries() {
        asked += 1;
        assert!(asked < 2_000, "the paper session takes no entry");
    }
    // Exits pass at the live one.
    let held = at_live.snapshot().positions;
    let symbol = SYMBOLS[held.first().unwrap().symbol.index()];
    assert_eq!(user.run(&["flatten", symbol, "an exit"]).code, 0);
    live.until(&format!("{symbol} is closed"));
    let reduced = at_live.snapshot();

    // Only an operator's word brings entries back.
    assert_eq!(user.run(&["resume", "the API answers again"]).code, 0);
    live.until("code=stand_in_ended");
    assert_eq!(user.run(&["status", "--data-dir", &paper]).code, 6);
    live.until("order");
    live.end();

    assert_eq!(stand_ins_of(&user), ["stand_in_begun", "stand_in_ended"]);
    let entries = entries_of(&user);
    assert!(entries.iter().all(|(_, trading)| *trading == TradingState::Active), "{entries:?}");
    let (last, paper_orders) = (at_live.snapshot(), at_paper.snapshot().orders);
    let prefixes = |orders: &[OrderRow]| {
        let mut all: Vec<String> = orders.iter().map(|order| name(order).0).collect();
        all.sort();
        all.dedup();
        all
    };
    let (ours, theirs) = (prefixes(&last.orders), prefixes(&paper_orders));
    assert_eq!((ours.len(), theirs.len()), (1, 1));
    assert_ne!(ours, theirs, "no order crosses over");
    let approved: Vec<u64> = entries.iter().map(|(number, _)| *number).collect();
    for order in last.orders.iter().filter(|order| order.opens) {
        assert!(approved.contains(&name(order).1), "{order:?}");
    }
    let exits = reduced.orders.iter().filter(|order| !order.opens);
    assert_eq!(exits.count(), 1, "the exit passed while trading was reduced");
    assert!(paper_orders.iter().all(|order| order.opens), "buy and hold closes nothing");
}

/// A broker that is gone with its stream refuses no order: that it is silent is enough.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_out_of_reach_leaves_entries_to_paper() {
    let user = User::new();
    let (at_live, at_paper) = (exchange("").await, exchange("").await);
    let mut live = Live::start(&user, &at_live, &at_paper, HOLDS);
    live.until(": bought 1 ");
    drop(at_live);
    live.until("The broker has been out of reach for");
    live.until("code=stand_in_begun");
    assert_eq!(user.json(&["status", "--json"])["trading"], "reducing");
    live.kill();
    let entries = entries_of(&user);
    assert!(entries.iter().all(|(_, trading)| *trading == TradingState::Active), "{entries:?}");
}

/// The process that writes the journal of a folder.
fn process_in(dir: &str) -> rustix::process::Pid {
    let lock = runtime::session::journal_dir(std::path::Path::new(dir)).join("lock");
    let pid = std::fs::read_to_string(lock).unwrap().trim().parse().unwrap();
    rustix::process::Pid::from_raw(pid).unwrap()
}

/// A restart keeps entries on paper while what is held is closed by its strategy; and a paper session
/// that ends by itself is told of.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_while_reducing_takes_no_entry_back_and_strategies_exit() {
    let user = User::new();
    // Whatever comes at once, three of so many are known to be lost before one is taken again.
    let later = API_FAILS.replace("nth = 3", "nth = 5").replace("times = 4", "times = 8");
    let (at_live, at_paper) = (exchange(&later).await, exchange("").await);
    let mut live = Live::start(&user, &at_live, &at_paper, TURNS);
    live.until("code=stand_in_begun");
    live.kill();
    let held = at_live.snapshot().positions.len();
    assert!(held > 0, "there is something to exit");
    let sold = || at_live.snapshot().orders.iter().filter(|order| !order.opens).count();
    let before = sold();

    let mut live = Live::start(&user, &at_live, &at_paper, TURNS);
    live.until("code=stand_in_begun");
    live.until(": sold 1 ");
    assert!(sold() > before, "a strategy's exit passed");
    assert_eq!(user.json(&["status", "--json"])["trading"], "reducing");

    let paper = process_in(&user.text(".local/share/tradewind/default/fallback"));
    rustix::process::kill_process(paper, rustix::process::Signal::KILL).unwrap();
    live.until("code=stand_in_ended");
    live.end();
    // What the first process had not written yet died with it.
    let codes = ["stand_in_begun", "stand_in_begun", "stand_in_ended"];
    let found = stand_ins_of(&user);
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert!(found.len() > 1 && codes.ends_with(&found), "{found:?}");
    let entries = entries_of(&user);
    assert!(!entries.is_empty());
    assert!(entries.iter().all(|(_, trading)| *trading == TradingState::Active), "{entries:?}");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_traded() {
    let user = User::new();
    let keys = |command: &mut std::process::Command| {
        command.env("APCA_API_KEY_ID", "KEY").env("APCA_API_SECRET_KEY", "SECRET");
    };
    std::fs::write(user.path("paper.toml"), "").unwrap();
    let cases: [(&[&str], &str); 3] = [
        (&["fallback.config=nowhere.toml"], "is no file"),
        (&["fallback.config=paper.toml"], "breaker_then"),
        (
            &["fallback.config=paper.toml", "risk.breaker_then=reduce", "fallback.key_id=A"],
            "one key of two",
        ),
    ];
    for (settings, words) in cases {
        let mut args = vec!["live", "--i-understand-this-trades-real-money"];
        args.extend(["--set", "alpaca.trading_url=http://127.0.0.1:9"]);
        settings.iter().for_each(|setting| args.extend(["--set", setting]));
        let mut command = user.command(&args);
        keys(&mut command);
        let ended = common::Ended::of(command.output().unwrap());
        assert_eq!(ended.code, 2, "{}", ended.err);
        assert!(ended.sentence().contains(words), "{}", ended.err);
    }
}
