//! `tradewind data download`, from the bundled exchange and from a server that writes what Alpha
//! Vantage writes: killed at any page it goes on, and the result is the same.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::{Ended, RunningExchange, User, exchange};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
/// Three days of two symbols, 500 rows at a time.
const PAGES: usize = 5;
const RANGE: [&str; 8] =
    ["--symbols", "SYNB,SYNA", "--from", "2025-12-31", "--to", "2026-01-06", "--page-rows", "500"];

/// The command against an exchange.
fn download(user: &User, url: &str, args: &[&str]) -> Command {
    let mut command = user.command(&[&["data", "download"], args].concat());
    command.env("APCA_API_DATA_URL", url);
    command.env("APCA_API_KEY_ID", "KEY").env("APCA_API_SECRET_KEY", "SECRET");
    command
}

fn run(mut command: Command) -> Ended {
    Ended::of(command.output().unwrap())
}

/// An exchange that is silent at one page.
fn silent_at(user: &User, page: usize) -> RunningExchange {
    let script = format!("[[fault]]\non='history'\ninject='hang'\nnth={page}\n");
    std::fs::write(user.path("hang.toml"), script).unwrap();
    exchange(user, &["--faults", "hang.toml"])
}

/// Starts a download from it and kills it there.
fn kill_at(user: &User, silent: &RunningExchange, args: &[&str], page: usize) {
    let mut command = download(user, &silent.url, args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while kept(user) < page - 1 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before page {page}");
        assert!(begun.elapsed() < PATIENCE, "page {page} does not come");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Pages that unfinished downloads have kept.
fn kept(user: &User) -> usize {
    let folders = std::fs::read_dir(user.path(".local/share/tradewind/downloads"));
    let folders = folders.into_iter().flatten().flatten();
    let pages = folders.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten());
    let is_page = |name: &str| name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_digit());
    pages.filter(|page| page.file_name().to_str().is_some_and(is_page)).count()
}

#[test]
fn killed_at_any_page_a_download_goes_on_and_writes_the_same_files() {
    let user = User::new();
    let steady = exchange(&user, &[]);
    let args = |out: &'static str| [&RANGE[..], &["--out", out]].concat();
    let ended = run(download(&user, &steady.url, &args("whole")));
    assert_eq!(ended.code, 0, "{}", ended.err);
    let files = |user: &User, folder: &str| {
        ["SYNA.csv", "SYNB.csv"].map(|file| std::fs::read(user.path(folder).join(file)).unwrap())
    };
    let rows = |file: &Vec<u8>| file.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(files(&user, "whole").each_ref().map(rows), [1 + 3 * 390, 1 + 3 * 390]);
    let whole = files(&user, "whole");
    // One after the other they would wait for each silence that met the second command.
    std::thread::scope(|scope| {
        for page in 1..=PAGES {
            let (args, files, whole) = (&args, &files, &whole);
            scope.spawn(move || {
                let user = User::new();
                let silent = silent_at(&user, page);
                kill_at(&user, &silent, &args("again"), page);
                assert!(!user.path("again/SYNA.csv").exists());
                let ended = run(download(&user, &silent.url, &args("again")));
                assert_eq!(ended.code, 0, "{page}: {}", ended.err);
                assert_eq!(files(&user, "again"), *whole, "{page}");
                assert_eq!(kept(&user), 0, "what is complete leaves nothing behind");
            });
        }
    });
}

#[test]
fn after_an_error_the_same_command_goes_on() {
    let user = User::new();
    let script = "[[fault]]\non='history'\ninject='malformed'\nnth=4\n";
    std::fs::write(user.path("cut.toml"), script).unwrap();
    let exchange = exchange(&user, &["--faults", "cut.toml"]);
    let args = [&RANGE[..], &["--out", "all"]].concat();
    let cut = run(download(&user, &exchange.url, &args));
    assert_eq!((cut.code, cut.err.lines().count()), (1, 1), "{}", cut.err);
    assert!(cut.sentence().contains("the answer cannot be used"), "{}", cut.err);
    assert!(cut.sentence().contains("3 pages kept: the same command goes on"), "{}", cut.err);
    assert!(!user.path("all/SYNB.csv").exists());
    let ended = run(download(&user, &exchange.url, &args));
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("SYNB.csv: 1170 rows"), "{}", ended.out);
}

#[test]
fn what_was_loaded_is_told_and_can_be_traded_on() {
    let user = User::new();
    let exchange = exchange(&user, &[]);
    let args = ["--symbols", "SYNA,NONE", "--from", "2026-01-02", "--to", "2026-01-03"];
    let day = [&args[..], &["--resolution", "5Min", "--out", "out", "--json"]].concat();
    let ended = run(download(&user, &exchange.url, &day));
    assert_eq!(ended.code, 0, "{}", ended.err);
    let told: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((told["rows"]["SYNA"].as_u64(), told["rows"]["NONE"].as_u64()), (Some(78), Some(0)));
    assert_eq!((told["pages"].as_u64(), told["left_out"].as_u64()), (Some(1), Some(0)));
    let result = user.json(&["backtest", "--json", "--data", "out/SYNA.csv"]);
    assert_eq!(result["data"]["bars"].as_u64(), Some(78));
}

