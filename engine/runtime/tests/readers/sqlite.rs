//! The store: what it holds, and that it holds each thing once.

use crate::support::{SESSION, Script, Written};
use kernel::{Cash, Record, Timestamp};
use runtime::readers::tail::Source;
use runtime::store::{Store, StoreError, keep};
use runtime::telemetry::{Metrics, ReaderFigures};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, Column, Row, ValueRef};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::Poll;
use tempfile::TempDir;

struct Stage {
    dir: TempDir,
    figures: ReaderFigures,
}

impl Stage {
    fn new() -> Self {
        let figures = Metrics::new().unwrap().reader("sqlite");
        Self { dir: tempfile::tempdir().unwrap(), figures }
    }

    fn journal(&self) -> PathBuf {
        self.dir.path().join("journal")
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("tradewind.db")
    }

    async fn keep(&self, source: &Source) -> Result<(), StoreError> {
        keep(&self.file(), source, &self.figures).await
    }

    /// Journals records, and keeps them in a run of their own.
    async fn add(&self, records: &[Record]) {
        let mut written = Written::new(&self.journal());
        let source = written.source();
        written.write(records);
        written.end();
        self.keep(&source).await.unwrap();
    }
}

fn session() -> Script {
    let mut script = Script::new(SESSION);
    script.minutes(40).predictions().refusal("no such luck").minutes(40).stop();
    script
}

/// Every row of every table, as text.
async fn dump(file: &Path) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(file);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let mut lines = Vec::new();
    for table in ["sessions", "orders", "fills", "fees", "equity", "alerts", "predictions"] {
        let sql = AssertSqlSafe(format!("SELECT * FROM {table} ORDER BY 1, 2"));
        for row in sqlx::query(sql).fetch_all(&pool).await.unwrap() {
            let cells = row.columns().iter().map(|column| cell(&row, column.ordinal()));
            lines.push(format!("{table}: {}", cells.collect::<Vec<_>>().join(" | ")));
        }
    }
    pool.close().await;
    lines
}

fn cell(row: &sqlx::sqlite::SqliteRow, at: usize) -> String {
    if row.try_get_raw(at).unwrap().is_null() {
        return "-".into();
    }
    row.try_get::<i64, _>(at).map(|number| number.to_string()).unwrap_or_else(|_| row.get(at))
}

async fn rebuilt(records: &[Record]) -> Vec<String> {
    let stage = Stage::new();
    stage.add(records).await;
    dump(&stage.file()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_what_the_session_did() {
    let stage = Stage::new();
    let script = session();
    stage.add(&script.records).await;

    let store = Store::open(&stage.file()).await.unwrap();
    let sessions = store.sessions().await.unwrap();
    assert_eq!(sessions.len(), 1);
    assert_eq!((&*sessions[0].session, &*sessions[0].venue), (SESSION, "embedded"));
    assert_eq!(sessions[0].seq, script.records.len() as u64);

    let (state, tally) = (script.state(), *script.state().tally());
    let orders = store.orders(SESSION).await.unwrap();
    assert_eq!(orders.len() as u64, tally.sent);
    let with = |status: &str| orders.iter().filter(|order| order.status == status).count() as u64;
    assert_eq!((with("filled"), with("rejected")), (tally.filled, tally.rejected));
    let refused = orders.iter().find(|order| order.status == "rejected").unwrap();
    assert_eq!(refused.text.as_deref(), Some("no such luck"));

    let fills = store.fills(SESSION).await.unwrap();
    assert_eq!(fills.len() as u64, tally.fills);
    assert_eq!(fills.last().unwrap().cash, state.ledger().cash());
    let realised: i64 = fills.iter().map(|fill| fill.realised.nanos()).sum();
    let booked = state.ledger().positions().iter().map(|position| position.realised.nanos());
    assert_eq!(realised, booked.sum::<i64>(), "sums are exact");

    let equity = store.equity(SESSION).await.unwrap();
    assert_eq!(equity.len(), 80, "one point for each minute");
    assert_eq!(equity.last().unwrap().equity, state.equity());
    assert_eq!(equity[0].minute, "2026-01-05T14:31:00Z".parse::<Timestamp>().unwrap());
    assert_ne!(equity[0].equity, Cash::ZERO);
}

/// A challenger's words are rows as well; that a model failed is none.
#[tokio::test(flavor = "multi_thread")]
async fn holds_what_models_said() {
    let mut script = Script::new(SESSION);
    script.minutes(1).predictions();
    let rows = rebuilt(&script.records).await;
    let of = |row: &String| row.strip_prefix("predictions: ").map(|row| row.replace(SESSION, "S"));
    let rows: Vec<String> = rows.iter().filter_map(of).collect();
    let [taken, noted] = &rows[..] else { panic!("{rows:#?}") };
    let time = script.state().now().nanos();
    for (row, end) in [
        (taken, format!("| {time} | AAPL | 5b1e | {time} | up | 612500 | 0 | 2000000")),
        (noted, format!("| {time} | AAPL | 77aa | {time} | up | 612500 | 1 | 2000000")),
    ] {
        assert!(row.starts_with("S | ") && row.ends_with(&end), "{row} {end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuilding_equals_keeping_up() {
    let script = session();
    let stage = Stage::new();
    // Cuts anywhere: inside a minute, between an order and its fill.
    for part in script.records.chunks(61) {
        stage.add(part).await;
    }
    assert_eq!(dump(&stage.file()).await, rebuilt(&script.records).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_file_is_rebuilt_from_the_journal() {
    let script = session();
    let stage = Stage::new();
    let half = script.records.len() / 2;
    stage.add(&script.records[..half]).await;
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", stage.file().display()));
    }
    stage.add(&script.records[half..]).await;
    assert_eq!(dump(&stage.file()).await, rebuilt(&script.records).await);
}

/// Runs a future for so many steps and drops it there; `None` when it was not done by then.
async fn cut_after<T>(steps: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut taken = 0;
    std::future::poll_fn(|context| {
        taken += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if taken >= steps => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Stopped after one step, two, three, …, it neither loses nor doubles a row.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_doubles_nothing() {
    let script = session();
    let stage = Stage::new();
    let mut kills = 0;
    for part in script.records.chunks(script.records.len().div_ceil(4)) {
        let mut written = Written::new(&stage.journal());
        let source = written.source();
        written.write(part);
        written.end();
        let mut steps = 1;
        while cut_after(steps, stage.keep(&source)).await.is_none() {
            (steps, kills) = (steps + 1, kills + 1);
        }
    }
    assert!(kills > 20, "{kills} kills");
    assert_eq!(dump(&stage.file()).await, rebuilt(&script.records).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_writer_of_the_same_session_is_refused() {
    let script = session();
    let stage = Stage::new();
    let half = script.records.len() / 2;
    let mut written = Written::new(&stage.journal());
    let source = written.source();
    written.write(&script.records[..half]);
    let keeping = async { stage.keep(&source).await };
    let other = async {
        while stage.figures.seq.get() < half as i64 {
            tokio::task::yield_now().await;
        }
        let options = SqliteConnectOptions::new().filename(stage.file());
        let pool = SqlitePool::connect_with(options).await.unwrap();
        sqlx::query("UPDATE sessions SET seq = seq + 1").execute(&pool).await.unwrap();
        pool.close().await;
        written.write(&script.records[half..]);
        written.end();
    };
    let (kept, ()) = tokio::join!(keeping, other);
    assert!(matches!(kept, Err(StoreError::Moved { .. })), "{kept:?}");
}
