//! The tokio shell around the kernel: it waits, sends and stores; it does not decide.

pub mod alpaca;
mod backoff;
pub mod control;
pub mod envelope;
#[cfg(feature = "kafka")]
pub mod publish;
pub mod readers;
pub mod session;
#[cfg(feature = "sqlite")]
pub mod store;
pub mod telemetry;

/// The versions of the parts that are not written in Rust, by name: what a report of a fault needs.
pub fn versions() -> Vec<(&'static str, String)> {
    let parts: &[(&'static str, String)] = &[
        #[cfg(feature = "kafka")]
        ("librdkafka", rdkafka::util::get_rdkafka_version().1),
    ];
    parts.to_vec()
}
