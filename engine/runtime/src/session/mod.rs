//! The heart of the shell: one task owns the kernel and the journal, and everything else sends it
//! messages.
//!
//! For each input it decides, journals input and events, and then acts: a send is carried out only
//! when the order is on disk. What comes back is an input again. [`run`] begins or continues the
//! session of a data directory, trades until it is told to stop, and sums up.
//!
//! There are two ways to run. In the world's time (and in a replay at a pace) requests are carried
//! out by tasks of their own and answers come when they come. In lock step with the bundled
//! exchange everything happens in turn, so that two runs over the same data decide the same.
//!
//! What is never here: a decision about an order, which is the kernel's; a field name of the
//! broker's, which is the client's; anything that publishes or stores, which reads the journal.

mod catch_up;
mod config;
mod core;
mod courier;
mod data_dir;
mod describe;
mod desk;
mod digest;
mod error;
pub mod explain;
mod finish;
mod gap;
mod lease;
mod lock_step;
mod models;
mod news;
mod real_time;
pub mod recompute;
pub mod replay;
mod shutdown;
mod startup;
mod status;
mod summary;
mod venue;
mod venue_clock;

pub use catch_up::OrderRead;
pub use config::{DataKind, SessionConfig, Timing, VenueKind, WithoutBars};
pub use courier::{Patience, Wait};
pub use data_dir::{is_unfinished, journal_dir};
pub use error::{ExitClass, SessionError};
pub use shutdown::{StopReceiver, StopSignal, Stopper, stop_signal};
pub use status::{Links, Note, OrderLine, Phase, PositionLine, Status, Weight};
pub use summary::{BrokerSummary, OrderCounts, PositionSummary, Summary};
pub use venue::{Answered, Venue};
pub use venue_clock::{VenueClock, machine_time};

use futures_util::future::BoxFuture;
use kernel::{Forecaster, Strategy};
use std::time::Duration;
use tokio::sync::watch;

/// How long the end may take after trading: the broker's last word, and the readers for what the
/// session wrote last. What is left the readers do when the next session starts.
const LAST_THINGS: Duration = Duration::from_secs(10);
/// How much of it the broker may take.
const LAST_WORD: Duration = Duration::from_secs(5);

/// Runs a session to its end. `strategies` are those that the configuration names, in its order;
/// `models` are shown what strategies see, and what they say is decided on.
///
/// The future syncs the journal to disk on the thread that polls it: give it to
/// `Runtime::block_on`, so that it has a thread of its own.
///
/// # Errors
/// Why it could not begin, or why it ended early; [`SessionError::exit_class`] says what a command
/// makes of it.
// Boxed, so that a session is compiled with this crate and not again with each that runs one.
pub fn run(
    config: SessionConfig,
    strategies: Vec<Box<dyn Strategy>>,
    models: Vec<Box<dyn Forecaster>>,
    stop: StopReceiver,
    status: watch::Sender<Status>,
) -> BoxFuture<'static, Result<Summary, SessionError>> {
    Box::pin(async move {
        let run_for = config.run_for;
        let is_elsewhere = config.venue != VenueKind::Embedded;
        let address = is_elsewhere.then(|| config.endpoints.trading.clone());
        status.send_modify(|status| status.address = address);
        let ready = startup::begin(config, (strategies, models), stop, status).await?;
        let startup::Ready { mut desk, market, errands, is_lock_step, control, readers } = ready;
        let ends_at = run_for.map(|time| tokio::time::Instant::now() + time);
        desk.phase = Phase::Running;
        desk.publish();
        let ending = if is_lock_step {
            lock_step::trade(&mut desk, market, ends_at).await
        } else {
            real_time::trade(&mut desk, market, errands, ends_at).await
        };
        drop(control);
        let now = tokio::time::Instant::now();
        let (mut stop, last_things) = (desk.stop.clone(), now + LAST_THINGS);
        // The core goes with the desk, which tells the readers that the journal is complete.
        let summary = finish::finish(desk, ending, now + LAST_WORD).await;
        tokio::select! {
            _ = readers.finish(last_things.saturating_duration_since(tokio::time::Instant::now())) => {}
            () = stop.wait_for(StopSignal::Now) => {}
        }
        summary
    })
}
