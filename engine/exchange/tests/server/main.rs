//! The server as a client sees it: requests and frames against a started server. Nothing sleeps
//! to wait, and every server listens on a free port of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod faults;
mod groups;
mod history;
mod limits;
mod lock_step;
mod market_stream;
mod news;
mod orders;
mod paced;
mod positions;
mod queries;
mod revisions;
mod rows;
mod state;
mod support;
mod trade_updates;
