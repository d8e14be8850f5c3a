//! What happens at a venue without anybody asking for it here: a fill, a rejection or a split that
//! a test or a fault script brings about.

use super::Exchange;
use super::fill::shares_for;
use crate::account::Account;
use crate::fees::CENT;
use crate::matching::Stance;
use crate::{Activity, CashActivity, OrderId, Refusal, ResetActivity, SplitActivity, UpdateEvent};
use kernel::{
    Bar, Cash, MovementKind, OrderStatus, Price, Quantity, Rounding, Side, Span, SymbolId, Symbols,
    Timestamp,
};

impl Exchange {
    /// Fills a part of a working order now, at the last price or the order's limit, whichever is
    /// better for the market: so many percent of what is open, in whole shares, one at least.
    ///
    /// # Errors
    /// 404 for an unknown order; 422 for one that does not work, or a symbol without a price.
    pub fn fill_by_hand(&mut self, id: OrderId, percent: u8) -> Result<(), Refusal> {
        let place = self.book.place(id).ok_or_else(|| Refusal::order_not_found(id))?;
        let Some(entry) = self.book.get(place) else {
            return Err(Refusal::order_not_found(id));
        };
        let (row, limit) = (&entry.row, entry.stance.limit());
        let works = matches!(
            row.status,
            OrderStatus::New
                | OrderStatus::PartiallyFilled
                | OrderStatus::PendingCancel
                | OrderStatus::PendingReplace
        );
        let last = self.markets.get(row.symbol.index()).map_or(Price::ZERO, |market| market.price);
        if !works || !last.is_positive() {
            return Err(Refusal::already(row.status));
        }
        let price = match (row.side, limit) {
            (Side::Buy, Some(limit)) => last.min(limit),
            (Side::Sell, Some(limit)) => last.max(limit),
            (Side::Buy | Side::Sell, None) => last,
        };
        let open = row.leaves();
        let part = i128::from(open.nanos()) * i128::from(percent) / 100;
        let part = i64::try_from(part).map_or(Quantity::ZERO, Quantity::from_nanos).whole();
        let one = Quantity::from_whole(1).unwrap_or(open);
        self.execute(place, price, part.max(one).min(open));
        Ok(())
    }

    /// Lets bars fill the orders of a symbol again, as if it had shown nothing finer yet: for data
    /// that has quotes or trades of some of the time alone.
    pub fn fill_on_bars(&mut self, symbol: SymbolId) {
        if let Some(market) = self.markets.get_mut(symbol.index()) {
            (market.quote, market.has_trades) = (None, false);
        }
    }

    /// Fills what is open of a bar's symbol at the market at the bar's open, as some backtesting
    /// tools do with what is left at the end of the data. That price is in the past: no venue can
    /// do it, and a result that depends on it must say so.
    pub fn fill_at_open(&mut self, bar: &Bar) {
        let open = self.book.open().filter(|(_, entry)| {
            entry.row.symbol == bar.symbol && entry.stance == Stance::Market && !entry.is_held()
        });
        let open: Vec<(usize, Side)> = open.map(|(place, entry)| (place, entry.row.side)).collect();
        for (place, side) in open {
            let price = self.slipped(bar.symbol, side, bar.open, None);
            let wanted = self.wanted(place, price);
            if wanted.is_positive() {
                self.execute(place, price, wanted);
            }
        }
    }

    /// Rejects an order that was accepted and has not filled.
    ///
    /// # Errors
    /// 404 for an unknown order; 422 for one that has ended or filled in part.
    pub fn reject_by_hand(&mut self, id: OrderId) -> Result<(), Refusal> {
        let place = self.book.place(id).ok_or_else(|| Refusal::order_not_found(id))?;
        let row = self.row(place)?;
        if row.status.is_final() || !row.filled_qty.is_zero() {
            return Err(Refusal::already(row.status));
        }
        self.finish(place, UpdateEvent::Rejected);
        Ok(())
    }

    /// Splits a symbol's shares, `new` for `old`: open orders in it are cancelled, the position is
    /// multiplied at the same cost, and the last prices are divided. What does not make a billionth
    /// of a share is lost. Prices that come later must be those after the split.
    ///
    /// # Errors
    /// 422 when either count is zero or the result does not fit.
    pub fn split_by_hand(&mut self, symbol: SymbolId, new: u32, old: u32) -> Result<(), Refusal> {
        let (new, old) = (i64::from(new), i64::from(old));
        let held = self.account.holding(symbol).qty;
        // What is lost is lost towards zero, of a short position too.
        let scaled = proportion(held.abs().nanos(), new, old, Rounding::Down);
        let signed = scaled.map(|size| if held.is_negative() { -size } else { size });
        let qty = signed.map(Quantity::from_nanos).filter(|_| new > 0).ok_or_else(|| {
            Refusal::unprocessable(format!("a split of {new} for {old} cannot be carried out"))
        })?;
        let open = self.open_orders().filter(|order| order.symbol == symbol);
        let open: Vec<OrderId> = open.map(|order| order.id).collect();
        for place in open.iter().filter_map(|id| self.book.place(*id)).collect::<Vec<_>>() {
            self.finish(place, UpdateEvent::Canceled);
        }
        self.account.set_quantity(symbol, qty);
        if let Some(market) = self.markets.get_mut(symbol.index()) {
            let scale = |price: Price| {
                proportion(price.nanos(), old, new, Rounding::HalfEven).map(Price::from_nanos)
            };
            market.price = scale(market.price).unwrap_or(market.price);
            market.lastday = market.lastday.and_then(scale);
            // A quote of before the split says nothing any more.
            market.quote = None;
        }
        if held != qty {
            let number = self.ids.uuid();
            let (time, change) = (self.now, qty.checked_sub(held).unwrap_or(Quantity::ZERO));
            self.activities.push(Activity::Split(SplitActivity { number, time, symbol, change }));
        }
        Ok(())
    }

