//! Reading what is stored.

use super::StoreError;
use kernel::{Cash, Price, Quantity, Timestamp};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{Row, SqlSafeStr};
use std::path::Path;

/// The tables, for reading while a session writes them.
#[derive(Debug)]
pub struct Store {
    pool: SqlitePool,
}

/// A session that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLine {
    /// Its id.
    pub session: String,
    /// Where it traded.
    pub venue: String,
    /// When it began, by the machine's clock.
    pub started_at: Timestamp,
    /// The last record that is stored.
    pub seq: u64,
}

/// An order as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    /// Its number in the session.
    pub number: u64,
    /// Of what.
    pub symbol: String,
    /// `buy` or `sell`.
    pub side: String,
    /// `market`, `limit`, `stop` or `stop_limit`.
    pub kind: String,
    /// Shares asked for.
    pub quantity: Quantity,
    /// Shares filled.
    pub filled: Quantity,
    /// Where it stands.
    pub status: String,
    /// The broker's words, for a refusal.
    pub text: Option<String>,
    /// When it passed risk.
    pub approved_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillLine {
    /// The journal's record.
    pub seq: u64,
    /// When it was booked, by the venue's time.
    pub at: Timestamp,
    /// The order.
    pub order: u64,
    /// The broker's name for it.
    pub execution: String,
    /// Of what.
    pub symbol: String,
    /// `buy` or `sell`.
    pub side: String,
    /// Shares.
    pub quantity: Quantity,
    /// Its price.
    pub price: Price,
    /// What it realised, before fees.
    pub realised: Cash,
    /// Signed shares held after it.
    pub position: Quantity,
    /// Cash after it.
    pub cash: Cash,
}

/// Equity at the end of a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EquityPoint {
    /// When the minute began, by the venue's time.
    pub minute: Timestamp,
    /// Cash.
    pub cash: Cash,
    /// Cash and positions at the last prices.
    pub equity: Cash,
}

impl Store {
    /// Opens a file that a session has made.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let pool = SqlitePoolOptions::new().max_connections(2).connect_with(options).await?;
        Ok(Self { pool })
    }

    /// The sessions, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn sessions(&self) -> Result<Vec<SessionLine>, StoreError> {
        let sql = "SELECT session, venue, started_at, seq FROM sessions ORDER BY started_at DESC";
        let rows = sqlx::query(sql).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(session_line(row)?)).collect()
    }

    /// The orders of a session by number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn orders(&self, session: &str) -> Result<Vec<OrderLine>, StoreError> {
        let sql = "SELECT number, symbol, side, type, quantity, filled, status, text, approved_at, \
                   updated_at FROM orders WHERE session = $1 ORDER BY number";
        self.of(sql, session, order_line).await
    }

    /// The executions of a session in the order in which they were booked.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn fills(&self, session: &str) -> Result<Vec<FillLine>, StoreError> {
        let sql = "SELECT seq, at, order_number, execution, symbol, side, quantity, price, \
                   realised, position, cash FROM fills WHERE session = $1 ORDER BY seq";
        self.of(sql, session, fill_line).await
    }

    /// The equity of a session, minute by minute.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn equity(&self, session: &str) -> Result<Vec<EquityPoint>, StoreError> {
        let sql = "SELECT minute, cash, equity FROM equity WHERE session = $1 ORDER BY minute";
        self.of(sql, session, equity_point).await
    }

    async fn of<T>(
        &self,
        sql: impl SqlSafeStr,
        session: &str,
        line: fn(&SqliteRow) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = sqlx::query(sql).bind(session).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(line(row)?)).collect()
    }
}

fn session_line(row: &SqliteRow) -> Result<SessionLine, sqlx::Error> {
    Ok(SessionLine {
        session: row.try_get("session")?,
        venue: row.try_get("venue")?,
        started_at: time(row, "started_at")?,
        seq: number(row, "seq")?,
    })
}

fn order_line(row: &SqliteRow) -> Result<OrderLine, sqlx::Error> {
    Ok(OrderLine {
        number: number(row, "number")?,
        symbol: row.try_get("symbol")?,
        side: row.try_get("side")?,
        kind: row.try_get("type")?,
        quantity: Quantity::from_nanos(row.try_get("quantity")?),
        filled: Quantity::from_nanos(row.try_get("filled")?),
        status: row.try_get("status")?,
        text: row.try_get("text")?,
        approved_at: time(row, "approved_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

fn fill_line(row: &SqliteRow) -> Result<FillLine, sqlx::Error> {
    Ok(FillLine {
        seq: number(row, "seq")?,
        at: time(row, "at")?,
        order: number(row, "order_number")?,
        execution: row.try_get("execution")?,
        symbol: row.try_get("symbol")?,
        side: row.try_get("side")?,
        quantity: Quantity::from_nanos(row.try_get("quantity")?),
        price: Price::from_nanos(row.try_get("price")?),
        realised: Cash::from_nanos(row.try_get("realised")?),
        position: Quantity::from_nanos(row.try_get("position")?),
        cash: Cash::from_nanos(row.try_get("cash")?),
    })
}

fn equity_point(row: &SqliteRow) -> Result<EquityPoint, sqlx::Error> {
    Ok(EquityPoint {
        minute: time(row, "minute")?,
        cash: Cash::from_nanos(row.try_get("cash")?),
        equity: Cash::from_nanos(row.try_get("equity")?),
    })
}

fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, sqlx::Error> {
    row.try_get(column).map(Timestamp::from_nanos)
}

fn number(row: &SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    row.try_get::<i64, _>(column).map(|number| u64::try_from(number).unwrap_or(0))
}
