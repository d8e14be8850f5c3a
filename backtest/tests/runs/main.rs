//! Runs over the past, what is counted of them and what they may be trusted for.
#![allow(
    clippy::inconsistent_digit_grouping,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::single_range_in_vec_init,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../session/mod.rs"]
mod session;

mod by_hand;
mod calm;
mod corporate_actions;
mod detail;
mod financing;
mod golden_vector;
mod html;
mod laws;
mod limits_on_real_data;
mod live;
mod lookahead;
mod luck;
mod models;
mod real_data;
mod several;
mod statistics_doc;
mod sweep;
mod venue;
mod venue_rules;
mod walk;
