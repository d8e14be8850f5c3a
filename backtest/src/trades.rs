//! Round trips: from the fill that opens a position to the one that closes it.
//!
//! Profit is the ledger's own, by mean cost and before fees. Fees are posted for a day as a whole;
//! each posting is shared among the fills since the one before it, by traded value, so that the
//! fees of all trades and of what is still open add up to what the account paid.

use crate::report::TradeRow;
use kernel::{
    Cash, Event, MarketData, Notional, Price, Quantity, Ratio, Rounding, Side, StrategyId,
    SymbolId, Symbols, Timestamp,
};

/// A fill as the book of trades needs it.
struct Fill {
    symbol: SymbolId,
    side: Side,
    quantity: Quantity,
    price: Price,
    realised: Cash,
    position: Quantity,
    time: Timestamp,
    strategy: Option<StrategyId>,
}

/// A trade, open or closed.
struct Trade {
    symbol: SymbolId,
    /// Of several strategies the one whose order opened it.
    strategy: Option<StrategyId>,
    /// Whether an order of another filled in it too.
    shared: bool,
    side: Side,
    entered: Leg,
    entry_time: Timestamp,
    left: Leg,
    exit_time: Timestamp,
    realised: Cash,
    fees: Cash,
    /// The lowest and the highest price while it was open.
    low: Price,
    high: Price,
}

/// The fills of one side of a trade.
#[derive(Default)]
struct Leg {
    quantity: Quantity,
    value: Notional,
}

/// What the trades that a strategy opened came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OfStrategy {
    pub closed: u64,
    pub shared: u64,
    pub realised: Cash,
    pub fees: Cash,
}

/// Every trade of a run, in the order in which they were opened.
pub(crate) struct Trades {
    trades: Vec<Trade>,
    /// The open trade of each symbol.
    open: Vec<Option<usize>>,
    /// Fills that no fee has been posted for: trade, time reported, traded value.
    uncharged: Vec<(usize, Timestamp, Cash)>,
    /// When the last fee was posted.
    posted: Timestamp,
    /// How many are open.
    held: usize,
    /// Steps at whose end one was.
    steps_held: u64,
    /// What was bought and sold.
    traded: Cash,
}

impl Trades {
    pub(crate) fn new(symbols: usize) -> Self {
        Self {
            trades: Vec::new(),
            open: vec![None; symbols],
            uncharged: Vec::new(),
            posted: Timestamp::MIN,
            held: 0,
            steps_held: 0,
            traded: Cash::ZERO,
        }
    }

    /// Whether something is held.
    #[inline]
    pub(crate) const fn any_is_open(&self) -> bool {
        self.held > 0
    }

    /// Looks how far prices go for and against the open trades, at the end of a step. The bar of
    /// an entry counts wholly, as what of it came before the entry is not known; of that of the
    /// exit only the exit's price does.
    pub(crate) fn watch(&mut self, data: &[MarketData], steps: usize) {
        self.steps_held += steps as u64;
        for of_symbol in data.chunk_by(|one, next| one.symbol() == next.symbol()) {
            let symbol = of_symbol.first().map(|datum| datum.symbol().index());
            let place = symbol.and_then(|symbol| self.open.get(symbol).copied().flatten());
            let Some(trade) = place.and_then(|place| self.trades.get_mut(place)) else { continue };
            for datum in of_symbol {
                let (low, high) = match datum {
                    MarketData::Bar(bar) => (bar.low, bar.high),
                    MarketData::Quote(_) | MarketData::Trade(_) => (datum.price(), datum.price()),
                };
                trade.reaches(low, high);
            }
        }
    }

    /// Steps at whose end something was held, and what was bought and sold in all.
    pub(crate) const fn activity(&self) -> (u64, Cash) {
        (self.steps_held, self.traded)
    }

