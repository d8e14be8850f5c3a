//! Sessions against the bundled exchange's server, in one process, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

// What a session's journal says of it, as the drill reads it.
#[path = "../../../../cli/src/stress/claims.rs"]
mod claims;

mod conduct;
mod control;
mod data_stream;
mod fees;
mod fields;
mod lag;
mod latch;
mod lease;
mod lock_step;
mod models;
mod news;
mod order_stream;
mod polled;
mod postings;
mod quota;
mod real_clock;
mod recovery;
mod support;
mod taken_up;
mod trouble;
mod warm_up;
mod wire;
