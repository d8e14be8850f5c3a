//! The newest bar, quote and trade, and snapshots of all of them.

use super::super::error::ApiError;
use super::super::shared::Shared;
use super::super::tape::Lists;
use super::super::wire::market::{BarJson, QuoteJson, TradeJson};
use super::super::wire::request::Query;
use super::App;
use super::timeframe::Timeframe;
use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};

/// One kind of newest thing.
#[derive(Clone, Copy)]
enum Kind {
    Bar,
    Quote,
    Trade,
}

impl Kind {
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Kind::Bar => ("bar", "bars"),
            Kind::Quote => ("quote", "quotes"),
            Kind::Trade => ("trade", "trades"),
        }
    }

    /// The newest of this kind; `None` when the venue has shown none.
    fn newest(self, lists: &Lists) -> Option<Value> {
        match self {
            Kind::Bar => lists.bars.last().map(|bar| json!(BarJson::from(bar))),
            Kind::Quote => lists.quotes.last().map(|quote| json!(QuoteJson::from(quote))),
            Kind::Trade => lists.trades.last().map(|trade| json!(TradeJson::from(trade))),
        }
    }
}

pub(super) async fn bars(State(shared): App, query: Query) -> Result<Json<Value>, ApiError> {
    many(&shared, &query, Kind::Bar)
}

pub(super) async fn quotes(State(shared): App, query: Query) -> Result<Json<Value>, ApiError> {
    many(&shared, &query, Kind::Quote)
}

pub(super) async fn trades(State(shared): App, query: Query) -> Result<Json<Value>, ApiError> {
    many(&shared, &query, Kind::Trade)
}

pub(super) async fn bar_of(
    State(shared): App,
    Path(symbol): Path<String>,
) -> Result<Json<Value>, ApiError> {
    single(&shared, &symbol, Kind::Bar)
}

pub(super) async fn quote_of(
    State(shared): App,
    Path(symbol): Path<String>,
) -> Result<Json<Value>, ApiError> {
    single(&shared, &symbol, Kind::Quote)
}

pub(super) async fn trade_of(
    State(shared): App,
    Path(symbol): Path<String>,
) -> Result<Json<Value>, ApiError> {
    single(&shared, &symbol, Kind::Trade)
}

fn many(shared: &Shared, query: &Query, kind: Kind) -> Result<Json<Value>, ApiError> {
    let newest = collect(shared, query, |lists| kind.newest(lists))?;
    Ok(Json(json!({ kind.names().1: newest })))
}

fn single(shared: &Shared, symbol: &str, kind: Kind) -> Result<Json<Value>, ApiError> {
    let name = kind.names().0;
    let newest = of_symbol(shared, symbol, |lists| kind.newest(lists));
    let newest = newest.ok_or_else(|| nothing(name, symbol))?;
    Ok(Json(json!({ name: newest, "symbol": symbol })))
}

/// Snapshots of several symbols; the symbols are the keys of the whole answer.
pub(super) async fn snapshots(State(shared): App, query: Query) -> Result<Json<Value>, ApiError> {
    Ok(Json(Value::Object(collect(&shared, &query, snapshot)?)))
}

pub(super) async fn snapshot_of(
    State(shared): App,
    Path(symbol): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let found = of_symbol(&shared, &symbol, snapshot);
    let mut found = found.ok_or_else(|| nothing("snapshot", &symbol))?;
    if let Some(object) = found.as_object_mut() {
        object.insert("symbol".into(), json!(symbol));
    }
    Ok(Json(found))
}

fn snapshot(lists: &Lists) -> Option<Value> {
    let days = Timeframe::Day.bars_from(&lists.bars);
    let mut newest_days = days.iter().rev().map(BarJson::from);
    let newest = |kind: Kind| kind.newest(lists).unwrap_or(Value::Null);
    let empty = lists.bars.is_empty() && lists.quotes.is_empty() && lists.trades.is_empty();
    (!empty).then(|| {
        json!({
            "latestTrade": newest(Kind::Trade),
            "latestQuote": newest(Kind::Quote),
            "minuteBar": newest(Kind::Bar),
            "dailyBar": newest_days.next(),
            "prevDailyBar": newest_days.next(),
        })
    })
}

fn collect(
    shared: &Shared,
    query: &Query,
    show: impl Fn(&Lists) -> Option<Value>,
) -> Result<Map<String, Value>, ApiError> {
    let symbols = query.list("symbols");
    if symbols.is_empty() {
        return Err(ApiError::bad_parameter("symbols is required"));
    }
    let found = symbols.into_iter().filter_map(|symbol| {
        of_symbol(shared, symbol, &show).map(|value| (symbol.to_owned(), value))
    });
    Ok(found.collect())
}

fn of_symbol(
    shared: &Shared,
    symbol: &str,
    show: impl Fn(&Lists) -> Option<Value>,
) -> Option<Value> {
    let venue = shared.venue();
    let id = venue.exchange.symbols().id(symbol)?;
    venue.tape.of(id).and_then(show)
}

fn nothing(what: &str, symbol: &str) -> ApiError {
    ApiError {
        status: 404,
        code: None,
        message: format!("no {what} found for {symbol}"),
        fields: Map::new(),
    }
}
