//! The live status view of a running session.
//!
//! It draws what the session publishes and passes one wish back: the end. It decides nothing.

mod draw;
mod tables;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use runtime::session::{Status, Stopper};
use std::io;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long a look at the keyboard waits, which is also how often the view is drawn.
const FRAME: Duration = Duration::from_millis(200);

/// Draws until the session has ended; `q` and Ctrl-C ask it to end. `ends` is when it will end by
/// itself.
///
/// # Errors
/// When the terminal cannot be drawn on.
pub fn run(
    status: &watch::Receiver<Status>,
    stopper: &Stopper,
    ends: Option<Instant>,
) -> io::Result<()> {
    let mut terminal = ratatui::try_init()?;
    let result = show(&mut terminal, status, stopper, ends);
    ratatui::restore();
    result
}

fn show(
    terminal: &mut ratatui::DefaultTerminal,
    status: &watch::Receiver<Status>,
    stopper: &Stopper,
    ends: Option<Instant>,
) -> io::Result<()> {
    loop {
        let now = status.borrow().clone();
        let left = ends.map(|ends| ends.saturating_duration_since(Instant::now()));
        terminal.draw(|frame| draw::status(frame, &now, left))?;
        // The sender goes with the session, however it ended: until then what reads the journal may
        // still be busy, and an empty terminal would look like a hang.
        if status.has_changed().is_err() {
            return Ok(());
        }
        if event::poll(FRAME)? && wants_end(&event::read()?) {
            stopper.press();
        }
    }
}

fn wants_end(event: &Event) -> bool {
    let Event::Key(key) = event else { return false };
    let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    key.kind == KeyEventKind::Press && (interrupt || key.code == KeyCode::Char('q'))
}
