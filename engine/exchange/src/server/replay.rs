//! What drives the steps: the session's acknowledgements, or the clock.

use super::config::Speed;
use super::shared::Shared;
use super::venue::Venue;
use kernel::{Span, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// Times without data that are longer than this are jumped over…
const LONGEST_GAP: Span = Span::from_secs(5 * 60);
/// …up to this long before the next data, so that daily bars keep a pace as well.
const LEFT_OF_GAP: Span = Span::from_secs(60);

/// How often what falls due without data is looked for. Wall time.
const TICK: Duration = Duration::from_millis(100);

/// Replays until the data end or the server does. `false` when the state log could not be
/// written, which stops the replay: what is not logged cannot be restored.
pub(super) async fn run(shared: Arc<Shared>, wait_for_subscriber: bool) {
    let replayed = match shared.speed {
        Speed::Max => lock_step(&shared).await,
        Speed::Times(_) => paced(&shared, wait_for_subscriber).await,
    };
    if let Err(error) = replayed {
        tracing::error!(%error, "the replay has stopped");
    }
    shared.passed.send_replace(u64::MAX);
    shared.finished.send_replace(true);
}

/// One step for each acknowledgement. Nothing sleeps.
async fn lock_step(shared: &Shared) -> Result<(), super::ServerError> {
    loop {
        until(shared, |venue| venue.hub.is_complete(venue.step())).await;
        let more = take_step(shared, &mut shared.venue())?;
        let sent = shared.venue().step() + u64::from(!more);
        until(shared, |venue| venue.hub.has_finished(sent)).await;
        shared.passed.send_replace(sent);
        if !more {
            return Ok(());
        }
    }
}

/// Each step when the venue's clock has come to it.
async fn paced(shared: &Shared, wait_for_subscriber: bool) -> Result<(), super::ServerError> {
    if wait_for_subscriber {
        until(shared, |venue| venue.hub.has_subscriber()).await;
    }
    loop {
        let pause = {
            let mut venue = shared.venue();
            let Some(next) = venue.next_time() else {
                if let Some(clock) = venue.clock_mut() {
                    clock.stand();
                }
                return Ok(());
            };
            let pause = approach(&mut venue, next);
            if pause.is_zero() {
                take_step(shared, &mut venue)?;
                shared.passed.send_replace(venue.step());
            } else {
                venue.tick()?;
            }
            pause
        };
        tokio::time::sleep(pause.min(TICK)).await;
    }
}

/// Takes a step and tells those who wait for it.
fn take_step(shared: &Shared, venue: &mut Venue) -> Result<bool, super::ServerError> {
    let more = venue.take_step()?;
    shared.stepped.send_replace(venue.step());
    Ok(more)
}

/// Lets the clock run, over a long gap at once, and says how long until the next data.
fn approach(venue: &mut Venue, next: Timestamp) -> Duration {
    let now = venue.now();
    let Some(clock) = venue.clock_mut() else {
        return Duration::ZERO;
    };
    clock.run();
    if next.since(now) > LONGEST_GAP {
        clock.jump(next.minus(LEFT_OF_GAP));
    }
    clock.until(next)
}

/// Waits until a condition holds. Every change that can make it hold wakes the one replay.
async fn until(shared: &Shared, holds: impl Fn(&Venue) -> bool) {
    while !holds(&shared.venue()) {
        shared.changed.notified().await;
    }
}
