//! The line that shows how far a download is, on a terminal.

use runtime::download::Progress;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Between two showings.
const PAUSE: Duration = Duration::from_millis(150);
/// Characters of the bar.
const WIDTH: usize = 20;

/// A progress bar with the time that is left.
pub struct Line {
    /// When it was shown last; `None` where nobody looks.
    shown: Option<Instant>,
    /// When this process had its first page, and how much was there then.
    began: Option<(Instant, f64)>,
}

impl Line {
    pub fn new() -> Self {
        let shown = std::io::stderr().is_terminal().then(Instant::now);
        Self { shown, began: None }
    }

    /// Shows it, a few times a second.
    pub fn show(&mut self, progress: &Progress) {
        let now = Instant::now();
        let began = *self.began.get_or_insert((now, progress.done.unwrap_or_default()));
        let Some(last) = &mut self.shown else { return };
        if now.duration_since(*last) < PAUSE {
            return;
        }
        *last = now;
        eprint!("\r{}\x1b[K", text(progress, began.1, now.duration_since(began.0)));
    }

    /// Takes it away.
    pub fn clear(&self) {
        if self.shown.is_some() {
            eprint!("\r\x1b[2K");
        }
    }
}

/// The line, when so much was there at the beginning and so much time has passed since.
fn text(progress: &Progress, before: f64, passed: Duration) -> String {
    let Progress { pages, rows, .. } = progress;
    let Some(done) = progress.done else { return format!("{pages} pages, {rows} rows") };
    let filled = ((done * WIDTH as f64) as usize).min(WIDTH);
    let (full, empty) = ("#".repeat(filled), ".".repeat(WIDTH - filled));
    let percent = (done * 100.0).floor();
    let left = match left(done, before, passed) {
        Some(left) => format!(", {}:{:02} left", left.as_secs() / 60, left.as_secs() % 60),
        None => String::new(),
    };
    format!("[{full}{empty}] {percent:3} %  {pages} pages, {rows} rows{left}")
}

/// As much time for the rest as for what came, in proportion.
fn left(done: f64, before: f64, passed: Duration) -> Option<Duration> {
    let seconds = passed.as_secs_f64() * (1.0 - done) / (done - before);
    Duration::try_from_secs_f64(seconds).ok().filter(|_| done > before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_in_proportion_to_what_this_process_has_done() {
        let progress = Progress { pages: 30, rows: 1_000, done: Some(0.5) };
        let line = text(&progress, 0.25, Duration::from_secs(60));
        assert_eq!(line, "[##########..........]  50 %  30 pages, 1000 rows, 2:00 left");
        let first = text(&progress, 0.5, Duration::ZERO);
        assert_eq!(first, "[##########..........]  50 %  30 pages, 1000 rows");
        let unknown = Progress { done: None, ..progress };
        assert_eq!(text(&unknown, 0.0, Duration::ZERO), "30 pages, 1000 rows");
    }
}
