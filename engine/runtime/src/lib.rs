//! The tokio shell around the kernel: it waits, sends and stores; it does not decide.

pub mod alpaca;
pub mod control;
pub mod session;
