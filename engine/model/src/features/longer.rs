//! Longer bars out of shorter ones, each told as soon as it has ended.

use kernel::{Bar, Span, Timestamp, Volume};

/// Longer bars of one symbol, counted from midnight UTC.
#[derive(Debug, Clone)]
pub(super) struct Longer {
    length: Span,
    open: Option<Bar>,
}

impl Longer {
    pub const fn new(length: Span) -> Self {
        Self { length, open: None }
    }

    /// Takes a bar; gives the long bars that have ended with it, the older first.
    pub fn push(&mut self, bar: &Bar) -> [Option<Bar>; 2] {
        let nanos = self.length.nanos();
        let start = Timestamp::from_nanos(bar.open_time.nanos().div_euclid(nanos) * nanos);
        let before = self.open.take_if(|open| open.open_time != start);
        match &mut self.open {
            Some(open) => {
                open.high = open.high.max(bar.high);
                open.low = open.low.min(bar.low);
                open.close = bar.close;
                open.volume = sum(open.volume, bar.volume);
            }
            None => self.open = Some(Bar { open_time: start, length: self.length, ..*bar }),
        }
        let ends = bar.open_time.plus(bar.length) >= start.plus(self.length);
        [before, if ends { self.open.take() } else { None }]
    }
}

fn sum(one: Volume, other: Volume) -> Volume {
    Volume::from_nanos(one.nanos().saturating_add(other.nanos()))
}
