//! The two websockets: order updates on `/stream`, market data on `/v2/{feed}`.

pub(super) mod data;
pub(super) mod encoding;
pub(super) mod pump;
pub(super) mod subscription;
pub(super) mod trading;

use crate::server::faults::Fate;
use axum::extract::ws::Message;
use pump::Outgoing;
use serde_json::{Value, json};

/// An error of the market data stream.
/// Source: Alpaca, "Real-time Stock Data", error table.
pub(super) fn error_item(code: u16) -> Value {
    let words = match code {
        400 => "invalid syntax",
        401 => "not authenticated",
        402 => "auth failed",
        403 => "already authenticated",
        404 => "auth timeout",
        405 => "symbol limit exceeded",
        406 => "connection limit exceeded",
        407 => "slow client",
        409 => "insufficient subscription",
        410 => "invalid subscribe action for this feed",
        _ => "internal error",
    };
    json!({"T": "error", "code": code, "msg": words})
}

/// Whether the connection is closed after an error.
pub(super) const fn is_closing(code: u16) -> bool {
    matches!(code, 404 | 407)
}

/// What goes out for a word of a stream, by its fate; `frame` makes a frame, whole or cut.
fn outgoing(
    fate: &Fate,
    frame: impl Fn(bool) -> Message,
    error: impl Fn(u16) -> Message,
) -> Vec<Outgoing> {
    match *fate {
        Fate::Say { copies, cut } => (0..copies).map(|_| Outgoing::Frame(frame(cut))).collect(),
        // Words are neither late nor out of order: the client waits for each.
        Fate::Late { .. } | Fate::Reorder => Vec::new(),
        Fate::Drop { .. } => vec![Outgoing::Drop],
        Fate::Mute => vec![Outgoing::Mute],
        Fate::Error { code, .. } if is_closing(code) => vec![Outgoing::Last(error(code))],
        Fate::Error { code, .. } => vec![Outgoing::Frame(error(code))],
    }
}
