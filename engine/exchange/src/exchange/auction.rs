//! The auctions at the open and the close, as far as market data without auctions show them.
//!
//! Orders for the opening auction fill at the session's first price, with the first data after the
//! open; orders for the closing auction at its last price, at the close. A limit order takes part
//! when that price is at or within its limit. What does not fill expires. An auction takes any
//! size: the share of the volume that orders may take is not for it.
//!
//! Source: Alpaca, "Orders at Alpaca", time in force. It refuses orders for the open between 9:28
//! and 19:00 New York time, for the close between 15:50 and 19:00. On a day that closes early the
//! close's ten minutes count from there. In between they wait, as `accepted` outside of the session.

use super::Exchange;
use super::judge::Proposal;
use crate::matching::{Outcome, at_once};
use crate::{Refusal, UpdateEvent};
use jiff::civil::{Time, time};
use kernel::{Span, TimeInForce, Timestamp};

const OPEN_CUTOFF: Time = time(9, 28, 0, 0);
const CLOSE_CUTOFF: Time = time(15, 50, 0, 0);
const AGAIN_FROM: Time = time(19, 0, 0, 0);
const BEFORE_CLOSE: Span = Span::from_secs(10 * 60);

/// Orders for an auction are taken only in time for it.
pub(super) fn in_time(exchange: &Exchange, proposal: &Proposal<'_>) -> Result<(), Refusal> {
    let (cutoff, message) = match proposal.request.time_in_force {
        TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => return Ok(()),
        TimeInForce::Opg => (
            exchange.new_york.at(exchange.now, OPEN_CUTOFF),
            "opg orders must be submitted after 7:00pm and before 9:28am",
        ),
        TimeInForce::Cls => {
            (exchange.close_cutoff(), "cls orders must be submitted after 7:00pm and before 3:50pm")
        }
    };
    let again = exchange.new_york.at(exchange.now, AGAIN_FROM);
    let too_late = (cutoff..again).contains(&exchange.now);
    if too_late || exchange.sessions.never_closes() {
        return Err(Refusal::forbidden(message));
    }
    Ok(())
}

impl Exchange {
    fn close_cutoff(&self) -> Timestamp {
        let usual = self.new_york.at(self.now, CLOSE_CUTOFF);
        let today = self.sessions.close_on(self.new_york.date(self.now));
        today.map_or(usual, |close| close.minus(BEFORE_CLOSE).min(usual))
    }

    /// The closing auction: the clock stands at the close.
    pub(super) fn auction_at_close(&mut self, opened: Timestamp) {
        for place in self.open_where(|row| row.time_in_force == TimeInForce::Cls) {
            let Some(entry) = self.book.get(place) else { continue };
            let market = self.markets.get(entry.row.symbol.index());
            let traded = market.filter(|market| market.marked_at > opened);
            let works = entry.eligible_at.is_some_and(|from| from <= self.now);
            let outcome = match traded.filter(|_| works) {
                Some(market) => at_once(entry.stance, entry.row.side, market.price),
                None => Outcome::Misses,
            };
            match outcome {
                Outcome::Fills { price, .. } => {
                    let wanted = self.wanted(place, price);
                    self.execute(place, price, wanted);
                }
                Outcome::Misses if works => self.finish(place, UpdateEvent::Expired),
                Outcome::Misses | Outcome::Rests | Outcome::Triggers => {}
            }
        }
    }
}
