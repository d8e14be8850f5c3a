//! A strategy without sense: it asks for everything that can be asked for.
//!
//! It is a function of what it has observed and of the view, as a strategy must be: its dice are a
//! hash of its seed and of the bars it has seen.

use crate::plan::Plan;
use crate::random::mix;
use kernel::{
    BasisPoints, Cash, Intent, Intents, Leg, MarketData, NewOrder, Order, OrderClass, OrderKind,
    OrderSize, Origin, Percent, Price, Quantity, Ratio, Rounding, SCALE, Side, Span, StopLoss,
    Strategy, SymbolId, TimeInForce, Timestamp, Trail, View,
};

/// The most shares that an order asks for.
const LARGE: u64 = 120;

/// Orders that a day is to come to at least. One that falls behind them in its second half, since its
/// limits are tight or it was halted for long, has small ones as well.
const WANTED: u64 = 70;

/// The strategy.
#[derive(Debug, Clone)]
pub(crate) struct Trader {
    seed: u64,
    /// Orders proposed in a thousand bars; more than one of some where it is above that.
    orders: u64,
    /// Whether it only watches.
    is_silent: bool,
    /// The opens and closes of the days.
    auctions: Vec<(Timestamp, Timestamp)>,
    /// Bars observed, by symbol.
    seen: Vec<u64>,
}

/// Dice of one bar: each draw gives another number.
struct Dice {
    state: u64,
    draws: u64,
}

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.draws += 1;
        mix(self.state, self.draws) % limit.max(1)
    }

    fn chance(&mut self, in_a_thousand: u64) -> bool {
        self.below(1000) < in_a_thousand
    }

    /// A price near another one, so many basis points away at most, on the tick.
    fn near(&mut self, price: Price, most: u64) -> Price {
        let away = i32::try_from(self.below(2 * most + 1)).unwrap_or(0);
        let away = BasisPoints::new(away - i32::try_from(most).unwrap_or(0));
        price.shifted(away, Rounding::HalfEven).unwrap_or(price).to_tick(Rounding::HalfEven)
    }
}

impl Trader {
    /// The strategy at a place of a plan's list.
    pub(crate) fn new(plan: &Plan, place: u64) -> Self {
        let days = plan.calendar.iter().take(plan.days);
        Self {
            seed: if place == 0 { plan.seed } else { mix(plan.seed, place) },
            orders: plan.orders / plan.traders,
            is_silent: place >= plan.traders,
            auctions: days.map(|day| (day.open, day.close)).collect(),
            seen: vec![0; plan.symbols.len()],
        }
    }

    /// The auction that is near, if one is.
    fn auction(&self, now: Timestamp) -> Option<TimeInForce> {
        self.auctions.iter().find_map(|(open, close)| {
            let near = |auction: &Timestamp| {
                now < *auction && auction.since(now) <= Span::from_secs(30 * 60)
            };
            match (near(open), near(close)) {
                (true, _) => Some(TimeInForce::Opg),
                (false, true) => Some(TimeInForce::Cls),
                (false, false) => None,
            }
        })
    }

    fn dice(&self, symbol: SymbolId) -> Dice {
        let seen = self.seen.get(symbol.index()).copied().unwrap_or(0);
        Dice { state: mix(mix(self.seed, seen), symbol.index() as u64), draws: 0 }
    }

    /// Whether fewer orders were sent on this day than it should have by now.
    fn is_behind(&self, view: &View<'_>) -> bool {
        let now = view.now();
        let mut days = self.auctions.iter();
        let Some((open, close)) = days.find(|(open, close)| *open <= now && now < *close) else {
            return false;
        };
        let (gone, whole) = (now.since(*open).nanos(), close.since(*open).nanos());
        let is_of_it = |order: &&Order| {
            matches!(order.origin, Origin::Strategy(_))
                && order.parent.is_none()
                && order.approved_at >= *open
        };
        let sent = || view.symbols().ids().flat_map(|it| view.orders(it)).filter(is_of_it).count();
        gone > whole / 2 && sent() as u64 * whole.unsigned_abs() < WANTED * gone.unsigned_abs()
    }

