//! What is done at the venue itself: fills, rejections, trades of another hand, splits, halts, and
//! cash that comes and goes.

use super::injector::{Occasion, Strike};
use super::point::Point;
use super::script::Fault;
use crate::check::Happening;
use crate::server::tape::Lists;
use crate::server::venue::Venue;
use crate::server::wire::time::new_york_date;
use crate::{OrderId, OrderRequest, Refusal};
use kernel::{
    Bar, BasisPoints, Cash, MarketData, MovementKind, OrderKind, Price, Quantity, Quote, Rounding,
    Side, SymbolId, Timestamp, Trade, Volume,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something done at the venue; logged like a request, so that a restored venue has it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::server) enum Act {
    Fill { order: OrderId, percent: u8 },
    Reject { order: OrderId },
    Close { symbol: SymbolId },
    Split { symbol: SymbolId, new: u32, old: u32 },
    Halt { symbol: SymbolId, until: u64 },
    Bound { symbol: SymbolId, bps: u32, until: u64 },
    PayFraction { symbol: SymbolId },
    AnnounceName { symbol: SymbolId, to: String, date: u32 },
    Announce { symbol: SymbolId, new: u32, old: u32, date: u32 },
    MoveCash { kind: MovementKind, usd: i64 },
    BeginAnew { usd: i64 },
    News { symbol: SymbolId, update: bool },
}

/// A split or a new name that everybody is told of.
#[derive(Debug, Clone)]
pub(in crate::server) struct Announced {
    pub(in crate::server) symbol: SymbolId,
    /// What the symbol was called then.
    pub(in crate::server) name: String,
    pub(in crate::server) change: Change,
    /// The day before whose first datum it happens, as `yyyymmdd`.
    pub(in crate::server) date: u32,
    /// When it happened.
    pub(in crate::server) at: Option<Timestamp>,
}

/// What is announced.
#[derive(Debug, Clone)]
pub(in crate::server) enum Change {
    /// So many new shares for so many old ones.
    Split { new: u32, old: u32 },
    /// Another name.
    Name(String),
}

/// What acts have left behind.
#[derive(Debug, Default)]
pub(in crate::server) struct Acts {
    /// Halted symbols with the step at which they trade again.
    halted: BTreeMap<SymbolId, u64>,
    /// Symbols whose bands are drawn close, with the step at which they are ordinary ones again.
    bound: BTreeMap<SymbolId, u64>,
    /// New and old shares of the splits so far.
    splits: BTreeMap<SymbolId, (i64, i64)>,
    closings: u64,
    /// What was announced, that which has happened too.
    pub(in crate::server) announced: Vec<Announced>,
}

/// A symbol that was halted or trades again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) struct StatusChange {
    pub(in crate::server) symbol: SymbolId,
    pub(in crate::server) halted: bool,
    pub(in crate::server) at: Timestamp,
}

/// A symbol's price bands have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) struct BandsChange {
    pub(in crate::server) symbol: SymbolId,
    pub(in crate::server) lower: Price,
    pub(in crate::server) upper: Price,
    pub(in crate::server) at: Timestamp,
}

/// How far ordinary bands lie from the price: those of a large stock.
/// Source: Plan to Address Extraordinary Market Volatility (LULD), appendix A, tier 1, above $3.
const ORDINARY_BANDS: u32 = 500;

impl Venue {
    /// Does what strikes at a step before its data are taken.
    pub(in crate::server) fn strike_step(&mut self) {
        if !self.injector.concerns(Point::Step) {
            return;
        }
        let occasion = Occasion {
            point: Point::Step,
            step: self.step() + 1,
            at: self.next_time().unwrap_or(self.exchange.now()),
            symbol: None,
            order: None,
            event: None,
        };
        for strike in self.injector.strike(&occasion) {
            let order = self.struck_order(&strike);
            self.strike(&strike, order);
        }
    }

    /// The order that a strike at a step is about: the one it names, or the oldest open one.
    fn struck_order(&self, strike: &Strike) -> Option<OrderId> {
        let symbol = strike.symbol.as_deref().and_then(|name| self.exchange.symbols().id(name));
        match strike.order.and_then(|number| usize::try_from(number).ok()) {
            Some(number) => self.exchange.orders().nth(number - 1).map(|order| order.id),
            None => {
                let mut open = self.exchange.open_orders();
                let wanted =
                    open.find(|order| strike.symbol.is_none() || Some(order.symbol) == symbol);
                wanted.map(|order| order.id)
            }
        }
    }

