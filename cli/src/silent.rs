//! Models that say nothing in a whole session, so that it is told why nothing was traded.

use backtest::{overheard, silence};
use kernel::{Forecaster, Input};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Which models of a session have said something.
#[derive(Default)]
pub struct Silent(Vec<Line>);

/// One model.
struct Line {
    model: String,
    needs: usize,
    spoke: Arc<AtomicBool>,
}

impl Silent {
    /// The same models, noticed when they speak.
    pub fn until_they_speak(models: Vec<Box<dyn Forecaster>>) -> (Vec<Box<dyn Forecaster>>, Self) {
        let mut lines = Vec::new();
        let mut notice = |model: Box<dyn Forecaster>| {
            let spoke = Arc::new(AtomicBool::new(false));
            let (id, needs) = (model.id().to_owned(), model.warmup_bars());
            lines.push(Line { model: id, needs, spoke: spoke.clone() });
            overheard(model, move |_, word| {
                if matches!(word, Input::Prediction(_) | Input::MissedPrediction(_)) {
                    spoke.store(true, Ordering::Relaxed);
                }
            })
        };
        let models = models.into_iter().map(&mut notice).collect();
        (models, Self(lines))
    }

    /// Says of each that was never heard what it needs.
    pub fn tell(&self) {
        for line in self.0.iter().filter(|line| !line.spoke.load(Ordering::Relaxed)) {
            eprintln!("note: {}", silence(&line.model, line.needs));
        }
    }
}
