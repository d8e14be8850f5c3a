//! A server from its start to its end.

use super::Keys;
use super::config::ServerConfig;
use super::faults::cut::{CutListener, Switch};
use super::replay;
use super::rest;
use super::shared::Shared;
use super::state_log::StateError;
use super::venue::Venue;
use crate::check::{Note, SessionRecord};
use crate::{AccountRow, Activity, OrderRow, PositionRow};
use kernel::{SymbolError, Symbols, Timestamp};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Why a server cannot start, or its replay cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address or port")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The files hold no market data.
    #[error("there is no market data to replay: give files with at least one row")]
    NoData,
    /// Generated data without symbols.
    #[error("there is no symbol to generate market data for: give at least one")]
    NoSymbols,
    /// A symbol that no venue could list.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// The state directory cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A running server. It ends when this is dropped or [`Running::shutdown`] is called.
pub struct Running {
    addr: SocketAddr,
    shared: Arc<Shared>,
    finished: watch::Receiver<bool>,
    tasks: [JoinHandle<()>; 2],
}

/// The venue at one moment, for tests and summaries.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The exchange's clock.
    pub now: Timestamp,
    /// Steps taken since the first start.
    pub step: u64,
    /// The account.
    pub account: AccountRow,
    /// Every position that is not flat.
    pub positions: Vec<PositionRow>,
    /// What the symbols are called now.
    pub symbols: Symbols,
    /// Every order there ever was, in order of arrival.
    pub orders: Vec<OrderRow>,
    /// The account's history, oldest first.
    pub activities: Vec<Activity>,
    /// How often each rule of the fault script has struck, in its order.
    pub faults: Vec<u64>,
}

/// Restores the venue, listens, and begins to replay.
///
/// # Errors
/// When there is nothing to replay, the state directory cannot be used, or the address is taken.
// Boxed, so that the server is compiled with this crate and not again with each that starts one.
pub fn start(config: ServerConfig) -> Starting {
    Box::pin(begin(config))
}

/// An exchange that is being started.
pub type Starting = Pin<Box<dyn Future<Output = Result<Running, ServerError>> + Send>>;

async fn begin(config: ServerConfig) -> Result<Running, ServerError> {
    let venue = Venue::open(&config)?;
    let listen = |source| ServerError::Listen { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
    let addr = listener.local_addr().map_err(listen)?;
    let shared = Arc::new(Shared::new(&config, venue));
    let app = rest::router(Arc::clone(&shared));
    let app = app.into_make_service_with_connect_info::<Switch>();
    let mut stop = shared.stop.subscribe();
    let stopped = async move {
        let _ = stop.wait_for(|stop| *stop).await;
    };
    let server = tokio::spawn(async move {
        let served = axum::serve(CutListener(listener), app).with_graceful_shutdown(stopped).await;
        if let Err(error) = served {
            tracing::error!(%error, "the exchange has stopped listening");
        }
    });
    let replay = tokio::spawn(replay::run(Arc::clone(&shared), config.wait_for_subscriber));
    let finished = shared.finished.subscribe();
    Ok(Running { addr, shared, finished, tasks: [server, replay] })
}

impl Running {
    /// Where it listens.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The credentials it asks for.
    pub fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    /// The base URL of everything it serves; the streams' differs in its scheme, `ws`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Waits until the data have been replayed to their end: in lock step, until the last frame
    /// has been acknowledged. Never, for generated data.
    pub async fn finished(&self) {
        let _ = self.finished.clone().wait_for(|finished| *finished).await;
    }

    /// The venue now.
    pub fn snapshot(&self) -> Snapshot {
        let venue = self.shared.venue();
        let exchange = &venue.exchange;
        Snapshot {
            now: exchange.now(),
            step: venue.step(),
            account: exchange.account(),
            positions: exchange.positions(),
            symbols: exchange.symbols().clone(),
            orders: exchange.orders().cloned().collect(),
            activities: exchange.activities().to_vec(),
            faults: venue.injector.struck(),
        }
    }

    /// What the exchange says of the session, for the checks.
    pub fn record(&self) -> SessionRecord {
        SessionRecord::of(&self.shared.venue().exchange)
    }

    /// What it noted so far; empty unless [`ServerConfig::keeps_diary`].
    pub fn diary(&self) -> Vec<Note> {
        self.shared.venue().diary.notes().to_vec()
    }

    /// Ends it in order: streams get a close frame, requests under way their answers. The state
    /// directory is free when this returns.
    pub async fn shutdown(mut self) {
        self.shared.stop.send_replace(true);
        let [server, replay] = &mut self.tasks;
        replay.abort();
        let _ = server.await;
        let _ = replay.await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.stop.send_replace(true);
        self.tasks.iter().for_each(JoinHandle::abort);
        self.shared.venue().close();
    }
}
