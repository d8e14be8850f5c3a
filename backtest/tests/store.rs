//! The store gives back what it was given, in the order of time, or says why not.
#![cfg(feature = "parquet")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod common;

use backtest::store::{
    Adjustment, Conflict, ForeignFile, Import, Origin, ParquetFile, Selection, Series, Store,
    StoreError,
};
use common::*;
use kernel::{MarketData, Price, Quantity, Quote, Span, Symbols, Timestamp, Trade, Volume};
use marketdata::content::Kind;
use marketdata::{Feed, Source};

fn origin(feed: &str) -> Origin {
    Origin {
        source: "test".into(),
        feed: feed.into(),
        stamps: "open".into(),
        imported: "2024-06-01T00:00:00Z".into(),
    }
}

fn series_of(feed: &Feed, datum: &MarketData) -> Series {
    let length = match datum {
        MarketData::Bar(bar) => bar.length,
        _ => Span::ZERO,
    };
    let symbol = feed.symbols.name(datum.symbol()).into();
    Series { adjustment: Adjustment::Raw, kind: Kind::of(datum), length, symbol }
}

fn add(store: &Store, feed: &Feed, conflict: Conflict) -> Result<Vec<u64>, StoreError> {
    let mut import = Import::begin(store, origin("file"), conflict)?;
    for datum in &feed.data {
        import.add(&series_of(feed, datum), &[*datum])?;
    }
    Ok(import.commit()?.into_iter().map(|done| done.added).collect())
}

fn read(store: &Store, selection: &Selection) -> (Feed, String, usize) {
    let mut source = store.open(selection).unwrap();
    let (hash, mut chunks) = (source.facts().content_hash.clone(), 0);
    let mut data = Vec::new();
    while let Some(chunk) = source.next_chunk().unwrap() {
        assert!(data.last().is_none_or(|last: &MarketData| last.time() < chunk[0].time()));
        data.extend_from_slice(chunk);
        chunks += 1;
    }
    let facts = source.facts();
    let feed = Feed { symbols: facts.symbols.clone(), data, bar_length: facts.bar_length };
    assert_eq!(&feed.facts(), facts);
    (feed, hash, chunks)
}

/// Bars of two symbols through a turn of the year, with quotes and trades of one.
fn mixed() -> Feed {
    let symbols = Symbols::new(["AAA", "BTC/USD"]).unwrap();
    let config = marketdata::SyntheticConfig {
        seed: 3,
        symbols: symbols.clone(),
        start: marketdata::calendar::Date::constant(2023, 12, 28),
        extended: false,
    };
    let mut data: Vec<_> = marketdata::Generator::new(&config).take(390 * 4).flatten().collect();
    let symbol = symbols.id("AAA").unwrap();
    let bars = data.clone();
    for bar in bars.iter().step_by(6) {
        let (time, size) = (bar.time(), Quantity::from_nanos(5));
        let [bid, ask] = [99, 101].map(Price::from_nanos);
        for bid_size in [Quantity::ZERO, Quantity::from_nanos(7)] {
            data.push(MarketData::Quote(Quote {
                symbol,
                time,
                bid,
                bid_size,
                ask,
                ask_size: size,
            }));
            data.push(MarketData::Trade(Trade { symbol, time, price: bid, size }));
        }
    }
    data.sort_by_key(marketdata::order);
    Feed { symbols, data, bar_length: Some(MINUTE) }
}

fn all_kinds() -> Selection {
    Selection { kinds: vec![Kind::Bars, Kind::Quotes, Kind::Trades], ..Selection::default() }
}

#[test]
fn what_goes_in_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let (store, feed) = (Store::at(folder.path()), mixed());
    add(&store, &feed, Conflict::Refuse).unwrap();
    let (found, hash, _) = read(&store, &all_kinds());
    assert!(found == feed, "the same rows");
    assert_eq!(hash, feed.content_hash(), "known without reading");
    let places: Vec<String> = store
        .list()
        .unwrap()
        .iter()
        .map(|meta| format!("{} {} {:?}", meta.series.words(), meta.rows(), meta.partitions.keys()))
        .collect();
    assert_eq!(
        places,
        [
            "1Min bars of AAA, raw 1560 [2023, 2024]",
            "1Min bars of BTC/USD, raw 1560 [2023, 2024]",
            "quotes of AAA, raw 1040 [2023, 2024]",
            "trades of AAA, raw 1040 [2023, 2024]",
        ]
    );
    let ticks = Selection { symbols: vec!["AAA".into()], ..all_kinds() };
    let (found, ..) = read(&store, &ticks);
    assert!(found == feed.select(&["AAA"]).unwrap(), "the same rows");
}

