//! The limits in money and time, judged by the prices that were delivered and by what the exchange
//! holds: nothing of it is asked of the kernel.

use crate::Violation;
use kernel::{
    BasisPoints, Cash, Channel, Input, Limits, MarketData, Order, OrderClass, OrderKind,
    OrderNumber, OrderSize, Origin, Price, Rounding, Side, Span, SymbolId, Timestamp,
};
use std::collections::BTreeMap;

/// How far ahead of the clock data may be stamped.
const CLOCKS_DIFFER: Span = Span::from_secs(30);

/// The newest data that the process was given of a symbol.
#[derive(Debug, Clone, Copy)]
struct Seen {
    data: MarketData,
    price: Price,
    time: Timestamp,
    /// Of the bar it is from; zero for a quote or trade.
    length: Span,
}

/// An order as it was approved.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    origin: Origin,
    symbol: SymbolId,
    side: Side,
    size: OrderSize,
    class: OrderClass,
    kind: OrderKind,
}

/// What the process was shown, and what it asked for.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    offered: Option<MarketData>,
    /// The newest of any channel.
    seen: BTreeMap<SymbolId, Seen>,
    /// The newest of each.
    channels: BTreeMap<(SymbolId, Channel), Seen>,
    last_asked: BTreeMap<OrderNumber, (Asked, Timestamp)>,
}

impl Bounds {
    /// An input is about to be taken.
    pub(crate) fn before(&mut self, input: &Input) {
        self.offered = match input {
            Input::Market(data) | Input::Late(data) | Input::Warmup(data) => Some(*data),
            _ => None,
        };
        // What is said later of a price makes it uncertain.
        match input {
            Input::UpdatedBar(bar) => self.forget(bar.symbol),
            Input::Correction(correction) => self.forget(correction.symbol),
            Input::CancelError(cancel) => self.forget(cancel.symbol),
            _ => {}
        }
    }

    /// The input was taken at an instant; whether it may be traded on. Data of another time may not.
    pub(crate) fn taken(&mut self, now: Timestamp) -> bool {
        let Some(data) = self.offered.take() else { return true };
        let (price, time) = (data.price(), data.time());
        if data.check().is_err() || time > now.plus(CLOCKS_DIFFER) {
            return false;
        }
        let length = match data {
            MarketData::Bar(bar) => bar.length,
            MarketData::Quote(_) | MarketData::Trade(_) => Span::ZERO,
        };
        let (symbol, new) = (data.symbol(), Seen { data, price, time, length });
        let note = |held: &mut Seen| {
            let is_newest = held.time <= time;
            if is_newest {
                *held = new;
            }
            is_newest
        };
        note(self.seen.entry(symbol).or_insert(new));
        note(self.channels.entry((symbol, data.channel())).or_insert(new))
    }

    /// The newest price that was delivered of a symbol.
    pub(crate) fn price(&self, symbol: SymbolId) -> Option<Price> {
        self.seen.get(&symbol).map(|seen| seen.price)
    }

    /// Whether what every channel last brought of a symbol is below a price.
    pub(crate) fn is_below(&self, symbol: SymbolId, least: Price) -> bool {
        let of_it = self.channels.iter().filter(|((of, _), _)| *of == symbol);
        let mut prices = of_it.map(|(_, seen)| seen.price).peekable();
        prices.peek().is_some() && prices.all(|price| price < least)
    }

    /// What was seen of a symbol counts no more: its shares were split.
    pub(crate) fn forget(&mut self, symbol: SymbolId) {
        self.seen.remove(&symbol);
        self.channels.retain(|(of, _), _| *of != symbol);
    }

    /// Another process goes on, which may have been given less.
    pub(crate) fn begin_anew(&mut self) {
        *self = Self::default();
    }

