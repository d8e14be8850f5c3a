//! The session's side of the market data stream: what it brings, what it missed, and how that is
//! read afterwards. It does what the session of the runtime does (`session/real_time/feed.rs` and
//! `session/gap.rs`), in virtual time.

use crate::queue::{Happening, Wanted};
use crate::random::Random;
use crate::shell::Shell;
use crate::world::World;
use crate::{Fault, Violation};
use kernel::{AHEAD, Channel, Input, Link, MarketData, Notice, Span, State, SymbolId, Timestamp};
use std::collections::BTreeSet;

/// How long a bar lasts.
const BAR: Span = Span::from_secs(60);
/// So long the stream waits for what was missed.
const HELD_FOR: Span = Span::from_secs(5);
/// A channel of bars that is silent for so long is asked about.
const SILENT: Span = Span::from_secs(90);
/// A bar that ended so long ago should have come.
const BAR_DUE: Span = Span::from_secs(15);
/// How long a server waits for an answer while a connection is set up.
const SETUP: Span = Span::from_secs(10);

/// What the session knows of its data stream.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    /// The connection that brings data, while one stands.
    pub(crate) connection: Option<u64>,
    /// Whether it has stopped bringing anything.
    pub(crate) is_mute: bool,
    connections: u64,
    /// When it last brought a bar or came up.
    heard: Timestamp,
    /// Whether this process was ever brought any.
    has_heard: bool,
    /// Until when strategies have observed the bars of each symbol.
    warmed: Vec<Timestamp>,
    /// The symbols whose next bar shows whether something is missing still.
    unproven: BTreeSet<SymbolId>,
    /// What came while something was being read that came before it.
    held: Option<Vec<MarketData>>,
    /// Answers that are still to come.
    awaited: u32,
    /// Counts the times that anything was held.
    gaps: u64,
    /// What an operator was told of that could not be used.
    told: BTreeSet<&'static str>,
}

impl Feed {
    /// The process has ended: the next one begins with nothing.
    pub(crate) fn end(&mut self) {
        *self = Self { connections: self.connections, ..Self::default() };
    }

    /// Notes a bar that strategies are about to see.
    pub(crate) fn observed(&mut self, data: &MarketData) {
        let MarketData::Bar(bar) = data else { return };
        let place = bar.symbol.index();
        if self.warmed.len() <= place {
            self.warmed.resize(place + 1, Timestamp::MIN);
        }
        if let Some(warmed) = self.warmed.get_mut(place) {
            *warmed = bar.end_time().max(*warmed);
        }
    }

    /// Whether strategies have seen anything that something may be missing after.
    fn has_seen(&self) -> bool {
        self.has_heard || !self.warmed.is_empty()
    }

    pub(crate) fn warmed(&self, symbol: SymbolId) -> Timestamp {
        self.warmed.get(symbol.index()).copied().unwrap_or(Timestamp::MIN)
    }

    /// The time between the last bar of a symbol and its first after a gap, if there is any.
    fn hole_before(&mut self, data: &MarketData, state: &State) -> Option<Wanted> {
        let MarketData::Bar(bar) = data else { return None };
        let is_first = self.unproven.remove(&bar.symbol);
        let start = self.warmed(bar.symbol);
        let end = bar.open_time;
        let is_hole = is_first && start > Timestamp::MIN && state.is_open_between(start, end);
        is_hole.then_some(Wanted { symbol: Some(bar.symbol), start, end })
    }

    /// What was missed is there: what was held is given back when nothing else is awaited.
    fn answered(&mut self) -> Vec<MarketData> {
        self.awaited = self.awaited.saturating_sub(1);
        if self.awaited == 0 { self.held.take().unwrap_or_default() } else { Vec::new() }
    }
}

