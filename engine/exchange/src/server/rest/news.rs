//! `/v1beta1/news`: what has come so far, page by page.
//!
//! A page's token names the last piece of it. What is updated between two pages comes again with the
//! newer ones.

use super::super::error::ApiError;
use super::super::newsroom::{Piece, news_symbol};
use super::super::shared::Shared;
use super::super::wire::request::Query;
use axum::Json;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::Timestamp;
use serde_json::{Value, json};

const DEFAULT_LIMIT: usize = 10;
const LARGEST_LIMIT: usize = 50;

/// A piece's place in the order of news: when it was last updated, and its number.
type Place = (Timestamp, u64);

/// Source: Alpaca, Market Data API 1.1, `/v1beta1/news`.
pub(super) fn news(shared: &Shared, query: &Query) -> Result<Json<Value>, ApiError> {
    let limit = limit(query)?;
    let start = query.time("start").map_err(ApiError::bad_parameter)?.unwrap_or(Timestamp::MIN);
    let end = query.end_time("end").map_err(ApiError::bad_parameter)?.unwrap_or(Timestamp::MAX);
    let is_ascending = match query.text("sort") {
        Some("asc") => true,
        None | Some("desc") => false,
        Some(other) => return Err(ApiError::bad_parameter(format!("invalid sort: {other}"))),
    };
    let behind = query.text("page_token").map(read_token).transpose()?;
    let wanted: Vec<String> = query.list("symbols").into_iter().map(news_symbol).collect();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let venue = shared.venue();
    let symbols = venue.exchange.symbols();
    let is_left = |piece: &&Piece| {
        let is_behind = |last: Place| match is_ascending {
            true => place(piece) > last,
            false => place(piece) < last,
        };
        (start..=end).contains(&piece.updated)
            && (wanted.is_empty() || piece.names(symbols, &wanted))
            && behind.is_none_or(is_behind)
    };
    let mut left: Vec<&Piece> = venue.newsroom.told().iter().filter(is_left).collect();
    if !is_ascending {
        left.reverse();
    }
    let has_more = left.len() > limit;
    left.truncate(limit);
    let next = left.last().filter(|_| has_more).map(|last| write_token(place(last)));
    let with_content = query.flag("include_content");
    let shown = left.iter().map(|piece| shown(json!(piece.json(symbols, with_content))));
    Ok(Json(json!({ "news": shown.collect::<Vec<_>>(), "next_page_token": next })))
}

fn limit(query: &Query) -> Result<usize, ApiError> {
    let limit = query.count("limit").map_err(ApiError::bad_parameter)?.unwrap_or(DEFAULT_LIMIT);
    match limit {
        0 => Err(ApiError::bad_parameter("invalid limit: must be at least 1")),
        1..=LARGEST_LIMIT => Ok(limit),
        _ => Err(ApiError::bad_parameter(format!(
            "invalid limit: larger than the allowed maximum of {LARGEST_LIMIT}"
        ))),
    }
}

/// Over REST a piece has pictures as well; ours have none.
fn shown(mut piece: Value) -> Value {
    if let Value::Object(fields) = &mut piece {
        fields.insert("images".into(), json!([]));
    }
    piece
}

const fn place(piece: &Piece) -> Place {
    (piece.updated, piece.id)
}

fn write_token((updated, id): Place) -> String {
    STANDARD.encode(format!("{}|{id}", updated.nanos()))
}

fn read_token(token: &str) -> Result<Place, ApiError> {
    let read = || {
        let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
        let (updated, id) = text.split_once('|')?;
        Some((Timestamp::from_nanos(updated.parse().ok()?), id.parse().ok()?))
    };
    read().ok_or_else(|| ApiError::bad_parameter("invalid page_token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_the_last_piece() {
        let place = (Timestamp::from_secs(-5), 7);
        assert_eq!(read_token(&write_token(place)).unwrap(), place);
    }

    proptest::proptest! {
        #[test]
        fn any_token_is_read(text: String) {
            let _ = read_token(&text);
            let _ = read_token(&STANDARD.encode(text));
        }
    }
}
