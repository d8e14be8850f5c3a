//! Request bodies and query parameters, as lenient as Alpaca's: numbers may be strings, booleans
//! any of their usual spellings.

use crate::server::error::ApiError;
use crate::{RawOrder, RawReplacement, RawStopLoss};
use kernel::{Span, Timestamp};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A request's query parameters.
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    /// The decoded pairs. Of a repeated parameter the last counts.
    pub(crate) fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// A parameter that is there and not empty.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|text| !text.is_empty())
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.text(key).is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
    }

    /// A comma-separated list; empty when absent.
    pub(crate) fn list(&self, key: &str) -> Vec<&str> {
        let parts = self.text(key).unwrap_or_default().split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).collect()
    }

    /// A whole number, when it is one.
    pub(crate) fn count(&self, key: &str) -> Result<Option<usize>, String> {
        let read = |text: &str| text.parse().map_err(|_| format!("invalid {key}: {text}"));
        self.text(key).map(read).transpose()
    }

    /// A time: RFC 3339, or a date, which is its midnight in New York.
    pub(crate) fn time(&self, key: &str) -> Result<Option<Timestamp>, String> {
        let read = |text: &str| instant(text).ok_or_else(|| format!("invalid {key}: {text}"));
        self.text(key).map(read).transpose()
    }

    /// The end of a range: as [`Self::time`], but a date includes its whole day.
    pub(crate) fn end_time(&self, key: &str) -> Result<Option<Timestamp>, String> {
        let time = self.time(key)?;
        let is_date = self.text(key).is_some_and(|text| text.len() == "2026-01-05".len());
        let end = |start: Timestamp| start.plus(Span::from_secs(86_400)).minus(Span::from_nanos(1));
        Ok(time.map(|at| if is_date { end(at) } else { at }))
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    // A plus sign that was not escaped arrives as a space.
    let text = text.replace(' ', "+");
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    let midnight = date.to_zoned(super::time::new_york()).ok()?;
    super::time::from_jiff(midnight.timestamp())
}

/// A request body that must be a JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_slice(body).map_err(|_| ApiError::undecodable())
}

/// The body of a new order.
pub(crate) fn new_order(body: &[u8]) -> Result<RawOrder, ApiError> {
    let body = object(body)?;
    let field = |key: &str| text(&body, key);
    let has = |key: &str| body.get(key).is_some_and(|value| !value.is_null());
    // Legs are for options, which the exchange refuses in its own words.
    let order_class = if has("legs") { Some("mleg".into()) } else { field("order_class")? };
    let exit = |key: &str| match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(exit)) => Ok(Some(exit)),
        Some(_) => Err(ApiError::undecodable()),
    };
    let take_profit = exit("take_profit")?.map(|exit| text(exit, "limit_price")).transpose()?;
    let stop_loss = exit("stop_loss")?.map(|exit| {
        let (stop_price, limit_price) = (text(exit, "stop_price")?, text(exit, "limit_price")?);
        Ok::<_, ApiError>(RawStopLoss { stop_price, limit_price })
    });
    Ok(RawOrder {
        symbol: field("symbol")?,
        qty: field("qty")?,
        notional: field("notional")?,
        side: field("side")?,
        kind: field("type")?,
        time_in_force: field("time_in_force")?,
        limit_price: field("limit_price")?,
        stop_price: field("stop_price")?,
        trail_price: field("trail_price")?,
        trail_percent: field("trail_percent")?,
        client_order_id: field("client_order_id")?,
        extended_hours: flag(&body, "extended_hours")?,
        order_class,
        take_profit: take_profit.flatten(),
        stop_loss: stop_loss.transpose()?,
        position_intent: field("position_intent")?,
    })
}

/// The body of a replacement.
pub(crate) fn replacement(body: &[u8]) -> Result<RawReplacement, ApiError> {
    let body = object(body)?;
    let field = |key: &str| text(&body, key);
    Ok(RawReplacement {
        qty: field("qty")?,
        time_in_force: field("time_in_force")?,
        limit_price: field("limit_price")?,
        stop_price: field("stop_price")?,
        trail: field("trail")?,
        client_order_id: field("client_order_id")?,
    })
}

/// A field as text: strings as they are, numbers by their digits.
fn text(body: &Map<String, Value>, key: &str) -> Result<Option<String>, ApiError> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(ApiError::undecodable()),
    }
}

fn flag(body: &Map<String, Value>, key: &str) -> Result<bool, ApiError> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(ApiError::undecodable()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_come_as_strings_or_numbers() {
        let body = json!({"symbol": "SPY", "qty": 2, "limit_price": "150.25", "type": "limit"});
        let order = new_order(body.to_string().as_bytes()).unwrap();
        assert_eq!(order.qty.as_deref(), Some("2"));
        assert_eq!(order.limit_price.as_deref(), Some("150.25"));
        assert_eq!(new_order(b"[1]").unwrap_err().status, 400);
        assert_eq!(new_order(b"{\"qty\":[1]}").unwrap_err().status, 400);
    }

    #[test]
    fn times_are_instants_or_dates() {
        let pairs =
            [("a", "2026-01-05T10:00:00-05:00"), ("b", "2026-01-05"), ("c", "x"), ("limit", "7")];
        let query = Query::new(pairs.map(|(key, value)| (key.into(), value.into())));
        assert_eq!(query.time("a").unwrap(), Some("2026-01-05T15:00:00Z".parse().unwrap()));
        assert_eq!(query.time("b").unwrap(), Some("2026-01-05T05:00:00Z".parse().unwrap()));
        let end = "2026-01-06T04:59:59.999999999Z".parse().unwrap();
        assert_eq!(query.end_time("b").unwrap(), Some(end));
        assert!(query.time("c").is_err());
        assert_eq!(query.time("d").unwrap(), None);
        assert_eq!(query.count("limit").unwrap(), Some(7));
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_read(bytes: Vec<u8>) {
            let _ = new_order(&bytes);
            let _ = replacement(&bytes);
        }

        #[test]
        fn any_fields_are_read(value in crate::server::tests::any_json()) {
            for key in ["symbol", "qty", "extended_hours", "take_profit", "legs", "order_class"] {
                let body = json!({ key: value }).to_string();
                let _ = new_order(body.as_bytes());
                let _ = replacement(body.as_bytes());
            }
        }

        #[test]
        fn any_query_is_read(text: String) {
            let query = Query::new([("x".to_owned(), text)]);
            let _ = (query.time("x"), query.end_time("x"), query.count("x"));
            let _ = (query.list("x"), query.flag("x"));
        }
    }
}
