//! Market data between the exchange and the session, and what befalls them on the way.

use crate::queue::Happening;
use crate::world::World;
use crate::{Fault, Violation};
use kernel::{MarketData, Price, Quantity, Span, Timestamp};

impl World {
    /// The exchange takes a step of market data, and the session gets what comes through of it.
    pub(crate) fn step(&mut self, place: usize) -> Result<(), Violation> {
        let step = self.plan.steps.get(place).cloned().unwrap_or_default();
        self.venue.exchange.step(&step);
        self.send_updates();
        let has_bars = step.iter().any(|data| matches!(data, MarketData::Bar(_)));
        let is_lost = self.frame_is_lost()?;
        for data in step {
            if matches!(data, MarketData::Bar(_)) {
                self.history.push(data);
            }
            if !is_lost {
                self.send_data(data);
            }
        }
        if has_bars { self.befall() } else { Ok(()) }
    }

    /// Whether the frame that a step comes in is of no use, as a whole. One that is too huge costs the
    /// connection, so that what was in it is read; of one that is no JSON nobody knows what it was.
    fn frame_is_lost(&mut self) -> Result<bool, Violation> {
        let Some(connection) = self.feed.connection else { return Ok(false) };
        if self.strikes(4) {
            self.note_for_all(Fault::MalformedData);
            self.unusable("data frame");
            return Ok(true);
        }
        if self.strikes(4) {
            self.note_for_all(Fault::HugeData);
            let wait = self.random.millis(1_000, 5_000);
            self.data_down(connection, wait)?;
        }
        Ok(false)
    }

    /// Data that the stream would have brought are lost, which strategies notice that have
    /// seen any before them.
    pub(crate) fn lose_data(&mut self, data: &MarketData) {
        if self.feed.warmed(data.symbol()) > Timestamp::MIN {
            self.watch.repairs.lost(data);
        }
    }

    fn send_data(&mut self, data: MarketData) {
        let connection = self.feed.connection.filter(|_| !self.feed.is_mute);
        let Some(connection) = connection else { return self.lose_data(&data) };
        let symbol = data.symbol();
        let lost = self.gaps.get(symbol.index()).is_some_and(|until| *until > self.now);
        if lost {
            return;
        }
        if self.strikes(4) {
            self.note_for_all(Fault::DataGap);
            let until = self.now.plus(self.random.millis(60_000, 900_000));
            if let Some(gap) = self.gaps.get_mut(symbol.index()) {
                *gap = until;
            }
            return;
        }
        if self.strikes(4) {
            self.note_for_all(Fault::IncompleteData);
            return self.unusable("bar");
        }
        let mut at = self.now.plus(self.random.millis(1, 40));
        let mut sent = data;
        if self.strikes(8) {
            self.note_for_all(Fault::StaleData);
            at = self.now.plus(self.random.millis(30_000, 400_000));
        } else if self.strikes(8) {
            self.note_for_all(Fault::FutureData);
            sent = moved(data, Span::from_secs(3600));
        } else if matches!(data, MarketData::Quote(_)) {
            if self.strikes(30) {
                let how = self.random.below(3);
                self.note_for_all(match how {
                    0 => Fault::ZeroQuotes,
                    1 => Fault::NegativeQuotes,
                    _ => Fault::CrossedQuotes,
                });
                sent = spoiled(data, how);
            }
        } else if self.strikes(8) {
            self.note_for_all(Fault::BadPrices);
            sent = spoiled(data, self.random.below(3));
        }
        self.queue.plan(at, Happening::Data { connection, data: sent });
    }
}

/// The same data at another time.
fn moved(data: MarketData, by: Span) -> MarketData {
    match data {
        MarketData::Bar(mut bar) => {
            bar.open_time = bar.open_time.plus(by);
            MarketData::Bar(bar)
        }
        MarketData::Quote(mut quote) => {
            quote.time = quote.time.plus(by);
            MarketData::Quote(quote)
        }
        MarketData::Trade(mut trade) => {
            trade.time = trade.time.plus(by);
            MarketData::Trade(trade)
        }
    }
}

/// The same data with prices that cannot be.
fn spoiled(data: MarketData, how: u64) -> MarketData {
    let wrong = match how {
        0 => Price::ZERO,
        _ => Price::from_nanos(-kernel::SCALE),
    };
    match data {
        MarketData::Bar(mut bar) if how == 2 => {
            std::mem::swap(&mut bar.high, &mut bar.low);
            bar.high = bar.high.min(Price::from_nanos(1));
            MarketData::Bar(bar)
        }
        MarketData::Bar(mut bar) => {
            bar.close = wrong;
            MarketData::Bar(bar)
        }
        // Of zero, below zero, or crossed.
        MarketData::Quote(mut quote) => {
            match how {
                0 => (quote.bid, quote.ask) = (Price::ZERO, Price::ZERO),
                1 => quote.bid = wrong,
                _ => std::mem::swap(&mut quote.bid, &mut quote.ask),
            }
            MarketData::Quote(quote)
        }
        MarketData::Trade(mut trade) => {
            trade.price = wrong;
            trade.size = Quantity::ZERO;
            MarketData::Trade(trade)
        }
    }
}