    /// Books a fill. `reported` is the venue's time of it, `bar_time` the open time of the bar it
    /// happened in, `strategy` that whose order filled, where there are several. Every other event is
    /// passed over.
    pub(crate) fn take(
        &mut self,
        event: &Event,
        reported: Timestamp,
        bar_time: Timestamp,
        strategy: Option<StrategyId>,
    ) {
        let &Event::OrderFilled { symbol, side, quantity, price, realised, position, .. } = event
        else {
            return self.take_of_shares(event);
        };
        let time = bar_time;
        let fill = Fill { symbol, side, quantity, price, realised, position, time, strategy };
        let trade = self.book(&fill);
        let value = price.value(quantity, Rounding::HalfEven).unwrap_or(Cash::MAX);
        self.traded = self.traded.checked_add(value).unwrap_or(Cash::MAX);
        self.uncharged.push((trade, reported, value));
    }

    /// Shares that come of a split or of a dividend belong to the trade that is open. Every other
    /// event is passed over.
    fn take_of_shares(&mut self, event: &Event) {
        let (Event::SharesSplit { symbol, .. } | Event::DividendReinvested { symbol, .. }) = event
        else {
            return;
        };
        let open = self.open.get(symbol.index()).copied().flatten();
        let Some(trade) = open.and_then(|place| self.trades.get_mut(place)) else {
            return;
        };
        match event {
            Event::SharesSplit { ratio, .. } => trade.split(*ratio),
            Event::DividendReinvested { quantity, price, .. } => {
                trade.entered.add(*quantity, *price);
            }
            _ => {}
        }
    }

    /// Adds a fill to the open trade of its symbol, or opens one; says which.
    fn book(&mut self, fill: &Fill) -> usize {
        let open = self.open.get(fill.symbol.index()).copied().flatten();
        let Some((place, trade)) =
            open.and_then(|place| Some((place, self.trades.get_mut(place)?)))
        else {
            return self.begin(fill, fill.quantity);
        };
        trade.reaches(fill.price, fill.price);
        trade.shared |= trade.strategy != fill.strategy;
        if trade.side == fill.side {
            trade.entered.add(fill.quantity, fill.price);
            return place;
        }
        // No order of ours crosses zero, but whatever an account went through can be read here.
        let beyond = fill.position.abs();
        let crossed = fill.side.signed(beyond) == fill.position && !beyond.is_zero();
        let over = if crossed { beyond } else { Quantity::ZERO };
        trade.left.add(fill.quantity.checked_sub(over).unwrap_or(fill.quantity), fill.price);
        trade.exit_time = fill.time;
        trade.realised = trade.realised.checked_add(fill.realised).unwrap_or(Cash::MAX);
        if crossed {
            self.begin(fill, over);
        } else if fill.position.is_zero() {
            self.set_open(fill.symbol, None);
        }
        place
    }

    fn begin(&mut self, fill: &Fill, quantity: Quantity) -> usize {
        let mut entered = Leg::default();
        entered.add(quantity, fill.price);
        self.trades.push(Trade {
            symbol: fill.symbol,
            strategy: fill.strategy,
            shared: false,
            side: fill.side,
            entered,
            entry_time: fill.time,
            left: Leg::default(),
            exit_time: fill.time,
            realised: Cash::ZERO,
            fees: Cash::ZERO,
            low: fill.price,
            high: fill.price,
        });
        let place = self.trades.len() - 1;
        self.set_open(fill.symbol, Some(place));
        place
    }

    fn set_open(&mut self, symbol: SymbolId, trade: Option<usize>) {
        if let Some(open) = self.open.get_mut(symbol.index()) {
            self.held = self.held + usize::from(trade.is_some()) - usize::from(open.is_some());
            *open = trade;
        }
    }

