//! The two encodings of the market data stream.

use axum::extract::ws::Message;
use axum::http::{HeaderMap, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// JSON in text frames, or MessagePack in binary frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    MessagePack,
}

impl Encoding {
    /// What the handshake asks for by its content type.
    pub(crate) fn of_handshake(headers: &HeaderMap) -> Self {
        let content = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        match content {
            Some(text) if text.trim().eq_ignore_ascii_case("application/msgpack") => {
                Self::MessagePack
            }
            _ => Self::Json,
        }
    }

    /// A frame with this value.
    pub(crate) fn frame(self, value: &impl Serialize) -> Message {
        match self {
            // Neither can fail: the values have text keys only, and the writers write to memory.
            Self::Json => Message::text(serde_json::to_string(value).unwrap_or_default()),
            Self::MessagePack => {
                Message::binary(rmp_serde::to_vec_named(value).unwrap_or_default())
            }
        }
    }

    /// The first half of a frame with this value: nothing that can be read.
    pub(crate) fn cut_frame(self, value: &impl Serialize) -> Message {
        let half = |length: usize| length / 2;
        match self {
            Self::Json => {
                let text = serde_json::to_string(value).unwrap_or_default();
                Message::text(text.chars().take(half(text.len())).collect::<String>())
            }
            Self::MessagePack => {
                let mut bytes = rmp_serde::to_vec_named(value).unwrap_or_default();
                bytes.truncate(half(bytes.len()));
                Message::binary(bytes)
            }
        }
    }

    /// The value in a client's frame. A JSON client may send its text in binary frames too.
    pub(crate) fn read<T: DeserializeOwned>(self, frame: &[u8]) -> Option<T> {
        match self {
            Self::Json => serde_json::from_slice(frame).ok(),
            Self::MessagePack => rmp_serde::from_slice(frame).ok(),
        }
    }
}
