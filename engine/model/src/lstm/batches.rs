//! Whole batches, on one thread or several, with the same result.

use super::packed::Packed;
use super::pass::{BLOCK, Example, Gradient, Tape};
use super::{Dropout, Loss, Shape, Weights};
use std::num::NonZeroUsize;

/// Runs batches through a network.
///
/// A batch is cut into blocks, always the same ones, and the blocks' gradients are added in their
/// order: the number of threads changes how long it takes and nothing else.
#[derive(Debug)]
pub struct Batches {
    packed: Packed,
    tapes: Vec<Tape>,
    gradients: Vec<Gradient>,
}

impl Batches {
    /// For windows of so many steps.
    pub fn new(weights: &Weights, steps: usize, threads: NonZeroUsize) -> Self {
        let tapes = (0..threads.get()).map(|_| Tape::new(weights.shape, steps)).collect();
        Self { packed: Packed::new(weights), tapes, gradients: Vec::new() }
    }

    /// Takes other weights of the same shape.
    pub fn take(&mut self, weights: &Weights) {
        self.packed.take(weights);
    }

    /// The sum of the examples' losses, and the gradient of their mean.
    pub fn gradient(
        &mut self,
        examples: &[Example<'_>],
        loss: &Loss,
        dropout: Option<Dropout>,
    ) -> (f64, Weights) {
        let shape = self.packed.sizes.shape;
        let blocks: Vec<&[Example<'_>]> = examples.chunks(BLOCK).collect();
        if self.gradients.len() < blocks.len() {
            self.gradients.resize_with(blocks.len(), || Gradient::new(shape));
        }
        let work = blocks.iter().zip(&mut self.gradients).collect();
        let packed = &self.packed;
        share(&mut self.tapes, work, |tape, (block, gradient)| {
            gradient.clear();
            tape.gradient(packed, (block, examples.len()), (loss, dropout), gradient);
        });
        let mut sum = Weights::zeros(shape);
        let made = self.gradients.iter().take(blocks.len());
        let total = made.clone().map(|gradient| gradient.loss).sum();
        made.for_each(|gradient| gradient.add_to(&mut sum));
        (total, sum)
    }

    /// The outputs for each example, one row after the other.
    pub fn outputs(&mut self, examples: &[Example<'_>]) -> Vec<f32> {
        let blocks = examples.chunks(BLOCK);
        let mut rows = vec![Vec::new(); blocks.len()];
        let (packed, work) = (&self.packed, blocks.zip(&mut rows).collect());
        share(&mut self.tapes, work, |tape, (block, rows)| {
            tape.forward(packed, block, None, rows);
        });
        rows.concat()
    }

    /// The sizes.
    pub const fn shape(&self) -> Shape {
        self.packed.sizes.shape
    }
}

/// Does work in turns on as many threads as there are tapes.
fn share<W: Send>(tapes: &mut [Tape], work: Vec<W>, each: impl Fn(&mut Tape, W) + Sync) {
    let threads = tapes.len().min(work.len());
    let mut shares: Vec<Vec<W>> = (0..threads).map(|_| Vec::new()).collect();
    for (number, work) in work.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(number % threads.max(1)) {
            share.push(work);
        }
    }
    let mut shares = shares.into_iter().zip(tapes);
    let first = shares.next();
    std::thread::scope(|scope| {
        for (share, tape) in shares {
            let each = &each;
            scope.spawn(move || share.into_iter().for_each(|work| each(tape, work)));
        }
        if let Some((share, tape)) = first {
            share.into_iter().for_each(|work| each(tape, work));
        }
    });
}
