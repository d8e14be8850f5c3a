//! What the hash of data depends on, and what it does not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use kernel::{Bar, MarketData, Price, Quantity, Span, Symbols, Timestamp, Trade, Volume};
use marketdata::content::{ContentHash, Kind, PartitionKey, RowsHasher, Year, row_time};
use marketdata::{Facts, FactsBuilder, Feed, FeedSource, Source};

/// Minute bars and trades of two symbols around the turn of a year.
fn feed() -> Feed {
    let symbols = Symbols::new(["AAA", "BBB"]).unwrap();
    let start: Timestamp = "2023-12-31T23:58:00Z".parse().unwrap();
    let mut data = Vec::new();
    for minute in 0..5 {
        for symbol in symbols.ids() {
            let open_time = start.plus(Span::from_secs(60 * minute));
            let price = Price::from_nanos(10_000_000_000 + minute);
            let (open, high, low, close) = (price, price, price, price);
            let (length, volume) = (Span::from_secs(60), Volume::from_nanos(7));
            let bar = Bar { symbol, open_time, length, open, high, low, close, volume };
            let size = Quantity::from_nanos(1 + minute);
            let time = bar.end_time();
            data.push(MarketData::Bar(bar));
            data.push(MarketData::Trade(Trade { symbol, time, price, size }));
        }
    }
    data.sort_by_key(marketdata::order);
    Feed { symbols, data, bar_length: Some(Span::from_secs(60)) }
}

fn gathered(feed: &Feed) -> Facts {
    let mut facts = FactsBuilder::default();
    feed.data.iter().for_each(|datum| facts.add(datum));
    facts.finish(feed.symbols.clone())
}

#[test]
fn partitions_whose_hashes_are_known_give_the_hash_of_the_data() {
    let feed = feed();
    let mut content = ContentHash::default();
    for (symbol, id) in feed.symbols.names().zip(feed.symbols.ids()) {
        for (kind, seconds) in [(Kind::Trades, 0), (Kind::Bars, 60)] {
            for year in [2024, 2023] {
                let mut rows = RowsHasher::default();
                let of = |datum: &&MarketData| {
                    datum.symbol() == id
                        && Kind::of(datum) == kind
                        && Year::numbered(year).holds(row_time(datum))
                };
                feed.data.iter().filter(of).for_each(|datum| rows.add(datum));
                assert!(rows.rows() > 0);
                let length = Span::from_secs(seconds);
                let key = PartitionKey { symbol: symbol.into(), kind, length, year };
                content.add(key, rows.rows(), rows.finish());
            }
        }
    }
    assert_eq!(content.finish(), feed.content_hash());
}

#[test]
fn facts_are_the_same_gathered_row_by_row() {
    let feed = feed();
    assert_eq!(gathered(&feed), feed.facts());
    assert_eq!(Feed::collect(&mut FeedSource::new(&feed)).unwrap(), feed);
    assert_eq!(FeedSource::new(&feed).facts().rows, 20);
    let mut trades = feed.clone();
    trades.data.retain(|datum| Kind::of(datum) == Kind::Trades || datum.symbol().index() == 0);
    trades.bar_length = Some(Span::from_secs(60));
    assert_eq!(gathered(&trades), trades.facts());
    assert_eq!(trades.facts().without_bars, ["BBB".into()]);
}

#[test]
fn every_field_counts() {
    let (feed, hash) = (feed(), feed().content_hash());
    for place in 0..feed.data.len() {
        let mut other = feed.clone();
        match &mut other.data[place] {
            MarketData::Bar(bar) => bar.volume = Volume::from_nanos(1 << 70),
            MarketData::Trade(trade) => trade.size = Quantity::from_nanos(99),
            MarketData::Quote(_) => {}
        }
        assert_ne!(other.content_hash(), hash, "row {place}");
    }
    let renamed = Feed { symbols: Symbols::new(["AAA", "CCC"]).unwrap(), ..feed.clone() };
    assert_ne!(renamed.content_hash(), hash);
    let half = feed.between(Timestamp::MIN, "2024-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(half.data.len(), 4 + 2, "bars that open before, trades that were before");
}

#[test]
fn years_hold_their_instants() {
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let year = Year::of(at("2024-12-31T23:59:59.999999999Z"));
    assert_eq!((year.number, year.start), (2024, at("2024-01-01T00:00:00Z")));
    assert_eq!(year.end, at("2025-01-01T00:00:00Z"));
    assert_eq!(Year::of(year.end).number, 2025);
    assert!(Year::of(Timestamp::MIN).holds(Timestamp::MIN));
    assert_eq!(Year::of(Timestamp::MAX).number, 2262);
}
