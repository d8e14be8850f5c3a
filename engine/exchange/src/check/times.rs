//! Times of a session in which something must not happen, or must all the same.

use super::{Happening, Note, Stream};
use kernel::SymbolId;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Such times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum During {
    /// The order stream is away or mute, from the step after the one in which it went.
    OrdersAway,
    /// The market data stream is away or mute, from the step after the one in which it went.
    DataAway,
    /// The news stream is away or mute, from the step after the one in which it went.
    NewsAway,
    /// The order's symbol is halted.
    Halt,
    /// A fault has struck the data of the order's symbol in the step that was taken last.
    StruckData,
}

/// What stands at a place of the diary, each with the step in which it began.
#[derive(Debug, Default)]
pub(super) struct Times {
    away: BTreeMap<Stream, u64>,
    halted: BTreeMap<SymbolId, u64>,
    struck: BTreeMap<SymbolId, u64>,
}

impl Times {
    /// Whether the market took a step in such a time.
    pub(super) fn came(during: During, diary: &[Note]) -> bool {
        let mut times = Self::default();
        diary.iter().any(|note| {
            // What ends here lasted until now.
            let came = times.began(during).any(|since| since < note.step);
            times.take(note);
            came
        })
    }

    /// Takes in the next note.
    pub(super) fn take(&mut self, note: &Note) {
        match &note.what {
            Happening::Up(stream) => {
                self.away.remove(stream);
            }
            Happening::Down(stream) | Happening::Taken { stream, .. } => {
                self.away.entry(*stream).or_insert(note.step);
            }
            Happening::Status { symbol, halted: true } => {
                self.halted.insert(*symbol, note.step);
            }
            Happening::Status { symbol, halted: false } => {
                self.halted.remove(symbol);
            }
            Happening::Struck { stream: Stream::Data, symbol: Some(symbol) } => {
                self.struck.insert(*symbol, note.step);
            }
            Happening::Asked(_)
            | Happening::Struck { .. }
            | Happening::Done
            | Happening::Bands { .. }
            | Happening::News { .. } => {}
        }
    }

    /// Whether a request about a symbol that was made after a step came in such a time.
    pub(super) fn is_in(&self, during: During, step: u64, symbol: Option<SymbolId>) -> bool {
        let is_away = |stream| self.away.get(&stream).is_some_and(|since| *since < step);
        match during {
            During::OrdersAway => is_away(Stream::Orders),
            During::DataAway => is_away(Stream::Data),
            During::NewsAway => is_away(Stream::News),
            During::Halt => symbol.is_some_and(|symbol| self.halted.contains_key(&symbol)),
            During::StruckData => symbol.is_some_and(|it| self.struck.get(&it) == Some(&step)),
        }
    }

    fn began(&self, during: During) -> impl Iterator<Item = u64> {
        let of_stream = |stream: Stream| self.away.get(&stream).copied();
        let (stream, symbols) = match during {
            During::OrdersAway => (of_stream(Stream::Orders), None),
            During::DataAway => (of_stream(Stream::Data), None),
            During::NewsAway => (of_stream(Stream::News), None),
            During::Halt => (None, Some(&self.halted)),
            During::StruckData => (None, Some(&self.struck)),
        };
        stream.into_iter().chain(symbols.into_iter().flat_map(|since| since.values().copied()))
    }
}