#[test]
fn a_range_reads_and_hashes_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (store, feed) = (Store::at(folder.path()), mixed());
    add(&store, &feed, Conflict::Refuse).unwrap();
    for (from, to) in [
        ("2023-12-28T15:00:00Z", "2023-12-29T15:10:00Z"),
        ("2023-12-29T20:59:00Z", "2024-01-02T14:31:00Z"),
        ("2020-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
    ] {
        let range = time(from)..time(to);
        let expected = feed.between(range.start, range.end);
        let (found, hash, _) = read(&store, &Selection { range, ..all_kinds() });
        assert!(found.data == expected.data, "{from}");
        assert_eq!(hash, expected.content_hash(), "{from}");
    }
}

#[test]
fn streamed_runs_are_those_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (store, feed) = (Store::at(folder.path()), walk(&["QQQ", "SPY"], 120));
    add(&store, &feed, Conflict::Refuse).unwrap();
    let config = backtest::BacktestConfig::for_feed(&feed);
    let expected = run(&config, &feed, chosen("sma-crossover", &[], &feed));
    let mut source = store.open(&Selection::default()).unwrap();
    let strategy = chosen("sma-crossover", &[], &feed);
    let found = backtest::run_source(&config, &mut source, strategy, &mut backtest::Quiet).unwrap();
    assert!(found.fills > 100);
    assert_eq!(found.events_hash, expected.events_hash);
    assert_eq!((found.run, found.data), (expected.run, expected.data));
    let (.., chunks) = read(&store, &Selection::default());
    assert!(chunks > 4, "{chunks} chunks of {} rows", feed.data.len());
    let one = Selection { symbols: vec!["SPY".into()], ..Selection::default() };
    let (found, _, chunks) = read(&store, &one);
    assert!(found == feed.select(&["SPY"]).unwrap(), "the same rows");
    assert!(chunks > 1, "{chunks} chunks");
}

#[test]
fn later_rows_are_added_and_known_ones_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let (store, feed) = (Store::at(folder.path()), mixed());
    let turn = time("2023-12-29T18:00:00Z");
    let (early, late) = (feed.between(Timestamp::MIN, turn), feed.between(turn, Timestamp::MAX));
    add(&store, &late, Conflict::Refuse).unwrap();
    add(&store, &early, Conflict::Refuse).unwrap();
    let (found, hash, _) = read(&store, &all_kinds());
    assert!(found == feed, "the same rows");
    assert_eq!(hash, feed.content_hash());
    let mut bars = feed.clone();
    bars.data.retain(|datum| Kind::of(datum) == Kind::Bars);
    assert_eq!(add(&store, &bars, Conflict::Refuse).unwrap(), [0, 0]);
    assert_eq!(read(&store, &all_kinds()).1, feed.content_hash());

    // Ticks have no names: a stretch that meets what is there is refused.
    let mut ticks = feed.clone();
    ticks.data.retain(|datum| Kind::of(datum) == Kind::Trades);
    let error = add(&store, &ticks, Conflict::Refuse).unwrap_err().to_string();
    assert!(error.contains("already holds other trades of AAA, raw at 2023-12-28"), "{error}");
    assert_eq!(add(&store, &ticks, Conflict::Replace).unwrap(), [1040]);
    assert_eq!(read(&store, &all_kinds()).1, feed.content_hash());
}

#[test]
fn other_bars_are_refused_or_take_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let (store, feed) = (Store::at(folder.path()), walk(&["SPY"], 2));
    add(&store, &feed, Conflict::Refuse).unwrap();
    let mut other = feed.clone();
    let MarketData::Bar(bar) = &mut other.data[17] else { panic!("a bar") };
    bar.volume = Volume::from_nanos(1);
    let before = std::fs::read(folder.path().join("raw/bars/1Min/SPY/meta.json")).unwrap();
    let error = add(&store, &other, Conflict::Refuse).unwrap_err().to_string();
    assert!(
        error.contains("already holds other 1Min bars of SPY, raw at 2024-01-02T14:47"),
        "{error}"
    );
    let after = std::fs::read(folder.path().join("raw/bars/1Min/SPY/meta.json")).unwrap();
    assert_eq!(before, after);
    assert_eq!(files(folder.path()), 2, "nothing is left of what was refused");
    assert_eq!(add(&store, &other, Conflict::Replace).unwrap(), [1]);
    assert!(read(&store, &Selection::default()).0 == other, "the other rows");
    assert_eq!(files(folder.path()), 2, "the file of before is gone");
}

