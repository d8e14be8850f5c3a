//! `/v2/account`, its activities, and the assets.

use super::super::error::ApiError;
use super::super::wire::account::{AccountJson, account as account_json};
use super::super::wire::activity::{ActivityJson, activity, kind};
use super::super::wire::asset::{AssetJson, asset as asset_json};
use super::super::wire::request::Query;
use super::super::wire::time::new_york_date;
use super::App;
use crate::Activity;
use axum::Json;
use axum::extract::{Path, State};

pub(super) async fn account(State(shared): App) -> Json<AccountJson> {
    let venue = shared.venue();
    let now = venue.now();
    let opened = venue.calendar.first().map_or(now, |day| day.open);
    Json(account_json(&venue.exchange.account(), opened, now))
}

/// Activities of the types named in `activity_types`, or of all.
pub(super) async fn activities(
    State(shared): App,
    query: Query,
) -> Result<Json<Vec<ActivityJson>>, ApiError> {
    let kinds = query.list("activity_types");
    if !kinds.is_empty() && query.text("category").is_some() {
        return Err(ApiError::invalid("only one of activity_types and category is accepted"));
    }
    let wanted = |item: &Activity| match query.text("category") {
        Some("trade_activity") => kind(item) == Some("FILL"),
        Some("non_trade_activity") => kind(item).is_some_and(|kind| kind != "FILL"),
        _ => kind(item).is_some_and(|kind| kinds.is_empty() || kinds.contains(&kind)),
    };
    let venue = shared.venue();
    let page = page(venue.exchange.activities(), &query, wanted)?;
    let symbols = venue.exchange.symbols();
    Ok(Json(page.iter().filter_map(|item| activity(item, symbols)).collect()))
}

/// Activities of one type.
pub(super) async fn activities_of(
    State(shared): App,
    Path(wanted): Path<String>,
    query: Query,
) -> Result<Json<Vec<ActivityJson>>, ApiError> {
    let venue = shared.venue();
    let page = page(venue.exchange.activities(), &query, |item| kind(item) == Some(&wanted))?;
    let symbols = venue.exchange.symbols();
    Ok(Json(page.iter().filter_map(|item| activity(item, symbols)).collect()))
}

const LARGEST_PAGE: usize = 100;

/// One page in the asked direction, behind the item that the page token names.
fn page<'a>(
    all: &'a [Activity],
    query: &Query,
    wanted: impl Fn(&Activity) -> bool,
) -> Result<Vec<&'a Activity>, ApiError> {
    let size = query.count("page_size").map_err(ApiError::invalid)?.unwrap_or(LARGEST_PAGE);
    if !(1..=LARGEST_PAGE).contains(&size) {
        return Err(ApiError::invalid("page_size must be between 1 and 100"));
    }
    let after = query.time("after").map_err(ApiError::invalid)?;
    let until = query.end_time("until").map_err(ApiError::invalid)?;
    let date = query.time("date").map_err(ApiError::invalid)?.map(new_york_date);
    let inside = |item: &&Activity| {
        after.is_none_or(|after| item.time() > after)
            && until.is_none_or(|until| item.time() <= until)
            && date.is_none_or(|date| new_york_date(item.time()) == date)
            && wanted(item)
    };
    let mut items: Vec<_> = all.iter().filter(inside).collect();
    if query.text("direction") != Some("asc") {
        items.reverse();
    }
    let skip = match query.text("page_token") {
        None => 0,
        Some(token) => match items.iter().position(|item| item.is(token)) {
            Some(place) => place + 1,
            None => return Err(ApiError::invalid("invalid page_token")),
        },
    };
    Ok(items.into_iter().skip(skip).take(size).collect())
}

pub(super) async fn assets(State(shared): App, query: Query) -> Json<Vec<AssetJson>> {
    let venue = shared.venue();
    let other_status = query.text("status").is_some_and(|status| status != "active");
    let other_class = query.text("asset_class").is_some_and(|class| class != "us_equity");
    let assets = if other_status || other_class { &[] } else { venue.exchange.assets() };
    Json(assets.iter().map(asset_json).collect())
}

/// One asset, by symbol or id.
pub(super) async fn asset(
    State(shared): App,
    Path(symbol): Path<String>,
) -> Result<Json<AssetJson>, ApiError> {
    let venue = shared.venue();
    let mut assets = venue.exchange.assets().iter();
    let found = assets.find(|asset| asset.name == symbol || asset.id == symbol);
    let found =
        found.ok_or_else(|| ApiError::not_found(format!("asset not found for {symbol}")))?;
    Ok(Json(asset_json(found)))
}
