//! Historical bars, quotes and trades, page by page.
//!
//! The limit counts over all symbols; a page is sorted by symbol, then time, and its token names
//! the last item of it.

use super::super::config::Plan;
use super::super::error::ApiError;
use super::super::shared::Shared;
use super::super::tape::Lists;
use super::super::wire::market::{BarJson, QuoteJson, TradeJson};
use super::super::wire::request::Query;
use super::super::wire::time::new_york_midnight;
use super::App;
use super::timeframe::Timeframe;
use axum::Json;
use axum::extract::{Path, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::{Bar, Quote, Span, Timestamp, Trade};
use serde::Serialize;
use serde_json::{Map, Value, json};

pub(super) async fn bars(State(shared): App, query: Query) -> Result<Json<Value>, ApiError> {
    many(&shared, &query, "bars")
}

pub(super) async fn quotes(State(shared): App, query: Query) -> Result<Json<Value>, ApiError> {
    many(&shared, &query, "quotes")
}

pub(super) async fn trades(State(shared): App, query: Query) -> Result<Json<Value>, ApiError> {
    many(&shared, &query, "trades")
}

pub(super) async fn bars_of(
    State(shared): App,
    Path(symbol): Path<String>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    single(&shared, &query, &symbol, "bars")
}

pub(super) async fn quotes_of(
    State(shared): App,
    Path(symbol): Path<String>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    single(&shared, &query, &symbol, "quotes")
}

pub(super) async fn trades_of(
    State(shared): App,
    Path(symbol): Path<String>,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    single(&shared, &query, &symbol, "trades")
}

fn many(shared: &Shared, query: &Query, what: &str) -> Result<Json<Value>, ApiError> {
    let mut symbols = query.list("symbols");
    symbols.sort_unstable();
    symbols.dedup();
    if symbols.is_empty() {
        return Err(ApiError::bad_parameter("symbols is required"));
    }
    let page = page(shared, query, what, &symbols)?;
    Ok(Json(json!({ what: page.items, "next_page_token": page.next })))
}

fn single(
    shared: &Shared,
    query: &Query,
    symbol: &str,
    what: &str,
) -> Result<Json<Value>, ApiError> {
    let mut page = page(shared, query, what, &[symbol])?;
    let items = page.items.remove(symbol).unwrap_or(Value::Null);
    Ok(Json(json!({ what: items, "symbol": symbol, "next_page_token": page.next })))
}

/// One page of anything.
struct Page {
    items: Map<String, Value>,
    next: Option<String>,
}

/// What a request asks for.
struct Wanted {
    start: Timestamp,
    end: Timestamp,
    limit: usize,
    descending: bool,
    timeframe: Option<Timeframe>,
    /// Where the page before ended: the symbol and the time of its last item, and how many items
    /// of that time it has given already.
    behind: Option<(String, Timestamp, usize)>,
}

/// What has a time and can be shown.
trait Dated: Copy {
    type Shown: Serialize;
    /// The time by which it is asked for.
    fn at(&self) -> Timestamp;
    fn show(&self) -> Self::Shown;
}

impl Dated for Bar {
    type Shown = BarJson;
    fn at(&self) -> Timestamp {
        self.open_time
    }
    fn show(&self) -> BarJson {
        self.into()
    }
}

impl Dated for Quote {
    type Shown = QuoteJson;
    fn at(&self) -> Timestamp {
        self.time
    }
    fn show(&self) -> QuoteJson {
        self.into()
    }
}

impl Dated for Trade {
    type Shown = TradeJson;
    fn at(&self) -> Timestamp {
        self.time
    }
    fn show(&self) -> TradeJson {
        self.into()
    }
}

fn page(shared: &Shared, query: &Query, what: &str, symbols: &[&str]) -> Result<Page, ApiError> {
    let venue = shared.venue();
    let now = venue.now();
    let wanted = Wanted::read(query, what, now)?;
    refuse_recent(shared.plan, query, wanted.end, now)?;
    let mut page = Page { items: Map::new(), next: None };
    let mut left = wanted.limit;
    for symbol in symbols {
        let passed = wanted.behind.as_ref().is_some_and(|(last, ..)| *symbol < last.as_str());
        let id = venue.exchange.symbols().id(symbol);
        let Some(lists) = id.and_then(|id| venue.tape.of(id)).filter(|_| !passed) else {
            continue;
        };
        left = wanted.add(&mut page, symbol, lists, what, left);
        if page.next.is_some() {
            break;
        }
    }
    Ok(page)
}

/// The rule of the plan without real-time SIP data.
fn refuse_recent(
    plan: Plan,
    query: &Query,
    end: Timestamp,
    now: Timestamp,
) -> Result<(), ApiError> {
    let recent = end > now.minus(Span::from_secs(15 * 60));
    if plan == Plan::Basic && query.text("feed") == Some("sip") && recent {
        return Err(ApiError::not_in_plan("subscription does not permit querying recent SIP data"));
    }
    Ok(())
}

const DEFAULT_LIMIT: usize = 1_000;
const LARGEST_LIMIT: usize = 10_000;

impl Wanted {
    fn read(query: &Query, what: &str, now: Timestamp) -> Result<Self, ApiError> {
        let limit = query.count("limit").map_err(ApiError::bad_parameter)?;
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if limit > LARGEST_LIMIT {
            return Err(ApiError::bad_parameter(
                "invalid limit: larger than the allowed maximum of 10000",
            ));
        }
        if limit == 0 {
            return Err(ApiError::bad_parameter("invalid limit: must be at least 1"));
        }
        let start = query.time("start").map_err(ApiError::bad_parameter)?;
        let end = query.end_time("end").map_err(ApiError::bad_parameter)?;
        let behind = query.text("page_token").map(read_token).transpose()?;
        Ok(Self {
            start: start.unwrap_or_else(|| new_york_midnight(now)),
            end: end.unwrap_or(now),
            limit,
            descending: query.text("sort") == Some("desc"),
            timeframe: if what == "bars" { Some(read_timeframe(query)?) } else { None },
            behind,
        })
    }

    /// Adds the items of one symbol and says how many more may follow.
    fn add(&self, page: &mut Page, symbol: &str, lists: &Lists, what: &str, left: usize) -> usize {
        match what {
            "quotes" => self.add_items(page, symbol, &lists.quotes, left),
            "trades" => self.add_items(page, symbol, &lists.trades, left),
            _ => {
                let bars = self
                    .timeframe
                    .map(|timeframe| timeframe.bars_between(&lists.bars, self.start, self.end));
                self.add_items(page, symbol, &bars.unwrap_or_default(), left)
            }
        }
    }

    fn add_items<T: Dated>(
        &self,
        page: &mut Page,
        symbol: &str,
        items: &[T],
        left: usize,
    ) -> usize {
        let from = items.partition_point(|item| item.at() < self.start);
        let to = items.partition_point(|item| item.at() <= self.end).max(from);
        let inside = items.get(from..to).unwrap_or_default();
        let ordered: Vec<&T> = match self.descending {
            true => inside.iter().rev().collect(),
            false => inside.iter().collect(),
        };
        let rest = ordered.get(self.given(symbol, &ordered)..).unwrap_or_default();
        let (shown, more) = rest.split_at_checked(left).unwrap_or((rest, &[]));
        if !more.is_empty() {
            page.next = Some(match shown.last() {
                Some(last) => {
                    let upto = ordered.len() - more.len();
                    let same = ordered.iter().take(upto).rev();
                    let count = same.take_while(|item| item.at() == last.at()).count();
                    write_token(symbol, last.at(), count)
                }
                // Not one item of this symbol fitted: it is the next page's first.
                None => write_token(symbol, Timestamp::MIN, 0),
            });
        }
        if !shown.is_empty() {
            let shown: Vec<_> = shown.iter().map(|item| item.show()).collect();
            page.items.insert(symbol.into(), json!(shown));
        }
        left.saturating_sub(shown.len())
    }

    /// How many of a symbol's items the pages before have given.
    fn given<T: Dated>(&self, symbol: &str, ordered: &[&T]) -> usize {
        let Some((_, last, count)) = self.behind.as_ref().filter(|(last, ..)| last == symbol)
        else {
            return 0;
        };
        if *count == 0 {
            return 0;
        }
        let earlier = |item: &&T| match self.descending {
            true => item.at() > *last,
            false => item.at() < *last,
        };
        ordered.partition_point(earlier) + count
    }
}

fn read_timeframe(query: &Query) -> Result<Timeframe, ApiError> {
    let text = query.text("timeframe").unwrap_or_default();
    Timeframe::read(text)
        .ok_or_else(|| ApiError::bad_parameter(format!("invalid timeframe: {text}")))
}

fn write_token(symbol: &str, last: Timestamp, count: usize) -> String {
    STANDARD.encode(format!("{symbol}|{}|{count}", last.nanos()))
}

fn read_token(token: &str) -> Result<(String, Timestamp, usize), ApiError> {
    let read = || {
        let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
        let mut parts = text.split('|');
        let symbol = parts.next()?.to_owned();
        let last = Timestamp::from_nanos(parts.next()?.parse().ok()?);
        let count = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some((symbol, last, count))
    };
    read().ok_or_else(|| ApiError::bad_parameter("invalid page_token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_the_last_item() {
        let last = Timestamp::from_secs(5);
        let token = write_token("BRK.B", last, 2);
        assert_eq!(read_token(&token).unwrap(), ("BRK.B".into(), last, 2));
    }

    proptest::proptest! {
        #[test]
        fn any_token_is_read(text: String) {
            let _ = read_token(&text);
            let _ = read_token(&STANDARD.encode(text));
        }
    }
}
