//! Finer data that orders are filled on, and that strategies do not see.

use marketdata::{Facts, Feed, resolution};

/// Data of a run's symbols that is finer than its bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    pub(crate) feed: Feed,
    pub(crate) hash: String,
}

/// Why data is no detail of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DetailError {
    /// It is of other symbols.
    #[error("the detail has none of the symbols that are traded: it has {held}")]
    OtherSymbols {
        /// Of these.
        held: String,
    },
    /// Its bars are longer than those of the run.
    #[error("the bars of the detail last {detail} and those of the run {bars}: give finer ones")]
    Longer {
        /// How long.
        detail: String,
        /// How long.
        bars: String,
    },
}

impl Detail {
    /// The rows of a feed that are of a run's symbols.
    ///
    /// # Errors
    /// When there are none, or its bars are longer than those of the run.
    pub fn new(feed: &Feed, facts: &Facts) -> Result<Self, DetailError> {
        let feed_of_run = feed.under(&facts.symbols);
        if feed_of_run.data.is_empty() {
            let held = feed.symbols.names().collect::<Vec<_>>().join(", ");
            return Err(DetailError::OtherSymbols { held });
        }
        if let (Some(detail), Some(bars)) = (feed_of_run.bar_length, facts.bar_length)
            && detail > bars
        {
            let (detail, bars) = (resolution::name(detail), resolution::name(bars));
            return Err(DetailError::Longer { detail, bars });
        }
        Ok(Self { hash: feed_of_run.content_hash(), feed: feed_of_run })
    }
}