#[test]
fn splits_are_written_as_a_backtest_reads_them() {
    let user = User::new();
    let script =
        "[[fault]]\non='step'\ninject='split'\nsymbol='SYNA'\nnew=1\nold=3\ndate='2026-02-09'\n";
    std::fs::write(user.path("split.toml"), script).unwrap();
    let exchange = exchange(&user, &["--faults", "split.toml", "--speed", "600"]);
    let range = ["--symbols", "SYNA", "--from", "2026-01-01", "--to", "2026-03-01"];
    let args = [&range[..], &["--kind", "corporate-actions", "--out", "actions.csv"]].concat();
    let begun = Instant::now();
    let expected = "symbol,ex_date,type,ratio_or_cash\nSYNA,2026-02-09,split,1/3\n";
    // It is announced with the venue's first minute.
    loop {
        let ended = run(download(&user, &exchange.url, &args));
        assert_eq!(ended.code, 0, "{}", ended.err);
        if std::fs::read_to_string(user.path("actions.csv")).unwrap() == expected {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "the split is not announced");
    }
    let file = common::write_bars(&user, "SYNA", 50);
    let run = ["backtest", "--json", "--corporate-actions", "actions.csv", "--data", &file];
    user.json(&run);
}

#[test]
fn what_cannot_be_downloaded_is_one_sentence() {
    let user = User::new();
    let exchange = exchange(&user, &[]);
    let base =
        ["--symbols", "SYNA", "--from", "2026-01-02", "--to", "2026-01-03", "--out", "a.csv"];
    let cases: [(&[&str], &str); 7] = [
        (&["--resolution", "1Week"], "is no length of bars"),
        (&["--resolution", "90Min"], "there are no bars of 90Min"),
        (&["--resolution", "7Day"], "there are no bars of 7Day"),
        (&["--kind", "trades", "--adjustment", "all"], "--adjustment is for bars"),
        (&["--provider", "alpha-vantage"], "set ALPHA_VANTAGE_KEY"),
        (&["--provider", "alpha-vantage", "--kind", "quotes"], "it has minute bars alone"),
        (&["--provider", "alpha-vantage", "--adjustment", "split"], "--adjustment raw or all"),
    ];
    for (args, says) in cases {
        let ended = run(download(&user, &exchange.url, &[&base, args].concat()));
        assert_eq!((ended.code, ended.err.lines().count()), (2, 1), "{args:?}: {}", ended.err);
        assert!(ended.sentence().contains(says), "{says} is not in {}", ended.err);
    }
    let none =
        ["--symbols", "NONE", "--from", "2026-01-02", "--to", "2026-01-03", "--out", "a.csv"];
    let ended = run(download(&user, &exchange.url, &none));
    assert!(ended.sentence().contains("there are no bars of NONE between"), "{}", ended.err);
    let backwards =
        ["--symbols", "SYNA", "--from", "2026-01-03", "--to", "2026-01-03", "--out", "a.csv"];
    let ended = run(download(&user, &exchange.url, &backwards));
    assert_eq!((ended.code, ended.sentence().contains("--from")), (2, true), "{}", ended.err);
    let mut wrong = download(&user, &exchange.url, &base);
    wrong.env("APCA_API_SECRET_KEY", "WRONG");
    let ended = run(wrong);
    assert_eq!((ended.code, ended.sentence().contains("check APCA_API_KEY_ID")), (3, true));
    let mut bare = download(&user, &exchange.url, &base);
    bare.env_remove("APCA_API_KEY_ID").env_remove("APCA_API_SECRET_KEY");
    let ended = run(bare);
    assert_eq!((ended.code, ended.sentence().contains("no keys")), (2, true), "{}", ended.err);
    assert!(!user.path("a.csv").exists());
}

const KEY: &str = "K3Y0FTHETEST";

