//! A session as its journal tells it: what it was started with, what it saw, what it did.

use super::circumstances::{Fate, Opening, Scheduled};
use super::diary::Diary;
use super::tape::Tape;
use super::{LiveError, diary};
use journal::{EventsHash, Reader};
use kernel::{
    AccountSnapshot, AssetFacts, Event, Input, MarketData, OrderStatus, Price, RecordBody,
    ReportKind, SessionStart, ShutdownPolicy, Stamped, State, Symbols, Timestamp, TradingDay,
};
use std::collections::BTreeMap;
use std::path::Path;

/// A session that a journal holds.
#[derive(Debug)]
pub struct Recorded {
    /// What it was started with.
    pub start: SessionStart,
    /// The account when it began, as the broker stated it.
    pub account: AccountSnapshot,
    /// What the broker said of the assets before the first order.
    pub assets: Vec<AssetFacts>,
    /// Every trading day that it knew of.
    pub calendar: Vec<TradingDay>,
    /// What it did with open orders and positions at its end; `None` when it has not ended.
    pub ended: Option<ShutdownPolicy>,
    /// The digest of its events.
    pub events_hash: String,
    /// How often its process began anew.
    pub restarts: u64,
    pub(super) opening: Opening,
    pub(super) tape: Tape,
    /// What happened beside market data and the venue's answers.
    pub(super) conduct: Vec<Scheduled>,
    /// What every run is fed: news, and its end when market data came after it.
    pub(super) everywhere: Vec<Scheduled>,
    pub(super) diary: Diary,
    /// When orders that never arrived were given up, by number.
    given_up: BTreeMap<kernel::OrderNumber, (Timestamp, Timestamp)>,
    /// What each symbol was worth at first and at the end.
    pub(super) opened: Vec<Price>,
    pub(super) marks: Vec<Price>,
}

impl Recorded {
    /// Reads the session of a journal folder.
    ///
    /// # Errors
    /// When it cannot be read, holds no session that opened its account, or does not add up.
    pub fn read(folder: &Path) -> Result<Self, LiveError> {
        let mut records = Reader::open(folder, 1)?;
        let mut reading = Reading::default();
        while let Some(record) = records.next()? {
            match &record.body {
                RecordBody::Input(stamped) => reading.input(stamped),
                RecordBody::Event { at, event } => reading.event(*at, event)?,
            }
            let seq = record.seq;
            reading
                .state
                .evolve(&record)
                .map_err(|source| LiveError::Damaged { seq, source: Box::new(source) })?;
        }
        reading.finish()
    }

    /// The symbols.
    pub fn symbols(&self) -> &Symbols {
        &self.start.symbols
    }

    /// What the venue did to orders instead of working them.
    pub(super) fn fates(&self) -> BTreeMap<diary::OrderKey, Fate> {
        let lines = self.diary.orders.iter();
        let fate = |line: &diary::OrderLine| {
            let (kind, text) = line.refused.clone()?;
            match (line.status, self.given_up.get(&line.number)) {
                (OrderStatus::NotReceived, Some((before, at))) => {
                    Some(Fate::Lost { before: *before, at: *at })
                }
                (OrderStatus::Rejected, _) => Some(Fate::Refused(kind, text)),
                _ => None,
            }
        };
        lines.filter_map(|(key, line)| Some((*key, fate(line)?))).collect()
    }
}

/// A journal that is being read.
#[derive(Default)]
struct Reading {
    state: State,
    hash: EventsHash,
    diary: Diary,
    start: Option<SessionStart>,
    account: Option<AccountSnapshot>,
    assets: Vec<AssetFacts>,
    calendar: Vec<TradingDay>,
    ended: Option<ShutdownPolicy>,
    restarts: u64,
    opening: Opening,
    tape: Tape,
    conduct: Vec<Scheduled>,
    everywhere: Vec<Scheduled>,
    given_up: BTreeMap<kernel::OrderNumber, (Timestamp, Timestamp)>,
    /// What came in since the last market data.
    pending: Vec<(Timestamp, Input)>,
}

