//! The runtime of a command that goes on until it is told to end, with SIGINT and SIGTERM caught from
//! its first moment: whatever it is doing then, it ends in order. SIGUSR1 is a session's kill switch.

use super::exit::Failure;
use runtime::session::{self, SessionError, StopReceiver, StopSignal, Stopper};
use std::future::Future;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

/// A runtime, and the wish to end that signals raise.
pub struct Shell {
    runtime: Runtime,
    stopper: Stopper,
    stop: StopReceiver,
}

impl Shell {
    /// Starts the runtime and catches the signals. A second signal means at once.
    ///
    /// # Errors
    /// When the operating system gives no threads or no signals.
    pub fn new() -> Result<Self, Failure> {
        let runtime = super::commands::tokio_runtime()?;
        let (stopper, stop) = session::stop_signal();
        let catch = {
            let _inside = runtime.enter();
            pass_signals(stopper.clone())?
        };
        runtime.spawn(catch);
        Ok(Self { runtime, stopper, stop })
    }

    /// Runs a future to its end.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// What raises the wish to end.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// What hears it.
    pub fn stop(&self) -> StopReceiver {
        self.stop.clone()
    }

    /// Does something that blocks, such as reading files, unless the command is told to end
    /// meanwhile; then the work is left behind, and goes with the process.
    ///
    /// # Errors
    /// That of the work, or that it was interrupted.
    pub fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (done, result) = tokio::sync::oneshot::channel();
        // A thread of its own: the runtime would wait for one of its pool.
        std::thread::spawn(move || {
            let _ = done.send(work());
        });
        self.block_on(unless_stopped(self.stop(), async {
            result.await.unwrap_or_else(|_| Err(Failure::other("the work ended without a result")))
        }))
    }
}

/// Waits for something, unless the command is told to end.
///
/// # Errors
/// That of what is waited for, or that it was interrupted.
pub async fn unless_stopped<T>(
    mut stop: StopReceiver,
    wanted: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        () = stop.wait_for(StopSignal::Orderly) => Err(Failure::from(&SessionError::Interrupted)),
        result = wanted => result,
    }
}

/// Passes SIGINT and SIGTERM on as a wish to end, and SIGUSR1 as the kill switch.
fn pass_signals(stopper: Stopper) -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::other)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::other)?;
    let mut kill_switch = signal(SignalKind::user_defined1()).map_err(Failure::other)?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => stopper.press(),
                _ = terminate.recv() => stopper.press(),
                _ = kill_switch.recv() => stopper.flatten(),
            }
        }
    })
}
