//! Money flow index.

use super::entry::{Entry, Field, Output, period};
use super::ring::Ring;
use super::sum::Sum;
use super::{AnyIndicator, Candle, Indicator, Period, is_same, price_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "mfi",
    summary: "Money flow index: the share of rising bars in the money traded.",
    params: &[period("14", 2)],
    inputs: &[Field::High, Field::Low, Field::Close, Field::Volume],
    outputs: &[Output::plain("mfi").within(0.0, 100.0)],
    source: "G. Quong and A. Soudack, Stocks & Commodities, March 1989; TA-Lib MFI: 0 where less than 1 flowed",
    build: |params| Ok(AnyIndicator::new(MoneyFlowIndex::new(params.period("period")?))),
};

/// The money of the last `period` bars whose typical price rose, in per cent of that of all which
/// rose or fell: from 0 to 100 without a unit. Money is typical price times volume. As in TA-Lib it
/// is 0 where less than 1 flowed, as in data without volume.
///
/// First value after `period + 1` bars.
#[derive(Debug, Clone)]
pub struct MoneyFlowIndex {
    last: Option<f64>,
    /// Below zero where the price fell.
    flows: Ring,
    rising: Sum,
    falling: Sum,
}

impl MoneyFlowIndex {
    /// Over so many bars.
    pub fn new(period: Period) -> Self {
        Self::of(period.get())
    }

    fn of(period: usize) -> Self {
        Self { last: None, flows: Ring::new(period), rising: Sum::ZERO, falling: Sum::ZERO }
    }

    #[inline]
    fn count(&mut self, flow: f64) {
        let taken = self.flows.push(flow).unwrap_or(0.0);
        self.rising.add(flow.max(0.0));
        self.rising.add(-taken.max(0.0));
        self.falling.add(-flow.min(0.0));
        self.falling.add(taken.min(0.0));
    }
}

impl Indicator for MoneyFlowIndex {
    type Input = Candle;
    type Value = f64;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        let candle = candle.into();
        let typical = candle.typical();
        let Some(last) = self.last.replace(typical) else { return };
        let flow = typical * candle.volume.get();
        self.count(match typical > last {
            _ if is_same(typical, last) => 0.0,
            true => flow,
            false => -flow,
        });
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        let rising = self.rising.get();
        let all = rising + self.falling.get();
        self.flows.is_full().then(|| if all < 1.0 { 0.0 } else { 100.0 * (rising / all) })
    }

    fn warmup(&self) -> usize {
        self.flows.capacity() + 1
    }

    /// Money stays the same in a split.
    fn rebase(&mut self, ratio: Ratio) {
        self.last = self.last.map(|last| last * price_factor(ratio));
    }

    fn reset(&mut self) {
        *self = Self::of(self.flows.capacity());
    }
}
