//! The account's arithmetic: cash and positions, and what they are worth.
//!
//! Cash moves by fills and posted fees alone. A position keeps its signed cost; closing a part
//! takes that part's share of the cost, half to even at 1e-9 USD, so the mean entry price stays
//! where it was but for that digit. Sums saturate at 9.2 billion USD instead of wrapping.

use kernel::{Cash, Price, Quantity, Rounding, Side, SymbolId};

/// What is held of one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Holding {
    /// Signed shares.
    pub qty: Quantity,
    /// Signed cost in USD.
    pub cost: Cash,
}

/// Cash and holdings.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub cash: Cash,
    holdings: Vec<Holding>,
}

impl Account {
    pub(crate) fn new(cash: Cash, symbols: usize) -> Self {
        Self { cash, holdings: vec![Holding::default(); symbols] }
    }

    pub(crate) fn holding(&self, symbol: SymbolId) -> Holding {
        self.holdings.get(symbol.index()).copied().unwrap_or_default()
    }

    /// Books an execution.
    pub(crate) fn fill(&mut self, symbol: SymbolId, side: Side, qty: Quantity, price: Price) {
        let value = value_of(price, qty);
        self.cash = match side {
            Side::Buy => minus(self.cash, value),
            Side::Sell => plus(self.cash, value),
        };
        if let Some(holding) = self.holdings.get_mut(symbol.index()) {
            holding.trade(side.signed(qty), price);
        }
    }

    /// Takes over a position at a mean price.
    pub(crate) fn hold(&mut self, symbol: SymbolId, qty: Quantity, average: Price) {
        if let Some(holding) = self.holdings.get_mut(symbol.index()) {
            *holding = Holding { qty, cost: value_of(average, qty) };
        }
    }

    /// Sets the shares of a position, at the same cost.
    pub(crate) fn set_quantity(&mut self, symbol: SymbolId, qty: Quantity) {
        if let Some(holding) = self.holdings.get_mut(symbol.index()) {
            holding.qty = qty;
        }
    }

    /// Takes a part of a position off, with its part of the cost.
    pub(crate) fn take_part(&mut self, symbol: SymbolId, part: Quantity) {
        if let Some(holding) = self.holdings.get_mut(symbol.index()) {
            holding.trade(part.checked_neg().unwrap_or_default(), Price::ZERO);
        }
    }

    /// Adds to cash what came by no trade, or takes what went.
    pub(crate) fn add(&mut self, amount: Cash) {
        self.cash = plus(self.cash, amount);
    }

    /// Takes a posted fee from cash.
    pub(crate) fn charge(&mut self, amount: Cash) {
        self.cash = minus(self.cash, amount);
    }
}

impl Holding {
    fn trade(&mut self, signed: Quantity, price: Price) {
        let after = Quantity::from_nanos(self.qty.nanos().saturating_add(signed.nanos()));
        let grows = self.qty.is_zero() || self.qty.is_negative() == signed.is_negative();
        let crosses = !grows && signed.abs() >= self.qty.abs();
        self.cost = if grows {
            plus(self.cost, value_of(price, signed))
        } else if crosses {
            value_of(price, after)
        } else {
            let (closed, held) = (signed.abs().nanos(), self.qty.abs().nanos());
            let share = self.cost.proportion(closed, held, Rounding::HalfEven);
            minus(self.cost, share.unwrap_or(Cash::ZERO))
        };
        self.qty = after;
    }

    /// The mean entry price; `None` when flat.
    pub(crate) fn average(&self) -> Option<Price> {
        kernel::Notional::from(self.cost).per(self.qty, Rounding::HalfEven)
    }

    /// Signed value at a price.
    pub(crate) fn value(&self, price: Price) -> Cash {
        value_of(price, self.qty)
    }
}

/// Price times quantity, half to even at 1e-9; whole shares lose nothing. Saturates.
pub(crate) fn value_of(price: Price, qty: Quantity) -> Cash {
    price.value(qty, Rounding::HalfEven).unwrap_or_else(|| {
        let is_below = price.is_negative() != qty.is_negative();
        if is_below { Cash::from_nanos(-Cash::MAX.nanos()) } else { Cash::MAX }
    })
}

/// The sum, saturating.
pub(crate) fn plus(left: Cash, right: Cash) -> Cash {
    Cash::from_nanos(left.nanos().saturating_add(right.nanos()))
}

/// The difference, saturating.
pub(crate) fn minus(left: Cash, right: Cash) -> Cash {
    Cash::from_nanos(left.nanos().saturating_sub(right.nanos()))
}

/// A multiple, saturating.
pub(crate) fn times(amount: Cash, factor: i64) -> Cash {
    Cash::from_nanos(amount.nanos().saturating_mul(factor))
}
