//! Samples a second in training, and the time of one window: 60 steps of 8 features, 64 units.

use model::lstm::{Batches, Example, Inference, Loss, Shape, Target, Weights};
use std::num::NonZeroUsize;
use std::time::Instant;

fn main() {
    let shape = Shape { features: 8, hidden: 64, layers: 1, outputs: 1 };
    let (steps, count) = (60, 6400);
    let series: Vec<f32> =
        (0..(count + steps) * 8).map(|at| ((at * at * 31) % 2003) as f32 / 1000.0 - 1.0).collect();
    let examples: Vec<Example<'_>> = series
        .windows(steps * 8)
        .step_by(8)
        .take(count)
        .map(|window| Example { window, target: Target::Value(0.5), number: 0 })
        .collect();
    let weights = Weights::random(shape, 1);
    println!("{:?}", model::simd::level());
    for threads in [NonZeroUsize::MIN, NonZeroUsize::MIN.saturating_add(1)] {
        let mut batches = Batches::new(&weights, steps, threads);
        for _ in 0..3 {
            let started = Instant::now();
            for batch in examples.chunks(64) {
                batches.take(&weights);
                batches.gradient(batch, &Loss::Squared, None);
            }
            let seconds = started.elapsed().as_secs_f64();
            println!("{threads} threads: {:.0} samples a second", count as f64 / seconds);
        }
    }
    let mut alone = Inference::new(&weights, steps);
    let mut times: Vec<f64> = (0..2000)
        .zip(examples.iter().cycle())
        .map(|(_, example)| {
            let started = Instant::now();
            std::hint::black_box(alone.run(example.window));
            started.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    println!("one window: {:.1} us median, {:.1} us 99 %", at(50), at(99));
}
