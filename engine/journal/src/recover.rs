//! Finding out, after any end, what the journal holds: a snapshot, and the fold of what follows.

use crate::format::FileKind;
use crate::segment::{self, Next, Segment};
use crate::storage::{Storage, TEMPORARY};
use crate::{JournalError, snapshot};
use kernel::State;

/// What a journal was found to hold.
#[derive(Debug)]
pub struct Recovered {
    /// The state after the last record; the default when there is none.
    pub state: State,
    /// The last record; 0 when there is none.
    pub last_seq: u64,
    /// Records folded onto the snapshot.
    pub records_folded: u64,
    /// Bytes cut off the end because they were no whole decision: writes that a crash tore. None
    /// of them had been promised to be durable.
    pub torn_bytes: u64,
}

/// The segment that goes on being written.
#[derive(Debug)]
pub(crate) struct Tail {
    pub(crate) first_seq: u64,
    pub(crate) session: Box<str>,
    /// Where whole decisions end.
    pub(crate) len: u64,
}

/// Removes what a crash left unfinished: temporary files, and snapshots whose segment was not
/// begun.
pub(crate) fn tidy(storage: &dyn Storage) -> Result<(), JournalError> {
    let segments = segment::list(storage)?;
    for folder in ["", "cursors/"] {
        let names = storage.list(folder.trim_end_matches('/'));
        let names = names.map_err(JournalError::io("list", storage.locate(folder)))?;
        let unfinished = |name: &&String| {
            let snapshot = FileKind::Snapshot.parse(name).filter(|_| folder.is_empty());
            name.ends_with(TEMPORARY) || snapshot.is_some_and(|first| !segments.contains(&first))
        };
        for name in names.iter().filter(unfinished) {
            let name = format!("{folder}{name}");
            storage.remove(&name).map_err(JournalError::io("remove", storage.locate(&name)))?;
        }
    }
    Ok(())
}

/// Folds the journal. Nothing is changed on disk.
pub(crate) fn recover(storage: &dyn Storage) -> Result<(Recovered, Option<Tail>), JournalError> {
    let segments = segment::list(storage)?;
    let mut recovered =
        Recovered { state: State::default(), last_seq: 0, records_folded: 0, torn_bytes: 0 };
    if segments.is_empty() {
        return Ok((recovered, None));
    }
    let (state, rest) = starting_point(storage, &segments)?;
    recovered.state = state;
    let mut tail = None;
    for (index, &first_seq) in rest.iter().enumerate() {
        let is_last = index + 1 == rest.len();
        tail = Some(fold_segment(storage, first_seq, is_last, &mut recovered)?);
    }
    recovered.last_seq = recovered.state.next_seq() - 1;
    Ok((recovered, tail))
}

/// The newest state that can be had without folding, and the segments from there on. A snapshot
/// that cannot be read is no harm while the records before it are there.
fn starting_point<'a>(
    storage: &dyn Storage,
    segments: &'a [u64],
) -> Result<(State, &'a [u64]), JournalError> {
    let mut fault = None;
    for (index, &first_seq) in segments.iter().enumerate().rev() {
        let rest = segments.get(index..).unwrap_or(&[]);
        if first_seq == 1 {
            return Ok((State::default(), rest));
        }
        match snapshot::read(storage, first_seq) {
            Ok(state) => return Ok((state, rest)),
            Err(error @ JournalError::NewerVersion { .. }) => return Err(error),
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    let dir = storage.locate("");
    Err(fault.unwrap_or(JournalError::Empty { dir }))
}

fn fold_segment(
    storage: &dyn Storage,
    first_seq: u64,
    is_last: bool,
    recovered: &mut Recovered,
) -> Result<Tail, JournalError> {
    let wanted = recovered.state.next_seq();
    if first_seq != wanted {
        return Err(JournalError::Missing { dir: storage.locate(""), wanted, next: first_seq });
    }
    let mut segment = Segment::open(storage, first_seq)?;
    check_session(&segment, &recovered.state)?;
    let end = fold(&mut segment, recovered)?;
    if let Some(what) = end {
        recovered.torn_bytes = torn_bytes(&segment, is_last, what)?;
    }
    let session = segment.header().session.clone();
    Ok(Tail { first_seq, session, len: segment.offset() })
}

/// Folds what is whole; gives what is wrong with what follows, if anything does.
fn fold(
    segment: &mut Segment,
    recovered: &mut Recovered,
) -> Result<Option<&'static str>, JournalError> {
    loop {
        match segment.next()? {
            Next::Record(record) => {
                recovered.state.evolve(&record).map_err(|source| JournalError::Fold {
                    file: segment.path().clone(),
                    source,
                })?;
                recovered.records_folded += 1;
            }
            Next::End => return Ok(None),
            Next::Broken(what) => return Ok(Some(what)),
        }
    }
}

/// How many bytes after the last whole decision are a torn write.
///
/// # Errors
/// When they are damage instead: every segment but the last was durable before the next was begun,
/// and in the last one a later sync mark tells.
pub(crate) fn torn_bytes(
    segment: &Segment,
    is_last: bool,
    what: &'static str,
) -> Result<u64, JournalError> {
    if !is_last || segment.was_durable_here()? {
        return Err(JournalError::damaged(segment.path(), segment.offset(), what));
    }
    Ok(segment.len()?.saturating_sub(segment.offset()))
}

/// A segment belongs to the session of the state before it.
pub(crate) fn check_session(segment: &Segment, state: &State) -> Result<(), JournalError> {
    let same = |start: &kernel::SessionStart| start.session == segment.header().session;
    if state.session().is_none_or(same) {
        return Ok(());
    }
    Err(JournalError::damaged(segment.path(), 20, "it belongs to another session"))
}
