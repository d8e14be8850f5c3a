//! Kernel and journal under one owner: nothing is decided that is not journalled, and nothing is
//! given out to be sent before it is on disk.

use super::SessionError;
use super::catch_up::{catch_up, catch_up_split};
use super::courier::{Answer, Errand, Mark, Target};
use super::digest::Digest;
use super::status::{Gauges, Status};
use super::venue_clock::machine_time;
use crate::alpaca::Posting;
use journal::{Durability, Journal};
use kernel::{
    Command, Difference, Event, IgnoreReason, Input, Kernel, Notice, Order, OrderNumber,
    OrderStatus, Output, Ratio, RecordBody, Report, ReportKind, Room, Span, Stamped, State,
    SymbolId, Timestamp,
};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Splits and new names are asked for so far back, for a session that did not run meanwhile, and so
/// far ahead.
const ACTIONS_BACK: Span = Span::from_secs(14 * 86_400);
const ACTIONS_AHEAD: Span = Span::from_secs(14 * 86_400);

/// Postings are read from so long before the last reading: brokers post them late.
pub(super) const FEES_BACK: Span = Span::from_secs(5 * 86_400);

/// How often room is looked for once there is none: looking tries to take back what is kept for the
/// way out, which costs a few megabytes of writing.
const LOOK_FOR_ROOM: Duration = Duration::from_secs(10);

/// What an input led to, besides its events.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// What is to be done at the venue, in order.
    pub errands: Vec<Errand>,
    /// Whether the broker must be asked again, since books that differ may only be out of step.
    pub look_again: bool,
    /// Whether shares may have been split.
    look_for_splits: bool,
    /// Whether the broker calls a symbol otherwise from now on.
    pub renamed: bool,
    /// Whose shares are new ones from now on.
    pub splits: Vec<(SymbolId, Ratio)>,
}

/// The kernel with its journal.
pub(super) struct Core {
    kernel: Kernel,
    journal: Journal,
    digest: Digest,
    out: Output,
    gauges: Gauges,
    /// The newest record that readers may tell others of.
    durable: watch::Sender<u64>,
    /// When an execution or a posting was last booked, by the machine's clock.
    booked: Option<Instant>,
    is_synced: bool,
    /// How short of room the kernel was told the journal is.
    room: Option<Room>,
    looked_for_room: Instant,
    posted_since: Timestamp,
    /// How much of the calendar is to be known ahead.
    calendar_ahead: Span,
    ask_days_after: Timestamp,
    /// Before this the account's fees are in the cash it was opened with.
    opened: Timestamp,
}

impl Core {
    /// A kernel, new or recovered, with the journal that it goes on. `opened` is the venue's time
    /// at which the session took over its account; readers follow `durable`.
    pub fn new(
        kernel: Kernel,
        journal: Journal,
        digest: Digest,
        opened: Timestamp,
        durable: watch::Sender<u64>,
    ) -> Self {
        let posted_since = postings_from(kernel.state(), opened);
        Self {
            kernel,
            journal,
            digest,
            out: Output::default(),
            gauges: Gauges::new(),
            durable,
            booked: None,
            is_synced: true,
            room: None,
            looked_for_room: Instant::now(),
            posted_since,
            calendar_ahead: Span::ZERO,
            ask_days_after: Timestamp::MIN,
            opened,
        }
    }

    /// Has the calendar extended while the session runs, so that so much of it is known ahead.
    pub fn keep_calendar(&mut self, ahead: Span) {
        self.calendar_ahead = ahead;
    }

    /// The trading days to ask for when less than half of what is to be known ahead is left; once
    /// a day of the venue's time, for it may have no more.
    fn days_wanted(&mut self) -> Option<Errand> {
        let last = self.state().last_trading_day()?.extended_close;
        let now = self.state().now();
        let is_short = last.since(now).nanos() < self.calendar_ahead.nanos() / 2;
        if !is_short || now < self.ask_days_after {
            return None;
        }
        self.ask_days_after = now.plus(Span::from_secs(86_400));
        Some(Errand::Calendar { from: last.min(now), to: now.plus(self.calendar_ahead) })
    }