    /// Judges an order that opens or grows a position. `is_live`: whether one of its orders has not
    /// ended.
    pub(crate) fn judge(
        &mut self,
        order: &Order,
        now: Timestamp,
        limits: &Limits,
        is_live: impl Fn(OrderNumber) -> bool,
    ) -> Result<(), Violation> {
        let broken = |what| Err(Violation::Limit { order: order.number, what });
        if self.repeats(order, now, limits, is_live) {
            return broken("the same intent within a while");
        }
        let Some(seen) = self.seen.get(&order.symbol).copied() else { return Ok(()) };
        if limits.max_order_notional.is_some_and(|most| at_best(order, seen.price) > most) {
            return broken("USD in one order");
        }
        // Which of its channels a price is held against depends on how fresh they are.
        let outside = |collar| {
            let of_it = self.channels.iter().filter(|((symbol, _), _)| *symbol == order.symbol);
            let mut prices = of_it.map(|(_, seen)| seen.price);
            prices.all(|price| lies_outside(order.kind, price, collar))
        };
        if limits.price_collar.is_some_and(outside) {
            return broken("the distance from the last price");
        }
        let most = limits.stale_after.map(|limit| limit.max(seen.length.times(2)));
        if most.is_some_and(|most| now.since(seen.time) > most) {
            return broken("the age of a price");
        }
        if limits.max_spread.is_some_and(|most| self.is_wide(order.symbol, most)) {
            return broken("the spread");
        }
        match limits.max_participation.is_some_and(|most| self.takes_much(order, most)) {
            true => broken("the part of a bar's volume"),
            false => Ok(()),
        }
    }

    fn newest(&self, symbol: SymbolId, channel: Channel) -> Option<&MarketData> {
        self.channels.get(&(symbol, channel)).map(|seen| &seen.data)
    }

    /// Whether the newest quote of a symbol has one side alone, or too much between the two.
    fn is_wide(&self, symbol: SymbolId, most: BasisPoints) -> bool {
        let Some(MarketData::Quote(quote)) = self.newest(symbol, Channel::Quotes) else {
            return false;
        };
        let (bid, ask) = (i128::from(quote.bid.nanos()), i128::from(quote.ask.nanos()));
        let is_one_sided = bid <= 0 || ask <= 0;
        is_one_sided || (ask - bid) * 20_000 > (bid + ask) * i128::from(most.get())
    }

    /// Whether an order is for more than such a part of what was traded in the newest bar.
    fn takes_much(&self, order: &Order, most: BasisPoints) -> bool {
        let Some(MarketData::Bar(bar)) = self.newest(order.symbol, Channel::Bars) else {
            return false;
        };
        let asked = u128::try_from(order.quantity.nanos()).unwrap_or(0);
        let most = u128::try_from(most.get()).unwrap_or(0);
        asked.saturating_mul(10_000) > bar.volume.nanos().saturating_mul(most)
    }

    /// Notes an order, and says whether it is one of just before again.
    fn repeats(
        &mut self,
        order: &Order,
        now: Timestamp,
        limits: &Limits,
        is_live: impl Fn(OrderNumber) -> bool,
    ) -> bool {
        let asked = Asked {
            origin: order.origin,
            symbol: order.symbol,
            side: order.side,
            size: order.size,
            class: order.class,
            kind: order.kind,
        };
        let window = limits.duplicate_window.unwrap_or(Span::ZERO);
        self.last_asked.retain(|_, (_, at)| now.since(*at) < window);
        let repeats = self.last_asked.iter().any(|(number, (before, _))| {
            *before == asked && order.replaces != Some(*number) && is_live(*number)
        });
        self.last_asked.insert(order.number, (asked, now));
        repeats
    }
}

/// The least that an order can cost if it fills.
pub(crate) fn at_best(order: &Order, last: Price) -> Cash {
    let price = match order.side {
        Side::Buy => order.kind.limit().map_or(last, |limit| limit.min(last)),
        Side::Sell => last,
    };
    let value = price.value(order.quantity, Rounding::Down).unwrap_or(Cash::MAX);
    match order.size {
        OrderSize::Notional(usd) => usd.min(value),
        OrderSize::Shares(_) | OrderSize::EquityShare(_) => value,
    }
}

fn lies_outside(kind: OrderKind, last: Price, collar: BasisPoints) -> bool {
    let (lowest, highest) =
        (last.shifted(collar.negated(), Rounding::Down), last.shifted(collar, Rounding::Up));
    let prices = [kind.limit(), kind.stop()].into_iter().flatten();
    let (Some(lowest), Some(highest)) = (lowest, highest) else { return false };
    prices.into_iter().any(|price| price < lowest || price > highest)
}
