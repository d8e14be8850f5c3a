//! Frames: how one record lies in a segment.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0..4 | bits 0 to 29: length of the payload; bit 30: the decision goes on; bit 31: a sync mark |
//! | 4..8 | CRC-32 of the four bytes before and the payload |
//! | 8.. | payload: a record in postcard, or a sync mark |
//!
//! A sync mark is written after an fsync, ahead of the next records. It says up to where the
//! segment was durable, and so tells damage from the harmless loss of what was never promised.
//!
//! A decision is an input and the events that followed from it. Each of its records but the last
//! says that the next frame belongs to it too; so whoever reads can tell a decision that is whole
//! from one that a crash tore between two frames, and takes all of it or nothing.

use crate::format::array;

pub(crate) const FRAME_HEADER: usize = 8;
/// No record comes near this; a longer length is damage.
pub(crate) const MOST_PAYLOAD: usize = 16 << 20;
const MARK_BIT: u32 = 1 << 31;
const GOES_ON_BIT: u32 = 1 << 30;
const MARK_MAGIC: &[u8; 8] = b"TWSYNCED";
const MARK_BYTES: usize = 24;

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A record with which its decision ends.
    Record,
    /// A record whose decision goes on in the next frame.
    Part,
    Mark,
}

impl Kind {
    const fn bits(self) -> u32 {
        match self {
            Kind::Record => 0,
            Kind::Part => GOES_ON_BIT,
            Kind::Mark => MARK_BIT,
        }
    }

    /// `None` when there is no such kind.
    const fn of(tagged: u32) -> Option<Self> {
        match tagged & (MARK_BIT | GOES_ON_BIT) {
            0 => Some(Kind::Record),
            GOES_ON_BIT => Some(Kind::Part),
            MARK_BIT => Some(Kind::Mark),
            _ => None,
        }
    }
}

/// What stands at the head of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A whole frame of so many bytes.
    Whole { kind: Kind, bytes: usize },
    /// The bytes end before the frame does; it takes so many to go on.
    Short { need: usize },
    /// No frame.
    Bad(&'static str),
}

/// Appends a frame whose payload is what `write` appends. On an error nothing stays.
pub(crate) fn append<E>(
    buffer: &mut Vec<u8>,
    kind: Kind,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; FRAME_HEADER]);
    if let Err(error) = write(buffer) {
        buffer.truncate(start);
        return Err(error);
    }
    seal(buffer.get_mut(start..).unwrap_or_default(), kind);
    Ok(())
}

/// Writes the header of the frame that these bytes are.
pub(crate) fn seal(frame: &mut [u8], kind: Kind) {
    let Some((head, payload)) = frame.split_at_mut_checked(FRAME_HEADER) else {
        return;
    };
    let length = (payload.len() as u32 | kind.bits()).to_le_bytes();
    let checksum = checksum(length, payload).to_le_bytes();
    for (place, byte) in head.iter_mut().zip(length.into_iter().chain(checksum)) {
        *place = byte;
    }
}

/// Appends the mark that says: this stands at `at`, and all before `durable` is on disk.
pub(crate) fn append_mark(buffer: &mut Vec<u8>, at: u64, durable: u64) {
    let written: Result<(), std::convert::Infallible> = append(buffer, Kind::Mark, |buffer| {
        buffer.extend_from_slice(MARK_MAGIC);
        buffer.extend_from_slice(&at.to_le_bytes());
        buffer.extend_from_slice(&durable.to_le_bytes());
        Ok(())
    });
    match written {
        Ok(()) => {}
        Err(never) => match never {},
    }
}

/// Looks at the head of some bytes. Never panics, whatever they are.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    let (Some(length), Some(expected)) = (array(bytes, 0), array(bytes, 4)) else {
        return Parsed::Short { need: FRAME_HEADER };
    };
    let tagged = u32::from_le_bytes(length);
    let payload_bytes = (tagged & !(MARK_BIT | GOES_ON_BIT)) as usize;
    let possible = (1..=MOST_PAYLOAD).contains(&payload_bytes);
    let Some(kind) = Kind::of(tagged).filter(|_| possible) else {
        return Parsed::Bad("a record has an impossible length");
    };
    let need = FRAME_HEADER + payload_bytes;
    let Some(payload) = bytes.get(FRAME_HEADER..need) else {
        return Parsed::Short { need };
    };
    if checksum(length, payload) == u32::from_le_bytes(expected) {
        Parsed::Whole { kind, bytes: need }
    } else {
        Parsed::Bad("the checksum of a record does not match")
    }
}

/// Looks at the head of some bytes for a whole decision: records that go on, and one that does
/// not. The length is that of them all.
pub(crate) fn parse_decision(bytes: &[u8]) -> Parsed {
    let mut before = 0;
    loop {
        match parse(bytes.get(before..).unwrap_or_default()) {
            Parsed::Whole { kind: Kind::Part, bytes } => before += bytes,
            Parsed::Whole { kind: Kind::Record, bytes } => {
                return Parsed::Whole { kind: Kind::Record, bytes: before + bytes };
            }
            // A mark is only ever written between two decisions.
            Parsed::Whole { kind: Kind::Mark, .. } => {
                return Parsed::Bad("the last records of a decision are missing");
            }
            Parsed::Short { need } => return Parsed::Short { need: before + need },
            bad @ Parsed::Bad(_) => return bad,
        }
    }
}

/// Whether the bytes of a segment from `offset` on hold a mark by which `offset` was durable.
pub(crate) fn proves_durable(rest: &[u8], offset: u64) -> bool {
    let places = rest.windows(MARK_MAGIC.len()).enumerate();
    let magics = places.filter(|(_, window)| window == MARK_MAGIC).map(|(place, _)| place);
    magics.filter_map(|place| place.checked_sub(FRAME_HEADER)).any(|place| {
        let durable = rest.get(place..).and_then(|bytes| mark(bytes, offset + place as u64));
        durable.is_some_and(|durable| durable > offset)
    })
}

/// What the whole mark at the head of `bytes` says was durable, if it is one and stands where it
/// says it does.
fn mark(bytes: &[u8], at: u64) -> Option<u64> {
    let whole = Parsed::Whole { kind: Kind::Mark, bytes: FRAME_HEADER + MARK_BYTES };
    let stands_at = u64::from_le_bytes(array(bytes, FRAME_HEADER + 8)?);
    let durable = u64::from_le_bytes(array(bytes, FRAME_HEADER + 16)?);
    (parse(bytes) == whole && stands_at == at).then_some(durable)
}

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize()
}
