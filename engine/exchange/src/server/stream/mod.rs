//! The websockets: order updates on `/stream`, market data on `/v2/{feed}`, news on `/v1beta1/news`.

pub(super) mod data;
pub(super) mod encoding;
pub(super) mod pump;
pub(super) mod subscription;
pub(super) mod trading;

use super::faults::{Fate, Point};
use super::venue::{About, Venue};
use super::wire::market::StreamItem;
use axum::extract::ws::Message;
use encoding::Encoding;
use pump::Outgoing;
use serde_json::{Value, json};

/// An error of the market data stream.
/// Source: Alpaca, "Real-time Stock Data", error table.
fn error_item(code: u16) -> Value {
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

/// An error of the market data stream after what the fault script does to it.
pub(super) struct ToldError {
    item: Value,
    is_cut: bool,
}

impl ToldError {
    pub(super) fn new(venue: &mut Venue, code: u16) -> Self {
        let mut item = error_item(code);
        let fate = venue.fate(Point::StreamError, &mut item, About::default());
        Self { item, is_cut: fate.is_cut() }
    }

    pub(super) fn frame(&self, encoding: Encoding) -> Message {
        let items = self.item.as_object().map(StreamItem::written);
        match self.is_cut {
            true => encoding.cut_frame(&items.as_slice()),
            false => encoding.frame(&items.as_slice()),
        }
    }
}

/// Whether the connection is closed after an error.
pub(super) const fn is_closing(code: u16) -> bool {
    matches!(code, 404 | 407)
}

/// What goes out for a word of a stream, by its fate; `frame` makes a frame, whole or cut.
fn outgoing(
    fate: &Fate,
    frame: impl Fn(bool) -> Message,
    error: impl FnOnce(u16) -> Message,
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
