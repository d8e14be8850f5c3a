//! Looking things up.

use super::{Answer, BarsWanted, Courier, Mark, MissedWanted, Target, tell};
use crate::alpaca::{ApiError, Asset, ErrorClass, OrderState, Posting};
use crate::session::lease::Lease;
use crate::session::startup::connect::date;
use crate::session::{OrderRead, Venue};
use kernel::{BrokerState, Channel, SymbolId, Timestamp};
use std::time::Duration;
use tokio::sync::mpsc;

/// How often executions are asked for before they are inferred.
const LISTINGS: u32 = 3;
/// How often something is asked for whose answer cannot be read: it will hardly say anything else the
/// next time. The next comparison of the books asks again.
pub(super) const READINGS: u32 = 4;

impl Courier {
    /// Reads an order until the broker can be asked.
    pub(super) async fn read_and_tell(&self, target: &Target, out: &mpsc::Sender<Answer>) {
        self.read_for(target, false, out).await;
    }

    async fn read_for(&self, target: &Target, compares: bool, out: &mpsc::Sender<Answer>) {
        let mut backoff = self.backoff(target.number.0);
        let mut unreadable = 0;
        while unreadable < READINGS {
            match self.read(target).await {
                Ok(Some(read)) => {
                    return tell(out, Answer::Read(target.number, Box::new(read))).await;
                }
                Ok(None) => {
                    if target.broker_id.is_some() {
                        tracing::warn!(order = %target.number, "the broker has no such order");
                    }
                    return;
                }
                Err(error) => {
                    tracing::warn!(order = %target.number, "cannot read it: {error}");
                    if compares {
                        unanswered(&error, out).await;
                    }
                    unreadable += u32::from(error.class == ErrorClass::Unreadable);
                }
            }
            tokio::time::sleep(backoff.step()).await;
        }
    }

    /// Reads orders, to compare the books or not. What is open comes with one listing; each of the
    /// others takes a request.
    pub(super) async fn read_all(
        &self,
        targets: &[Target],
        compares: bool,
        out: &mpsc::Sender<Answer>,
    ) {
        let open = if targets.len() < 2 { Vec::new() } else { self.open_groups().await };
        for target in targets {
            let Some(order) = listed(&open, target) else {
                self.read_for(target, compares, out).await;
                continue;
            };
            let read = self.with_fills(target, order).await;
            tell(out, Answer::Read(target.number, Box::new(read))).await;
        }
    }

    async fn open_groups(&self) -> Vec<OrderState> {
        self.venue.open_groups().await.unwrap_or_else(|error| {
            tracing::warn!("cannot list the open orders, so each is read by itself: {error}");
            Vec::new()
        })
    }

    /// What the broker says of symbols: whether it lends them for short sales, and takes parts of a
    /// share.
    pub(super) async fn assets(
        &self,
        symbols: &[(SymbolId, Box<str>)],
        out: &mpsc::Sender<Answer>,
    ) {
        for (symbol, name) in symbols {
            if let Some(asset) = self.asset(name).await {
                tell(out, Answer::Asset(asset.facts(*symbol))).await;
            }
        }
    }

    /// Asks for a symbol, again where there is no answer that can be read; `None` when none comes: the next
    /// start asks again, and what the broker said before stands.
    async fn asset(&self, name: &str) -> Option<Asset> {
        let mut backoff = self.backoff(0);
        for _ in 0..READINGS {
            match self.venue.asset(name).await {
                Ok(Some(asset)) => return Some(asset),
                Ok(None) => break,
                Err(error) => tracing::warn!("cannot look up the symbol {name}: {error}"),
            }
            tokio::time::sleep(backoff.step()).await;
        }
        tracing::warn!("what the broker says of {name} is not known");
        None
    }

    pub(super) async fn read(&self, target: &Target) -> Result<Option<OrderRead>, ApiError> {
        let order = match &target.broker_id {
            Some(id) => self.venue.order(id).await?,
            None => self.venue.find(target.number).await?,
        };
        match order {
            Some(order) => Ok(Some(self.with_fills(target, order).await)),
            None => Ok(None),
        }
    }

    /// Adds the executions when the broker counts shares that we do not.
    pub(super) async fn with_fills(&self, target: &Target, order: OrderState) -> OrderRead {
        if order.filled <= target.filled {
            return OrderRead { order, fills: Vec::new() };
        }
        let mut fills = Vec::new();
        for _ in 0..LISTINGS {
            match self.venue.fills(target.since).await {
                Ok(mut listed) => {
                    listed.retain(|fill| fill.broker_id == order.broker_id);
                    fills = listed;
                }
                Err(error) => tracing::warn!(order = %target.number, "no executions: {error}"),
            }
            let listed = fills.iter().filter_map(|fill| fill.cumulative).max();
            if listed.is_some_and(|listed| listed >= order.filled) {
                break;
            }
            tokio::time::sleep(self.patience.activities_lag).await;
        }
        OrderRead { order, fills }
    }

    pub(super) async fn postings(&self, since: Timestamp, out: &mpsc::Sender<Answer>) {
        match self.venue.postings(since).await {
            Ok(postings) => tell(out, Answer::Postings(postings)).await,
            // The next reading brings them, and reconciliation would show what they took.
            Err(error) => tracing::warn!("cannot read what was posted: {error}"),
        }
    }

