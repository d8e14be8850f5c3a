//! What an exchange noted while a session was on it: who asked for what, which streams came and
//! went, and where a fault struck.

use kernel::{Price, Span, SymbolId, Timestamp};
use serde::Deserialize;
use std::sync::Arc;

/// One line of the diary. Its place in the order of lines is what came first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The step of the market that was taken last.
    pub step: u64,
    /// The venue's time.
    pub at: Timestamp,
    /// The machine's time since the exchange started.
    pub since_start: Span,
    /// What happened.
    pub what: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// Something was asked for.
    Asked(Asked),
    /// A stream began to bring what its client wants.
    Up(Stream),
    /// A stream has gone.
    Down(Stream),
    /// A fault took a stream away: it was dropped, or brings nothing any more.
    Taken {
        /// Which.
        stream: Stream,
        /// The last step that the market takes without it, whatever its client does.
        until: u64,
    },
    /// A fault changed, lost or repeated a message of a stream.
    Struck {
        /// Of which.
        stream: Stream,
        /// What the message is about.
        symbol: Option<SymbolId>,
    },
    /// A fault did something at the venue itself: a fill, a rejection, a split, ….
    Done,
    /// A symbol was halted, or trades again.
    Status {
        /// Which.
        symbol: SymbolId,
        /// Whether it is halted.
        halted: bool,
    },
    /// A symbol's price bands have changed.
    Bands {
        /// Whose.
        symbol: SymbolId,
        /// Lowest price at which it may trade.
        lower: Price,
        /// Highest.
        upper: Price,
    },
    /// A symbol is in the news.
    News {
        /// Which.
        symbol: SymbolId,
        /// When the piece came, or was last updated.
        time: Timestamp,
    },
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its kind, in the words of fault scripts: `submit`, `read_order`, ….
    pub kind: &'static str,
    /// The client's name for the order that it is about; of a replacement, for the new one.
    pub order: Option<Arc<str>>,
    /// Whether a fault struck at it.
    pub struck: bool,
}

/// A stream that a session listens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Updates of orders.
    Orders,
    /// Market data.
    Data,
    /// News.
    News,
}

impl Note {
    /// The request, when it is one.
    pub const fn asked(&self) -> Option<&Asked> {
        match &self.what {
            Happening::Asked(asked) => Some(asked),
            Happening::Up(_)
            | Happening::Down(_)
            | Happening::Taken { .. }
            | Happening::Struck { .. }
            | Happening::Done
            | Happening::Status { .. }
            | Happening::Bands { .. }
            | Happening::News { .. } => None,
        }
    }

    /// Whether a fault struck here.
    pub const fn is_strike(&self) -> bool {
        match &self.what {
            Happening::Asked(asked) => asked.struck,
            Happening::Taken { .. } | Happening::Struck { .. } | Happening::Done => true,
            Happening::Up(_)
            | Happening::Down(_)
            | Happening::Status { .. }
            | Happening::Bands { .. }
            | Happening::News { .. } => false,
        }
    }
}
