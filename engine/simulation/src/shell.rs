//! The process: kernel and journal under one owner, as the session's core is, on a disk that can
//! fail.

use crate::queue::Mark;
use crate::trader::Trader;
use crate::{Fault, plan::Plan};
use journal::storage::MemoryStorage;
use journal::{Durability, Journal, JournalError, Options};
use kernel::{
    DecideError, Event, Input, Kernel, Order, OrderNumber, OrderStatus, Output, Send, SessionStart,
    Span, Stamped, State, Strategy, StrategySpec, Timestamp, TradingState,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Small segments, so that a day has several and recovery uses snapshots.
const SEGMENT_BYTES: u64 = 48 << 10;

/// The session's id; one account sees one session.
pub(crate) const SESSION: &str = "0123456789abcdef0123456789abcdef";

/// How often what is buffered is synced.
const SYNC: Span = Span::from_secs(1);

/// The running process.
pub(crate) struct Shell {
    kernel: Kernel,
    journal: Journal,
    out: Output,
    /// Counts the process's lives.
    pub(crate) life: u32,
    /// Counts the connections of the order stream; even while it is down.
    pub(crate) connection: u64,
    /// Whether everything is on disk, and since when that was last made so.
    synced: (bool, Timestamp),
}

/// What an input led to.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) events: Vec<Event>,
    pub(crate) sends: Vec<Send>,
    pub(crate) fees_due: bool,
}

/// How a process came to its end.
#[derive(Debug)]
pub(crate) enum Death {
    /// The disk failed under it.
    Disk(JournalError),
    /// The program contradicts itself.
    Decide(DecideError),
}

impl Shell {
    /// Starts a process on a disk: a new session, or one that goes on.
    pub(crate) fn start(
        plan: &Plan,
        storage: &MemoryStorage,
        life: u32,
    ) -> Result<(Self, bool), JournalError> {
        let options = Options { segment_bytes: SEGMENT_BYTES, limit_bytes: None, reserve_bytes: 0 };
        let (journal, recovered) = Journal::open_on(Arc::new(storage.clone()), options)?;
        let is_new = recovered.last_seq == 0;
        let kernel = match is_new {
            true => Kernel::new(strategies(plan)),
            false => Kernel::recovered(recovered.state, strategies(plan)),
        };
        let connection = u64::from(life) << 32;
        let synced = (true, Timestamp::default());
        Ok((Self { kernel, journal, out: Output::default(), life, connection, synced }, is_new))
    }

    pub(crate) fn state(&self) -> &State {
        self.kernel.state()
    }

    pub(crate) fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Decides on one input; its records are in the journal when this returns, and on disk if
    /// anything is to be sent, an operator was heard or trading was halted.
    pub(crate) fn take(&mut self, input: Input, at: Timestamp) -> Result<Work, Death> {
        let at = at.max(self.state().now());
        let mut promised = matches!(input, Input::Command(_) | Input::Start(_));
        let stamped = Stamped { at, seen: at, input };
        self.kernel.decide(&stamped, &mut self.out).map_err(Death::Decide)?;
        let work = Work {
            events: self.out.events.clone(),
            sends: std::mem::take(&mut self.out.sends),
            fees_due: self.out.fees_due,
        };
        promised |= !work.sends.is_empty();
        promised |= work.events.iter().any(|it| matches!(it, Event::TradingStateChanged { .. }));
        for record in self.out.records(stamped) {
            self.journal.append(&record).map_err(Death::Disk)?;
        }
        let durability = match promised {
            true => Durability::Synced,
            false => Durability::Buffered,
        };
        self.commit(durability, at).map_err(Death::Disk)?;
        Ok(work)
    }

    /// What is only buffered is on disk within a second, as it is in a session.
    pub(crate) fn keep_synced(&mut self, now: Timestamp) -> Result<(), JournalError> {
        let (is_synced, last) = self.synced;
        if is_synced || now.since(last) < SYNC {
            Ok(())
        } else {
            self.commit(Durability::Synced, now)
        }
    }

    fn commit(&mut self, durability: Durability, at: Timestamp) -> Result<(), JournalError> {
        self.journal.commit(self.kernel.state(), durability)?;
        self.synced = match durability {
            Durability::Synced => (true, at),
            Durability::Buffered => (false, self.synced.1),
        };
        Ok(())
    }

    pub(crate) fn mark(&self) -> Mark {
        let state = self.state();
        Mark {
            connection: self.connection,
            sent: state.tally().sent,
            unanswered: self.unanswered().len(),
            fills: state.tally().fills,
            postings: state.ledger().postings(),
        }
    }

    /// Live orders that the broker has not answered for.
    pub(crate) fn unanswered(&self) -> Vec<OrderNumber> {
        self.live(|order| !order.has_arrived())
    }

    /// Live orders that the broker may know, and those of which it counts more than was reported.
    pub(crate) fn sent(&self) -> Vec<OrderNumber> {
        let mut orders = self.live(|order| order.status != OrderStatus::Approved);
        let ended = self.state().uncounted_orders().filter(|order| !order.is_live());
        orders.extend(ended.map(|order| order.number));
        orders
    }

    /// Live orders whose cancel was asked for.
    pub(crate) fn canceling(&self) -> Vec<OrderNumber> {
        self.live(|order| order.cancel_requested)
    }

    fn live(&self, wanted: impl Fn(&Order) -> bool) -> Vec<OrderNumber> {
        let orders = self.state().live_orders().filter(|order| wanted(order));
        orders.map(|order| order.number).collect()
    }
}

/// The strategies of a plan, as built each time: always two, so that virtual accounts are kept, of which
/// one is silent in most of the plans.
pub(crate) fn strategies(plan: &Plan) -> Vec<Box<dyn Strategy>> {
    (0..2).map(|place| Box::new(Trader::new(plan, place)) as Box<dyn Strategy>).collect()
}

/// The first input.
pub(crate) fn start(plan: &Plan) -> Input {
    Input::Start(Box::new(SessionStart {
        session: SESSION.into(),
        venue: "simulation".into(),
        build: "simulation".into(),
        symbols: plan.symbols.clone(),
        strategies: vec![StrategySpec { name: "trader".into(), params: BTreeMap::new() }; 2],
        limits: plan.limits.clone(),
        calendar: plan.calendar.clone(),
        hours: plan.hours,
        rules: Default::default(),
        trading: TradingState::Active,
        carried_over: None,
        fees: marketdata::fee_rates(),
        config: BTreeMap::new(),
    }))
}

/// The fault that a disk's failure stands for.
pub(crate) const fn fault_of(error: &JournalError) -> Fault {
    match error {
        JournalError::NotDurable { .. } => Fault::SyncFailed,
        _ => Fault::DiedWriting,
    }
}
