//! Bars, quotes and trades of the past as a download, and the splits and dividends beside them.

use super::endpoints::is_on_this_machine;
use super::error::ApiError;
use super::map::{self, ReadError};
use super::rest::Client;
use super::transport::Call;
use super::wire::{BarsPage, Loose, QuotesPage, TradesPage};
use super::wire_actions::ActionsPage;
use crate::download::{DownloadError, Pages, Rows};
use jiff::civil::Date;
use kernel::{MarketData, Quantity, Quote, Span, SymbolId, Timestamp};
use marketdata::CorporateActions;
use marketdata::calendar::{Date as Day, midnight};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The most rows that the broker gives in one page.
pub const LARGEST_PAGE: usize = 10_000;

/// The path and the most rows of a page of GET `/v1/corporate-actions`.
const ACTIONS: &str = "/v1/corporate-actions";
const ACTIONS_PAGE: &str = "1000";
/// A dividend is processed when it is paid, weeks after its ex-day.
const UNTIL_PAID: i64 = 120;

const ROUND_LOT: i64 = 100;
/// From this day on quotes count shares, before it round lots. Source: Alpaca, Market Data API 1.1.
const SHARES_SINCE: Day = jiff::civil::date(2025, 11, 3);

/// What of the past is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Bars, quotes or trades.
    pub kind: HistoryKind,
    /// The first instant: of bars, of their opens.
    pub start: Timestamp,
    /// The first instant that is not wanted any more.
    pub end: Timestamp,
    /// Rows in a page, at most [`LARGEST_PAGE`].
    pub page_rows: usize,
}

/// Which rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryKind {
    /// Bars.
    Bars {
        /// How long they last: [`timeframe`] must have a name for it.
        length: Span,
        /// `raw`, `split` or `all`.
        adjustment: String,
    },
    /// Best bids and asks.
    Quotes,
    /// Trades, without those that were taken back.
    Trades,
}

/// Alpaca's name for a length of bars: 1 to 59 minutes, 1 to 23 hours, or a day. Its weeks and
/// months have no one length.
pub fn timeframe(length: Span) -> Option<String> {
    const MINUTE: i64 = 60_000_000_000;
    let minutes = length.nanos() / MINUTE;
    if length.nanos() % MINUTE != 0 {
        return None;
    }
    match minutes {
        1..=59 => Some(format!("{minutes}Min")),
        1_440 => Some("1Day".into()),
        60..1_440 if minutes % 60 == 0 => Some(format!("{}Hour", minutes / 60)),
        _ => None,
    }
}

/// The history of the client's symbols in pages.
pub struct History {
    client: Client,
    query: HistoryQuery,
    /// In the order in which the broker gives them.
    symbols: Vec<String>,
    /// Whether quotes of before [`SHARES_SINCE`] count round lots: not on the bundled exchange.
    had_lots: bool,
}

impl History {
    /// The history of the symbols that the client was [named](Client::named) for.
    pub fn new(client: Client, query: HistoryQuery) -> Self {
        let mut symbols: Vec<String> =
            client.names().symbols().names().map(str::to_owned).collect();
        symbols.sort_unstable();
        let had_lots = !is_on_this_machine(&client.config().endpoints.data);
        Self { client, query, symbols, had_lots }
    }

