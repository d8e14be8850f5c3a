//! What the data stream missed, and what came while that was being read.
//!
//! After a reconnect, or after the stream had to drop messages, the bars and trades that are
//! missing are read over REST. Until they are there, what the stream brings is held back, so that
//! strategies see everything in order; it is not held back for long.
//!
//! What is read can lack the newest bar: the venue had not yet listed it, or our clock was a little
//! behind the venue's. So the first bar of each symbol after it shows whether one lies between.
//! Trades are read up to the venue's own present, so that none lies between; those that the stream
//! brings as well are let go.

use kernel::{Bar, MarketData, SymbolId, Timestamp, Trade};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// So long the stream waits for what was missed.
const HELD_FOR: Duration = Duration::from_secs(5);
/// So much of it at most.
const MOST_HELD: usize = 50_000;

/// A gap in the data, or none.
#[derive(Default)]
pub(super) struct Gap {
    held: Option<Held>,
    /// Answers that are still to come.
    awaited: u32,
    /// The symbols whose next bar shows whether something is missing still.
    unproven: BTreeSet<SymbolId>,
    /// The last trade of each symbol that was seen.
    last_trades: BTreeMap<SymbolId, Timestamp>,
    /// The last trade of each symbol that was read and that the stream has not passed.
    read: BTreeMap<SymbolId, Timestamp>,
}

struct Held {
    data: Vec<MarketData>,
    until: Instant,
}

impl Gap {
    /// Something may be missing after this in the bars of these symbols as well, once what is being
    /// read is there.
    pub fn doubt(&mut self, symbols: impl IntoIterator<Item = SymbolId>) {
        self.unproven.extend(symbols);
    }

    /// Whether this bar is the first after a gap: asked once.
    pub fn proves(&mut self, data: &MarketData) -> bool {
        matches!(data, MarketData::Bar(bar) if self.unproven.remove(&bar.symbol))
    }

    /// Something is missing, and is being read.
    pub fn open(&mut self) {
        self.awaited = self.awaited.saturating_add(1);
        let until = Instant::now() + HELD_FOR;
        self.held.get_or_insert(Held { data: Vec::new(), until });
    }

    /// Keeps what came while something is missing; gives it back when nothing is.
    pub fn hold(&mut self, data: Vec<MarketData>) -> Option<Vec<MarketData>> {
        match &mut self.held {
            None => Some(data),
            Some(held) => {
                held.data.extend(data);
                None
            }
        }
    }

    /// Whether what is held has waited long enough for what was missed.
    pub fn is_overdue(&self) -> bool {
        let waits = |held: &Held| held.data.len() < MOST_HELD && Instant::now() < held.until;
        self.held.as_ref().is_some_and(|held| !waits(held))
    }

    /// What was missed is there. What was held is given back when nothing else is awaited.
    pub fn answered(&mut self) -> Vec<MarketData> {
        self.awaited = self.awaited.saturating_sub(1);
        if self.awaited == 0 { self.close() } else { Vec::new() }
    }

    /// What was held: nothing is missing any more, or it is not waited for any longer.
    pub fn close(&mut self) -> Vec<MarketData> {
        self.held.take().map(|held| held.data).unwrap_or_default()
    }

    /// From when trades are missing: the stream brings them in the order of time.
    pub fn last_trade(&self) -> Option<Timestamp> {
        self.last_trades.values().max().copied()
    }

    /// Whether a trade has not been seen.
    pub fn lacks(&self, trade: &Trade) -> bool {
        self.last_trades.get(&trade.symbol).is_none_or(|last| *last < trade.time)
    }

    /// Notes what strategies are about to see.
    pub fn note(&mut self, data: &MarketData) {
        if let MarketData::Trade(trade) = data {
            keep_later(&mut self.last_trades, trade);
        }
    }

    /// Notes a trade that was read: the stream may bring it as well.
    pub fn note_read(&mut self, data: &MarketData) {
        if let MarketData::Trade(trade) = data {
            keep_later(&mut self.read, trade);
        }
    }

