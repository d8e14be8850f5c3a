//! Faults: what a script says is done to requests, messages, market data and the venue itself.
//!
//! Nothing here depends on a clock or on chance: a fault strikes at the so manieth message of a
//! kind, at an order, a symbol, a step or a time of the venue. `docs/FAULTS.md` describes the file.

mod acts;
pub(super) mod cut;
mod edit;
mod fate;
pub(super) mod http;
mod injector;
mod parse;
mod point;
mod revision;
mod script;
mod write;

pub(super) use acts::{Act, Acts, Announced, BandsChange, Change, StatusChange};
pub(super) use fate::{Fate, Held, HeldNews, bytes};
pub(super) use injector::{Injector, Occasion, Strike};
pub use point::Point;
pub(super) use revision::{revision, told_at};
pub use script::{BadPrice, Fault, FaultScript, Rule, ScriptError, ScriptMistake, When, Wrong};