    /// Who is asked.
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn path(&self) -> &'static str {
        match self.query.kind {
            HistoryKind::Bars { .. } => "/v2/stocks/bars",
            HistoryKind::Quotes => "/v2/stocks/quotes",
            HistoryKind::Trades => "/v2/stocks/trades",
        }
    }

    fn read_rows(&self, page: &[u8]) -> Result<Vec<Rows>, ReadError> {
        let names = self.client.names();
        match &self.query.kind {
            HistoryKind::Bars { length, .. } => {
                let page: BarsPage<'_> = map::parse(page)?;
                let bar = |wire: &_, symbol| map::bar(wire, symbol, *length).map(MarketData::Bar);
                rows(page.bars, |name| names.symbol(name), |wire, id| bar(wire, id).map(Some))
            }
            HistoryKind::Quotes => {
                let page: QuotesPage<'_> = map::parse(page)?;
                let quote = |wire: &_, symbol| {
                    let quote = in_shares(map::quote(wire, symbol)?, self.had_lots);
                    Ok(Some(MarketData::Quote(quote)))
                };
                rows(page.quotes, |name| names.symbol(name), quote)
            }
            HistoryKind::Trades => {
                let page: TradesPage<'_> = map::parse(page)?;
                rows(
                    page.trades,
                    |name| names.symbol(name),
                    |wire, symbol| {
                        let is_gone = matches!(wire.u.text(), Some("canceled" | "incorrect"));
                        let trade = map::trade(wire, symbol)?;
                        Ok((!is_gone).then_some(MarketData::Trade(trade)))
                    },
                )
            }
        }
    }

    fn unreadable(&self, error: &ReadError) -> DownloadError {
        let call = Call::get(&self.client.config().endpoints.data, self.path());
        self.client.unreadable(&call, error).into()
    }
}

impl Pages for History {
    async fn next(&self, _: usize, last: Option<&[u8]>) -> Result<Option<Vec<u8>>, DownloadError> {
        let token = match last.map(next_token).transpose() {
            Ok(None) => None,
            Ok(Some(Some(token))) => Some(token),
            Ok(Some(None)) => return Ok(None),
            Err(error) => return Err(self.unreadable(&error)),
        };
        let (query, config) = (&self.query, self.client.config());
        let (symbols, limit) = (self.symbols.join(","), query.page_rows.to_string());
        // The broker's end is inclusive.
        let end = query.end.minus(Span::from_nanos(1)).to_string();
        let start = query.start.to_string();
        let mut parameters = vec![
            ("symbols", symbols.as_str()),
            ("start", &start),
            ("end", &end),
            ("limit", &limit),
            ("feed", &config.feed),
            ("sort", "asc"),
        ];
        let length;
        if let HistoryKind::Bars { length: wanted, adjustment } = &query.kind {
            length = timeframe(*wanted).unwrap_or_default();
            parameters.extend([("timeframe", length.as_str()), ("adjustment", adjustment)]);
        }
        parameters.extend(token.as_deref().map(|token| ("page_token", token)));
        let call = Call::get(&config.endpoints.data, self.path()).query(&parameters);
        let page = self.client.read(call, |body| Ok(body.to_vec())).await?;
        Ok(Some(page))
    }

    fn rows(&self, _: usize, page: &[u8]) -> Result<Vec<Rows>, DownloadError> {
        self.read_rows(page).map_err(|error| self.unreadable(&error))
    }

    /// By symbol, then time: so the broker's pages go on.
    fn done(&self, _: usize, rows: &[Rows]) -> Option<f64> {
        let last = rows.last()?;
        let symbol = self.symbols.iter().position(|symbol| **symbol == *last.symbol)?;
        let at = marketdata::content::row_time(last.data.last()?);
        let whole = self.query.end.since(self.query.start).nanos();
        let part = at.since(self.query.start).nanos() as f64 / (whole.max(1)) as f64;
        Some((symbol as f64 + part.clamp(0.0, 1.0)) / self.symbols.len() as f64)
    }
}

impl Client {
    /// The splits and cash dividends of some symbols with ex-days from one date to another, both
    /// inclusive.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn splits_and_dividends(
        &self,
        symbols: &[String],
        from: Date,
        to: Date,
    ) -> Result<CorporateActions, ApiError> {
        let paid = to.saturating_add(jiff::Span::new().days(UNTIL_PAID));
        let (symbols, start, end) = (symbols.join(","), from.to_string(), paid.to_string());
        let base = [
            ("symbols", symbols.as_str()),
            ("types", "forward_split,reverse_split,cash_dividend"),
            ("start", &start),
            ("end", &end),
            ("limit", ACTIONS_PAGE),
            ("sort", "asc"),
        ];
        let mut all = Vec::new();
        let take = |body: &[u8], all: &mut Vec<map::Announced>| {
            let page: ActionsPage<'_> = map::parse(body)?;
            all.extend(map::announced(&page)?);
            Ok(page.next_page_token.text().map(str::to_owned))
        };
        self.pages(ACTIONS, &base, &mut all, take, |_| false).await?;
        let mut actions = CorporateActions::default();
        for (symbol, ex_day, action) in all {
            if (from..=to).contains(&ex_day) {
                actions.add(&symbol, ex_day, action);
            }
        }
        Ok(actions)
    }
}

