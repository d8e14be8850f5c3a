//! Orders, fills, fees, equity and alerts in SQLite, kept by a reader of the journal.
//!
//! Each transaction writes the rows of some records together with the place they lead to, so that
//! whatever happens in between, no row is lost or doubled; the journal alone rebuilds the whole
//! file. Money, prices and quantities are integers at 1e-9, so they are exact and can be summed
//! (`migrations/0001_init.sql` has every column with its unit).

mod query;
mod rows;
mod write;

pub use query::{EquityPoint, FillLine, OrderLine, SessionLine, Store};

use crate::envelope::session_of;
use crate::readers::tail::{Source, Tail, TailError, off_thread};
use crate::telemetry::ReaderFigures;
use futures_util::future::BoxFuture;
use journal::{Cursor, JournalError};
use rows::Recorder;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{Connection, Row, SqlSafeStr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of the store's cursor and of its figures.
pub const NAME: &str = "sqlite";

/// The newest version of the tables.
pub const SCHEMA: i64 = 2;

/// Most records in one transaction.
const BATCH: usize = 4096;

/// Why the store stopped. It starts again at its place.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("SQLite: {0}; check that the file is writable and the disk has room")]
    Sql(#[from] sqlx::Error),
    /// The file's tables are not ours, or of a later build.
    #[error("the tables of {} do not fit: {source}; set the file aside and the journal rebuilds it", file.display())]
    Migrate {
        /// The file.
        file: PathBuf,
        /// What does not fit.
        source: sqlx::migrate::MigrateError,
    },
    /// The journal cannot be followed.
    #[error(transparent)]
    Tail(#[from] TailError),
    /// The journal's cursor cannot be read or stored.
    #[error(transparent)]
    Cursor(#[from] JournalError),
    /// Another process writes the same session.
    #[error(
        "session {session} is no longer at record {expected}: another process writes to the same file"
    )]
    Moved {
        /// The session.
        session: String,
        /// Where it was left.
        expected: u64,
    },
}

/// Keeps the tables up to date until the journal is complete and everything in it is stored.
/// Dropping the future stops at once, and a transaction in progress is undone.
///
/// # Errors
/// When it cannot go on; call again to go on from the place that is stored.
pub fn keep<'a>(
    file: &'a Path,
    source: &'a Source,
    figures: &'a ReaderFigures,
) -> BoxFuture<'a, Result<(), StoreError>> {
    // Boxed, so that the database's driver is compiled with this crate and not again with each caller.
    Box::pin(async move {
        let pool = open(file).await?;
        let kept = Keeper { pool: &pool, source, figures }.run().await;
        pool.close().await;
        kept
    })
}

/// Opens the file for writing, made and brought up to date as needed.
async fn open(file: &Path) -> Result<SqlitePool, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5));
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    let migrated = migrator().run(&pool).await;
    migrated.map_err(|source| StoreError::Migrate { file: file.into(), source })?;
    Ok(pool)
}

fn migrator() -> Migrator {
    let migration = |version, name: &'static str, text: &'static str| {
        let (kind, no_transaction) = (MigrationType::Simple, false);
        Migration::new(version, name.into(), kind, text.into_sql_str(), no_transaction)
    };
    Migrator::with_migrations(vec![
        migration(1, "init", include_str!("migrations/0001_init.sql")),
        migration(SCHEMA, "predictions", include_str!("migrations/0002_predictions.sql")),
    ])
}

/// The version of the SQLite that is linked.
///
/// # Errors
/// When it does not answer.
pub async fn sqlite_version() -> Result<String, StoreError> {
    let mut memory = SqliteConnection::connect("sqlite::memory:").await?;
    Ok(sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut memory).await?)
}

struct Keeper<'a> {
    pool: &'a SqlitePool,
    source: &'a Source,
    figures: &'a ReaderFigures,
}

impl Keeper<'_> {
    async fn run(&self) -> Result<(), StoreError> {
        let dir = self.source.journal.clone();
        let (mut cursor, after) = off_thread(move || {
            let cursor = Cursor::open(&dir, NAME)?;
            let after = cursor.load()?;
            Ok::<_, JournalError>((cursor, after))
        })
        .await?;
        let Some(session) = self.session(after).await? else {
            return Ok(());
        };
        let (mut from, minute) = self.place(&session).await?;
        let mut tail = Tail::open(self.source, from).await?;
        let mut recorder = Recorder::new(minute);
        loop {
            self.figures.seq.set(rows::integer(from));
            if !tail.growth().more().await? {
                return Ok(());
            }
            let taken;
            (tail, recorder, taken) = off_thread(move || {
                let taken = record_some(&mut tail, &mut recorder);
                (tail, recorder, taken)
            })
            .await;
            write::write(self.pool, &session, (from, tail.seq()), &taken?).await?;
            from = tail.seq();
            // Behind it, segments of the journal may be deleted; the place itself is in the file.
            cursor = off_thread(move || cursor.store(from).map(|()| cursor)).await?;
        }
    }

    /// The session of the journal, once its first record is there; nothing for a journal that
    /// ended empty.
    async fn session(&self, after: u64) -> Result<Option<String>, TailError> {
        let mut tail = Tail::open(self.source, after).await?;
        if tail.state().session().is_none() {
            if !tail.growth().more().await? {
                return Ok(None);
            }
            if let Some(record) = tail.read()? {
                tail.fold(&record)?;
            }
        }
        Ok(Some(session_of(tail.state()).to_owned()))
    }

    /// The last record of a session that is stored, and the minute that was open there.
    async fn place(&self, session: &str) -> Result<(u64, Option<i64>), StoreError> {
        let row = sqlx::query(
            "SELECT seq, (SELECT MAX(minute) FROM equity WHERE session = $1) AS minute \
             FROM sessions WHERE session = $1",
        )
        .bind(session)
        .fetch_optional(self.pool)
        .await?;
        let Some(row) = row else {
            return Ok((0, None));
        };
        let seq: i64 = row.try_get("seq")?;
        Ok((u64::try_from(seq).unwrap_or(0), row.try_get("minute")?))
    }
}

fn record_some(tail: &mut Tail, recorder: &mut Recorder) -> Result<rows::Rows, TailError> {
    for _ in 0..BATCH {
        let Some(record) = tail.read()? else {
            break;
        };
        recorder.before(&record, tail.state());
        tail.fold(&record)?;
        recorder.after(&record, tail.state());
    }
    Ok(recorder.take(tail.state()))
}
