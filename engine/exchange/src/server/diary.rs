//! The diary: what is noted for the checks of a session, when that is wanted.

use super::faults::{Fate, Point};
use super::hub::ClientId;
use super::venue::Venue;
use crate::check::{Happening, Note, Stream};
use kernel::{Span, SymbolId, Timestamp};
use std::collections::BTreeMap;
use std::time::Instant;

/// Notes in the order in which things happened; none unless they are kept.
#[derive(Debug)]
pub(super) struct Diary {
    since: Option<Instant>,
    notes: Vec<Note>,
    /// The newest connection of each stream.
    newest: BTreeMap<Stream, ClientId>,
}

impl Diary {
    pub(super) fn new(is_kept: bool) -> Self {
        Self { since: is_kept.then(Instant::now), notes: Vec::new(), newest: BTreeMap::new() }
    }

    pub(super) const fn is_kept(&self) -> bool {
        self.since.is_some()
    }

    pub(super) fn notes(&self) -> &[Note] {
        &self.notes
    }

    fn note(&mut self, step: u64, at: Timestamp, what: Happening) {
        let Some(since) = self.since else { return };
        let nanos = i64::try_from(since.elapsed().as_nanos()).unwrap_or(i64::MAX);
        self.notes.push(Note { step, at, since_start: Span::from_nanos(nanos), what });
    }
}

impl Venue {
    /// Whether anything is to be done or noted at a point.
    pub(super) fn concerns(&self, point: Point) -> bool {
        self.diary.is_kept() || self.injector.concerns(point)
    }

    /// Notes something, when notes are kept.
    pub(super) fn note(&mut self, what: Happening) {
        if self.diary.is_kept() {
            let (step, now) = (self.step(), self.now());
            self.diary.note(step, now, what);
        }
    }

    /// Notes that a stream has come up.
    pub(super) fn note_up(&mut self, stream: Stream, client: ClientId) {
        self.diary.newest.insert(stream, client);
        self.note(Happening::Up(stream));
    }

    /// Notes that a stream has gone, unless another connection has taken its place.
    pub(super) fn note_down(&mut self, client: ClientId) {
        for stream in [Stream::Orders, Stream::Data, Stream::News] {
            if self.diary.newest.get(&stream) == Some(&client) {
                self.diary.newest.remove(&stream);
                self.note(Happening::Down(stream));
            }
        }
    }

    /// Notes what a fault did to a message of a stream: took the stream away, or the message.
    pub(super) fn note_strike(&mut self, stream: Stream, symbol: Option<SymbolId>, fate: &Fate) {
        let until = self.step() + fate.steps_away();
        self.note(match fate.takes_away() {
            true => Happening::Taken { stream, until },
            false => Happening::Struck { stream, symbol },
        });
    }
}
