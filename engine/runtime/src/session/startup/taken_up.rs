//! A session that was stopped, and the next start.
//!
//! What it left at the broker is its own: protective stops that rest, legs of groups, positions with the
//! strategies that hold them, and what a day may still lose. A new session would know none of it, so as
//! long as there is any, the same session goes on.

use super::connect::Connected;
use crate::session::data_dir::{self, Difference, Opened};
use crate::session::{SessionConfig, SessionError, VenueKind};
use kernel::{Span, State, Timestamp};

/// How far the venue's clock may be behind the last instant of the books; a replay that has begun again
/// is further.
const BEHIND: Span = Span::from_secs(5);

/// What a directory holds, unless it is a session that has ended and does not go on.
pub(super) fn or_put_aside(
    opened: Opened,
    venue: &Connected,
    config: &SessionConfig,
) -> Result<Opened, SessionError> {
    let mut opened = match opened.has_ended() && !goes_on(&opened.state, venue, config)? {
        true => opened.begin_anew(config)?,
        false => opened,
    };
    let carried_over = opened.left.carried_over.take();
    opened.left.carried_over = carried_over.map(|carried| match carried.until() {
        Some(until) if is_later(until, venue, config) => carried,
        _ => Box::new(carried.elsewhere()),
    });
    Ok(opened)
}

/// Whether this is what the venue came to after an instant. The embedded exchange begins with a new account
/// once a session has ended, and it is called as the last one was.
fn is_later(than: Timestamp, venue: &Connected, config: &SessionConfig) -> bool {
    config.venue != VenueKind::Embedded && than <= venue.clock.timestamp.plus(BEHIND)
}

/// Whether a session that has ended goes on with this start: it left orders or positions, or its trading
/// day is not over; account and time are the same; and it is wanted as it was begun.
fn goes_on(state: &State, venue: &Connected, config: &SessionConfig) -> Result<bool, SessionError> {
    let is_of = |id: &str| !id.is_empty() && *id == *venue.account;
    let is_there = state.account().is_some_and(|account| is_of(&account.id))
        && is_later(state.now(), venue, config);
    let Some(held) = state.session().filter(|_| is_there) else { return Ok(false) };
    let Some(left) = left(state, venue) else { return Ok(false) };
    let symbols = data_dir::as_called_now(held, config)?;
    let Some(difference) = Difference::between(held, &symbols, config) else {
        tracing::info!("the last session goes on: {left}");
        return Ok(true);
    };
    let what = difference.what();
    tracing::warn!(
        "a new session begins, for its {what} differ from the last one's, of which {left}"
    );
    Ok(false)
}

/// What there is of a session that has ended.
fn left(state: &State, venue: &Connected) -> Option<String> {
    let orders = state.live_orders().count();
    let positions = state.ledger().positions().iter().filter(|it| !it.quantity.is_zero()).count();
    let is_today = state.day().is_some_and(|day| day.hours.contains(venue.clock.timestamp));
    match (orders, positions) {
        (0, 0) => is_today.then(|| "the trading day is not over".into()),
        _ => Some(format!("orders rest: {orders}, positions are held: {positions}")),
    }
}