    pub fn state(&self) -> &State {
        self.kernel.state()
    }

    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    pub fn gauges(&mut self) -> &mut Gauges {
        &mut self.gauges
    }

    /// The digest of the events.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Lets the digest take over what has been read of earlier processes' events.
    ///
    /// # Errors
    /// When what is to be told of it cannot be journalled.
    pub fn keep_digest(&mut self) -> Result<(), SessionError> {
        let notice = self.digest.keep(self.journal.last_seq());
        self.tell(notice)
    }

    /// Waits until the digest has every event.
    ///
    /// # Errors
    /// As [`Core::keep_digest`].
    pub async fn complete_digest(&mut self) -> Result<(), SessionError> {
        let notice = self.digest.complete(self.journal.last_seq()).await;
        self.tell(notice)
    }

    /// Journals a notice; nothing but an alert can follow from one.
    fn tell(&mut self, notice: Option<Notice>) -> Result<(), SessionError> {
        let Some(notice) = notice else { return Ok(()) };
        let now = self.state().now();
        self.take(Input::Notice(notice), now)?;
        self.sync()
    }

    /// Decides on one input. Input and events are in the journal when this returns, and on disk if
    /// anything is to be sent, an operator was heard or trading was halted.
    pub fn take(&mut self, input: Input, at: Timestamp) -> Result<Work, SessionError> {
        let at = at.max(self.state().now());
        let mut promises = matches!(input, Input::Command(_));
        let stamped = Stamped { at, seen: machine_time(), input };
        self.kernel.decide(&stamped, &mut self.out)?;
        let mut work = Work::default();
        let sends = std::mem::take(&mut self.out.sends);
        let fees_due = self.out.fees_due;
        work.errands.extend(sends.into_iter().map(|send| errand(send, self.kernel.state())));
        for record in self.out.records(stamped) {
            self.journal.append(&record)?;
            if let RecordBody::Event { at, event } = &record.body {
                self.digest.add(*at, event);
                self.gauges.note(event, self.kernel.state());
                if matches!(
                    event,
                    Event::OrderFilled { .. } | Event::FeeBooked { .. } | Event::CashMoved { .. }
                ) {
                    self.booked = Some(Instant::now());
                }
                promises |= matches!(event, Event::TradingStateChanged { .. });
                work.notice(event, self.kernel.state());
            }
        }
        // What was promised must outlive the machine: an order, that an operator was heard, a halt.
        promises |= work.errands.iter().any(|errand| matches!(errand, Errand::Send(..)));
        self.commit(if promises { Durability::Synced } else { Durability::Buffered })?;
        if work.look_for_splits {
            work.errands.push(self.actions_wanted());
        }
        if fees_due {
            work.errands.push(self.actions_wanted());
            work.errands.push(Errand::Postings(self.postings_due()));
        }
        work.errands.extend(self.days_wanted());
        Ok(work)
    }

    /// The inputs that an answer amounts to, by what the books say now.
    pub fn inputs(&self, answer: Answer) -> Vec<Input> {
        match answer {
            Answer::Report(report) => vec![Input::Report(report)],
            Answer::Read(order, read) => {
                let Some(ours) = self.state().order(order) else {
                    return Vec::new();
                };
                let reports = match self.state().predates_split(ours) {
                    true => catch_up_split(ours, &read),
                    false => catch_up(ours, &read),
                };
                reports.into_iter().map(Input::Report).collect()
            }
            Answer::CancelFailed(order, text) => {
                self.cancel_failed(order, text).map(Input::Report).into_iter().collect()
            }
            Answer::Postings(postings) => {
                let ledger = self.state().ledger();
                let new = postings.into_iter().filter(|posting| !ledger.has_posting(posting.id()));
                new.map(Posting::input).collect()
            }
            Answer::Corporate(actions) => {
                let new = actions.into_iter().filter(|it| !self.state().knows_action(&it.id));
                new.map(Input::Corporate).collect()
            }
            Answer::Broker(state, _) => vec![Input::Broker(state)],
            Answer::Asset(facts) => {
                let is_news = self.state().asset(facts.symbol) != Some(&facts);
                is_news.then_some(Input::Asset(facts)).into_iter().collect()
            }
            Answer::Calendar(days) => vec![Input::Calendar(days)],
            Answer::Other(other) => vec![Input::Notice(other.notice())],
            // The session takes these in itself.
            Answer::Missed(..)
            | Answer::Probed { .. }
            | Answer::NotCompared
            | Answer::Unanswered
            | Answer::News { .. } => Vec::new(),
        }
    }

