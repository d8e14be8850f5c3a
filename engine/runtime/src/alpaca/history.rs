//! The past over REST: executions, fees, bars.

use super::error::ApiError;
use super::map::{self, FieldError, ReadError};
use super::rest::Client;
use super::rows::{BarsQuery, Fill};
use super::transport::Call;
use super::wire::{ActivityWire, BarsPage};
use kernel::{Bar, FeeCharge, Span, Timestamp};
use std::collections::BTreeSet;

/// The most activities and bars that the broker gives in one page.
const ACTIVITIES_PAGE: usize = 100;
const BARS_PAGE: usize = 10_000;

impl Client {
    /// Every execution on the account that was recorded after an instant, oldest first.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn fills(&self, after: Option<Timestamp>) -> Result<Vec<Fill>, ApiError> {
        self.activities("FILL", after, map::fill, |fill| fill.activity.clone()).await
    }

    /// Every fee posted to the account after an instant, oldest first.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn fees(&self, after: Option<Timestamp>) -> Result<Vec<FeeCharge>, ApiError> {
        let id = |(id, _): &(Box<str>, Option<FeeCharge>)| id.clone();
        let read = |wire: &ActivityWire<'_>| {
            let id = wire.id.text().unwrap_or_default().into();
            map::fee(wire).map(|fee| (id, fee))
        };
        let fees = self.activities("FEE", after, read, id).await?;
        Ok(fees.into_iter().filter_map(|(_, fee)| fee).collect())
    }

    async fn activities<T>(
        &self,
        kind: &str,
        after: Option<Timestamp>,
        read: impl Fn(&ActivityWire<'_>) -> Result<T, FieldError>,
        id: impl Fn(&T) -> Box<str>,
    ) -> Result<Vec<T>, ApiError> {
        let size = ACTIVITIES_PAGE.to_string();
        let after = after.map(|time| time.to_string());
        let mut all: Vec<T> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut token: Option<Box<str>> = None;
        loop {
            let mut query =
                vec![("activity_types", kind), ("direction", "asc"), ("page_size", &size)];
            query.extend(after.as_deref().map(|after| ("after", after)));
            query.extend(token.as_deref().map(|token| ("page_token", token)));
            let call = self.trading("/v2/account/activities").query(&query);
            let page = self.read(call, |body| activities_page(body, &read)).await?;
            let full = page.len() >= ACTIVITIES_PAGE;
            token = page.last().map(&id);
            let known = seen.len();
            all.extend(page.into_iter().filter(|activity| seen.insert(id(activity))));
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
        let names: Vec<&str> =
            query.symbols.iter().map(|id| self.names.symbols().name(*id)).collect();
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
            ("adjustment", "raw"),
            ("sort", "asc"),
        ];
        let mut bars = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut parameters = base.to_vec();
            parameters.extend(token.as_deref().map(|token| ("page_token", token)));
            let call = Call::get(&self.config.endpoints.data, "/v2/stocks/bars").query(&parameters);
            let next = self.read(call, |body| self.take_bars(body, query, &mut bars)).await?;
            let enough = query.limit.is_some_and(|limit| bars.len() >= limit);
            if next.is_none() || next == token || enough {
                break;
            }
            token = next;
        }
        bars.sort_by_key(|bar| (bar.open_time, bar.symbol));
        bars.truncate(query.limit.unwrap_or(usize::MAX));
        Ok(bars)
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
}

fn activities_page<T>(
    body: &[u8],
    read: impl Fn(&ActivityWire<'_>) -> Result<T, FieldError>,
) -> Result<Vec<T>, ReadError> {
    let wires: Vec<ActivityWire<'_>> = map::parse(body)?;
    Ok(wires.iter().map(read).collect::<Result<_, _>>()?)
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
