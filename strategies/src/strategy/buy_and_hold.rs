//! Buys each symbol once and keeps it: what every other strategy is compared with.

use crate::{
    Direction, EQUITY_PERCENT, Entry, Mistake, NOTIONAL_USD, Params, QUANTITY, Size, Stance,
    Trading,
};
use kernel::{Intents, MarketData, Ratio, Strategy, SymbolId, Symbols, View};

pub(crate) const ENTRY: Entry = Entry {
    name: "buy-and-hold",
    summary: "Buys each symbol on its first bar and keeps it.",
    params: &[QUANTITY, NOTIONAL_USD, EQUITY_PERCENT],
    build,
};

struct BuyAndHold {
    trading: Trading,
}

fn build(params: &Params, _: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let trading = Trading { size: Size::from_params(params)?, direction: Direction::Long };
    Ok(Box::new(BuyAndHold { trading }))
}

impl Strategy for BuyAndHold {
    fn observe(&mut self, _: &MarketData) {}

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        if let MarketData::Bar(bar) = data {
            self.trading.toward(Stance::Long, bar, view, intents);
        }
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn reset(&mut self) {}

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}
}
