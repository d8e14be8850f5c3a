//! The tokio shell around the kernel: it waits, sends and stores; it does not decide.

pub mod alpaca;
pub mod control;
pub mod envelope;
#[cfg(feature = "kafka")]
pub mod publish;
pub mod readers;
pub mod session;
#[cfg(feature = "sqlite")]
pub mod store;
pub mod telemetry;
