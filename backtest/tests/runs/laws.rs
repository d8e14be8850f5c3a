//! Laws of every run: the same twice, blind to the future, and stored as it was decided.

use crate::common::*;
use journal::{EventsHash, Reader};
use kernel::{MarketData, Price, RecordBody};
use marketdata::Feed;

const STRATEGIES: [&str; 5] =
    ["bollinger-breakout", "buy-and-hold", "macd-trend", "rsi-mean-reversion", "sma-crossover"];

#[test]
fn the_same_run_has_the_same_result() {
    let feed = walk(&["QQQ", "SPY"], 5);
    for name in STRATEGIES {
        let config = backtest::BacktestConfig::for_feed(&feed);
        let mut first = run(&config, &feed, chosen(name, &[], &feed));
        let second = run(&config, &feed, chosen(name, &[], &feed));
        assert!(first.fills > 0, "{name}");
        first.bars_per_second = second.bars_per_second;
        first.peak_memory_bytes = second.peak_memory_bytes;
        assert_eq!(first, second, "{name}");
    }
}

#[test]
fn the_run_is_named_for_its_data_and_configuration() {
    let (feed, other) = (walk(&["SPY"], 1), walk(&["SPY"], 2));
    let config = backtest::BacktestConfig::for_feed(&feed);
    let name = |feed: &Feed, params: &[(&str, &str)]| {
        run(&config, feed, chosen("sma-crossover", params, feed)).run
    };
    assert_eq!(name(&feed, &[]), name(&feed, &[]));
    assert_ne!(name(&feed, &[]), name(&other, &[]));
    assert_ne!(name(&feed, &[]), name(&feed, &[("slow", "31")]));
    assert_eq!(name(&feed, &[]).len(), 32);
}

#[test]
fn what_comes_later_changes_nothing_before() {
    let feed = walk(&["QQQ", "SPY"], 2);
    let config = backtest::BacktestConfig::for_feed(&feed);
    for name in STRATEGIES {
        let all = decisions(&config, &feed, chosen(name, &[], &feed)).0;
        for cut in [2, 101, 400, 779, 1_000, 1_333] {
            let mut past = Feed { data: feed.data[..cut].to_vec(), ..feed.clone() };
            // A step is not cut in half: what is known at one instant is known together.
            let until = past.data.last().unwrap().time();
            past.data.retain(|datum| datum.time() < until);
            let Some(last) = past.data.last().map(MarketData::time) else { continue };
            let expected: Vec<_> = all.iter().filter(|(at, _)| *at <= last).cloned().collect();
            let calendar_of_all = &config;
            let found = decisions(calendar_of_all, &past, chosen(name, &[], &past)).0;
            assert_eq!(found, expected, "{name}, cut at {last}");

            let mut other = feed.clone();
            for datum in other.data.iter_mut().filter(|datum| datum.time() > last) {
                double(datum);
            }
            let found = decisions(&config, &other, chosen(name, &[], &other)).0;
            let found: Vec<_> = found.into_iter().filter(|(at, _)| *at <= last).collect();
            assert_eq!(found, expected, "{name}, another future after {last}");
        }
    }
}

fn double(datum: &mut MarketData) {
    let MarketData::Bar(bar) = datum else { panic!("a bar") };
    for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
        *price = Price::from_nanos(price.nanos() * 2);
    }
}

#[test]
fn the_journal_holds_what_was_decided() {
    let folder = tempfile::tempdir().unwrap();
    let feed = walk(&["SPY"], 2);
    let mut config = backtest::BacktestConfig::for_feed(&feed);
    let silent = run(&config, &feed, chosen("sma-crossover", &[], &feed));
    config.journal = Some(folder.path().join("journal"));
    let stored = run(&config, &feed, chosen("sma-crossover", &[], &feed));
    assert_eq!(stored.events_hash, silent.events_hash, "storing changes nothing");

    let mut reader = Reader::open(config.journal.as_deref().unwrap(), 1).unwrap();
    let (mut state, mut hash) = (kernel::State::default(), EventsHash::new());
    while let Some(record) = reader.next().unwrap() {
        state.evolve(&record).unwrap();
        if let RecordBody::Event { at, event } = &record.body {
            hash.add(*at, event);
        }
    }
    assert_eq!(hash.finish_hex(), stored.events_hash);
    assert_eq!(state.ledger().cash(), stored.cash);
    assert_eq!(state.tally().fills, stored.fills);

    let again =
        backtest::run(&config, &feed, chosen("sma-crossover", &[], &feed), &mut backtest::Quiet);
    assert!(again.unwrap_err().to_string().contains("already holds"));
}

#[test]
fn a_long_run_says_how_far_it_is() {
    struct Told(Vec<backtest::Progress>);
    impl backtest::Observer for Told {
        fn progress(&mut self, progress: &backtest::Progress) {
            self.0.push(*progress);
        }
    }
    let feed = walk(&["A", "B", "C", "D", "E", "F", "G", "H"], 60);
    let mut told = Told(Vec::new());
    let config = backtest::BacktestConfig::for_feed(&feed);
    backtest::run(&config, &feed, chosen("buy-and-hold", &[], &feed), &mut told).unwrap();
    assert!(told.0.len() >= 2);
    for progress in told.0 {
        assert!(progress.done < progress.total && progress.remaining().is_some());
    }
}

/// A source that hands out so many instants at a time.
struct InChunks<'a> {
    facts: marketdata::Facts,
    steps: Vec<&'a [MarketData]>,
    at_a_time: usize,
    chunk: Vec<MarketData>,
}

impl marketdata::Source for InChunks<'_> {
    fn facts(&self) -> &marketdata::Facts {
        &self.facts
    }

    fn next_chunk(&mut self) -> Result<Option<&[MarketData]>, marketdata::MarketDataFileError> {
        let count = self.at_a_time.min(self.steps.len());
        self.chunk = self.steps.drain(..count).flatten().copied().collect();
        Ok(Some(self.chunk.as_slice()).filter(|chunk| !chunk.is_empty()))
    }
}

#[test]
fn chunks_change_nothing() {
    let feed = walk(&["QQQ", "SPY"], 3);
    let config = backtest::BacktestConfig::for_feed(&feed);
    assert_eq!(backtest::BacktestConfig::for_data(&feed.facts()).calendar, config.calendar);
    let whole = run(&config, &feed, chosen("sma-crossover", &[], &feed));
    assert!(whole.fills > 10);
    for at_a_time in [1, 7, 390, 5_000] {
        let steps = feed.steps().collect();
        let mut source = InChunks { facts: feed.facts(), steps, at_a_time, chunk: Vec::new() };
        let strategy = chosen("sma-crossover", &[], &feed);
        let mut quiet = backtest::Quiet;
        let mut run = backtest::run_source(&config, &mut source, strategy, &mut quiet).unwrap();
        run.bars_per_second = whole.bars_per_second;
        run.peak_memory_bytes = whole.peak_memory_bytes;
        assert_eq!(run, whole, "{at_a_time} instants at a time");
    }
}