    /// Takes the part of a share that a split left over, and pays for it at the last price, down to
    /// the cent.
    ///
    /// # Errors
    /// 404 when nothing but whole shares is held.
    pub fn pay_fraction_by_hand(&mut self, symbol: SymbolId) -> Result<(), Refusal> {
        let held = self.account.holding(symbol).qty;
        let fraction = held.checked_sub(held.whole()).filter(|part| !part.is_zero());
        let price = self.markets.get(symbol.index()).map(|market| market.price);
        let (Some(part), Some(price)) = (fraction, price) else {
            return Err(Refusal::not_found("no part of a share is held"));
        };
        let value = price.value(part, Rounding::Down).unwrap_or_default();
        let cents = value.nanos() / CENT * CENT;
        self.account.take_part(symbol, part);
        let (number, time, change) = (self.ids.uuid(), self.now, part.checked_neg());
        let change = change.unwrap_or_default();
        self.activities.push(Activity::Split(SplitActivity { number, time, symbol, change }));
        self.move_cash_by_hand(MovementKind::CashInLieu, Cash::from_nanos(cents));
        Ok(())
    }

    /// Gives a symbol another name; what is held and open in it stays.
    ///
    /// # Errors
    /// 422 when the name is no symbol, or another one's.
    pub fn rename_by_hand(&mut self, symbol: SymbolId, to: &str) -> Result<(), Refusal> {
        let names = self.symbols.ids().map(|id| match id == symbol {
            true => to,
            false => self.symbols.name(id),
        });
        let renamed = Symbols::new(names).ok().filter(|named| named.len() == self.symbols.len());
        self.symbols = renamed.ok_or_else(|| {
            Refusal::unprocessable(format!("no symbol can be called {to} from here on"))
        })?;
        if let Some(asset) = self.assets.get_mut(symbol.index()) {
            asset.name = to.into();
        }
        Ok(())
    }

    /// Gives the account a position that it held before the start, at a mean price.
    pub fn hold_by_hand(&mut self, symbol: SymbolId, qty: Quantity, average: Price) {
        self.account.hold(symbol, qty, average);
    }

    /// From here on a request takes so long to reach the market, in place of the configured
    /// [`crate::FillRules::latency`].
    pub fn set_latency_by_hand(&mut self, latency: Span) {
        self.config.fills.latency = latency;
    }

    /// Moves cash by no trade and no fee: below zero it goes.
    pub fn move_cash_by_hand(&mut self, kind: MovementKind, amount: Cash) {
        self.account.add(amount);
        let (number, time) = (self.ids.uuid(), self.now);
        self.activities.push(Activity::Cash(CashActivity { number, time, kind, amount }));
    }

    /// Buys parts of a share with so many USD at the last price, without an order and a fee, as a
    /// broker reinvests a dividend; `None`, and nothing happens, when there has been no price since
    /// an instant or what is bought is less than a billionth of a share.
    pub fn reinvest_by_hand(
        &mut self,
        symbol: SymbolId,
        amount: Cash,
        since: Timestamp,
    ) -> Option<(Quantity, Price)> {
        let market = self.markets.get(symbol.index()).filter(|market| market.marked_at >= since)?;
        let price = market.price;
        let qty = shares_for(amount.into(), price);
        if !qty.is_positive() {
            return None;
        }
        let before = self.account.cash;
        self.account.fill(symbol, Side::Buy, qty, price);
        let amount = self.account.cash.checked_sub(before).unwrap_or(Cash::ZERO);
        let (time, kind) = (self.now, MovementKind::Other);
        let number = self.ids.uuid();
        self.activities.push(Activity::Cash(CashActivity { number, time, kind, amount }));
        let number = self.ids.uuid();
        self.activities.push(Activity::Split(SplitActivity { number, time, symbol, change: qty }));
        Some((qty, price))
    }

    /// Begins the account anew, as a paper account is: under another id, with so much cash, without
    /// positions and orders.
    pub fn begin_anew_by_hand(&mut self, cash: Cash) {
        let open: Vec<OrderId> = self.open_orders().map(|order| order.id).collect();
        for place in open.iter().filter_map(|id| self.book.place(*id)).collect::<Vec<_>>() {
            self.finish(place, UpdateEvent::Canceled);
        }
        self.account = Account::new(cash, self.symbols.len());
        let (number, time) = (self.ids.uuid(), self.now);
        self.account_id = number.to_string();
        self.activities.push(Activity::Reset(ResetActivity { number, time, cash }));
    }
}

fn proportion(nanos: i64, numerator: i64, denominator: i64, rounding: Rounding) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let product = i128::from(nanos).checked_mul(i128::from(numerator))?;
    i64::try_from(rounding.divide(product, i128::from(denominator))).ok()
}
