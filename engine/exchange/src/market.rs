//! What the exchange knows of one symbol's market.

use kernel::{MarketData, Price, Quote, Timestamp};

/// One symbol's market and the orders that work in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Market {
    /// The last price; zero before the first.
    pub price: Price,
    /// When the last price was; 1970 before the first.
    pub marked_at: Timestamp,
    /// The price at the last close of the regular session.
    pub lastday: Option<Price>,
    /// The last quote.
    pub quote: Option<Quote>,
    /// Whether the data have trades.
    pub has_trades: bool,
    /// The orders that are in the market, by their place in the book, in order of arrival.
    pub working: Vec<usize>,
}

impl Market {
    /// Whether this data may fill orders: each symbol fills from the finest kind of data it has
    /// shown, quotes before trades before bars.
    pub(crate) fn fills_from(&self, data: &MarketData) -> bool {
        match data {
            MarketData::Quote(_) => true,
            MarketData::Trade(_) => self.quote.is_none(),
            MarketData::Bar(_) => self.quote.is_none() && !self.has_trades,
        }
    }

    /// Takes note of data, which is known at a time.
    #[inline]
    pub(crate) fn mark(&mut self, data: &MarketData, time: Timestamp) {
        match data {
            MarketData::Quote(quote) => self.quote = Some(*quote),
            MarketData::Trade(_) => self.has_trades = true,
            MarketData::Bar(_) => {}
        }
        self.price = data.price();
        self.marked_at = time;
    }

    /// What a buyer has to pay by the last quote, or else the last price; `None` when nothing is
    /// known.
    pub(crate) fn ask(&self) -> Option<Price> {
        let ask = self.quote.map(|quote| quote.ask).filter(|ask| ask.is_positive());
        ask.or(Some(self.price).filter(|price| price.is_positive()))
    }
}
