//! Deciding the journal again: the same inputs must lead to the same events, all of them whatever
//! a crash tore, and the fold of the records to the same state.

use crate::Violation;
use crate::plan::Plan;
use crate::shell::strategies;
use journal::Reader;
use journal::storage::MemoryStorage;
use kernel::{Event, Input, Kernel, Output, RecordBody, State};
use std::collections::VecDeque;
use std::sync::Arc;

/// Decides a journal again and compares.
pub(crate) fn decide_again(
    plan: &Plan,
    storage: &MemoryStorage,
    reached: &State,
) -> Result<(), Violation> {
    let unreadable = |error: journal::JournalError| Violation::Journal(error.to_string());
    let mut reader = Reader::open_on(Arc::new(storage.clone()), 1).map_err(unreadable)?;
    let mut state = State::default();
    let mut kernel = Kernel::new(strategies(plan));
    let (mut out, mut due) = (Output::default(), VecDeque::<Event>::new());
    while let Some(record) = reader.next().map_err(unreadable)? {
        let seq = record.seq;
        match &record.body {
            RecordBody::Input(stamped) => {
                if !due.is_empty() {
                    return Err(Violation::Otherwise { seq });
                }
                if matches!(stamped.input, Input::Restart { .. }) {
                    kernel = Kernel::recovered(state.clone(), strategies(plan));
                }
                kernel
                    .decide(stamped, &mut out)
                    .map_err(|error| Violation::Contradiction(error.to_string()))?;
                due = out.events.drain(..).collect();
            }
            RecordBody::Event { event, .. } => {
                if due.pop_front().as_ref() != Some(event) {
                    return Err(Violation::Otherwise { seq });
                }
            }
        }
        state.evolve(&record).map_err(|error| Violation::Contradiction(error.to_string()))?;
    }
    if state == *reached { Ok(()) } else { Err(Violation::Otherwise { seq: state.next_seq() }) }
}