    /// An order for so many shares at most.
    fn submit(&self, dice: &mut Dice, data: &MarketData, view: &View<'_>, most: u64) -> Intent {
        let (symbol, price) = (data.symbol(), data.price());
        let held = view.position(symbol).quantity;
        let closes = !held.is_zero() && dice.chance(450);
        let side = match (closes, held.is_positive()) {
            (true, true) => Side::Sell,
            (true, false) => Side::Buy,
            (false, _) if dice.chance(350) => Side::Sell,
            (false, _) => Side::Buy,
        };
        let asked = i64::try_from(1 + dice.below(most)).unwrap_or(1);
        let asked = Quantity::from_whole(asked).unwrap_or(Quantity::MAX);
        let quantity = if closes { asked.min(held.abs()) } else { asked };
        let order = NewOrder::new(symbol, side, quantity, kind(dice, side, price));
        if let Some(auction) = self.auction(data.time()).filter(|_| dice.chance(400)) {
            return Intent::Submit(at_market_or_limit(order).lasting(auction));
        }
        Intent::Submit(match dice.below(10) {
            0 | 1 => order.lasting(TimeInForce::Gtc),
            2 => of_the_moment(dice, order),
            3 => in_parts(dice, order, price),
            4 | 5 => grouped(dice, order, price, closes),
            _ => order,
        })
    }

    /// Cancels or changes a working order, if the dice want it.
    fn disturb(dice: &mut Dice, orders: &[&Order], price: Price) -> Option<Intent> {
        let place = dice.below(orders.len() as u64);
        let order = orders.get(usize::try_from(place).ok()?)?;
        if dice.chance(600) {
            return Some(Intent::Cancel { order: order.number });
        }
        let more = i64::try_from(dice.below(20)).unwrap_or(0);
        let quantity = order.quantity.checked_add(Quantity::from_whole(more)?)?;
        let kind = match order.kind {
            OrderKind::Market => return None,
            OrderKind::Limit { .. } => OrderKind::Limit { limit: dice.near(price, 80) },
            OrderKind::Stop { .. } => OrderKind::Stop { stop: dice.near(price, 80) },
            OrderKind::StopLimit { .. } => {
                OrderKind::StopLimit { stop: dice.near(price, 80), limit: dice.near(price, 80) }
            }
            OrderKind::TrailingStop { trail } => OrderKind::TrailingStop { trail },
        };
        Some(Intent::Replace { order: order.number, quantity, kind })
    }
}

/// Any kind of order with prices near the market, now and then on its wrong side or far off.
fn kind(dice: &mut Dice, side: Side, price: Price) -> OrderKind {
    let away = BasisPoints::new(i32::try_from(dice.below(60)).unwrap_or(0));
    let away = if side == Side::Buy { away } else { away.negated() };
    let stop = price.shifted(away, Rounding::HalfEven).unwrap_or(price).to_tick(Rounding::HalfEven);
    let most = if dice.chance(30) { 1_500 } else { 60 };
    match dice.below(5) {
        0 => OrderKind::Market,
        1 => OrderKind::Limit { limit: dice.near(price, most) },
        2 => OrderKind::Stop { stop },
        3 => OrderKind::TrailingStop { trail: trail(dice) },
        _ => OrderKind::StopLimit { stop, limit: dice.near(stop, 40) },
    }
}

fn trail(dice: &mut Dice) -> Trail {
    match dice.chance(500) {
        true => Trail::Price(Price::from_nanos(SCALE / 2)),
        false => Trail::Percent(Percent::from_nanos(SCALE / 2)),
    }
}

