//! Records and states as bytes, by format version.
//!
//! Version 1 is the kernel's own types in postcard: fields in order, enums by position. A change of
//! those types that `tests/golden.rs` notices is a new version: the old types move into a module of
//! their own here, with a conversion, and `decode` sends version 1 to them.

use crate::frame::{self, Kind, MOST_PAYLOAD};
use kernel::{Record, State};
use postcard::ser_flavors::Flavor;
use serde::Serialize;

/// Appends a value to a buffer that is used again and again, so that nothing is allocated.
pub(crate) fn write<T: Serialize>(value: &T, buffer: &mut Vec<u8>) -> postcard::Result<()> {
    postcard::serialize_with_flavor(value, Append(buffer))
}

/// Appends a record as a frame.
///
/// # Errors
/// When it is larger than readers take.
pub(crate) fn encode(record: &Record, buffer: &mut Vec<u8>) -> Result<(), String> {
    frame::append(buffer, Kind::Record, |buffer| {
        let before = buffer.len();
        write(record, buffer).map_err(|error| error.to_string())?;
        if buffer.len() - before > MOST_PAYLOAD {
            return Err(format!("it takes more than {MOST_PAYLOAD} bytes"));
        }
        Ok(())
    })
}

/// The record in the payload of a frame; `None` when this build does not understand it. Never
/// panics, whatever the bytes are.
pub(crate) fn decode(version: u32, payload: &[u8]) -> Option<Record> {
    match version {
        1 => whole(payload),
        _ => None,
    }
}

/// The number of the record in the payload of a frame, without reading the rest of it.
pub(crate) fn decode_seq(version: u32, payload: &[u8]) -> Option<u64> {
    match version {
        1 => postcard::take_from_bytes(payload).ok().map(|(seq, _)| seq),
        _ => None,
    }
}

/// The state in a snapshot.
pub(crate) fn decode_state(version: u32, payload: &[u8]) -> Option<State> {
    match version {
        1 => whole(payload),
        _ => None,
    }
}

fn whole<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then_some(value)
}

struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    #[inline]
    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    #[inline]
    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