    /// Shares a fee among the fills since the time of the posting before it. Postings come in the
    /// order of time; those of one time share the same fills.
    pub(crate) fn charge(&mut self, amount: Cash, posted: Timestamp) {
        if posted > self.posted {
            let before = std::mem::replace(&mut self.posted, posted);
            self.uncharged.retain(|(_, time, _)| *time > before);
        }
        let due = self.uncharged.partition_point(|(_, time, _)| *time <= posted);
        let charged = self.uncharged.get(..due).unwrap_or(&[]);
        let total =
            charged.iter().fold(0_i64, |sum, (.., value)| sum.saturating_add(value.nanos()));
        let (mut seen, mut given) = (0_i64, Cash::ZERO);
        for &(place, _, value) in charged {
            // By what is due up to here, so that the shares add up to the amount.
            seen = seen.saturating_add(value.nanos());
            let due = amount.proportion(seen, total, Rounding::HalfEven).unwrap_or(given);
            let share = due.checked_sub(given).unwrap_or(Cash::ZERO);
            given = due;
            if let Some(trade) = self.trades.get_mut(place) {
                trade.fees = trade.fees.checked_add(share).unwrap_or(Cash::MAX);
            }
        }
    }

    /// How many were closed.
    pub(crate) fn closed_count(&self) -> u64 {
        (self.trades.len() - self.open.iter().flatten().count()) as u64
    }

    /// The trades that were closed, in the order in which they were opened; with what several
    /// strategies are called.
    pub(crate) fn closed(&self, symbols: &Symbols, labels: &[String]) -> Vec<TradeRow> {
        let closed = self.trades.iter().enumerate().filter(|(place, _)| !self.is_open(*place));
        closed.map(|(_, trade)| trade.row(symbols, labels)).collect()
    }

    fn is_open(&self, place: usize) -> bool {
        self.open.contains(&Some(place))
    }

    /// What the trades came to that a strategy opened.
    pub(crate) fn of_strategy(&self, strategy: StrategyId) -> OfStrategy {
        let mut sum = OfStrategy::default();
        let own = self.trades.iter().enumerate();
        for (place, trade) in own.filter(|(_, trade)| trade.strategy == Some(strategy)) {
            sum.closed += u64::from(!self.is_open(place));
            sum.shared += u64::from(trade.shared);
            sum.realised = sum.realised.checked_add(trade.realised).unwrap_or(Cash::MAX);
            sum.fees = sum.fees.checked_add(trade.fees).unwrap_or(Cash::MAX);
        }
        sum
    }
}

impl Leg {
    fn add(&mut self, quantity: Quantity, price: Price) {
        self.quantity = self.quantity.checked_add(quantity).unwrap_or(Quantity::MAX);
        let value = price.times(quantity);
        self.value = self.value.checked_add(value).unwrap_or(self.value);
    }

    fn price(&self) -> Price {
        self.value.per(self.quantity, Rounding::HalfEven).unwrap_or_default()
    }
}

impl Trade {
    /// Counts in new shares.
    fn split(&mut self, ratio: Ratio) {
        for leg in [&mut self.entered, &mut self.left] {
            leg.quantity = ratio.shares(leg.quantity).unwrap_or(leg.quantity);
        }
        self.low = ratio.price(self.low).unwrap_or(self.low);
        self.high = ratio.price(self.high).unwrap_or(self.high);
    }

    #[inline]
    fn reaches(&mut self, low: Price, high: Price) {
        self.low = self.low.min(low);
        self.high = self.high.max(high);
    }

    /// What the whole entry would have gained at a price.
    fn at(&self, price: Price) -> Cash {
        let entry = self.entered.price();
        let moved = match self.side {
            Side::Buy => price.checked_sub(entry),
            Side::Sell => entry.checked_sub(price),
        };
        let value = moved.and_then(|moved| moved.value(self.entered.quantity, Rounding::HalfEven));
        value.unwrap_or(Cash::ZERO)
    }

    fn row(&self, symbols: &Symbols, labels: &[String]) -> TradeRow {
        let label = self.strategy.and_then(|strategy| labels.get(usize::from(strategy.0)));
        TradeRow {
            symbol: symbols.name(self.symbol).into(),
            strategy: label.cloned(),
            side: self.side,
            qty: self.entered.quantity,
            entry_time: self.entry_time,
            entry_price: self.entered.price(),
            exit_time: self.exit_time,
            exit_price: self.left.price(),
            pnl: self.realised,
            fees: self.fees,
            mae: self.at(self.low).min(self.at(self.high)).min(Cash::ZERO),
            mfe: self.at(self.low).max(self.at(self.high)).max(Cash::ZERO),
        }
    }
}
