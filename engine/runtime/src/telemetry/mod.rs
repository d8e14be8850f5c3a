//! Metrics of a running session: a reader of the journal that counts, and an HTTP endpoint.
//!
//! Counters begin at zero with the process, as Prometheus expects; gauges show the state at once.

mod handles;
pub mod metric;
mod observe;
mod server;

pub use handles::{Metrics, ReaderFigures};

use crate::readers::tail::{Source, Tail, TailError, off_thread};
use kernel::{State, Timestamp};
use observe::Observer;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The name of the counting reader and of its figures.
pub(crate) const NAME: &str = "telemetry";

/// Most records between two settings of the gauges.
const BATCH: usize = 4096;

/// What only the session knows: figures that are not in the journal.
#[derive(Debug, Default)]
pub struct Live {
    /// Size of the journal on disk, in bytes.
    pub journal_bytes: AtomicU64,
}

/// What the endpoint answers from.
#[derive(Debug)]
pub(crate) struct Shared {
    metrics: Arc<Metrics>,
    live: Arc<Live>,
    source: Source,
    /// Held while the gauges are set and while a page is made, so that a page is of one record.
    page: Mutex<()>,
    last_data: AtomicI64,
    reconciled: AtomicBool,
    market_data_up: AtomicBool,
    orders_up: AtomicBool,
}

impl Shared {
    pub(crate) fn new(metrics: Arc<Metrics>, live: Arc<Live>, source: Source) -> Self {
        Self {
            metrics,
            live,
            source,
            page: Mutex::new(()),
            last_data: AtomicI64::new(machine_now().nanos()),
            reconciled: AtomicBool::new(false),
            market_data_up: AtomicBool::new(false),
            orders_up: AtomicBool::new(false),
        }
    }

    /// Everything as text, with the figures that move without a record brought up to date.
    fn text(&self) -> Result<String, prometheus::Error> {
        let _whole = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = self.live.journal_bytes.load(Ordering::Relaxed);
        self.metrics.journal_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        self.metrics.journal_seq.set(i64::try_from(self.source.durable()).unwrap_or(i64::MAX));
        let last = Timestamp::from_nanos(self.last_data.load(Ordering::Relaxed));
        let age = machine_now().since(last).nanos().max(0);
        self.metrics.feed_age.set(age as f64 / 1e9);
        self.metrics.text()
    }

    /// Why orders cannot go out yet, if they cannot.
    fn not_ready(&self) -> Option<&'static str> {
        let holds = |fact: &AtomicBool| fact.load(Ordering::Relaxed);
        if !holds(&self.orders_up) {
            return Some("the order stream is down");
        }
        if !holds(&self.market_data_up) {
            return Some("the market data stream is down");
        }
        (!holds(&self.reconciled)).then_some("the books are not reconciled with the broker")
    }

    /// Shows the state after record `seq`.
    fn settle(&self, state: &State, seq: u64, observer: &mut Observer, figures: &ReaderFigures) {
        let _whole = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        observer.settle(state);
        figures.seq.set(i64::try_from(seq).unwrap_or(i64::MAX));
        self.reconciled.store(state.is_reconciled(), Ordering::Relaxed);
        self.market_data_up.store(state.market_stream_is_up(), Ordering::Relaxed);
        self.orders_up.store(state.order_stream_is_up(), Ordering::Relaxed);
        if let Some(time) = observer.last_data() {
            self.last_data.store(time.nanos(), Ordering::Relaxed);
        }
    }
}

/// Counts what the journal holds after record `first`, until it is complete; called again after an
/// error, it goes on where it was.
pub(crate) async fn count(
    source: &Source,
    shared: &Arc<Shared>,
    figures: &ReaderFigures,
    first: u64,
) -> Result<(), TailError> {
    let first = first.max(u64::try_from(figures.seq.get()).unwrap_or(0));
    let mut tail = Tail::open(source, first).await?;
    let mut observer = Observer::new(Arc::clone(&shared.metrics), tail.state());
    loop {
        let counted;
        (tail, observer, counted) = off_thread(move || {
            let counted = count_some(&mut tail, &mut observer);
            (tail, observer, counted)
        })
        .await;
        counted?;
        shared.settle(tail.state(), tail.seq(), &mut observer, figures);
        if !tail.growth().more().await? {
            return Ok(());
        }
    }
}

fn count_some(tail: &mut Tail, observer: &mut Observer) -> Result<(), TailError> {
    for _ in 0..BATCH {
        let Some(record) = tail.read()? else {
            break;
        };
        tail.fold(&record)?;
        observer.take(&record, tail.seen());
    }
    Ok(())
}

/// Opens the endpoint and answers on it until told to stop. Gives the address it has.
///
/// # Errors
/// When the address cannot be used.
pub(crate) async fn serve(
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: CancellationToken,
) -> std::io::Result<(SocketAddr, tokio::task::JoinHandle<()>)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((bound, tokio::spawn(server::answer(listener, shared, stop))))
}

fn machine_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
