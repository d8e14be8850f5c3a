//! The process dies, and is started again on what its disk kept.

use crate::queue::{Happening, Search};
use crate::shell::{Shell, start};
use crate::world::{RECONCILE, World, bare};
use crate::{Fault, Violation};
use journal::storage::Unsynced;
use kernel::Span;
use kernel::{Command, Input, Link, ReportKind, TradingState};

impl World {
    /// The process ends; what is left of its disk is found by the next one.
    pub(crate) fn die(&mut self, fault: Fault) -> Result<(), Violation> {
        self.note_for_all(fault);
        let bytes = usize::try_from(self.random.below(3000)).unwrap_or(0);
        let unsynced = match (fault, self.random.below(4)) {
            (Fault::Killed, _) | (_, 0) => Unsynced::Kept,
            (_, 1) => Unsynced::Lost,
            (_, 2) => Unsynced::Cut(bytes),
            (_, _) => Unsynced::Zeroed(bytes),
        };
        self.shell = None;
        self.stream = None;
        self.mute = false;
        self.feed.end();
        self.storage = self.storage.after_crash(unsynced);
        let wait = if self.calm { Span::from_secs(1) } else { self.random.millis(500, 120_000) };
        self.queue.plan(self.now.plus(wait), Happening::Start);
        Ok(())
    }

    /// A process begins, or takes up what the last one left.
    pub(crate) fn start(&mut self) -> Result<(), Violation> {
        if self.shell.is_some() {
            return Ok(());
        }
        self.lives += 1;
        let started = Shell::start(&self.plan, &self.storage, self.lives);
        let (shell, is_new) = started.map_err(|error| Violation::Journal(error.to_string()))?;
        let kept = self.watch.recovered(shell.state(), &self.venue.exchange);
        self.law(kept)?;
        let first = if is_new { start(&self.plan) } else { restart() };
        if is_new {
            self.opened = self.now;
        }
        self.shell = Some(shell);
        self.feed(first)?;
        let warm_up = self.history.len().saturating_sub(20);
        for data in self.history.get(warm_up..).unwrap_or_default().to_vec() {
            self.feed.observed(&data);
            self.feed(Input::Warmup(data))?;
        }
        self.open_data_stream();
        self.feed_lost()?;
        self.learn_splits()?;
        for facts in self.venue.assets() {
            self.feed(Input::Asset(facts))?;
        }
        self.connect(true)?;
        if self.plan.limits.longest_news_blackout().is_some() {
            self.feed(Input::Link { link: Link::News, up: true })?;
        }
        self.renew_cancels()?;
        let life = self.life();
        self.queue.plan(self.now.plus(RECONCILE), Happening::Reconcile { life });
        Ok(())
    }

    /// The data stream is opened last. The place of the process before may not be free yet.
    fn open_data_stream(&mut self) {
        let life = self.life();
        let is_taken = life > 1 && self.strikes(600);
        let wait = match is_taken {
            true => self.random.millis(20_000, 90_000),
            false => self.random.millis(100, 2_000),
        };
        if is_taken {
            self.note_for_all(Fault::PlaceTaken);
        }
        self.queue.plan(self.now.plus(wait), Happening::DataUp { life });
    }

    /// What may or may not have been sent before the process ended is looked for.
    fn feed_lost(&mut self) -> Result<(), Violation> {
        let life = self.life();
        let unanswered = self.shell.as_ref().map(Shell::unanswered).unwrap_or_default();
        for order in unanswered {
            self.feed(Input::Report(bare(order, ReportKind::AnswerLost, self.now)))?;
            let search = Search { order, denials: 0, since: None };
            self.queue.plan(self.now, Happening::LookUp { life, search });
        }
        Ok(())
    }

    /// A cancel that was under way may never have been sent.
    fn renew_cancels(&mut self) -> Result<(), Violation> {
        let canceling = self.shell.as_ref().map(Shell::canceling).unwrap_or_default();
        for order in &canceling {
            self.cancel_refused(*order, "the process was started again".into())?;
        }
        let Some(shell) = &self.shell else { return Ok(()) };
        let reason = "goes on after a restart".into();
        let state = shell.state();
        match (state.is_flattening(), state.trading_state()) {
            (true, TradingState::Halted) => self.command(Command::Flatten { reason }),
            (true, _) if !canceling.is_empty() => self.command(Command::CancelAll { reason }),
            (true | false, _) => Ok(()),
        }
    }
}

fn restart() -> Input {
    Input::Restart { build: "simulation".into() }
}