    /// Does what a strike says at the venue; nothing for faults of messages.
    pub(in crate::server) fn strike(&mut self, strike: &Strike, order: Option<OrderId>) {
        let symbol = strike.symbol.as_deref().and_then(|name| self.exchange.symbols().id(name));
        let act = match (&strike.fault, order, symbol) {
            (Fault::Fill { percent }, Some(order), _) => Act::Fill { order, percent: *percent },
            (Fault::Reject, Some(order), _) => Act::Reject { order },
            (Fault::CloseByHand, _, Some(symbol)) => Act::Close { symbol },
            (Fault::Split { new, old, date: None }, _, Some(symbol)) => {
                Act::Split { symbol, new: *new, old: *old }
            }
            (Fault::Split { new, old, date: Some(date) }, _, Some(symbol)) => {
                Act::Announce { symbol, new: *new, old: *old, date: *date }
            }
            (Fault::Rename { to, date }, _, Some(symbol)) => {
                Act::AnnounceName { symbol, to: to.clone(), date: *date }
            }
            (Fault::PayFraction, _, Some(symbol)) => Act::PayFraction { symbol },
            (Fault::MoveCash { kind, usd }, ..) => Act::MoveCash { kind: *kind, usd: *usd },
            (Fault::BeginAnew { usd }, ..) => Act::BeginAnew { usd: *usd },
            (Fault::News { update }, _, Some(symbol)) => Act::News { symbol, update: *update },
            (Fault::Halt { steps }, _, Some(symbol)) => {
                Act::Halt { symbol, until: self.step() + 1 + steps }
            }
            (Fault::Luld { bps, steps }, _, Some(symbol)) => {
                Act::Bound { symbol, bps: *bps, until: self.step() + 1 + steps }
            }
            // There is no open order to do it to.
            (Fault::Fill { .. } | Fault::Reject, None, _) => {
                return self.injector.take_back(strike);
            }
            _ => return,
        };
        match self.act(act) {
            Ok(()) => self.note(Happening::Done),
            Err(error) => {
                let fault = strike.fault.name();
                tracing::debug!(fault, message = error.message, "not injected");
                self.injector.take_back(strike);
            }
        }
    }

    /// Carries an act out, without log and without telling of it.
    pub(in crate::server) fn carry_out(&mut self, act: Act) -> Result<(), Refusal> {
        match act {
            Act::Fill { order, percent } => self.exchange.fill_by_hand(order, percent),
            Act::Reject { order } => self.exchange.reject_by_hand(order),
            Act::Close { symbol } => self.close_by_hand(symbol),
            Act::Split { symbol, new, old } => self.split(symbol, new, old),
            Act::Announce { symbol, new, old, date } => {
                self.announce(symbol, Change::Split { new, old }, date);
                Ok(())
            }
            Act::AnnounceName { symbol, to, date } => {
                self.announce(symbol, Change::Name(to), date);
                Ok(())
            }
            Act::PayFraction { symbol } => self.exchange.pay_fraction_by_hand(symbol),
            Act::MoveCash { kind, usd } => {
                self.exchange.move_cash_by_hand(kind, whole_usd(usd));
                Ok(())
            }
            Act::BeginAnew { usd } => {
                self.exchange.begin_anew_by_hand(whole_usd(usd));
                Ok(())
            }
            Act::Halt { symbol, until } => {
                self.acts.halted.insert(symbol, until);
                let change = self.status_change(symbol, true);
                self.status_changes.push(change);
                Ok(())
            }
            Act::News { symbol, update } => self.publish_piece(symbol, update),
            Act::Bound { symbol, bps, until } => {
                self.bound(symbol, bps)?;
                self.acts.bound.insert(symbol, until);
                Ok(())
            }
        }
    }

    /// Draws a symbol's bands around its last price.
    fn bound(&mut self, symbol: SymbolId, bps: u32) -> Result<(), Refusal> {
        let last = self.tape.of(symbol).and_then(Lists::last_price);
        let last = last.ok_or_else(|| Refusal::not_found("the symbol has no price yet"))?;
        let by = BasisPoints::new(i32::try_from(bps).unwrap_or(i32::MAX));
        let away = |by, rounding| last.shifted(by, rounding).unwrap_or(last).to_tick(rounding);
        let (lower, upper) = (away(by.negated(), Rounding::Up), away(by, Rounding::Down));
        let at = self.exchange.now();
        self.bands_changes.push(BandsChange { symbol, lower, upper, at });
        Ok(())
    }

    fn announce(&mut self, symbol: SymbolId, change: Change, date: u32) {
        let name = self.exchange.symbols().name(symbol).to_owned();
        self.acts.announced.push(Announced { symbol, name, change, date, at: None });
    }

    fn split(&mut self, symbol: SymbolId, new: u32, old: u32) -> Result<(), Refusal> {
        self.exchange.split_by_hand(symbol, new, old)?;
        let (before_new, before_old) = self.acts.splits.get(&symbol).copied().unwrap_or((1, 1));
        let both = (before_new * i64::from(new), before_old * i64::from(old));
        self.acts.splits.insert(symbol, both);
        Ok(())
    }

