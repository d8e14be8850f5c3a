//! What readers of the journal make of a session: on Kafka, in SQLite, in Prometheus, on paper.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod dashboards;
mod envelopes;
mod events;
mod events_doc;
#[cfg(feature = "kafka")]
mod kafka;
mod metrics;
#[cfg(feature = "sqlite")]
mod sqlite;
mod support;