type Lists<'a, W> = Option<BTreeMap<Cow<'a, str>, Option<Vec<W>>>>;

/// The rows of a page, symbol by symbol.
fn rows<W>(
    lists: Lists<'_, W>,
    id: impl Fn(&str) -> Option<SymbolId>,
    read: impl Fn(&W, SymbolId) -> Result<Option<MarketData>, map::FieldError>,
) -> Result<Vec<Rows>, ReadError> {
    let mut all = Vec::new();
    for (name, list) in lists.into_iter().flatten() {
        let Some(symbol) = id(&name) else { continue };
        let mut data = Vec::new();
        for wire in list.iter().flatten() {
            data.extend(read(wire, symbol)?);
        }
        all.push(Rows { symbol: name.as_ref().into(), data });
    }
    Ok(all)
}

/// What goes on behind a page; `None` when it is the last.
fn next_token(page: &[u8]) -> Result<Option<String>, ReadError> {
    #[derive(Default, serde::Deserialize)]
    #[serde(default, bound(deserialize = "'de: 'a"))]
    struct Next<'a> {
        next_page_token: Loose<'a>,
    }
    let next: Next<'_> = map::parse(page)?;
    Ok(next.next_page_token.text().map(str::to_owned))
}

/// A quote whose sizes count shares.
fn in_shares(quote: Quote, had_lots: bool) -> Quote {
    if !had_lots || quote.time >= midnight(SHARES_SINCE) {
        return quote;
    }
    let shares = |lots: Quantity| Quantity::from_nanos(lots.nanos().saturating_mul(ROUND_LOT));
    Quote { bid_size: shares(quote.bid_size), ask_size: shares(quote.ask_size), ..quote }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Price, Symbols};

    #[test]
    fn lengths_have_alpacas_names_or_none() {
        let named = |seconds| timeframe(Span::from_secs(seconds));
        for (seconds, name) in [
            (60, "1Min"),
            (59 * 60, "59Min"),
            (3_600, "1Hour"),
            (23 * 3_600, "23Hour"),
            (86_400, "1Day"),
        ] {
            assert_eq!(named(seconds).as_deref(), Some(name));
        }
        for seconds in [0, 1, 90, 90 * 60, 2 * 86_400, -60] {
            assert_eq!(named(seconds), None, "{seconds}");
        }
    }

    /// Conformance 121.
    #[test]
    fn sizes_of_quotes_are_shares_before_and_after_the_change() {
        let symbol = Symbols::new(["SPY"]).unwrap().id("SPY").unwrap();
        let quote = |text: &str| Quote {
            symbol,
            time: text.parse().unwrap(),
            bid: Price::from_nanos(1),
            bid_size: "2".parse().unwrap(),
            ask: Price::from_nanos(2),
            ask_size: "3".parse().unwrap(),
        };
        let sizes = |text, had_lots| {
            let quote = in_shares(quote(text), had_lots);
            (quote.bid_size.to_string(), quote.ask_size.to_string())
        };
        let (last, first) = ("2025-11-03T04:59:59Z", "2025-11-03T05:00:00Z");
        assert_eq!(sizes(last, true), ("200".into(), "300".into()));
        assert_eq!(sizes(first, true), ("2".into(), "3".into()));
        assert_eq!(sizes(last, false), ("2".into(), "3".into()));
    }
}
