//! What happens to an account and to its shares without an order: cash that comes and goes, splits
//! and new names.

use crate::{
    Bar, Cash, OrderClass, OrderKind, Price, Quantity, Rounding, Side, SymbolId, Trail, Volume,
};
use serde::{Deserialize, Serialize};

/// Cash that the broker has moved on the account, and that is neither a trade nor a fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashMovement {
    /// The broker's name for it, by which it is booked once.
    pub id: Box<str>,
    /// What kind.
    pub kind: MovementKind,
    /// What it adds to cash; below zero for what it takes.
    pub amount: Cash,
}

/// What kind of movement of cash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// Somebody paid in.
    Deposit,
    /// Somebody took out.
    Withdrawal,
    /// Moved from or to another account at the broker.
    Journal,
    /// A dividend, less what was withheld from it.
    Dividend,
    /// Interest on cash, or on what is borrowed.
    Interest,
    /// Paid for the part of a share that a split left over.
    CashInLieu,
    /// Anything else that the broker says moved cash.
    Other,
}

impl MovementKind {
    /// Every one, in the order of declaration.
    pub const ALL: [MovementKind; 7] = [
        MovementKind::Deposit,
        MovementKind::Withdrawal,
        MovementKind::Journal,
        MovementKind::Dividend,
        MovementKind::Interest,
        MovementKind::CashInLieu,
        MovementKind::Other,
    ];

    /// `deposit`, `withdrawal`, `journal`, `dividend`, `interest`, `cash_in_lieu` or `other`.
    pub const fn as_str(self) -> &'static str {
        match self {
            MovementKind::Deposit => "deposit",
            MovementKind::Withdrawal => "withdrawal",
            MovementKind::Journal => "journal",
            MovementKind::Dividend => "dividend",
            MovementKind::Interest => "interest",
            MovementKind::CashInLieu => "cash_in_lieu",
            MovementKind::Other => "other",
        }
    }

    /// Whether it is no result of trading, so that what profit and drawdown are measured from moves
    /// with it. Cash in lieu is paid for shares that were taken at their value, so the two together
    /// are no result either; what nobody can name counts as a result.
    pub const fn is_capital(self) -> bool {
        match self {
            MovementKind::Deposit
            | MovementKind::Withdrawal
            | MovementKind::Journal
            | MovementKind::CashInLieu => true,
            MovementKind::Dividend | MovementKind::Interest | MovementKind::Other => false,
        }
    }
}

/// Shares that the broker bought for an account with a dividend, without an order of the account's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reinvestment {
    /// The broker's name for it, by which it is booked once.
    pub id: Box<str>,
    /// Of what.
    pub symbol: SymbolId,
    /// Shares, above zero.
    pub quantity: Quantity,
    /// What one cost.
    pub price: Price,
}

/// What happens to the shares of a symbol on a day, before its open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorporateAction {
    /// The broker's name for it, by which it happens once.
    pub id: Box<str>,
    /// To what.
    pub symbol: SymbolId,
    /// The first day on which the shares trade so, as `yyyymmdd`.
    pub date: u32,
    /// What.
    pub change: ShareChange,
}

/// How shares change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareChange {
    /// So many new ones take the place of so many old ones.
    Split(Ratio),
    /// They trade under another symbol.
    Name(Box<str>),
}

/// New shares for old ones: 2 for 1, 1 for 20, 3 for 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratio {
    new: u64,
    old: u64,
}

impl Ratio {
    /// So many new shares for so many old ones, in lowest terms; `None` when either is zero.
    pub const fn new(new: u64, old: u64) -> Option<Self> {
        if new == 0 || old == 0 {
            return None;
        }
        let (mut divisor, mut rest) = (new, old);
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        Some(Self { new: new / divisor, old: old / divisor })
    }

    /// New shares.
    pub const fn new_shares(self) -> u64 {
        self.new
    }

    /// Old shares.
    pub const fn old_shares(self) -> u64 {
        self.old
    }

    /// Old shares for new ones: what takes it back.
    pub const fn undone(self) -> Self {
        Self { new: self.old, old: self.new }
    }

    /// This one and another after it; `None` when it does not fit.
    pub fn then(self, next: Self) -> Option<Self> {
        // In lowest terms crosswise, so that it fits whenever what comes out does.
        let (one, other) = (Self::new(self.new, next.old)?, Self::new(next.new, self.old)?);
        Self::new(one.new.checked_mul(other.new)?, one.old.checked_mul(other.old)?)
    }

    /// A bar as it would have been in new shares; `None` when it does not fit.
    pub fn bar(self, before: &Bar) -> Option<Bar> {
        let volume = before.volume.nanos().checked_mul(u128::from(self.new))?;
        let volume = volume.checked_div(u128::from(self.old))?;
        Some(Bar {
            open: self.price(before.open)?,
            high: self.price(before.high)?,
            low: self.price(before.low)?,
            close: self.price(before.close)?,
            volume: Volume::from_nanos(volume),
            ..*before
        })
    }

