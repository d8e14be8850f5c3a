//! Models beside the kernel: shown every bar that strategies see, and heard when they say something.
//!
//! In lock step a model is asked in turn, so that two runs hear the same. In the world's time each has
//! a thread of its own, so that a slow one holds nothing up; what it has not said by the time at which
//! its word would be over is noted as missed, and is not listened to any more.

use super::SessionError;
use super::desk::Desk;
use super::venue_clock::span;
use kernel::{
    Bar, Forecaster, Input, MarketData, MissedPrediction, Ratio, State, SymbolId, Timestamp,
};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Bars that may wait for a model: some minutes of a thousand symbols. One that is further behind
/// does not get to see them.
const WAITING: usize = 4096;

/// The models of a session.
pub(super) enum Models {
    /// Asked in turn.
    InTurn(Vec<Box<dyn Forecaster>>),
    /// Each in a thread of its own, with what they say, in the order in which they say it.
    Apart(Vec<Worker>, UnboundedReceiver<Said>),
}

/// A model in a thread of its own. The thread ends when this is dropped.
pub(super) struct Worker {
    id: Box<str>,
    warmup_bars: usize,
    shown: SyncSender<Shown>,
    /// Splits that it has no room for yet: it must know of them before the next bar.
    splits: VecDeque<(SymbolId, Ratio)>,
    /// Of which symbols, and of bars that ended when, its word is waited for.
    awaited: VecDeque<(SymbolId, Timestamp)>,
}

/// What a model is shown.
enum Shown {
    /// A bar for its memory alone.
    Past(Bar),
    /// A bar of which its word is waited for since then.
    Asked(Bar, Instant),
    /// The bars that follow are of new shares.
    Split(SymbolId, Ratio),
}

/// What a model makes of a bar.
pub(super) struct Said {
    worker: usize,
    /// Which model said it: another may have taken the place of the one that the thread began with.
    model: Box<str>,
    of: (SymbolId, Timestamp),
    words: Vec<Input>,
}

impl Models {
    /// Takes models in; threads begin here.
    ///
    /// # Errors
    /// When a thread cannot be had.
    pub fn new(models: Vec<Box<dyn Forecaster>>, is_lock_step: bool) -> Result<Self, SessionError> {
        if is_lock_step {
            return Ok(Self::InTurn(models));
        }
        let (out, said) = unbounded_channel();
        let workers = models.into_iter().enumerate();
        let workers = workers.map(|(place, model)| Worker::start(place, model, out.clone()));
        Ok(Self::Apart(workers.collect::<Result<_, _>>()?, said))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::InTurn(models) => models.is_empty(),
            Self::Apart(workers, _) => workers.is_empty(),
        }
    }

    /// How many bars of each symbol they must see before all of them can say something.
    pub fn warmup_bars(&self) -> usize {
        let most = match self {
            Self::InTurn(models) => models.iter().map(|model| model.warmup_bars()).max(),
            Self::Apart(workers, _) => workers.iter().map(|worker| worker.warmup_bars).max(),
        };
        most.unwrap_or(0)
    }

    /// Shows every model a bar for its memory alone.
    pub fn remind(&mut self, bar: &Bar) {
        match self {
            Self::InTurn(models) => models.iter_mut().for_each(|model| model.remember(bar)),
            Self::Apart(workers, _) => workers.iter_mut().for_each(|worker| {
                // One that is too far behind says so where it is asked.
                let _ = worker.show(Shown::Past(*bar));
            }),
        }
    }

    /// Tells every model that the bars of a symbol that follow are of new shares.
    pub fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        match self {
            Self::InTurn(models) => models.iter_mut().for_each(|it| it.rebase(symbol, ratio)),
            Self::Apart(workers, _) => {
                workers.iter_mut().for_each(|worker| worker.splits.push_back((symbol, ratio)));
            }
        }
    }

    /// Shows every model a bar and gives what can be said of it at once: in turn each one's word, else
    /// that one cannot take it.
    fn ask(&mut self, bar: &Bar) -> Vec<Input> {
        match self {
            Self::InTurn(models) => models
                .iter_mut()
                .flat_map(|model| timed(&mut **model, bar, Instant::now()))
                .collect(),
            Self::Apart(workers, _) => {
                workers.iter_mut().filter_map(|worker| worker.ask(bar)).collect()
            }
        }
    }

    /// The next that a model in a thread of its own says; for ever nothing where there is none.
    pub async fn next(&mut self) -> Said {
        if let Self::Apart(_, said) = self
            && let Some(said) = said.recv().await
        {
            return said;
        }
        std::future::pending().await
    }

    /// The inputs that words are. One that nobody waits for any more is none; that a model has drifted is
    /// never too late.
    pub fn hear(&mut self, said: Said) -> Vec<Input> {
        let Self::Apart(workers, _) = self else { return Vec::new() };
        let is_awaited = workers.get_mut(said.worker).is_some_and(|worker| {
            worker.id = said.model;
            let place = worker.awaited.iter().position(|of| *of == said.of);
            place.is_some_and(|place| worker.awaited.remove(place).is_some())
        });
        let mut words = said.words;
        words.retain(|word| is_awaited || matches!(word, Input::Notice(_)));
        words
    }

    /// What has not been said by the time at which it would be over, each once.
    pub fn overdue(&mut self, state: &State, now: Timestamp) -> Vec<Input> {
        let Self::Apart(workers, _) = self else { return Vec::new() };
        let is_over = |of: &(SymbolId, Timestamp)| state.predictions_stand_until(of.1) <= now;
        let mut missed = Vec::new();
        for worker in workers {
            let model = &worker.id;
            let late = worker.awaited.iter().filter(|of| is_over(of));
            missed.extend(late.map(|of| missing(model, *of, "it has not answered in time")));
            worker.awaited.retain(|of| !is_over(of));
        }
        missed
    }
}

