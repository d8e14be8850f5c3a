//! What is held of each symbol, by the exchange and by the prices that were delivered, and the limits on
//! how much of equity may be in one place.

use crate::bounds::Bounds;
use crate::equity::share;
use exchange::Exchange;
use kernel::{BasisPoints, Cash, Limits, Order, Rounding, Side, SymbolId, Symbols};

/// What is held, in billionths of USD.
#[derive(Debug)]
pub(crate) struct Holdings {
    equity: i64,
    /// Above zero for long.
    values: Vec<(SymbolId, i64)>,
}

impl Holdings {
    /// All of an account that is worth so much; `None` where a price is missing.
    pub(crate) fn of(exchange: &Exchange, bounds: &Bounds, equity: i64) -> Option<Self> {
        let rows = exchange.positions();
        let value = |symbol, quantity| bounds.price(symbol)?.value(quantity, Rounding::HalfEven);
        let values = rows.iter().map(|row| Some((row.symbol, value(row.symbol, row.qty)?.nanos())));
        Some(Self { equity, values: values.collect::<Option<_>>()? })
    }

    /// The limit that an order for so much exceeds, if one is.
    pub(crate) fn exceeded(
        &self,
        order: &Order,
        asked: Cash,
        limits: &Limits,
        symbols: &Symbols,
    ) -> Option<&'static str> {
        let exceeds = |held: i64, most: Option<BasisPoints>| {
            let value = held.saturating_add(asked.nanos());
            most.is_some_and(|most| value > share(self.equity, most.get()))
        };
        let own = |symbol: SymbolId| symbol == order.symbol;
        if exceeds(self.net(order.side, |_| true), limits.max_net_exposure) {
            return Some("the net exposure");
        }
        if exceeds(self.gross(own), limits.max_symbol_concentration) {
            return Some("the share of equity in a symbol");
        }
        let holds = |group: &[Box<str>], symbol: SymbolId| {
            group.iter().any(|name| **name == *symbols.name(symbol))
        };
        let sector = |symbol: SymbolId| {
            let mut sectors = limits.scopes.sectors.iter();
            sectors.find(|(_, group)| holds(group, symbol)).map(|(name, _)| name)
        };
        let in_sector = self.gross(|symbol| sector(symbol) == sector(order.symbol));
        if exceeds(in_sector, limits.max_sector_concentration) {
            return Some("the share of equity in a sector");
        }
        let groups = limits.scopes.correlated.values().filter(|group| holds(group, order.symbol));
        let mut nets = groups.map(|group| self.net(order.side, |symbol| holds(group, symbol)));
        let is_one_sided = nets.any(|net| exceeds(net, limits.max_correlated_exposure));
        is_one_sided.then_some("the share of equity in symbols that move together")
    }

    fn gross(&self, counts: impl Fn(SymbolId) -> bool) -> i64 {
        let counted = self.values.iter().filter(|(symbol, _)| counts(*symbol));
        counted.fold(0, |sum, (_, value)| sum.saturating_add(value.abs()))
    }

    /// In the direction of a side.
    fn net(&self, side: Side, counts: impl Fn(SymbolId) -> bool) -> i64 {
        let counted = self.values.iter().filter(|(symbol, _)| counts(*symbol));
        let net = counted.fold(0_i64, |sum, (_, value)| sum.saturating_add(*value));
        if side == Side::Buy { net } else { net.saturating_neg() }
    }
}
