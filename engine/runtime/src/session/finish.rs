//! The end of a session: what came last, the broker's own figures, and the summary.

use super::courier::{AccountRead, Answer, Errand, read_account};
use super::desk::{Desk, Ending};
use super::{BrokerSummary, Phase, PositionSummary, SessionError, StopSignal, Summary, VenueClock};
use kernel::BrokerState;
use tokio::time::{Instant, timeout_at};

/// How often the account is read again at the end: a difference that lasts is a true one.
const MOST_LOOKS: usize = 3;

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
    let summary = desk.summary(broker.as_ref());
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

    /// Orders and account are two answers: an order that fills between them is in the account
    /// alone, so that both are read once more while they disagree and orders stand.
    async fn settle(&mut self) -> Result<BrokerState, SessionError> {
        self.read_open_orders().await?;
        let mut state = self.settle_account().await?;
        for _ in 0..MOST_LOOKS {
            if self.agrees_with(&state) || self.core.sent_orders().is_empty() {
                break;
            }
            self.read_open_orders().await?;
            state = self.settle_account().await?;
        }
        Ok(state)
    }

    fn agrees_with(&self, broker: &BrokerState) -> bool {
        self.summary(Some(broker)).agrees_with_broker() == Some(true)
    }

    fn summary(&self, broker: Option<&BrokerState>) -> Summary {
        let (bytes, hash) = (self.core.journal().bytes(), self.core.digest().hex());
        let mut summary = Summary::of(self.core.state(), self.config.data.as_str(), bytes, hash);
        summary.broker = broker.map(|state| broker_summary(self, state));
        summary
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