/// An order that fills at once, or in an auction, or not at all.
fn of_the_moment(dice: &mut Dice, order: NewOrder) -> NewOrder {
    let moment = match dice.below(8) {
        0 => TimeInForce::Opg,
        1 => TimeInForce::Cls,
        2 | 3 => TimeInForce::Ioc,
        _ => TimeInForce::Fok,
    };
    at_market_or_limit(order).lasting(moment)
}

fn at_market_or_limit(order: NewOrder) -> NewOrder {
    let kind = match order.kind {
        OrderKind::Limit { .. } => order.kind,
        _ => OrderKind::Market,
    };
    NewOrder { kind, ..order }
}

/// An order in dollars, or in parts of a share.
fn in_parts(dice: &mut Dice, order: NewOrder, price: Price) -> NewOrder {
    let parts = i64::try_from(dice.below(40 * SCALE.unsigned_abs())).unwrap_or(SCALE);
    let parts = Quantity::from_nanos(parts.max(SCALE / 100));
    let size = match (dice.chance(500), price.value(parts, Rounding::Down)) {
        (true, Some(value)) => {
            let cents = value.nanos() / (SCALE / 100) * (SCALE / 100);
            OrderSize::Notional(Cash::from_nanos(cents.max(SCALE)))
        }
        _ => OrderSize::Shares(parts),
    };
    at_market_or_limit(NewOrder { size, ..order })
}

/// An order with legs: around an entry, or around what is held.
fn grouped(dice: &mut Dice, order: NewOrder, price: Price, closes: bool) -> NewOrder {
    let away = BasisPoints::new(20 + i32::try_from(dice.below(60)).unwrap_or(0));
    let (up, down) = (
        price.shifted(away, Rounding::HalfEven),
        price.shifted(away.negated(), Rounding::HalfEven),
    );
    let (Some(up), Some(down)) = (up, down) else { return order };
    let (up, down) = (up.to_tick(Rounding::HalfEven), down.to_tick(Rounding::HalfEven));
    // An entry's exits are on the other side; an OCO is itself an exit.
    let sells = (order.side == Side::Sell) == closes;
    let (profit, loss) = if sells { (up, down) } else { (down, up) };
    let limit = dice.chance(300).then(|| dice.near(loss, 20));
    let stop_loss = StopLoss { stop: loss, limit };
    if closes {
        let kind = OrderKind::Limit { limit: profit };
        return NewOrder { kind, ..order }.grouped(OrderClass::Oco { stop_loss });
    }
    let class = match dice.below(3) {
        0 => OrderClass::Oto { leg: Leg::StopLoss(stop_loss) },
        1 => OrderClass::Oto { leg: Leg::TakeProfit { limit: profit } },
        _ => OrderClass::Bracket { take_profit: profit, stop_loss },
    };
    at_market_or_limit(order).grouped(class)
}

impl Strategy for Trader {
    fn observe(&mut self, data: &MarketData) {
        if let Some(seen) = self.seen.get_mut(data.symbol().index()) {
            *seen += 1;
        }
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        if self.is_silent {
            return;
        }
        let symbol = data.symbol();
        let mut dice = self.dice(symbol);
        // More than one where bars are few.
        let proposals = self.orders / 1000 + u64::from(dice.chance(self.orders % 1000));
        let orders: Vec<&Order> = view.open_orders(symbol).collect();
        for _ in 0..proposals {
            let intent = match dice.chance(300) {
                true => Self::disturb(&mut dice, &orders, data.price()),
                false => None,
            };
            let intent = intent.unwrap_or_else(|| self.submit(&mut dice, data, view, LARGE));
            // A strategy that repeats itself.
            if dice.chance(50) {
                intents.push(intent.clone());
            }
            intents.push(intent);
        }
        if self.is_behind(view) {
            intents.push(self.submit(&mut dice, data, view, 1));
        }
    }

    fn warmup_bars(&self) -> usize {
        5
    }

    fn rebase(&mut self, _: SymbolId, _: Ratio) {}

    fn reset(&mut self) {
        self.seen.fill(0);
    }
}
