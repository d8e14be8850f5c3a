//! CSV files of others, and files that are streamed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use flate2::{Compression, write::GzEncoder};
use kernel::{MarketData, Span};
use marketdata::{
    CsvFile, Feed, ReadOptions, Source, Stamp, TableSource, TimeZone, read_files, read_files_with,
};
use std::io::Write;
use std::path::PathBuf;

fn write(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    if name.ends_with(".gz") {
        let mut encoder =
            GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap();
    } else {
        std::fs::write(&path, text).unwrap();
    }
    path
}

/// A minute bar for each minute of a day, as one symbol's file.
fn bars(first: usize, count: usize) -> String {
    let rows = (first..first + count).map(|minute| {
        let (hour, minute) = (minute / 60, minute % 60);
        format!("2024-01-02T{hour:02}:{minute:02}:00Z,10,11,9,10.{minute:02},{hour}\n")
    });
    let header = "timestamp,open,high,low,close,volume\n".to_owned();
    header + &rows.collect::<String>()
}

fn streamed(paths: &[PathBuf]) -> (Feed, marketdata::Facts) {
    let mut source = TableSource::open(paths, &ReadOptions::default()).unwrap();
    let facts = source.facts().clone();
    let feed = Feed::collect(&mut source).unwrap();
    (feed, facts)
}

#[test]
fn streamed_and_in_memory_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let several = "timestamp,symbol,price,size\n2024-01-02T00:01:00Z,BBB,10,1\n\
                   2024-01-02T00:01:00Z,AAA,10,1\n2024-01-02T00:01:00Z,BBB,10,2\n";
    let files = [
        write(&folder, "AAA_1.csv", &bars(0, 700)),
        write(&folder, "AAA_2.csv.gz", &bars(700, 500)),
        write(&folder, "BBB.csv", &bars(300, 900)),
        write(&folder, "trades.csv", several),
        write(&folder, "CCC.csv", "timestamp,price,size\n2024-01-02T05:00:00Z,3,4\n"),
    ];
    // One file for each partition, then partitions that two files share.
    for files in [&files[1..], &files[..]] {
        let expected = read_files(files).unwrap();
        let (feed, facts) = streamed(files);
        assert!(feed == expected, "{} files", files.len());
        assert_eq!(facts, expected.facts());
    }
}

#[test]
fn what_cannot_be_streamed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let text = "timestamp,symbol,price,size\n2024-01-02T00:02:00Z,BBB,10,1\n\
                2024-01-02T00:01:00Z,AAA,10,1\n";
    let path = write(&folder, "trades.csv", text);
    assert!(read_files(std::slice::from_ref(&path)).is_ok());
    let open = |paths: &[PathBuf]| {
        let error = TableSource::open(paths, &ReadOptions::default()).err().unwrap();
        error.to_string().replace(&format!("{}/", folder.path().display()), "")
    };
    assert_eq!(
        open(&[path]),
        "trades.csv: 2024-01-02T00:01:00.000000000Z is earlier than \
         2024-01-02T00:02:00.000000000Z of another symbol; sort the rows by time to stream the \
         file, or import it into a store"
    );
    let twice =
        [write(&folder, "AAA_1.csv", &bars(0, 9)), write(&folder, "AAA_2.csv", &bars(8, 9))];
    let again = "AAA_2.csv: the bar of AAA at 2024-01-02T00:08:00.000000000Z is also in ";
    assert!(open(&twice).starts_with(again), "{}", open(&twice));
    assert!(open(&[]).contains("no market data file was given"));
    let late = bars(0, 9) + "2024-01-02T00:20:00Z,NaN,11,9,10,1\n";
    assert!(open(&[write(&folder, "AAA.csv", &late)]).contains("row 11, column open: `NaN`"));
}

#[test]
fn files_of_others_are_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let new_york = ReadOptions {
        zone: TimeZone::get("America/New_York").ok(),
        length: Some(Span::from_secs(60)),
        ..ReadOptions::default()
    };
    let row = ",10,11,9,10.5,7";
    for (header, rows, options) in [
        ("Date,Open,High,Low,Close,Volume", ["2024-01-03 09:31", "2024-01-03 09:32"], &new_york),
        (",Open,High,Low,Close,Volume", ["2024-01-03 09:31:00", "2024-01-03 09:32:00"], &new_york),
        (
            "\"t\",\"o\",\"h\",\"l\",\"c\",\"v\"",
            ["\"2024-01-03T14:31:00Z\"", "2024-01-03T14:32:00Z"],
            &new_york,
        ),
        (
            "timestamp,1. open,2. high,3. low,4. close,5. volume",
            ["1704292260", "1704292320"],
            &new_york,
        ),
        (
            "<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
            ["2024-01-03,09:31", "2024-01-03,09:32"],
            &new_york,
        ),
    ] {
        let text = format!("{header}\n{}{row}\n{}{row}\n", rows[0], rows[1]);
        let path = write(&folder, "SPY.csv", &text);
        let feed = read_files_with(&[path], options).unwrap_or_else(|error| panic!("{error}"));
        let MarketData::Bar(bar) = feed.data[1] else { panic!("a bar") };
        assert_eq!(bar.open_time.to_string(), "2024-01-03T14:32:00.000000000Z", "{header}");
        assert_eq!((bar.close.to_string(), bar.volume.to_string()), ("10.5".into(), "7".into()));
    }
}

