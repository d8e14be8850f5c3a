//! What a session left behind, judged by the exchange's own record.

use crate::life::Life;
use exchange::OrderRow;
use exchange::check::{Bounds, Claims, SessionRecord};
use exchange::server::{ServerConfig, Source, Speed};
use journal::Reader;
use kernel::{Input, Order, Record, RecordBody, State};
use std::collections::BTreeSet;

/// The session's journal, folded.
pub struct Books {
    pub state: State,
    /// What of it is struck while it trades.
    pub trading: Part,
    /// What of it is struck on its way back: from the last restart to the first market data after it.
    pub recovery: Part,
    of: Struck,
}

/// A part of a session.
#[derive(Default)]
pub struct Part {
    /// Its records.
    pub records: BTreeSet<u64>,
    /// The orders that it is about; none where it is about no orders in particular.
    pub orders: BTreeSet<u64>,
    /// It begins with this record.
    pub from: u64,
    /// With this one the session had come to its end, if it had: what is read afterwards, to be told, is no
    /// part of it, and a session that is killed then has nothing to go on with.
    pub until: Option<u64>,
}

/// What of a session is struck.
enum Struck {
    /// The orders in the symbol of the chosen kind, which is the third.
    Chosen,
    /// What an operator's command leads to.
    Command,
}

impl Books {
    pub fn read(life: &Life) -> Result<Self, String> {
        let told = |error: journal::JournalError| error.to_string();
        let mut reader = Reader::open(&life.user.path("d/journal"), 1).map_err(told)?;
        let of = if life.command().is_some() { Struck::Command } else { Struck::Chosen };
        let (trading, recovery) = (Part::default(), Part::default());
        let mut books = Self { state: State::default(), trading, recovery, of };
        let (mut decision, mut before) = (Vec::new(), Vec::new());
        let (mut is_recovering, mut is_meant) = (false, matches!(books.of, Struck::Chosen));
        while let Some(record) = reader.next().map_err(told)? {
            if let RecordBody::Input(input) = &record.body {
                books.note(is_meant, &decision, &before);
                decision.clear();
                before = books.orders();
                match input.input {
                    Input::Restart { .. } => {
                        (is_recovering, books.recovery) = (true, Part::default())
                    }
                    Input::Market(_) => is_recovering = false,
                    Input::Command(_) if !is_meant => {
                        (is_meant, books.trading.from) = (true, record.seq);
                    }
                    _ => {}
                }
            }
            if is_recovering {
                books.recovery.records.insert(record.seq);
            }
            decision.push(record.seq);
            books.fold(&record)?;
        }
        books.note(is_meant, &decision, &before);
        Ok(books)
    }

    /// The record of the operator's command, once it was given.
    pub fn command(&self) -> Option<u64> {
        (self.trading.from > 0).then_some(self.trading.from)
    }

    fn fold(&mut self, record: &Record) -> Result<(), String> {
        self.state.evolve(record).map_err(|error| error.to_string())?;
        if self.trading.until.is_none()
            && self.state.stopping().is_some()
            && self.state.is_settled()
        {
            self.trading.until = Some(record.seq);
        }
        Ok(())
    }

    /// The orders that count.
    fn orders(&self) -> Vec<Order> {
        let chosen = self.state.symbols().ids().nth(2);
        let counts = |order: &&Order| match self.of {
            Struck::Chosen => Some(order.symbol) == chosen,
            Struck::Command => true,
        };
        self.state.orders().filter(counts).cloned().collect()
    }

    /// Notes a decision that is meant, if it was the command's or changed an order that counts.
    fn note(&mut self, is_meant: bool, decision: &[u64], before: &[Order]) {
        let orders = self.orders();
        let is_command = decision.first() == Some(&self.trading.from);
        if is_meant && (is_command || orders != before) {
            self.trading.records.extend(decision);
            self.trading.orders.extend(orders.iter().map(|order| order.number.0));
        }
    }

