//! From the wire to the kernel's types. Total: whatever a server writes gives a value or an error
//! with the field's name, never a panic.

mod account;
mod orders;
mod venue;

pub(super) use account::{Announced, account, announced, corporate_actions, positions, posting};
pub(super) use orders::{
    fill, of_other_session, order, orders, standing_order, standing_orders, update,
};
pub(super) use venue::{asset, bar, calendar, clock, new_york, quote, trade};

use super::unusable::Problem;
use super::wire::Loose;
use kernel::{Cash, Price, Quantity, Rounding, Timestamp};
use serde::Deserialize;

/// A field that is needed and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: `{field}` is {}", .text.as_deref().map_or("missing".into(), |text| format!("{text:?}")))]
pub(super) struct FieldError {
    what: &'static str,
    field: &'static str,
    text: Option<String>,
}

impl FieldError {
    /// A field that is not there.
    pub const fn missing(what: &'static str, field: &'static str) -> Self {
        Self { what, field, text: None }
    }

    /// What an operator is told: without the value, which differs from message to message.
    pub fn problem(&self) -> Problem {
        let is = if self.text.is_some() { "cannot be read" } else { "is missing" };
        Problem { message: self.what.into(), reason: format!("`{}` {is}", self.field).into() }
    }
}

/// An answer that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// Not JSON, or not of the expected shape.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// A field that is needed.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl ReadError {
    /// What an operator is told of a message.
    pub fn problem(&self, message: &str) -> Problem {
        let reason = match self {
            ReadError::Json(_) => "it is not the JSON that was expected".into(),
            ReadError::Field(error) => error.problem().reason,
        };
        Problem { message: message.into(), reason }
    }
}

/// Reads JSON as something on the wire, which borrows from it.
pub(super) fn parse<'a, W: Deserialize<'a>>(body: &'a [u8]) -> Result<W, ReadError> {
    Ok(serde_json::from_slice(body)?)
}

/// A field of something, with a name for the error.
pub(super) fn need<T>(
    what: &'static str,
    field: &'static str,
    wire: &Loose<'_>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, FieldError> {
    let text = wire.text();
    text.and_then(read).ok_or_else(|| FieldError {
        what,
        field,
        // An error message is no place for a megabyte.
        text: text.map(|text| text.chars().take(80).collect()),
    })
}

/// A price: more digits than nine occur in means, and are rounded half to even.
pub(super) fn price(text: &str) -> Option<Price> {
    Price::from_decimal(text, Rounding::HalfEven).ok()
}

/// Shares: exact, since dust must not be lost. Alpaca gives at most nine digits.
pub(super) fn quantity(text: &str) -> Option<Quantity> {
    text.parse().ok()
}

/// Money the broker states, rounded down: with more than nine digits it is a valuation.
fn cash(text: &str) -> Option<Cash> {
    Cash::from_decimal(text, Rounding::Down).ok()
}

pub(super) fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