#[test]
fn columns_stamps_symbols_and_digits_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = "when,a,b,c,last,n\n2024-01-03T14:31:00Z,1,2,1,1.2345678915,3\n\
                2024-01-03T14:32:00Z,1,2,1,2,3\n";
    let path = write(&folder, "prices.csv", text);
    let named =
        [("timestamp", "When"), ("open", "a"), ("high", "b"), ("low", "c"), ("volume", "n")];
    let mut options = ReadOptions {
        columns: named.map(|(ours, theirs)| (ours.into(), theirs.into())).into(),
        stamp: Stamp::End,
        symbol: Some("SPY".into()),
        ..ReadOptions::default()
    };
    let path = std::slice::from_ref(&path);
    let error = read_files_with(path, &options).unwrap_err().to_string();
    assert!(
        error.contains("row 2, column close: `1.2345678915` is more than nine digits"),
        "{error}"
    );
    options.rounds = true;
    let feed = read_files_with(path, &options).unwrap();
    let MarketData::Bar(bar) = feed.data[0] else { panic!("a bar") };
    assert_eq!(bar.open_time.to_string(), "2024-01-03T14:30:00.000000000Z");
    assert_eq!(
        (feed.symbols.name(bar.symbol), bar.close.to_string()),
        ("SPY", "1.234567892".into())
    );
    let mut source = TableSource::open(path, &options).unwrap();
    assert_eq!(source.facts(), &feed.facts());
    assert!(Feed::collect(&mut source).unwrap() == feed);
    let file = CsvFile::open(&path[0], &options).unwrap();
    assert_eq!((file.rows(), file.length()), (2, Span::from_secs(60)));
    assert_eq!(file.span().0, bar.open_time);

    options.columns.insert("close".into(), "price".into());
    let error = read_files_with(path, &options).unwrap_err().to_string();
    assert!(
        error.contains("column close: the header has no column `price`; it has when,a,b,c,last,n"),
        "{error}"
    );
    options.columns.remove("close");
    options.columns.insert("colour".into(), "a".into());
    let error = read_files_with(path, &options).unwrap_err().to_string();
    assert!(error.contains("`colour` is no field; expected timestamp, symbol"), "{error}");
}

/// Everything that is known at one instant, and what breaks the tie: the symbol, bars before quotes
/// before trades, short bars before long ones, the names of files, the rows of a file.
#[test]
fn ties_are_broken_by_a_written_rule_whatever_order_files_are_given_in() {
    let folder = tempfile::tempdir().unwrap();
    let trades = |name: &str, rows: &str| {
        write(&folder, name, &format!("timestamp,symbol,price,size\n{rows}"))
    };
    let bar = |name: &str, opens: &str, price: u8| {
        let row = format!("2024-01-02T{opens}Z,{price},{price},{price},{price},1\n");
        write(&folder, name, &format!("timestamp,open,high,low,close,volume\n{row}"))
    };
    let quote = "timestamp,bid_price,bid_size,ask_price,ask_size\n2024-01-02T15:00:00Z,3,1,3,1\n";
    let files = [
        trades("b.csv", "2024-01-02T15:00:00Z,AAA,20,1\n2024-01-02T15:00:01Z,AAA,21,1\n"),
        trades("a.csv", "2024-01-02T15:00:00Z,AAA,11,1\n2024-01-02T15:00:00Z,AAA,10,1\n"),
        trades("zzz/a.csv", "2024-01-02T15:00:00Z,BBB,5,1\n2024-01-02T15:00:01Z,AAA,30,1\n"),
        write(&folder, "AAA_quotes.csv", quote),
        bar("1Hour/AAA.csv", "14:00:00", 2),
        bar("1Min/AAA.csv", "14:59:00", 1),
    ];
    let prices = |feed: &Feed| {
        let prices = feed.data.iter().map(|datum| datum.price().to_string());
        prices.collect::<Vec<_>>()
    };
    for turn in 0..files.len() {
        let mut given = files.to_vec();
        given.rotate_left(turn);
        for _ in 0..2 {
            let feed = read_files(&given).unwrap();
            let expected = ["1", "2", "3", "11", "10", "20", "5", "30", "21"];
            assert_eq!(prices(&feed), expected, "{given:?}");
            let (in_chunks, facts) = streamed(&given);
            assert_eq!((&in_chunks, &facts), (&feed, &feed.facts()), "{given:?}");
            given.reverse();
        }
    }
}
