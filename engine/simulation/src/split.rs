//! Shares that are split as a day begins: drawn for a plan, carried out at the exchange, and told to
//! the session, in time or not.

use crate::kind::Kind;
use crate::random::Random;
use crate::world::World;
use crate::{Fault, Violation};
use kernel::{
    Bar, CorporateAction, Event, Input, MarketData, Order, Price, Quote, Ratio, Rounding,
    ShareChange, Symbols, Timestamp, Trade, TradingDay,
};

/// New shares for old ones.
const RATIOS: [(u32, u32); 8] = [(2, 1), (3, 1), (3, 2), (4, 1), (10, 1), (1, 2), (1, 3), (1, 5)];

/// A split of one symbol's shares.
#[derive(Debug, Clone)]
pub(crate) struct Split {
    pub(crate) action: CorporateAction,
    pub(crate) new: u32,
    pub(crate) old: u32,
    pub(crate) ratio: Ratio,
    /// When it happens: as its day begins.
    pub(crate) at: Timestamp,
    /// From when on the broker tells of it.
    pub(crate) told_from: Timestamp,
}

/// The splits of a plan, on its second day; a quarter of them is told of too late.
pub(crate) fn draw(seed: u64, symbols: &Symbols, days: &[TradingDay]) -> Vec<Split> {
    let Some(day) = days.get(1) else { return Vec::new() };
    let mut random = Random::new(seed, 3);
    let mut splits = Vec::new();
    for symbol in symbols.ids() {
        let is_split = random.chance(300);
        let (new, old) = random.pick(&RATIOS).copied().unwrap_or((2, 1));
        let told_from = match random.chance(250) {
            true => day.open.plus(random.millis(0, 3 * 3_600_000)),
            false => Timestamp::MIN,
        };
        let Some(ratio) = Ratio::new(new.into(), old.into()).filter(|_| is_split) else { continue };
        let id = format!("split-{}", symbol.index()).into();
        let change = ShareChange::Split(ratio);
        let action = CorporateAction { id, symbol, date: day.date, change };
        splits.push(Split { action, new, old, ratio, at: day.extended_open, told_from });
    }
    splits
}

/// Market data in the shares of their time.
pub(crate) fn as_traded(steps: Vec<Vec<MarketData>>, splits: &[Split]) -> Vec<Vec<MarketData>> {
    let now = |data: MarketData| {
        let of_it = splits.iter().filter(|it| it.action.symbol == data.symbol());
        let happened = of_it.filter(|it| it.at <= data.time());
        happened.fold(data, |data, split| rebased(data, split.ratio))
    };
    steps.into_iter().map(|step| step.into_iter().map(now).collect()).collect()
}

/// Market data at the prices after a split.
fn rebased(data: MarketData, ratio: Ratio) -> MarketData {
    let price = |before: Price| {
        let after = ratio.price(before).unwrap_or(before).to_tick(Rounding::HalfEven);
        if after.is_positive() { after } else { before }
    };
    match data {
        MarketData::Bar(bar) => MarketData::Bar(Bar {
            open: price(bar.open),
            high: price(bar.high),
            low: price(bar.low),
            close: price(bar.close),
            ..bar
        }),
        MarketData::Quote(quote) => {
            MarketData::Quote(Quote { bid: price(quote.bid), ask: price(quote.ask), ..quote })
        }
        MarketData::Trade(trade) => MarketData::Trade(Trade { price: price(trade.price), ..trade }),
    }
}

impl World {
    /// A split happens at the exchange.
    pub(crate) fn split(&mut self, place: usize) -> Result<(), Violation> {
        let Some(split) = self.plan.splits.get(place).cloned() else { return Ok(()) };
        let symbol = split.action.symbol;
        self.venue.exchange.advance(self.now);
        let state = self.shell.as_ref().map(|shell| shell.state());
        let is_known = state.is_some_and(|state| state.knows_action(&split.action.id));
        let live = state.into_iter().flat_map(|state| state.live_orders());
        let met: Vec<_> = live.filter(|order| order.symbol == symbol).map(Kind::of).collect();
        self.count_fault();
        for kind in met {
            self.coverage.count(Fault::SharesSplit, kind);
        }
        self.watch.news.split(symbol, is_known);
        let done = self.venue.exchange.split_by_hand(symbol, split.new, split.old);
        done.map_err(|refusal| Violation::Exchange(refusal.message))?;
        // A broker gives the bars of the past in the shares of today.
        for data in self.history.iter_mut().filter(|data| data.symbol() == symbol) {
            *data = rebased(*data, split.ratio);
        }
        self.send_updates();
        Ok(())
    }

    /// Feeds every split that the broker tells of and the session does not know.
    pub(crate) fn learn_splits(&mut self) -> Result<(), Violation> {
        for place in 0..self.plan.splits.len() {
            let Some(split) = self.plan.splits.get(place) else { break };
            let state = self.shell.as_ref().map(|shell| shell.state());
            let is_news = state.is_some_and(|state| !state.knows_action(&split.action.id));
            if is_news && split.told_from <= self.now {
                let action = split.action.clone();
                self.feed(Input::Corporate(action))?;
            }
        }
        Ok(())
    }

    /// Notes orders that are decided on in split shares.
    pub(crate) fn note_split(&mut self, event: &Event) {
        let Event::OrderApproved(order) = event else { return };
        let is_after = |split: &Split, order: &Order| {
            split.action.symbol == order.symbol && split.at <= self.now
        };
        if self.plan.splits.iter().any(|split| is_after(split, order)) {
            self.coverage.count(Fault::SharesSplit, Kind::of(order));
        }
    }
}
