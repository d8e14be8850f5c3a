//! What the account is worth and what it may still buy.
//!
//! Source: Alpaca, "Margin and Short Selling", "Buying Power". Buying power is cash with a
//! multiplier of 1, twice the equity above initial margin with 2, four times the equity above
//! maintenance margin with 4 (current values, as since June 2026), less what open orders that
//! open or grow positions may cost. Under plain rules it is the multiplier times equity, less the
//! value of what is held. Equity counts positions at the last price known.

use super::Exchange;
use crate::account::{minus, plus, times, value_of};
use crate::{AccountRow, OrderRow, PositionRow};
use kernel::{Cash, Price, Quantity, Rounding, SCALE, SymbolId, VenueRules};

/// The account's values at the last prices known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Margins {
    pub cash: Cash,
    pub long: Cash,
    /// Zero or below.
    pub short: Cash,
    pub initial: Cash,
    pub maintenance: Cash,
}

impl Margins {
    pub(super) fn equity(&self) -> Cash {
        plus(self.cash, plus(self.long, self.short))
    }

    fn add(&mut self, price: Price, qty: Quantity, marginable: bool) {
        let value = value_of(price, qty);
        let size = value.abs();
        if qty.is_negative() {
            self.short = plus(self.short, value);
        } else {
            self.long = plus(self.long, value);
        }
        let half = size.proportion(1, 2, Rounding::Up).unwrap_or(size);
        self.initial = plus(self.initial, if marginable { half } else { size });
        let maintenance = if marginable { maintenance(price, qty, size) } else { size };
        self.maintenance = plus(self.maintenance, maintenance);
    }
}

/// Margin to keep a position. Long: all of it below 2.50 USD, else 30 %. Short: below 5 USD all
/// of it or 2.50 USD a share, else 30 % or 5 USD a share, whichever is more.
/// Source: Alpaca, "Margin and Short Selling", maintenance margin table.
fn maintenance(price: Price, qty: Quantity, size: Cash) -> Cash {
    let share = |cents: i64| value_of(Price::from_nanos(cents * (SCALE / 100)), qty.abs());
    let third = size.proportion(3, 10, Rounding::Up).unwrap_or(size);
    let cents = price.nanos() / (SCALE / 100);
    match (qty.is_negative(), cents) {
        (false, ..250) => size,
        (false, _) => third,
        (true, ..500) => size.max(share(250)),
        (true, _) => third.max(share(500)),
    }
}

impl Exchange {
    pub(super) fn margins(&self) -> Margins {
        let mut margins = Margins { cash: self.account.cash, ..Margins::default() };
        for (symbol, market) in self.symbols.ids().zip(&self.markets) {
            let qty = self.account.holding(symbol).qty;
            if !qty.is_zero() {
                let marginable = self.asset(symbol).is_some_and(|asset| asset.rules.marginable);
                margins.add(market.price, qty, marginable);
            }
        }
        margins
    }

    /// What open orders may cost; `without` is an order that is left out.
    pub(super) fn reserved(&self, without: Option<usize>) -> Cash {
        let open = self.book.open().filter(|&(place, _)| Some(place) != without);
        open.fold(Cash::ZERO, |sum, (_, entry)| plus(sum, entry.reserved()))
    }

    /// What a new order may cost; `without` is an order that makes room for it.
    pub(super) fn buying_power(&self, margins: &Margins, without: Option<usize>) -> Cash {
        if self.config.rules == VenueRules::Plain {
            let multiplier = i64::from(self.config.account.multiplier);
            let taken = minus(margins.long, margins.short);
            let power = above(times(margins.equity(), multiplier), taken);
            return above(power, self.reserved(without));
        }
        let power = match self.config.account.multiplier {
            4 => times(above(margins.equity(), margins.maintenance), 4),
            2 => regulation_t(margins),
            _ => margins.cash,
        };
        above(power, self.reserved(without))
    }

    /// Cash that no open order may need.
    pub(super) fn free_cash(&self, margins: &Margins, without: Option<usize>) -> Cash {
        above(margins.cash, self.reserved(without))
    }