    /// So many shares after it, towards zero at a billionth of a share; `None` when they do not
    /// fit.
    pub fn shares(self, before: Quantity) -> Option<Quantity> {
        let size = scaled(before.abs().nanos(), self.new, self.old, Rounding::Down)?;
        Some(Quantity::from_nanos(if before.is_negative() { -size } else { size }))
    }

    /// The shares of an order after it: whole ones stay whole, towards zero.
    pub fn ordered(self, before: Quantity) -> Option<Quantity> {
        let after = self.shares(before)?;
        Some(if before.is_whole() { after.whole() } else { after })
    }

    /// A price after it, half to even at a billionth; `None` when it does not fit.
    pub fn price(self, before: Price) -> Option<Price> {
        scaled(before.nanos(), self.old, self.new, Rounding::HalfEven).map(Price::from_nanos)
    }

    /// The price of an order after it, on the tick: of a sale rounded up, of a purchase down. So a
    /// limit is never worse than it was, and a stop is hit a little earlier rather than later. The
    /// price as it was when it does not fit.
    pub fn order_price(self, before: Price, side: Side) -> Price {
        let rounding = match side {
            Side::Buy => Rounding::Down,
            Side::Sell => Rounding::Up,
        };
        let exact = scaled(before.nanos(), self.old, self.new, rounding).map(Price::from_nanos);
        let Some(exact) = exact.filter(|exact| exact.is_positive()) else { return before };
        let on_tick = exact.to_tick(rounding);
        if on_tick.is_positive() { on_tick } else { exact.to_tick(Rounding::Up) }
    }

    /// How an order is priced after it.
    pub fn kind(self, before: OrderKind, side: Side) -> OrderKind {
        let price = |price| self.order_price(price, side);
        match before {
            OrderKind::Market => OrderKind::Market,
            OrderKind::Limit { limit } => OrderKind::Limit { limit: price(limit) },
            OrderKind::Stop { stop } => OrderKind::Stop { stop: price(stop) },
            OrderKind::StopLimit { stop, limit } => {
                OrderKind::StopLimit { stop: price(stop), limit: price(limit) }
            }
            OrderKind::TrailingStop { trail: Trail::Price(trail) } => {
                // A distance is rounded up: it follows no closer than it did.
                let trail = Trail::Price(self.order_price(trail, Side::Sell));
                OrderKind::TrailingStop { trail }
            }
            OrderKind::TrailingStop { trail: Trail::Percent(_) } => before,
        }
    }

    /// Which legs an order of a side has after it.
    pub fn class(self, before: OrderClass, side: Side) -> OrderClass {
        before.repriced(|price| self.order_price(price, before.leg_side(side)))
    }
}

fn scaled(nanos: i64, numerator: u64, denominator: u64, rounding: Rounding) -> Option<i64> {
    if denominator == 0 {
        return None;
    }
    let product = i128::from(nanos).checked_mul(i128::from(numerator))?;
    i64::try_from(rounding.divide(product, i128::from(denominator))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(new: u64, old: u64) -> Ratio {
        Ratio::new(new, old).unwrap()
    }

    fn shares(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn a_ratio_is_in_lowest_terms_and_never_of_nothing() {
        assert_eq!(ratio(1_500_000_000, 1_000_000_000), ratio(3, 2));
        assert_eq!((Ratio::new(0, 1), Ratio::new(1, 0)), (None, None));
    }

    #[test]
    fn shares_lose_what_makes_no_billionth_towards_zero() {
        for (before, new, old, after) in [
            ("100", 2, 1, "200"),
            ("-100", 1, 3, "-33.333333333"),
            ("100", 1, 3, "33.333333333"),
            ("0.000000001", 1, 2, "0"),
        ] {
            assert_eq!(ratio(new, old).shares(shares(before)), Some(shares(after)), "{before}");
        }
        assert_eq!(ratio(1, 3).ordered(shares("100")), Some(shares("33")));
        assert_eq!(ratio(1, 3).ordered(shares("1.5")), Some(shares("0.5")));
        assert_eq!(ratio(u64::MAX, 1).shares(Quantity::MAX), None);
    }

    #[test]
    fn ratios_follow_each_other_and_are_undone() {
        assert_eq!(ratio(2, 1).then(ratio(3, 2)), Some(ratio(3, 1)));
        assert_eq!(ratio(2, 1).then(ratio(2, 1).undone()), Some(ratio(1, 1)));
        let many = ratio(u64::MAX, 1);
        assert_eq!((many.then(many.undone()), many.then(many)), (Some(ratio(1, 1)), None));
    }

    #[test]
    fn prices_of_orders_go_to_the_tick_on_the_side_of_whoever_asked() {
        let by_three = ratio(3, 1);
        assert_eq!(by_three.order_price(price("100"), Side::Sell), price("33.34"));
        assert_eq!(by_three.order_price(price("100"), Side::Buy), price("33.33"));
        assert_eq!(by_three.price(price("100")), Some(price("33.333333333")));
        let penny = ratio(1_000, 1).order_price(price("0.01"), Side::Buy);
        assert_eq!(penny, price("0.0001"), "an order keeps a price");
    }
}
