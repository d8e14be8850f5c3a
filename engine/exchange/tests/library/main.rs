//! The exchange library: its rules, and the checkers that judge a session by its record.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

// The kernel's test bench: two readings of the same page are held against each other.
#[path = "../../../kernel/tests/common/mod.rs"]
mod bench;
#[path = "../support/mod.rs"]
mod support;

mod account;
mod agreement;
mod bar_rules;
mod checkers;
mod closing;
mod expectations;
mod fees;
mod financing;
mod laws;
mod lost_stops;
mod malformed;
mod order_groups;
mod order_kinds;
mod order_life;
mod plain_rules;
mod prices_agree;
mod quote_and_trade_rules;
mod real_data;
mod refusals;
mod session_checkers;
mod slippage;
mod wash_trades;
