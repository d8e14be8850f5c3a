//! The end of a session: what came last, the broker's own figures, and the summary.

use super::courier::Errand;
use super::desk::{Desk, Ending};
use super::{BrokerSummary, Phase, PositionSummary, SessionError, Summary};
use kernel::BrokerState;
use std::time::Duration;
use tokio::time::timeout;

/// How long the broker is waited for at the very end.
const LAST_WORD: Duration = Duration::from_secs(10);

/// Books what the broker has posted, compares with what it says, syncs the journal and sums up.
pub(super) async fn finish(mut desk: Desk, ending: Ending) -> Result<Summary, SessionError> {
    let broker = match &ending {
        Ending::Orderly => desk.last_word().await?,
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
    let (bytes, hash) = (desk.core.journal().bytes(), desk.core.events_hash());
    let mut summary = Summary::of(desk.core.state(), desk.config.data.as_str(), bytes, hash);
    summary.broker = broker.map(|state| broker_summary(&desk, &state));
    if summary.agrees_with_broker() == Some(false) {
        tracing::warn!("the books and the broker's account differ at the end of the session");
    }
    Ok(summary)
}

impl Desk {
    /// The last fees, and what the broker says of the account; `None` when it cannot be asked.
    async fn last_word(&mut self) -> Result<Option<BrokerState>, SessionError> {
        let since = self.core.fees_due();
        let fees = timeout(LAST_WORD, self.run_in_turn(Errand::Fees(since))).await;
        fees.unwrap_or(Ok(()))?;
        match timeout(LAST_WORD, self.venue.broker_state()).await {
            Ok(Ok(state)) => Ok(Some(state)),
            Ok(Err(error)) => {
                tracing::warn!("cannot read the account at the end: {error}");
                Ok(None)
            }
            Err(_) => {
                tracing::warn!("the broker did not answer at the end");
                Ok(None)
            }
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
