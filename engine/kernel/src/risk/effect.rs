//! What an order does to the position, computed from the position itself and never believed.

use crate::{NewOrder, Order, OrderSize, Origin, Quantity, Side, State, VenueRules};

/// What an order would do if it filled, with what is already on its way counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Opens a position or adds to it.
    Grows,
    /// Closes part or all of what is held and not yet being closed.
    Reduces,
    /// Opens a position the other way once the market orders before it have closed all that is held.
    Turns,
    /// Would close more than that, which might cross zero.
    TooMuch {
        /// What may still be closed.
        available: Quantity,
        /// What is held, signed.
        held: Quantity,
    },
}

impl Effect {
    /// The effect of a request for so many shares; `replaced` is an order that makes room for it,
    /// with the other orders of its group. A strategy that trades apart closes what is its own alone.
    pub(super) fn of(
        state: &State,
        origin: Origin,
        request: &NewOrder,
        quantity: Quantity,
        replaced: Option<&Order>,
    ) -> Self {
        let held = state.position_for(origin, request.symbol).quantity;
        let closing = if held.is_positive() { Side::Sell } else { Side::Buy };
        if held.is_zero() || request.side != closing {
            return Effect::Grows;
        }
        let available = state.closable(origin, request.symbol, closing, replaced);
        let by_equity = matches!(request.size, OrderSize::EquityShare(_));
        if by_equity && state.rules() == VenueRules::Plain {
            let is_closing = state.is_closing_at_the_market(origin, request.symbol, closing);
            return if is_closing { Effect::Turns } else { Effect::TooMuch { available, held } };
        }
        if quantity <= available { Effect::Reduces } else { Effect::TooMuch { available, held } }
    }

    /// Whether growth checks apply. An order that would close too much is stopped by a check of
    /// its own and counts as growth until then.
    pub(super) const fn grows(self) -> bool {
        match self {
            Effect::Grows | Effect::Turns | Effect::TooMuch { .. } => true,
            Effect::Reduces => false,
        }
    }
}
