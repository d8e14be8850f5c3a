//! The heart of the shell.

mod describe;
mod shutdown;
mod status;
mod summary;
mod venue_clock;

pub use shutdown::{StopReceiver, StopSignal, Stopper, stop_signal};
pub use status::{Links, OrderLine, Phase, PositionLine, Status};
pub use summary::{BrokerSummary, OrderCounts, PositionSummary, Summary};
pub use venue_clock::{VenueClock, machine_time};
