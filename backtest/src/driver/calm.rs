//! Bars on which the venue has nothing to do.
//!
//! While no order is open and nothing falls due, all that the exchange makes of a bar is the last price and
//! the time. So it is told of many at once, before anything is asked of it again, and only the kernel sees
//! each. What is decided, and what is told of it, is the same as by single steps.

use super::Driver;
use crate::BacktestError;
use kernel::{
    Cash, Input, MarketData, Quantity, Rounding, Span, Stamped, State, SymbolId, Timestamp,
};

/// Cash, and the only position that is held: what the equity is made of while nothing is filled.
struct Holding {
    cash: Cash,
    position: Option<(SymbolId, Quantity)>,
    /// What the position is worth at the newest price.
    value: Cash,
    now: Timestamp,
}

impl<'a> Driver<'a, '_> {
    /// Takes the bars that come before anything can happen at the venue, each the only one of its instant,
    /// up to the first that leads to something; how many there were.
    pub(super) fn in_calm(&mut self, data: &'a [MarketData]) -> Result<usize, BacktestError> {
        let Some((last, mut holding)) = self.calm_until() else { return Ok(0) };
        let mut taken = 0;
        let mut next = data.first();
        while let Some(datum @ MarketData::Bar(_)) = next {
            let at = datum.time();
            next = data.get(taken + 1);
            let is_alone = next.is_none_or(|next| next.time() != at);
            if at > last || !is_alone || self.kernel.due(at).is_some() {
                break;
            }
            taken += 1;
            let at = at.max(self.kernel.state().now());
            let decided = self.kernel.decide_on_market(at, datum, &mut self.out);
            self.check(decided)?;
            if !self.led_to_nothing() {
                let (before, own) = data.split_at_checked(taken - 1).unwrap_or_default();
                self.look_back_on(&mut holding, before);
                let own = own.get(..1).unwrap_or_default();
                self.venue.exchange.pass_bars(own);
                self.step = own;
                self.act_on(&Stamped { at, seen: at, input: Input::Market(*datum) })?;
                self.look_back(own);
                return Ok(taken);
            }
        }
        self.look_back_on(&mut holding, data.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    /// What is noted of bars that led to nothing: the same as [`Driver::look_back`] for each of them.
    #[inline]
    fn look_back_on(&mut self, holding: &mut Holding, bars: &[MarketData]) {
        self.venue.exchange.pass_bars(bars);
        if self.trades.any_is_open() {
            self.trades.watch(bars, bars.len());
        }
        for bar in bars {
            let equity = holding.at(bar);
            self.equity.mark(holding.now, equity);
        }
    }

    /// The last instant up to which nothing happens but what the market data say, and what is held until
    /// then; `None` where each step counts for itself.
    fn calm_until(&self) -> Option<(Timestamp, Holding)> {
        let exchange = &self.venue.exchange;
        let is_calm = exchange.is_idle()
            && self.meeting.is_none()
            && self.last_bars.is_none()
            && self.journal.is_none()
            && self.models.is_empty()
            && self.circumstances.is_none();
        if !is_calm {
            return None;
        }
        let due = exchange.wakes_at().min(self.corporate.next());
        let last = self.equity.session_ends().min(due.minus(Span::from_nanos(1)));
        Some((last, Holding::of(self.kernel.state())?))
    }
}

impl Holding {
    /// `None` when several symbols are held.
    fn of(state: &State) -> Option<Self> {
        let positions = state.symbols().ids().zip(state.ledger().positions());
        let mut held = positions.filter(|(_, position)| !position.quantity.is_zero());
        let position = held.next().map(|(symbol, position)| (symbol, position.quantity));
        let value = position.map(|(symbol, _)| state.market_value(symbol).unwrap_or(Cash::MAX));
        let value = value.unwrap_or_default();
        let (cash, now) = (state.ledger().cash(), state.now());
        held.next().is_none().then_some(Self { cash, position, value, now })
    }

    /// The equity after a bar.
    #[inline]
    fn at(&mut self, bar: &MarketData) -> Cash {
        self.now = self.now.max(bar.time());
        if let Some((_, held)) = self.position.filter(|(symbol, _)| *symbol == bar.symbol()) {
            let value = bar.price().value(held, Rounding::HalfEven);
            self.value = value.unwrap_or(Cash::MAX);
        }
        Cash::from_nanos(self.cash.nanos().saturating_add(self.value.nanos()))
    }
}
