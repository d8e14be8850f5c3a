//! `/v1/corporate-actions`: the splits and new names that were announced, whether they have happened
//! or not.

use super::super::error::ApiError;
use super::super::faults::{Announced, Change};
use super::super::wire::request::Query;
use super::super::wire::time::{date_text, new_york_date};
use super::App;
use crate::ids::digest;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// The forward and reverse splits and the new names of some symbols with a process date in a range.
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
    let wanted = venue.acts.announced.iter().filter(|action| {
        let now = venue.exchange.symbols().name(action.symbol);
        let is_named = |name: &&str| [now, action.name.as_str()].contains(name);
        (symbols.is_empty() || symbols.iter().any(is_named)) && (start..=end).contains(&action.date)
    });
    let (mut forward, mut reverse, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for action in wanted {
        let shown = shown(action);
        match action.change {
            Change::Split { new, old } if new >= old => forward.push(shown),
            Change::Split { .. } => reverse.push(shown),
            Change::Name(_) => names.push(shown),
        }
    }
    let actions =
        json!({ "forward_splits": forward, "reverse_splits": reverse, "name_changes": names });
    Ok(Json(json!({ "corporate_actions": actions, "next_page_token": null })))
}

fn shown(action: &Announced) -> Value {
    let (name, date) = (&action.name, date_text(action.date));
    match &action.change {
        Change::Split { new, old } => json!({
            "id": format!("{:016x}", digest(&format!("{name} {date} {new} {old}"))),
            "symbol": name,
            "new_rate": new,
            "old_rate": old,
            "process_date": date,
            "ex_date": date,
        }),
        Change::Name(to) => json!({
            "id": format!("{:016x}", digest(&format!("{name} {date} {to}"))),
            "old_symbol": name,
            "new_symbol": to,
            "process_date": date,
        }),
    }
}
