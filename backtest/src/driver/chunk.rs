//! The data of a run, chunk after chunk.

use super::Driver;
use crate::BacktestError;
use crate::config::Progress;
use kernel::{MarketData, Timestamp};
use marketdata::Source;
use std::time::Instant;

/// Market data between two looks at the clock.
const PROGRESS_EVERY: usize = 1 << 16;

/// How far a run is, and how far its observer knows it to be.
pub(super) struct Pace {
    pub done: usize,
    pub told: usize,
    pub total: u64,
    pub started: Instant,
}

impl<'a, 'o> Driver<'a, 'o> {
    /// All data, chunk after chunk.
    pub(super) fn data(
        mut self,
        source: &mut dyn Source,
        mut pace: Pace,
    ) -> Result<Self, BacktestError> {
        while let Some(chunk) = source.next_chunk()? {
            let mut within = self.in_chunk();
            within.chunk(chunk, &mut pace)?;
            self = within.in_chunk();
        }
        Ok(self)
    }

    /// The same run before the first step of another chunk.
    fn in_chunk<'b>(self) -> Driver<'b, 'o> {
        let Self {
            kernel,
            out,
            venue,
            updates,
            step: _,
            meeting,
            last_bars,
            corporate,
            fees_read,
            ..
        } = self;
        let Self {
            hash, journal, committed, trades, shared, equity, models, said, observer, ..
        } = self;
        let Self { latency, circumstances, .. } = self;
        let step = &[];
        Driver {
            kernel,
            out,
            venue,
            updates,
            step,
            meeting,
            last_bars,
            corporate,
            fees_read,
            hash,
            journal,
            committed,
            trades,
            shared,
            equity,
            models,
            said,
            observer,
            latency,
            circumstances,
        }
    }

    fn chunk(&mut self, chunk: &'a [MarketData], pace: &mut Pace) -> Result<(), BacktestError> {
        let mut rest = chunk;
        while let Some(first) = rest.first() {
            let at = first.time();
            let taken = match self.in_calm(rest)? {
                0 => self.one_step(at, rest)?,
                taken => taken,
            };
            rest = rest.get(taken..).unwrap_or_default();
            pace.done += taken;
            if pace.done - pace.told >= PROGRESS_EVERY {
                pace.told = pace.done;
                let (done, elapsed) = (pace.done as u64, pace.started.elapsed());
                self.observer.progress(&Progress { done, total: pace.total, elapsed });
            }
        }
        Ok(())
    }

    /// The data of the next instant; how many there were.
    fn one_step(&mut self, at: Timestamp, rest: &'a [MarketData]) -> Result<usize, BacktestError> {
        let length = rest.iter().take_while(|datum| datum.time() == at).count();
        if self.meeting.is_some() {
            self.meet_detail(at)?;
        }
        self.step(at, rest.get(..length).unwrap_or_default())?;
        Ok(length)
    }
}
