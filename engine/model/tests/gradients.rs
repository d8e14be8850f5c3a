//! The gradients made by hand are those of the loss.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use model::lstm::{Batches, Dropout, Example, Inference, Loss, Shape, Target, Weights};
use std::num::NonZeroUsize;

const STEPS: usize = 7;

/// Numbers between -1 and 1 that follow no pattern.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|at| ((at * at * 31 + at * 17) % 2003) as f32 / 1001.5 - 1.0).collect()
}

fn examples<'a>(windows: &'a [f32], shape: Shape, targets: &[Target]) -> Vec<Example<'a>> {
    let windows = windows.chunks(STEPS * shape.features).zip(targets).enumerate();
    windows
        .map(|(at, (window, target))| Example { window, target: *target, number: at as u64 })
        .collect()
}

fn batches(weights: &Weights, threads: usize) -> Batches {
    Batches::new(weights, STEPS, NonZeroUsize::new(threads).unwrap())
}

/// The largest difference between the gradient and central differences, by the gradient's size.
fn worst(shape: Shape, loss: &Loss, targets: &[Target], dropout: Option<Dropout>) -> f64 {
    let windows = numbers(targets.len() * STEPS * shape.features);
    let examples = examples(&windows, shape, targets);
    let mut weights = Weights::random(shape, 11);
    let mut through = batches(&weights, 1);
    let (_, gradient) = through.gradient(&examples, loss, dropout);
    let gradients: Vec<f32> = gradient.slices().flatten().copied().collect();
    let largest = gradients.iter().fold(0.0_f64, |most, g| most.max(f64::from(g.abs())));
    let mut worst = 0.0_f64;
    // A step of 1/64 is exact in binary; the differences of the third order are far below it.
    let step = 1.0 / 64.0;
    for at in (0..gradients.len()).step_by(1 + gradients.len() / 400) {
        let mut mean = |by: f32| {
            *weights.slices_mut().flatten().nth(at).unwrap() += by;
            through.take(&weights);
            through.gradient(&examples, loss, dropout).0 / examples.len() as f64
        };
        let slope = (mean(step) - mean(-2.0 * step)) / (2.0 * f64::from(step));
        mean(step);
        worst = worst.max((slope - f64::from(gradients[at])).abs() / largest);
    }
    worst
}

fn classes(count: usize) -> Vec<Target> {
    (0..count).map(|at| Target::Class(at * 5 % 3)).collect()
}

const CLASSES: Shape = Shape { features: 5, hidden: 32, layers: 1, outputs: 3 };

#[test]
fn one_layer_has_the_slopes_of_its_loss() {
    let loss = Loss::CrossEntropy { weights: vec![1.0, 0.5, 2.0] };
    assert!(worst(CLASSES, &loss, &classes(5), None) < 2e-3);
}

#[test]
fn two_layers_of_a_size_that_fills_no_vector_have_them_too() {
    let loss = Loss::CrossEntropy { weights: vec![1.0; 3] };
    let shape = Shape { hidden: 10, layers: 2, ..CLASSES };
    assert!(worst(shape, &loss, &classes(19), None) < 2e-3);
}

#[test]
fn a_squared_loss_has_them_with_dropout_in_three_layers() {
    let shape = Shape { hidden: 40, layers: 3, outputs: 1, ..CLASSES };
    let targets: Vec<Target> = numbers(6).into_iter().map(Target::Value).collect();
    let dropout = Dropout { rate: 0.3, seed: 5 };
    assert!(worst(shape, &Loss::Squared, &targets, Some(dropout)) < 2e-3);
}

#[test]
fn threads_change_no_bit() {
    let shape = Shape { hidden: 40, layers: 2, ..CLASSES };
    let targets = classes(70);
    let windows = numbers(targets.len() * STEPS * shape.features);
    let examples = examples(&windows, shape, &targets);
    let (weights, loss) = (Weights::random(shape, 1), Loss::CrossEntropy { weights: vec![1.0; 3] });
    let dropout = Some(Dropout { rate: 0.2, seed: 9 });
    let alone = batches(&weights, 1).gradient(&examples, &loss, dropout);
    for threads in [2, 3, 9] {
        assert_eq!(batches(&weights, threads).gradient(&examples, &loss, dropout), alone);
    }
}

#[test]
fn a_window_alone_gives_what_it_gives_in_a_batch() {
    for (hidden, layers) in [(64, 1), (10, 2), (33, 3)] {
        let shape = Shape { hidden, layers, ..CLASSES };
        let targets = classes(21);
        let windows = numbers(targets.len() * STEPS * shape.features);
        let examples = examples(&windows, shape, &targets);
        let weights = Weights::random(shape, 3);
        let together = batches(&weights, 2).outputs(&examples);
        let mut alone = Inference::new(&weights, STEPS);
        for (example, together) in examples.iter().zip(together.chunks(3)) {
            for (one, other) in alone.run(example.window).iter().zip(together) {
                assert!((one - other).abs() < 1e-5, "{hidden} {layers}: {one} {other}");
            }
        }
    }
}

#[test]
fn dropout_leaves_out_its_share_and_keeps_the_mean() {
    // With one step and weights that saturate the gates, the outputs are the same for all units.
    let shape = Shape { features: 1, hidden: 64, layers: 1, outputs: 1 };
    let mut weights = Weights::zeros(shape);
    weights.layers[0][shape.columns()..2 * shape.columns()].fill(20.0);
    weights.head[..64].fill(1.0);
    let windows = vec![0.0; 200 * STEPS];
    let targets = vec![Target::Value(0.0); 200];
    let examples = examples(&windows, shape, &targets);
    let full = batches(&weights, 1).outputs(&examples[..1])[0];
    let dropout = Some(Dropout { rate: 0.25, seed: 3 });
    let mut loss = 0.0;
    for example in &examples {
        let (one, _) = batches(&weights, 1).gradient(&[*example], &Loss::Squared, dropout);
        loss += one.sqrt() / f64::from(full);
    }
    let mean = loss / 200.0;
    assert!((mean - 1.0).abs() < 0.02, "kept {mean} of the outputs' sum");
}
