//! The write-ahead log of a session: what it took in and what it decided, in order, for good.
//!
//! ```text
//! DIR/lock                      held by the one writer, with its process id
//! DIR/00000000000000000001.seg  records 1, 2, … in checksummed frames
//! DIR/00000000000000918273.seg  the next segment, named for its first record
//! DIR/00000000000000918273.snap the state before that record
//! DIR/cursors/kafka             how far a reader has come
//! DIR/reserve                   space that is given up when the disk is full
//! DIR/finished/SESSION/         journals of sessions that have ended
//! ```
//!
//! An input and its events are one decision: a crash leaves all of it or nothing.
//!
//! [`Journal`] writes; [`Reader`]s follow, each as slow as it likes, and keep their place in a
//! [`Cursor`]. Recovery folds [`kernel::State::evolve`] over the records after the last snapshot;
//! it never decides and nothing is ever sent from here. Everything is synchronous and goes through
//! a [`storage::Storage`], so that the same code runs on a disk and in memory with faults injected.
//!
//! What is never here: a clock, a thread, `async`, a decision.

mod codec;
mod cursor;
mod error;
mod events_hash;
pub mod failpoint;
mod format;
mod frame;
mod options;
mod prune;
mod reader;
mod recover;
mod reserve;
mod retire;
mod segment;
mod snapshot;
mod stateful;
pub mod storage;
mod verify;
mod writer;

pub use cursor::Cursor;
pub use error::{Fault, JournalError};
pub use events_hash::EventsHash;
pub use format::FORMAT_VERSION;
pub use options::{Durability, Options, Usage};
pub use prune::Pruned;
pub use reader::Reader;
pub use recover::Recovered;
pub use retire::finished;
pub use verify::{Verified, verify, verify_on};
pub use writer::Journal;
