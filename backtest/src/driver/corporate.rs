//! What companies do to their shares while a run goes on: it happens before the first trade of its
//! day, as at a broker.

use super::Driver;
use crate::config::{BacktestConfig, Dividends};
use crate::{BacktestError, dates};
use kernel::{
    Cash, CashMovement, CorporateAction, Input, MovementKind, Price, Ratio, Reinvestment, Rounding,
    ShareChange, Stamped, SymbolId, Timestamp, TradingDay,
};
use marketdata::{Action, Facts};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// The actions of a run's symbols that lie within its data.
pub(super) struct Corporate {
    /// What is to come, oldest first.
    due: VecDeque<Due>,
    dividends: Dividends,
    /// Dividends whose ex-day has not closed.
    to_reinvest: Vec<Received>,
    /// What dividends have paid, less what short positions paid.
    received: Cash,
}

/// An action and its day.
struct Due {
    day: TradingDay,
    symbol: SymbolId,
    action: Action,
}

/// A dividend that was paid.
struct Received {
    day: TradingDay,
    symbol: SymbolId,
    amount: Cash,
    id: Box<str>,
}

impl Corporate {
    /// The actions from the day after the first data on.
    ///
    /// # Errors
    /// When there are actions and no calendar that says when a day begins.
    pub(super) fn new(config: &BacktestConfig, facts: &Facts) -> Result<Self, BacktestError> {
        let (first, last) = facts.span.ok_or(BacktestError::NoData)?;
        let mut due = Vec::new();
        for symbol in facts.symbols.ids() {
            for (date, action) in config.actions.of(facts.symbols.name(symbol)) {
                if config.calendar.is_empty() {
                    return Err(BacktestError::NoCalendar);
                }
                let date = dates::of(*date);
                let place = config.calendar.partition_point(|day| day.date < date);
                let day = config.calendar.get(place);
                let within =
                    day.filter(|day| first < day.extended_open && day.extended_open < last);
                due.extend(within.map(|day| Due { day: *day, symbol, action: *action }));
            }
        }
        // Of one day the split comes first: a dividend is told in the shares of its ex-day.
        due.sort_by_key(|due| {
            (due.day.date, due.symbol, matches!(due.action, Action::Dividend(_)))
        });
        let (to_reinvest, received) = (Vec::new(), Cash::ZERO);
        Ok(Self { due: due.into(), dividends: config.dividends, to_reinvest, received })
    }

    /// What dividends have paid, less what short positions paid.
    pub(super) const fn received(&self) -> Cash {
        self.received
    }

    /// Whether nothing happens up to an instant.
    #[inline]
    fn is_idle(&self, until: Timestamp) -> bool {
        self.to_reinvest.is_empty()
            && self.due.front().is_none_or(|due| until < due.day.extended_open)
    }

    /// The first instant at which something happens; that of now when something waits for a price.
    pub(super) fn next(&self) -> Timestamp {
        let due = self.due.front().map_or(Timestamp::MAX, |due| due.day.extended_open);
        if self.to_reinvest.is_empty() { due } else { Timestamp::MIN }
    }

    fn take_due(&mut self, until: Timestamp) -> Option<Due> {
        self.due.pop_front_if(|due| due.day.extended_open <= until)
    }
}

/// What the actions of a run's symbols say, for its manifest; `None` when there are none.
pub(crate) fn digest(config: &BacktestConfig, facts: &Facts) -> Option<String> {
    let mut hasher = Sha256::new();
    let mut any = false;
    for name in facts.symbols.names() {
        for (date, action) in config.actions.of(name) {
            any = true;
            let text = match action {
                Action::Split { new, old } => format!("{name} {date} split {new} {old}\n"),
                Action::Dividend(usd) => format!("{name} {date} dividend {usd}\n"),
            };
            hasher.update(text);
        }
    }
    any.then(|| hex::encode(hasher.finalize()))
}

impl Driver<'_, '_> {
    /// Tells the kernel of the splits to come: it turns prices and windows into new shares when
    /// their days begin, and shows strategies nothing before.
    pub(super) fn announce_splits(&mut self) -> Result<(), BacktestError> {
        let splits = self.corporate.due.iter().filter_map(|due| match due.action {
            Action::Split { new, old } => Some((due.symbol, due.day.date, Ratio::new(new, old)?)),
            Action::Dividend(_) => None,
        });
        let splits: Vec<_> = splits.collect();
        for (symbol, date, ratio) in splits {
            let id = format!("split-{}-{date}", symbol.index()).into();
            let change = ShareChange::Split(ratio);
            self.feed(Input::Corporate(CorporateAction { id, symbol, date, change }))?;
        }
        Ok(())
    }