    pub(super) async fn corporate_actions(
        &self,
        from: Timestamp,
        to: Timestamp,
        out: &mpsc::Sender<Answer>,
    ) {
        match self.venue.corporate_actions(date(from), date(to)).await {
            Ok(actions) => tell(out, Answer::Corporate(actions)).await,
            // The next day asks again, and a difference in a position does.
            Err(error) => tracing::warn!("cannot read splits and new names: {error}"),
        }
    }

    /// The account comes after its orders were read, so that what filled meanwhile is booked by
    /// its executions and is not seen as a difference. What was posted is read before and after it:
    /// only when nothing was posted in between is it known what the account has in its cash.
    ///
    /// A broker that cannot be asked is asked until it answers; one whose answers cannot be read is
    /// given up for now.
    pub(super) async fn account(
        &self,
        posted_since: Timestamp,
        mark: Mark,
        out: &mpsc::Sender<Answer>,
    ) {
        let mut backoff = self.backoff(0);
        let mut unreadable = 0;
        loop {
            match read_account(&*self.venue, posted_since).await {
                Ok(AccountRead { postings, state: Some(state) }) => {
                    tell(out, Answer::Postings(postings)).await;
                    return tell(out, Answer::Broker(Box::new(state), mark)).await;
                }
                Ok(AccountRead { .. }) => {}
                Err(error) => {
                    tracing::warn!("cannot read the account: {error}");
                    unanswered(&error, out).await;
                    unreadable += u32::from(error.class == ErrorClass::Unreadable);
                }
            }
            if unreadable == READINGS {
                break;
            }
            tokio::time::sleep(backoff.step()).await;
        }
        tracing::warn!("the books are not compared with the broker's: its answers cannot be read");
        tell(out, Answer::NotCompared).await;
    }

    /// A gap that cannot be read stays open: what came since goes on without it.
    pub(super) async fn missed(&self, wanted: &MissedWanted, out: &mpsc::Sender<Answer>) {
        let bars = match self.venue.bars(&wanted.bars.query()).await {
            Ok(bars) => bars,
            Err(error) => {
                tracing::warn!("the bars that were missed cannot be read: {error}");
                Vec::new()
            }
        };
        let trades = match wanted.trades_since {
            None => Vec::new(),
            Some(since) => {
                self.venue.trades(&wanted.bars.symbols, since).await.unwrap_or_else(|error| {
                    tracing::warn!("the trades that were missed cannot be read: {error}");
                    Vec::new()
                })
            }
        };
        tell(out, Answer::Missed(bars, trades)).await;
    }

    pub(super) async fn probe(
        &self,
        channel: Channel,
        silent_for: Duration,
        wanted: BarsWanted,
        out: &mpsc::Sender<Answer>,
    ) {
        match self.venue.bars(&wanted.query()).await {
            Ok(bars) => tell(out, Answer::Probed { channel, silent_for, wanted, bars }).await,
            Err(error) => {
                tracing::warn!("whether the {} are mute is not known: {error}", channel.as_str());
            }
        }
    }

    pub(super) async fn calendar(
        &self,
        from: Timestamp,
        to: Timestamp,
        out: &mpsc::Sender<Answer>,
    ) {
        match self.venue.calendar(date(from), date(to)).await {
            Ok(days) => tell(out, Answer::Calendar(days)).await,
            // The next trading day asks again, and half a calendar is left.
            Err(error) => tracing::warn!("the trading calendar is not extended: {error}"),
        }
    }

    /// Whoever asked asks again when they cannot be read.
    pub(super) async fn news(&self, since: Timestamp, mark: u64, out: &mpsc::Sender<Answer>) {
        let pieces = self.venue.news(since).await;
        let pieces = pieces.inspect_err(|error| tracing::warn!("cannot read the news: {error}"));
        tell(out, Answer::News { mark, pieces: pieces.ok() }).await;
    }

    pub(super) async fn others(&self, lease: &Lease, after: Timestamp, out: &mpsc::Sender<Answer>) {
        match lease.look(&*self.venue, after).await {
            Ok(Some(other)) => tell(out, Answer::Other(other)).await,
            Ok(None) => {}
            // The next order of the other session, or the next connection, asks again.
            Err(error) => tracing::warn!("cannot look for other sessions: {error}"),
        }
    }
}

/// Tells that a request of a comparison failed; to be asked to wait is an answer.
async fn unanswered(error: &ApiError, out: &mpsc::Sender<Answer>) {
    if error.class != ErrorClass::RateLimited {
        tell(out, Answer::Unanswered).await;
    }
}

/// An order among those listed and their legs.
fn listed(open: &[OrderState], target: &Target) -> Option<OrderState> {
    let mut orders = open.iter().flat_map(|order| std::iter::once(order).chain(&order.legs));
    orders.find(|order| Some(&order.broker_id) == target.broker_id.as_ref()).cloned()
}

/// The account with the postings that are in its cash.
pub(in crate::session) struct AccountRead {
    pub postings: Vec<Posting>,
    /// `None` when something was posted while it was read, so that it is not known whether it is in.
    pub state: Option<BrokerState>,
}

/// Reads what was posted since an instant, the account, and what was posted again.
pub(in crate::session) async fn read_account(
    venue: &dyn Venue,
    posted_since: Timestamp,
) -> Result<AccountRead, ApiError> {
    let before = venue.postings(posted_since).await?;
    let state = venue.broker_state().await?;
    let postings = venue.postings(posted_since).await?;
    let is_certain = before.len() == postings.len();
    Ok(AccountRead { postings, state: is_certain.then_some(state) })
}