/// A server that gives its answers in turn, and the last one again and again.
fn alpha_vantage(answers: Vec<String>) -> String {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let turns = (0..).map(|turn: usize| turn.min(answers.len() - 1));
        for (stream, turn) in listener.incoming().zip(turns) {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            // The head ends with an empty line, and there is no body.
            lines.map_while(Result::ok).find(String::is_empty);
            let body = &answers[turn];
            // Whoever asked may have left.
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    format!("http://{address}")
}

/// Two bars on the first of a month.
fn month(month: &str) -> String {
    let bar =
        r#"{"1. open":"100.1","2. high":"101","3. low":"100","4. close":"100.2","5. volume":"12"}"#;
    format!(
        r#"{{"Meta Data":{{"2. Symbol":"IBM","6. Time Zone":"US/Eastern"}},"Time Series (1min)":{{"{month}-01 09:31:00":{bar},"{month}-01 09:30:00":{bar}}}}}"#
    )
}

/// The command for three months of IBM.
fn months(user: &User, url: &str, more: &[&str]) -> Ended {
    let args = ["data", "download", "--provider", "alpha-vantage", "--symbols", "IBM"];
    let range = ["--from", "2024-01-01", "--to", "2024-04-01", "--out", "IBM.csv"];
    let place = format!("alpha_vantage.url={url}");
    let mut command = user.command(&[&args[..], &range, &["--set", &place], more].concat());
    command.env("ALPHA_VANTAGE_KEY", KEY);
    run(command)
}

#[test]
fn months_of_alpha_vantage_come_within_the_quota_of_the_day() {
    let user = User::new();
    let url = alpha_vantage(["2024-01", "2024-02", "2024-03"].map(month).to_vec());
    let two = ["--set", "alpha_vantage.requests_per_day=2"];
    for attempt in 1..=2 {
        let ended = months(&user, &url, &two);
        assert_eq!(ended.code, 1, "{attempt}: {}", ended.err);
        let sentence = ended.sentence();
        assert!(sentence.contains("the 2 requests to Alpha Vantage"), "{}", ended.err);
        assert!(sentence.contains("2 pages kept"), "{}", ended.err);
        assert!(!user.path("IBM.csv").exists());
    }
    let ended = months(&user, &url, &["--set", "alpha_vantage.requests_per_day=off"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let text = std::fs::read_to_string(user.path("IBM.csv")).unwrap();
    let times: Vec<&str> = text.lines().skip(1).map(|line| &line[..16]).collect();
    let expected = [
        "2024-01-01T14:30",
        "2024-01-01T14:31",
        "2024-02-01T14:30",
        "2024-02-01T14:31",
        "2024-03-01T14:30",
        "2024-03-01T14:31",
    ];
    assert_eq!(times, expected);
    assert_eq!(user.json(&["backtest", "--json", "--data", "IBM.csv"])["data"]["bars"], 6);
}

#[test]
fn what_alpha_vantage_says_is_told_and_the_key_is_not() {
    let cases = [
        ("Note", "Our standard API call frequency is 5 calls per minute.", 1, "wait a minute"),
        (
            "Information",
            "We have detected your API key as K3Y0FTHETEST and our standard API rate limit is 25 requests per day.",
            1,
            "try again tomorrow",
        ),
        ("Information", "This is a premium endpoint.", 3, "the plan of the key"),
        ("Error Message", "Invalid API call.", 3, "check the symbol"),
    ];
    for (field, text, code, says) in cases {
        let user = User::new();
        let url = alpha_vantage(vec![format!(r#"{{"{field}":"{text}"}}"#)]);
        let ended = months(&user, &url, &[]);
        assert_eq!((ended.code, ended.err.lines().count()), (code, 1), "{field}: {}", ended.err);
        assert!(ended.sentence().contains(says), "{says} is not in {}", ended.err);
        assert!(!ended.err.contains(KEY) && !ended.out.contains(KEY), "{}", ended.err);
        assert!(!user.path("IBM.csv").exists());
        let mut show = user.command(&["config", "show"]);
        assert!(!run_with_key(&mut show).out.contains(KEY));
    }
}

fn run_with_key(command: &mut Command) -> Ended {
    Ended::of(command.env("ALPHA_VANTAGE_KEY", KEY).output().unwrap())
}

#[cfg(feature = "parquet")]
#[test]
fn the_store_keeps_feed_and_adjustment_and_a_download_into_it_goes_on() {
    let user = User::new();
    let steady = exchange(&user, &[]);
    let how = ["--feed", "sip", "--adjustment", "split", "--store", "st"];
    let ended = run(download(&user, &steady.url, &[&RANGE[..], &how].concat()));
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(
        ended.out.contains("1Min bars of SYNA, split: 1170 rows added, 1170 in all"),
        "{}",
        ended.out
    );
    let listed =
        |store: &str| user.json(&["data", "list", "--json", "--store", store])["series"].clone();
    let series = listed("st");
    for (index, symbol) in ["SYNA", "SYNB"].into_iter().enumerate() {
        let series = &series[index];
        assert_eq!(series["symbol"], symbol);
        assert_eq!((&series["feed"], &series["adjustment"]), (&"sip".into(), &"split".into()));
        assert_eq!(series["source"], "alpaca");
    }
    // Killed at its third page, and given again.
    let silent = silent_at(&user, 3);
    let how = ["--feed", "sip", "--adjustment", "split", "--store", "other"];
    let args = [&RANGE[..], &how].concat();
    kill_at(&user, &silent, &args, 3);
    assert_eq!(listed("other").as_array().unwrap().len(), 0);
    let ended = run(download(&user, &silent.url, &args));
    assert_eq!(ended.code, 0, "{}", ended.err);
    let hashes = |series: &serde_json::Value| {
        let series = series.as_array().unwrap().iter();
        series.map(|one| one["partitions"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(hashes(&listed("other")), hashes(&series));
}
