//! The end of a session: what came last, the broker's own figures, and the summary.

use super::courier::{AccountRead, Answer, Errand, read_account};
use super::desk::{Desk, Ending};
use super::{BrokerSummary, Phase, PositionSummary, SessionError, StopSignal, Summary, VenueClock};
use kernel::BrokerState;
use tokio::time::{Instant, timeout_at};

/// Books what the broker has posted, compares with what it says, syncs the journal and sums up.
/// The broker is waited for until `deadline`.
pub(super) async fn finish(
    mut desk: Desk,
    ending: Ending,
    deadline: Instant,
) -> Result<Summary, SessionError> {
    let broker = match &ending {
        Ending::Orderly => desk.last_word(deadline).await?,
        // Nothing more is waited for.
        Ending::Now | Ending::Failed(_) => None,
    };
    desk.phase = Phase::Ended;
    desk.publish();
    if let Ending::Failed(error) = ending {
        if let Err(sync) = desk.core.sync() {
            tracing::error!("{sync}");
        }
        return Err(error);
    }
    desk.core.sync()?;
    if matches!(ending, Ending::Orderly) {
        desk.complete_digest().await?;
        desk.publish();
    }
    let (bytes, hash) = (desk.core.journal().bytes(), desk.core.digest().hex());
    let mut summary = Summary::of(desk.core.state(), desk.config.data.as_str(), bytes, hash);
    summary.broker = broker.map(|state| broker_summary(&desk, &state));
    if summary.agrees_with_broker() == Some(false) {
        tracing::warn!("the books and the broker's account differ at the end of the session");
    }
    Ok(summary)
}

impl Desk {
    /// Waits for the digest, unless nobody wants to wait.
    async fn complete_digest(&mut self) -> Result<(), SessionError> {
        let mut stop = self.stop.clone();
        tokio::select! {
            told = self.core.complete_digest() => told,
            () = stop.wait_for(StopSignal::Now) => Ok(()),
        }
    }

    /// What became of the orders that stand, the last fees, and what the broker says of the account;
    /// `None` when it cannot be asked in time, or nobody wants to wait for it any longer.
    async fn last_word(&mut self, deadline: Instant) -> Result<Option<BrokerState>, SessionError> {
        let mut stop = self.stop.clone();
        let word = tokio::select! {
            word = timeout_at(deadline, self.settle()) => word,
            () = stop.wait_for(StopSignal::Now) => return Ok(None),
        };
        match word {
            Ok(Ok(state)) => Ok(Some(state)),
            Ok(Err(error @ SessionError::Broker { .. })) => {
                tracing::warn!("at the end: {error}");
                Ok(None)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                tracing::warn!("the broker did not answer at the end");
                Ok(None)
            }
        }
    }

    async fn settle(&mut self) -> Result<BrokerState, SessionError> {
        self.read_open_orders().await?;
        self.settle_account().await
    }

    /// Reads the orders that stand: one may have filled while the session ended, and what the order
    /// stream says of it is not listened to any more. In lock step everything was heard.
    async fn read_open_orders(&mut self) -> Result<(), SessionError> {
        if matches!(self.clock, VenueClock::Data) {
            return Ok(());
        }
        self.run_in_turn(Errand::ReadAll(self.core.sent_orders())).await
    }

    /// Reads the account, and books exactly the fees that are in its cash.
    async fn settle_account(&mut self) -> Result<BrokerState, SessionError> {
        let since = self.core.postings_due();
        loop {
            let read = read_account(&*self.venue, since).await;
            let AccountRead { postings, state } =
                read.map_err(SessionError::broker("read the account"))?;
            let Some(state) = state else { continue };
            for input in self.core.inputs(Answer::Postings(postings)) {
                self.feed_in_turn(input).await?;
            }
            return Ok(state);
        }
    }
}

fn broker_summary(desk: &Desk, state: &BrokerState) -> BrokerSummary {
    let symbols = desk.core.state().symbols();
    let held = state.positions.iter().filter(|position| !position.quantity.is_zero());
    let positions = held.map(|position| {
        let summary =
            PositionSummary { qty: position.quantity, avg_price: Some(position.average_price) };
        (symbols.name(position.symbol).to_owned(), summary)
    });
    BrokerSummary { cash: state.account.cash, positions: positions.collect() }
}
