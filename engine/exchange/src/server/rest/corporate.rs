//! `/v1/corporate-actions`: the splits that were announced, whether they have happened or not.

use super::super::error::ApiError;
use super::super::faults::Announced;
use super::super::wire::request::Query;
use super::super::wire::time::{date_text, new_york_date};
use super::App;
use crate::ids::digest;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// The forward and reverse splits of some symbols with a process date in a range.
/// Source: Alpaca, Market Data API 1.1, `/v1/corporate-actions`.
pub(super) async fn actions(State(shared): App, query: Query) -> Result<Json<Value>, ApiError> {
    let symbols = query.list("symbols");
    let venue = shared.venue();
    let today = new_york_date(venue.now());
    let day = |name: &str, otherwise: u32| {
        let time = query.time(name).map_err(ApiError::bad_parameter)?;
        Ok::<u32, ApiError>(time.map_or(otherwise, new_york_date))
    };
    let (start, end) = (day("start", today)?, day("end", u32::MAX)?);
    let wanted = venue.acts.announced.iter().filter(|split| {
        let name = venue.exchange.symbols().name(split.symbol);
        (symbols.is_empty() || symbols.contains(&name)) && (start..=end).contains(&split.date)
    });
    let (mut forward, mut reverse) = (Vec::new(), Vec::new());
    for split in wanted {
        let symbol = venue.exchange.symbols().name(split.symbol);
        let shown = shown(split, symbol);
        if split.new >= split.old { forward.push(shown) } else { reverse.push(shown) }
    }
    let actions = json!({ "forward_splits": forward, "reverse_splits": reverse });
    Ok(Json(json!({ "corporate_actions": actions, "next_page_token": null })))
}

fn shown(split: &Announced, symbol: &str) -> Value {
    let date = date_text(split.date);
    let id = digest(&format!("{symbol} {date} {} {}", split.new, split.old));
    json!({
        "id": format!("{id:016x}"),
        "symbol": symbol,
        "new_rate": split.new,
        "old_rate": split.old,
        "process_date": date,
        "ex_date": date,
    })
}