impl World {
    /// Market data reach the session, if the connection that they travel on still stands.
    pub(crate) fn data(&mut self, connection: u64, data: MarketData) -> Result<(), Violation> {
        if self.feed.connection != Some(connection) {
            // What was under way when the connection ended is lost with it.
            if self.now.since(data.time()) < Span::from_millis(100) {
                self.lose_data(&data);
            }
            return Ok(());
        }
        self.feed.has_heard = true;
        if matches!(data, MarketData::Bar(_)) {
            self.feed.heard = self.now;
        }
        match &mut self.feed.held {
            Some(held) => {
                held.push(data);
                Ok(())
            }
            None => self.take_data(vec![data]),
        }
    }

    fn take_data(&mut self, data: Vec<MarketData>) -> Result<(), Violation> {
        let mut data = data.into_iter();
        while let Some(next) = data.next().filter(|_| self.shell.is_some()) {
            // An older one the session would not hand on either; here the kernel must refuse it.
            let is_bar = matches!(next, MarketData::Bar(_));
            if is_bar && next.time() == self.feed.warmed(next.symbol()) {
                continue;
            }
            if next.time() <= self.now.plus(AHEAD) {
                let state = self.shell.as_ref().map(Shell::state);
                let hole = state.and_then(|state| self.feed.hole_before(&next, state));
                if let Some(hole) = hole {
                    self.read_missed(hole);
                    let held = std::iter::once(next).chain(data);
                    self.feed.held.get_or_insert_default().extend(held);
                    return Ok(());
                }
                self.feed.observed(&next);
                let kept = self.watch.repairs.check(&next);
                self.law(kept)?;
            }
            self.feed(Input::Market(next))?;
        }
        Ok(())
    }

    /// Reads what the stream did not bring. What it brings meanwhile waits.
    fn fill_gap(&mut self) {
        let Some(shell) = &self.shell else { return };
        let state = shell.state();
        let symbols = state.symbols().ids();
        let seen = symbols.filter_map(|symbol| state.last_price_time(symbol)).min();
        let (start, end) = (seen.unwrap_or(self.now).minus(BAR), self.now);
        // Quotes may go on while bars are missing.
        let observed = self.feed.warmed.iter().copied().filter(|end| *end > Timestamp::MIN).min();
        let start = observed.map_or(start, |observed| observed.min(start));
        self.feed.unproven.extend(self.plan.symbols.ids());
        self.read_missed(Wanted { symbol: None, start, end });
    }

    fn read_missed(&mut self, wanted: Wanted) {
        let life = self.life();
        self.feed.awaited += 1;
        if self.feed.held.is_none() {
            self.feed.held = Some(Vec::new());
            self.feed.gaps += 1;
            let gap = self.feed.gaps;
            self.queue.plan(self.now.plus(HELD_FOR), Happening::Overdue { life, gap });
        }
        let wait = match self.strikes(300) {
            true => self.random.millis(4_000, 9_000),
            false => self.random.millis(20, 1_500),
        };
        self.queue.plan(self.now.plus(wait), Happening::Missed { life, wanted });
    }

    /// What was missed is there, or could not be read: it enters first, then what came meanwhile.
    pub(crate) fn missed(&mut self, wanted: Wanted) -> Result<(), Violation> {
        let life = self.life();
        for data in self.listed(wanted) {
            if !self.is_alive(life) {
                return Ok(());
            }
            if data.time() > self.feed.warmed(data.symbol()) {
                self.feed.observed(&data);
                self.watch.repairs.found(&data);
                self.feed(Input::Late(data))?;
            }
        }
        let held = self.feed.answered();
        self.take_data(held)
    }

