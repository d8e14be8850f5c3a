//! The past over REST: executions, postings, splits, bars.

use super::error::ApiError;
use super::map::{self, FieldError, ReadError};
use super::rest::Client;
use super::rows::{BarsQuery, Fill, Posting};
use super::transport::Call;
use super::wire::{ActivityWire, BarsPage, TradesPage};
use super::wire_actions::ActionsPage;
use jiff::civil::Date;
use kernel::{Bar, CorporateAction, Span, SymbolId, Timestamp, Trade};
use std::collections::BTreeSet;

/// The most activities and bars that the broker gives in one page.
const ACTIVITIES_PAGE: usize = 100;
const ACTIONS_PAGE: &str = "1000";
const BARS_PAGE: usize = 10_000;
/// The most trades that a gap is filled with.
const MOST_TRADES: usize = 50_000;

impl Client {
    /// Every execution on the account that was recorded after an instant, oldest first.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn fills(&self, after: Option<Timestamp>) -> Result<Vec<Fill>, ApiError> {
        self.activities(("activity_types", "FILL"), after, map::fill).await
    }

    /// Everything posted to the account after an instant that moved cash and is no trade, oldest
    /// first: fees, deposits and withdrawals, dividends and the like.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn postings(&self, after: Option<Timestamp>) -> Result<Vec<Posting>, ApiError> {
        let kind = ("category", "non_trade_activity");
        let postings = self.activities(kind, after, map::posting).await?;
        Ok(postings.into_iter().flatten().collect())
    }

    /// The splits and new names of the session's symbols from one date to another, both inclusive.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn corporate_actions(
        &self,
        from: Date,
        to: Date,
    ) -> Result<Vec<CorporateAction>, ApiError> {
        let table = self.names.symbols();
        let names: Vec<&str> = table.names().collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let (symbols, start, end) = (names.join(","), from.to_string(), to.to_string());
        let base = [
            ("symbols", symbols.as_str()),
            ("types", "forward_split,reverse_split,name_change"),
            ("start", &start),
            ("end", &end),
            ("limit", ACTIONS_PAGE),
            ("sort", "asc"),
        ];
        let mut actions = Vec::new();
        let take = |body: &[u8], actions: &mut Vec<CorporateAction>| {
            let page: ActionsPage<'_> = map::parse(body)?;
            actions.extend(map::corporate_actions(&page, &self.names)?);
            Ok(page.next_page_token.text().map(str::to_owned))
        };
        self.pages("/v1/corporate-actions", &base, &mut actions, take, |_| false).await?;
        Ok(actions)
    }

    /// One activity that cannot be used keeps no other back: it is noted and left out, and shows in what
    /// the account holds.
    async fn activities<T>(
        &self,
        kind: (&str, &str),
        after: Option<Timestamp>,
        read: impl Fn(&ActivityWire<'_>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, ApiError> {
        let size = ACTIVITIES_PAGE.to_string();
        let after = after.map(|time| time.to_string());
        let mut all: Vec<T> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut token: Option<Box<str>> = None;
        loop {
            let mut query = vec![kind, ("direction", "asc"), ("page_size", &size)];
            query.extend(after.as_deref().map(|after| ("after", after)));
            query.extend(token.as_deref().map(|token| ("page_token", token)));
            let call = self.trading("/v2/account/activities").query(&query);
            let kind = call.kind();
            let page = self.read(call, |body| activities_page(body, &read)).await?;
            let full = page.len() >= ACTIVITIES_PAGE;
            token = page.last().map(|(id, _)| id.clone());
            let known = seen.len();
            for (_, activity) in page.into_iter().filter(|(id, _)| seen.insert(id.clone())) {
                match activity {
                    Ok(activity) => all.push(activity),
                    Err(error) => self.note_unusable(&kind, &error.into()),
                }
            }
            if !full || seen.len() == known {
                return Ok(all);
            }
        }
    }

    /// Bars of the past in the order of time, every page of them. A symbol without data gives none.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn bars(&self, query: &BarsQuery<'_>) -> Result<Vec<Bar>, ApiError> {
        let table = self.names.symbols();
        let names: Vec<&str> = query.symbols.iter().map(|id| table.name(*id)).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let (symbols, timeframe) = (names.join(","), timeframe(query.length));
        let (start, end) = (query.start.to_string(), query.end.to_string());
        let limit = query.limit.unwrap_or(BARS_PAGE).clamp(1, BARS_PAGE).to_string();
        let base = [
            ("symbols", symbols.as_str()),
            ("timeframe", &timeframe),
            ("start", &start),
            ("end", &end),
            ("limit", &limit),
            ("feed", &self.config.feed),
            // What strategies remember is in today's shares.
            ("adjustment", "split"),
            ("sort", "asc"),
        ];
        let mut bars = Vec::new();
        let enough = |bars: &Vec<Bar>| query.limit.is_some_and(|limit| bars.len() >= limit);
        let take = |body: &[u8], bars: &mut Vec<Bar>| self.take_bars(body, query, bars);
        self.pages("/v2/stocks/bars", &base, &mut bars, take, enough).await?;
        bars.sort_by_key(|bar| (bar.open_time, bar.symbol));
        bars.truncate(query.limit.unwrap_or(usize::MAX));
        Ok(bars)
    }

    /// Trades of the past in the order of time, from an instant to the venue's present (an end by our
    /// clock might lie before it), or until so many have been read as fit in a few pages: on a busy
    /// feed a gap holds more than anybody can use.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn trades(
        &self,
        symbols: &[SymbolId],
        start: Timestamp,
    ) -> Result<Vec<Trade>, ApiError> {
        let table = self.names.symbols();
        let names: Vec<&str> = symbols.iter().map(|id| table.name(*id)).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let (symbols, limit) = (names.join(","), BARS_PAGE.to_string());
        let start = start.to_string();
        let base = [
            ("symbols", symbols.as_str()),
            ("start", &start),
            ("limit", &limit),
            ("feed", &self.config.feed),
            ("sort", "asc"),
        ];
        let mut trades = Vec::new();
        let enough = |trades: &Vec<Trade>| trades.len() >= MOST_TRADES;
        let take = |body: &[u8], trades: &mut Vec<Trade>| self.take_trades(body, trades);
        self.pages("/v2/stocks/trades", &base, &mut trades, take, enough).await?;
        trades.sort_by_key(|trade| (trade.time, trade.symbol));
        Ok(trades)
    }

    /// Reads page after page until the last, or until there are enough.
    pub(super) async fn pages<T>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        all: &mut Vec<T>,
        take: impl Fn(&[u8], &mut Vec<T>) -> Result<Option<String>, ReadError>,
        enough: impl Fn(&Vec<T>) -> bool,
    ) -> Result<(), ApiError> {
        let mut token: Option<String> = None;
        loop {
            let mut parameters = query.to_vec();
            parameters.extend(token.as_deref().map(|token| ("page_token", token)));
            let call = Call::get(&self.config.endpoints.data, path).query(&parameters);
            let next = self.read(call, |body| take(body, all)).await?;
            if next.is_none() || next == token || enough(all) {
                return Ok(());
            }
            token = next;
        }
    }

    fn take_bars(
        &self,
        body: &[u8],
        query: &BarsQuery<'_>,
        bars: &mut Vec<Bar>,
    ) -> Result<Option<String>, ReadError> {
        let page: BarsPage<'_> = map::parse(body)?;
        for (symbol, rows) in page.bars.iter().flatten() {
            let Some(symbol) = self.names.symbol(symbol) else { continue };
            for row in rows.iter().flatten() {
                bars.push(map::bar(row, symbol, query.length)?);
            }
        }
        Ok(page.next_page_token.text().map(str::to_owned))
    }

    fn take_trades(
        &self,
        body: &[u8],
        trades: &mut Vec<Trade>,
    ) -> Result<Option<String>, ReadError> {
        let page: TradesPage<'_> = map::parse(body)?;
        for (symbol, rows) in page.trades.iter().flatten() {
            let Some(symbol) = self.names.symbol(symbol) else { continue };
            for row in rows.iter().flatten() {
                trades.push(map::trade(row, symbol)?);
            }
        }
        Ok(page.next_page_token.text().map(str::to_owned))
    }
}

/// An activity by its id, if it has one, as far as it can be used.
type Listed<T> = (Box<str>, Result<T, FieldError>);

fn activities_page<T>(
    body: &[u8],
    read: impl Fn(&ActivityWire<'_>) -> Result<T, FieldError>,
) -> Result<Vec<Listed<T>>, ReadError> {
    let wires: Vec<ActivityWire<'_>> = map::parse(body)?;
    let id = |wire: &ActivityWire<'_>| wire.id.text().unwrap_or_default().into();
    Ok(wires.iter().map(|wire| (id(wire), read(wire))).collect())
}

/// `1Min`, `15Min`, `1Hour`, `1Day`, as Alpaca writes lengths.
fn timeframe(length: Span) -> String {
    let minutes = (length.nanos() / 60_000_000_000).max(1);
    match minutes {
        1440.. => "1Day".into(),
        60.. => format!("{}Hour", minutes / 60),
        _ => format!("{minutes}Min"),
    }
}
