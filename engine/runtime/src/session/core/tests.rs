//! The order in which a session's core makes things last, and what it reads again.

use super::*;
use journal::Options;
use journal::storage::MemoryStorage;
use kernel::{Limits, SessionStart, Symbols, TradingHours, TradingState};
use std::sync::Arc;

fn start() -> Input {
    Input::Start(Box::new(SessionStart {
        session: "0123456789abcdef0123456789abcdef".into(),
        venue: "embedded".into(),
        build: "test".into(),
        symbols: Symbols::new(["AAA"]).unwrap(),
        strategies: Vec::new(),
        limits: Limits::default(),
        calendar: Vec::new(),
        hours: TradingHours::Regular,
        rules: Default::default(),
        fees: Default::default(),
        trading: TradingState::Active,
        carried_over: None,
        config: Default::default(),
    }))
}

/// A session whose last record may be lost, with how far its journal is on disk.
fn buffered() -> (Core, watch::Receiver<u64>) {
    let storage = Arc::new(MemoryStorage::new());
    let (journal, _) = Journal::open_on(storage, Options::default()).unwrap();
    let (durable, readable) = watch::channel(0);
    let at = Timestamp::default();
    let digest = Digest::of(std::path::Path::new("in memory"), 0);
    let mut core = Core::new(Kernel::new(Vec::new()), journal, digest, at, durable);
    core.take(start(), at).unwrap();
    core.take(Input::Link { link: kernel::Link::MarketData, up: true }, at).unwrap();
    let before = core.state().next_seq();
    assert!(*readable.borrow() + 1 < before, "a link that is up may be lost");
    (core, readable)
}

/// The fees of years take minutes to read under a broker's limit on requests.
#[test]
fn a_restart_reads_the_postings_of_its_last_days_and_not_of_all_its_life() {
    let opened = Timestamp::from_secs(1_767_700_000);
    let core = |kernel| {
        let (journal, _) =
            Journal::open_on(Arc::new(MemoryStorage::new()), Options::default()).unwrap();
        let digest = Digest::of(std::path::Path::new("in memory"), 0);
        Core::new(kernel, journal, digest, opened, watch::channel(0).0)
    };
    let mut first = core(Kernel::new(Vec::new()));
    assert_eq!(first.postings_due(), opened);
    first.take(start(), opened).unwrap();
    first.take(Input::Timer, opened.plus(Span::from_secs(365 * 86_400))).unwrap();
    let state = first.state().clone();
    let killed = state.now();
    assert_eq!(killed, opened.plus(Span::from_secs(365 * 86_400)));
    let mut again = core(Kernel::recovered(state, Vec::new()));
    assert_eq!(again.postings_due(), killed.minus(Span::from_secs(5 * 86_400)));
}

/// A halt is latched from its first moment: no power cut takes it back.
#[test]
fn a_halt_is_on_disk_before_anything_follows_from_it() {
    let (mut core, readable) = buffered();
    core.take(Input::Room(Room::Full), Timestamp::default()).unwrap();
    assert_eq!(core.state().trading_state(), TradingState::Reducing);
    assert_eq!(*readable.borrow() + 1, core.state().next_seq());
}

/// An operator who was answered was heard, even where nothing is sent and nothing halted.
#[test]
fn an_operators_word_is_on_disk_before_it_is_answered() {
    let (mut core, readable) = buffered();
    let word = Input::Command(Command::CancelAll { reason: "a test".into() });
    let work = core.take(word, Timestamp::default()).unwrap();
    assert!(work.errands.iter().all(|errand| !matches!(errand, Errand::Send(..))));
    assert_eq!(core.state().trading_state(), TradingState::Active);
    assert_eq!(*readable.borrow() + 1, core.state().next_seq());
}
