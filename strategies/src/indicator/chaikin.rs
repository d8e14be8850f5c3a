//! Chaikin money flow.

use super::entry::{Entry, Field, Output, period};
use super::ring::Ring;
use super::sum::Sum;
use super::{AnyIndicator, Candle, Indicator, Period, volume_factor};
use kernel::Ratio;

pub(super) const ENTRY: Entry = Entry {
    name: "cmf",
    summary: "Chaikin money flow: accumulation and distribution of a window over its volume.",
    params: &[period("20", 1)],
    inputs: &[Field::High, Field::Low, Field::Close, Field::Volume],
    outputs: &[Output::plain("cmf").within(-1.0, 1.0)],
    source: "M. Chaikin; not in TA-Lib: no value where nothing was traded",
    build: |params| Ok(AnyIndicator::new(ChaikinMoneyFlow::new(params.period("period")?))),
};

/// The volume of the last `period` bars, each times the place of its close between low and high, in
/// parts of their whole volume: from -1 to 1 without a unit.
///
/// First value after `period` bars. No value where nothing was traded in all of them.
#[derive(Debug, Clone)]
pub struct ChaikinMoneyFlow {
    flows: Ring,
    volumes: Ring,
    flow: Sum,
    volume: Sum,
}

impl ChaikinMoneyFlow {
    /// Over so many bars.
    pub fn new(period: Period) -> Self {
        Self::of(period.get())
    }

    fn of(period: usize) -> Self {
        let (flows, volumes) = (Ring::new(period), Ring::new(period));
        Self { flows, volumes, flow: Sum::ZERO, volume: Sum::ZERO }
    }
}

impl Indicator for ChaikinMoneyFlow {
    type Input = Candle;
    type Value = f64;

    #[inline]
    fn update(&mut self, candle: impl Into<Candle>) {
        let candle = candle.into();
        let (flow, volume) = (candle.signed_volume(), candle.volume.get());
        self.flow.add(flow);
        self.volume.add(volume);
        self.flow.add(-self.flows.push(flow).unwrap_or(0.0));
        self.volume.add(-self.volumes.push(volume).unwrap_or(0.0));
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        let volume = self.volume.get();
        (self.volumes.is_full() && volume > 0.0)
            .then(|| (self.flow.get() / volume).clamp(-1.0, 1.0))
    }

    fn warmup(&self) -> usize {
        self.volumes.capacity()
    }

    fn rebase(&mut self, ratio: Ratio) {
        let factor = volume_factor(ratio);
        self.flows.scale(factor);
        self.volumes.scale(factor);
        self.flow.scale(factor);
        self.volume.scale(factor);
    }

    fn reset(&mut self) {
        *self = Self::of(self.volumes.capacity());
    }
}
