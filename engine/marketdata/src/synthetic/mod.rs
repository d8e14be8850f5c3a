//! A synthetic market: minute bars from a seed, for ever.
//!
//! It is made to exercise a trading system, not to resemble any instrument: regimes that trend,
//! revert or shake, volatility that clusters, the U shape of a trading day in volume and
//! volatility, and gaps between sessions. Prices lie on the cent.
//!
//! The same configuration gives the same bars on every machine. Only `+ - * /` and `sqrt` are used
//! on floats, which IEEE 754 defines to the last bit; functions such as `exp` and `ln`, which differ
//! between C libraries, are not. Each symbol draws from a stream of its own, seeded by the seed and
//! its name: another symbol beside it changes nothing.

mod random;
mod shape;
mod walk;

use crate::calendar::{self, Date};
use kernel::{MarketData, Span, Symbols, Timestamp, TradingDay};
use shape::Minute;
use walk::Walk;

const MINUTE: Span = Span::from_secs(60);

/// What a synthetic market is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntheticConfig {
    /// The seed.
    pub seed: u64,
    /// The symbols.
    pub symbols: Symbols,
    /// The first date that may have a session.
    pub start: Date,
    /// Whether the pre-market and post-market have bars too.
    pub extended: bool,
}

/// An iterator over steps: the bars of all symbols that end at one instant, minute by minute
/// through every session of the New York calendar. It goes on for ever (until 2262, where the time
/// stamps end).
#[derive(Debug, Clone)]
pub struct Generator {
    walks: Vec<Walk>,
    extended: bool,
    next_date: Date,
    session: Option<Session>,
}

#[derive(Debug, Clone, Copy)]
struct Session {
    day: TradingDay,
    next_minute: Timestamp,
    end: Timestamp,
}

impl Generator {
    /// The market of a configuration, before its first session.
    pub fn new(config: &SyntheticConfig) -> Self {
        let symbols = config.symbols.ids().zip(config.symbols.names());
        Self {
            walks: symbols.map(|(id, name)| Walk::new(config.seed, id, name)).collect(),
            extended: config.extended,
            next_date: config.start,
            session: None,
        }
    }

    /// The open of the next minute, from the next session when the current one is over.
    fn next_minute(&mut self) -> Option<(Session, Timestamp)> {
        loop {
            if let Some(session) = &mut self.session
                && session.next_minute < session.end
            {
                let minute = session.next_minute;
                session.next_minute = minute.plus(MINUTE);
                return Some((*session, minute));
            }
            self.begin_session()?;
        }
    }

    fn begin_session(&mut self) -> Option<()> {
        let day = loop {
            let date = self.next_date;
            self.next_date = date.tomorrow().ok()?;
            if let Some(day) = calendar::trading_day(date, calendar::day_kind(date)) {
                break day;
            }
        };
        let (start, end) = match self.extended {
            true => (day.extended_open, day.extended_close),
            false => (day.open, day.close),
        };
        if end == Timestamp::MAX {
            return None;
        }
        self.session = Some(Session { day, next_minute: start, end });
        self.walks.iter_mut().for_each(Walk::open_with_gap);
        Some(())
    }
}

impl Iterator for Generator {
    type Item = Vec<MarketData>;

    fn next(&mut self) -> Option<Vec<MarketData>> {
        loop {
            if self.walks.is_empty() {
                return None;
            }
            let (session, open_time) = self.next_minute()?;
            let minute = Minute::of(&session.day, open_time);
            let bars = self.walks.iter_mut().filter_map(|walk| walk.bar(open_time, MINUTE, minute));
            let step: Vec<MarketData> = bars.map(MarketData::Bar).collect();
            // Outside regular hours there are minutes in which nothing trades.
            if !step.is_empty() {
                return Some(step);
            }
        }
    }
}
