//! A session that ends without a word, and the one that goes on with it.

use crate::support::{
    Plan, assert_books_agree, assert_sent_once, data_dir, exchange, exchange_with, generated,
};
use exchange::server::{FaultScript, Running, Speed};
use journal::Reader;
use kernel::{Alert, Event, RecordBody, SessionStart, Severity, Strategy};
use runtime::session::{Summary, journal_dir, replay};
use std::path::{Path, PathBuf};
use std::time::Duration;

const SYMBOLS: [&str; 2] = ["GLD", "SPY"];
/// Steps of the venue where a session crashes again and again.
const MINUTES: usize = 3_000;

/// Crashes again and again, each time two hundred steps of the venue further on, and then runs to
/// the end.
async fn crash_and_go_on(dir: &Path, exchange: &Running, crashes: u64) -> Summary {
    let plan = || Plan::new(dir, exchange, &SYMBOLS, "rsi-mean-reversion");
    for _ in 0..crashes {
        crash_later(plan(), exchange).await;
    }
    plan().run().await.unwrap()
}

/// Crashes once, two hundred steps of the venue further on.
async fn crash_later(plan: Plan, exchange: &Running) {
    let goal = (exchange.snapshot().step + 200).min(MINUTES as u64 - 100);
    let session = plan.start();
    let further_on = async {
        while exchange.snapshot().step < goal {
            tokio::task::yield_now().await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(60), further_on).await;
    reached.expect("the venue does not get on");
    session.crash().await;
}

/// What a session needs is its last snapshot and what follows, however long its journal is. The
/// rest is read beside it; damage there costs it the digest, and is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_without_reading_its_first_segments() {
    let dir = data_dir();
    let exchange = exchange(generated(&SYMBOLS, MINUTES), Speed::Max).await;
    let plan = || {
        let mut plan = Plan::new(dir.path(), &exchange, &SYMBOLS, "rsi-mean-reversion");
        plan.config.journal.segment_bytes = 4096;
        plan
    };
    crash_later(plan(), &exchange).await;
    let first = journal_dir(dir.path()).join("00000000000000000001.seg");
    let mut bytes = std::fs::read(&first).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&first, bytes).unwrap();
    let summary = plan().run().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert_eq!(summary.events_hash, None);
    let damage = journal::verify(&journal_dir(dir.path())).unwrap_err().to_string();
    assert!(damage.contains("00000000000000000001.seg is damaged at byte"), "{damage}");
    let told = alerts(&journal_dir(dir.path()), "journal_damaged");
    let [alert] = &told[..] else { panic!("{told:?}") };
    assert_eq!(alert.severity, Severity::Critical);
    let (place, _) = damage.split_once(" (").unwrap();
    assert!(alert.text.contains(place), "{} does not name {place}", alert.text);
}

/// The alerts of this kind in all segments but the first.
fn alerts(journal: &Path, code: &str) -> Vec<Alert> {
    let files = std::fs::read_dir(journal).unwrap().map(|file| file.unwrap().path());
    let segments = files.filter(|path| path.extension().is_some_and(|it| it == "seg"));
    let first_seq = |path: &PathBuf| path.file_stem()?.to_str()?.parse::<u64>().ok();
    let second = segments.filter_map(|path| first_seq(&path)).filter(|seq| *seq > 1).min();
    let mut records = Reader::open(journal, second.unwrap()).unwrap();
    let mut told = Vec::new();
    while let Some(record) = records.next().unwrap() {
        if let RecordBody::Event { event: Event::AlertRaised(alert), .. } = record.body {
            told.push(alert);
        }
    }
    told.retain(|alert| &*alert.code == code);
    told
}

/// A session that is killed when the data have ended already is told so again.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_comes_after_the_end_of_the_data_ends() {
    let dir = data_dir();
    let exchange = exchange(generated(&SYMBOLS, 100), Speed::Max).await;
    let plan = || Plan::new(dir.path(), &exchange, &SYMBOLS, "buy-and-hold");
    plan().run().await.unwrap();
    let again = tokio::time::timeout(Duration::from_secs(60), plan().run()).await;
    assert!(again.expect("it is not told that the data have ended").is_ok());
}

/// The strategies of the session, as a process that goes on with it builds them.
fn strategies_of(
    start: &SessionStart,
) -> Result<Vec<Box<dyn Strategy>>, strategies::StrategyError> {
    let spec = &start.strategies[0];
    let params = spec.params.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    strategies::build(&spec.name, &params.collect(), &start.symbols).map(|built| vec![built.0])
}