    /// What happens to shares and cash before the first trade at or after an instant.
    #[inline]
    pub(super) fn before_trading(&mut self, at: Timestamp) -> Result<(), BacktestError> {
        if self.corporate.is_idle(at) { Ok(()) } else { self.corporate_actions(at) }
    }

    #[cold]
    fn corporate_actions(&mut self, at: Timestamp) -> Result<(), BacktestError> {
        self.reinvest(|day| day.close < at)?;
        while let Some(due) = self.corporate.take_due(at) {
            self.venue.exchange.advance(due.day.extended_open);
            self.updates()?;
            match due.action {
                Action::Split { new, old } => self.split(&due, new, old)?,
                Action::Dividend(usd) => self.pay(&due, usd)?,
            }
        }
        Ok(())
    }

    fn split(&mut self, due: &Due, new: u64, old: u64) -> Result<(), BacktestError> {
        let counts = u32::try_from(new).ok().zip(u32::try_from(old).ok());
        let is_done = counts.is_some_and(|(new, old)| {
            self.venue.exchange.split_by_hand(due.symbol, new, old).is_ok()
        });
        if !is_done {
            let symbol = self.kernel.state().symbols().name(due.symbol).to_owned();
            return Err(BacktestError::Split {
                symbol,
                date: dates::written(due.day.date),
                new,
                old,
            });
        }
        // The kernel's day begins with its first input, which may be the day's only bar.
        self.feed_at(due.day.extended_open, Input::Timer)?;
        self.updates()
    }

    /// Pays a dividend on what is held as its ex-day begins.
    fn pay(&mut self, due: &Due, usd: Price) -> Result<(), BacktestError> {
        let held = self.venue.exchange.position(due.symbol).map(|row| row.qty);
        let amount = held.and_then(|held| usd.value(held, Rounding::HalfEven));
        let Some(amount) = amount.filter(|amount| *amount != Cash::ZERO) else {
            return Ok(());
        };
        let id: Box<str> = format!("dividend-{}-{}", due.symbol.index(), due.day.date).into();
        self.venue.exchange.move_cash_by_hand(MovementKind::Dividend, amount);
        let kind = MovementKind::Dividend;
        let movement = CashMovement { id: id.clone(), kind, amount };
        self.feed_at(due.day.extended_open, Input::Cash(movement))?;
        let received = self.corporate.received.checked_add(amount);
        self.corporate.received = received.unwrap_or(Cash::MAX);
        if self.corporate.dividends == Dividends::Reinvest && !amount.is_negative() {
            let received = Received { day: due.day, symbol: due.symbol, amount, id };
            self.corporate.to_reinvest.push(received);
        }
        Ok(())
    }

    /// Buys with what was received on the days that have closed, once there is a price of them.
    #[inline]
    pub(super) fn at_close(&mut self, at: Timestamp) -> Result<(), BacktestError> {
        if self.corporate.to_reinvest.is_empty() { Ok(()) } else { self.reinvest_at_close(at) }
    }

    #[cold]
    fn reinvest_at_close(&mut self, at: Timestamp) -> Result<(), BacktestError> {
        self.reinvest(|day| day.close <= at)
    }

    fn reinvest(&mut self, has_closed: impl Fn(&TradingDay) -> bool) -> Result<(), BacktestError> {
        for received in std::mem::take(&mut self.corporate.to_reinvest) {
            let Received { day, symbol, amount, ref id } = received;
            let exchange = &mut self.venue.exchange;
            let bought = has_closed(&day)
                .then(|| exchange.reinvest_by_hand(symbol, amount, day.extended_open))
                .flatten();
            let Some((quantity, price)) = bought else {
                self.corporate.to_reinvest.push(received);
                continue;
            };
            let id = format!("{id}-shares").into();
            self.feed(Input::Reinvestment(Reinvestment { id, symbol, quantity, price }))?;
        }
        Ok(())
    }

    /// Feeds an input that has no time of its own.
    pub(super) fn feed_at(&mut self, at: Timestamp, input: Input) -> Result<(), BacktestError> {
        let at = self.pass_timers(Some(at))?;
        self.decide(&Stamped { at, seen: at, input })
    }
}