    /// Whether what the stream brings was read before it came.
    pub fn was_read(&mut self, data: &MarketData) -> bool {
        let MarketData::Trade(trade) = data else { return false };
        let Some(last) = self.read.get(&trade.symbol) else { return false };
        let was_read = trade.time <= *last;
        if !was_read {
            self.read.remove(&trade.symbol);
        }
        was_read
    }
}

fn keep_later(times: &mut BTreeMap<SymbolId, Timestamp>, trade: &Trade) {
    let last = times.entry(trade.symbol).or_insert(trade.time);
    *last = trade.time.max(*last);
}

/// What was missed, in the order in which it was known.
pub(super) fn in_order(bars: Vec<Bar>, trades: Vec<Trade>) -> Vec<MarketData> {
    let bars = bars.into_iter().map(MarketData::Bar);
    let mut all: Vec<MarketData> = bars.chain(trades.into_iter().map(MarketData::Trade)).collect();
    all.sort_by_key(|data| (data.time(), data.symbol()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Price, Quantity, Symbols};

    fn trade(second: i64) -> Trade {
        trade_of("SPY", second)
    }

    fn trade_of(name: &str, second: i64) -> Trade {
        let symbol = Symbols::new(["SPY", "QQQ"]).unwrap().id(name).unwrap();
        let (price, size) = (Price::from_nanos(1), Quantity::from_nanos(1));
        Trade { symbol, time: Timestamp::from_secs(second), price, size }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_is_held_until_what_was_missed_is_there_or_too_late() {
        let mut gap = Gap::default();
        let data = || vec![MarketData::Trade(trade(1))];
        assert_eq!(gap.hold(data()), Some(data()), "nothing is missing");
        gap.open();
        assert_eq!(gap.hold(data()), None);
        assert!(!gap.is_overdue());
        assert_eq!(gap.close(), data());
        assert_eq!(gap.hold(data()), Some(data()));
        gap.open();
        tokio::time::advance(HELD_FOR).await;
        assert!(gap.is_overdue());
        gap.open();
        assert!(gap.is_overdue(), "a second gap does not prolong the first");
        gap.close();
        gap.open();
        gap.hold(data().repeat(MOST_HELD));
        assert!(gap.is_overdue(), "and there is only so much room");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_held_waits_for_the_last_of_the_answers() {
        let mut gap = Gap::default();
        gap.open();
        gap.open();
        gap.hold(vec![MarketData::Trade(trade(1))]);
        assert_eq!(gap.answered(), Vec::new(), "the second may bring something older");
        assert_eq!(gap.answered(), vec![MarketData::Trade(trade(1))]);
    }

    #[test]
    fn a_trade_is_missing_when_it_is_newer_than_all_of_its_symbol_that_were_seen() {
        let mut gap = Gap::default();
        assert!(gap.lacks(&trade(1)));
        gap.note(&MarketData::Trade(trade(5)));
        gap.note(&MarketData::Trade(trade(4)));
        assert_eq!(gap.last_trade(), Some(Timestamp::from_secs(5)));
        assert!(!gap.lacks(&trade(5)) && gap.lacks(&trade(6)));
        assert!(gap.lacks(&trade_of("QQQ", 5)), "two symbols may trade at one instant");
    }

    #[test]
    fn what_was_read_is_not_taken_from_the_stream_a_second_time() {
        let mut gap = Gap::default();
        gap.note_read(&MarketData::Trade(trade(2)));
        let mut was_read = |trade| gap.was_read(&MarketData::Trade(trade));
        assert!(was_read(trade(1)) && was_read(trade(2)));
        assert!(!was_read(trade_of("QQQ", 1)), "nothing of it was read");
        assert!(!was_read(trade(3)));
        assert!(!was_read(trade(3)), "two trades may be of one instant");
    }
}
