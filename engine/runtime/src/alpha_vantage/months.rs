//! A download, a symbol's month at a time.

use super::client::Which;
use super::{AlphaVantage, answer};
use crate::download::{DownloadError, Pages, Rows};
use jiff::civil::Date;
use kernel::{MarketData, Span, SymbolId, Symbols, Timestamp};
use marketdata::calendar;

/// Minute bars of some symbols from one instant to another.
pub struct Months {
    client: AlphaVantage,
    start: Timestamp,
    end: Timestamp,
    adjusted: bool,
    /// What is asked for, in turn.
    pages: Vec<Page>,
}

struct Page {
    name: String,
    symbol: SymbolId,
    month: String,
}

impl Months {
    /// The bars that open from `start` on and before `end`, as they were or adjusted for splits and
    /// dividends.
    pub fn new(
        client: AlphaVantage,
        symbols: &Symbols,
        start: Timestamp,
        end: Timestamp,
        adjusted: bool,
    ) -> Self {
        let months = months(start, end);
        let pages = symbols.ids().flat_map(|symbol| {
            let name = symbols.name(symbol);
            months.iter().map(move |month| Page { name: name.into(), symbol, month: month.clone() })
        });
        let pages = pages.collect();
        Self { client, start, end, adjusted, pages }
    }

    /// How many requests it takes.
    pub fn requests(&self) -> usize {
        self.pages.len()
    }
}

impl Pages for Months {
    async fn next(
        &self,
        behind: usize,
        _: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, DownloadError> {
        let Some(page) = self.pages.get(behind) else { return Ok(None) };
        let month = Which::Month(&page.month);
        Ok(Some(self.client.minutes(&page.name, month, self.adjusted).await?))
    }

    fn rows(&self, behind: usize, body: &[u8]) -> Result<Vec<Rows>, DownloadError> {
        let Some(page) = self.pages.get(behind) else { return Ok(Vec::new()) };
        let bars = answer::bars(body, &page.name, page.symbol)?;
        let inside = bars.into_iter().filter(|bar| (self.start..self.end).contains(&bar.open_time));
        let data = inside.map(MarketData::Bar).collect();
        Ok(vec![Rows { symbol: page.name.as_str().into(), data }])
    }

    fn done(&self, behind: usize, _: &[Rows]) -> Option<f64> {
        Some((behind + 1) as f64 / self.pages.len() as f64)
    }
}

/// The months of New York's calendar that an interval touches, as `2024-01`.
fn months(start: Timestamp, end: Timestamp) -> Vec<String> {
    if end <= start {
        return Vec::new();
    }
    let last = calendar::date_of(end.minus(Span::from_nanos(1))).first_of_month();
    let first = calendar::date_of(start).first_of_month();
    let next = |date: &Date| date.checked_add(jiff::Span::new().months(1)).ok();
    let all = std::iter::successors(Some(first), next).take_while(|month| *month <= last);
    all.map(|month| format!("{:04}-{:02}", month.year(), month.month())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_touches_the_months_of_new_york() {
        let of = |start: &str, end: &str| months(start.parse().unwrap(), end.parse().unwrap());
        assert_eq!(of("2023-12-15T00:00:00Z", "2024-02-01T05:00:00Z"), ["2023-12", "2024-01"]);
        assert_eq!(of("2024-02-01T04:59:00Z", "2024-02-01T05:00:01Z"), ["2024-01", "2024-02"]);
        assert!(of("2024-02-01T05:00:00Z", "2024-02-01T05:00:00Z").is_empty());
    }
}
