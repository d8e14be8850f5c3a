//! How a session is told to end.

use tokio::sync::watch;

/// How urgently a session is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum StopSignal {
    /// It goes on.
    #[default]
    None,
    /// Its shutdown policy is carried out, with a deadline.
    Orderly,
    /// The same, and no more data come: nothing can fill any more.
    DataEnded,
    /// At once: the journal is synced and nothing more is waited for.
    Now,
}

/// The caller's side: what a signal handler holds.
#[derive(Debug, Clone)]
pub struct Stopper {
    signal: watch::Sender<StopSignal>,
    kills: watch::Sender<u32>,
}

/// The session's side.
#[derive(Debug, Clone)]
pub struct StopReceiver {
    signal: watch::Receiver<StopSignal>,
    kills: watch::Receiver<u32>,
}

/// The two sides of a stop signal.
pub fn stop_signal() -> (Stopper, StopReceiver) {
    let (signal, heard) = watch::channel(StopSignal::None);
    let (kills, counted) = watch::channel(0);
    (Stopper { signal, kills }, StopReceiver { signal: heard, kills: counted })
}

impl Stopper {
    /// Asks once more: the first call asks for an orderly end, every further one for an end now.
    pub fn press(&self) {
        self.signal.send_modify(|signal| {
            *signal = match signal {
                StopSignal::None => StopSignal::Orderly,
                StopSignal::Orderly | StopSignal::DataEnded | StopSignal::Now => StopSignal::Now,
            }
        });
    }

    /// Pulls the kill switch: the session halts, cancels everything, closes every position, and goes on.
    pub fn flatten(&self) {
        self.kills.send_modify(|kills| *kills = kills.wrapping_add(1));
    }

    /// Says that no more data come, which asks for an orderly end.
    pub fn data_ended(&self) {
        self.signal.send_modify(|signal| *signal = (*signal).max(StopSignal::DataEnded));
    }
}

impl StopReceiver {
    /// What was asked for so far.
    pub fn asked(&self) -> StopSignal {
        *self.signal.borrow()
    }

    /// Waits until the kill switch is pulled, once more than this receiver knows of; for ever when
    /// nobody can pull it any more.
    pub async fn killed(&mut self) {
        if self.kills.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until at least this much was asked for; for ever when nobody can ask any more.
    pub async fn wait_for(&mut self, wanted: StopSignal) {
        if self.signal.wait_for(|signal| *signal >= wanted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_press_means_now() {
        let (stopper, mut stop) = stop_signal();
        assert_eq!(stop.asked(), StopSignal::None);
        stopper.press();
        stop.wait_for(StopSignal::Orderly).await;
        assert_eq!(stop.asked(), StopSignal::Orderly);
        stopper.press();
        stop.wait_for(StopSignal::Now).await;
        stopper.press();
        assert_eq!(stop.asked(), StopSignal::Now);
        stopper.data_ended();
        assert_eq!(stop.asked(), StopSignal::Now);
    }

    #[tokio::test]
    async fn a_kill_switch_that_was_pulled_early_is_heard_later() {
        let (stopper, mut stop) = stop_signal();
        stopper.flatten();
        stop.killed().await;
        assert_eq!(stop.asked(), StopSignal::None, "the session goes on");
        let again = tokio::time::timeout(std::time::Duration::ZERO, stop.killed());
        assert!(again.await.is_err(), "it was pulled once");
    }

    #[tokio::test]
    async fn the_end_of_the_data_is_no_second_press() {
        let (stopper, mut stop) = stop_signal();
        stopper.press();
        stopper.data_ended();
        stop.wait_for(StopSignal::Orderly).await;
        assert_eq!(stop.asked(), StopSignal::DataEnded);
    }
}