impl Reading {
    fn input(&mut self, stamped: &Stamped) {
        self.diary.take_in(stamped);
        match &stamped.input {
            Input::Start(start) => {
                self.calendar.clone_from(&start.calendar);
                self.start = Some(start.as_ref().clone());
            }
            Input::Restart { .. } => self.restarts += 1,
            Input::Calendar(days) => self.calendar.extend(days),
            Input::Market(data) => self.market(data),
            Input::Warmup(data) if !self.tape.has_begun() => self.opening.warm_up.push(*data),
            // What a restart reads that was seen before is known; the rest was missed meanwhile.
            Input::Warmup(data) if self.tape.knows(data) => {}
            Input::Warmup(data) | Input::Late(data) => {
                self.tape.late(data);
                self.pend(stamped);
            }
            Input::UpdatedBar(bar) => {
                self.tape.update(bar);
                self.pend(stamped);
            }
            Input::Correction(correction) => {
                self.tape.correct(correction);
                self.pend(stamped);
            }
            Input::CancelError(cancel) => {
                self.tape.take_back(cancel);
                self.pend(stamped);
            }
            Input::Asset(facts) if !self.tape.has_begun() => self.assets.push(*facts),
            Input::Link { .. } if !self.tape.has_begun() => {}
            Input::Report(report) if report.kind == ReportKind::NotReceived => self.pend(stamped),
            Input::Broker(broker) if !self.state.account_is_open() => {
                self.account = Some(broker.account.clone());
            }
            Input::Stop(policy) => {
                self.ended = Some(*policy);
                self.pend(stamped);
            }
            Input::Asset(_)
            | Input::Link { .. }
            | Input::Command(_)
            | Input::TradingStatus { .. }
            | Input::Luld(_)
            | Input::News(_)
            | Input::Prediction(_)
            | Input::MissedPrediction(_)
            | Input::Room(_) => self.pend(stamped),
            Input::Broker(_)
            | Input::Report(_)
            | Input::Fee(_)
            | Input::Timer
            | Input::Mute { .. }
            | Input::Reach { .. }
            | Input::Notice(_)
            | Input::Cash(_)
            | Input::Corporate(_)
            | Input::Reinvestment(_) => {}
        }
    }

    fn pend(&mut self, stamped: &Stamped) {
        self.pending.push((stamped.at, stamped.input.clone()));
    }

    /// What waits is told where it stood: before this.
    fn market(&mut self, data: &MarketData) {
        let before = data.time();
        for (at, input) in std::mem::take(&mut self.pending) {
            if let Input::Report(report) = &input {
                if let Some(order) = report.order {
                    self.given_up.insert(order, (before, at));
                }
                continue;
            }
            let list = match &input {
                Input::Stop(_)
                | Input::News(_)
                | Input::Prediction(_)
                | Input::MissedPrediction(_) => &mut self.everywhere,
                Input::Late(_)
                | Input::Warmup(_)
                | Input::UpdatedBar(_)
                | Input::Correction(_)
                | Input::CancelError(_) => &mut self.tape.revisions,
                _ => &mut self.conduct,
            };
            list.push(Scheduled { before, at, input });
        }
        self.tape.see(data);
    }

    fn event(&mut self, at: Timestamp, event: &Event) -> Result<(), LiveError> {
        self.hash.add(at, event);
        match event {
            Event::AccountReset { .. } => return Err(LiveError::AccountReset { at }),
            Event::SharesSplit { symbol, .. } | Event::SymbolRenamed { symbol, .. } => {
                let symbol = self.state.symbols().name(*symbol).into();
                return Err(LiveError::SharesChange { symbol, at });
            }
            _ => {}
        }
        if let Event::AccountOpened { positions, .. } = event {
            self.opening.positions.clone_from(positions);
        }
        self.diary.take(event);
        Ok(())
    }

    fn finish(mut self) -> Result<Recorded, LiveError> {
        let start = self.start.take().ok_or(LiveError::NoSession)?;
        let account = self.account.take().filter(|_| self.state.account_is_open());
        let account = account.ok_or(LiveError::NoAccount)?;
        if !self.tape.has_begun() {
            return Err(LiveError::NoData);
        }
        // An order that was given up after the last data is lost all the same.
        for (at, input) in std::mem::take(&mut self.pending) {
            if let Input::Report(report) = input
                && let Some(order) = report.order
            {
                self.given_up.insert(order, (Timestamp::MAX, at));
            }
        }
        self.check_books()?;
        let ids = || start.symbols.ids();
        let first = ids().map(|id| self.tape.first_price(id, &self.opening.warm_up));
        let opened: Vec<Price> = first.map(Option::unwrap_or_default).collect();
        let marks = ids().map(|id| self.state.last_price(id).unwrap_or_default()).collect();
        self.tape.sort();
        self.calendar.dedup_by_key(|day| day.date);
        Ok(Recorded {
            account,
            assets: self.assets,
            calendar: self.calendar,
            ended: self.ended,
            events_hash: self.hash.finish_hex(),
            restarts: self.restarts,
            opening: self.opening,
            tape: self.tape,
            conduct: self.conduct,
            everywhere: self.everywhere,
            diary: self.diary,
            given_up: self.given_up,
            opened,
            marks,
            start,
        })
    }

    /// Every cent and share of the books must be in the diary, or nothing could be attributed.
    fn check_books(&self) -> Result<(), LiveError> {
        let ledger = self.state.ledger();
        let (ours, theirs) = (self.diary.cash(), ledger.cash());
        if ours != theirs {
            return Err(LiveError::Unaccounted { ours, theirs });
        }
        for symbol in self.state.symbols().ids() {
            if !self.diary.accounts_for(symbol, ledger.position(symbol).quantity) {
                let symbol = self.state.symbols().name(symbol).into();
                return Err(LiveError::UnaccountedShares { symbol });
            }
        }
        Ok(())
    }
}