    /// A cancel that came to nothing is told of an order that may work on, or that has yet to arrive;
    /// what is ending ends.
    pub fn cancel_failed(&self, order: OrderNumber, text: Box<str>) -> Option<Report> {
        let held = self.state().order(order)?;
        let works_on =
            held.is_live() && held.cancel_requested && held.status != OrderStatus::PendingCancel;
        works_on.then(|| Report {
            order: Some(order),
            broker_id: held.broker_id.clone(),
            kind: ReportKind::CancelRejected,
            time: self.state().now(),
            execution: None,
            cumulative: None,
            text: Some(text),
        })
    }

    /// Every live order that the broker may know (what is still being submitted it need not), and
    /// every order of which it counts shares that were not reported.
    pub fn sent_orders(&self) -> Vec<Target> {
        let mut orders = self.live(|order| order.status != OrderStatus::Approved);
        let ended = self.state().uncounted_orders().filter(|order| !order.is_live());
        orders.extend(ended.map(Target::of));
        orders
    }

    /// Where the books stand, under a connection of the order stream.
    pub fn mark(&self, connection: u64) -> Mark {
        let state = self.state();
        Mark {
            connection,
            sent: state.tally().sent,
            unanswered: self.unanswered_orders().len(),
            fills: state.tally().fills,
            postings: state.ledger().postings(),
        }
    }

    /// How long ago an execution or a posting was last booked.
    pub fn booked_ago(&self) -> Option<Duration> {
        self.booked.map(|booked| booked.elapsed())
    }

    /// Every live order that the broker has not answered for.
    pub fn unanswered_orders(&self) -> Vec<Target> {
        self.live(|order| !order.has_arrived())
    }

    /// Every order that may have reached the broker or not.
    pub fn unknown_orders(&self) -> Vec<Target> {
        self.live(|order| order.status == OrderStatus::Unknown)
    }

    fn live(&self, wanted: impl Fn(&Order) -> bool) -> Vec<Target> {
        let orders = self.state().live_orders().filter(|order| wanted(order));
        // A leg whose name at the broker is not known is found through its parent.
        let named = orders.filter_map(|order| match (&order.broker_id, order.parent) {
            (None, Some(parent)) if order.replaces.is_none() => self.state().order(parent),
            (Some(_) | None, _) => Some(order),
        });
        let mut targets: Vec<Target> = named.map(Target::of).collect();
        targets.sort_by_key(Target::number);
        targets.dedup_by_key(|target| target.number());
        targets
    }

    /// The errand that reads which shares are split or renamed around now.
    pub fn actions_wanted(&self) -> Errand {
        let now = self.state().now();
        Errand::Corporate { from: now.minus(ACTIONS_BACK), to: now.plus(ACTIONS_AHEAD) }
    }

    /// From when postings are to be read now.
    pub fn postings_due(&mut self) -> Timestamp {
        let since = self.posted_since;
        self.posted_since = postings_from(self.state(), self.opened);
        since
    }

