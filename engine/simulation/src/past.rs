//! The limits that look back: at losses, at stops, at what was opened on the day, at orders that failed,
//! at news.

use crate::Violation;
use kernel::{
    Command, Event, ExecutionId, Input, Limits, Order, OrderKind, OrderNumber, OrderStatus,
    Quantity, ReportKind, State, SymbolId, Timestamp, TradingState,
};
use std::collections::BTreeMap;

/// An execution that counts against a limit.
#[derive(Debug)]
struct Counted {
    order: OrderNumber,
    execution: ExecutionId,
    symbol: SymbolId,
    at: Timestamp,
}

/// What has happened that entries are held against. What cannot be told from outside is not counted.
#[derive(Debug, Default)]
pub(crate) struct Past {
    losses: Vec<Counted>,
    stops: Vec<Counted>,
    /// Executions that opened a position on this trading day.
    openings: Vec<Counted>,
    failures: Vec<Timestamp>,
    news: BTreeMap<SymbolId, Timestamp>,
}

impl Past {
    /// An input is about to be taken.
    pub(crate) fn before(&mut self, input: &Input) {
        match input {
            Input::News(news) => {
                self.news.insert(news.symbol, news.time);
            }
            Input::Command(Command::Resume { .. }) => self.failures.clear(),
            _ => {}
        }
    }

    /// Something was decided.
    pub(crate) fn follow(&mut self, event: &Event, state: &State) {
        match event {
            Event::OrderFilled { .. } => self.fill(event, state),
            Event::OrderUpdated { from, report, .. } => self.update(*from, *report, state.now()),
            Event::TradingStateChanged { to: TradingState::Active, .. } => self.failures.clear(),
            Event::DayStarted { .. }
            | Event::DifferenceFound(_)
            | Event::SharesSplit { .. }
            | Event::AccountReset { .. } => self.openings.clear(),
            _ => {}
        }
    }

    /// Another process goes on: what was not synced may be gone.
    pub(crate) fn recovered(&mut self, state: &State) {
        let knows = |counted: &Counted| {
            let order = state.order(counted.order);
            order.is_some_and(|order| order.executions.contains(&counted.execution))
        };
        for list in [&mut self.losses, &mut self.stops, &mut self.openings] {
            list.retain(knows);
        }
        self.failures.clear();
        self.news.clear();
    }

    fn fill(&mut self, event: &Event, state: &State) {
        let Event::OrderFilled {
            order, execution, symbol, side, quantity, realised, position, ..
        } = event
        else {
            return;
        };
        let counted = || Counted {
            order: *order,
            execution: execution.clone(),
            symbol: *symbol,
            at: state.now(),
        };
        let before = position.checked_sub(side.signed(*quantity)).unwrap_or(Quantity::ZERO);
        let turns = !position.is_zero() && before.is_negative() != position.is_negative();
        if (before.is_zero() && !position.is_zero()) || (!before.is_zero() && turns) {
            self.openings.push(counted());
        }
        if !realised.is_negative() {
            return;
        }
        self.losses.push(counted());
        let order = state.order(*order);
        if order.is_some_and(|order| is_stop(order) && order.executions.len() == 1) {
            self.stops.push(counted());
        }
    }

    /// Failures in a row: an order of which the broker says something else first ends it.
    fn update(&mut self, from: OrderStatus, report: ReportKind, now: Timestamp) {
        match report {
            ReportKind::Refused | ReportKind::Rejected | ReportKind::AnswerLost => {
                self.failures.push(now);
            }
            ReportKind::NotReceived => {}
            _ if from == OrderStatus::Approved => self.failures.clear(),
            _ => {}
        }
    }

    /// Judges an order that opens or grows a position.
    pub(crate) fn judge(
        &self,
        order: &Order,
        now: Timestamp,
        limits: &Limits,
    ) -> Result<(), Violation> {
        let cools = limits.cooldown_after_loss.is_some_and(|span| {
            self.losses.iter().any(|loss| loss.symbol == order.symbol && now.since(loss.at) < span)
        });
        let is_guarded = || {
            let (most, window) = (limits.stop_guard_stops?, limits.stop_guard_window?);
            let recent = self.stops.iter().filter(|stop| now.since(stop.at) < window);
            Some(recent.count() >= usize::try_from(most).unwrap_or(usize::MAX))
        };
        let trips = limits
            .max_round_trips_per_day
            .is_some_and(|most| self.openings.len() >= usize::try_from(most).unwrap_or(usize::MAX));
        let is_news = limits.news_blackout.is_some_and(|span| {
            self.news.get(&order.symbol).is_some_and(|at| now.since(*at) < span)
        });
        let broken = [
            (cools, "the time after a loss"),
            (is_guarded().unwrap_or(false), "stops within a while"),
            (trips, "positions opened in a day"),
            (is_news, "the time after news"),
            (self.has_tripped(limits), "orders that fail in a row"),
        ];
        match broken.into_iter().find(|(is_broken, _)| *is_broken) {
            Some((_, what)) => Err(Violation::Limit { order: order.number, what }),
            None => Ok(()),
        }
    }

    /// Whether so many failed in a row, within the window, that trading should have ended.
    fn has_tripped(&self, limits: &Limits) -> bool {
        let Some(breaker) = limits.breaker else { return false };
        let many = usize::try_from(breaker.failures).unwrap_or(usize::MAX).max(1);
        let in_a_row = |row: &[Timestamp]| match row {
            [first, .., last] => last.since(*first) <= breaker.within,
            _ => true,
        };
        self.failures.windows(many).any(in_a_row)
    }
}

/// Whether an order is an exit at a stop.
fn is_stop(order: &Order) -> bool {
    let waits = matches!(
        order.kind,
        OrderKind::Stop { .. } | OrderKind::StopLimit { .. } | OrderKind::TrailingStop { .. }
    );
    waits && !order.grows
}
