//! The rounds of the drill: which kinds of order belong to which.

use kernel::{
    BasisPoints, Cash, Leg, NewOrder, OrderClass, OrderKind, OrderSize, Percent, Price, Quantity,
    Rounding, SCALE, Side, StopLoss, SymbolId, TimeInForce, Trail,
};

/// Bars of one round.
pub const ROUND: u64 = 12;

/// What is traded in a round. After the last the first comes again.
const PLANS: [Plan; 10] = [
    Plan::Plain,
    Plan::StopLimit,
    Plan::TrailPrice,
    Plan::Notional,
    Plan::Fractional,
    Plan::Bracket,
    Plan::Oto,
    Plan::Oco,
    Plan::Short,
    Plan::TrailPercent,
];

/// Each is named for what is special of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Plain,
    StopLimit,
    TrailPrice,
    Notional,
    Fractional,
    Bracket,
    Oto,
    Oco,
    Short,
    TrailPercent,
}

/// One round in one symbol, at the price of its bar.
pub struct Round {
    plan: Plan,
    symbol: SymbolId,
    price: Price,
}

impl Round {
    /// The round of a number, from 0. Symbols are in different plans at a time.
    pub fn new(number: u64, place: u64, symbol: SymbolId, price: Price) -> Self {
        let plans = PLANS.len() as u64;
        let at = usize::try_from((number + place * plans / 2) % plans).unwrap_or_default();
        let plan = PLANS.get(at).copied().unwrap_or(Plan::Plain);
        Self { plan, symbol, price }
    }

    pub const fn symbol(&self) -> SymbolId {
        self.symbol
    }

    /// Shares of most orders.
    pub fn shares() -> Quantity {
        Quantity::from_nanos(8 * SCALE)
    }

    fn buy(&self, kind: OrderKind) -> NewOrder {
        NewOrder::new(self.symbol, Side::Buy, Self::shares(), kind)
    }

    /// The entry that is taken back before it fills.
    pub fn resting(&self) -> NewOrder {
        let limit = self.buy(OrderKind::Limit { limit: self.off(-150) });
        match self.plan {
            Plan::StopLimit => {
                self.buy(OrderKind::StopLimit { stop: self.off(150), limit: self.off(200) })
            }
            Plan::TrailPrice => limit.lasting(TimeInForce::Gtc),
            Plan::Notional => self.buy(OrderKind::Market).lasting(TimeInForce::Cls),
            Plan::Fractional => limit.in_extended_hours(),
            Plan::TrailPercent => self.buy(OrderKind::Stop { stop: self.off(150) }),
            _ => limit,
        }
    }

    /// The entry that fills. A short sale is one of a bracket: such an order opens a position by its
    /// kind, so that a sale that should have closed one is not taken for it.
    pub fn entry(&self) -> NewOrder {
        let market = self.buy(OrderKind::Market);
        let at_once = self.buy(OrderKind::Limit { limit: self.off(100) });
        let sized = |size| NewOrder { size, ..market };
        match self.plan {
            Plan::StopLimit => at_once.lasting(TimeInForce::Ioc),
            Plan::TrailPrice => at_once.lasting(TimeInForce::Fok),
            Plan::Notional => sized(OrderSize::Notional(Cash::from_nanos(700 * SCALE))),
            Plan::Fractional => sized(Quantity::from_nanos(7 * SCALE / 2).into()),
            Plan::Bracket => {
                let stop_loss = StopLoss::at(self.off(-200));
                let class = OrderClass::Bracket { take_profit: self.off(200), stop_loss };
                market.lasting(TimeInForce::Gtc).grouped(class)
            }
            Plan::Oto => {
                let stop_loss = StopLoss::with_limit(self.off(-200), self.off(-250));
                market.grouped(OrderClass::Oto { leg: Leg::StopLoss(stop_loss) })
            }
            Plan::Short => {
                let stop_loss = StopLoss::at(self.off(200));
                let class = OrderClass::Bracket { take_profit: self.off(-200), stop_loss };
                NewOrder { side: Side::Sell, ..market }.grouped(class)
            }
            Plan::Plain | Plan::Oco | Plan::TrailPercent => market,
        }
    }

    /// The exit that rests. Prices are on the side on which they do not fill at once.
    pub fn exit(&self, side: Side, held: Quantity) -> NewOrder {
        let order = |kind| NewOrder::new(self.symbol, side, held, kind);
        let stop = self.beyond(side, 200);
        let profit = OrderKind::Limit { limit: self.beyond(side, -200) };
        // Parts of a share take no order beyond a plain one for the day.
        let plan = if held.is_whole() { self.plan } else { Plan::Plain };
        match plan {
            Plan::StopLimit => order(OrderKind::StopLimit { stop, limit: self.beyond(side, 250) })
                .lasting(TimeInForce::Gtc),
            Plan::TrailPrice => order(OrderKind::TrailingStop { trail: self.trail(200) }),
            Plan::TrailPercent => {
                let trail = Trail::Percent(Percent::from_nanos(2 * SCALE));
                order(OrderKind::TrailingStop { trail }).lasting(TimeInForce::Gtc)
            }
            Plan::Oco => {
                let stop_loss = StopLoss::at(stop);
                order(profit).lasting(TimeInForce::Gtc).grouped(OrderClass::Oco { stop_loss })
            }
            Plan::Notional => order(profit),
            _ => order(OrderKind::Stop { stop }),
        }
    }

    /// An order's kind when it is moved to so many basis points from the price; `None` for one without
    /// a price.
    pub fn moved(&self, side: Side, kind: OrderKind, points: i32) -> Option<OrderKind> {
        match kind {
            OrderKind::Market => None,
            OrderKind::Limit { .. } => Some(OrderKind::Limit { limit: self.beyond(side, -points) }),
            OrderKind::Stop { .. } => Some(OrderKind::Stop { stop: self.beyond(side, points) }),
            OrderKind::StopLimit { .. } => {
                let stop = self.beyond(side, points);
                Some(OrderKind::StopLimit { stop, limit: self.beyond(side, points + 50) })
            }
            OrderKind::TrailingStop { trail: Trail::Price(_) } => {
                Some(OrderKind::TrailingStop { trail: self.trail(points) })
            }
            OrderKind::TrailingStop { trail: Trail::Percent(_) } => {
                let percent = Percent::from_nanos(i64::from(points) * SCALE / 100);
                Some(OrderKind::TrailingStop { trail: Trail::Percent(percent) })
            }
        }
    }

    /// A price so many basis points from the market, in the direction in which a stop of that side
    /// lies.
    fn beyond(&self, side: Side, points: i32) -> Price {
        self.off(if side == Side::Buy { points } else { -points })
    }

    /// The price so many basis points above the market, or below it.
    fn off(&self, points: i32) -> Price {
        let off = self.price.shifted(BasisPoints::new(points), Rounding::Down);
        off.unwrap_or(self.price).to_tick(Rounding::Down)
    }

    fn trail(&self, points: i32) -> Trail {
        let distance = self.price.nanos().saturating_sub(self.off(-points).nanos());
        Trail::Price(Price::from_nanos(distance).to_tick(Rounding::Up))
    }
}
