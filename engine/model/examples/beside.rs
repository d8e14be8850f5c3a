//! Our half of the comparison with PyTorch: 30,000 windows of 60 x 8, hidden 64, batch 64, Adam, squared
//! loss, one thread; then one window at a time.
//!
//! Usage: `beside DATA EPOCHS`. Writes DATA, which `proof/beside.py` reads, and prints one JSON object.
//! The target of a window is a share of its last inputs, a part of its mean, a product, and noise, so
//! that there is something to learn and something that nobody can.

use model::lstm::{Example, Inference, Shape, Target, Weights};
use model::train::speed::{Fitted, fit};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use std::time::Instant;

const STEPS: usize = 60;
const FEATURES: usize = 8;
const WINDOWS: usize = 30_000;
const TRAIN: usize = 24_000;
const NOISE: f32 = 0.3;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(epochs)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: beside DATA EPOCHS");
        std::process::exit(2);
    };
    let epochs: usize = epochs.parse().unwrap_or(1);
    let (rows, targets) = data();
    if let Err(error) = std::fs::write(&path, bytes(&rows, &targets)) {
        eprintln!("{path} cannot be written: {error}");
        std::process::exit(1);
    }
    let windows = rows.windows(STEPS * FEATURES).step_by(FEATURES).zip(&targets).zip(0..);
    let examples: Vec<Example<'_>> = windows
        .map(|((window, target), number)| Example {
            window,
            target: Target::Value(*target),
            number,
        })
        .collect();
    let shape = Shape { features: FEATURES, hidden: 64, layers: 1, outputs: 1 };
    let (train, test) = examples.split_at(TRAIN);
    let Fitted { weights, cpu_seconds, seconds, test_loss } =
        fit(Weights::random(shape, 1), (train, test), STEPS, epochs, 1);
    let mut inference = Inference::new(&weights, STEPS);
    let mut times: Vec<f64> = (0..2000)
        .zip(examples.iter().cycle())
        .map(|(_, example)| {
            let started = Instant::now();
            std::hint::black_box(inference.run(std::hint::black_box(example.window)));
            started.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let seen = (epochs * TRAIN) as f64;
    println!(
        "{{\"test_loss\": {test_loss}, \"samples_per_cpu_second\": {}, \"samples_per_second\": {}, \"window_us\": {}, \"noise\": {}, \"level\": \"{:?}\"}}",
        seen / cpu_seconds,
        seen / seconds,
        times.get(times.len() / 2).copied().unwrap_or_default(),
        NOISE * NOISE,
        model::simd::level(),
    );
}

/// Rows of features and the target of each window.
fn data() -> (Vec<f32>, Vec<f32>) {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut normal = || {
        let sum: f64 =
            (0..12).map(|_| (random.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0).sum();
        (sum - 6.0) as f32
    };
    let rows: Vec<f32> = (0..(WINDOWS + STEPS - 1) * FEATURES).map(|_| normal()).collect();
    let at = |window: &[f32], back: usize, feature: usize| {
        window.get((STEPS - 1 - back) * FEATURES + feature).copied().unwrap_or_default()
    };
    let target = |window: &[f32]| {
        let mean: f32 = (0..20).map(|back| at(window, back, 2)).sum::<f32>() / 20_f32.sqrt();
        0.6 * at(window, 0, 0)
            + 0.4 * at(window, 3, 1)
            + 0.5 * mean
            + 0.3 * at(window, 0, 3) * at(window, 1, 4)
    };
    let windows = rows.windows(STEPS * FEATURES).step_by(FEATURES).take(WINDOWS);
    let targets: Vec<f32> = windows.map(target).collect();
    let targets = targets.into_iter().map(|target| target + NOISE * normal()).collect();
    (rows, targets)
}

fn bytes(rows: &[f32], targets: &[f32]) -> Vec<u8> {
    let head = [rows.len() / FEATURES, targets.len(), TRAIN];
    let mut bytes: Vec<u8> =
        head.into_iter().flat_map(|count| (count as u32).to_le_bytes()).collect();
    bytes.extend(rows.iter().chain(targets).flat_map(|number| number.to_le_bytes()));
    bytes
}
