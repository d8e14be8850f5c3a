//! Closings that were refused: when they are tried again.

use super::{RefusedClose, State};
use crate::{Intent, OrderNumber, Origin, Span, SymbolId};

/// Seconds until a closing that was refused is tried again, doubled after each refusal up to so
/// many times: from five seconds to five minutes.
const CLOSE_AGAIN_S: i64 = 5;
const CLOSE_DOUBLINGS: u32 = 6;

impl State {
    pub(super) fn note_denial(&mut self, origin: Origin, intent: &Intent) {
        self.tally.denied += 1;
        if let (Origin::Operator | Origin::Kernel, Intent::Submit(wanted)) = (origin, intent) {
            self.wait_with_closing(wanted.symbol);
        }
    }

    /// A closing was refused: the next try waits, twice as long after each refusal.
    pub(super) fn wait_with_closing(&mut self, symbol: SymbolId) {
        let before = self.refused_closes.get(&symbol).map_or(0, |refused| refused.refusals);
        let wait = Span::from_secs(CLOSE_AGAIN_S << before.min(CLOSE_DOUBLINGS));
        let refused = RefusedClose { until: self.now.plus(wait), refusals: before + 1 };
        self.refused_closes.insert(symbol, refused);
    }

    /// A cancel was refused where everything is to be closed, or of a stop of the kernel's own: it is
    /// asked for again, but not at once.
    pub(super) fn wait_with_cancel(&mut self, order: OrderNumber) {
        let Some(order) = self.orders.get(order) else { return };
        if self.is_closing(order.symbol) || self.is_own_stop(order) {
            self.wait_with_closing(order.symbol);
        }
    }

    /// Everything is to be closed, and the broker is to say that it is.
    pub(super) fn flatten_and_confirm(&mut self) {
        self.flattening = true;
        self.confirms_flat = true;
    }

    /// Nothing is to be closed any more.
    pub(super) fn give_up_closing(&mut self) {
        self.stop_flattening();
        self.confirms_flat = false;
    }

    pub(super) fn stop_flattening(&mut self) {
        self.flattening = false;
        self.closing.clear();
        self.refused_closes.clear();
        self.stops.stand_down();
    }
}
