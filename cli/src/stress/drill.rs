//! The strategy of a drill: every kind of order on a fixed rhythm, whatever the market does, so
//! that every fault finds what it strikes at.

use super::rounds::{ROUND, Round};
use kernel::{
    Intent, Intents, MarketData, NewOrder, Order, OrderClass, OrderKind, Price, Ratio, Side,
    Strategy, StrategySpec, SymbolId, Symbols, TimeInForce, View,
};

/// Its name where strategies are named.
pub const NAME: &str = "drill";

/// Rests an entry, moves it and takes it back; then opens a position, rests an exit, moves that, takes
/// it away and closes; then begins again with other kinds of order. Before the first round, before the
/// market opens, it buys in the opening auction. Each symbol is half a round behind the one before it.
/// Where there are quotes its prices are those of the last one, so that one that should not have
/// been believed leads to an order that shows it. A symbol whose bars stay away is asked for at the bars
/// of the others: nobody may buy what trades at a price that is not known.
pub struct Drill {
    symbols: Symbols,
    seen: Vec<Seen>,
}

/// What was seen of a symbol.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    bars: u64,
    bid: Option<Price>,
    /// Bars of the other symbols since its last one.
    silent: u64,
}

/// So many bars of another symbol without one of its own are a silence.
const SILENCE: u64 = 5;

impl Drill {
    /// The symbols whose bars stay away.
    fn silent(&self) -> impl Iterator<Item = SymbolId> {
        let symbols = self.symbols.ids().zip(&self.seen);
        symbols.filter(|(_, seen)| seen.silent >= SILENCE).map(|(symbol, _)| symbol)
    }

    /// A drill on these symbols, and what the session's record says of it.
    pub fn for_symbols(symbols: &Symbols) -> (Box<dyn Strategy>, StrategySpec) {
        let seen = vec![Seen::default(); symbols.len()];
        let spec = StrategySpec { name: NAME.into(), params: Default::default() };
        (Box::new(Self { symbols: symbols.clone(), seen }), spec)
    }
}

impl Strategy for Drill {
    fn observe(&mut self, data: &MarketData) {
        if let MarketData::Bar(_) = data {
            self.seen.iter_mut().for_each(|seen| seen.silent += 1);
        }
        let Some(seen) = self.seen.get_mut(data.symbol().index()) else { return };
        match data {
            MarketData::Bar(_) => (seen.bars, seen.silent) = (seen.bars + 1, 0),
            MarketData::Quote(quote) => seen.bid = Some(quote.bid),
            MarketData::Trade(_) => {}
        }
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let Some(seen) = self.seen.get(bar.symbol.index()) else { return };
        for silent in self.silent().filter(|silent| !view.has_open_order(*silent)) {
            intents.market(silent, Side::Buy, Round::shares());
        }
        let place = bar.symbol.index() as u64;
        let bars = seen.bars + place * ROUND / 2;
        let turn = bars % ROUND;
        match (bars / ROUND).checked_sub(1) {
            None => open(turn, bar.symbol, view, intents),
            Some(number) => {
                let price = seen.bid.unwrap_or(bar.close);
                let round = Round::new(number, place, bar.symbol, price);
                act(turn, &round, view, intents);
            }
        }
    }

    fn warmup_bars(&self) -> usize {
        0
    }

    fn rebase(&mut self, symbol: SymbolId, _: Ratio) {
        if let Some(seen) = self.seen.get_mut(symbol.index()) {
            seen.bid = None;
        }
    }

    fn reset(&mut self) {
        self.seen.fill(Seen::default());
    }
}

/// What belongs to a bar before the first round.
fn open(turn: u64, symbol: SymbolId, view: &View<'_>, intents: &mut Intents) {
    if turn == ROUND - 4 && !view.has_open_order(symbol) {
        let entry = NewOrder::new(symbol, Side::Buy, Round::shares(), OrderKind::Market);
        intents.order(entry.lasting(TimeInForce::Opg));
    }
}

/// What belongs to one bar of a round.
fn act(turn: u64, round: &Round, view: &View<'_>, intents: &mut Intents) {
    let symbol = round.symbol();
    let held = view.position(symbol).quantity;
    let is_idle = !view.has_open_order(symbol);
    let side = if held.is_negative() { Side::Buy } else { Side::Sell };
    match turn {
        1 if is_idle && held.is_zero() => intents.order(round.resting()),
        2 => move_all(round, 200, view, intents),
        3 | 9 => cancel_all(symbol, view, intents),
        4 if is_idle && held.is_zero() => intents.order(round.entry()),
        6 if is_idle && !held.is_zero() => intents.order(round.exit(side, held.abs())),
        7 => move_all(round, 250, view, intents),
        // A round that a fault has upset ends here too.
        11 | 0 if is_idle && !held.is_zero() => intents.market(symbol, side, held.abs()),
        _ => {}
    }
}

/// Moves every order that can be moved to so many basis points from the price.
fn move_all(round: &Round, points: i32, view: &View<'_>, intents: &mut Intents) {
    for order in view.open_orders(round.symbol()).filter(|order| can_be_moved(order, view)) {
        if let Some(kind) = round.moved(order.side, order.kind, points) {
            intents.push(Intent::Replace { order: order.number, quantity: order.quantity, kind });
        }
    }
}

/// Whole shares; of a bracket its exits alone, and of an OTO nothing.
fn can_be_moved(order: &Order, view: &View<'_>) -> bool {
    let is_parent = |other: &&Order| Some(other.number) == order.parent;
    let parent = view.orders(order.symbol).find(is_parent);
    let group = parent.map_or(order.class, |parent| parent.class);
    order.quantity.is_whole()
        && match group {
            OrderClass::Simple | OrderClass::Oco { .. } => true,
            OrderClass::Bracket { .. } => order.parent.is_some(),
            OrderClass::Oto { .. } => false,
        }
}

fn cancel_all(symbol: SymbolId, view: &View<'_>, intents: &mut Intents) {
    for order in view.open_orders(symbol).filter(|order| !order.cancel_requested) {
        intents.cancel(order.number);
    }
}
