//! Training without bars around it: what is measured beside other libraries.

use super::network::Learner;
use super::order;
use crate::lstm::{Batches, Example, Loss, Weights};
use std::fs;
use std::num::NonZeroUsize;
use std::time::Instant;

const BATCH: usize = 64;
const RATE: f64 = 1e-3;

/// A network that was fitted.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// Its weights after the last epoch.
    pub weights: Weights,
    /// What it cost, in seconds of a processor.
    pub cpu_seconds: f64,
    /// How long it took.
    pub seconds: f64,
    /// The mean squared loss on the examples that it has not seen.
    pub test_loss: f64,
}

/// Fits a network with Adam at a constant rate of 0.001, batches of 64, the squared loss and one
/// thread, and tests it on other examples.
pub fn fit(
    weights: Weights,
    (train, test): (&[Example<'_>], &[Example<'_>]),
    steps: usize,
    epochs: usize,
    seed: u64,
) -> Fitted {
    let mut batches = Batches::new(&weights, steps, NonZeroUsize::MIN);
    let mut learner = Learner::new(weights);
    let (started, before) = (Instant::now(), cpu_seconds());
    for epoch in 0..epochs {
        let order = order::shuffled(0..train.len(), order::mixed(seed, epoch as u64));
        for batch in order.chunks(BATCH) {
            let examples: Vec<Example<'_>> =
                batch.iter().filter_map(|number| train.get(*number).copied()).collect();
            batches.take(learner.weights());
            let (_, gradient) = batches.gradient(&examples, &Loss::Squared, None);
            learner.step(RATE, &gradient);
        }
    }
    let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - before);
    batches.take(learner.weights());
    let outputs = batches.outputs(test);
    let losses = test.iter().zip(outputs.chunks(1));
    let total: f64 = losses.map(|(example, out)| Loss::Squared.of(example.target, out)).sum();
    Fitted {
        weights: learner.weights().clone(),
        // Where the system does not tell, time is the upper bound of one thread.
        cpu_seconds: if cpu > 0.0 { cpu } else { seconds },
        seconds,
        test_loss: total / test.len().max(1) as f64,
    }
}

/// What this process has used of its processors, in seconds, to a hundredth; zero where the system does
/// not tell.
fn cpu_seconds() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in brackets: user and system time are the twelfth and thirteenth, in hundredths.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}
