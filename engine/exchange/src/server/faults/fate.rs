//! What becomes of a message of a stream.

use super::edit::{cut, edit};
use super::injector::Strike;
use super::script::Fault;
use crate::server::hub::Element;
use axum::body::Bytes;
use serde_json::{Map, Value};

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::server) enum Fate {
    /// It is sent as it is now, so often.
    Say {
        copies: u64,
        /// Whether it is cut in the middle.
        cut: bool,
    },
    /// It is sent with a later step.
    Late { steps: u64 },
    /// It is sent behind the next one.
    Reorder,
    /// The connection is gone, and the market goes on without it for so many steps.
    Drop { steps: u64 },
    /// The connection says nothing any more.
    Mute,
    /// An error is sent in its place. If that closes the connection the market goes on without it for so
    /// many steps.
    Error { code: u16, steps: u64 },
}

impl Fate {
    /// A message that nothing happens to.
    pub(in crate::server) const WHOLE: Self = Self::Say { copies: 1, cut: false };

    /// Whether it takes the whole stream away.
    pub(in crate::server) const fn takes_away(&self) -> bool {
        matches!(self, Self::Drop { .. } | Self::Mute | Self::Error { .. })
    }

    /// How many steps the market goes on without the stream.
    pub(in crate::server) const fn steps_away(&self) -> u64 {
        match self {
            Self::Drop { steps } | Self::Error { steps, .. } => *steps,
            Self::Say { .. } | Self::Late { .. } | Self::Reorder | Self::Mute => 0,
        }
    }

    /// Whether it is cut in the middle.
    pub(in crate::server) const fn is_cut(&self) -> bool {
        matches!(self, Self::Say { cut: true, .. })
    }

    /// Edits the message and says what becomes of it. What takes it away wins over what repeats it.
    /// `miss` is told of strikes that the message has no place for.
    pub(in crate::server) fn of(
        strikes: &[Strike],
        message: &mut Value,
        mut miss: impl FnMut(&Strike),
    ) -> Self {
        let (mut copies, mut is_cut, mut instead) = (1, false, None);
        for strike in strikes {
            if !edit(&strike.fault, message) {
                miss(strike);
            }
            match strike.fault {
                Fault::Malformed => is_cut = true,
                Fault::Missing => copies = 0,
                Fault::Duplicate { copies: more } => copies += more,
                Fault::Late { steps } => instead = Some(Self::Late { steps }),
                Fault::Reorder => instead = Some(Self::Reorder),
                Fault::Drop { steps } => instead = Some(Self::Drop { steps }),
                Fault::Mute => instead = Some(Self::Mute),
                Fault::Error { code, steps } => instead = Some(Self::Error { code, steps }),
                _ => {}
            }
        }
        instead.unwrap_or(Self::Say { copies, cut: is_cut })
    }
}

/// The bytes of a message, whole or cut.
pub(in crate::server) fn bytes(message: &Value, is_cut: bool) -> Bytes {
    let whole = serde_json::to_vec(message).unwrap_or_default();
    if is_cut { cut(&whole).into() } else { whole.into() }
}

/// Messages that are kept back.
#[derive(Debug, Default)]
pub(in crate::server) struct Held {
    /// Order updates with the step with which they are sent.
    updates: Vec<(u64, Bytes)>,
    /// An order update that is sent behind the next.
    behind: Option<Bytes>,
    /// Market data with the step with which it is sent.
    data: Vec<(u64, Element)>,
    /// What puts right data that were told wrong, with the step with which it is sent.
    revisions: Vec<(u64, Element)>,
    /// News with the step with which they are sent.
    news: Vec<(u64, HeldNews)>,
}

/// A piece of news that is kept back: whom it is about, and as it is written.
#[derive(Debug, Clone)]
pub(in crate::server) struct HeldNews {
    pub(in crate::server) symbols: Vec<String>,
    pub(in crate::server) fields: Map<String, Value>,
}

impl Held {
    pub(in crate::server) fn keep_update(&mut self, until: u64, update: Bytes) {
        self.updates.push((until, update));
    }

    /// Keeps an update back behind the next one; gives the one that waited already.
    pub(in crate::server) fn keep_behind(&mut self, update: Bytes) -> Option<Bytes> {
        self.behind.replace(update)
    }

    pub(in crate::server) fn behind(&mut self) -> Option<Bytes> {
        self.behind.take()
    }

    pub(in crate::server) fn keep_data(&mut self, until: u64, element: Element) {
        self.data.push((until, element));
    }

    pub(in crate::server) fn keep_news(&mut self, until: u64, piece: HeldNews) {
        self.news.push((until, piece));
    }

    /// The news that are due with a step; all of them with the last.
    pub(in crate::server) fn due_news(&mut self, step: u64, is_last: bool) -> Vec<HeldNews> {
        due(&mut self.news, step, is_last)
    }

    pub(in crate::server) fn keep_revision(&mut self, until: u64, element: Element) {
        self.revisions.push((until, element));
    }

    /// What is put right with a step; all of it with the last.
    pub(in crate::server) fn due_revisions(&mut self, step: u64, is_last: bool) -> Vec<Element> {
        due(&mut self.revisions, step, is_last)
    }

    /// The updates that are due with a step; all of them with the last.
    pub(in crate::server) fn due_updates(&mut self, step: u64, is_last: bool) -> Vec<Bytes> {
        let mut due = due(&mut self.updates, step, is_last);
        if is_last {
            due.extend(self.behind.take());
        }
        due
    }

    /// The market data that is due with a step; all of it with the last.
    pub(in crate::server) fn due_data(&mut self, step: u64, is_last: bool) -> Vec<Element> {
        due(&mut self.data, step, is_last)
    }
}

fn due<T>(held: &mut Vec<(u64, T)>, step: u64, is_last: bool) -> Vec<T> {
    let (due, later) =
        std::mem::take(held).into_iter().partition(|(until, _)| is_last || *until <= step);
    let due: Vec<(u64, T)> = due;
    *held = later;
    due.into_iter().map(|(_, message)| message).collect()
}