    /// How short the journal's room has become, once for each step. First room is made of what
    /// every reader is done with. Where somebody else has made room, the steps begin anew; trading
    /// stays as it is until it is resumed.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn shorter_room(&mut self) -> Result<Option<Room>, SessionError> {
        if self.room == Some(Room::Full) && self.looked_for_room.elapsed() >= LOOK_FOR_ROOM {
            self.looked_for_room = Instant::now();
            self.journal.prune()?;
            if !self.journal.usage().is_full() {
                tracing::info!(
                    "the journal has room again: `tradewind resume` lets positions grow"
                );
                self.room = None;
            }
        }
        let usage = self.journal.usage();
        let shorter = match self.room {
            None => usage.is_high().then_some(Room::High),
            Some(Room::High) => usage.is_full().then_some(Room::Full),
            Some(Room::Full) => None,
        };
        if shorter.is_some() && self.journal.prune()?.segments > 0 {
            return Ok(None);
        }
        self.room = shorter.or(self.room);
        Ok(shorter)
    }

    /// Makes durable what is only buffered.
    pub fn sync(&mut self) -> Result<(), SessionError> {
        if self.is_synced { Ok(()) } else { self.commit(Durability::Synced) }
    }

    fn commit(&mut self, durability: Durability) -> Result<(), SessionError> {
        self.journal.commit(self.kernel.state(), durability)?;
        self.is_synced = durability == Durability::Synced;
        if self.is_synced {
            self.durable.send_replace(self.journal.durable_seq());
        }
        Ok(())
    }

    /// Writes what can be shown into a status.
    pub fn show(&mut self, status: &mut Status) {
        status.read(self.kernel.state());
        self.gauges.write(status);
        status.journal_bytes = self.journal.bytes();
    }
}

impl Work {
    /// Adds what a further input led to.
    pub fn append(&mut self, more: Work) {
        self.errands.extend(more.errands);
        self.look_again |= more.look_again;
        self.renamed |= more.renamed;
        self.splits.extend(more.splits);
    }

    fn notice(&mut self, event: &Event, state: &State) {
        match event {
            Event::OrderQueryNeeded { order, .. } => {
                // One that had ended shows signs of life: its broker's list tells whether it lives.
                self.look_again |= state.order(*order).is_some_and(|order| !order.is_live());
                let target = state.order(*order).map(Target::of);
                self.errands.extend(target.map(Errand::Read));
            }
            Event::SymbolRenamed { .. } => self.renamed = true,
            Event::SharesSplit { symbol, ratio, .. } => self.splits.push((*symbol, *ratio)),
            Event::DifferenceSuspected { differences } => {
                self.look_again = true;
                // Shares may be split without anybody having said so in time.
                self.look_for_splits |=
                    differences.iter().any(|it| matches!(it, Difference::Position { .. }));
            }
            // The broker is asked whether it is.
            Event::Flattened if state.confirms_flat() => self.look_again = true,
            // It is asked whether it lists none of what was cancelled all at once.
            Event::CommandTaken(Command::CancelAll { .. })
            | Event::OrderUpdated { .. }
            | Event::OrderFilled { .. }
                if state.confirms_cancels() =>
            {
                self.look_again = true;
            }
            // Somebody else's trade moves what the account holds.
            Event::ReportIgnored {
                report: ReportKind::Fill,
                reason: IgnoreReason::Foreign,
                ..
            } => self.look_again = true,
            _ => {}
        }
    }

    /// Drops the reads it asks for: they would only show what has just been read.
    pub fn without_reads(mut self) -> Self {
        self.errands.retain(|errand| !matches!(errand, Errand::Read(_)));
        self
    }
}

/// The errand of a send, with the order that it touches as the books have it.
fn errand(send: kernel::Send, state: &State) -> Errand {
    let touched = match &send {
        kernel::Send::Submit(approved) => approved.order().number,
        kernel::Send::Replace { approved, .. } => {
            approved.order().replaces.unwrap_or(approved.order().number)
        }
        kernel::Send::Cancel(cancel) => cancel.order(),
    };
    let target = match state.order(touched) {
        Some(order) => Target::of(order),
        None => Target::unseen(touched, state.now()),
    };
    Errand::Send(Box::new(send), target)
}

/// From when postings are read the next time, after a restart too: a session of years would else read
/// all of them before it trades again.
fn postings_from(state: &State, opened: Timestamp) -> Timestamp {
    state.now().minus(FEES_BACK).max(opened)
}

#[cfg(test)]
mod tests;