    /// What the books say. Every order at the exchange must be in them, so none is left out by its
    /// name; a leg has the name that the exchange gave it.
    fn claims(&self, record: &SessionRecord) -> Claims {
        let session = self.state.session().map_or("", |start| &start.session);
        let orders = self.state.orders().map(|order| {
            let broker_id = order.broker_id.as_ref().map(|id| &*id.0);
            let row = record.orders.iter().find(|row| Some(&*row.id.to_string()) == broker_id);
            let own = format!("tw-{session:.8}-{}", order.number);
            (row.map_or(own, |row| row.client_order_id.to_string()), (order.status, order.filled))
        });
        let ledger = self.state.ledger();
        let ids = self.state.symbols().ids();
        let limits = self.state.limits();
        Claims {
            cash: ledger.cash(),
            trial_balance: ledger.trial_balance(),
            positions: ids.map(|id| (id, ledger.position(id).quantity)).collect(),
            orders: orders.collect(),
            bounds: Bounds {
                order_qty: limits.max_order_quantity,
                order_notional: limits.max_order_notional,
                position_notional: limits.max_position_notional,
                named_notional: limits.max_order_notional,
                orders_per_minute: None,
            },
            // Nobody resumes: a command's stops and targets stay as it left them.
            leaves_open: matches!(self.of, Struck::Command),
            ..Claims::default()
        }
    }
}

/// The exchange's record: it restores itself from its log, which is to run again.
pub fn record(life: &mut Life) -> Result<SessionRecord, String> {
    life.close();
    let feed = marketdata::read_files(&life.files).map_err(|error| error.to_string())?;
    let mut config = ServerConfig::new(Source::Files(feed), Speed::Max);
    config.state_dir = Some(life.record());
    // As in config/default.toml.
    config.exchange.account.multiplier = 2;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let running = exchange::server::start(config).await.map_err(|error| error.to_string())?;
        let record = running.record();
        running.shutdown().await;
        Ok(record)
    })
}

/// Every order at the exchange with what became of it, without its name and times, and how far
/// trading may go: the same whether or not there was a crash on the way.
///
/// After an operator's command an order that ended without a share is left out: a command that is
/// given again cancels what the first one sent, and sends it anew.
pub fn outline(books: &Books, record: &SessionRecord) -> Vec<String> {
    let counts = |row: &&OrderRow| match books.of {
        Struck::Chosen => true,
        Struck::Command => !row.status.is_final() || !row.filled_qty.is_zero(),
    };
    let rows = record.orders.iter().filter(counts).map(|row| {
        let size = match row.notional {
            Some(usd) => format!("{usd} USD"),
            None => format!("{} shares", row.qty),
        };
        format!(
            "symbol {} {} {size} {:?} {}{} {}{}: {} {} filled",
            row.symbol.index(),
            row.side.as_str(),
            row.kind,
            row.time_in_force.as_str(),
            if row.extended_hours { " extended" } else { "" },
            row.group.as_str(),
            if row.parent.is_some() { " leg" } else { "" },
            row.status.as_str(),
            row.filled_qty,
        )
    });
    let mut rows: Vec<String> = rows.collect();
    rows.push(format!("trading is {}", books.state.trading_state().as_str()));
    rows.sort();
    rows
}

/// Everything that is wrong with a session that has come to its end, if it should look like this.
pub fn judge(life: &mut Life, expected: &[String]) -> Result<(), String> {
    let books = Books::read(life)?;
    let record = record(life)?;
    let findings = record.findings().into_iter().map(|finding| finding.to_string());
    let breaches =
        record.breaches(&books.claims(&record)).into_iter().map(|breach| breach.to_string());
    let mut wrong: Vec<String> = findings.chain(breaches).collect();
    let found = outline(&books, &record);
    wrong.extend(difference(expected, &found).iter().map(|row| format!("lost: {row}")));
    wrong.extend(difference(&found, expected).iter().map(|row| format!("too much: {row}")));
    for check in [&["journal", "verify"], &["replay", "--verify"]] {
        let ended = life.user.run(&[&check[..], &["--data-dir", "d"]].concat());
        if ended.code != 0 {
            wrong.push(format!("{}: {}", check.join(" "), ended.sentence()));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n  ")) }
}

/// What the first has more often than the second.
fn difference(one: &[String], other: &[String]) -> Vec<String> {
    let mut left = other.to_vec();
    let mut more = Vec::new();
    for row in one {
        match left.iter().position(|candidate| candidate == row) {
            Some(place) => drop(left.swap_remove(place)),
            None => more.push(row.clone()),
        }
    }
    more
}
