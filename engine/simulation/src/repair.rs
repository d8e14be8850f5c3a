//! Bars that the data stream has lost while it was down, mute or behind: strategies see them before
//! any later one, unless they could not be read in time.

use crate::Violation;
use kernel::{MarketData, SymbolId, Timestamp};
use std::collections::BTreeSet;

/// What is still to be shown to the session.
#[derive(Debug, Default)]
pub(crate) struct Repairs {
    missing: BTreeSet<(SymbolId, Timestamp)>,
}

impl Repairs {
    /// Data were lost with their connection.
    pub(crate) fn lost(&mut self, data: &MarketData) {
        if let MarketData::Bar(bar) = data {
            self.missing.insert((bar.symbol, bar.end_time()));
        }
    }

    /// Data were read afterwards.
    pub(crate) fn found(&mut self, data: &MarketData) {
        self.missing.remove(&(data.symbol(), data.time()));
    }

    /// What was missed could not be read, or not in time; or another process begins.
    pub(crate) fn excuse(&mut self) {
        self.missing.clear();
    }

    /// Data are about to be handed on: nothing before them is missing.
    pub(crate) fn check(&mut self, data: &MarketData) -> Result<(), Violation> {
        let MarketData::Bar(bar) = data else { return Ok(()) };
        self.found(data);
        let before = (bar.symbol, Timestamp::MIN)..(bar.symbol, bar.end_time());
        match self.missing.range(before).next() {
            Some((symbol, time)) => {
                Err(Violation::Unrepaired { symbol: symbol.index(), time: *time })
            }
            None => Ok(()),
        }
    }
}