    /// The bars that the venue lists; the newest it may not list yet, and a request may fail.
    fn listed(&mut self, wanted: Wanted) -> Vec<MarketData> {
        if self.strikes(100) {
            self.watch.repairs.excuse();
            return Vec::new();
        }
        let lags = wanted.symbol.is_none() && self.strikes(600);
        let until = if lags { wanted.end.minus(BAR) } else { wanted.end };
        let is_wanted = |data: &&MarketData| {
            let begins = data.time().minus(BAR);
            let is_of_it = wanted.symbol.is_none_or(|symbol| symbol == data.symbol());
            is_of_it && wanted.start <= begins && data.time() <= until
        };
        let oldest = self.history.iter().rev().take_while(|data| data.time() > wanted.start);
        let mut bars: Vec<MarketData> = oldest.filter(is_wanted).copied().collect();
        bars.sort_by_key(|data| (data.time(), data.symbol()));
        bars
    }

    /// Lets go of what waited for what was missed, when that does not come.
    pub(crate) fn overdue(&mut self, gap: u64) -> Result<(), Violation> {
        if self.feed.gaps != gap {
            return Ok(());
        }
        let Some(held) = self.feed.held.take() else { return Ok(()) };
        self.watch.repairs.excuse();
        self.take_data(held)
    }

    /// The data stream goes down, and is to be up again after a while.
    pub(crate) fn data_down(&mut self, connection: u64, wait: Span) -> Result<(), Violation> {
        if self.feed.connection != Some(connection) {
            return Ok(());
        }
        let life = self.life();
        (self.feed.connection, self.feed.is_mute) = (None, false);
        self.feed(Input::Link { link: Link::MarketData, up: false })?;
        self.queue.plan(self.now.plus(wait), Happening::DataUp { life });
        Ok(())
    }

    /// The data stream is up; what it missed is read.
    pub(crate) fn data_up(&mut self) -> Result<(), Violation> {
        if self.feed.connection.is_some()
            || self.is_late_with_keys(Happening::DataUp { life: self.life() })
        {
            return Ok(());
        }
        self.feed.connections += 1;
        self.feed.connection = Some(self.feed.connections);
        self.feed.heard = self.now;
        self.feed(Input::Link { link: Link::MarketData, up: true })?;
        // The first time too: the stream was not there yet when the bars before it were read.
        if self.feed.has_seen() {
            self.fill_gap();
        }
        Ok(())
    }

    /// Whether a stream that is coming up is told that its keys came too late. It tries again.
    pub(crate) fn is_late_with_keys(&mut self, again: Happening) -> bool {
        let is_late = self.strikes(300);
        if is_late {
            self.note_for_all(Fault::LateKeys);
            let wait = self.random.millis(1_000, 20_000);
            self.queue.plan(self.now.plus(SETUP).plus(wait), again);
        }
        is_late
    }

    /// A silent channel: whether there was anything to say, the venue's bars know.
    pub(crate) fn probe(&mut self) -> Result<(), Violation> {
        let Some(connection) = self.feed.connection else { return Ok(()) };
        let silent_for = self.now.since(self.feed.heard);
        let was_owed = |data: &MarketData| {
            data.time().minus(BAR) >= self.feed.heard && data.time().plus(BAR_DUE) <= self.now
        };
        let recent = self.history.iter().rev().take_while(|data| data.time() > self.feed.heard);
        if silent_for < SILENT || !recent.into_iter().any(was_owed) {
            return Ok(());
        }
        self.feed(Input::Mute { channel: Channel::Bars, silent_for })?;
        self.data_down(connection, Span::from_secs(1))
    }

    /// What could not be used an operator is told of, once for each kind.
    pub(crate) fn unusable(&mut self, message: &'static str) {
        if self.shell.is_some() && self.feed.told.insert(message) {
            let life = self.life();
            let at = self.now.plus(Span::from_millis(100));
            self.queue.plan(at, Happening::Unusable { life, message });
        }
    }

    pub(crate) fn tell_unusable(&mut self, message: &'static str) -> Result<(), Violation> {
        let reason = "simulated".into();
        self.feed(Input::Notice(Notice::Unusable { message: message.into(), reason }))
    }
}

/// A wait before a stream that was closed stands again.
pub(crate) fn reconnects(random: &mut Random) -> Span {
    random.millis(200, 40_000)
}
