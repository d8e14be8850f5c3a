//! From a stance to a position: which side, how much, and never across zero in one order.

use crate::{Mistake, ParamSpec, Params, to_quantity};
use kernel::{Bar, Intents, Percent, Price, Quantity, Side, SymbolId, View};

/// Shares per entry.
pub const QUANTITY: ParamSpec = ParamSpec::integer(
    "quantity",
    "10",
    (1, 1_000_000),
    "shares",
    "How much one entry buys or sells short.",
);

/// USD per entry, instead of shares.
pub const NOTIONAL_USD: ParamSpec = ParamSpec::decimal(
    "notional_usd",
    "0",
    (0.0, 1e9),
    "USD",
    "How much one entry is worth, in whole shares at the last close; 0 takes `quantity` instead.",
);

/// A share of equity per entry, instead of shares.
pub const EQUITY_PERCENT: ParamSpec = ParamSpec::decimal(
    "equity_percent",
    "0",
    (0.0, 400.0),
    "%",
    "How much of the account's equity one entry is worth, sized at the fill; 0 takes `quantity` or `notional_usd`. Needs a venue with plain rules.",
);

/// Which sides are traded.
pub const DIRECTION: ParamSpec = ParamSpec::choice(
    "direction",
    "long",
    &["long", "both"],
    "Whether only long positions are taken, or short ones as well.",
);

/// Where a strategy would like to stand in a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// Holding shares.
    Long,
    /// Holding nothing.
    Flat,
    /// Having sold short.
    Short,
}

impl Stance {
    /// The side that enters it; `None` where nothing is held.
    const fn side(self) -> Option<Side> {
        match self {
            Stance::Long => Some(Side::Buy),
            Stance::Flat => None,
            Stance::Short => Some(Side::Sell),
        }
    }
}

/// Which sides a strategy trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Long only: where it would be short it is flat.
    Long,
    /// Long and short.
    Both,
}

/// How much one entry is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// So many shares.
    Shares(Quantity),
    /// So many USD at the last price.
    Notional(f64),
    /// So much of equity at the fill.
    EquityShare(Percent),
}

/// How a strategy gets where it would like to stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trading {
    /// How much one entry is.
    pub size: Size,
    /// Which sides are traded.
    pub direction: Direction,
}

impl Size {
    /// From the parameters [`QUANTITY`], [`NOTIONAL_USD`] and [`EQUITY_PERCENT`].
    ///
    /// # Errors
    /// When the strategy's entry does not declare them.
    pub fn from_params(params: &Params) -> Result<Self, Mistake> {
        let share = params.decimal(EQUITY_PERCENT.name)?;
        if share > 0.0 {
            let nanos = (share * kernel::SCALE as f64).round() as i64;
            return Ok(Size::EquityShare(Percent::from_nanos(nanos)));
        }
        let notional = params.decimal(NOTIONAL_USD.name)?;
        if notional > 0.0 {
            return Ok(Size::Notional(notional));
        }
        let shares = params.integer(QUANTITY.name)?;
        Quantity::from_whole(shares).map(Size::Shares).ok_or(Mistake::Undeclared(QUANTITY.name))
    }

    /// Whole shares at a price; `None` when the amount does not buy one, or is known at the fill only.
    pub fn shares(self, price: Price) -> Option<Quantity> {
        match self {
            Size::Shares(quantity) => Some(quantity),
            Size::Notional(usd) => {
                to_quantity(usd / price.to_f64()).ok().filter(|shares| shares.is_positive())
            }
            Size::EquityShare(_) => None,
        }
    }
}

impl Trading {
    /// From the parameters of [`Size::from_params`] and [`DIRECTION`].
    ///
    /// # Errors
    /// When the strategy's entry does not declare them.
    pub fn from_params(params: &Params) -> Result<Self, Mistake> {
        let direction = match params.choice(DIRECTION.name)? {
            "both" => Direction::Both,
            _ => Direction::Long,
        };
        Ok(Self { size: Size::from_params(params)?, direction })
    }

    /// Proposes the next order on the way to a stance, if one is needed and none is working.
    ///
    /// No order may cross zero, so a turn from long to short takes two: what is held is closed
    /// first, and the entry follows once that fill has been booked, or at once when it is sized at
    /// the fill.
    #[inline]
    pub fn toward(&self, stance: Stance, bar: &Bar, view: &View<'_>, intents: &mut Intents) {
        self.toward_at(stance, bar.symbol, bar.close, view, intents);
    }

    /// The same where no bar leads to it: sized at a price.
    #[inline]
    pub fn toward_at(
        &self,
        stance: Stance,
        symbol: SymbolId,
        price: Price,
        view: &View<'_>,
        intents: &mut Intents,
    ) {
        let held = view.position(symbol).quantity;
        let stance = match (stance, self.direction) {
            (Stance::Short, Direction::Long) => Stance::Flat,
            (stance, Direction::Long | Direction::Both) => stance,
        };
        let there = match stance {
            Stance::Long => held.is_positive(),
            Stance::Flat => held.is_zero(),
            Stance::Short => held.is_negative(),
        };
        if !there {
            self.take(stance, held, (symbol, price), view, intents);
        }
    }

    /// Proposes the next order from what is held to a stance, if none is working.
    #[inline(never)]
    fn take(
        &self,
        stance: Stance,
        held: Quantity,
        (symbol, price): (SymbolId, Price),
        view: &View<'_>,
        intents: &mut Intents,
    ) {
        if view.has_open_order(symbol) {
            return;
        }
        if let (Size::EquityShare(share), Some(side)) = (self.size, stance.side()) {
            intents.turn(symbol, side, held, share);
        } else if held.is_zero() {
            let side = if stance == Stance::Long { Side::Buy } else { Side::Sell };
            if let Some(quantity) = self.size.shares(price) {
                intents.market(symbol, side, quantity);
            }
        } else {
            close(held, symbol, view, intents);
        }
    }
}

/// A fraction of a share, which a broker may hold for other reasons, cannot be sold here and stays,
/// unless entries are sized in parts.
fn close(held: Quantity, symbol: SymbolId, view: &View<'_>, intents: &mut Intents) {
    let side = if held.is_positive() { Side::Sell } else { Side::Buy };
    let shares = if view.sizes_in_parts() { held.abs() } else { held.abs().whole() };
    if shares.is_positive() {
        intents.market(symbol, side, shares);
    }
}
