//! Entries that a model sizes.

use super::{DecideError, Deciding};
use crate::{Event, Intent, NewOrder, OrderSize, Origin, StrategyId, risk};

impl Deciding<'_> {
    /// Judges what a strategy would like done: an entry in the size that its model gives, anything
    /// else as it was asked for.
    pub(super) fn propose_of(&mut self, id: StrategyId, intent: Intent) -> Result<(), DecideError> {
        let (state, origin) = (self.state(), Origin::Strategy(id));
        let (Some(rule), Intent::Submit(request)) = (state.sizing_of(id), &intent) else {
            return self.propose(origin, intent);
        };
        let is_known = request.symbol.index() < state.symbols().len();
        if !is_known || !risk::is_entry(state, origin, request) {
            return self.propose(origin, intent);
        }
        match risk::size(state, origin, request, rule) {
            Ok(sized) => {
                let size = OrderSize::Shares(sized.shares);
                let (symbol, side, asked) = (request.symbol, request.side, request.size);
                let intent = Intent::Submit(NewOrder { size, ..*request });
                self.emit(Event::EntrySized { origin, symbol, side, asked, sized })?;
                self.propose(origin, intent)
            }
            Err(denial) => self.deny(origin, intent, denial),
        }
    }
}
