//! Files into feeds, and every mistake in a file as one sentence.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use flate2::Compression;
use flate2::write::GzEncoder;
use kernel::{Bar, MarketData, Price, Span};
use marketdata::{Feed, MarketDataFileError, read_files};
use proptest::prelude::*;
use std::io::Write;
use std::path::PathBuf;
use tempfile::TempDir;

const BARS: &str = "timestamp,open,high,low,close,volume\n";

/// A folder of files that lives as long as the test.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn read(name: &str, bytes: impl AsRef<[u8]>) -> Result<Feed, MarketDataFileError> {
    let folder = Folder::new();
    read_files(&[folder.file(name, bytes)])
}

/// The message of the mistake, without the temporary folder.
fn mistake(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let folder = Folder::new();
    let error = read_files(&[folder.file(name, bytes)]).unwrap_err();
    let message = error.to_string();
    assert!(!message.contains('\n'), "one sentence: {message}");
    message.replace(&format!("{}/", folder.0.path().display()), "")
}

fn bar(feed: &Feed, at: usize) -> Bar {
    match feed.data[at] {
        MarketData::Bar(bar) => bar,
        MarketData::Quote(_) | MarketData::Trade(_) => panic!("expected a bar"),
    }
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

#[test]
fn bars_keep_every_digit() {
    let rows = "2011-01-03T14:30:00Z,126.35,126.390000001,126.35,126.39,1579\n\
                2011-01-03T14:31:00Z,126.45,126.45,126.45,126.45,2300413.7295\n";
    let feed = read("BTC-PERP_2022-01.csv", format!("{BARS}{rows}")).unwrap();
    assert_eq!(feed.symbols.names().collect::<Vec<_>>(), ["BTC-PERP"]);
    assert_eq!(feed.bar_length, Some(Span::from_secs(60)));
    assert_eq!(bar(&feed, 0).high, price("126.390000001"));
    assert_eq!(bar(&feed, 1).volume.to_string(), "2300413.7295");
    assert_eq!(bar(&feed, 0).end_time().to_string(), "2011-01-03T14:31:00.000000000Z");
}

#[test]
fn a_volume_loses_the_digits_after_the_ninth_and_a_price_is_refused() {
    let row = "2021-12-31T23:00:00Z,1,2,1,2,218102.59507500002\n";
    let feed = read("1Min/BTC-PERP.csv", [BARS, row].concat()).unwrap();
    assert_eq!(bar(&feed, 0).volume.to_string(), "218102.595075");
    let twice = row.replace("00002", "00002.1");
    assert!(mistake("1Min/A.csv", [BARS, &twice].concat()).contains("is not a decimal number"));
}

#[test]
fn compression_changes_nothing() {
    let text = format!("{BARS}2011-01-03T14:30:00Z,1,2,1,2,3\n2011-01-03T14:31:00Z,1,2,1,2,3\n");
    let (plain, packed) =
        (read("SPY.csv", &text).unwrap(), read("SPY_2011.csv.gz", gzip(&text)).unwrap());
    assert_eq!(plain, packed);
    assert_eq!(plain.content_hash(), packed.content_hash());
    let other = read("SPY.csv", text.replace(",3\n", ",4\n")).unwrap();
    assert_ne!(plain.content_hash(), other.content_hash());
}

#[test]
fn quotes_and_trades_may_share_a_time_and_keep_their_order() {
    let quotes = "timestamp,bid_price,bid_size,ask_price,ask_size\n\
                  2018-01-02T14:30:00.115Z,158.39,100,158.50,1800\n\
                  2018-01-02T14:30:00.115Z,0,0,158.58,100\n";
    let trades = "timestamp,price,size,conditions\n\
                  2018-01-02T14:30:00.115Z,157.80,2,F|T|I\n2018-01-02T14:30:01.000Z,157.81,3,\n";
    let folder = Folder::new();
    let paths = [folder.file("XXX_q.csv", quotes), folder.file("XXX_t.csv", trades)];
    let feed = read_files(&paths).unwrap();
    let prices: Vec<String> = feed.data.iter().map(|datum| datum.price().to_string()).collect();
    assert_eq!(prices, ["158.445", "158.58", "157.8", "157.81"]);
    assert_eq!(feed.steps().map(<[MarketData]>::len).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(feed.bar_length, None);
}

#[test]
fn columns_may_stand_in_any_order_with_others_between() {
    let text = "\u{feff}Volume,vwap,Close,Low,High,Open,Timestamp\r\n\
                7,1.5,2,1,3,1.25,2011-01-03T05:00:00Z\r\n7,1.5,2,1,3,1.25,2011-01-04T05:00:00Z\r\n";
    let feed = read("F.csv", text).unwrap();
    assert_eq!(bar(&feed, 0).open, price("1.25"));
    assert_eq!(feed.bar_length, Some(Span::from_secs(86_400)));
}

#[test]
fn a_symbol_column_names_the_symbols() {
    let text = "timestamp,symbol,open,high,low,close,volume\n\
                2011-01-03T14:30:00Z,MSFT,1,2,1,2,3\n2011-01-03T14:30:00Z,AAPL,5,5,5,5,3\n\
                2011-01-03T14:31:00Z,MSFT,1,2,1,2,3\n";
    let feed = read("bars.csv", text).unwrap();
    assert_eq!(feed.symbols.names().collect::<Vec<_>>(), ["AAPL", "MSFT"]);
    let names: Vec<&str> =
        feed.data.iter().map(|datum| feed.symbols.name(datum.symbol())).collect();
    assert_eq!(names, ["AAPL", "MSFT", "MSFT"]);
}

#[test]
fn files_are_merged_in_the_order_of_time_and_of_names() {
    let minute = |minute: u8| format!("2011-01-03T14:{minute}:00Z,1,1,1,1,1\n");
    let folder = Folder::new();
    let paths = [
        folder.file("1Min/MSFT.csv", [BARS, &minute(30), &minute(31)].concat()),
        folder.file("1Min/AAPL_a.csv", [BARS, &minute(31)].concat()),
        folder.file("1Min/AAPL_b.csv", [BARS, &minute(30)].concat()),
    ];
    let feed = read_files(&paths).unwrap();
    let seen: Vec<String> = feed
        .data
        .iter()
        .map(|datum| {
            format!("{} {}", &datum.time().to_string()[14..16], feed.symbols.name(datum.symbol()))
        })
        .collect();
    assert_eq!(seen, ["31 AAPL", "31 MSFT", "32 AAPL", "32 MSFT"]);
    let turned: Vec<PathBuf> = paths.into_iter().rev().collect();
    assert_eq!(read_files(&turned).unwrap().content_hash(), feed.content_hash());
}

#[test]
fn the_same_bar_in_two_files_is_a_mistake() {
    let folder = Folder::new();
    let text = [BARS, "2011-01-03T14:30:00Z,1,1,1,1,1\n"].concat();
    let paths = [folder.file("1Min/SPY_a.csv", &text), folder.file("1Min/SPY_b.csv", &text)];
    let message = read_files(&paths).unwrap_err().to_string();
    assert!(message.contains("SPY_b.csv: the bar of SPY at 2011-01-03T14:30:00"), "{message}");
    assert!(message.ends_with("SPY_a.csv; give it once"), "{message}");
}

#[test]
fn every_bad_row_is_one_sentence() {
    let first = "2011-01-03T14:30:00Z,1,2,1,2,3\n";
    let cases = [
        (
            "2011-01-03 14:31,1,2,1,2,3",
            "timestamp: `2011-01-03T14:31:00` names no time zone; name it with --time-zone, such as America/New_York or UTC",
        ),
        (
            "noon,1,2,1,2,3",
            "timestamp: `noon` is not a time; expected RFC 3339 such as 2011-01-03T14:30:00Z",
        ),
        (
            "2011-01-03T09:31:00-05:00,1,2,1,2,3",
            "timestamp: the time is in UTC-05:00, and those before in UTC; write all in one zone, or name the zone that has both with --time-zone",
        ),
        (
            "2011-01-03T14:29:00Z,1,2,1,2,3",
            "timestamp: 2011-01-03T14:29:00.000000000Z is earlier than 2011-01-03T14:30:00.000000000Z in the row before; expected rows in the order of time",
        ),
        (
            "2011-01-03T14:30:00Z,1,2,1,2,3",
            "timestamp: a second bar of SPY opens at 2011-01-03T14:30:00.000000000Z; expected one bar for each time",
        ),
        (
            "2011-01-03T14:31:00Z,NaN,2,1,2,3",
            "open: `NaN` is not a decimal number; expected a price above zero with at most nine digits after the point",
        ),
        (
            "2011-01-03T14:31:00Z,1,2,1,,3",
            "close: `` is not a decimal number; expected a price above zero with at most nine digits after the point",
        ),
        (
            "2011-01-03T14:31:00Z,1,2,-1,2,3",
            "low: -1 cannot be; expected a price above zero with at most nine digits after the point",
        ),
        (
            "2011-01-03T14:31:00Z,1.0000000001,2,1,2,3",
            "open: `1.0000000001` is more than nine digits after the point; expected a price above zero with at most nine digits after the point",
        ),
        (
            "2011-01-03T14:31:00Z,1,2,1,2,-3",
            "volume: -3 cannot be; expected a volume of zero or more",
        ),
        (
            "2011-01-03T14:31:00Z,1,2,1,3,3",
            "high: 2 does not bound the open, high, low and close of the row; expected low <= open, close <= high",
        ),
        (
            "2011-01-03T14:31:00Z,1,2,1.5,2,3",
            "low: 1.5 does not bound the open, high, low and close of the row; expected low <= open, close <= high",
        ),
    ];
    for (row, expected) in cases {
        let message = mistake("1Min/SPY.csv", [BARS, first, row, "\n"].concat());
        assert_eq!(message, format!("1Min/SPY.csv, row 3, column {expected}"));
    }
    let message = mistake("1Min/SPY.csv", [BARS, first, "2011-01-03T14:31:00Z,1\n"].concat());
    assert_eq!(message, "1Min/SPY.csv, row 3: the row has 2 fields; expected 6, as in the header");
    let message =
        mistake("1Min/SPY.csv", [BARS.as_bytes(), b"2011-01-03T14:30:00Z,1,2,1,\xff,3\n"].concat());
    assert_eq!(message, "1Min/SPY.csv, row 2, column close: the field is not UTF-8 text");
}

#[test]
fn every_bad_file_is_one_sentence() {
    assert_eq!(
        read_files(&[]).unwrap_err().to_string(),
        "no market data file was given; name at least one"
    );
    assert!(mistake("SPY.csv", "").contains("SPY.csv, row 1: the header `` is not one of bars"));
    assert_eq!(
        mistake("SPY.csv", BARS),
        "SPY.csv: the file has no rows; expected at least one below the header"
    );
    assert_eq!(
        mistake("SPY.csv", "timestamp,open,high,low,close\n"),
        "SPY.csv, row 1, column volume: the column is missing; bars need the columns \
         timestamp,open,high,low,close,volume"
    );
    assert!(
        mistake("spy.csv", [BARS, "x\n"].concat()).starts_with("spy.csv: \"spy\" is not a symbol")
    );
    let one = [BARS, "2011-01-03T14:30:00Z,1,2,1,2,3\n"].concat();
    assert!(
        mistake("SPY.csv", one).ends_with("put the file in a folder named 1Min, 1Hour or 1Day")
    );
    let missing = read_files(&[PathBuf::from("/nowhere/SPY.csv")]).unwrap_err().to_string();
    assert!(
        missing.starts_with("/nowhere/SPY.csv: the file cannot be read (No such file"),
        "{missing}"
    );
    let folder = Folder::new();
    let folder = read_files(&[folder.0.path().to_path_buf()]).unwrap_err().to_string();
    assert!(folder.contains("the file cannot be read (Is a directory"), "{folder}");
}

#[test]
fn a_gzip_file_cut_short_or_damaged_is_told() {
    let whole = gzip(&[BARS, "2011-01-03T14:30:00Z,1,2,1,2,3\n"].concat());
    for length in [2, 5, 12, whole.len() - 9, whole.len() - 1] {
        let message = mistake("1Min/SPY.csv.gz", &whole[..length]);
        assert!(
            message.starts_with("1Min/SPY.csv.gz: the gzip data is cut short or damaged"),
            "{length}: {message}"
        );
    }
    let mut damaged = whole.clone();
    let crc = damaged.len() - 6;
    damaged[crc] ^= 1;
    assert!(mistake("1Min/SPY.csv.gz", damaged).contains("cut short or damaged"));
}

#[test]
fn the_real_files_are_read_whole() {
    let Some(folder) = std::env::var_os("TRADEWIND_TEST_DATA").map(PathBuf::from) else {
        // Past the test harness, which keeps what passing tests print.
        let reason = "SKIPPED: TRADEWIND_TEST_DATA does not name the folder with market data\n";
        std::io::stderr().write_all(reason.as_bytes()).unwrap();
        return;
    };
    let (minute, hour, day) = (Some(60), Some(3600), Some(86_400));
    let files = [
        ("bars/1Min/SPY_2011.csv.gz", "SPY", 31_757, minute),
        ("bars/1Min/BTC-PERP_2022-01.csv.gz", "BTC-PERP", 45_031, minute),
        ("bars/1Min/GBPUSD_bid_2012-02.csv.gz", "GBPUSD", 30_117, minute),
        ("bars/1Min/GLD_2019-02.csv", "GLD", 1927, minute),
        ("bars/1Hour/EURUSD.csv", "EURUSD", 5000, hour),
        ("bars/1Day/F.csv", "F", 8577, day),
        ("bars/1Day_adj/GE.csv", "GE", 8577, day),
        ("quotes/XXX_2018-01-02.csv.gz", "XXX", 24_477, None),
        ("trades/XXX_2018-01-02.csv.gz", "XXX", 39_470, None),
    ];
    for (name, symbol, rows, length) in files {
        let feed = read_files(&[folder.join(name)]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(feed.symbols.names().collect::<Vec<_>>(), [symbol], "{name}");
        assert_eq!(feed.data.len(), rows, "{name}");
        assert_eq!(feed.bar_length.map(|span| span.nanos() / 1_000_000_000), length, "{name}");
        assert!(feed.data.iter().all(|datum| datum.check().is_ok()), "{name}");
    }
    let week = ["AAPL", "GLD", "MSFT", "TSLA"];
    let paths: Vec<PathBuf> =
        week.iter().map(|name| folder.join(format!("bars/1Min/{name}_2019-02.csv"))).collect();
    let feed = read_files(&paths).unwrap();
    assert_eq!(feed.symbols.names().collect::<Vec<_>>(), week);
    assert_eq!(feed.data.len(), 1948 + 1927 + 1948 + 1946);
    assert_eq!(feed.steps().count(), 5 * 390);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read_again(rows in prop::collection::vec((1..10_000_i64, 1..=i64::MAX / 2, 0..1_000_i64, 0..1_000_i64, any::<u64>()), 2..40)) {
        let mut time = 1_600_000_000;
        let mut text = String::from(BARS);
        let mut expected = Vec::new();
        for (pause, low, rise, fall, volume) in rows {
            time += pause;
            let open_time = kernel::Timestamp::from_secs(time);
            let [low, middle, high] = [low, low + rise, low + rise + fall].map(Price::from_nanos);
            let volume = kernel::Volume::from_nanos(u128::from(volume));
            text += &format!("{open_time},{middle},{high},{low},{low},{volume}\n");
            expected.push((open_time, middle, high, low, low, volume));
        }
        let feed = read("1Min/AAA.csv", text).unwrap();
        let read: Vec<_> = (0..feed.data.len())
            .map(|at| bar(&feed, at))
            .map(|bar| (bar.open_time, bar.open, bar.high, bar.low, bar.close, bar.volume))
            .collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), packed: bool) {
        let start: &[u8] = if packed { &[0x1f, 0x8b, 8, 0] } else { BARS.as_bytes() };
        let _ = read("1Min/SPY.csv", [start, &bytes].concat());
    }

    #[test]
    fn a_damaged_row_is_refused_or_read_never_a_panic(at in 0..31_usize, byte: u8) {
        let mut row = b"2011-01-03T14:30:00Z,1,2,1,2,3\n".to_vec();
        if let Some(place) = row.get_mut(at) {
            *place = byte;
        }
        let _ = read("1Min/SPY.csv", [BARS.as_bytes(), &row].concat());
    }
}