    pub(super) fn account_row(&self) -> AccountRow {
        let margins = self.margins();
        let reserved = self.reserved(None);
        let regt = if self.config.account.multiplier > 1 {
            above(regulation_t(&margins), reserved)
        } else {
            above(margins.cash, reserved)
        };
        AccountRow {
            id: self.account_id.clone(),
            cash: margins.cash,
            equity: margins.equity(),
            last_equity: self.last_close.equity,
            long_market_value: margins.long,
            short_market_value: margins.short,
            buying_power: self.buying_power(&margins, None),
            regt_buying_power: regt,
            non_marginable_buying_power: self.free_cash(&margins, None),
            initial_margin: margins.initial,
            maintenance_margin: margins.maintenance,
            last_maintenance_margin: self.last_close.maintenance,
            accrued_fees: self.accruals.total(),
            multiplier: self.config.account.multiplier,
            shorting_enabled: self.may_short(&margins),
            blocked: self.config.account.blocked.clone(),
            balance_asof: self.last_close.date,
        }
    }

    /// Whether the account, any asset apart, may sell short: margin, leave, and 2,000 USD.
    pub(super) fn may_short(&self, margins: &Margins) -> bool {
        const LEAST_EQUITY: Cash = Cash::from_nanos(2_000 * SCALE);
        if self.config.rules == VenueRules::Plain {
            return true;
        }
        let rules = &self.config.account;
        rules.shorting && rules.multiplier > 1 && margins.equity() >= LEAST_EQUITY
    }

    /// Shares of a position that open orders are already closing; `without` is left out, with its
    /// group. Exits that exclude one another hold their shares once.
    pub(super) fn held_for_orders(&self, symbol: SymbolId, without: Option<usize>) -> Quantity {
        let group_without = without.and_then(|place| self.book.get(place)).and_then(|it| it.group);
        let closing = self.book.open().filter(|&(place, entry)| {
            entry.row.symbol == symbol
                && !entry.row.opens
                && Some(place) != without
                && (entry.group.is_none() || entry.group != group_without)
                && self.holds_shares(place)
        });
        let sum = closing
            .fold(0_i64, |sum, (_, entry)| sum.saturating_add(self.own_leaves(&entry.row).nanos()));
        Quantity::from_nanos(sum)
    }

    /// What an order has left, without what an order has left whose place it is still on its way to take:
    /// only one of the two will ever fill.
    fn own_leaves(&self, row: &OrderRow) -> Quantity {
        let replaced = row.replaces.and_then(|id| self.book.get(self.book.place(id)?));
        let before = replaced.filter(|it| !it.row.status.is_final()).map(|it| it.row.leaves());
        let own = row.leaves().nanos() - before.unwrap_or(Quantity::ZERO).nanos();
        Quantity::from_nanos(own.max(0))
    }

    /// Whether a closing order keeps its shares from others: not while it waits for its entry,
    /// nor beside an exit before it that does already.
    fn holds_shares(&self, place: usize) -> bool {
        let Some(group) = self.book.group_of(place).filter(|group| group.entry != Some(place))
        else {
            return true;
        };
        let first = group.exits.into_iter().flatten().find(|&exit| self.is_open(exit));
        let waits = self.book.get(place).is_some_and(|entry| entry.is_held());
        !waits && first == Some(place)
    }

    pub(super) fn position_row(&self, symbol: SymbolId) -> Option<PositionRow> {
        let holding = self.account.holding(symbol);
        let market = self.markets.get(symbol.index())?;
        let free = holding.qty.abs().nanos() - self.held_for_orders(symbol, None).nanos();
        let free = Quantity::from_nanos(free.max(0));
        let market_value = holding.value(market.price);
        Some(PositionRow {
            symbol,
            qty: holding.qty,
            qty_available: if holding.qty.is_negative() { free.checked_neg()? } else { free },
            avg_entry_price: holding.average()?,
            cost_basis: holding.cost,
            current_price: market.price,
            lastday_price: market.lastday,
            market_value,
            unrealized_pl: minus(market_value, holding.cost),
        })
    }
}

fn regulation_t(margins: &Margins) -> Cash {
    times(above(margins.equity(), margins.initial), 2)
}

/// How much the left is above the right, at least zero.
fn above(left: Cash, right: Cash) -> Cash {
    minus(left, right).max(Cash::ZERO)
}
