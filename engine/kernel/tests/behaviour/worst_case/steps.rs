//! What strategies, the broker and the market do in a generated session.

use super::book::NAMES;
use crate::common::shares;
use kernel::*;
use proptest::prelude::*;
use proptest::strategy::Strategy;

/// How an order is priced, in cents from the last price.
#[derive(Debug, Clone, Copy)]
pub enum Priced {
    Market,
    Limit(i64),
    Stop(i64),
    StopLimit(i64, i64),
    Trailing(i64),
}

/// Which exits come with it, in cents from its entry.
#[derive(Debug, Clone, Copy)]
pub enum Exits {
    None,
    Stop(i64),
    Both(i64),
}

#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub symbol: usize,
    pub side: Side,
    /// Tenths of a share, or tens of dollars.
    size: i64,
    is_notional: bool,
    priced: Priced,
    exits: Exits,
}

#[derive(Debug, Clone)]
pub enum Step {
    Order {
        by: usize,
        asked: Asked,
    },
    Replace {
        by: usize,
        pick: usize,
        cents: i64,
        shares: i64,
    },
    Cancel {
        by: usize,
        pick: usize,
    },
    /// The broker takes an order on, or does what it was asked to do with it.
    Answer {
        pick: usize,
        agrees: bool,
    },
    Fill {
        pick: usize,
        part: bool,
    },
    Price {
        symbol: usize,
        cents: i64,
    },
    Wait {
        seconds: i64,
    },
}

fn any_asked() -> impl Strategy<Value = Asked> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let cents = -150..150_i64;
    let priced = prop_oneof![
        3 => Just(Priced::Market),
        3 => cents.prop_map(Priced::Limit),
        1 => (1..150_i64).prop_map(Priced::Stop),
        1 => (1..150_i64, 0..100_i64).prop_map(|(stop, limit)| Priced::StopLimit(stop, limit)),
        1 => (1..150_i64).prop_map(Priced::Trailing),
    ];
    let exits = prop_oneof![
        2 => Just(Exits::None),
        1 => (50..2000_i64).prop_map(Exits::Stop),
        1 => (50..2000_i64).prop_map(Exits::Both),
    ];
    let size = (1..900_i64, (0..6).prop_map(|one_in| one_in == 0));
    (0..NAMES.len(), side, size, priced, exits).prop_map(|(symbol, side, size, priced, exits)| {
        let (size, is_notional) = size;
        Asked { symbol, side, size, is_notional, priced, exits }
    })
}

pub fn any_step() -> impl Strategy<Value = Step> {
    let pick = || any::<usize>();
    let by = || 0..2_usize;
    prop_oneof![
        8 => (by(), any_asked()).prop_map(|(by, asked)| Step::Order { by, asked }),
        2 => (by(), pick(), -150..150_i64, 1..90_i64)
            .prop_map(|(by, pick, cents, shares)| Step::Replace { by, pick, cents, shares }),
        1 => (by(), pick()).prop_map(|(by, pick)| Step::Cancel { by, pick }),
        4 => (pick(), any::<bool>()).prop_map(|(pick, agrees)| Step::Answer { pick, agrees }),
        5 => (pick(), any::<bool>()).prop_map(|(pick, part)| Step::Fill { pick, part }),
        2 => (0..NAMES.len(), -500..500_i64).prop_map(|(symbol, cents)| Step::Price { symbol, cents }),
        1 => (1..60_i64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

/// So many cents from a price.
pub fn away(price: i128, cents: i64) -> Price {
    Price::from_nanos(i64::try_from(price).unwrap() + cents * 10_000_000)
}

impl Asked {
    /// The order, where the last price is so much.
    pub fn order(&self, symbol: SymbolId, last: i128) -> NewOrder {
        let along = if self.side == Side::Buy { 1 } else { -1 };
        let at = |cents| away(last, cents);
        let kind = match self.priced {
            Priced::Market => OrderKind::Market,
            Priced::Limit(cents) => OrderKind::Limit { limit: at(cents) },
            Priced::Stop(cents) => OrderKind::Stop { stop: at(along * cents) },
            Priced::StopLimit(stop, limit) => {
                OrderKind::StopLimit { stop: at(along * stop), limit: at(along * (stop + limit)) }
            }
            Priced::Trailing(cents) => {
                OrderKind::TrailingStop { trail: Trail::Price(away(0, cents)) }
            }
        };
        let entry = i128::from(kind.limit().unwrap_or(at(0)).nanos());
        let class = match self.exits {
            Exits::None => OrderClass::Simple,
            Exits::Stop(cents) => {
                OrderClass::Oto { leg: Leg::StopLoss(StopLoss::at(away(entry, -along * cents))) }
            }
            Exits::Both(cents) => OrderClass::Bracket {
                take_profit: away(entry, along * cents),
                stop_loss: StopLoss::at(away(entry, -along * cents)),
            },
        };
        // Parts of a share are for simple market and limit orders.
        let is_plain = matches!(self.exits, Exits::None)
            && matches!(self.priced, Priced::Market | Priced::Limit(_));
        let size = match is_plain {
            true if self.is_notional => {
                OrderSize::Notional(Cash::from_nanos(self.size * 10 * SCALE))
            }
            // One in three is of a size whose worth is no whole number of the smallest unit.
            true => {
                let odd = if self.size % 3 == 0 { 12_345_677 } else { 0 };
                OrderSize::Shares(Quantity::from_nanos(self.size * SCALE / 10 + odd))
            }
            false => OrderSize::Shares(shares(self.size / 10 + 1)),
        };
        NewOrder::new(symbol, self.side, size, kind).grouped(class)
    }
}
