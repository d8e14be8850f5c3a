//! Market data of the past, page by page from a service into a store or files.
//!
//! Pages are kept as they came ([`Spool`]) until the last of them is there; only then are their rows
//! handed on ([`pour`]). A download that is killed at any page goes on behind the last one that was
//! kept, and what it makes of them is the same as if it had never been stopped.

mod spool;

pub use spool::Spool;

use crate::alpaca::ApiError;
use crate::alpha_vantage::AlphaVantageError;
use kernel::{MarketData, Timestamp};
use marketdata::content::row_time;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;

/// What takes the rows of a download: the store, or files.
pub trait Sink {
    /// What can go wrong there, or on the way.
    type Error: From<DownloadError>;

    /// Takes rows of one symbol. Those of a symbol come in the order of time.
    ///
    /// # Errors
    /// When they cannot be kept.
    fn take(&mut self, symbol: &str, rows: &[MarketData]) -> Result<(), Self::Error>;
}

/// A service that gives its history in pages.
pub trait Pages {
    /// Asks for the page behind so many pages, of which the last is at hand; `None` when there is
    /// no further one.
    fn next(
        &self,
        behind: usize,
        last: Option<&[u8]>,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, DownloadError>> + Send;

    /// The rows of the page behind so many others, symbol by symbol.
    ///
    /// # Errors
    /// When it is not what the service writes.
    fn rows(&self, behind: usize, page: &[u8]) -> Result<Vec<Rows>, DownloadError>;

    /// How much of everything is there with this page, from 0 to 1, as far as that can be told.
    fn done(&self, behind: usize, rows: &[Rows]) -> Option<f64>;
}

/// Rows of one symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// Whose.
    pub symbol: Box<str>,
    /// Bars, quotes or trades in the order of time.
    pub data: Vec<MarketData>,
}

/// How far a download is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Pages that are there.
    pub pages: usize,
    /// Rows that came since this process began.
    pub rows: u64,
    /// How much is there, from 0 to 1.
    pub done: Option<f64>,
}

/// What came of a download.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Poured {
    /// Rows of each symbol that has any.
    pub rows: BTreeMap<Box<str>, u64>,
    /// Rows that no market could have had, and that were left out.
    pub left_out: u64,
    /// The first of them, in words.
    pub first_left_out: Option<String>,
}

/// Why a download did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The operating system refuses.
    #[error("{} cannot be {action}: {source}", path.display())]
    Io {
        /// What was tried: `read`, `written`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Another process does the same.
    #[error("another process is downloading the same ({}); wait until it is done", path.display())]
    Busy {
        /// Where its pages are.
        path: PathBuf,
    },
    /// The broker.
    #[error(transparent)]
    Alpaca(#[from] ApiError),
    /// The other service.
    #[error(transparent)]
    AlphaVantage(#[from] AlphaVantageError),
    /// Rows that go back in time.
    #[error("the service gave {symbol} at {time} after later rows, or another bar of that time")]
    Order {
        /// Whose.
        symbol: Box<str>,
        /// When.
        time: Timestamp,
    },
}

/// Asks for page after page until the last is kept.
///
/// # Errors
/// The first that could not be had. Those before it are kept.
pub async fn fetch(
    pages: &impl Pages,
    spool: &mut Spool,
    mut tell: impl FnMut(&Progress),
) -> Result<(), DownloadError> {
    let mut last = spool.last()?;
    let mut rows = 0;
    loop {
        let behind = spool.count();
        let Some(page) = pages.next(behind, last.as_deref()).await? else { return Ok(()) };
        // What cannot be read is not kept, so that it is asked for again.
        let held = pages.rows(behind, &page)?;
        spool.add(&page)?;
        rows += held.iter().map(|rows| rows.data.len() as u64).sum::<u64>();
        tell(&Progress { pages: spool.count(), rows, done: pages.done(behind, &held) });
        last = Some(page);
    }
}

/// Hands the rows of all pages on.
///
/// # Errors
/// When a page cannot be read, or who takes the rows refuses.
pub fn pour<S: Sink>(pages: &impl Pages, spool: &Spool, sink: &mut S) -> Result<Poured, S::Error> {
    let mut poured = Poured::default();
    let mut last: BTreeMap<Box<str>, MarketData> = BTreeMap::new();
    for behind in 0..spool.count() {
        let page = spool.page(behind)?;
        for mut rows in pages.rows(behind, &page)? {
            poured.sift(&mut rows, &mut last)?;
            if rows.data.is_empty() {
                continue;
            }
            sink.take(&rows.symbol, &rows.data)?;
            *poured.rows.entry(rows.symbol).or_default() += rows.data.len() as u64;
        }
    }
    Ok(poured)
}

impl Poured {
    /// Leaves out what cannot be, and a bar that two pages have.
    fn sift(
        &mut self,
        rows: &mut Rows,
        last: &mut BTreeMap<Box<str>, MarketData>,
    ) -> Result<(), DownloadError> {
        let mut before = last.get(&rows.symbol).copied();
        let mut wrong = None;
        rows.data.retain(|row| {
            if let Some(why) = fault(row) {
                let (symbol, time) = (&rows.symbol, row_time(row));
                self.left_out += 1;
                self.first_left_out.get_or_insert_with(|| format!("{symbol} at {time}: {why}"));
                return false;
            }
            let is_again = before.is_some_and(|before| is_again(&before, row));
            if !is_again && before.is_some_and(|before| !follows(&before, row)) {
                wrong.get_or_insert(row_time(row));
            }
            before = Some(*row);
            !is_again
        });
        if let Some(time) = wrong {
            return Err(DownloadError::Order { symbol: rows.symbol.clone(), time });
        }
        last.extend(before.map(|row| (rows.symbol.clone(), row)));
        Ok(())
    }
}

fn is_again(before: &MarketData, row: &MarketData) -> bool {
    matches!(row, MarketData::Bar(_)) && before == row
}

/// Of quotes and trades several may share an instant, of bars none.
fn follows(before: &MarketData, row: &MarketData) -> bool {
    match row {
        MarketData::Bar(_) => row_time(before) < row_time(row),
        MarketData::Quote(_) | MarketData::Trade(_) => row_time(before) <= row_time(row),
    }
}

/// Why a row cannot be, if it cannot: the rules by which files are read.
fn fault(row: &MarketData) -> Option<&'static str> {
    match row {
        MarketData::Bar(bar) => {
            let prices = [bar.open, bar.high, bar.low, bar.close];
            if prices.iter().any(|price| !price.is_positive()) {
                return Some("a price of zero or less");
            }
            let is_inside = |price| bar.low <= price && price <= bar.high;
            let is_sound = is_inside(bar.open) && is_inside(bar.close);
            (!is_sound).then_some("open or close outside of low and high")
        }
        MarketData::Quote(quote) => {
            let is_negative = quote.bid.is_negative()
                || quote.ask.is_negative()
                || quote.bid_size.is_negative()
                || quote.ask_size.is_negative();
            is_negative.then_some("a price or a size below zero")
        }
        MarketData::Trade(trade) => {
            let is_sound = trade.price.is_positive() && trade.size.is_positive();
            (!is_sound).then_some("a price or a size of zero or less")
        }
    }
}
