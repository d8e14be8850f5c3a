//! What the kernel does with what comes in, and the tables and pages that are written from it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
mod common;

mod account;
mod accounts;
mod accounts_law;
mod breaker;
mod cancels;
mod carried_over;
mod compatibility;
mod course;
mod cut_off;
mod denial_precedence;
mod examine;
mod exits;
mod fees;
mod flat;
mod foreign;
mod group_prices;
mod hours;
mod ledger_laws;
mod limits;
mod news;
mod numbers;
mod order_kinds;
mod order_laws;
mod order_transitions;
mod own_parts;
mod parts;
mod plain_rules;
mod predictions;
mod risk_doc;
mod scenarios;
mod settings;
mod shares;
mod sizing;
mod stops;
mod tape;
mod timestamps;
mod transfers;
mod worst_case;