fn verify(dir: &Path, summary: &Summary, crashes: u64) {
    let journal = journal_dir(dir);
    journal::verify(&journal).unwrap();
    let report = replay::verify(&journal, strategies_of).unwrap();
    assert_eq!((report.cut_inputs, report.difference), (0, None));
    // On a busy machine the data may end before the last crash, whose session then has nothing to
    // go on with.
    assert!((1..=crashes).contains(&report.restarts), "{} restarts", report.restarts);
    assert_eq!(Some(report.events_hash), summary.events_hash, "of every process's events");
}

/// A crash that tears the journal between an input and its events leaves no input behind that would
/// never be decided again.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_torn_within_a_decision_replays_without_a_cut_input() {
    let dir = data_dir();
    let exchange = exchange(generated(&SYMBOLS, 200), Speed::Max).await;
    let plan = Plan::new(dir.path(), &exchange, &SYMBOLS, "buy-and-hold");
    plan.run().await.unwrap();
    let segment = "00000000000000000001.seg";
    let bytes = std::fs::read(journal_dir(dir.path()).join(segment)).unwrap();
    let torn = within_decisions(&bytes);
    assert!(torn.len() > 10, "{torn:?}");
    for cut in torn {
        let found = tempfile::tempdir().unwrap();
        std::fs::write(found.path().join(segment), &bytes[..cut]).unwrap();
        let opened = journal::Journal::open(found.path(), journal::Options::default());
        let (_, recovered) = opened.unwrap();
        assert!(recovered.torn_bytes > 0);
        if recovered.last_seq == 0 {
            continue;
        }
        let report = replay::verify(found.path(), strategies_of).unwrap();
        assert_eq!((report.cut_inputs, report.difference), (0, None), "cut at {cut}");
    }
}

/// The places between two records of one decision: after each frame whose length says in its bit 30
/// that the decision goes on.
fn within_decisions(segment: &[u8]) -> Vec<usize> {
    let (mut at, mut places) = (89, Vec::new());
    while let Some(length) = segment.get(at..at + 4) {
        let length = u32::from_le_bytes(length.try_into().unwrap());
        at += 8 + usize::try_from(length & 0x3fff_ffff).unwrap();
        if length & 1 << 30 != 0 {
            places.push(at);
        }
    }
    places
}

/// Conformance 86.
#[tokio::test(flavor = "multi_thread")]
async fn in_lock_step_nothing_is_lost_and_nothing_is_sent_twice() {
    let dir = data_dir();
    let exchange = exchange(generated(&SYMBOLS, MINUTES), Speed::Max).await;
    let summary = crash_and_go_on(dir.path(), &exchange, 6).await;
    assert!(summary.fills > 0);
    assert_books_agree(&summary, &exchange);
    assert_sent_once(&summary, &exchange);
    verify(dir.path(), &summary, 6);
}

/// Conformance 102.
#[tokio::test(flavor = "multi_thread")]
async fn answers_lost_and_updates_doubled_on_top_change_nothing() {
    let dir = data_dir();
    let script = "[[fault]]\non='submit'\nnth=3\nevery=3\ntimes='all'\ninject='answer'\nstatus=504\ncarried_out=true\n\
                  [[fault]]\non='update'\ntimes='all'\ninject='duplicate'";
    let exchange = exchange_with(generated(&SYMBOLS, MINUTES), Speed::Max, |config| {
        config.faults = FaultScript::parse(script).unwrap();
    });
    let exchange = exchange.await;
    let summary = crash_and_go_on(dir.path(), &exchange, 4).await;
    assert_books_agree(&summary, &exchange);
    assert_sent_once(&summary, &exchange);
    verify(dir.path(), &summary, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_at_a_pace_goes_on_where_it_was() {
    let dir = data_dir();
    let exchange = exchange(generated(&SYMBOLS, 20_000), Speed::Times(6000.0)).await;
    let plan = || Plan::new(dir.path(), &exchange, &SYMBOLS, "rsi-mean-reversion");
    let mut first = plan().start();
    let before = first.until(|status| status.tally.fills > 3).await;
    first.crash().await;
    let mut second = plan().start();
    let after = second.until(|status| status.tally.fills > before.tally.fills + 1).await;
    assert_eq!(after.session, before.session);
    second.stopper.press();
    let summary = second.ended().await.unwrap();
    assert_books_agree(&summary, &exchange);
    assert_sent_once(&summary, &exchange);
    verify(dir.path(), &summary, 1);
}