    /// Carries out what was announced for the day that data belong to, before they are looked at.
    pub(in crate::server) fn change_before(&mut self, data: &[MarketData]) {
        let (Some(first), false) = (data.first(), self.acts.announced.is_empty()) else { return };
        let today = new_york_date(first.time());
        for place in 0..self.acts.announced.len() {
            let due = self.acts.announced.get_mut(place);
            let Some(due) = due.filter(|it| it.at.is_none() && it.date <= today) else { continue };
            due.at = Some(first.time());
            let (symbol, change) = (due.symbol, due.change.clone());
            let done = match change {
                Change::Split { new, old } => self.split(symbol, new, old),
                Change::Name(to) => self.exchange.rename_by_hand(symbol, &to),
            };
            if let Err(error) = done {
                tracing::warn!(message = error.message, "what was announced did not happen");
            }
        }
    }

    /// Closes a position at the last price, as an order of somebody else on the account.
    fn close_by_hand(&mut self, symbol: SymbolId) -> Result<(), Refusal> {
        let position = self.exchange.position(symbol);
        let position = position.ok_or_else(|| Refusal::not_found("position does not exist"))?;
        self.acts.closings += 1;
        // Whoever closes by hand takes the resting orders away first: they hold the shares.
        let open = self.exchange.open_orders().filter(|order| order.symbol == symbol);
        for id in open.map(|order| order.id).collect::<Vec<_>>() {
            self.exchange.cancel(id)?;
        }
        let side = if position.qty.is_negative() { Side::Buy } else { Side::Sell };
        let (kind, name) = (OrderKind::Market, format!("by-hand-{}", self.acts.closings));
        let request = OrderRequest::new(symbol, side, position.qty.abs(), kind);
        let order =
            self.exchange.submit(OrderRequest { client_order_id: Some(name), ..request })?;
        self.exchange.fill_by_hand(order.id, 100)
    }

    /// The market data of a step as the market gives them after splits and without what is halted.
    pub(in crate::server) fn as_traded(&mut self, data: Vec<MarketData>) -> Vec<MarketData> {
        let step = self.step() + 1;
        let over = self.acts.halted.iter().filter(|(_, until)| **until <= step);
        for symbol in over.map(|(symbol, _)| *symbol).collect::<Vec<_>>() {
            self.acts.halted.remove(&symbol);
            let change = self.status_change(symbol, false);
            self.status_changes.push(change);
        }
        let over = self.acts.bound.iter().filter(|(_, until)| **until <= step);
        for symbol in over.map(|(symbol, _)| *symbol).collect::<Vec<_>>() {
            self.acts.bound.remove(&symbol);
            // There was a price when they were drawn.
            let _ = self.bound(symbol, ORDINARY_BANDS);
        }
        let acts = &self.acts;
        let trading = data.into_iter().filter(|datum| !acts.halted.contains_key(&datum.symbol()));
        let split = |datum: MarketData| match acts.splits.get(&datum.symbol()) {
            Some((new, old)) => scaled(datum, *new, *old),
            None => datum,
        };
        trading.map(split).collect()
    }

    fn status_change(&self, symbol: SymbolId, halted: bool) -> StatusChange {
        StatusChange { symbol, halted, at: self.exchange.now() }
    }
}

fn whole_usd(usd: i64) -> Cash {
    Cash::from_whole(usd).unwrap_or(Cash::ZERO)
}

/// Market data after a split of `new` for `old` shares.
fn scaled(datum: MarketData, new: i64, old: i64) -> MarketData {
    let times = |nanos: i64, by: i64, over: i64| {
        let product = i128::from(nanos).saturating_mul(i128::from(by));
        i64::try_from(Rounding::HalfEven.divide(product, i128::from(over.max(1)))).unwrap_or(nanos)
    };
    let price = |price: Price| {
        let exact = Price::from_nanos(times(price.nanos(), old, new));
        let on_tick = exact.to_tick(Rounding::HalfEven);
        if on_tick.is_positive() { on_tick } else { exact }
    };
    let size = |size: Quantity| Quantity::from_nanos(times(size.nanos(), new, old));
    match datum {
        MarketData::Bar(bar) => MarketData::Bar(Bar {
            open: price(bar.open),
            high: price(bar.high),
            low: price(bar.low),
            close: price(bar.close),
            volume: Volume::from_nanos(
                bar.volume.nanos().saturating_mul(new.unsigned_abs().into())
                    / u128::from(old.unsigned_abs().max(1)),
            ),
            ..bar
        }),
        MarketData::Quote(quote) => MarketData::Quote(Quote {
            bid: price(quote.bid),
            bid_size: size(quote.bid_size),
            ask: price(quote.ask),
            ask_size: size(quote.ask_size),
            ..quote
        }),
        MarketData::Trade(trade) => {
            MarketData::Trade(Trade { price: price(trade.price), size: size(trade.size), ..trade })
        }
    }
}