impl Worker {
    fn start(
        place: usize,
        model: Box<dyn Forecaster>,
        out: UnboundedSender<Said>,
    ) -> Result<Self, SessionError> {
        let (id, warmup_bars): (Box<str>, _) = (model.id().into(), model.warmup_bars());
        let (to, shown) = sync_channel(WAITING);
        let name = format!("model {place}");
        let thread =
            thread::Builder::new().name(name).spawn(move || work(place, model, &shown, &out));
        thread.map_err(|source| SessionError::Model { model: id.clone(), source })?;
        let (splits, awaited) = (VecDeque::new(), VecDeque::new());
        Ok(Self { id, warmup_bars, shown: to, splits, awaited })
    }

    /// Shows it what has happened, splits before it first.
    fn show(&mut self, next: Shown) -> Result<(), TrySendError<Shown>> {
        while let Some((symbol, ratio)) = self.splits.front().copied() {
            self.shown.try_send(Shown::Split(symbol, ratio))?;
            self.splits.pop_front();
        }
        self.shown.try_send(next)
    }

    fn ask(&mut self, bar: &Bar) -> Option<Input> {
        let of = (bar.symbol, bar.end_time());
        match self.show(Shown::Asked(*bar, Instant::now())) {
            Ok(()) => {
                self.awaited.push_back(of);
                None
            }
            Err(TrySendError::Full(_)) => {
                Some(missing(&self.id, of, "it is too far behind to be shown the bar"))
            }
            Err(TrySendError::Disconnected(_)) => {
                Some(missing(&self.id, of, "its thread has ended"))
            }
        }
    }
}

/// A model's thread, until nobody shows it anything more.
fn work(
    worker: usize,
    mut model: Box<dyn Forecaster>,
    shown: &Receiver<Shown>,
    out: &UnboundedSender<Said>,
) {
    while let Ok(next) = shown.recv() {
        let (bar, asked) = match next {
            Shown::Asked(bar, asked) => (bar, asked),
            Shown::Past(bar) => {
                model.remember(&bar);
                continue;
            }
            Shown::Split(symbol, ratio) => {
                model.rebase(symbol, ratio);
                continue;
            }
        };
        let words = timed(&mut *model, &bar, asked);
        let of = (bar.symbol, bar.end_time());
        let said = Said { worker, model: model.id().into(), of, words };
        if out.send(said).is_err() {
            return;
        }
    }
}

/// What a model says, with how long that took from when it was asked.
fn timed(model: &mut dyn Forecaster, bar: &Bar, asked: Instant) -> Vec<Input> {
    let mut words = model.observe(bar);
    for word in &mut words {
        if let Input::Prediction(said) = word {
            said.latency = span(asked.elapsed());
        }
    }
    words
}

fn missing(model: &str, (symbol, time): (SymbolId, Timestamp), reason: &str) -> Input {
    let (model, reason) = (model.into(), reason.into());
    Input::MissedPrediction(MissedPrediction { symbol, model, time, reason })
}

impl Desk {
    /// The bar that models are to see, if it is one that strategies see.
    pub fn bar_for_models(&self, data: &MarketData) -> Option<Bar> {
        match data {
            MarketData::Bar(bar) if !self.models.is_empty() => {
                self.core.state().strategies_see(data).then_some(*bar)
            }
            MarketData::Bar(_) | MarketData::Quote(_) | MarketData::Trade(_) => None,
        }
    }

    /// Shows models bars that strategies have seen; gives what can be said of them at once.
    pub fn ask_models(&mut self, bars: &[MarketData]) -> Vec<Input> {
        let bars = bars.iter().filter_map(|data| self.bar_for_models(data));
        let bars: Vec<Bar> = bars.collect();
        bars.iter().flat_map(|bar| self.models.ask(bar)).collect()
    }

    /// What models have not said by now and will not be listened to for.
    pub fn overdue_words(&mut self) -> Vec<Input> {
        let state = self.core.state();
        self.models.overdue(state, self.clock.now(state.now()))
    }
}
