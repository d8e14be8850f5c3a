//! `/v2/clock` and `/v2/calendar`.

use super::super::error::ApiError;
use super::super::wire::clock::{ClockJson, DayJson, clock as clock_json, day};
use super::super::wire::request::Query;
use super::super::wire::time::date_text;
use super::App;
use axum::Json;
use axum::extract::State;

pub(super) async fn clock(State(shared): App) -> Json<ClockJson> {
    let venue = shared.venue();
    Json(clock_json(venue.now(), &venue.calendar, shared.speed, venue.bar_length, venue.data))
}

/// The trading days of the venue from `start` to `end`, both included.
pub(super) async fn calendar(
    State(shared): App,
    query: Query,
) -> Result<Json<Vec<DayJson>>, ApiError> {
    let date = |key: &str| match query.text(key) {
        None => Ok(None),
        Some(text) => {
            match text.get(..10).and_then(|date| date.parse::<jiff::civil::Date>().ok()) {
                Some(date) => Ok(Some(date.to_string())),
                None => Err(ApiError::invalid(format!("invalid {key} date: {text}"))),
            }
        }
    };
    let (start, end) = (date("start")?, date("end")?);
    let venue = shared.venue();
    let days = venue.calendar.iter().enumerate();
    let inside = days.filter(|(_, day)| {
        // Dates in this form compare as texts.
        let date = date_text(day.date);
        start.as_ref().is_none_or(|start| date >= *start)
            && end.as_ref().is_none_or(|end| date <= *end)
    });
    Ok(Json(inside.map(|(place, one)| day(one, venue.calendar.get(place + 1))).collect()))
}
