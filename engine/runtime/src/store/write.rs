//! One transaction: the rows of some records, and the place they lead to.

use super::StoreError;
use super::rows::{Rows, integer};
use sqlx::{QueryBuilder, Sqlite, SqlitePool};

/// Rows in one statement: SQLite takes 32,766 values, and beyond a thousand rows nothing is gained.
const ROWS: usize = 500;

/// Writes rows and moves the place of the session from record `from` to record `to`, wholly or not
/// at all.
pub(super) async fn write(
    pool: &SqlitePool,
    session: &str,
    (from, to): (u64, u64),
    rows: &Rows,
) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    let mut statements = statements(session, rows);
    for statement in &mut statements {
        statement.build().persistent(false).execute(&mut *transaction).await?;
    }
    let moved = sqlx::query("UPDATE sessions SET seq = $1 WHERE session = $2 AND seq = $3")
        .bind(integer(to))
        .bind(session)
        .bind(integer(from))
        .execute(&mut *transaction)
        .await?;
    if moved.rows_affected() != 1 {
        return Err(StoreError::Moved { session: session.into(), expected: from });
    }
    Ok(transaction.commit().await?)
}

fn statements(session: &str, rows: &Rows) -> Vec<QueryBuilder<Sqlite>> {
    let mut all = Vec::new();
    all.extend(rows.started.iter().map(|row| {
        let mut sql = QueryBuilder::new(
            "INSERT INTO sessions (session, venue, build, symbols, started_at, seq) VALUES (",
        );
        let mut values = sql.separated(", ");
        values.push_bind(session.to_owned()).push_bind(row.venue.clone());
        values.push_bind(row.build.clone()).push_bind(row.symbols.clone());
        values.push_bind(row.started_at).push_bind(0_i64);
        sql.push(") ON CONFLICT (session) DO NOTHING");
        sql
    }));
    all.extend(orders(session, rows));
    all.extend(fills(session, rows));
    all.extend(fees(session, rows));
    all.extend(equity(session, rows));
    all.extend(alerts(session, rows));
    all.extend(predictions(session, rows));
    all
}

fn orders(session: &str, rows: &Rows) -> Vec<QueryBuilder<Sqlite>> {
    let orders: Vec<_> = rows.orders.iter().collect();
    let statement = |chunk: &[(&u64, &super::rows::OrderRow)]| {
        let mut sql = QueryBuilder::new(
            "INSERT INTO orders (session, number, client_order_id, broker_id, origin, strategy, \
             symbol, side, type, quantity, limit_price, stop_price, time_in_force, replaces, \
             status, filled, text, approved_at, updated_at) ",
        );
        sql.push_values(chunk, |mut values, (number, row)| {
            values.push_bind(session.to_owned()).push_bind(integer(**number));
            values.push_bind(row.client_order_id.clone()).push_bind(row.broker_id.clone());
            values.push_bind(row.origin).push_bind(row.strategy.clone());
            values.push_bind(row.symbol.clone()).push_bind(row.side).push_bind(row.kind);
            values.push_bind(row.quantity).push_bind(row.limit_price).push_bind(row.stop_price);
            values.push_bind(row.time_in_force).push_bind(row.replaces).push_bind(row.status);
            values.push_bind(row.filled).push_bind(row.text.clone());
            values.push_bind(row.approved_at).push_bind(row.updated_at);
        });
        sql.push(
            " ON CONFLICT (session, number) DO UPDATE SET broker_id = excluded.broker_id, \
             status = excluded.status, filled = excluded.filled, \
             text = COALESCE(excluded.text, orders.text), updated_at = excluded.updated_at",
        );
        sql
    };
    orders.chunks(ROWS).map(statement).collect()
}

fn fills(session: &str, rows: &Rows) -> Vec<QueryBuilder<Sqlite>> {
    let statement = |chunk: &[super::rows::FillRow]| {
        let mut sql = QueryBuilder::new(
            "INSERT INTO fills (session, seq, at, order_number, execution, symbol, side, quantity, \
             price, realised, position, cash) ",
        );
        sql.push_values(chunk, |mut values, row| {
            values.push_bind(session.to_owned()).push_bind(row.seq).push_bind(row.at);
            values.push_bind(row.order).push_bind(row.execution.clone());
            values.push_bind(row.symbol.clone()).push_bind(row.side).push_bind(row.quantity);
            values.push_bind(row.price).push_bind(row.realised).push_bind(row.position);
            values.push_bind(row.cash);
        });
        sql
    };
    rows.fills.chunks(ROWS).map(statement).collect()
}

fn fees(session: &str, rows: &Rows) -> Vec<QueryBuilder<Sqlite>> {
    let statement = |chunk: &[super::rows::FeeRow]| {
        let mut sql =
            QueryBuilder::new("INSERT INTO fees (session, seq, at, fee_id, kind, amount, cash) ");
        sql.push_values(chunk, |mut values, row| {
            values.push_bind(session.to_owned()).push_bind(row.seq).push_bind(row.at);
            values.push_bind(row.fee_id.clone()).push_bind(row.kind);
            values.push_bind(row.amount).push_bind(row.cash);
        });
        sql
    };
    rows.fees.chunks(ROWS).map(statement).collect()
}

fn equity(session: &str, rows: &Rows) -> Vec<QueryBuilder<Sqlite>> {
    let equity: Vec<_> = rows.equity.iter().collect();
    let statement = |chunk: &[(&i64, &super::rows::EquityRow)]| {
        let mut sql = QueryBuilder::new("INSERT INTO equity (session, minute, cash, equity) ");
        sql.push_values(chunk, |mut values, (minute, row)| {
            values.push_bind(session.to_owned()).push_bind(**minute);
            values.push_bind(row.cash).push_bind(row.equity);
        });
        sql.push(
            " ON CONFLICT (session, minute) DO UPDATE SET cash = excluded.cash, \
             equity = excluded.equity",
        );
        sql
    };
    equity.chunks(ROWS).map(statement).collect()
}

fn alerts(session: &str, rows: &Rows) -> Vec<QueryBuilder<Sqlite>> {
    let statement = |chunk: &[super::rows::AlertRow]| {
        let mut sql =
            QueryBuilder::new("INSERT INTO alerts (session, seq, at, severity, code, text) ");
        sql.push_values(chunk, |mut values, row| {
            values.push_bind(session.to_owned()).push_bind(row.seq).push_bind(row.at);
            values.push_bind(row.severity).push_bind(row.code.clone());
            values.push_bind(row.text.clone());
        });
        sql
    };
    rows.alerts.chunks(ROWS).map(statement).collect()
}

fn predictions(session: &str, rows: &Rows) -> Vec<QueryBuilder<Sqlite>> {
    let statement = |chunk: &[super::rows::PredictionRow]| {
        let mut sql = QueryBuilder::new(
            "INSERT INTO predictions (session, seq, at, symbol, model, bar_end, trend, \
             confidence, shadow, latency) ",
        );
        sql.push_values(chunk, |mut values, row| {
            values.push_bind(session.to_owned()).push_bind(row.seq).push_bind(row.at);
            values.push_bind(row.symbol.clone()).push_bind(row.model.clone());
            values.push_bind(row.bar_end).push_bind(row.trend).push_bind(row.confidence);
            values.push_bind(row.shadow).push_bind(row.latency);
        });
        sql
    };
    rows.predictions.chunks(ROWS).map(statement).collect()
}
