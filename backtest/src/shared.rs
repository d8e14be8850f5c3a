//! Several strategies in one account: who did what.

use crate::report::StrategyLine;
use crate::trades::Trades;
use kernel::{Cash, Event, Origin, Rounding, State, StrategyId, StrategySpec};

/// What each strategy of a run has done so far.
pub(crate) struct Shared {
    labels: Vec<String>,
    counts: Vec<Counts>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    orders: u64,
    denied: u64,
    fills: u64,
    traded: Cash,
}

impl Shared {
    /// For the strategies of a run; `None` for one alone, of which the account tells all.
    pub(crate) fn new(labels: &[String], specs: &[StrategySpec]) -> Option<Self> {
        let counts = vec![Counts::default(); specs.len()];
        (specs.len() > 1).then(|| Self { labels: labelled(labels, specs), counts })
    }

    /// What the strategies are called.
    pub(crate) fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Counts an event; says whose order filled, when one did.
    pub(crate) fn take(&mut self, event: &Event, state: &State) -> Option<StrategyId> {
        match event {
            Event::OrderApproved(order) => self.of(order.origin)?.orders += 1,
            Event::OrderDenied { origin, .. } => self.of(*origin)?.denied += 1,
            Event::OrderFilled { order, quantity, price, .. } => {
                let origin = state.order(*order)?.origin;
                let counts = self.of(origin)?;
                counts.fills += 1;
                let value = price.value(*quantity, Rounding::HalfEven).unwrap_or(Cash::MAX);
                counts.traded = counts.traded.checked_add(value).unwrap_or(Cash::MAX);
                return strategy_of(origin);
            }
            _ => {}
        }
        None
    }

    fn of(&mut self, origin: Origin) -> Option<&mut Counts> {
        self.counts.get_mut(usize::from(strategy_of(origin)?.0))
    }

    /// The lines of the result.
    pub(crate) fn lines(&self, specs: &[StrategySpec], trades: &Trades) -> Vec<StrategyLine> {
        let all = (0..).map(StrategyId).zip(&self.labels).zip(specs).zip(&self.counts);
        let lines = all.map(|(((id, label), spec), counts)| {
            let own = trades.of_strategy(id);
            StrategyLine {
                label: label.clone(),
                strategy: spec.name.to_string(),
                orders: counts.orders,
                denied: counts.denied,
                fills: counts.fills,
                traded: counts.traded,
                trades: own.closed,
                shared: own.shared,
                pnl: own.realised,
                fees: own.fees,
            }
        });
        lines.collect()
    }
}

const fn strategy_of(origin: Origin) -> Option<StrategyId> {
    match origin {
        Origin::Strategy(id) => Some(id),
        Origin::Operator | Origin::Kernel => None,
    }
}

/// What the strategies of a run are called: as was said, else by their names.
pub(crate) fn labelled(labels: &[String], specs: &[StrategySpec]) -> Vec<String> {
    let label = |(place, spec): (usize, &StrategySpec)| {
        labels.get(place).cloned().unwrap_or_else(|| spec.name.to_string())
    };
    specs.iter().enumerate().map(label).collect()
}
