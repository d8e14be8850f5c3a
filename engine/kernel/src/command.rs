//! What an operator, or the configuration of a start, tells the kernel.

use crate::{SymbolId, Transfer};
use serde::{Deserialize, Serialize};

/// What an operator can say to a running session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Strategies are not asked any more; an operator can still cancel, flatten and resume.
    Halt {
        /// Why; journalled.
        reason: Box<str>,
    },
    /// Trading goes on.
    Resume {
        /// Why; journalled.
        reason: Box<str>,
    },
    /// Cancel every open order, then close every position.
    Flatten {
        /// Why; journalled.
        reason: Box<str>,
    },
    /// Cancel every open order.
    CancelAll {
        /// Why; journalled.
        reason: Box<str>,
    },
    /// Cancel every open order in one symbol, then close its position.
    Close {
        /// Which.
        symbol: SymbolId,
        /// Why; journalled.
        reason: Box<str>,
    },
    /// Set a limit.
    SetLimit {
        /// Its key: `max_order_notional_usd`, or with a layer before it
        /// `symbols.SPY.max_order_notional_usd`.
        path: Box<str>,
        /// What it is from now on: a number in the unit of the key, or `off`.
        value: Box<str>,
        /// Why; journalled.
        reason: Box<str>,
    },
    /// Move something from one virtual account to another, where [`crate::State::may_transfer`].
    Transfer {
        /// What, from whom, to whom.
        transfer: Transfer,
        /// Why; journalled.
        reason: Box<str>,
    },
    /// Set a limit to what the configuration of this start says, where that of the last one said otherwise.
    ConfigureLimit {
        /// Its key, as of [`Command::SetLimit`].
        path: Box<str>,
        /// What it is from now on.
        value: Box<str>,
    },
}

impl Command {
    /// Why it was said.
    pub fn reason(&self) -> &str {
        match self {
            Command::Halt { reason }
            | Command::Resume { reason }
            | Command::Flatten { reason }
            | Command::CancelAll { reason }
            | Command::Close { reason, .. }
            | Command::SetLimit { reason, .. }
            | Command::Transfer { reason, .. } => reason,
            Command::ConfigureLimit { .. } => "the configuration of this start says so",
        }
    }
}
