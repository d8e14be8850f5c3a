//! How a session comes to rest after its last bar, and is judged.

use crate::Violation;
use crate::world::{MOST, World};
use journal::storage::Faults;
use kernel::{Command, Span, State};

impl World {
    /// After the last bar: whatever is still on its way comes in, and the session is judged.
    pub(crate) fn settle(&mut self) -> Result<(), Violation> {
        self.calm = true;
        self.storage.set_faults(Faults::default());
        if self.shell.is_none() {
            self.start()?;
        }
        if self.stream.is_none() || self.mute {
            self.mute = false;
            self.connect(true)?;
        }
        self.venue.exchange.advance(self.now);
        self.send_updates();
        let reason: Box<str> = "the simulated day is over".into();
        if self.shell.as_ref().is_some_and(|shell| closes_anything(shell.state())) {
            // Else what was cancelled would be asked for again, for the next day.
            self.command(Command::Resume { reason: reason.clone() })?;
        }
        self.command(Command::CancelAll { reason })?;
        for _ in 0..4 {
            self.drain(Span::from_secs(150))?;
            self.reconcile(self.life())?;
        }
        self.drain(Span::from_secs(150))?;
        let Some(shell) = &self.shell else { return Err(Violation::Endless) };
        self.watch.judge(shell.state(), &self.venue)?;
        crate::again::decide_again(&self.plan, &self.storage, shell.state())
    }

    /// Writes every order that stands otherwise in the books than at the exchange to stderr.
    pub(crate) fn tell_differences(&self) {
        let Some(shell) = &self.shell else { return };
        for row in self.venue.exchange.orders() {
            let ours = self.venue.number_of(row).and_then(|number| shell.state().order(number));
            let same =
                |ours: &kernel::Order| (ours.status, ours.filled) == (row.status, row.filled_qty);
            if !ours.is_some_and(same) {
                eprintln!("DIFFERS in the books {ours:?} and at the exchange {row:?}");
            }
        }
    }

    /// Lets everything happen that is planned within a span.
    fn drain(&mut self, span: Span) -> Result<(), Violation> {
        let until = self.now.plus(span);
        let mut happened = 0;
        while let Some((at, happening)) = self.queue.next() {
            if at > until {
                self.queue.plan(at, happening);
                break;
            }
            self.now = self.now.max(at);
            self.venue.exchange.advance(self.now);
            self.send_updates();
            self.happen(happening)?;
            happened += 1;
            if happened > MOST {
                return Err(Violation::Endless);
            }
        }
        self.now = until;
        Ok(())
    }
}

/// Whether anything is being closed: by an operator's word, or because a stop was met.
fn closes_anything(state: &State) -> bool {
    state.is_flattening() || state.symbols().ids().any(|symbol| state.is_closing(symbol))
}
