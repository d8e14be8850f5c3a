//! The strategy of a drill: every kind of order on a fixed rhythm, whatever the market does, so
//! that every fault finds what it strikes at.

use kernel::{
    BasisPoints, Intent, Intents, MarketData, OrderKind, Price, Quantity, Ratio, Rounding, Side,
    Strategy, StrategySpec, SymbolId, Symbols, View,
};

/// Its name where strategies are named.
pub const NAME: &str = "drill";

/// Bars of one round.
const ROUND: u64 = 12;

/// Rests an entry, moves it and takes it back; then buys, puts a stop under the position, moves
/// that, takes it away and sells; then begins again. Each symbol is half a round behind the one
/// before it. Where there are quotes its prices are those of the last one, so that one that should not have
/// been believed leads to an order that shows it.
pub struct Drill {
    symbols: Vec<Seen>,
}

/// What was seen of a symbol.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    bars: u64,
    bid: Option<Price>,
}

impl Drill {
    /// A drill on these symbols, and what the session's record says of it.
    pub fn for_symbols(symbols: &Symbols) -> (Box<dyn Strategy>, StrategySpec) {
        let behind = |id: SymbolId| id.index() as u64 * ROUND / 2;
        let symbols = symbols.ids().map(|id| Seen { bars: behind(id), bid: None }).collect();
        let spec = StrategySpec { name: NAME.into(), params: Default::default() };
        (Box::new(Self { symbols }), spec)
    }
}

impl Strategy for Drill {
    fn observe(&mut self, data: &MarketData) {
        let Some(seen) = self.symbols.get_mut(data.symbol().index()) else { return };
        match data {
            MarketData::Bar(_) => seen.bars += 1,
            MarketData::Quote(quote) => seen.bid = Some(quote.bid),
            MarketData::Trade(_) => {}
        }
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let Some(seen) = self.symbols.get(bar.symbol.index()) else { return };
        act(seen.bars % ROUND, bar.symbol, seen.bid.unwrap_or(bar.close), view, intents);
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn rebase(&mut self, symbol: SymbolId, _: Ratio) {
        if let Some(seen) = self.symbols.get_mut(symbol.index()) {
            seen.bid = None;
        }
    }

    fn reset(&mut self) {
        self.symbols.fill(Seen::default());
    }
}

/// What belongs to one bar of a round.
fn act(turn: u64, symbol: SymbolId, price: Price, view: &View<'_>, intents: &mut Intents) {
    let held = view.position(symbol).quantity;
    let is_idle = !view.has_open_order(symbol);
    let below = |points: i32| {
        let below = price.shifted(BasisPoints::new(-points), Rounding::Down).unwrap_or(price);
        below.to_tick(Rounding::Down)
    };
    match turn {
        1 if is_idle && held.is_zero() => {
            intents.submit(symbol, Side::Buy, shares(8), OrderKind::Limit { limit: below(150) });
        }
        2 => replace_all(symbol, view, intents, OrderKind::Limit { limit: below(200) }),
        3 | 9 => cancel_all(symbol, view, intents),
        4 if is_idle && held.is_zero() => intents.market(symbol, Side::Buy, shares(8)),
        6 if is_idle && held.is_positive() => {
            intents.submit(symbol, Side::Sell, held, OrderKind::Stop { stop: below(200) });
        }
        7 => replace_all(symbol, view, intents, OrderKind::Stop { stop: below(250) }),
        // A round that a fault has upset ends here too.
        11 | 0 if is_idle && held.is_positive() => intents.market(symbol, Side::Sell, held),
        _ => {}
    }
}

fn replace_all(symbol: SymbolId, view: &View<'_>, intents: &mut Intents, kind: OrderKind) {
    for order in view.open_orders(symbol).filter(|order| !matches!(order.kind, OrderKind::Market)) {
        if std::mem::discriminant(&kind) == std::mem::discriminant(&order.kind) {
            intents.push(Intent::Replace { order: order.number, quantity: order.quantity, kind });
        }
    }
}

fn cancel_all(symbol: SymbolId, view: &View<'_>, intents: &mut Intents) {
    for order in view.open_orders(symbol).filter(|order| !order.cancel_requested) {
        intents.cancel(order.number);
    }
}

fn shares(whole: i64) -> Quantity {
    Quantity::from_whole(whole).unwrap_or_default()
}