/// Files beside the lock.
fn files(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let counts = entries.map(|path| {
        let is_lock = path.file_name().is_some_and(|name| name == ".lock");
        if path.is_dir() { files(&path) } else { usize::from(!is_lock) }
    });
    counts.sum()
}

#[test]
fn what_is_not_committed_never_was() {
    let folder = tempfile::tempdir().unwrap();
    let (store, feed) = (Store::at(folder.path()), mixed());
    let mut import = Import::begin(&store, origin("file"), Conflict::Refuse).unwrap();
    for datum in &feed.data {
        import.add(&series_of(&feed, datum), &[*datum]).unwrap();
    }
    let busy = Import::begin(&store, origin("file"), Conflict::Refuse).err().unwrap();
    assert!(busy.to_string().contains("being written by another process"), "{busy}");
    drop(import);
    assert_eq!((store.list().unwrap().len(), files(folder.path())), (0, 0));
    let error = store.open(&Selection::default()).err().unwrap().to_string();
    assert!(error.contains("holds no raw data"), "{error}");
}

#[test]
fn feeds_are_not_mixed_and_numbers_must_fit() {
    let folder = tempfile::tempdir().unwrap();
    let (store, feed) = (Store::at(folder.path()), walk(&["SPY"], 1));
    add(&store, &feed, Conflict::Refuse).unwrap();
    let series = series_of(&feed, &feed.data[0]);
    let mut import = Import::begin(&store, origin("iex"), Conflict::Refuse).unwrap();
    let error = import.add(&series, &feed.data).unwrap_err().to_string();
    assert!(error.contains("of feed file; iex would be mixed into it"), "{error}");
    // What could not be found again by its name is not let in.
    let nameless = Series { length: Span::from_secs(1_441 * 60), symbol: "QQQ".into(), ..series };
    let error = import.add(&nameless, &feed.data).unwrap_err().to_string();
    assert!(error.starts_with("bars of 1441Min for QQQ have no name"), "{error}");
    drop(import);

    let mut huge = feed.clone();
    let MarketData::Bar(bar) = &mut huge.data[3] else { panic!("a bar") };
    bar.high = Price::from_nanos(1_000_000_000_000_000_000);
    let error = add(&store, &huge, Conflict::Replace).unwrap_err().to_string();
    assert!(
        error.contains("at 2024-01-02T14:33:00.000000000Z: high 1000000000 does not fit"),
        "{error}"
    );
    let mut back = feed.clone();
    back.data.swap(5, 6);
    let error = add(&store, &back, Conflict::Replace).unwrap_err().to_string();
    assert!(error.contains("comes after later rows"), "{error}");
}

#[test]
fn a_file_that_is_cut_short_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (store, feed) = (Store::at(folder.path()), walk(&["SPY"], 2));
    add(&store, &feed, Conflict::Refuse).unwrap();
    let meta = &store.list().unwrap()[0];
    let file = store.folder(&meta.series).join(&meta.partitions[&2024].file);
    let whole = std::fs::read(&file).unwrap();
    for length in [0, 3, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..length]).unwrap();
        let error = store.open(&Selection::default()).err().unwrap().to_string();
        assert!(error.starts_with(&file.display().to_string()), "{length}: {error}");
        assert!(error.contains("not sound Parquet"), "{length}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn a_file_of_bars_reads_the_same_by_the_column_as_by_the_row() {
    let dir = tempfile::tempdir().unwrap();
    let feed = walk(&["AAA"], 3);
    let path = dir.path().join("AAA.parquet");
    let write = |rows: &[MarketData]| {
        let mut file = ParquetFile::create(&path, Kind::Bars, "AAA");
        rows.iter().for_each(|row| file.write(row).unwrap());
        file.finish().unwrap();
    };
    let both = || {
        let options = Default::default();
        let by_row = ForeignFile::open(&path, &options).and_then(|file| file.feed());
        (ForeignFile::load(&path, &options), by_row)
    };
    write(&feed.data);
    let (by_column, by_row) = both();
    let by_column = by_column.unwrap();
    let by_row = by_row.unwrap();
    assert_eq!((&by_column.symbols, &by_column.data), (&by_row.symbols, &by_row.data));
    assert_eq!(by_column.data, feed.data);
    // What is wrong is told in the same words.
    let mut repeated = feed.data.clone();
    repeated[100] = repeated[99];
    let mut crossed = feed.data.clone();
    let MarketData::Bar(bar) = &mut crossed[50] else { panic!() };
    bar.high = Price::from_nanos(1);
    for wrong in [repeated, crossed, feed.data[..1].to_vec()] {
        write(&wrong);
        let (by_column, by_row) = both();
        assert_eq!(by_column.unwrap_err().to_string(), by_row.unwrap_err().to_string());
    }
}
