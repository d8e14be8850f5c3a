//! Everything that reads the journal of a running session, behind one door.
//!
//! Readers never stop a session and never lose an event: each has its own cursor, waits when what
//! it writes to is slow or dead, starts again after an error, and shows its lag as a metric.

pub mod tail;

use crate::telemetry::{self, Live, Metrics, ReaderFigures, Shared};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tail::Source;
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;

/// Which readers run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadersConfig {
    /// Publish to Kafka.
    #[cfg(feature = "kafka")]
    #[serde(default)]
    pub kafka: Option<crate::publish::KafkaConfig>,
    /// Keep orders, fills and equity in this SQLite file.
    #[cfg(feature = "sqlite")]
    #[serde(default)]
    pub sqlite: Option<std::path::PathBuf>,
    /// Serve `/metrics` on this address; port 0 takes any free one.
    #[serde(default)]
    pub metrics: Option<SocketAddr>,
}

/// Where one reader stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// `kafka`, `sqlite` or `telemetry`.
    pub name: &'static str,
    /// The newest record that it is done with.
    pub seq: u64,
    /// How often it failed and started again.
    pub errors: u64,
    /// Whether it has ended: it was done with a complete journal, or ran out of time.
    pub ended: bool,
}

/// The running readers of a session.
pub struct Readers {
    metrics: Arc<Metrics>,
    metrics_address: Option<SocketAddr>,
    running: Vec<Running>,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
}

struct Running {
    name: &'static str,
    figures: ReaderFigures,
    task: JoinHandle<()>,
}

impl Readers {
    /// Starts them. Nothing that is wrong with them is an error of the session: it is logged and
    /// shown.
    ///
    /// Start them with the source at the last record recovered, before the session writes. What
    /// readers still owe to finished sessions of the same directory they do first.
    // Boxed, so that the readers are compiled with this crate and not again with each that starts them.
    pub fn start(
        config: ReadersConfig,
        source: Source,
        live: Arc<Live>,
    ) -> BoxFuture<'static, Self> {
        Box::pin(Self::begin(config, source, live))
    }

    async fn begin(config: ReadersConfig, source: Source, live: Arc<Live>) -> Self {
        let metrics = Arc::new(Metrics::new().unwrap_or_else(|error| {
            // Two metrics of one name: a fault of the list, which its test finds.
            unreachable!("the list of metrics is wrong: {error}")
        }));
        let stop = CancellationToken::new();
        let running = Vec::new();
        let mut readers = Self { metrics, metrics_address: None, running, stop, server: None };
        #[cfg(feature = "kafka")]
        if let Some(kafka) = config.kafka {
            readers.publish(kafka, source.clone());
        }
        #[cfg(feature = "sqlite")]
        if let Some(path) = config.sqlite {
            readers.store(path, source.clone());
        }
        if let Some(address) = config.metrics {
            readers.count(address, source, live).await;
        }
        readers
    }

    #[cfg(feature = "kafka")]
    fn publish(&mut self, config: crate::publish::KafkaConfig, source: Source) {
        let dead_letters = self.metrics.dead_letters.clone();
        self.supervise(crate::publish::NAME, move |figures| {
            let (config, source, dead_letters) =
                (config.clone(), source.clone(), dead_letters.clone());
            async move {
                for left in source.left_behind(crate::publish::NAME)? {
                    crate::publish::publish(&config, &left, &figures, &dead_letters).await?;
                }
                crate::publish::publish(&config, &source, &figures, &dead_letters).await
            }
        });
    }

    #[cfg(feature = "sqlite")]
    fn store(&mut self, path: std::path::PathBuf, source: Source) {
        self.supervise(crate::store::NAME, move |figures| {
            let (path, source) = (path.clone(), source.clone());
            async move {
                for left in source.left_behind(crate::store::NAME)? {
                    crate::store::keep(&path, &left, &figures).await?;
                }
                crate::store::keep(&path, &source, &figures).await
            }
        });
    }

    async fn count(&mut self, address: SocketAddr, source: Source, live: Arc<Live>) {
        let metrics = Arc::clone(&self.metrics);
        let shared = Arc::new(Shared::new(metrics, live, source.clone()));
        match telemetry::serve(address, Arc::clone(&shared), self.stop.clone()).await {
            Ok((bound, server)) => {
                self.metrics_address = Some(bound);
                self.server = Some(server);
            }
            Err(error) => {
                tracing::error!(%address, %error, "/metrics cannot listen: choose another metrics.listen; the session goes on without");
            }
        }
        let first = source.durable();
        self.supervise(telemetry::NAME, move |figures| {
            let (source, shared) = (source.clone(), Arc::clone(&shared));
            async move { telemetry::count(&source, &shared, &figures, first).await }
        });
    }

    /// Runs a reader until it is done with a complete journal, again after each error.
    fn supervise<F, R, E>(&mut self, name: &'static str, read: F)
    where
        F: Fn(ReaderFigures) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send,
        E: std::fmt::Display + Send,
    {
        let figures = self.metrics.reader(name);
        let (stop, shown) = (self.stop.clone(), figures.clone());
        let task = tokio::spawn(async move {
            let again = async {
                let mut pause = Pause::default();
                while let Err(error) = read(shown.clone()).await {
                    shown.errors.inc();
                    let wait = pause.next();
                    tracing::error!(reader = name, %error, ?wait, "a reader of the journal failed; it starts again at its cursor");
                    tokio::time::sleep(wait).await;
                }
            };
            stop.run_until_cancelled(again).await;
        });
        self.running.push(Running { name, figures, task });
    }

    /// The address of `/metrics`, when it is served.
    pub const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Where each reader stands.
    pub fn standings(&self) -> Vec<Standing> {
        self.running.iter().map(Running::standing).collect()
    }

    /// Lets each reader finish a journal whose session has dropped the sender of its source, for at
    /// most `limit`; then stops what is left. What a reader has not done it does when the next
    /// session starts. The journal is put aside only after this.
    pub async fn finish(mut self, limit: Duration) -> Vec<Standing> {
        let deadline = tokio::time::Instant::now() + limit;
        for one in &mut self.running {
            if timeout_at(deadline, &mut one.task).await.is_err() {
                let seq = one.figures.seq.get();
                tracing::warn!(
                    reader = one.name,
                    seq,
                    "did not finish in time; it goes on from its cursor when a session starts"
                );
            }
        }
        let standings = self.standings();
        self.stop.cancel();
        for one in self.running.drain(..) {
            one.task.abort();
        }
        if let Some(server) = self.server.take() {
            server.abort();
        }
        standings
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Running {
    fn standing(&self) -> Standing {
        Standing {
            name: self.name,
            seq: u64::try_from(self.figures.seq.get()).unwrap_or(0),
            errors: self.figures.errors.get(),
            ended: self.task.is_finished(),
        }
    }
}

/// Growing pauses between attempts: a fifth of a second to ten seconds, with jitter so that many
/// sessions do not come back at once.
#[derive(Debug, Default)]
struct Pause {
    attempts: u32,
}

impl Pause {
    fn next(&mut self) -> Duration {
        let most = Duration::from_millis(200).saturating_mul(1 << self.attempts.min(6));
        self.attempts += 1;
        let whole = most.min(Duration::from_secs(10));
        whole.mul_f64(rand::random_range(0.5..=1.0))
    }
}
